"""Who answers an invitation, who nominates, who sees the answers. Source: the group's access table, §2 and §4.

Names of delegates are for their own delegation and the secretariat, here as everywhere.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from meetings.access.meetings import in_the_room, runs_meetings, visible_meetings
from meetings.enums import MeetingState
from meetings.models import Meeting, Registration
from members.access import Viewer
from members.enums import Role
from members.models import Organisation, State, Term, current

# While an answer can be given; afterwards the list is what it was.
OPEN = (MeetingState.ANNOUNCED, MeetingState.RUNNING)
_DELEGATION = (Role.DELEGATE, Role.FOCAL_POINT, Role.CHAIR)


def visible_registrations(viewer: Viewer, meeting: Meeting) -> QuerySet[Registration]:
    """The secretariat: all. Herself; a focal point whom she may nominate; a delegate her delegation, except under the
    Chatham House Rule for those who were not in the room."""
    rows = Registration.objects.filter(meeting=meeting, meeting__in=visible_meetings(viewer))
    rows = rows.select_related("person", "state", "organisation").order_by("person__full_name", "id")
    if viewer.in_secretariat:
        return rows
    if viewer.person is None:
        return rows.none()
    rule = Q(person=viewer.person)
    if viewer.focal_states:
        rule |= Q(state__in=sorted(viewer.focal_states))
    if viewer.own_states and in_the_room(viewer, meeting):
        rule |= Q(state__in=sorted(viewer.own_states))
    return rows.filter(rule)


def counted_registrations(viewer: Viewer, meeting: Meeting) -> QuerySet[Registration]:
    """For counting by delegation: whoever runs the meeting. Without names."""
    if not runs_meetings(viewer):
        return Registration.objects.none()
    rows = Registration.objects.filter(meeting=meeting, meeting__in=visible_meetings(viewer))
    return rows.select_related("state", "organisation").order_by("id")


def sees_names(viewer: Viewer) -> bool:
    """Of everybody who is registered."""
    return viewer.in_secretariat


def can_answer(viewer: Viewer, meeting: Meeting) -> bool:
    """Whoever holds an office in the group, but for those who manage accounts only."""
    return viewer.person is not None and bool(viewer.roles - {Role.ADMINISTRATOR}) and meeting.state in OPEN


def can_nominate(viewer: Viewer, meeting: Meeting) -> bool:
    return bool(viewer.focal_states) and meeting.state in OPEN


def own_states(viewer: Viewer) -> QuerySet[State]:
    """For which state she takes part: her delegation, the state that she observes for, that of her office as chair."""
    chairing = Term.objects.filter(current(timezone.localdate()), role=Role.CHAIR, person=viewer.person)
    rule = Q(pk__in=sorted(viewer.own_states | viewer.observed_states))
    if Role.CHAIR in viewer.roles:
        rule |= Q(pk__in=chairing.values("state"))
    return State.objects.filter(rule).order_by("sort_name", "alpha2")


def own_organisations(viewer: Viewer) -> QuerySet[Organisation]:
    return Organisation.objects.filter(pk__in=sorted(viewer.organisations)).order_by("acronym", "key")


def nominee_terms(viewer: Viewer) -> QuerySet[Term]:
    """The offices of those whom she may nominate: her delegation as it is today."""
    rows = Term.objects.filter(
        current(timezone.localdate()),
        state__in=sorted(viewer.focal_states),
        role__in=_DELEGATION,
        person__is_active=True,
    )
    return rows.select_related("person", "state").order_by("state__sort_name", "person__full_name", "id")
