"""The answers to what went wrong: calm, in the reader's language, and giving nothing away.

What does not exist and what is not shared answer alike; no page repeats a message of an exception.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

from iwg_portal.base import typed
from members import sign_in

RETRY_AFTER = "120"  # seconds


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"kept": _is_kept(request)}, status=403)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", {"kept": _is_kept(request)}, status=404)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form of ours whose session has ended is kept for its author; any other is given back to be copied."""
    late = sign_in.answer(request)
    if late:
        return late
    ours = request.method == "POST" and typed.from_ourselves(request)
    fields = typed.keepable(request.POST) if ours else []
    words = fields if typed.has_words(fields) else []
    return render(request, "403_csrf.html", {"words": words}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 with Retry-After while the database does not answer.

    Without the frame of a page, in all languages at once: whatever failed may fail again in it. Django calls this
    while the exception is being handled.
    """
    away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    if away:
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": RETRY_AFTER})
    return HttpResponse(render_to_string("500.html"), status=500)


def _is_kept(request: HttpRequest) -> bool:
    """Her form was right when she opened it: what she typed waits among her kept texts.

    Only what the token of a form of hers came with, and was sent to a page that exists. A script keeps its drafts
    itself.
    """
    viewer = getattr(request, "viewer", None)
    if (
        request.method != "POST"
        or viewer is None
        or viewer.person is None
        or request.resolver_match is None
        or not getattr(request, "csrf_processing_done", False)
        or not request.accepts("text/html")
    ):
        return False
    return bool(sign_in.park(request, viewer.person))
