"""A mail to many before it leaves: how it reads in each language, and what the secretariat decides of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from iwg_portal.base.render import render
from iwg_portal.mail import access, compose, queries
from iwg_portal.mail.actions import batches as actions
from iwg_portal.mail.forms import WordsForm
from iwg_portal.mail.kinds import title_of
from iwg_portal.mail.models import MailBatch
from iwg_portal.mail.views.frames import framed, html_answer, with_frame


@with_frame
@require_http_methods(["GET", "HEAD", "POST"])
def mail_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """POST ``do``: ``send``, ``hold``, ``stop`` or ``keep`` (words), with the ``version`` that was read."""
    viewer: access.Viewer = request.viewer  # type: ignore[attr-defined]
    batch = _find(viewer, pk)
    form, status = WordsForm(batch), 200
    if request.method == "POST":
        if not access.can_decide(viewer):
            raise PermissionDenied
        if request.POST.get("do") == "keep":
            form = WordsForm(batch, request.POST)
            if form.is_valid() and _keep(form, batch, viewer):
                messages.success(request, _("Kept. Read the mail once more before it leaves."))
                return redirect("mail_batch", batch.pk)
            batch, status = _find(viewer, pk), 422
        else:
            _decide(request, batch, viewer)
            return redirect("mail_batch", batch.pk)
    context = {
        "batch": batch,
        "title": title_of(batch.kind),
        "form": form,
        "letters": _letters(batch, viewer),
        "notes": [(code, name, batch.note_in(code)) for code, name in settings.LANGUAGES if batch.note_in(code)],
        "language": get_language(),
        "decides": access.can_decide(viewer),
        "crumbs": [{"url": reverse("outbox"), "label": _("Mail")}],
    }
    return render(request, "outbox/batch.html", context, status=status)


@framed
@require_safe
def mail_batch_html(request: HttpRequest, pk: int, language: str) -> HttpResponse:
    """How it reads in one language, for the frame on the page."""
    viewer: access.Viewer = request.viewer  # type: ignore[attr-defined]
    found = _letter(_find(viewer, pk), language, viewer) if language in dict(settings.LANGUAGES) else None
    if found is None:
        raise Http404
    return html_answer(found.html)


def _find(viewer: access.Viewer, pk: int) -> MailBatch:
    return get_object_or_404(queries.counted(access.visible_batches(viewer)), pk=pk)


def _letters(batch: MailBatch, viewer: access.Viewer) -> list[tuple[str, str, compose.Letter]]:
    """Code, name of the language, mail: of each language, while it is due."""
    found = [(code, str(name), _letter(batch, code, viewer)) for code, name in settings.LANGUAGES]
    return [(code, name, letter) for code, name, letter in found if letter]


def _letter(batch: MailBatch, language: str, viewer: access.Viewer) -> compose.Letter | None:
    """As it would be if it went to the viewer: with her name and her clock, and under her own rights. Reads only."""
    mail = batch.mails.select_related("batch").order_by("pk").first()
    if mail is None:
        return None
    mail.recipient = viewer.person  # type: ignore[assignment]
    return compose.letter(mail, language=language, name=str(viewer.person))


def _decide(request: HttpRequest, batch: MailBatch, viewer: access.Viewer) -> None:
    """What stands against it comes back as a sentence."""
    version = request.POST.get("version", "")
    verb = request.POST.get("do")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise BadRequest("no version")
    given: dict[str, Any] = {"batch": batch.pk, "version": int(version), "by": viewer}
    try:
        match verb:
            case "send":
                n = actions.release(**given)
                words = ngettext("%(n)s mail leaves now.", "%(n)s mails leave now.", n)
            case "hold":
                n = actions.hold(**given)
                words = ngettext(
                    "%(n)s mail is held until you let it go.", "%(n)s mails are held until you let them go.", n
                )
            case "stop":
                n = actions.stop(**given)
                words = ngettext("%(n)s mail is not sent.", "%(n)s mails are not sent.", n)
            case _:
                raise BadRequest("unknown verb")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, words % {"n": n})


def _keep(form: WordsForm, batch: MailBatch, viewer: access.Viewer) -> bool:
    """False where somebody was faster: the form keeps what was typed, and the next press replaces what stands now."""
    version = form.cleaned_data["version"]
    try:
        actions.keep_words(batch=batch.pk, version=version, notes=form.notes, by=viewer)
    except ValidationError as error:
        now = _find(viewer, batch.pk)
        form.data = {**form.data.dict(), "version": now.version}  # type: ignore[attr-defined]
        form.add_error(None, error.messages)
        return False
    return True
