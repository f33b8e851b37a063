"""Attendance and quorum by state, and what vanishes under the Chatham House Rule."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from iwg_portal.activity.models import Event
from iwg_portal.activity.sentences import sentence
from meetings.access.attendance import visible_attendance
from meetings.access.meetings import in_the_room
from meetings.actions.attendance import declare_attendance, mark_attendance
from meetings.actions.registration import answer_invitation, nominate
from meetings.models import Attendance, Meeting, Registration
from meetings.queries.attendance import Quorum
from meetings.views.attendance import card
from members.access import viewer_for
from members.models import State
from tests.cast import PARTS
from tests.factories import (
    MeetingFactory,
    MemberStateFactory,
    ObserverStateFactory,
    OrganisationFactory,
    ParticipationFactory,
    StateFactory,
    answered_in_time,
    person_with,
)

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 10, 10, 42, 30, tzinfo=dt.UTC)
READERS = {
    "observer", "partner", "other_delegate", "own_delegate", "own_focal_point", "chair", "secretariat", "administrator",
}  # fmt: skip


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def meeting(cast, clock):
    for part in PARTS:
        cast.person(part)
    return MeetingFactory(title="Third plenary", number=3, state="running")


@pytest.fixture
def writer(cast):
    return cast.viewer("secretariat")


def url(meeting, name="attendance"):
    return reverse(name, args=[meeting.pk])


def said(answer):
    assert answer.status_code == 200, answer.status_code
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def mark(cast, meeting, state, presence, htmx=False):
    headers = {"HX-Request": "true"} if htmx else {}
    place = f"{'o' if hasattr(state, 'acronym') else 's'}{state.pk}"
    return cast.client("secretariat").post(url(meeting), {"mark": f"{place}:{presence}"}, headers=headers, follow=True)


def chatham(meeting):
    Meeting.objects.filter(pk=meeting.pk).update(chatham_house=True)
    meeting.refresh_from_db()


# -- Quorum ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "share", "needed"), [(16, (2, 3), 11), (3, (2, 3), 2), (4, (1, 2), 2), (5, (1, 2), 3), (1, (2, 3), 1)]
)
def test_the_quorum_is_the_groups_share_rounded_up(cast, meeting, members, share, needed):
    cast.group.quorum_numerator, cast.group.quorum_denominator = share
    cast.group.save()
    there = Meeting.objects.get(pk=meeting.pk)
    for _ in range(members - 3):  # own, other and the chair's state are members already
        MemberStateFactory()
    if members < 3:
        for state in (cast.other, cast.chairing):
            state.participations.update(ends_on=dt.date(2026, 1, 1))
    live = card(cast.viewer("secretariat"), there)["live"]
    assert (live["quorum"].members, live["quorum"].needed) == (members, needed)


def test_without_members_there_is_no_quorum():
    assert not Quorum(present=0, members=0, needed=0).is_met
    assert Quorum(present=11, members=16, needed=11).is_met
    assert not Quorum(present=10, members=16, needed=11).is_met


def test_states_count_once_and_guests_never(cast, meeting):
    """Three members: two make a quorum. Three delegates of one state are one; an observer and a partner are none."""
    for _ in range(3):
        person_with("delegate", state=cast.own)
    organisation = OrganisationFactory(acronym_en="ORG")
    assert "1 of 3 members, quorum 2: quorum not met" in said(mark(cast, meeting, cast.own, "present"))
    assert "1 of 3 members, quorum 2: quorum not met" in said(mark(cast, meeting, cast.own, "present"))
    for guest in (cast.observing, organisation):
        assert "1 of 3 members, quorum 2: quorum not met" in said(mark(cast, meeting, guest, "present"))
    assert "2 of 3 members, quorum 2: quorum met" in said(mark(cast, meeting, cast.other, "late"))
    assert "1 of 3 members, quorum 2: quorum not met" in said(mark(cast, meeting, cast.other, "absent"))
    words = said(cast.client("observer").get(url(meeting)))
    assert "Ownland: present" in words
    assert "Otherland: absent" in words
    assert "Chairland: not noted" in words
    assert "Watchland: present" in words
    assert "Organisation" in words
    assert "which never count" in words


def test_members_are_those_of_the_meetings_day(cast, meeting):
    gone, new = MemberStateFactory(label="Goneland"), StateFactory(label="Newland")
    gone.participations.update(ends_on=dt.date(2026, 4, 1))
    ParticipationFactory(state=new, starts_on=dt.date(2026, 4, 1))
    with time_machine.travel(dt.datetime(2026, 5, 1, tzinfo=dt.UTC)):
        words = said(cast.client("own_delegate").get(url(meeting)))
    assert "Goneland" in words
    assert "Newland" not in words


# -- The strip of buttons --------------------------------------------------------------------------------------------


def test_one_press_is_one_row_whether_with_htmx_or_without(cast, meeting):
    plain = mark(cast, meeting, cast.own, "present")
    assert plain.redirect_chain[0][1] == 302
    piece = mark(cast, meeting, cast.other, "present", htmx=True)
    assert piece.content.decode().lstrip().startswith('<div id="attendance"')
    assert "2 of 3 members, quorum 2: quorum met" in said(piece)
    assert f'id="m-s{cast.other.pk}-present" name="mark" value="s{cast.other.pk}:present" aria-pressed="true"' in (
        piece.content.decode()
    )
    assert Attendance.objects.count() == 2
    mark(cast, meeting, cast.other, "present")
    assert Event.objects.filter(kind="attendance.noted").count() == 2, "nothing changed, nothing was logged"


def test_late_takes_the_time_of_the_press_or_one_that_is_typed(cast, meeting):
    mark(cast, meeting, cast.own, "late")
    row = Attendance.objects.get()
    assert row.since == dt.datetime(2026, 3, 10, 10, 42, tzinfo=dt.UTC)
    client = cast.client("secretariat")
    form = {"do": "late", "who": f"s{cast.own.pk}", "since": "2026-03-10T09:30"}
    words = said(client.post(url(meeting), form, follow=True))
    assert "Ownland: since 09:30 GMT" in words
    mark(cast, meeting, cast.own, "present")
    assert Attendance.objects.get().since is None


def test_a_time_is_by_the_clocks_of_the_meeting(cast, meeting):
    Meeting.objects.filter(pk=meeting.pk).update(zone="Africa/Lagos")
    form = {"do": "late", "who": f"s{cast.own.pk}", "since": "2026-03-10T11:30"}
    words = said(cast.client("secretariat").post(url(meeting), form, follow=True))
    assert "since 11:30 WAT" in words
    assert Attendance.objects.get().since == dt.datetime(2026, 3, 10, 10, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("since", "words"),
    [
        ("2026-03-10T08:59", "This is before the meeting begins."),
        ("2026-03-10T10:50", "This time lies in the future."),
        ("2025-02-31T10:50", "This is not a time."),
        ("ten", "This is not a time."),
        ("<script>alert(1)</script>", "This is not a time."),
        ("", "Give the time."),
    ],
)
def test_a_time_that_cannot_be_is_said(cast, meeting, since, words):
    for part, form in [
        ("secretariat", {"do": "late", "who": f"s{cast.own.pk}", "since": since}),
        ("own_delegate", {"do": "declare", "state": cast.own.pk, "since": since}),
    ]:
        answer = cast.client(part).post(url(meeting), form)
        assert words in said(answer)
        assert "<script>alert" not in answer.content.decode()
    assert not Attendance.objects.exists()


def test_after_the_end_a_time_must_be_given_and_lie_within(cast, meeting, clock):
    Meeting.objects.filter(pk=meeting.pk).update(state="drafted")
    clock.move_to(dt.datetime(2026, 3, 12, 9, tzinfo=dt.UTC))
    assert "Say from what time the delegation was there." in said(mark(cast, meeting, cast.own, "late"))
    form = {"do": "late", "who": f"s{cast.own.pk}"}
    client = cast.client("secretariat")
    assert "This is after the meeting." in said(client.post(url(meeting), {**form, "since": "2026-03-11T18:00"}))
    words = said(client.post(url(meeting), {**form, "since": "2026-03-11T14:00"}, follow=True))
    assert "since 11 Mar 2026, 14:00 GMT" in words


def test_what_is_not_in_the_list_is_refused(cast, meeting):
    outside = StateFactory(label="Farland")
    client = cast.client("secretariat")
    for asked in (f"s{outside.pk}:present", "s:present", "x", f"s{cast.own.pk}:there", f"s{cast.own.pk}", "o0:late"):
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.post(url(meeting), {"mark": asked}, follow=True, headers=headers)
            assert "This state or organisation is not in the list." in said(answer)
    assert "Choose from the list." in said(
        client.post(url(meeting), {"do": "late", "who": f"s{outside.pk}", "since": "2026-03-10T09:30"})
    )
    assert client.post(url(meeting), {"do": "delete"}).status_code == 400
    assert not Attendance.objects.exists()


@pytest.mark.parametrize("part", sorted(READERS - {"secretariat"}))
def test_only_the_secretariat_notes(cast, meeting, part):
    client = cast.client(part)
    assert client.post(url(meeting), {"mark": f"s{cast.own.pk}:present"}).status_code == 403
    form = {"do": "late", "who": f"s{cast.own.pk}", "since": "2026-03-10T09:30"}
    assert client.post(url(meeting), form).status_code == 403
    with pytest.raises(PermissionDenied):
        mark_attendance(meeting=meeting, presence="present", state=cast.own, by=cast.viewer(part))
    assert 'name="mark"' not in client.get(url(meeting)).content.decode()
    assert not Attendance.objects.exists()


@pytest.mark.parametrize("state", ["circulated", "adopted", "cancelled", "draft"])
def test_once_the_record_is_circulated_nothing_changes(cast, meeting, writer, state):
    Meeting.objects.filter(pk=meeting.pk).update(state=state)
    with pytest.raises(PermissionDenied):
        mark_attendance(meeting=meeting, presence="present", state=cast.own, by=writer)
    with pytest.raises(PermissionDenied):
        declare_attendance(meeting=meeting, state=cast.own, by=cast.viewer("own_delegate"))


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_row(cast, meeting, writer):
    def press(presence):
        try:
            mark_attendance(meeting=meeting, presence=presence, state=cast.own, by=writer)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(press, ["present", "absent", "present", "late"]))
    assert Attendance.objects.count() == 1


def test_what_a_delegation_says_of_itself_makes_no_quorum_until_it_is_confirmed(cast, meeting):
    mark(cast, meeting, cast.other, "present")
    form = {"do": "declare", "state": cast.own.pk, "since": "2026-03-10T10:15"}
    words = said(cast.client("own_delegate").post(url(meeting), form, follow=True))
    assert "2 of 3 members, quorum 2: quorum met once what delegations declared themselves is confirmed" in words
    words = said(mark(cast, meeting, cast.own, "present"))
    assert "2 of 3 members, quorum 2: quorum met" in words
    assert "once what delegations declared" not in words


# -- A delegation that comes late ------------------------------------------------------------------------------------


def test_a_delegation_declares_that_it_has_come(cast, meeting):
    form = {"do": "declare", "state": cast.own.pk, "since": "2026-03-10T10:15"}
    words = said(cast.client("own_delegate").post(url(meeting), form, follow=True))
    assert "marked as declared by yourselves" in words
    assert "Ownland: since 10:15 GMT, declared by the delegation itself" in words
    assert "1 of 3 members" in words
    row = Attendance.objects.get()
    assert (row.self_declared, row.by, row.presence) == (True, cast.person("own_delegate"), "late")
    assert "declared by itself" in said(cast.client("secretariat").get(url(meeting)))
    mark(cast, meeting, cast.own, "present")  # confirmed
    assert "declared by the delegation itself" not in said(cast.client("own_delegate").get(url(meeting)))
    again = cast.client("own_delegate").post(url(meeting), form)
    assert "The secretariat has noted your delegation already." in said(again)


def test_one_declares_for_her_own_state_only(cast, meeting):
    form = {"do": "declare", "state": cast.other.pk, "since": "2026-03-10T10:15"}
    cast.client("own_delegate").post(url(meeting), form)
    assert not Attendance.objects.exists()
    with pytest.raises(PermissionDenied):
        declare_attendance(meeting=meeting, state=cast.other, by=cast.viewer("own_delegate"))
    for part in ("observer", "partner", "chair", "secretariat", "administrator"):
        assert cast.client(part).post(url(meeting), form).status_code == 403
        with pytest.raises(PermissionDenied):
            declare_attendance(meeting=meeting, state=cast.own, by=cast.viewer(part))
    Meeting.objects.filter(pk=meeting.pk).update(state="announced")
    assert cast.client("own_delegate").post(url(meeting), form).status_code == 403


# -- Chatham House ---------------------------------------------------------------------------------------------------


def be_there(cast, meeting, part, state):
    """Registered, and her delegation noted: in the room."""
    Registration.objects.create(meeting=meeting, person=cast.person(part), state=state, answer="yes")
    answered_in_time(meeting)
    Attendance.objects.create(meeting=meeting, state=state, presence="present", by=cast.person("secretariat"))


def test_who_was_not_in_the_room_reads_nothing_of_who_was(cast, meeting):
    chatham(meeting)
    be_there(cast, meeting, "other_delegate", cast.other)
    inside = {"other_delegate", "chair", "secretariat"}
    for part in READERS:
        viewer = cast.viewer(part)
        assert in_the_room(viewer, meeting) is (part in inside), part
        assert visible_attendance(viewer, meeting).exists() is (part in inside)
        answer = cast.client(part).get(url(meeting))
        if part in inside:
            assert "1 of 3 members" in said(answer)
            assert card(viewer, meeting)["kind"] == "attendance"
        elif viewer.own_states:
            words = said(answer)  # she may say that she has come
            assert "of 3 members" not in words
            assert "Otherland" not in words
            assert card(viewer, meeting) == {"kind": "declare", "url": url(meeting)}
        else:
            assert answer.status_code == 404
            assert card(viewer, meeting) is None


def test_two_worlds_of_a_meeting_under_the_rule(cast, meeting, writer):
    """One with nobody there, one with everybody: to those who were not in the room they are the same."""
    chatham(meeting)
    outside = ("observer", "partner", "own_delegate", "own_focal_point", "administrator")
    pages = [url(meeting), url(meeting, "registration")]

    def world():
        return {
            (part, page, piece): same(cast.client(part).get(page, headers={"HX-Request": "true"} if piece else {}))
            for part in outside
            for page in pages
            for piece in (False, True)
        }

    before = world()
    log = Event.objects.count()
    be_there(cast, meeting, "other_delegate", cast.other)
    answer_invitation(meeting=meeting, answer="online", state=cast.other, by=cast.viewer("other_delegate"))
    guest = viewer_for(person_with("observer", state=ObserverStateFactory(), person={"full_name": "canary-guest"}))
    answer_invitation(meeting=meeting, answer="yes", state=guest_state(guest), by=guest)
    answered_in_time(meeting)
    focal = viewer_for(person_with("focal_point", state=cast.other, person={"full_name": "canary-focal"}))
    nominate(meeting=meeting, person=focal.person, state=cast.other, by=focal)
    declare_attendance(
        meeting=meeting, state=cast.chairing, by=viewer_for(person_with("delegate", state=cast.chairing))
    )
    mark_attendance(meeting=meeting, presence="absent", state=cast.own, by=writer)
    assert world() == before
    # The other side: whoever was there sees them.
    assert "Otherland: present" in said(cast.client("other_delegate").get(url(meeting)))
    assert Event.objects.count() > log
    # And no label, actor or state of the log names a participant.
    for event in Event.objects.order_by("pk")[log:]:
        told = f"{event.actor_label} {event.target_label} {event.data} {sentence(event)}"
        assert event.state_id is None
        assert "canary" not in told
        assert not re.search("Other|Chairland|Ownland|delegate", told, re.I) or event.actor_label == "system", told
        assert event.actor_id in (None, writer.person.pk)


def guest_state(viewer):
    return State.objects.get(pk__in=viewer.observed_states)


def same(answer):
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    return answer.status_code, re.sub(r"<time.*?</time>", "", body)


def test_declaring_oneself_present_opens_nothing_until_the_secretariat_confirms(cast, meeting):
    chatham(meeting)
    be_there(cast, meeting, "other_delegate", cast.other)
    viewer, client = cast.viewer("own_delegate"), cast.client("own_delegate")
    client.post(url(meeting, "registration"), {"do": "answer", "answer": "yes"})
    answered_in_time(meeting)
    form = {"do": "declare", "state": cast.own.pk, "since": "2026-03-10T10:15"}
    words = said(client.post(url(meeting), form, follow=True))
    assert "Ownland: here since 10:15 GMT, as you said" in words
    assert "Otherland" not in words
    assert not in_the_room(viewer, meeting)
    mark(cast, meeting, cast.own, "late")
    assert "Otherland: present" in said(client.get(url(meeting)))


# -- The card, live --------------------------------------------------------------------------------------------------


def test_the_strip_asks_again_only_while_the_meeting_goes_on(cast, meeting):
    be_there(cast, meeting, "other_delegate", cast.other)
    client, address = cast.client("own_delegate"), url(meeting) + "?show=strip"
    piece = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'data-hx-trigger="every 10s"' in piece
    assert "<html" not in piece
    desk = cast.client("secretariat").get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'name="mark"' not in desk, "on the page of the meeting there are no buttons"
    Meeting.objects.filter(pk=meeting.pk).update(state="adopted")
    assert "every 10s" not in client.get(address, headers={"HX-Request": "true"}).content.decode()


@pytest.mark.parametrize("state", ["draft", "announced", "running", "adopted", "cancelled"])
def test_the_card_costs_two_queries_at_most(cast, meeting, state):
    Meeting.objects.filter(pk=meeting.pk).update(state=state)
    meeting.refresh_from_db()
    be_there(cast, meeting, "other_delegate", cast.other)
    for part in ("own_delegate", "secretariat"):
        viewer, counts = cast.viewer(part), []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                shown = card(viewer, meeting)
            counts.append(len(queries))
            state_ = MemberStateFactory()
            Attendance.objects.create(meeting=meeting, state=state_, presence="present", by=viewer.person)
            Registration.objects.create(meeting=meeting, person=person_with("delegate", state=state_), state=state_)
        assert counts[0] == counts[1] <= 2
        assert (shown is None) is (state in ("draft", "cancelled"))


def test_the_page_costs_the_same_for_three(cast, meeting):
    client = cast.client("secretariat")

    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(url(meeting))
        return len(queries)

    mark(cast, meeting, cast.own, "present")
    first = count()
    for state in (cast.other, cast.observing, OrganisationFactory()):
        mark(cast, meeting, state, "late")
    assert count() == first


def test_noting_refuses_two_owners_at_once(cast, meeting, writer):
    with pytest.raises(ValidationError):
        mark_attendance(
            meeting=meeting, presence="present", state=cast.own, organisation=OrganisationFactory(), by=writer
        )
    with pytest.raises(ValidationError):
        mark_attendance(meeting=meeting, presence="here", state=cast.own, by=writer)
