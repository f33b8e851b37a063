"""Data for programs: the answers, their description, and the page that keeps somebody's tokens."""

from __future__ import annotations

import json
import re
from typing import Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from iwg_portal.activity import log
from iwg_portal.base import secret_links
from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required, step_up_required
from iwg_portal.data import answers, datasets
from iwg_portal.data.description import description
from members import access, actions
from members.enums import Dataset
from members.forms import DataTokenForm
from members.models import DataToken

BEARER = re.compile(r"Bearer +([A-Za-z0-9_-]{10,100})", re.IGNORECASE)
PRIVATE = "no-store, private"


# -- For programs ------------------------------------------------------------------------------------------------------


@csrf_exempt  # nothing here writes, and no cookie is asked: any other method gets 405
@factor_not_required
@login_not_required
def dataset(request: HttpRequest, name: str) -> HttpResponse:
    """``limit`` and ``after``. The token stands in the header alone: addresses are kept in logs and histories."""
    if request.method not in ("GET", "HEAD"):
        return _refused(405, {"Allow": "GET, HEAD"})
    given = BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    secret = given[1] if given else ""
    key = secret_links.hash_of(secret)
    if not ratelimit.consume(request, app="allauth.account", action="read_data", key=key, limit_get=True):
        return _refused(429, {"Retry-After": str(answers.PATIENCE)})
    token = access.token_of(secret) if secret else None
    viewer = access.viewer_of_data(token) if token else None
    if token is None or viewer is None:
        return _refused(401, {"WWW-Authenticate": 'Bearer realm="data"'})
    # Whoever reads the log finds under her name what her program read, and what it was refused.
    request.user = token.person
    with override(_language(request, token)):
        return _answer(request, name, token, viewer)


def _answer(request: HttpRequest, name: str, token: DataToken, viewer: access.Viewer) -> HttpResponse:
    if name not in Dataset.values:
        return _refused(404)
    if name not in token.datasets:
        return _refused(403)
    try:
        after, limit = answers.asked(request.GET.dict(), name)
    except answers.Unclear as error:
        return _refused(400, detail=str(error))
    found = datasets.read(name, viewer, after, limit)
    body, mark = answers.content(found, dataset=name, limit=limit, person=str(token.person), at=timezone.now())
    log.data_read(request, token, name, rows=len(found.rows), audience=found.audience.value)
    response = _json(body, "application/json")
    response["ETag"] = quote_etag(mark)
    return get_conditional_response(request, response["ETag"], response=response) or response


def _language(request: HttpRequest, token: DataToken) -> str:
    """What the program asks for, else that of its person's account."""
    if request.headers.get("Accept-Language"):
        return get_language() or settings.LANGUAGE_CODE
    return token.person.language or token.person.mail_language or get_language() or settings.LANGUAGE_CODE


def _refused(status: int, headers: dict[str, str] | None = None, detail: str = "") -> HttpResponse:
    body = answers.problem(status, detail or answers.refusals()[status])
    return _json(body, "application/problem+json", status, headers)


def _json(body: bytes, content_type: str, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    fixed = {"Cache-Control": PRIVATE, "Content-Language": get_language() or settings.LANGUAGE_CODE}
    return HttpResponse(body, content_type=content_type, status=status, headers={**fixed, **(headers or {})})


# -- For people --------------------------------------------------------------------------------------------------------


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
    return _json(json.dumps(description(reads_as), ensure_ascii=False, indent=1).encode(), "application/json")
