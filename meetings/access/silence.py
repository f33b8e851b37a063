"""Who reads what was circulated, who comments, objects, approves. Source: the group's access table, §1 (a circulated
record is for the members) and §3."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from meetings.access.meetings import in_the_room, runs_meetings, visible_meetings
from meetings.access.records import can_close, reads_drafts
from meetings.enums import CirculationState, MeetingState
from meetings.models import Circulation, Comment, Meeting, Position
from members.access import Viewer
from members.access.viewer import viewers
from members.enums import Audience, Role, narrowest
from members.models import Person


def visible_circulations(viewer: Viewer) -> QuerySet[Circulation]:
    """What was put to the members is theirs to read, also when an objection has made the record a draft again."""
    if not viewer.reads_members:
        return Circulation.objects.none()
    rows = Circulation.objects.filter(record__meeting__in=visible_meetings(viewer))
    return rows.select_related("version", "record").order_by("-version__number", "-id")


def can_read_text(viewer: Viewer, circulation: Circulation) -> bool:
    """What the secretariat has withdrawn is gone for the members: text, comments, positions."""
    return circulation.state != CirculationState.WITHDRAWN or reads_drafts(viewer)


def visible_comments(viewer: Viewer, circulation: Circulation) -> QuerySet[Comment]:
    """Her own; those of all members that came in time; the late ones for the secretariat."""
    rule = Q(by=viewer.person) if viewer.person else Q(pk__in=[])
    if can_read_text(viewer, circulation):
        rule |= Q(is_late=False)
    if viewer.in_secretariat:
        rule |= Q(is_late=True)
    return Comment.objects.filter(rule, circulation=circulation).select_related("state", "by").order_by("at", "id")


def visible_positions(viewer: Viewer, circulation: Circulation) -> QuerySet[Position]:
    """Of each state the latest, which holds."""
    if not can_read_text(viewer, circulation):
        return Position.objects.none()
    latest = Position.objects.filter(circulation=circulation).order_by("state_id", "-at", "-id").distinct("state_id")
    return Position.objects.filter(pk__in=latest.values("pk")).select_related("state", "by").order_by("at", "id")


def reads_names(viewer: Viewer, meeting: Meeting) -> bool:
    """Of whom a comment, a position or a sentence is: under the Chatham House Rule for those who were there."""
    return in_the_room(viewer, meeting)


def can_circulate(viewer: Viewer, meeting: Meeting) -> bool:
    return can_close(viewer, meeting) and meeting.state == MeetingState.DRAFTED


def can_comment(viewer: Viewer) -> bool:
    """Delegations of member states and the chair; the secretariat writes in the record itself."""
    return bool(viewer.own_states) or Role.CHAIR in viewer.roles


def can_take_position(viewer: Viewer, state_id: int | None = None) -> bool:
    """Agree or object for a state (None: for any): its focal point."""
    return bool(viewer.focal_states) if state_id is None else state_id in viewer.focal_states


def can_approve(viewer: Viewer) -> bool:
    return Role.CHAIR in viewer.roles


def can_settle(viewer: Viewer, meeting: Meeting) -> bool:
    """Note how far a comment is dealt with, also of a version that is over."""
    return can_close(viewer, meeting)


def sees_who_opened(viewer: Viewer) -> bool:
    """How many of those concerned have opened the text: the number, for those who would write to the others."""
    return runs_meetings(viewer)


def counts_as_opening(viewer: Viewer, circulation: Circulation) -> bool:
    """Whether her reading is noted. Looking as somebody else is not reading."""
    return circulation.state == CirculationState.OPEN and bool(viewer.own_states) and not viewer.looks_as


def allowed(viewer: Viewer, meeting: Meeting, circulation: Circulation | None, now: dt.datetime) -> frozenset[str]:
    """The verbs that the page may offer."""
    is_open = circulation is not None and circulation.takes_words(now)
    writes = can_close(viewer, meeting)
    verbs = {
        "comment": is_open and can_comment(viewer),
        "position": is_open and can_take_position(viewer),
        "approve": is_open and can_approve(viewer) and circulation is not None and circulation.approved_at is None,
        # Also after the hour, until the adoption is written: the secretariat must be able to stop what is wrong.
        "withdraw": writes and circulation is not None and circulation.state == CirculationState.OPEN,
        "close": writes and meeting.state == MeetingState.RUNNING,
        "reopen": writes and meeting.state == MeetingState.DRAFTED,
        "circulate": can_circulate(viewer, meeting),
    }
    return frozenset(verb for verb, may in verbs.items() if may)


# -- Who is concerned, who is told ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Concerned:
    """The delegates and focal points of member states who would read the record."""

    states: frozenset[int]
    people: tuple[Person, ...]


def audience_when_circulated(meeting: Meeting) -> Audience:
    return narrowest(Audience.MEMBERS, meeting.audience)


def concerned(meeting: Meeting, on: dt.date | None = None) -> Concerned:
    """By the terms of the day ``on``. One query."""
    return _concerned([viewer for viewer, _sent_by in viewers(on or timezone.localdate())], meeting)


def told(meeting: Meeting, on: dt.date | None = None) -> tuple[Concerned, tuple[Person, ...]]:
    """Whom the silence procedure concerns, and the secretariat and the chair. One query."""
    everybody = [viewer for viewer, _sent_by in viewers(on or timezone.localdate())]
    running = {viewer.person for viewer in everybody if viewer.person and viewer.roles & {Role.SECRETARIAT, Role.CHAIR}}
    return _concerned(everybody, meeting), tuple(sorted(running, key=lambda person: person.pk))


def _concerned(everybody: list[Viewer], meeting: Meeting) -> Concerned:
    audience = audience_when_circulated(meeting)
    readers = [viewer for viewer in everybody if viewer.own_states and audience in viewer.reads]
    states: frozenset[int] = frozenset().union(*(viewer.own_states for viewer in readers))
    people = sorted((viewer.person for viewer in readers if viewer.person), key=lambda person: person.pk)
    return Concerned(states, tuple(people))
