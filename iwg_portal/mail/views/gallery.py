"""Every kind of mail in every language, from its sample. The addresses exist under DEBUG only."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from iwg_portal.base.render import render
from iwg_portal.mail.compose import Letter, write
from iwg_portal.mail.kinds import KINDS
from iwg_portal.mail.views.frames import framed, html_answer, with_frame


@login_not_required
@require_safe
def gallery_mails(request: HttpRequest) -> HttpResponse:
    languages = [code for code, _words in settings.LANGUAGES]
    rows = [(name, [(code, _letter(name, code).subject) for code in languages]) for name in sorted(KINDS)]
    return render(request, "outbox/gallery.html", {"rows": rows})


@login_not_required
@with_frame
@require_safe
def gallery_mail(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    context = {"kind": kind, "language": language, "letter": _letter(kind, language)}
    return render(request, "outbox/sample.html", context)


@login_not_required
@framed
@require_safe
def gallery_mail_html(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    return html_answer(_letter(kind, language).html)


def _letter(kind: str, language: str) -> Letter:
    if kind not in KINDS or language not in dict(settings.LANGUAGES):
        raise Http404
    return write(kind, KINDS[kind].sample(), language=language, name="Ama Example")
