"""The page that says how to read data and keeps somebody's tokens, and the description for programs."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from iwg_portal.base.render import render
from iwg_portal.base.step_up import step_up_required
from iwg_portal.data import answers, datasets
from iwg_portal.data.description import description
from iwg_portal.data.views.programs import PRIVATE
from members import access, actions
from members.enums import Dataset
from members.forms import DataTokenForm
from members.models import DataToken


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """How to read, and her tokens; an administrator also sees those of others."""
    if not access.can_make_data_token(request.viewer):
        raise Http404
    return _page(request, DataTokenForm(viewer=request.viewer))


@require_POST
@step_up_required
@sensitive_post_parameters()
def data_token_new(request: HttpRequest) -> HttpResponse:
    """Her token, shown by this answer alone: no other page and no row has it."""
    if not access.can_make_data_token(request.viewer):
        raise Http404
    form = DataTokenForm(request.POST, viewer=request.viewer)
    if form.is_valid():
        try:
            token, secret = actions.make_data_token(by=request.viewer, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return _page(request, DataTokenForm(viewer=request.viewer), made=token, secret=secret)
    return _page(request, form, status=422)


@require_POST
def data_token_end(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(access.visible_data_tokens(request.viewer), pk=pk)
    if actions.end_data_token(by=request.viewer, token=token):
        messages.success(request, _("The token does not work any more."))
    return redirect("data")


def _page(
    request: HttpRequest, form: DataTokenForm, *, made: DataToken | None = None, secret: str = "", status: int = 200
) -> HttpResponse:
    viewer = request.viewer
    tokens = list(access.visible_data_tokens(viewer))
    reads_as = access.reading_for(viewer, access.ceilings_to_choose(viewer)[-1])
    context: dict[str, Any] = {
        "form": form,
        "made": made,
        "secret": secret,
        "own": [token for token in tokens if token.person == viewer.person],
        "others": [token for token in tokens if token.person != viewer.person],
        "datasets": [
            {"words": words, "address": address, "columns": datasets.columns(name, reads_as)}
            for name, words, address in answers.datasets()
        ],
        "example": f"{settings.PUBLIC_URL}{answers.address(Dataset.STATES)}",
        "default": answers.DEFAULT,
        "most": answers.MOST,
        "budget": answers.BUDGET,
        "crumbs": [{"url": reverse("account"), "label": _("Your account")}],
    }
    response = render(request, "data/data.html", context, status=status)
    response["Cache-Control"] = PRIVATE
    return response


@require_safe
def data_description(request: HttpRequest) -> HttpResponse:
    """OpenAPI, for whoever may make a token."""
    viewer = request.viewer
    if not access.can_make_data_token(viewer):
        raise Http404
    reads_as = access.reading_for(viewer, access.ceilings_to_choose(viewer)[-1])
    body = json.dumps(description(reads_as), ensure_ascii=False, indent=1)
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": PRIVATE})
