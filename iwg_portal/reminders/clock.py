"""When a reminder may leave, by its reader's clocks, and which of its steps has come. Pure: no row, no own "now".

A mail leaves between ``OPENS`` and ``CLOSES`` on a working day: Monday to Friday, and no holiday of her state. All
arithmetic is on the wall clock of an IANA zone, so that a change of the clocks moves nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone

from iwg_portal.reminders.enums import Cadence

OPENS, CLOSES = dt.time(8), dt.time(10)
# Mail is planned no earlier, so that what changes in the night, or over a weekend, is planned as it is in the morning.
PLANNED_FROM = dt.time(6)
LAST_CALL = dt.time(9, 45)  # planned later it might leave after ``CLOSES``
SPREAD = 60  # minutes after ``OPENS`` over which the mails are spread, so that not all leave at once
URGENT_FROM, URGENT_UNTIL = dt.time(7), dt.time(20)
FRIDAY = 4


@dataclass(frozen=True)
class Days:
    """Somebody's zone and holidays."""

    zone: ZoneInfo
    holidays: frozenset[dt.date] = frozenset()

    def is_working(self, day: dt.date) -> bool:
        return day.weekday() <= FRIDAY and day not in self.holidays


@dataclass(frozen=True)
class Slot:
    """When a mail may leave. ``occurrence`` names it: one mail for each day, and each urgent one by its minute."""

    occurrence: str
    not_before: dt.datetime
    deadline: dt.datetime


def today(now: dt.datetime) -> dt.date:
    """The calendar day to which due dates refer, whatever zone is active: a mail is composed in its reader's."""
    return timezone.localdate(now, timezone.get_default_timezone())


def morning(now: dt.datetime, days: Days, person: int) -> Slot | None:
    """Today's slot for a mail planned at ``now`` (aware); None outside the hours of planning and on a day off.

    A mail that a broken server holds back may still leave until the evening; what it would have said is asked anew.
    """
    local = now.astimezone(days.zone)
    if not days.is_working(local.date()) or not PLANNED_FROM <= local.time() < LAST_CALL:
        return None
    start = dt.datetime.combine(local.date(), OPENS, days.zone) + dt.timedelta(minutes=person % SPREAD)
    return Slot(local.date().isoformat(), max(start, local), _evening(local, days))


def at_once(now: dt.datetime, days: Days) -> Slot | None:
    """For what cannot wait for the morning: on any day, but not in the night."""
    local = now.astimezone(days.zone)
    if not URGENT_FROM <= local.time() < URGENT_UNTIL:
        return None
    return Slot(f"{local:%Y-%m-%d %H:%M}", local, _evening(local, days))


@dataclass(frozen=True)
class Period:
    """A week or a month by somebody's calendar. ``key`` names it: 2026-W27, 2026-07."""

    key: str
    first: dt.date


def period(cadence: str, day: dt.date) -> Period:
    """The one that ``day`` falls into; a week begins on Monday."""
    if cadence == Cadence.MONTHLY:
        return Period(f"{day:%Y-%m}", day.replace(day=1))
    week = day.isocalendar()
    return Period(f"{week.year}-W{week.week:02}", day - dt.timedelta(days=day.weekday()))


def _evening(local: dt.datetime, days: Days) -> dt.datetime:
    return dt.datetime.combine(local.date(), URGENT_UNTIL, days.zone)


@lru_cache(maxsize=8192)  # a run asks for the same dates again and again
def reached(due: dt.date, on: dt.date, offsets: tuple[int, ...], every: int = 0) -> int | None:
    """The latest step that has come by the day ``on``: one of ``offsets`` (days from ``due``, rising), and after the
    last one again each ``every`` days. None: not yet.

    A step holds until the next one comes. So a day that was missed is caught up, and what is overdue for long is one
    step and not many.
    """
    passed = (on - due).days
    if passed < offsets[0]:
        return None
    if every and passed >= offsets[-1]:
        return offsets[-1] + (passed - offsets[-1]) // every * every
    return max(offset for offset in offsets if offset <= passed)


@lru_cache(maxsize=8192)
def step_key(due: dt.date, offset: int) -> str:
    """With the date: a due date that is moved has steps of its own."""
    return f"{due.isoformat()}{offset:+d}"
