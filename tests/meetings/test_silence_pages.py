"""The pages of the silence procedure: what each reader sees, what she types and never loses, what leaves by mail."""

import datetime as dt
import re
import uuid
from html import unescape

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from iwg_portal.activity.models import Event
from iwg_portal.mail.compose import message
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from meetings.access import silence as access
from meetings.access.events import to_read
from meetings.actions import silence as actions
from meetings.actions.action_points import edit_action
from meetings.actions.decisions import change_decision
from meetings.models import Attendance, Block, Circulation, Comment, Meeting, Position, Registration
from meetings.queries.silence import OPENED
from meetings.tasks import adopt_due
from meetings.views.silence import card
from members.models import Person
from tests.cast import PARTS
from tests.factories import BlockFactory, ItemFactory, MeetingFactory, answered_in_time
from tests.meetings.payloads import is_harmless, packed
from tests.meetings.test_silence import WEEK, close_to, drafted, object_to

pytestmark = pytest.mark.django_db
MEMBERS = ("other_delegate", "own_delegate", "own_focal_point", "chair", "secretariat")


@pytest.fixture
def meeting(cast):
    for part in PARTS:
        cast.person(part)
    return drafted(title="Third plenary")


@pytest.fixture
def circulation(cast, meeting):
    return actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))


def url(meeting, name="silence", *more):
    return reverse(name, args=[meeting.pk, *more])


def said(answer):
    assert answer.status_code == 200, answer.status_code
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def read(cast, part, meeting, query=""):
    return said(cast.client(part).get(url(meeting) + query))


def send(cast, part, meeting, name, follow=True, **fields):
    return cast.client(part).post(url(meeting, name), fields, follow=follow)


def comment(cast, part, meeting, text, version=1, **fields):
    key = fields.pop("id", uuid.uuid4())
    return send(cast, part, meeting, "silence_comment", id=key, version=version, text=text, **fields)


def position(cast, meeting, stance, text="", version=1, part="own_focal_point"):
    fields = {"state": cast.own.pk, "version": version, "stance": stance, "text": text}
    return send(cast, part, meeting, "silence_position", **fields)


# -- Reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", MEMBERS)
def test_members_read_the_finished_text_and_how_it_stands(cast, meeting, circulation, part):
    page = cast.client(part).get(url(meeting))
    words = said(page)
    assert "<strong>met</strong>" in page.content.decode()
    for wanted in (
        "Decision 1.1 It is decided. operational · to all members · no. 1 in the register",
        "Action 2.a It is to be done. State",
        "due 30 June 2026 · no. 1 in the register",
        "No comment, no objection so far.",
        "Circulated to 2 states",
        circulation.version.sha256,
        "Recomputed just now",
    ):
        assert wanted in words
    assert re.search(r"Record under silence procedure until \w+day \d+ \w+ \d{4}, \d\d:\d\d GMT", words)
    assert 'id="p2"' in page.content.decode()


def test_each_is_offered_what_she_may_do(cast, meeting, circulation):
    offers = {"silence_comment", "silence_position", "silence_approve", "silence_withdraw"}
    wanted = {
        "other_delegate": {"silence_comment"},
        "own_focal_point": {"silence_comment", "silence_position"},
        "chair": {"silence_comment", "silence_approve"},
        "secretariat": {"silence_withdraw"},
    }
    for part, verbs in wanted.items():
        sent = cast.client(part).get(url(meeting)).content.decode()
        assert {name for name in offers if f'action="{url(meeting, name)}"' in sent} == verbs, part
    looked = cast.client("own_focal_point").get(url(meeting) + "?as=member").content.decode()
    assert url(meeting, "silence_position") not in looked
    assert cast.client("own_focal_point").get(url(meeting) + "?as=observer").status_code == 404


def test_names_of_delegates_stay_in_their_delegation(cast, meeting, circulation):
    comment(cast, "own_delegate", meeting, "From a delegate.")
    position(cast, meeting, "agree", "From a focal point.")
    assert "Ownland, Own Delegate" not in read(cast, "other_delegate", meeting)
    for part, shown in (("other_delegate", "Ownland · "), ("own_focal_point", "Ownland, Own Delegate")):
        assert shown in read(cast, part, meeting)
    assert "Ownland, Own Delegate" in read(cast, "secretariat", meeting)
    # A focal point is a contact whom members know.
    assert "Ownland, Own Focal Point agrees" in read(cast, "other_delegate", meeting)
    assert "You · " in read(cast, "own_delegate", meeting)


def test_before_anything_is_circulated_only_those_who_read_drafts_find_a_page(cast, meeting):
    assert "has not been circulated" in read(cast, "secretariat", meeting)
    assert "has not been circulated" in read(cast, "chair", meeting)
    assert cast.client("own_focal_point").get(url(meeting)).status_code == 404


def test_how_many_have_opened_it_is_for_those_who_run_meetings(cast, meeting, circulation):
    total = len(access.concerned(meeting).people)
    assert f"Opened by 0 of {total} people concerned." in read(cast, "secretariat", meeting)  # her own does not count
    for part in ("own_delegate", "other_delegate", "own_delegate"):
        assert "Opened by" not in read(cast, part, meeting)
    cast.client("own_focal_point").get(url(meeting) + "?as=member")  # looking as somebody else is not reading
    for part in ("secretariat", "chair"):
        assert f"Opened by 2 of {total} people concerned." in read(cast, part, meeting)
    assert "Opened by" not in read(cast, "own_focal_point", meeting)
    assert {event.actor_id for event in Event.objects.filter(kind=OPENED)} == {
        cast.person(part).pk for part in ("own_delegate", "other_delegate", "own_focal_point")
    }


def test_each_version_is_opened_anew_and_none_after_its_end(cast, meeting, circulation):
    read(cast, "own_delegate", meeting)
    actions.withdraw(circulation=circulation, by=cast.viewer("secretariat"))
    again = actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    assert "Opened by 0 of" in read(cast, "secretariat", meeting)
    read(cast, "own_delegate", meeting)
    assert "Opened by 1 of" in read(cast, "secretariat", meeting)
    close_to(again)
    adopt_due()
    read(cast, "other_delegate", meeting)
    assert "Opened by 1 of" in read(cast, "secretariat", meeting)


def test_under_the_chatham_house_rule_the_log_hides_who_opened_it(cast, meeting, circulation):
    read(cast, "own_delegate", meeting)
    events = Event.objects.filter(kind=OPENED)
    # For administrators never: a record under silence procedure is for the members.
    assert to_read(cast.viewer("administrator"), events).count() == 0
    assert to_read(cast.viewer("other_delegate"), events).count() == 1
    Meeting.objects.filter(pk=meeting.pk).update(chatham_house=True)
    for part in ("administrator", "other_delegate"):
        assert to_read(cast.viewer(part), events).count() == 0
    assert to_read(cast.viewer("secretariat"), events).count() == 1


def test_an_unknown_version_is_not_there(cast, meeting, circulation):
    for asked in ("2", "0", "x", "-1", "9" * 40):
        assert cast.client("own_delegate").get(f"{url(meeting)}?version={asked}").status_code == 404
    for asked in ("x", "-1", "9" * 40, "²"):
        assert cast.client("own_delegate").get(f"{url(meeting)}?on={asked}").status_code == 200


def test_the_deadline_is_shown_by_her_own_clocks_too(cast, meeting, circulation):
    close_to(circulation, dt.timedelta(days=30))
    Circulation.objects.update(deadline=dt.datetime(2098, 11, 28, 17, tzinfo=dt.UTC))
    Person.objects.filter(pk=cast.person("own_delegate").pk).update(zone="Africa/Lagos")
    Person.objects.filter(pk=cast.person("other_delegate").pk).update(zone="Africa/Accra")
    Person.objects.filter(pk=cast.person("own_focal_point").pk).update(zone="Nowhere/Else")
    assert "28 November 2098, 17:00 GMT" in read(cast, "own_delegate", meeting)
    assert "By your clocks: Friday 28 November 2098, 18:00 WAT." in read(cast, "own_delegate", meeting)
    for part in ("other_delegate", "own_focal_point"):
        assert "By your clocks" not in read(cast, part, meeting)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "jusqu’au vendredi 28 novembre 2098, 17:00 GMT"),
        ("pt", "até sexta-feira, 28 de novembro de 2098, 17:00 GMT"),
    ],
)
def test_the_deadline_in_her_language(cast, meeting, circulation, language, words):
    Circulation.objects.update(deadline=dt.datetime(2098, 11, 28, 17, tzinfo=dt.UTC))
    Person.objects.filter(pk=cast.person("own_delegate").pk).update(language=language)
    assert words in read(cast, "own_delegate", meeting)


def test_an_amended_version_shows_what_has_changed(cast, meeting, circulation):
    object_to(circulation, cast)
    Block.objects.filter(pk=meeting.block.pk).update(text="The group met in **Praia**.")
    actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    page = cast.client("other_delegate").get(url(meeting)).content.decode()
    assert "The group <del>met.</del><ins>met in Praia.</ins>" in page
    assert "What has changed since version 1" in page
    assert "silence_comment" not in page
    before = cast.client("other_delegate").get(url(meeting) + "?version=1").content.decode()
    assert "<strong>met</strong>" in before
    assert "Praia" not in before
    assert url(meeting, "silence_comment") not in before
    actions.withdraw(circulation=Circulation.objects.get(state="open"), by=cast.viewer("secretariat"))
    again = actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    # Version 2 was taken back: for a member nothing is compared with it, and she reads nothing of it.
    assert "What has changed since version 1" in read(cast, "other_delegate", meeting)
    assert "What has changed since version 2" in read(cast, "secretariat", meeting)
    assert "taken this text back" in read(cast, "other_delegate", meeting, "?version=2")
    assert "It is decided" not in read(cast, "other_delegate", meeting, "?version=2")
    assert again.version.number == 3


# -- Writing ----------------------------------------------------------------------------------------------------------


def test_a_comment_beside_a_paragraph(cast, meeting, circulation):
    answer = comment(cast, "own_delegate", meeting, "Not quite.", on=2)
    assert answer.redirect_chain[-1][0].endswith("?version=1#p2")
    assert "Your comment is on the server" in said(answer)
    assert Comment.objects.get().block == meeting.decision.block
    assert "1 comment, no objection so far." in read(cast, "other_delegate", meeting)
    opened = cast.client("own_delegate").get(url(meeting) + "?on=2").content.decode()
    assert re.search(r'name="on" value="2"', opened)
    assert opened.count(f'action="{url(meeting, "silence_comment")}"') == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ""},
        {"text": "   "},
        {"text": "x" * 20_001},
        {"text": "Kept.", "version": "x"},
        {"text": "Kept.", "id": "x"},
        {"text": "Kept.", "on": "x"},
        {"text": "Kept.", "on": "99"},
    ],
)
def test_what_cannot_be_taken_is_given_back(cast, meeting, circulation, fields):
    answer = send(cast, "own_delegate", meeting, "silence_comment", **{"id": uuid.uuid4(), "version": 1, **fields})
    assert not Comment.objects.exists()
    assert "iwg-errors" in answer.content.decode()
    if fields["text"].strip():
        assert fields["text"] in answer.content.decode()


@pytest.mark.parametrize("text", packed(200))
def test_what_is_typed_is_shown_as_typed_and_does_nothing(cast, circulation, meeting, text):
    comment(cast, "own_delegate", meeting, text)
    position(cast, meeting, "agree", text)
    Block.objects.filter(pk=meeting.block.pk).update(text=text)
    object_to(circulation, cast, text=text)
    meeting.first.title = text[:200]
    meeting.first.save()
    actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    for query in ("", "?version=1"):
        page = cast.client("other_delegate").get(url(meeting) + query).content.decode()
        body = page.partition("<main")[2].partition("</main>")[0]
        assert is_harmless(page)
        assert not re.search(r"<script|<img|<svg onload|onerror=evil\(1\)>|href=.javascript|<[^>]+\shx-", body)
    shown = unescape(cast.client("other_delegate").get(url(meeting) + "?version=1").content.decode())
    assert all(line in shown for line in text.splitlines())


def test_long_titles_and_wide_words_are_shown_whole(cast):
    cast.person("own_delegate")
    meeting = MeetingFactory(state="drafted", title="T" * 200)
    BlockFactory(item=ItemFactory(meeting=meeting, title="W" * 200), text="x" * 19_000)
    actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    words = read(cast, "own_delegate", meeting)
    assert "T" * 200 in words
    assert "W" * 200 in words
    assert "x" * 19_000 in words


def test_passenger_data_are_refused_and_not_kept(cast, meeting, circulation):
    lines = "UNB+UNOA:4+X+Y+250101:1200+1'UNH+1+PAXLST:D:12B:UN:IATA'BGM+745'"
    for answer in (comment(cast, "own_delegate", meeting, lines), position(cast, meeting, "object", lines)):
        assert "Passenger data do not belong here" in said(answer)
    assert not Comment.objects.exists()
    assert not Position.objects.exists()
    events = Event.objects.filter(kind="passenger_data.refused")
    assert events.count() == 2
    assert "PAXLST" not in str(list(events.values()))


def test_an_objection_by_the_page(cast, meeting, circulation):
    answer = position(cast, meeting, "object", " ")
    assert "Say what your state objects to" in said(answer)
    assert not Position.objects.exists()
    answer = position(cast, meeting, "object", "Paragraph 2 was not said.")
    words = said(answer)
    assert "Your objection is on the server" in words
    assert "A member state objected: the record is not adopted" in words
    assert "Paragraph 2 was not said." in read(cast, "other_delegate", meeting)
    assert "1 objection" in read(cast, "chair", meeting)


def test_a_state_agrees_by_the_page(cast, meeting, circulation):
    assert "your state agrees" in said(position(cast, meeting, "agree"))
    assert "1 state agrees, no objection so far." in read(cast, "other_delegate", meeting)


def test_for_another_state_the_page_takes_no_position(cast, meeting, circulation):
    fields = {"state": cast.other.pk, "version": 1, "stance": "object", "text": "No."}
    answer = send(cast, "own_focal_point", meeting, "silence_position", **fields)
    assert "iwg-errors" in answer.content.decode()
    assert not Position.objects.exists()


def test_after_the_hour_the_page_says_so_and_keeps_what_comes(cast, meeting, circulation):
    close_to(circulation)
    words = read(cast, "own_focal_point", meeting)
    assert "The hour has passed; the adoption is being recorded" in words
    assert "My state objects" not in words
    circulation.refresh_from_db()
    assert circulation.state == "open"  # reading adopts nothing
    for answer in (
        comment(cast, "own_delegate", meeting, "Late words."),
        position(cast, meeting, "object", "We object."),
    ):
        assert "Your text is kept" in said(answer)
    for part, shown in (("own_delegate", {"Late words."}), ("own_focal_point", {"We object."})):
        words = read(cast, part, meeting)
        assert {text for text in ("Late words.", "We object.") if text in words} == shown
    assert "after the end" in read(cast, "secretariat", meeting)
    assert {"Late words.", "We object."} <= set(
        re.findall(r"Late words\.|We object\.", read(cast, "secretariat", meeting))
    )
    assert "Late words." not in read(cast, "other_delegate", meeting)
    adopt_due()
    words = read(cast, "other_delegate", meeting)
    assert "Record no. 1, adopted by silence" in words
    assert circulation.version.sha256 in words
    assert "Your text is kept" in said(position(cast, meeting, "object", "Now then."))


def test_the_chair_and_the_secretariat_by_the_page(cast, meeting, circulation):
    assert "the chair approves" in said(send(cast, "chair", meeting, "silence_approve", version=1))
    assert "Approved by the chair" in read(cast, "other_delegate", meeting)
    comment(cast, "own_delegate", meeting, "To be settled.")
    note = Comment.objects.get()
    for verb, words in (("settle", "dealt with"), ("open", "")):
        cast.client("secretariat").post(url(meeting, "silence_settle", note.pk), {"do": verb})
        assert (" · dealt with" in read(cast, "other_delegate", meeting)) is bool(words)
    assert "taken back" in said(send(cast, "secretariat", meeting, "silence_withdraw", version=1))
    answer = send(cast, "secretariat", meeting, "silence_withdraw", version=1)
    assert "has ended" in said(answer)
    assert "To be settled." in read(cast, "own_delegate", meeting)
    assert "To be settled." not in read(cast, "other_delegate", meeting)


def test_somebody_elses_late_comment_is_not_there_to_be_settled(cast, meeting, circulation):
    close_to(circulation)
    comment(cast, "own_delegate", meeting, "Late words.")
    address = url(meeting, "silence_settle", Comment.objects.get().pk)
    assert cast.client("other_delegate").post(address, {"do": "settle"}).status_code == 404
    assert cast.client("own_delegate").post(address, {"do": "settle"}).status_code == 403


# -- Closing and circulating ------------------------------------------------------------------------------------------


def test_closing_by_the_page(cast):
    meeting = drafted("running")
    ItemFactory(meeting=meeting, position=3, title="Silent item")
    at = url(meeting, "silence_close")
    page = cast.client("secretariat").get(at)
    assert "Nothing is recorded" in said(page)
    assert f'href="/meetings/{meeting.pk}/record/#item-' in page.content.decode()
    for verb, words in (("close", "The draft is closed."), ("close", "somebody was quicker"), ("reopen", "open again")):
        assert words in said(cast.client("secretariat").post(at, {"do": verb}, follow=True))
    meeting.refresh_from_db()
    assert meeting.state == "running"


def test_the_preview_says_who_is_concerned_and_only_its_own_deadline_goes(cast, meeting):
    at, client = url(meeting, "silence_circulate"), cast.client("secretariat")
    with time_machine.travel(dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC), tick=False):
        cast.client("secretariat")
        words = said(client.get(at))
        assert "Friday 27 November 2026, 17:00 GMT" in words
        assert "2 states, 3 people" in words
        assert "Nobody would read it in: Chairland" in words
        assert "Thursday 26 November 2026, 09:00 GMT" in said(client.get(at + "?days=4&hour=9&zone=Africa/Abidjan"))
        for bad in ("days=0", "days=61", "days=x", "days=5&hour=3", "days=5&hour=17&zone=Moon/Sea"):
            assert "iwg-errors" in client.get(f"{at}?{bad}").content.decode()
        chosen = {"days": "4", "hour": "9", "zone": "Africa/Abidjan"}
        answer = client.post(at, {**chosen, "until": "2026-11-25T09:00:00+00:00"})
        assert "The deadline is another one by now" in said(answer)
        assert not Circulation.objects.exists()
        answer = client.post(at, {**chosen, "until": "2026-11-26T09:00:00+00:00"}, follow=True)
        assert "The record is circulated" in said(answer)
        assert Circulation.objects.get().deadline == dt.datetime(2026, 11, 26, 9, tzinfo=dt.UTC)
        answer = client.post(at, {**chosen, "until": "2026-11-26T09:00:00+00:00"}, follow=True)
        assert "Only a closed draft can be circulated." in said(answer)
    assert Circulation.objects.count() == 1


def test_a_meeting_elsewhere_has_its_own_clocks_and_those_of_the_group(cast):
    cast.person("own_delegate")
    meeting = drafted(zone="Europe/Vienna")
    with time_machine.travel(dt.datetime(2026, 3, 25, 10, tzinfo=dt.UTC), tick=False):
        client = cast.client("secretariat")
        assert "Wednesday 1 April 2026, 17:00 CEST" in said(client.get(url(meeting, "silence_circulate")))
        words = said(client.get(url(meeting, "silence_circulate") + "?days=5&hour=17&zone=Africa/Abidjan"))
        assert "Wednesday 1 April 2026, 17:00 GMT" in words


def test_a_refused_circulation_says_why(cast):
    cast.person("own_delegate")
    meeting = drafted(audience="secretariat")
    at = url(meeting, "silence_circulate")
    until = re.search(r'name="until" value="([^"]+)"', cast.client("secretariat").get(at).content.decode())[1]
    fields = {"days": 5, "hour": 17, "zone": "Africa/Abidjan", "until": until}
    assert "No delegation of a member state" in said(cast.client("secretariat").post(at, fields))


# -- The Chatham House Rule -------------------------------------------------------------------------------------------


def test_under_the_rule_names_are_for_those_who_were_there(cast):
    for part in PARTS:
        cast.person(part)
    meeting = drafted(chatham_house=True)
    Block.objects.filter(pk=meeting.block.pk).update(said_by=cast.own)
    there = cast.person("other_delegate")
    Registration.objects.create(meeting=meeting, person=there, state=cast.other, answer="yes")
    answered_in_time(meeting)
    Attendance.objects.create(meeting=meeting, state=cast.other, presence="present", by=there)
    actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    comment(cast, "own_focal_point", meeting, "Words of somebody.")
    position(cast, meeting, "agree", "A remark.")
    for part in ("other_delegate", "secretariat", "chair"):
        words = read(cast, part, meeting)
        assert "Statement of Ownland" in words
        assert "Ownland, Own Focal Point" in words
    words = read(cast, "own_delegate", meeting)
    assert "Words of somebody." in words
    assert "A member of the group agrees" in words
    assert "Chatham House Rule" in words
    assert "Own Focal Point" not in words
    assert "Ownland" not in words
    assert "You · " in read(cast, "own_focal_point", meeting)


# -- Two worlds -------------------------------------------------------------------------------------------------------


def same(sent):
    sent = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|name="id" value="[0-9a-f-]{36}"', "", sent)
    return re.sub(r"(?s)<footer.*", "", sent)


def pages_of(cast, meeting, parts):
    addresses = [url(meeting), url(meeting) + "?version=1", url(meeting) + "?on=1"]
    return {(part, at): same(cast.client(part).get(at).content.decode()) for part in parts for at in addresses}


def test_what_a_member_may_not_know_changes_nothing_on_her_page(cast, meeting, circulation):
    outsiders = ("other_delegate", "observer", "partner", "administrator", "stranger", "ex_member")
    object_to(circulation, cast)
    before = pages_of(cast, meeting, outsiders)
    cards = {part: card(cast.viewer(part), meeting) for part in outsiders}
    by = cast.viewer("secretariat")
    Block.objects.filter(pk=meeting.block.pk).update(text="A secret amendment.")
    BlockFactory(item=meeting.second, text="One more secret.")
    late = comment(cast, "own_delegate", meeting, "A late secret.")
    assert Comment.objects.get().is_late, late
    meeting.refresh_from_db()
    actions.reopen_draft(meeting=meeting, by=by)
    actions.close_draft(meeting=meeting, by=by)
    assert pages_of(cast, meeting, outsiders) == before
    assert {part: card(cast.viewer(part), meeting) for part in outsiders} == cards
    assert "A late secret." in read(cast, "secretariat", meeting)


# -- The card of the meeting's page -----------------------------------------------------------------------------------


def test_the_card_says_how_it_stands_in_two_queries(cast, meeting, circulation, django_assert_num_queries):
    comment(cast, "own_delegate", meeting, "One.")
    meeting = type(meeting).objects.select_related("record").get(pk=meeting.pk)
    viewer = cast.viewer("own_focal_point")
    with translation.override("en"), django_assert_num_queries(2):
        found = card(viewer, meeting)
    assert found["banner"]["text"] == "Adopted unless a member state objects. 1 comment, no objection so far."
    assert found["banner"]["label"] == "Comment or object"
    assert [entry["title"] for entry in found["entries"]] == ["Under silence procedure", "Circulated to 2 states"]
    for part in ("observer", "partner", "administrator", "stranger", "anonymous"):
        assert card(cast.viewer(part), meeting) is None
    assert card(cast.viewer("other_delegate"), drafted()) is None
    (way,) = card(cast.viewer("secretariat"), drafted("running"))["actions"]
    assert way["url"].endswith("/silence/close/")
    assert len(card(cast.viewer("secretariat"), drafted())["actions"]) == 2


@pytest.mark.parametrize(
    ("part", "end", "words"),
    [
        ("other_delegate", "adopt", "Record no. 1, adopted by silence"),
        ("other_delegate", "object", "A member state objected"),
        ("secretariat", "hour", "The hour has passed"),
        ("other_delegate", "withdraw", None),
        ("other_delegate", "", "Record under silence procedure"),
        ("secretariat", "", "Record under silence procedure"),
    ],
)
def test_the_banner_of_each_outcome(cast, meeting, circulation, part, end, words):
    if end in ("adopt", "hour"):
        close_to(circulation)
    if end == "adopt":
        adopt_due()
    if end == "object":
        object_to(circulation, cast)
    if end == "withdraw":
        actions.withdraw(circulation=circulation, by=cast.viewer("secretariat"))
    meeting.refresh_from_db()
    found = card(cast.viewer(part), meeting)
    assert found["entries"]
    assert (found["banner"] is None) if words is None else found["banner"]["title"].startswith(words)


def test_the_number_of_queries_does_not_grow_with_what_is_said(cast, meeting, circulation):
    def count():
        with CaptureQueriesContext(connection) as found:
            cast.client("other_delegate").get(url(meeting))
        return len(found)

    comment(cast, "own_delegate", meeting, "One.", on=1)
    position(cast, meeting, "agree")
    cast.client("other_delegate").get(url(meeting))
    first = count()
    for text in ("Two.", "Three."):
        comment(cast, "own_delegate", meeting, text, on=2)
        comment(cast, "chair", meeting, text)
        position(cast, meeting, "agree", text)
    assert count() == first <= 20


# -- Mail -------------------------------------------------------------------------------------------------------------


def letters(kind):
    """What each recipient would be sent now: (address, text, html, subject) or None."""
    found = {}
    for mail in OutboxMail.objects.filter(kind=kind).select_related("recipient"):
        built = message(mail)
        found[mail.recipient.full_name] = built and "\n".join([built.subject, built.body, built.alternatives[0][0]])
    return found


def test_mail_says_the_deadline_by_her_clocks_and_nothing_of_the_record(cast, meeting):
    Person.objects.filter(pk=cast.person("own_delegate").pk).update(zone="Africa/Lagos", language="fr")
    secrets = ("canary-title", "canary-item", "canary-block", "canary-comment", "canary-reason", "Ownland")
    meeting.title, meeting.first.title = secrets[0], secrets[1]
    meeting.save()
    meeting.first.save()
    Block.objects.filter(pk=meeting.block.pk).update(text=secrets[2])
    deadline = timezone.now().replace(hour=17, minute=0, second=0, microsecond=0) + WEEK
    circulation = actions.circulate(meeting=meeting, deadline=deadline, by=cast.viewer("secretariat"))
    comment(cast, "own_delegate", meeting, secrets[3])
    told = letters("meetings.circulated")
    assert "17:00 UTC" in told["Other Delegate"]
    assert "18:00 WAT" in told["Own Delegate"]
    assert "Sauf objection" in told["Own Delegate"]
    assert f"/meetings/{meeting.pk}/silence/" in told["Own Delegate"]
    object_to(circulation, cast, text=secrets[4])
    stopped = letters("meetings.objection")
    assert set(stopped) == {"Secretariat", "Chair"}
    assert set(letters("meetings.circulated").values()) == {None}
    meeting.refresh_from_db()
    second = actions.circulate(meeting=meeting, deadline=deadline, by=cast.viewer("secretariat"))
    actions.adopt_due(now=second.deadline)
    adopted = letters("meetings.adopted")
    assert len(adopted) == 5
    for said_ in [*told.values(), *stopped.values(), *adopted.values()]:
        assert not [secret for secret in secrets if secret in said_]


def test_nobody_is_written_to_about_what_she_cannot_open(cast, meeting, circulation):
    for kind in ("meetings.circulated", "meetings.objection", "meetings.adopted"):
        for part in PARTS[1:]:
            queue(kind, target=circulation, to=cast.person(part), occurrence="all")
    readers = {cast.person(part).full_name for part in MEMBERS}
    assert {name for name, built in letters("meetings.circulated").items() if built} == readers
    assert not any(letters("meetings.objection").values())
    assert not any(letters("meetings.adopted").values())
    close_to(circulation)
    assert not any(letters("meetings.circulated").values())
    adopt_due()
    assert {name for name, built in letters("meetings.adopted").items() if built} == readers
    assert access.visible_circulations(cast.viewer("observer")).count() == 0


# -- What the register changes, and when ------------------------------------------------------------------------------


def test_owners_dates_and_addressees_stay_while_members_agree_to_them(cast, meeting, circulation):
    """The text under silence procedure stays what was circulated; the status of a decision is no part of it."""
    client, office = cast.client("secretariat"), cast.viewer("secretariat")
    with pytest.raises(ValidationError, match="under silence procedure"):
        edit_action(action=meeting.action, due_on=None, by=office)
    with pytest.raises(ValidationError, match="under silence procedure"):
        change_decision(decision=meeting.decision, kind="informational", by=office)
    action, decision = reverse("action", args=[meeting.action.pk]), reverse("decision", args=[meeting.decision.pk])
    assert "Edit owners and date" not in said(client.get(action))
    assert "under silence procedure" in said(client.get(f"{action}edit/"))
    assert "Save type and addressee" not in said(client.get(f"{decision}change/"))
    assert "under silence procedure" in said(client.post(f"{action}edit/", {"due_on": "2026-07-01"}))
    assert "under silence procedure" in said(
        client.post(f"{decision}change/", {"do": "facts", "kind": "informational", "to": "all"})
    )
    meeting.action.refresh_from_db()
    assert meeting.action.due_on == dt.date(2026, 6, 30)
    client.post(f"{decision}change/", {"do": "status", "status": "carried_out"})
    meeting.decision.refresh_from_db()
    assert (meeting.decision.kind, meeting.decision.status) == ("operational", "carried_out")


def test_after_the_adoption_the_register_goes_on_and_the_meeting_says_so(cast, meeting, circulation):
    address, notice = f"/meetings/{meeting.pk}/", "as they are in the register today"
    assert notice not in said(cast.client("own_delegate").get(address))
    close_to(circulation)
    adopt_due()
    client = cast.client("own_delegate")
    page = client.get(address)
    assert notice in said(page)
    assert "As adopted:" not in said(page), "nothing is otherwise yet"
    owner = meeting.action.owners.get().state.name
    assert edit_action(action=meeting.action, due_on=dt.date(2026, 7, 31), by=cast.viewer("secretariat"))
    page = client.get(address)
    assert "due 31 July 2026" in said(page)
    assert f"As adopted: {owner} · due 30 June 2026" in said(page)
    assert f'href="{url(meeting)}">The record as it was adopted, frozen</a>' in page.content.decode()
    assert "due 30 June 2026" in said(client.get(url(meeting)))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "This silence procedure has ended: adopted."),
        ("fr", "Cette procédure d’approbation tacite est terminée\u00a0: conclue par l’adoption du compte rendu."),
        ("pt", "Este procedimento de aprovação tácita terminou: concluído com a adoção da ata."),
    ],
)
def test_how_it_ended_agrees_with_its_sentence(cast, meeting, circulation, language, words):
    close_to(circulation)
    adopt_due()
    with translation.override(language), pytest.raises(ValidationError) as refused:
        actions.withdraw(circulation=circulation, by=cast.viewer("secretariat"))
    assert refused.value.messages[0].startswith(words)


def test_what_silence_is_has_one_word_in_each_language(cast, meeting, circulation):
    """On the page of the procedure and in what waits for a state, which is asked for the same thing."""
    for language, words in (("fr", "le silence vaut accord"), ("pt", "o silêncio vale consentimento")):
        with translation.override(language):
            for sentence in (
                "No state has taken a position; silence is consent.",
                "Waits for your state’s position; silence is consent",
            ):
                assert words in translation.gettext(sentence)
