"""What the first page says to its reader herself; and that it is hers alone."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from iwg_portal.activity import log
from iwg_portal.activity.log import record
from iwg_portal.base import kept
from iwg_portal.pages.for_you import card as made
from meetings.models import Position, Registration
from members.models import ParkedText
from tests.factories import (
    ActionFactory,
    CirculationFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    OwnerFactory,
    PersonFactory,
    StatusReportFactory,
    person_with,
)
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db
URL = "/region/"
DAY = dt.timedelta(days=1)


def card(cast, part, **asked):
    """The words of the card, and its links."""
    kept.forget()  # rows of a factory leave no event
    page = cast.client(part).get(URL, asked)
    found = re.search(r'<section class="iwg-card" id="for-you">.*?</section>', page.content.decode(), flags=re.S)
    if not found:
        return "", []
    page._container = [found[0].encode()]
    return text(page), re.findall(r'href="([^"]+)"', found[0])


def action(words, due_on, **owner):
    meeting = MeetingFactory(state="adopted")
    made = ActionFactory(
        block__item=ItemFactory(meeting=meeting), block__text=words, due_on=due_on, number=meeting.number
    )
    return OwnerFactory(action=made, **owner)


def to_come(**row):
    now = timezone.now()
    return MeetingFactory(starts_at=now + 30 * DAY, ends_at=now + 31 * DAY, **row)


def fresh_status(cast):
    for kind in ("advpax", "pnr"):
        StatusReportFactory(state=cast.own, kind=kind, as_of=timezone.localdate() - 30 * DAY)


@pytest.mark.parametrize("part", ["own_delegate", "observer", "partner", "administrator", "secretariat"])
def test_nothing_waits_for_who_owes_nothing(cast, part):
    assert "Nothing waits for you." in card(cast, part)[0]


def test_what_she_holds_stands_with_its_date_and_what_others_hold_does_not(cast):
    today = timezone.localdate()
    mine = action("Send the draft decree.", today - DAY, state=cast.own, holder=cast.person("own_delegate"))
    action("Held by somebody else.", today, state=cast.own, holder=cast.person("own_focal_point"))
    action("Held by nobody.", today, state=cast.own)
    action("Of another state.", today, state=cast.other, holder=cast.person("other_delegate"))
    action("Done.", today, state=cast.own, holder=cast.person("own_delegate"), status="done")
    words, links = card(cast, "own_delegate")
    assert "Send the draft decree." in words
    assert "overdue since" in words
    assert f"/actions/{mine.action_id}/" in links
    for other in ("somebody else", "Held by nobody", "another state", "Done."):
        assert other not in words


def test_the_focal_point_also_owes_what_nobody_in_her_delegation_holds(cast):
    today = timezone.localdate()
    left = person_with("delegate", state=cast.own, ends_on=dt.date(2024, 1, 1))
    action("Held by nobody.", today, state=cast.own)
    action("Of somebody who left.", today, state=cast.own, holder=left)
    action("Of another state.", today, state=cast.other)
    words, _links = card(cast, "own_focal_point")
    assert "Held by nobody." in words
    assert "Of somebody who left." in words
    assert "Of another state." not in words


def test_many_action_points_are_three_and_a_way_to_the_others(cast):
    for number in range(5):
        action(
            f"Number {number}.", timezone.localdate() + number * DAY, state=cast.own, holder=cast.person("own_delegate")
        )
    words, links = card(cast, "own_delegate")
    assert "Number 2." in words
    assert "Number 3." not in words
    assert "/actions/" in links


def test_her_drafts_and_kept_texts(cast):
    person = cast.person("own_delegate")
    LessonFactory(state=cast.own, status="draft", shared_by=person, approved_at=None)
    LessonFactory(state=cast.own, status="draft", shared_by=PersonFactory(), approved_at=None)
    ParkedText.objects.create(person=person, path="/states/", fields=[["reason", "late"]])
    words, links = card(cast, "own_delegate")
    assert "A lesson that you have not submitted" in words
    assert "A text of yours that was kept" in words
    assert "/account/kept/" in links


def test_a_silence_procedure_waits_for_the_position_of_the_state(cast):
    fresh_status(cast)
    circulation = CirculationFactory(meeting__title="Third plenary", deadline=timezone.now() + 4 * DAY)
    words, links = card(cast, "own_focal_point")
    assert "Record: Third plenary" in words
    assert "Waits for your state’s position" in words
    assert f"/meetings/{circulation.record.meeting_id}/silence/" in links
    assert "Open for comments" in card(cast, "own_delegate")[0]
    assert "Waits for your approval" in card(cast, "chair")[0]
    assert "Third plenary" not in card(cast, "observer")[0]
    Position.objects.create(
        circulation=circulation, state=cast.own, stance="agree", by=cast.person("own_focal_point"), at=timezone.now()
    )
    assert "Third plenary" not in card(cast, "own_focal_point")[0]


def test_an_invitation_waits_for_an_answer_and_a_nomination(cast):
    fresh_status(cast)
    meeting = to_come(title="Webinar", register_by=timezone.localdate() + 3 * DAY)
    to_come(title="Too late", register_by=timezone.localdate() - DAY)
    to_come(title="In the making", state="draft")
    words, links = card(cast, "own_focal_point")
    assert "Webinar Say who comes for your state" in words
    assert "Too late" not in words
    assert "In the making" not in words
    assert f"/meetings/{meeting.pk}/registration/" in links
    assert "Webinar Say whether you take part" in card(cast, "observer")[0]
    assert "Webinar" not in card(cast, "administrator")[0]
    Registration.objects.create(meeting=meeting, person=cast.person("own_focal_point"), state=cast.own, answer="yes")
    assert "Webinar" not in card(cast, "own_focal_point")[0]
    assert "Webinar" in card(cast, "own_delegate")[0]


def test_a_status_older_than_a_year_waits_for_the_focal_point(cast):
    StatusReportFactory(state=cast.own, kind="advpax", as_of=timezone.localdate() - 400 * DAY)
    words, links = card(cast, "own_focal_point")
    assert "API status of Ownland Reported" in words
    assert "PNR status of Ownland Not reported yet" in words
    assert f"/states/{cast.own.alpha2.lower()}/status/pnr/" in links
    assert "status of" not in card(cast, "own_delegate")[0]
    fresh_status(cast)
    assert "status of" not in card(cast, "own_focal_point")[0]


def test_new_is_what_came_since_the_sign_in_before_this_one(cast):
    """The log is append-only, also here: the sign-ins are of now, and what is older is made older."""
    person = cast.person("own_delegate")
    LessonFactory(state=cast.other, approved_at=timezone.now() - DAY)
    record("person.signed_in", by=person, target=person)
    LessonFactory(state=cast.other)
    assert "New since" not in card(cast, "own_delegate")[0], "her first visit"
    record("person.signed_in", by=person, target=person)
    words, links = card(cast, "own_delegate")
    assert "New since your last visit 1 lesson" in words
    assert "/lessons/" in links
    LessonFactory(state=cast.other)
    LessonFactory(state=cast.other, status="draft", approved_at=None)
    assert "2 lessons" in card(cast, "own_delegate")[0]


def test_it_is_not_shown_to_whoever_looks_as_somebody_else_nor_in_a_fragment(cast):
    assert card(cast, "own_delegate", **{"as": "member"}) == ("", [])
    piece = cast.client("own_delegate").get(URL, headers={"HX-Request": "true"})
    assert b"for-you" not in piece.content


def test_the_kept_page_says_to_each_what_is_hers(cast):
    action("Of the first.", timezone.localdate(), state=cast.own, holder=cast.person("own_delegate"))
    second = person_with("delegate", state=cast.own)
    cast._people["second"] = second
    assert "Of the first." in card(cast, "own_delegate")[0]
    assert "Of the first." not in card(cast, "second")[0]


def test_it_is_kept_until_anything_is_done(cast, django_assert_num_queries):
    """An event is what every action leaves; deadlines are looked at again after five minutes."""
    start = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)

    def shown(seconds=0):
        return made(cast.viewer("own_delegate"), start + dt.timedelta(seconds=seconds), start.date(), log.versions())

    viewer = cast.viewer("own_delegate")
    before = made(viewer, start, start.date(), log.versions())
    with django_assert_num_queries(1):
        assert made(viewer, start, start.date(), log.versions()) is before
    action("Send it.", start.date(), state=cast.own, holder=cast.person("own_delegate"))
    record("demonstration.loaded", by=None, target=cast.own)
    assert "Send it." in shown()
    LessonFactory(state=cast.own, status="draft", shared_by=cast.person("own_delegate"), approved_at=None)
    assert "not submitted" in shown(), "a lesson is noted among the changes"
    ParkedText.objects.create(person=cast.person("own_delegate"), path="/states/", fields=[])
    assert "was kept" not in shown(299)
    assert "was kept" in shown(300)


def test_queries_stay_the_same_however_much_there_is(cast, django_assert_max_num_queries):
    def count():
        kept.forget()
        with django_assert_max_num_queries(13) as found:
            cast.client("own_focal_point").get(URL)
        return len(found)

    fresh_status(cast)
    cast.client("own_focal_point").get(URL)
    numbers = []
    for _ in range(3):
        to_come()
        CirculationFactory()
        action("Something.", timezone.localdate(), state=cast.own)
        numbers.append(count())
    assert len(set(numbers)) == 1
