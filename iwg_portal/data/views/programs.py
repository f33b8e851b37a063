"""Data for programs: rows, and the refusals in their place."""

from __future__ import annotations

import re

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import get_language, override
from django.views.decorators.csrf import csrf_exempt

from iwg_portal.activity import log
from iwg_portal.base import secret_links
from iwg_portal.base.step_up import factor_not_required
from iwg_portal.data import answers, datasets
from members import access
from members.enums import Dataset
from members.models import DataToken

BEARER = re.compile(r"Bearer +([A-Za-z0-9_-]{10,100})", re.IGNORECASE)
PRIVATE = "no-store, private"


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
