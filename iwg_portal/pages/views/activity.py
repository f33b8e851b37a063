"""The log, to read: one's own, one's state's, and everybody's for the secretariat and administrators."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from iwg_portal.base.step_up import step_up_required
from iwg_portal.pages.activity import ActivityPage, Choice, reading_zone
from members.access import (
    can_see_all_events,
    can_see_state_events,
    own_events,
    state_events,
    visible_events,
    visible_states,
)


@require_safe
def own_activity(request: HttpRequest) -> HttpResponse:
    """``?before=number`` goes on where a page ended."""
    viewer = request.viewer
    with timezone.override(reading_zone(viewer)):
        page = ActivityPage(viewer, own_events(viewer), Choice(before=Choice.of(request.GET).before))
        return render(request, "pages/activity/own.html", {"activity": page})


@require_safe
def state_activity(request: HttpRequest, alpha2: str) -> HttpResponse:
    """The affairs of one state, for its delegation; for everybody else there is no such page."""
    viewer = request.viewer
    state = get_object_or_404(visible_states(viewer), alpha2=alpha2.upper())
    if not can_see_state_events(viewer, state):
        raise Http404
    with timezone.override(reading_zone(viewer)):
        page = ActivityPage(viewer, state_events(viewer, state), Choice(before=Choice.of(request.GET).before))
        return render(request, "pages/activity/state.html", {"activity": page, "state": state})


@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """Everything. ``?person=text&state=GH&kind=status.reported&since=2026-01-01&until=2026-01-31&before=number``."""
    viewer = request.viewer
    if not can_see_all_events(viewer):
        raise Http404
    with timezone.override(reading_zone(viewer)):
        page = ActivityPage(viewer, visible_events(viewer), Choice.of(request.GET))
        return render(request, "pages/activity/all.html", {"activity": page})


@require_safe
@rationed
def activity_export(request: HttpRequest) -> HttpResponse:
    """The same filter as a text table. Asks once more who is there, like every download of many rows."""
    if not can_see_all_events(request.viewer):
        raise Http404
    return _export(request)


@step_up_required
def _export(request: HttpRequest) -> HttpResponse:
    viewer = request.viewer
    with timezone.override(reading_zone(viewer)):
        content, count = ActivityPage(viewer, visible_events(viewer), Choice.of(request.GET)).table()
        name = f"activity-{timezone.localdate().isoformat()}.csv"
    log.exported(request, name, events=count)
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
