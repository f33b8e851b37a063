"""Who leads a group from when until when; the rotation of chair and host as planned."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from meetings.access.groups import can_edit_group, can_plan
from meetings.models import CoChair, Group, Turn
from members.access import Viewer
from members.models import Organisation, Person, State, current


@transaction.atomic
def create_group(*, by: Viewer, **values: Any) -> Group:
    """``values``: key, kind, theme, the names in three languages. It stands last in lists.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event.
    """
    if not can_edit_group(by):
        raise PermissionDenied
    last = Group.objects.aggregate(last=Max("position"))["last"] or 0
    group = Group(position=last + 1, **values)
    group.full_clean()
    group.save()
    record("group.created", by=by.person, target=group, label=group.key)
    return group


@transaction.atomic
def change_group(*, group: Group, by: Viewer, **values: Any) -> None:
    """``values``: kind, theme, names, the day on which it ended. Raises ``PermissionDenied``, ``ValidationError``.
    Side effects: an event."""
    group = _locked(group)
    if not can_edit_group(by):
        raise PermissionDenied
    changed = [field for field, value in values.items() if getattr(group, field) != value]
    if not changed:
        return
    for field in changed:
        setattr(group, field, values[field])
    group.full_clean()
    group.save(update_fields=changed)
    record("group.changed", by=by.person, target=group, label=group.key, fields=changed)


@transaction.atomic
def add_co_chair(
    *,
    group: Group,
    by: Viewer,
    starts_on: dt.date,
    state: State | None = None,
    organisation: Organisation | None = None,
    person: Person | None = None,
    ends_on: dt.date | None = None,
) -> CoChair:
    """``ends_on``: the first day on which it no longer holds. Raises ``PermissionDenied``, ``ValidationError`` (also
    where the same one leads the group on some of these days already). Side effects: an event."""
    group = _locked(group)
    if not can_edit_group(by):
        raise PermissionDenied
    row = CoChair(
        group=group, state=state, organisation=organisation, person=person, starts_on=starts_on, ends_on=ends_on
    )
    row.full_clean()
    if person is not None and not _acts_for(person, row):
        raise ValidationError({"person": _("This person holds no office of that state or organisation on that day.")})
    same = CoChair.objects.filter(group=group, state=state, organisation=organisation)
    meets = Q(ends_on__isnull=True) | Q(ends_on__gt=starts_on)
    if ends_on:
        meets &= Q(starts_on__lt=ends_on)
    if same.filter(meets).exists():
        raise ValidationError({"starts_on": _("It leads this group on some of these days already.")})
    row.save()
    record("group.co_chair_added", by=by.person, target=group, label=group.key, state=state)
    return row


@transaction.atomic
def end_co_chair(*, co_chair: CoChair, by: Viewer, last_day: dt.date) -> None:
    """Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event."""
    group = _locked(co_chair.group)
    row = CoChair.objects.select_for_update(of=("self",)).select_related("state").get(pk=co_chair.pk)
    if not can_edit_group(by):
        raise PermissionDenied
    row.ends_on = last_day + dt.timedelta(days=1)
    row.full_clean()
    row.save(update_fields=["ends_on"])
    record("group.co_chair_ended", by=by.person, target=group, label=group.key, state=row.state)


@transaction.atomic
def remove_co_chair(*, co_chair: CoChair, by: Viewer) -> None:
    """For a row that was entered by mistake. Raises ``PermissionDenied``. Side effects: an event."""
    group = _locked(co_chair.group)
    row = CoChair.objects.select_for_update(of=("self",)).select_related("state").get(pk=co_chair.pk)
    if not can_edit_group(by):
        raise PermissionDenied
    state = row.state
    row.delete()
    record("group.co_chair_removed", by=by.person, target=group, label=group.key, state=state)


@transaction.atomic
def plan_turn(*, by: Viewer, **values: Any) -> Turn:
    """``values``: kind, state, starts_on, ends_on (the first day after), note. A plan gives no right.

    Raises ``PermissionDenied``, ``ValidationError`` (also where another state is planned). Side effects: an event.
    """
    if not can_plan(by):
        raise PermissionDenied
    turn = Turn(**values)
    turn.full_clean()
    turn.save()
    record("turn.planned", by=by.person, target=turn, label=turn.kind, state=turn.state)
    return turn


@transaction.atomic
def drop_turn(*, turn: Turn, by: Viewer) -> None:
    """Raises ``PermissionDenied``. Side effects: an event."""
    row = Turn.objects.select_for_update(of=("self",)).select_related("state").get(pk=turn.pk)
    if not can_plan(by):
        raise PermissionDenied
    record("turn.dropped", by=by.person, target=row, label=row.kind, state=row.state)
    row.delete()


def _locked(group: Group) -> Group:
    return Group.objects.select_for_update(of=("self",)).get(pk=group.pk)


def _acts_for(person: Person, row: CoChair) -> bool:
    held = person.terms.filter(current(row.starts_on))
    return held.filter(state=row.state_id, organisation=row.organisation_id).exists()
