"""Who reads one record: an assessment, or a status report."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from capabilities import access
from capabilities.actions.audiences import set_audience
from capabilities.forms.audiences import AudienceForm
from capabilities.queries import readers
from capabilities.queries.releases import released
from iwg_portal.base import marks
from iwg_portal.base.render import render
from iwg_portal.base.step_up import step_up_required
from members.enums import is_wider


@require_http_methods(["GET", "HEAD", "POST"])
def record_audience(request: HttpRequest, noun: str, pk: int) -> HttpResponse:
    """``noun``: ``assessment`` or ``status``."""
    viewer = request.viewer
    rows = access.visible_records(viewer, noun)
    record = get_object_or_404(rows.select_related("state", "round"), pk=pk)
    if not (access.can_narrow(viewer, record) or access.can_widen(viewer, record)):
        raise PermissionDenied
    most = access.widest_released(record, released(record.state_id))
    offered = [a for a in access.audiences_to_choose(viewer, record.state) if not is_wider(a, most)]
    if not access.can_widen(viewer, record):
        offered = [a for a in offered if not is_wider(a, record.audience)]
    given = {"audiences": readers.choices(record.state, offered)}
    form = AudienceForm(request.POST, **given) if request.method == "POST" else None
    if form is not None and form.is_valid():
        write = step_up_required(_write) if is_wider(form.cleaned_data["audience"], record.audience) else _write
        return write(request, record, form.cleaned_data["audience"])
    profile = reverse("profile", args=[record.state.alpha2.lower()])
    context = {
        "form": form or AudienceForm(initial={"audience": record.audience}, **given),
        "record": record,
        "title": _title(noun, record),
        "state": record.state,
        "most": most,
        "profile_url": profile,
        "release_url": reverse("release", args=[record.state.alpha2.lower()])
        if access.can_see_release(viewer, record.state)
        else "",
        "crumbs": [{"url": reverse("states"), "label": _("States")}, {"url": profile, "label": record.state.name}],
    }
    return render(request, "capabilities/audience/edit.html", context)


def _write(request: HttpRequest, record: access.Record, audience: str) -> HttpResponse:
    try:
        set_audience(target=record, audience=audience, by=request.viewer)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        now = timezone.localtime()
        messages.success(
            request,
            _("On the server %(time)s. Who reads it is changed.") % {"time": f"{now:%H:%M:%S} {marks.zone(now)}"},
        )
    return redirect("profile", alpha2=record.state.alpha2.lower())


def _title(noun: str, record: access.Record) -> str:
    if noun == "assessment":
        return _("Who reads the self-assessment %(year)s") % {"year": record.round.year}
    return _("Who reads the %(kind)s report") % {"kind": record.get_kind_display()}
