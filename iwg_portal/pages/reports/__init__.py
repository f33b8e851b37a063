"""The scheduled reports. Each is computed when it is opened, as its reader, and stored nowhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from iwg_portal.pages.periods import Period, around
from iwg_portal.pages.reports.operations import OperationsReport
from iwg_portal.pages.reports.parts import Report
from iwg_portal.pages.reports.progress import ProgressReport
from iwg_portal.pages.reports.status import StatusReport
from members.access import Viewer
from members.enums import ReportKind

KINDS: dict[ReportKind, type[Report]] = {
    ReportKind.STATUS: StatusReport,
    ReportKind.PROGRESS: ProgressReport,
    ReportKind.OPERATIONS: OperationsReport,
}


def report(viewer: Viewer, period: Period, now: dt.datetime, today: dt.date) -> Report:
    """Of a period that has begun. Asks nothing before its parts are read."""
    return KINDS[period.kind](viewer, period, now, today)


# How many of each the list names; each page leads on to the one before it.
LISTED = {ReportKind.STATUS: 12, ReportKind.PROGRESS: 8, ReportKind.OPERATIONS: 12}


@dataclass(frozen=True)
class Entry:
    """One line of the list. ``is_running``: its period is not over yet."""

    url: str
    period: Period
    is_running: bool


def listed(kinds: Iterable[ReportKind], today: dt.date) -> list[tuple[str, list[Entry]]]:
    """Each kind by its name, with its newest periods, the running one first."""
    found = []
    for kind in kinds:
        period, entries = around(kind, today), []
        for _place in range(LISTED[kind]):
            url = reverse("report", args=[kind.value, period.key])
            entries.append(Entry(url, period, period.last >= today))
            period = period.before
        found.append((str(kind.label), entries))
    return found
