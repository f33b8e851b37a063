"""On which days a state's offices are closed: known to everybody in the group, kept by the state or the secretariat."""

from __future__ import annotations

from django.db.models import QuerySet

from members.access.states import visible_member_states
from members.access.viewer import Viewer
from members.models import State, StateHoliday


def visible_holidays(viewer: Viewer) -> QuerySet[StateHoliday]:
    """Of the member states of today, by date."""
    return StateHoliday.objects.filter(state__in=visible_member_states(viewer).order_by()).order_by("on", "pk")


def can_keep_holidays(viewer: Viewer, state: State) -> bool:
    """The focal point of the state; the secretariat for every state, because it sends the reminders."""
    return viewer.in_secretariat or state.pk in viewer.focal_states
