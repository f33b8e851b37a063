"""Tokens of the secret links in mails: made of the server's key when a mail is composed; rows keep their SHA-256."""

from __future__ import annotations

import base64
import hashlib

from django.utils.crypto import salted_hmac


def token_of(salt: str, message: str) -> str:
    """32 bytes that nobody computes without the server's key, in 43 characters of an address.

    ``message`` holds a random part of the row, so that another one makes another token. The same row has the same token
    however often its mail is composed: one that is sent again under its Message-ID must not carry a dead link."""
    digest = salted_hmac(salt, message, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
