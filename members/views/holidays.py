"""The days on which a state's offices are closed."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from iwg_portal.base.render import render
from members import access
from members.actions import holidays as actions
from members.forms.holidays import HolidayForm, HolidaysForm
from members.models import State


@require_http_methods(["GET", "HEAD", "POST"])
def holidays(request: HttpRequest, alpha2: str) -> HttpResponse:
    """The days to come. POST ``do=add`` enters some, ``do=remove`` takes one out."""
    state = get_object_or_404(access.visible_member_states(request.viewer), alpha2=alpha2.upper())
    may_keep = access.can_keep_holidays(request.viewer, state)
    form = HolidaysForm()
    if request.method == "POST":
        if not may_keep:
            raise PermissionDenied
        match request.POST.get("do"):
            case "add":
                form = HolidaysForm(request.POST)
                if form.is_valid():
                    return _added(request, state, form)
            case "remove":
                return _removed(request, state)
            case _:
                raise BadRequest("unknown verb")
    context = {
        "state": state,
        "rows": access.visible_holidays(request.viewer).filter(state=state, on__gte=timezone.localdate()),
        "form": form if may_keep else None,
        "crumbs": [
            {"url": reverse("states"), "label": _("States")},
            {"url": reverse("profile", args=[alpha2]), "label": state.name},
        ],
    }
    return render(request, "members/holidays/holidays.html", context)


def _added(request: HttpRequest, state: State, form: HolidaysForm) -> HttpResponse:
    new = actions.add_holidays(state=state, days=form.cleaned_data["days"], by=request.viewer)
    words = ngettext("%(count)s day is entered.", "%(count)s days are entered.", new) % {"count": new}
    messages.success(request, words if new else _("These days were entered already."))
    return redirect("holidays", alpha2=state.alpha2.lower())


def _removed(request: HttpRequest, state: State) -> HttpResponse:
    form = HolidayForm(request.POST)
    if not form.is_valid():
        raise BadRequest("not a day")
    if actions.remove_holiday(state=state, on=form.cleaned_data["on"], by=request.viewer):
        messages.success(request, _("The day is taken out."))
    else:
        messages.info(request, _("This day was taken out already."))
    return redirect("holidays", alpha2=state.alpha2.lower())
