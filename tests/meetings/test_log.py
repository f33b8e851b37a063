"""What the log tells of a meeting under the Chatham House Rule, and of a lesson whose state is not named."""

import csv
import datetime as dt
import io

import pytest

from iwg_portal.activity.log import record
from iwg_portal.activity.models import Event
from meetings.access.events import to_read
from meetings.access.meetings import closed_rooms, in_the_room
from meetings.actions.attendance import mark_attendance
from meetings.actions.owners import report
from meetings.actions.registration import answer_invitation
from meetings.models import Attendance, Lesson, Meeting, Registration
from members import access
from tests.cast import PARTS
from tests.factories import (
    ActionFactory,
    CirculationFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    OwnerFactory,
    answered_in_time,
    evidence_of,
)

pytestmark = pytest.mark.django_db
ALL, EXPORT, OWN = "/activity/", "/activity/export/", "/account/activity/"


@pytest.fixture
def room(cast):
    """A meeting that is over, with all that its log holds: the flag was not set while it was written."""
    meeting = MeetingFactory(state="running")
    answer_invitation(meeting=meeting, answer="yes", state=cast.own, by=cast.viewer("own_focal_point"))
    answered_in_time(meeting)
    mark_attendance(meeting=meeting, presence="present", state=cast.own, by=cast.viewer("secretariat"))
    Meeting.objects.filter(pk=meeting.pk).update(state="circulated")
    meeting.record.audience = "members"
    meeting.record.save()
    owner = OwnerFactory(action=ActionFactory(block__item=ItemFactory(meeting=meeting)), state=cast.own)
    report(owner=owner, status="done", text="Done.", by=cast.viewer("own_focal_point"))
    evidence_of(owner, cast.viewer("own_focal_point"))
    spoken = {"by": cast.person("own_focal_point"), "state": cast.own}
    record("record.agreed", target=meeting.record, label="plenary", **spoken)
    record("agenda.item_proposed", target=ItemFactory(meeting=meeting), label="plenary", **spoken)
    record("meeting.announced", by=cast.person("secretariat"), target=meeting, label="plenary")
    return meeting


def flag(meeting):
    Meeting.objects.filter(pk=meeting.pk).update(chatham_house=True)


def seen(cast, part, events=None):
    viewer = cast.viewer(part)
    return set(to_read(viewer, access.visible_events(viewer) if events is None else events).order_by("pk"))


def extract(client):
    return list(csv.reader(io.StringIO(client.get(EXPORT).content.decode("utf-8-sig"))))[1:]


TELLING = {
    "registration.answered", "attendance.noted", "action.reported", "file.stored", "record.agreed",
    "agenda.item_proposed",
}  # fmt: skip


def test_the_flag_of_today_decides_what_an_administrator_reads(cast, room):
    client = cast.client("administrator")
    told = set(Event.objects.filter(kind__in=TELLING))
    assert {event.kind for event in told} == TELLING
    # What is for the members, on every page, is for the members in the log: the record and what comes of it.
    inside = {event for event in told if event.kind in {"record.agreed", "action.reported", "file.stored"}}
    assert not inside & seen(cast, "administrator")
    assert inside <= seen(cast, "secretariat")
    told -= inside
    assert told <= seen(cast, "administrator")
    assert "Own Focal Point agreed to a record" not in client.get(ALL).content.decode()
    assert "record.agreed" not in {row[3] for row in extract(client)}
    assert "Own Focal Point" in client.get(ALL).content.decode()
    flag(room)
    assert not told & seen(cast, "administrator")
    assert {event.kind for event in seen(cast, "administrator")} >= {"meeting.announced"}
    for answer in (client.get(ALL), client.get(ALL, {"person": "Focal"}), client.get(ALL, {"state": cast.own.alpha2})):
        body = answer.content.decode()
        assert "Own Focal Point reported" not in body
        assert "Own Focal Point" not in body.replace('value="Focal"', "")
    assert not [row for row in extract(client) if "Focal" in row[4] or row[2] or row[3] in TELLING]
    # The secretariat was there: it ran the meeting.
    assert told <= seen(cast, "secretariat")
    assert "Own Focal Point reported on an action point" in cast.client("secretariat").get(ALL).content.decode()
    Meeting.objects.filter(pk=room.pk).update(chatham_house=False)
    assert told <= seen(cast, "administrator")


def test_a_delegation_reads_of_its_own_action_points_and_proposals_only(cast, room):
    address = f"/states/{cast.own.alpha2.lower()}/activity/"
    flag(room)
    kinds = {event.kind for event in seen(cast, "own_delegate")}
    assert {"action.reported", "agenda.item_proposed"} <= kinds
    assert not kinds & {"registration.answered", "attendance.noted", "record.agreed"}
    assert "reported on an action point" in cast.client("own_delegate").get(address).content.decode()
    assert "agreed to a record" not in cast.client("own_delegate").get(address).content.decode()
    # What she did herself she knows.
    assert "agreed to a record" in cast.client("own_focal_point").get(OWN).content.decode()
    # Whoever was in the room reads on.
    Registration.objects.create(meeting=room, person=cast.person("own_delegate"), state=cast.own, answer="yes")
    answered_in_time(room)
    assert "agreed to a record" in cast.client("own_delegate").get(address).content.decode()


def test_the_rule_over_the_meetings_is_the_rule_for_one(cast, room):
    flag(room)
    room.refresh_from_db()
    open_one = MeetingFactory(state="announced")
    Registration.objects.create(meeting=room, person=cast.person("own_delegate"), state=cast.own, answer="yes")
    answered_in_time(room)
    Registration.objects.create(meeting=room, person=cast.person("other_delegate"), state=cast.other, answer="yes")
    answered_in_time(room)
    Attendance.objects.create(meeting=room, state=cast.other, presence="absent", by=cast.person("secretariat"))
    inside = {"own_delegate", "own_focal_point", "chair", "secretariat"}
    for part in PARTS:
        viewer = cast.viewer(part)
        assert in_the_room(viewer, room) is (part in inside), part
        assert (room not in closed_rooms(viewer)) is (part in inside), part
        assert open_one not in closed_rooms(viewer)
        assert in_the_room(viewer, open_one)


def test_what_is_left_out_and_what_is_left_are_all(cast, room):
    """No event falls between the two, also where a column or a key is empty."""
    flag(room)
    everything = [
        record("restricted.read", by=cast.person("secretariat"), target=cast.own, state=cast.own),
        record("restricted.read", by=cast.person("secretariat"), target=cast.own, state=cast.own, page="profile"),
        record("workbook.discarded", by=None, target=cast.own),
        record("person.signed_in", by=cast.person("own_delegate"), target=cast.person("own_delegate")),
    ]
    for part in PARTS:
        assert set(everything) <= seen(cast, part, Event.objects.all()), part


# -- Lessons -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def lesson(cast):
    lesson = LessonFactory(state=cast.own, status="submitted", shared_by=cast.person("own_delegate"))
    told = {"by": cast.person("own_delegate"), "target": lesson, "label": "lesson", "state": cast.own}
    for kind in ("lesson.drafted", "lesson.changed", "lesson.submitted"):
        record(kind, **told)
    record("lesson.approved", by=cast.person("secretariat"), target=lesson, label="lesson")
    looked = {"target": cast.own, "state": cast.own, "page": "lesson_review"}
    record("restricted.read", by=cast.person("secretariat"), **looked)
    return lesson


def test_whose_an_unnamed_lesson_is_the_log_tells_its_delegation_and_the_secretariat_alone(cast, lesson):
    telling = set(Event.objects.exclude(state_id=None))
    approved = Event.objects.get(kind="lesson.approved")
    assert len(telling) == 4
    assert not telling & seen(cast, "administrator")
    assert approved in seen(cast, "administrator")
    assert telling <= seen(cast, "secretariat")
    assert telling <= seen(cast, "own_focal_point")
    client = cast.client("administrator")
    for query in ({}, {"state": cast.own.alpha2}, {"person": "Own"}, {"kind": "lesson.drafted"}):
        assert "Own Delegate drafted" not in client.get(ALL, query).content.decode()
    assert [row[3] for row in extract(client) if row[3].startswith("lesson")] == ["lesson.approved"]
    assert "Own Delegate drafted a lesson" in cast.client("own_delegate").get(OWN).content.decode()
    Lesson.objects.filter(pk=lesson.pk).update(names_origin=True)
    assert set(Event.objects.filter(kind__startswith="lesson.")) <= seen(cast, "administrator")


def test_a_name_that_is_taken_back_leaves_the_log_too(cast, lesson):
    """The approval bore the state while it was named."""
    Lesson.objects.filter(pk=lesson.pk).update(names_origin=True)
    event = record("lesson.edited", by=cast.person("secretariat"), target=lesson, label="lesson", state=cast.own)
    assert event in seen(cast, "administrator")
    Lesson.objects.filter(pk=lesson.pk).update(names_origin=False)
    assert event not in seen(cast, "administrator")


HIDDEN = [{"state": "draft"}, {"audience": "secretariat", "record__audience": "secretariat"}]


@pytest.mark.parametrize("meeting", HIDDEN)
def test_the_log_knows_no_meeting_that_no_page_shows_her(cast, meeting):
    row = MeetingFactory(**meeting)
    record("meeting.created", by=cast.person("secretariat"), target=row, label="hidden")
    record("agenda.item_added", by=cast.person("secretariat"), target=row, label="hidden")
    assert not [event for event in seen(cast, "administrator") if event.target_label == "hidden"]
    assert len([event for event in seen(cast, "secretariat") if event.target_label == "hidden"]) == 2


def test_a_later_chair_was_not_in_the_room(cast):
    """The chair goes round between the states: hers is what is left to bring to its end, not what was said before."""
    adopted = MeetingFactory(state="adopted", chatham_house=True)
    open_one = MeetingFactory(state="drafted", chatham_house=True)
    viewer = cast.viewer("chair")
    term = viewer.person.terms.get(role="chair")
    term.starts_on = adopted.ends_at.date() + dt.timedelta(days=1)
    term.save()
    assert (in_the_room(viewer, adopted), in_the_room(viewer, open_one)) == (False, True)
    assert set(closed_rooms(viewer)) == {adopted}
    term.starts_on = adopted.ends_at.date()
    term.save()
    assert in_the_room(viewer, adopted)
    assert not closed_rooms(viewer)


def test_an_answer_given_while_the_others_sit_there_opens_nothing(cast, room):
    flag(room)
    room.refresh_from_db()
    Attendance.objects.create(meeting=room, state=cast.other, presence="present", by=cast.person("secretariat"))
    row = Registration.objects.create(
        meeting=room, person=cast.person("other_delegate"), state=cast.other, answer="yes"
    )
    assert not in_the_room(cast.viewer("other_delegate"), room)
    row.nominated_by = cast.person("own_focal_point")
    row.save()
    assert in_the_room(cast.viewer("other_delegate"), room)


def test_who_opened_a_circulated_record_is_not_for_administrators(cast):
    version = CirculationFactory(meeting=MeetingFactory(state="circulated"), by=cast.person("secretariat")).version
    record("record.opened", by=cast.person("other_delegate"), target=version, label="plenary")
    opened = Event.objects.get(kind="record.opened")
    readers = {part for part in PARTS if part != "anonymous" and opened in seen(cast, part)}
    assert readers == {"other_delegate", "secretariat"}
