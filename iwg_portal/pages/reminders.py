"""Scheduled reports: whose is ready. Nothing is built before it is opened, so the mail has a line and a link.

The step is the period: of each a person is told once, on her first working day after its end, or on a later one
where that was missed. When the next period has ended, the older one is not told any more: the list of reports has it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy

from iwg_portal.pages import periods
from iwg_portal.reminders import clock, plans
from iwg_portal.reminders.registry import Due, Line, Lines, reminds
from members.access import viewer_for, visible_reports
from members.access.viewer import viewers
from members.enums import ReportKind
from members.models import Person

SENTENCES = {
    ReportKind.STATUS: gettext_lazy("The monthly status report is ready: %(period)s."),
    ReportKind.PROGRESS: gettext_lazy("The quarterly progress report is ready: %(period)s."),
    ReportKind.OPERATIONS: gettext_lazy("The weekly operations report is ready: %(period)s."),
}


def _due(kind: ReportKind, now: dt.datetime, only: Collection[str] | None) -> Iterator[Due]:
    """The newest period that is over, for everybody whose report it is today. One query."""
    today = clock.today(now)
    step = periods.newest(kind, today).key
    for viewer, _sent_by in viewers(today):
        person = viewer.person
        if person and kind in visible_reports(viewer) and (only is None or str(person.pk) in only):
            yield Due(str(person.pk), person.pk, step)


def _lines(kind: ReportKind) -> Lines:
    def lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
        """The name of the report and its period: no figure, no name. One query."""
        if str(person.pk) not in targets or kind not in visible_reports(viewer_for(person, clock.today(now))):
            return {}
        period = periods.newest(kind, clock.today(now))
        text = plans.sayings(f"pages.report_{kind.value}")("ready", period=period.words)
        link = f"{settings.PUBLIC_URL.rstrip('/')}{reverse('report', args=[kind.value, period.key])}"
        return {str(person.pk): Line(text, link, period.next.first)}

    return lines


REPORTS = {f"pages.report_{kind.value}": kind for kind in ReportKind}


def told_of(name: str, step: str, visible: Collection[ReportKind]) -> Line | None:
    """The report of which an earlier mail told somebody, by the period of that time; None where it is not among those
    that she may open now (``visible``)."""
    kind = REPORTS[name]
    period = periods.parse(kind, step)
    if period is None or kind not in visible:
        return None
    link = f"{settings.PUBLIC_URL.rstrip('/')}{reverse('report', args=[kind.value, period.key])}"
    return Line(str(SENTENCES[kind]) % {"period": period.words}, link, period.next.first)


@reminds(
    "pages.report_status",
    about=Person,
    lines=_lines(ReportKind.STATUS),
    says={"ready": SENTENCES[ReportKind.STATUS]},
    title=gettext_lazy("Monthly status report"),
    rule=gettext_lazy("To the chair, on the first working day after the month."),
)
def status(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    yield from _due(ReportKind.STATUS, now, only)


@reminds(
    "pages.report_progress",
    about=Person,
    lines=_lines(ReportKind.PROGRESS),
    says={"ready": SENTENCES[ReportKind.PROGRESS]},
    title=gettext_lazy("Quarterly progress report"),
    rule=gettext_lazy("To the focal points of each member state, on the first working day after the quarter."),
)
def progress(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    yield from _due(ReportKind.PROGRESS, now, only)


@reminds(
    "pages.report_operations",
    about=Person,
    lines=_lines(ReportKind.OPERATIONS),
    says={"ready": SENTENCES[ReportKind.OPERATIONS]},
    title=gettext_lazy("Weekly operations report"),
    rule=gettext_lazy("To the secretariat, on the first working day after the week."),
)
def operations(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    yield from _due(ReportKind.OPERATIONS, now, only)
