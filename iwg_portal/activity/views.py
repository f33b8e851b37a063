"""What every page that hands out a file does: the answer with its name, and the line in the log."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from iwg_portal.activity import log
from iwg_portal.base.extracts import CONTENT_TYPES, Book, Extract
from iwg_portal.base.uploads.names import disposition


def hand_out(request: HttpRequest, file: Extract | Book, kind: str, **about: Any) -> HttpResponse:
    """A list as ``xlsx`` or ``csv``. ``about``: target and state of the line in the log, see ``log.exported``."""
    name = file.file_name(kind)
    log.exported(request, name, rows=len(file.rows), label=file.label, **about)
    return answer(name, file.content(kind), CONTENT_TYPES[kind])


def answer(name: str, content: bytes, content_type: str, language: str = "") -> HttpResponse:
    """A file to keep, in ``language`` or the active one. Whoever calls writes the line in the log."""
    headers = {"Content-Disposition": disposition(name), "Content-Language": language or str(get_language())}
    return HttpResponse(content, content_type=content_type, headers=headers)
