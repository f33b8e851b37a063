"""Answers to an invitation, nominations, and who reads the names."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from iwg_portal.activity.models import Event
from meetings.access.registration import visible_registrations
from meetings.actions.registration import answer_invitation, nominate, take_back_nomination
from meetings.models import Meeting, Registration
from meetings.views.attendance import card
from tests.cast import PARTS
from tests.factories import MeetingFactory, MemberStateFactory, PersonFactory, TermFactory, person_with

pytestmark = pytest.mark.django_db
GROUP = (
    "observer", "partner", "other_delegate", "own_delegate", "own_focal_point", "chair", "secretariat", "administrator",
)  # fmt: skip


@pytest.fixture
def meeting(cast):
    for part in PARTS:
        cast.person(part)
    return MeetingFactory(title="Third plenary", number=3)


def url(meeting):
    return reverse("registration", args=[meeting.pk])


def said(answer):
    assert answer.status_code == 200, answer.status_code
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def send(cast, part, meeting, do, **fields):
    return cast.client(part).post(url(meeting), {"do": do, **fields}, follow=True)


def places(cast):
    """For whom each part takes part."""
    return {
        "observer": (cast.observing, None),
        "partner": (None, "cast"),
        "other_delegate": (cast.other, None),
        "own_delegate": (cast.own, None),
        "own_focal_point": (cast.own, None),
        "chair": (cast.chairing, None),
        "secretariat": (None, None),
    }


# -- Answers ---------------------------------------------------------------------------------------------------------


def test_everybody_of_the_group_answers_for_her_own_place(cast, meeting):
    for part, (state, key) in places(cast).items():
        assert "You have not answered yet." in said(cast.client(part).get(url(meeting))) or part in (
            "chair",
            "secretariat",
        )
        words = said(send(cast, part, meeting, "answer", answer="online"))
        assert "On the server: will take part online." in words, part
        row = Registration.objects.get(person=cast.person(part))
        assert (row.state, row.organisation.key if row.organisation else None) == (state, key)
        send(cast, part, meeting, "answer", answer="no")
        row.refresh_from_db()
        assert row.answer == "no"
    assert cast.client("administrator").post(url(meeting), {"do": "answer", "answer": "yes"}).status_code == 403
    assert Registration.objects.count() == len(places(cast))


@pytest.mark.parametrize("answer", ["maybe", "YES", " no", "ýes"])
def test_no_other_answer_gets_in(cast, meeting, answer):
    """The form says so, the action refuses it, and so does the database."""
    words = said(send(cast, "own_delegate", meeting, "answer", answer=answer))
    assert "Choose an answer." in words
    with pytest.raises(ValueError, match="is not a valid Answer"):
        answer_invitation(meeting=meeting, answer=answer, state=cast.own, by=cast.viewer("own_delegate"))
    with pytest.raises(IntegrityError, match="registration_answer_known"), transaction.atomic():
        Registration.objects.create(meeting=meeting, person=cast.person("own_delegate"), answer=answer)
    assert not Registration.objects.exists()


def test_the_card_says_what_she_answered(cast, meeting):
    assert card(cast.viewer("own_delegate"), meeting)["words"] == "not answered"
    send(cast, "own_delegate", meeting, "answer", answer="yes")
    assert card(cast.viewer("own_delegate"), meeting)["words"] == "will take part"
    assert card(cast.viewer("own_delegate"), meeting)["counts"] == ""
    assert card(cast.viewer("secretariat"), meeting)["counts"] == (
        "1 person comes, 0 take part online, from 1 delegation."
    )


def test_somebody_of_two_delegations_says_for_which(cast, meeting):
    TermFactory(person=cast.person("own_delegate"), role="delegate", state=cast.other)
    assert "This field is required." in said(send(cast, "own_delegate", meeting, "answer", answer="yes"))
    for foreign in (f"s{cast.chairing.pk}", "o1", "x", "s99999999999999999999"):
        assert "Choose your delegation." in said(
            send(cast, "own_delegate", meeting, "answer", answer="yes", place=foreign)
        )
    assert not Registration.objects.exists()
    send(cast, "own_delegate", meeting, "answer", answer="yes", place=f"s{cast.other.pk}")
    assert Registration.objects.get().state == cast.other


def test_nobody_answers_for_a_place_that_is_not_hers(cast, meeting):
    for part, state in [("own_delegate", cast.other), ("own_delegate", None), ("secretariat", cast.own)]:
        with pytest.raises(ValidationError, match="which delegation"):
            answer_invitation(meeting=meeting, answer="yes", state=state, by=cast.viewer(part))
    assert "Choose an answer." in said(send(cast, "own_delegate", meeting, "answer", answer="perhaps"))
    assert "Choose an answer." in said(send(cast, "own_delegate", meeting, "answer"))
    for do in ("", "delete", "<script>"):
        assert cast.client("own_delegate").post(url(meeting), {"do": do}).status_code == 400
    assert not Registration.objects.exists()


def test_after_the_day_an_answer_is_kept_and_marked_as_late(cast, meeting):
    Meeting.objects.filter(pk=meeting.pk).update(register_by=dt.date(2026, 3, 1), zone="Africa/Lagos")
    with time_machine.travel(dt.datetime(2026, 3, 1, 22, 59, tzinfo=dt.UTC), tick=False):
        words = said(send(cast, "other_delegate", meeting, "answer", answer="yes"))
        assert "late" not in words.replace("Register by", "")
    with time_machine.travel(dt.datetime(2026, 3, 1, 23, 1, tzinfo=dt.UTC), tick=False):  # the second of March there
        words = said(send(cast, "own_delegate", meeting, "answer", answer="yes"))
        assert "it is kept and marked as late" in words
        assert "That day has passed" in words
        listed = said(cast.client("secretariat").get(url(meeting)))
        assert "Own Delegate: will take part late" in listed
        assert "Other Delegate: will take part late" not in listed


@pytest.mark.parametrize("state", ["drafted", "circulated", "adopted", "cancelled"])
def test_after_the_meeting_nobody_registers(cast, meeting, state):
    """Else somebody could come into a room that was closed long ago."""
    Meeting.objects.filter(pk=meeting.pk).update(state=state)
    assert cast.client("own_delegate").post(url(meeting), {"do": "answer", "answer": "yes"}).status_code == 403
    for act in (
        lambda: answer_invitation(meeting=meeting, answer="yes", state=cast.own, by=cast.viewer("own_delegate")),
        lambda: nominate(
            meeting=meeting, person=cast.person("own_delegate"), state=cast.own, by=cast.viewer("own_focal_point")
        ),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_a_draft_takes_no_answer(cast, meeting):
    Meeting.objects.filter(pk=meeting.pk).update(state="draft")
    for part in ("own_delegate", "observer"):
        assert cast.client(part).get(url(meeting)).status_code == 404
        assert cast.client(part).post(url(meeting), {"do": "answer", "answer": "yes"}).status_code == 404
    with pytest.raises(PermissionDenied):
        answer_invitation(meeting=meeting, answer="yes", state=cast.own, by=cast.viewer("own_delegate"))


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_are_one(cast, meeting):
    viewer = cast.viewer("own_delegate")

    def answer(word):
        try:
            answer_invitation(meeting=meeting, answer=word, state=cast.own, by=viewer)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(answer, ["yes", "no", "yes", "online"]))
    assert Registration.objects.count() == 1


# -- Nominations -----------------------------------------------------------------------------------------------------


def test_from_a_nomination_to_the_answer_and_back(cast, meeting):
    term = cast.person("own_delegate").terms.get()
    words = said(send(cast, "own_focal_point", meeting, "nominate", term=term.pk))
    assert "Nominated: Own Delegate." in words
    assert "nominated, not answered yet" in words
    row = Registration.objects.get()
    assert (row.nominated_by, row.answer, row.state) == (cast.person("own_focal_point"), "", cast.own)
    send(cast, "own_focal_point", meeting, "nominate", term=term.pk)
    assert Registration.objects.count() == 1
    assert "nominated, not answered yet" in said(cast.client("own_delegate").get(url(meeting)))
    send(cast, "own_focal_point", meeting, "take_back", registration=row.pk)
    assert not Registration.objects.exists()

    send(cast, "own_focal_point", meeting, "nominate", term=term.pk)
    send(cast, "own_delegate", meeting, "answer", answer="yes")
    row = Registration.objects.get()
    assert "will take part" in said(cast.client("own_focal_point").get(url(meeting)))
    send(cast, "own_focal_point", meeting, "take_back", registration=row.pk)
    row.refresh_from_db()
    assert (row.nominated_by, row.answer) == (None, "yes"), "what she said herself stays"
    assert [*Event.objects.filter(state_id=cast.own.pk).order_by("pk").values_list("kind", flat=True)] == [
        "registration.nominated", "registration.taken_back", "registration.nominated", "registration.answered",
        "registration.taken_back",
    ]  # fmt: skip


def test_one_nominates_from_her_own_delegation_only(cast, meeting):
    foreign, left = cast.person("other_delegate").terms.get(), cast.person("ex_member").terms.get()
    closed = TermFactory(role="delegate", state=cast.own, person=PersonFactory(is_active=False))
    observer = cast.person("observer").terms.get()
    for asked in (foreign.pk, left.pk, closed.pk, observer.pk, 10**19, "x", ""):
        words = said(send(cast, "own_focal_point", meeting, "nominate", term=asked))
        assert "Choose a person of your delegation." in words
        assert "Other Delegate" not in words
    with pytest.raises(PermissionDenied):
        nominate(
            meeting=meeting, person=cast.person("other_delegate"), state=cast.other, by=cast.viewer("own_focal_point")
        )
    assert not Registration.objects.exists()
    for part in set(GROUP) - {"own_focal_point"}:
        for do in ("nominate", "take_back"):
            assert cast.client(part).post(url(meeting), {"do": do, "term": foreign.pk}).status_code == 403


def test_one_takes_back_the_nominations_of_her_own_delegation_only(cast, meeting):
    elsewhere = Registration.objects.create(
        meeting=meeting, person=cast.person("other_delegate"), state=cast.other, nominated_by=cast.person("secretariat")
    )
    earlier = Registration.objects.create(
        meeting=MeetingFactory(group=meeting.group), person=cast.person("own_delegate"), state=cast.own,
        nominated_by=cast.person("own_focal_point"),
    )  # fmt: skip
    for asked in (elsewhere.pk, earlier.pk, 10**15, 10**30, "x", ""):
        answer = cast.client("own_focal_point").post(url(meeting), {"do": "take_back", "registration": asked})
        assert answer.status_code == 404
    with pytest.raises(PermissionDenied):
        take_back_nomination(registration=elsewhere, by=cast.viewer("own_focal_point"))
    assert Registration.objects.filter(nominated_by__isnull=False).count() == 2


def test_somebody_who_comes_for_another_delegation_is_not_taken_over(cast, meeting):
    TermFactory(person=cast.person("own_delegate"), role="delegate", state=cast.other)
    answer_invitation(meeting=meeting, answer="yes", state=cast.other, by=cast.viewer("own_delegate"))
    term = cast.person("own_delegate").terms.get(state=cast.own)
    words = said(send(cast, "own_focal_point", meeting, "nominate", term=term.pk))
    assert "for another delegation already" in words
    assert Registration.objects.get().state == cast.other


# -- Names -----------------------------------------------------------------------------------------------------------


def test_names_are_for_the_own_delegation_and_the_secretariat(cast, meeting):
    for part in places(cast):
        if part != "secretariat":
            send(cast, part, meeting, "answer", answer="yes")
    own = {"Own Delegate", "Own Focal Point"}
    everybody = own | {"Other Delegate", "Observer", "Partner", "Chair"}
    reads = {
        "secretariat": everybody,
        "own_delegate": own,
        "own_focal_point": own,
        "other_delegate": {"Other Delegate"},
        "observer": {"Observer"},
        "partner": {"Partner"},
        "chair": {"Chair"},
        "administrator": set(),
    }
    for part, names in reads.items():
        rows = visible_registrations(cast.viewer(part), meeting)
        assert {row.person.full_name for row in rows} == names, part
        body = cast.client(part).get(url(meeting)).content.decode()
        main = re.sub(r"(?s)<header.*?</header>", "", body)
        for name in everybody - names - {"Observer", "Partner", "Chair"}:
            assert name not in main, (part, name)
    # Numbers by delegation for those who run the meeting.
    for part in ("chair", "secretariat"):
        assert "6 people come, 0 take part online, from 5 delegations." in said(cast.client(part).get(url(meeting)))
    assert "By delegation" not in said(cast.client("own_focal_point").get(url(meeting)))


def test_silent_delegations_are_seen_by_who_runs_the_meeting(cast, meeting):
    MemberStateFactory(label="Silentland")
    assert "Silentland 0 0 0 0" in said(cast.client("secretariat").get(url(meeting)))
    assert "Silentland 0 0 0 0" in said(cast.client("chair").get(url(meeting)))
    assert "Silentland" not in said(cast.client("own_delegate").get(url(meeting)))


def test_a_hostile_name_is_text(cast, meeting):
    name = '<script>alert("1")</script>\u202eeman\u202c'
    person = person_with("delegate", state=cast.own, person={"full_name": name})
    nominate(meeting=meeting, person=person, state=cast.own, by=cast.viewer("own_focal_point"))
    for part in ("own_focal_point", "own_delegate", "secretariat"):
        body = cast.client(part).get(url(meeting)).content.decode()
        assert "<script>alert" not in body
        assert "&lt;script&gt;alert" in body
    assert "script" not in "".join(Event.objects.values_list("target_label", flat=True))


def test_the_page_costs_the_same_for_three(cast, meeting):
    def count(part):
        cast.client(part)
        with CaptureQueriesContext(connection) as queries:
            cast.client(part).get(url(meeting))
        return len(queries)

    parts = ("own_focal_point", "secretariat", "chair", "own_delegate")
    send(cast, "own_delegate", meeting, "answer", answer="yes")
    first = {part: count(part) for part in parts}
    for state in (cast.own, cast.own, MemberStateFactory(), cast.chairing):
        Registration.objects.create(meeting=meeting, person=person_with("delegate", state=state), state=state)
    assert {part: count(part) for part in parts} == first
