"""How a program is answered: rows with their label, and refusals that say what to do."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from iwg_portal.base.extracts import bearer_of
from iwg_portal.data.datasets import Key, Slice, plain
from members.enums import TLP, Dataset

DEFAULT, MOST = 100, 500  # rows of an answer
BUDGET, PATIENCE = 120, 300  # requests of one token in so many seconds: read_data in the settings
PARAMETERS = ("limit", "after")
LONGEST = 300  # characters of a cursor


class Unclear(Exception):
    """The query of an address cannot be understood; the text says why."""


def asked(query: Mapping[str, str], dataset: str) -> tuple[Key | None, int]:
    """From which row on, and how many. Errors: Unclear, also for a name that is not known: a filter that has no effect
    would give other rows than were meant."""
    unknown = sorted(set(query) - set(PARAMETERS))
    if unknown:
        raise Unclear(_("Unknown in the address: %(name)s. It takes limit and after.") % {"name": unknown[0][:40]})
    text = query.get("limit", str(DEFAULT))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 1 <= limit <= MOST:
        raise Unclear(_("limit is a whole number from 1 to %(most)s.") % {"most": MOST})
    return (_opened(query["after"], dataset) if "after" in query else None), limit


def _signer(dataset: str) -> signing.Signer:
    return signing.Signer(salt=f"iwg_portal.data.{dataset}")


def _opened(cursor: str, dataset: str) -> Key:
    try:
        if len(cursor) > LONGEST:
            raise signing.BadSignature
        thing, place = _signer(dataset).unsign_object(cursor)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Unclear(_("after is not from an answer of this portal. Begin again without it.")) from error
    return thing, place


def content(found: Slice, *, dataset: str, limit: int, person: str, at: dt.datetime) -> tuple[bytes, str]:
    """The answer in the active language, and a mark that changes with it, its moment left aside."""
    following = None
    if found.last:
        after = _signer(dataset).sign_object(list(found.last))
        query: dict[str, str | int] = {"limit": limit, "after": after}
        following = f"{settings.PUBLIC_URL}{address(dataset)}?{urlencode(query)}"
    bearer = bearer_of(found.audience, person)
    keys = [column.key for column in found.columns]
    said = {
        "dataset": dataset,
        "label": TLP[found.audience],
        "audience": found.audience.value,
        "for": bearer or None,
        "demonstration": settings.DEMO,
        "round": found.round,
        "columns": [{"key": c.key, "heading": c.heading or c.key, "meaning": c.meaning} for c in found.columns],
        "rows": [dict(zip(keys, map(plain, row), strict=True)) for row in found.rows],
        "next": following,
    }
    mark = hashlib.sha256(_written(said)).hexdigest()[:32]
    return _written({"as_of": timezone.localtime(at).isoformat(timespec="seconds"), **said}), mark


def _written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def address(dataset: str) -> str:
    return reverse("dataset", args=[dataset])


def problem(status: int, detail: str) -> bytes:
    """RFC 9457. ``detail``: a sentence, in the active language."""
    titles = {
        400: _("This request is not clear"),
        401: _("A token is needed"),
        403: _("Not with this token"),
        404: _("Nothing is here"),
        405: _("Only for reading"),
        429: _("Too many requests"),
    }
    return _written({"type": "about:blank", "title": titles[status], "status": status, "detail": detail})


def refusals() -> dict[int, str]:
    """Of each status the sentence that a program gets, in the active language."""
    page = {"page": settings.PUBLIC_URL + reverse("data")}
    return {
        401: _("Send a token that works, as Bearer in the header Authorization. Make one at %(page)s.") % page,
        403: _("This token does not reach this kind of data. Make another one at %(page)s.") % page,
        404: _("There are no data of this name. %(page)s lists them.") % page,
        405: _("Data can only be read: use GET."),
        429: _("Wait for as many seconds as Retry-After says, then go on."),
    }


def datasets() -> list[tuple[str, str, str]]:
    """Value, words and address of each, in the active language."""
    return [(one.value, str(one.label), address(one.value)) for one in Dataset]
