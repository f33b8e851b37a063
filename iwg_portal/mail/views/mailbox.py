"""The mailbox of the demonstration: whatever the portal "sent", to anybody. Outside demo mode it does not exist.

In a demonstration everybody may be everybody, so no mailbox is closed; an invited person has no account yet and
opens her invitation from here.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from iwg_portal.base.render import render
from iwg_portal.mail import access, queries
from iwg_portal.mail.views.frames import View, framed, html_answer, with_frame


def only_in_demo_mode(view: View) -> View:
    """Before every other check, so that outside demo mode the address answers like any unknown one."""
    inner = require_safe(never_cache(view))

    @csrf_exempt  # nothing here writes; a post is answered like one to any unknown address
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return inner(request, *args, **kwargs)

    return guarded


@login_not_required
@only_in_demo_mode
def demo_mailbox(request: HttpRequest) -> HttpResponse:
    """``?address=…``, else the own address of whoever is signed in."""
    person = request.viewer.person  # type: ignore[attr-defined]
    address = request.GET.get("address", "").strip()[:254] or (person.email if person else "")
    context = {"address": address, "mails": queries.mailbox(address), "mailboxes": queries.mailboxes()}
    return render(request, "outbox/mailbox.html", context)


@login_not_required
@with_frame
@only_in_demo_mode
def demo_mail(request: HttpRequest, pk: int) -> HttpResponse:
    mail = get_object_or_404(access.demonstration_mails(), pk=pk)
    return render(request, "outbox/received.html", {"mail": queries.received(mail)})


@login_not_required
@framed
@only_in_demo_mode
def demo_mail_html(request: HttpRequest, pk: int) -> HttpResponse:
    return html_answer(queries.received(get_object_or_404(access.demonstration_mails(), pk=pk)).html)
