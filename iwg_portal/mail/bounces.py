"""Read the report of a mail server that a mail of ours did not arrive (RFC 3464). Pure; whatever it is given."""

from __future__ import annotations

import email
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any

logger = logging.getLogger(__name__)

STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,198}>")
ADDRESS = re.compile(r"[^\s<>;]{1,190}@[^\s<>;]{1,253}")
ORIGINAL = ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers")


@dataclass(frozen=True)
class Bounce:
    """``message_id`` with its angle brackets, empty when not said. ``addresses``: where it did not arrive, in small
    letters: as we wrote it, as the last server knew it, or both. ``status`` as in RFC 3463, such as "5.1.1"."""

    message_id: str
    addresses: frozenset[str]
    status: str

    @property
    def is_final(self) -> bool:
        return self.status.startswith("5.")


def read(content: bytes) -> list[Bounce]:
    """What a report says of the recipients whom the mail did not reach. None of a delay, of a receipt, of what is no
    report, and of what nobody can read. Enough of its beginning will do: the text that came back stands at the end."""
    try:
        return list(_read(email.message_from_bytes(content)))
    except Exception as error:  # anybody may send anything, and the next mail in the box must be read
        logger.warning("A report about a mail could not be read: %s", type(error).__name__)
        return []


def _read(report: Message) -> Iterator[Bounce]:
    if report.get_content_type() != "multipart/report" or _word(report.get_param("report-type")) != "delivery-status":
        return
    # Only its own parts: in a letter that somebody forwards to us, a report speaks to him.
    parts = [part for part in _parts(report) if isinstance(part, Message)]
    name = next((found for part in parts if part.get_content_type() in ORIGINAL if (found := _original(part))), "")
    for part in parts:
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            for fields in _parts(part):
                if bounce := _recipient(fields, name):
                    yield bounce


def _parts(message: Message) -> list[Any]:
    payload = message.get_payload()
    return payload if isinstance(payload, list) else []


def _word(value: Any) -> str:
    return str(value or "").strip().lower()


def _original(part: Message) -> str:
    """The Message-ID of the mail that came back, from the mail itself or from its head."""
    inner = _parts(part)
    head = inner[0] if inner else email.message_from_string(str(part.get_payload()))
    found = MESSAGE_ID.search(str(head.get("Message-ID", "")))
    return found[0] if found else ""


def _recipient(fields: Message, name: str) -> Bounce | None:
    """One block of the report; None of the one about the whole mail, and of everybody whom it reached or may reach."""
    status = STATUS.match(str(fields.get("Status", "")).strip())
    if status is None or _word(fields.get("Action")) != "failed":
        return None
    addresses = frozenset(
        found[0].lower()
        for field in ("Original-Recipient", "Final-Recipient")
        if (found := ADDRESS.search(str(fields.get(field, "")).partition(";")[2]))
    )
    return Bounce(name, addresses, status[0]) if addresses else None
