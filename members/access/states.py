"""Which states, organisations and facts about the group a viewer sees."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from members.access.viewer import Viewer
from members.enums import ParticipationKind
from members.models import Organisation, Participation, State, WorkingGroup, current


def visible_states(viewer: Viewer, on: dt.date | None = None) -> QuerySet[State]:
    """States that take part in the group on the day ``on``, for those who hold an office in it."""
    if not viewer.in_group:
        return State.objects.none()
    taking_part = Participation.objects.filter(current(on or timezone.localdate()), state=OuterRef("pk"))
    return State.objects.filter(Exists(taking_part))


def visible_member_states(viewer: Viewer, on: dt.date | None = None) -> QuerySet[State]:
    """Of these, the member states, in the alphabetical order of the reader's language."""
    taking_part = Participation.objects.filter(
        current(on or timezone.localdate()), state=OuterRef("pk"), kind=ParticipationKind.MEMBER
    )
    return visible_states(viewer, on).filter(Exists(taking_part)).order_by("sort_name", "alpha2")


def visible_observer_states(viewer: Viewer, on: dt.date | None = None) -> QuerySet[State]:
    taking_part = Participation.objects.filter(
        current(on or timezone.localdate()), state=OuterRef("pk"), kind=ParticipationKind.OBSERVER
    )
    return visible_states(viewer, on).filter(Exists(taking_part)).order_by("sort_name", "alpha2")


def is_member(states: QuerySet[State], on: dt.date) -> QuerySet[State]:
    """The same states, each with ``is_member``: a member of the group on the day ``on`` (else an observer)."""
    rows = Participation.objects.filter(current(on), state=OuterRef("pk"), kind=ParticipationKind.MEMBER)
    return states.annotate(is_member=Exists(rows))


def visible_organisations(viewer: Viewer) -> QuerySet[Organisation]:
    if not viewer.in_group:
        return Organisation.objects.none()
    return Organisation.objects.order_by("acronym", "key")


def visible_group() -> WorkingGroup | None:
    """The group's own name and zone: public."""
    return WorkingGroup.objects.first()
