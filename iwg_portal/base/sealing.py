"""Texts that the database keeps and must not be able to read: encrypted under a key that lies elsewhere.

Fernet (AES-128-CBC with HMAC-SHA256) under ``settings.FACTOR_KEYS``: the first key seals, each of them opens.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class NotOpened(Exception):
    """The text was sealed under a key that is not here, changed, or is too old."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FACTOR_KEYS])


def seal(text: str) -> str:
    """The text, encrypted and dated; never twice the same."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str, seconds: int | None = None) -> str:
    """The text that was sealed, at most ``seconds`` ago if given. Raises ``NotOpened``."""
    try:
        return _fernet().decrypt(sealed.encode(), ttl=seconds).decode()
    except InvalidToken:
        raise NotOpened from None
