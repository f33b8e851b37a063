"""Scheduled reports, computed at the click for whoever may open them. Everybody else learns of none."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.base.render import render
from iwg_portal.pages import periods
from iwg_portal.pages.reports import listed, report
from members.access import visible_reports
from members.enums import ReportKind


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """Those that she may open, the newest first."""
    kinds = visible_reports(request.viewer)
    if not kinds:
        raise Http404
    return render(request, "pages/reports/list.html", {"lists": listed(kinds, timezone.localdate())})


@require_safe
def scheduled_report(request: HttpRequest, kind: str, period: str) -> HttpResponse:
    """One of them. ``period``: 2026-11, 2026-Q4 or 2026-W48; of a period that has not begun there is none."""
    if kind not in visible_reports(request.viewer):
        raise Http404
    today = timezone.localdate()
    found = periods.parse(ReportKind(kind), period)
    if found is None or found.first > today:
        raise Http404
    page = report(request.viewer, found, timezone.now(), today)
    for state in page.restricted_owners:
        log.was_read(request, state, state=state, page="report")
    return render(request, page.template, {"report": page})
