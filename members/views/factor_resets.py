"""Lost second factors, for administrators: one asks, another confirms."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from iwg_portal.base.render import render
from iwg_portal.base.step_up import step_up_required
from members import access, actions, queries
from members.forms import AskFactorResetForm


@require_http_methods(["GET", "HEAD", "POST"])
def factor_resets(request: HttpRequest) -> HttpResponse:
    """What is asked for and what was done; the form asks for one."""
    if not access.can_ask_factor_reset(request.viewer):
        raise Http404
    return _ask(request) if request.method == "POST" else _page(request, AskFactorResetForm())


@step_up_required
def _ask(request: HttpRequest) -> HttpResponse:
    form = AskFactorResetForm(request.POST)
    if form.is_valid():
        person = queries.active_person(form.cleaned_data["email"])
        try:
            if person is None:
                raise ValidationError(_("Nobody with an open account has this address."))
            actions.ask_factor_reset(by=request.viewer, person=person)
        except ValidationError as error:
            form.add_error("email", error.messages)
        else:
            return redirect("factor_resets")
    return _page(request, form)


def _page(request: HttpRequest, form: AskFactorResetForm) -> HttpResponse:
    viewer = request.viewer
    rows = [
        (row, access.can_confirm_factor_reset(viewer, row), access.can_withdraw_factor_reset(viewer, row))
        for row in access.visible_factor_resets(viewer)[:50]
    ]
    return render(request, "members/factors/resets.html", {"form": form, "rows": rows})


@require_POST
@step_up_required
def factor_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm or withdraw one."""
    row = get_object_or_404(access.visible_factor_resets(request.viewer), pk=pk)
    if request.POST.get("do") == "withdraw":
        actions.withdraw_factor_reset(by=request.viewer, reset=row)
    else:
        actions.confirm_factor_reset(by=request.viewer, reset=row)
    return redirect("factor_resets")
