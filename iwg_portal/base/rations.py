"""How many files one person may have made, and fetch, within a time: the same export asked for ten times, or by a
program without end, must not keep the server from everybody else.

``settings.FILE_RATES`` says how many. A file that was not handed out does not count; a cache that is away counts none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from iwg_portal.base.render import render

View = Callable[..., HttpResponseBase]
APP = "iwg"
MADE, STORED, ORDERED, ANONYMOUS = "made", "stored", "ordered", "anonymous"  # keys of FILE_RATES


def rationed(view: View) -> View:
    """For each view that makes a file for whoever asks: an extract, a document, an archive, a calendar."""
    return _rationed(view, MADE)


def stored_rationed(view: View) -> View:
    """For a view that hands out bytes as they were stored, of which a meeting has many."""
    return _rationed(view, STORED)


def is_rationed(view: Any) -> bool:
    return bool(getattr(view, "is_rationed", False))


def _rationed(view: View, ration: str) -> View:
    """Above the ration the view is not asked."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rate = ration if request.user.is_authenticated else ANONYMOUS
        used = _consumed(request, rate)
        if used is None:
            return _later(request, rate)
        answer = None
        try:
            answer = view(request, *args, **kwargs)
        finally:
            if answer is None or answer.status_code != 200:
                used.rollback()
        return answer

    asked.is_rationed = True  # type: ignore[attr-defined]
    return asked


def refusal(request: HttpRequest, ration: str) -> HttpResponse | None:
    """For a view that orders what a worker makes: the answer above the ration; else None, and it is counted."""
    return None if _consumed(request, ration) else _later(request, ration)


def _consumed(request: HttpRequest, ration: str) -> ratelimit.RateLimitUsage | None:
    return ratelimit.consume(request, app=APP, action=ration, config=settings.FILE_RATES, limit_get=True)


def _later(request: HttpRequest, rate: str) -> HttpResponse:
    """A page that says when to come back, as does ``Retry-After`` (seconds)."""
    seconds = _seconds(request, rate)
    context = {"minutes": math.ceil(seconds / 60), "address": request.get_full_path()}
    answer = render(request, "too_many_files.html", context, status=429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _seconds(request: HttpRequest, action: str) -> int:
    """Until one more may be had: at least 1."""
    waits = [1.0]
    for rate in ratelimit.get_rates(app=APP, action=action, config=settings.FILE_RATES):
        history = cache.get(ratelimit.get_cache_key(request, app=APP, action=action, rate=rate), [])
        if len(history) >= rate.amount:  # newest first
            waits.append(history[rate.amount - 1] + rate.duration - time.time())
    return math.ceil(max(waits))
