"""Who reads who was in the room, who notes it, who says so of herself. Source: the group's access table, §3."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet, Subquery

from meetings.access.meetings import in_the_room, visible_meetings
from meetings.enums import MeetingState
from meetings.models import Attendance, Meeting
from members.access import Viewer, visible_states
from members.access.states import is_member
from members.models import State, WorkingGroup


def sees_attendance(viewer: Viewer, meeting: Meeting) -> bool:
    """Whoever sees the meeting; under the Chatham House Rule whoever was in the room."""
    return viewer.in_group and in_the_room(viewer, meeting)


def visible_attendance(viewer: Viewer, meeting: Meeting) -> QuerySet[Attendance]:
    if not sees_attendance(viewer, meeting):
        return Attendance.objects.none()
    rows = Attendance.objects.filter(meeting=meeting, meeting__in=visible_meetings(viewer))
    return rows.select_related("state", "organisation").order_by("id")


def own_declarations(viewer: Viewer, meeting: Meeting) -> QuerySet[Attendance]:
    """What she has said herself, also where she does not read who else was there."""
    rows = Attendance.objects.filter(meeting=meeting, self_declared=True, by=viewer.person, state__isnull=False)
    return rows.select_related("state").order_by("id")


def invited_states(viewer: Viewer, meeting: Meeting) -> Any:
    """That take part in the group on the first day of the meeting: members first, each with ``is_member`` and the
    group's rule (``numerator``, ``denominator``)."""
    on = meeting.starts_at.astimezone(meeting.tz).date()
    rule = WorkingGroup.objects.order_by("id")
    states: Any = is_member(visible_states(viewer, on), on)
    states = states.annotate(
        numerator=Subquery(rule.values("quorum_numerator")[:1]),
        denominator=Subquery(rule.values("quorum_denominator")[:1]),
    )
    return states.order_by("-is_member", "sort_name", "alpha2")


def can_mark(viewer: Viewer, meeting: Meeting) -> bool:
    """The secretariat, until the record is circulated."""
    return viewer.in_secretariat and meeting.is_writable


def can_declare(viewer: Viewer, meeting: Meeting) -> bool:
    """Delegate or focal point of a member state, while the meeting goes on."""
    return viewer.person is not None and bool(viewer.own_states) and meeting.state == MeetingState.RUNNING


def own_states(viewer: Viewer) -> QuerySet[State]:
    """For which she may say that they have come."""
    return State.objects.filter(pk__in=sorted(viewer.own_states)).order_by("sort_name", "alpha2")
