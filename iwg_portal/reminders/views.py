"""When the portal reminds, and what the secretariat adds to it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from iwg_portal.base.render import render
from iwg_portal.reminders import access, keeping, plans
from iwg_portal.reminders.forms import PlanForm
from iwg_portal.reminders.registry import REMINDERS


@require_safe
def reminder_plans(request: HttpRequest) -> HttpResponse:
    """Every kind with its steps in words."""
    viewer = request.viewer  # type: ignore[attr-defined]
    if not access.can_keep_plans(viewer):
        raise Http404
    rows = plans.all_kept(access.visible_plans(viewer))
    return render(request, "reminders/plans.html", {"rows": rows, "crumbs": _crumbs()})


@require_http_methods(["GET", "HEAD", "POST"])
def reminder_plan(request: HttpRequest, kind: str) -> HttpResponse:
    """One kind. POST ``do=keep`` changes it, ``do=restore`` takes it back to what the portal has."""
    viewer = request.viewer  # type: ignore[attr-defined]
    if not access.can_keep_plans(viewer) or kind not in REMINDERS:
        raise Http404
    kept = plans.kept(kind, access.visible_plans(viewer))
    form, status = PlanForm(kept), 200
    if request.method == "POST":
        match request.POST.get("do"):
            case "keep":
                form = PlanForm(kept, request.POST)
                if form.is_valid() and _keep(form, kept, viewer):
                    messages.success(request, _("Kept. It holds from the next mail on."))
                    return redirect("reminder_plans")
            case "restore":
                keeping.restore_plan(reminder=kept.reminder, by=viewer)
                messages.success(request, _("It is as the portal has it. It holds from the next mail on."))
                return redirect("reminder_plans")
            case _:
                raise BadRequest("unknown verb")
        kept, status = plans.kept(kind, access.visible_plans(viewer)), 422
    context = {
        "kept": kept,
        "form": form,
        "crumbs": [*_crumbs(), _crumb("reminder_plans", _("When the portal reminds"))],
    }
    return render(request, "reminders/plan.html", context, status=status)


def _keep(form: PlanForm, kept: plans.Kept, viewer: access.Viewer) -> bool:
    """False where somebody was faster: the form keeps what was typed, and the next press replaces what stands now."""
    found = form.cleaned_data
    try:
        keeping.keep_plan(
            reminder=kept.reminder,
            offsets=found.get("offsets", []),
            every=found.get("every") or 0,
            notes=form.notes,
            sentences=form.sentences,
            version=found["version"],
            by=viewer,
        )
    except ValidationError as error:
        now = plans.kept(kept.reminder.name, access.visible_plans(viewer))
        form.data = {**form.data.dict(), "version": now.version}  # type: ignore[attr-defined]
        form.add_error(None, error)
        return False
    return True


def _crumb(name: str, label: str) -> dict[str, str]:
    return {"url": reverse(name), "label": label}


def _crumbs() -> list[dict[str, str]]:
    return [_crumb("outbox", _("Mail"))]
