"""Where a mail service tells us at once that a mail came back. For machines: no page, no session, no language.

The call is signed: ``X-Bounce-Signature`` is the HMAC-SHA256, in hexadecimal digits, of the timestamp, a full stop and
the raw body, with the secret MAIL_BOUNCE_SECRET; ``X-Bounce-Timestamp`` is that timestamp, in seconds since 1970, not
more than five minutes old. The body is JSON: ``status`` ("5.1.1"), and ``message_id`` (with its angle brackets) or
``recipient`` or, better, both.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from iwg_portal.base.step_up import factor_not_required
from iwg_portal.mail.actions import bounces as actions
from iwg_portal.mail.bounces import MESSAGE_ID, STATUS, Bounce
from iwg_portal.mail.checks import LEAST_SECRET

WINDOW = 300  # seconds
MOST_BYTES = 256 * 1024


@csrf_exempt  # the signature is what no other page can forge
@login_not_required
@factor_not_required
@never_cache
def mail_bounces(request: HttpRequest) -> HttpResponse:
    """202 for whatever is signed and well formed: the answer does not tell which mails and addresses we know."""
    if len(settings.MAIL_BOUNCE_SECRET) < LEAST_SECRET:
        raise Http404
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MOST_BYTES:
        return HttpResponse(status=413)
    if not _is_signed(request):
        return HttpResponse(status=403)
    try:
        found = _bounce(json.loads(request.body))
    except (ValueError, RecursionError, ValidationError):
        return HttpResponse(status=400)
    _note_once(found, request.headers["X-Bounce-Signature"])
    return HttpResponse(status=202)


def _is_signed(request: HttpRequest) -> bool:
    stamp, given = (request.headers.get(f"X-Bounce-{name}", "") for name in ("Timestamp", "Signature"))
    secret = settings.MAIL_BOUNCE_SECRET.encode()
    wanted = hmac.new(secret, f"{stamp}.".encode() + request.body, hashlib.sha256).hexdigest()
    is_right = hmac.compare_digest(given.encode(), wanted.encode())
    return is_right and stamp.isascii() and stamp.isdigit() and abs(time.time() - int(stamp)) <= WINDOW


def _bounce(said: Any) -> Bounce:
    """Raises ValueError or ValidationError for what is none."""
    if not isinstance(said, dict):
        raise ValueError
    status, name, address = (said.get(field) or "" for field in ("status", "message_id", "recipient"))
    if not all(isinstance(value, str) for value in (status, name, address)) or not STATUS.fullmatch(status):
        raise ValueError
    if not (name or address) or (name and not MESSAGE_ID.fullmatch(name)):
        raise ValueError
    if address:
        validate_email(address)
    return Bounce(name, frozenset({address.lower()} if address else ()), status)


def _note_once(bounce: Bounce, signature: str) -> None:
    """A call that comes a second time, under the same signature, must not undo what somebody decided in between."""
    key = f"bounce:{signature}"
    if cache.get(key):
        return
    if bounce.message_id:
        actions.note_bounce(bounce, trusted=True)
    else:
        actions.note_bad_address(address=next(iter(bounce.addresses)), status=bounce.status)
    cache.set(key, True, 2 * WINDOW)
