"""When a session ends by itself: after so long without a request, and after so long in any case.

The last request is kept in a signed cookie, renewed at most once a minute, so that reading a page writes nothing to
the database. It names the session that it belongs to. Without it, or with an older one, the session only ends sooner.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

from members.access import Viewer
from members.enums import FACTOR_AT_ONCE
from members.sign_in.proofs import STARTED

RENEW = 60  # seconds
REPEATED = "X-Repeated"  # the header of a request that a page sends every few seconds


@dataclass(frozen=True)
class Limits:
    """``idle``: since the last request; ``absolute``: since the sign-in."""

    idle: dt.timedelta
    absolute: dt.timedelta


PRIVILEGED = Limits(idle=dt.timedelta(minutes=30), absolute=dt.timedelta(hours=12))
OTHERS = Limits(idle=dt.timedelta(hours=8), absolute=dt.timedelta(days=7))


def limits_of(viewer: Viewer) -> Limits:
    """The narrow limits for whoever can change what others see or who others are."""
    return PRIVILEGED if (viewer.roles | viewer.owed_for) & FACTOR_AT_ONCE else OTHERS


def has_ended(request: HttpRequest, viewer: Viewer) -> bool:
    """Whether the signed-in session of this request is past one of its limits; one without a beginning is."""
    started = request.session.get(STARTED)
    if not isinstance(started, int | float):
        return True
    limits, now = limits_of(viewer), time.time()
    last = max(started, _last_seen(request))
    return now - started > limits.absolute.total_seconds() or now - last > limits.idle.total_seconds()


def note_seen(request: HttpRequest, response: HttpResponseBase) -> None:
    """Renew the cookie when the one at hand (or the sign-in) is older than a minute.

    What an open page asks by itself (``REPEATED``) says nothing about a person, so it keeps no session alive.
    Side effect: the shared cache learns the time for the list of sessions, which only shows it.
    """
    if REPEATED in request.headers:
        return
    started = request.session.get(STARTED)
    now = int(time.time())
    if not isinstance(started, int | float) or now - max(started, _last_seen(request)) < RENEW:
        return
    key = request.session.session_key or ""
    response.set_cookie(
        settings.SEEN_COOKIE_NAME,
        f"{now}.{_signature(now, key)}",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    cache.set(_cache_key(key), now, settings.SESSION_COOKIE_AGE)


def last_seen(session_keys: list[str]) -> dict[str, dt.datetime]:
    """When each session was last seen, to the minute, as far as the shared cache knows."""
    keys = {_cache_key(key): key for key in session_keys}
    found = cache.get_many(list(keys))
    return {keys[name]: dt.datetime.fromtimestamp(at, dt.UTC) for name, at in found.items()}


def forget_seen(response: HttpResponseBase) -> None:
    response.delete_cookie(settings.SEEN_COOKIE_NAME, samesite="Lax")


def _last_seen(request: HttpRequest) -> int:
    at, _, signature = request.COOKIES.get(settings.SEEN_COOKIE_NAME, "").partition(".")
    if not at.isascii() or not at.isdigit() or len(at) > 12:
        return 0
    key = request.session.session_key or ""
    return int(at) if constant_time_compare(signature, _signature(int(at), key)) else 0


def _signature(at: int, session_key: str) -> str:
    return salted_hmac("members.sign_in.seen", f"{at}|{session_key}", algorithm="sha256").hexdigest()


def _cache_key(session_key: str) -> str:
    return "seen:" + hashlib.sha256(session_key.encode()).hexdigest()[:40]
