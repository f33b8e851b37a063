"""Days on which the offices of a state are closed. No reminder leaves on them for whoever holds an office there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.db import transaction

from iwg_portal.activity.log import record
from members.access import Viewer, can_keep_holidays
from members.models import State, StateHoliday


@transaction.atomic
def add_holidays(*, state: State, days: Collection[dt.date], by: Viewer) -> int:
    """Enter ``days``; one that is there already stays. Returns how many are new. Raises ``PermissionDenied``.

    Side effect: an event where there is a new one. A mail planned for such a day leaves on the next working day.
    """
    state = _locked(state, by)
    before = StateHoliday.objects.filter(state=state).count()
    StateHoliday.objects.bulk_create((StateHoliday(state=state, on=day) for day in days), ignore_conflicts=True)
    new = StateHoliday.objects.filter(state=state).count() - before
    if new:
        record("holidays.entered", by=by.person, target=state, state=state, days=new)
    return new


@transaction.atomic
def remove_holiday(*, state: State, on: dt.date, by: Viewer) -> bool:
    """Take one day out; false where it is gone already. Raises ``PermissionDenied``. Side effect: an event."""
    state = _locked(state, by)
    gone, _rows = StateHoliday.objects.filter(state=state, on=on).delete()
    if gone:
        record("holidays.removed", by=by.person, target=state, state=state, day=on.isoformat())
    return bool(gone)


def _locked(state: State, by: Viewer) -> State:
    state = State.objects.select_for_update(of=("self",), no_key=True).get(pk=state.pk)
    if not can_keep_holidays(by, state):
        raise PermissionDenied
    return state
