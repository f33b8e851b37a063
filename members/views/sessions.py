"""Where a person is signed in, and what she had typed when a session ended. Her own account: no factor needed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required
from members import access, actions
from members.sign_in import last_seen, limits_of


@factor_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """The list; ``end`` ends one of them, ``others`` all but this one."""
    here, person = request.session.session_key, request.viewer.person
    rows = access.own_sessions(request.viewer)
    if request.method == "POST":
        if "others" in request.POST:
            actions.end_other_sessions(by=person, but=here)
        else:
            number = request.POST.get("end", "")
            row = get_object_or_404(rows.exclude(session_key=here), pk=number if number.isdigit() else None)
            actions.end_session(by=person, session=row)
        return redirect("sessions")
    listed = list(rows)
    seen = last_seen([row.session_key for row in listed])
    limits = limits_of(request.viewer)
    context = {
        "rows": [(row, max(seen.get(row.session_key, row.last_seen_at), row.last_seen_at)) for row in listed],
        "here": here,
        "idle_minutes": int(limits.idle.total_seconds() // 60),
        "absolute_hours": int(limits.absolute.total_seconds() // 3600),
    }
    return render(request, "members/sessions/sessions.html", context)


@factor_not_required
@require_GET
def parked_texts(request: HttpRequest) -> HttpResponse:
    return render(request, "members/parked/parked_texts.html", {"rows": list(access.own_parked_texts(request.viewer))})


@factor_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def parked_text(request: HttpRequest, pk: int) -> HttpResponse:
    """The text, to copy or to send again to where it was meant for; POST throws it away."""
    row = get_object_or_404(access.own_parked_texts(request.viewer), pk=pk)
    if request.method == "POST":
        actions.discard_parked(by=request.viewer.person, parked=row)
        return redirect(reverse("parked_texts"))
    words = [(name, value) for name, value in row.fields if len(value.strip()) > 1 and name != "next"]
    return render(request, "members/parked/parked_text.html", {"row": row, "words": words})
