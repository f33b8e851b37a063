"""Ask again who is there before something that is hard to undo.

A session proves its person when she signs in and whenever she is asked again; allauth keeps the times in the session.
When the last proof is older than ``settings.STEP_UP_SECONDS``, the page that asks comes first. What she had posted
waits in her session meanwhile and is carried out after the proof, as if it had just arrived.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import resolve, reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from iwg_portal.base.typed import keepable

View = Callable[..., HttpResponse]
WAITING = "step_up_waiting"
PATIENCE = 900  # seconds for which a form waits


def recently_proven(request: HttpRequest) -> bool:
    """The person of this session has proved who she is within the last five minutes."""
    found = get_authentication_records(request, request.user)  # type: ignore[arg-type]
    return any(time.time() - record.get("at", 0) <= settings.STEP_UP_SECONDS for record in found)


def step_up_required(view: View) -> View:
    """The person must have proved within the last five minutes that it is she.

    Goes inside whatever decides by method or address. Files cannot wait: their form is to be sent again.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if recently_proven(request):
            return view(request, *args, **kwargs)
        htmx = getattr(request, "htmx", None)
        back = request.get_full_path()
        if request.method not in ("GET", "HEAD"):
            fields = keepable(request.POST)
            request.session[WAITING] = {"path": back, "at": time.time(), "fields": fields}
        elif htmx:
            back = htmx.current_url_abs_path or back
        address = f"{reverse('step_up')}?{urlencode({'next': back})}"
        return HttpResponseClientRedirect(address) if htmx else redirect(address)

    return guarded


def waits(request: HttpRequest, path: str) -> bool:
    """Whether a form for this address waits in the session."""
    return _waiting(request, path) is not None


def resume(request: HttpRequest, path: str) -> HttpResponse | None:
    """Carry out what waited for ``path`` after a proof; None when nothing does. ``request`` is that of the proof."""
    waiting = _waiting(request, path)
    request.session.pop(WAITING, None)
    if waiting is None:
        return None
    post = QueryDict(mutable=True)
    for name, value in waiting["fields"]:
        post.appendlist(name, value)
    post._mutable = False  # type: ignore[attr-defined]
    address, _, query = path.partition("?")
    found = resolve(address)
    request.POST, request.GET = post, QueryDict(query)  # type: ignore[assignment]
    request.path = request.path_info = address
    request.META["QUERY_STRING"] = query
    request.resolver_match = found
    return found.func(request, *found.args, **found.kwargs)


def _waiting(request: HttpRequest, path: str) -> dict[str, Any] | None:
    found = request.session.get(WAITING)
    fresh = isinstance(found, dict) and found.get("path") == path and time.time() - found.get("at", 0) < PATIENCE
    return found if fresh else None


def factor_not_required(view: View) -> View:
    """The page may be opened by somebody who has yet to set up or show her second factor."""
    view.needs_factor = False  # type: ignore[attr-defined]
    return view
