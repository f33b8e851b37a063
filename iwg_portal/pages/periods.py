"""The period of a scheduled report: a month, a quarter, an ISO week, in calendar days of the group. Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.base.dates import date_format
from members.enums import ReportKind

FIRST_YEAR, LAST_YEAR = 1900, 2999  # what lies beyond is a mistake of who typed it
KEYS = {
    ReportKind.STATUS: re.compile(r"([0-9]{4})-([0-9]{2})"),
    ReportKind.PROGRESS: re.compile(r"([0-9]{4})-Q([1-4])"),
    ReportKind.OPERATIONS: re.compile(r"([0-9]{4})-W([0-9]{2})"),
}
QUARTERS = (
    gettext_lazy("first quarter of %(year)s"),
    gettext_lazy("second quarter of %(year)s"),
    gettext_lazy("third quarter of %(year)s"),
    gettext_lazy("fourth quarter of %(year)s"),
)


@dataclass(frozen=True)
class Period:
    """From the day ``first`` to the day ``last``, both in it."""

    kind: ReportKind
    first: dt.date
    last: dt.date

    @property
    def key(self) -> str:
        """As it stands in the address and in the ledger: 2026-11, 2026-Q4, 2026-W48."""
        if self.kind == ReportKind.OPERATIONS:
            year, week, _day = self.first.isocalendar()
            return f"{year}-W{week:02}"
        if self.kind == ReportKind.PROGRESS:
            return f"{self.first.year}-Q{(self.first.month + 2) // 3}"
        return f"{self.first.year}-{self.first.month:02}"

    @property
    def words(self) -> str:
        if self.kind == ReportKind.OPERATIONS:
            year, week, _day = self.first.isocalendar()
            return _("week %(week)s of %(year)s") % {"week": week, "year": year}
        if self.kind == ReportKind.PROGRESS:
            return str(QUARTERS[self.first.month // 3]) % {"year": self.first.year}
        return date_format(self.first, "YEAR_MONTH_FORMAT")

    @property
    def opens(self) -> dt.datetime:
        """Its first moment, in the group's zone."""
        return _midnight(self.first)

    @property
    def closes(self) -> dt.datetime:
        """The first moment after it."""
        return _midnight(self.last + dt.timedelta(days=1))

    @property
    def before(self) -> Period:
        return around(self.kind, self.first - dt.timedelta(days=1))

    @property
    def next(self) -> Period:
        return around(self.kind, self.last + dt.timedelta(days=1))


def around(kind: ReportKind, day: dt.date) -> Period:
    """The period in which ``day`` lies."""
    if kind == ReportKind.OPERATIONS:
        monday = day - dt.timedelta(days=day.weekday())
        return Period(kind, monday, monday + dt.timedelta(days=6))
    months = 3 if kind == ReportKind.PROGRESS else 1
    first = day.replace(day=1, month=day.month - (day.month - 1) % months)
    inside_last = first.replace(month=first.month + months - 1, day=28)
    return Period(kind, first, (inside_last + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1))


def newest(kind: ReportKind, today: dt.date) -> Period:
    """The last one that is over on ``today``: the one of which its reader is told."""
    return around(kind, today).before


def parse(kind: ReportKind, key: str) -> Period | None:
    """The period that ``key`` names; None where it names none."""
    match = KEYS[kind].fullmatch(key)
    if not match:
        return None
    year, number = int(match[1]), int(match[2])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        if kind == ReportKind.OPERATIONS:
            return around(kind, dt.date.fromisocalendar(year, number, 1))
        return around(kind, dt.date(year, number * 3 if kind == ReportKind.PROGRESS else number, 1))
    except ValueError:
        return None


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), timezone.get_default_timezone())
