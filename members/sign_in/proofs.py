"""What a session has shown of its person.

allauth keeps in the session how its person has proved who she is (``account_authentication_methods``): a record per
step with ``method`` (password, mfa) and ``at`` (seconds since 1970). This module reads those records and nothing else,
so that a factor which the account has, but which this session has not shown, counts for nothing.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.middleware.csrf import CSRF_SESSION_KEY, _get_new_csrf_string

from members.models import Person

OWNER = "account_authentication_methods_user"  # allauth's key: whose records these are
STARTED = "started_at"  # seconds since 1970


def records(session: SessionBase, person: Person) -> list[dict[str, Any]]:
    """How this person has proved in this session who she is, oldest first; of somebody else's records, none."""
    if session.get(OWNER) != str(person.pk):
        return []
    found = session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    return [record for record in found if isinstance(record, dict)] if isinstance(found, list) else []


def is_proven(session: SessionBase, person: Person) -> bool:
    """This session has shown a second factor; in the demonstration the button of a persona counts as one."""
    methods = {record.get("method") for record in records(session, person)}
    return "mfa" in methods or (settings.DEMO and "demo" in methods)


def note_sign_in(session: SessionBase, person: Person, *steps: dict[str, Any]) -> None:
    """Begin the records of a session that has just been signed in; each step names at least its ``method``.

    For a sign-in that does not pass through allauth. Forgets whatever an earlier session had shown.
    """
    now = time.time()
    session.setdefault(CSRF_SESSION_KEY, _get_new_csrf_string())
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"at": now, **step} for step in steps]
    session[OWNER] = str(person.pk)
    session[STARTED] = now


def note_proof(session: SessionBase, person: Person, method: str, **more: Any) -> None:
    """Add a proof that the person has just given in her session."""
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        *records(session, person),
        {"method": method, "at": time.time(), "reauthenticated": True, **more},
    ]
    session[OWNER] = str(person.pk)
