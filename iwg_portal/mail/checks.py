"""What the environment says about mail, looked at before the portal starts."""

from __future__ import annotations

import re
from email.utils import getaddresses
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LEAST_SECRET = 32  # characters


def settings_of_mail(**_kwargs: Any) -> list[CheckMessage]:
    """A system check: errors name the variable, never its value."""
    found: list[CheckMessage] = []
    if settings.MAIL_REPLY_TO and not _is_one_address(settings.MAIL_REPLY_TO):
        found.append(Error("MAIL_REPLY_TO is not one address, or has control characters.", id="mail.E001"))
    if settings.MAIL_BOUNCE_SECRET and len(settings.MAIL_BOUNCE_SECRET) < LEAST_SECRET:
        found.append(Error(f"MAIL_BOUNCE_SECRET is shorter than {LEAST_SECRET} characters.", id="mail.E002"))
    if settings.BOUNCE_IMAP_HOST:
        parts = (settings.BOUNCE_IMAP_USER, settings.BOUNCE_IMAP_PASSWORD, settings.BOUNCE_IMAP_FOLDER)
        if not all(parts) or any(CONTROL.search(part) or not part.isascii() for part in parts):
            found.append(Error("BOUNCE_IMAP_USER, _PASSWORD or _FOLDER is empty or not plain ASCII.", id="mail.E003"))
    return found


def _is_one_address(value: str) -> bool:
    """Such as ``a@b.example``, or with a name before it and angle brackets around it."""
    if CONTROL.search(value):
        return False
    addresses = getaddresses([value])
    if len(addresses) != 1:
        return False
    try:
        validate_email(addresses[0][1])
    except ValidationError:
        return False
    return True
