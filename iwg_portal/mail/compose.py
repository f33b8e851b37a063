"""From a row of the ledger to a message, at the moment when it leaves: is it still right, and what does it say?"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.utils import format_datetime, parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import utf8_charset_qp
from django.template import Context, engines
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.safestring import SafeData

from iwg_portal.mail.kinds import FRAMES, KINDS
from iwg_portal.mail.models import OutboxMail

PLAIN = (str, int, float, bool, dt.date, dt.time, dt.timedelta, Promise, type(None))


@dataclass(frozen=True)
class Letter:
    """What a mail says, in one language."""

    language: str
    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)  # those of its kind alone


def message(mail: OutboxMail) -> EmailMultiAlternatives | None:
    """The message to send now; None when its reader has left or the kind says that it is no longer due.

    Raises ValueError for a header with control characters, TypeError for a context that is not plain, and whatever
    the kind or its templates raise. Reads only.
    """
    recipient = mail.recipient
    if recipient is not None and (not recipient.is_active or getattr(recipient, "anonymised_at", None)):
        return None
    language = mail.language or getattr(recipient, "mail_language", "") or settings.LANGUAGE_CODE
    found = letter(mail, language=language, name=str(recipient) if recipient else "")
    if found is None:
        return None
    to = recipient.email if recipient else mail.address
    return envelope(found, to=to, message_id=mail.message_id)


def letter(mail: OutboxMail, *, language: str, name: str) -> Letter | None:
    """What ``mail`` would say now in ``language``, to ``name``; None when its kind says that it is no longer due."""
    kind = KINDS.get(mail.kind)
    if kind is None:  # of a version that knew it
        return None
    with speaking(language), timezone.override(_zone(mail.recipient)):
        context = kind.compose(mail)
        if context is None:
            return None
        note = mail.batch.note_in(language) if mail.batch else ""
        written = write(mail.kind, context, language=language, name=name, note=note)
        return replace(written, headers=kind.own_headers(context))


def write(kind: str, context: dict[str, Any], *, language: str, name: str = "", note: str = "") -> Letter:
    """Fill the three templates of ``kind``. ``name``: of the recipient, empty for a bare address. ``note``: words
    of the secretariat that stand above the portal's own, plain text with line breaks."""
    refuse_what_is_not_plain(context)
    with speaking(language):
        values: dict[str, Any] = {
            "group_name": "IWG",
            "portal_url": settings.PUBLIC_URL,
            "demo": settings.DEMO,
            "language": language,
            "recipient_name": name,
            "note": note,
        }
        for frame in FRAMES:
            values |= frame()
        values |= context
        return Letter(
            language,
            _fill(f"mail/{kind}/subject.txt", values).strip(),
            re.sub(r"\n{3,}", "\n\n", _fill(f"mail/{kind}/text.txt", values).strip()) + "\n",
            _fill(f"mail/{kind}/html.html", values).strip() + "\n",
        )


def envelope(letter: Letter, *, to: str, message_id: str) -> EmailMultiAlternatives:
    """The letter with its headers: one recipient, a fixed Message-ID, marked as sent by a machine. Those of its kind
    never take the place of these."""
    headers = {
        **letter.headers,
        "Message-ID": message_id,
        "Date": format_datetime(timezone.now()),
        "Auto-Submitted": "auto-generated",
        "Content-Language": letter.language,
    }
    if settings.MAIL_REPLY_TO:
        headers["Reply-To"] = settings.MAIL_REPLY_TO
    for value in (letter.subject, to, settings.DEFAULT_FROM_EMAIL, *headers, *headers.values()):
        refuse_control_characters(value)
    built = EmailMultiAlternatives(letter.subject, letter.text, settings.DEFAULT_FROM_EMAIL, [to], headers=headers)
    built.attach_alternative(letter.html, "text/html")
    built.encoding = utf8_charset_qp  # 7 bits on the wire: no server has to offer more
    return built


def refuse_control_characters(value: str) -> None:
    """Of a header's value. Raises ValueError, whose text does not repeat it."""
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", value):
        raise ValueError("a header with control characters")


def refuse_what_is_not_plain(value: Any) -> None:
    """Raises TypeError for rows, querysets, functions, and text that claims to be safe as HTML."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        for part in value:
            refuse_what_is_not_plain(part)
    elif isinstance(value, SafeData) or not isinstance(value, PLAIN):
        raise TypeError(f"a mail may say texts, numbers and dates, not {type(value).__name__}")


def sender_address() -> str:
    """The bare address of the sender, for the envelope."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    with translation.override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        yield


def _zone(recipient: Any) -> ZoneInfo | None:
    try:
        return ZoneInfo(recipient.zone) if recipient is not None and recipient.zone else None
    except (OSError, KeyError, ValueError):  # no such zone, or not the name of one
        return None


def _fill(template: str, values: dict[str, Any]) -> str:
    # Plain text is not HTML: "Côte d'Ivoire" must not become "Côte d&#x27;Ivoire".
    found = engines["django"].engine.get_template(template)  # type: ignore[attr-defined]
    return found.render(Context(values, autoescape=template.endswith(".html")))
