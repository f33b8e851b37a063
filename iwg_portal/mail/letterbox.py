"""The mailbox to which mail comes back, over IMAP: look for reports, read the beginning of each, say that it is read.

What is no report is left as it is, for people.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator

from django.conf import settings

SECONDS = 20  # of silence after which the server is taken for dead
MOST_BYTES = 256 * 1024  # of a report: what a mail server gives back of the mail itself stands behind what counts
MOST = 200  # reports at a time


class MailboxAway(Exception):
    """The mailbox cannot be read now. Says at which step, and never what the server said."""


def is_set() -> bool:
    return bool(settings.BOUNCE_IMAP_HOST)


class Letterbox:
    def __init__(self, line: imaplib.IMAP4) -> None:
        self.line = line

    def reports(self) -> list[str]:
        """The UIDs of reports that nobody has read yet, the oldest first."""
        found = self._ask("SEARCH", "UNSEEN", "HEADER", "Content-Type", '"delivery-status"')
        return b" ".join(part for part in found if isinstance(part, bytes)).decode("ascii", "ignore").split()[:MOST]

    def beginning(self, uid: str) -> bytes:
        """Does not count as reading it. Empty when it is gone."""
        for part in self._ask("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)"):
            if isinstance(part, tuple):
                return bytes(part[1])[:MOST_BYTES]
        return b""

    def put_away(self, uid: str) -> None:
        self._ask("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def _ask(self, *command: str) -> list[object]:
        with _away(command[0]):
            answer, data = self.line.uid(*command)
            if answer != "OK":
                raise imaplib.IMAP4.error
        return list(data)


@contextlib.contextmanager
def letterbox() -> Iterator[Letterbox]:
    """Signed in, with the folder open. Raises MailboxAway. The certificate is checked, and without encryption nothing
    is said unless the environment says so (a server on the same machine)."""
    line = _connect()
    try:
        with _away("LOGIN"):
            line.login(settings.BOUNCE_IMAP_USER, settings.BOUNCE_IMAP_PASSWORD)
        with _away("SELECT"):
            if line.select(_quoted(settings.BOUNCE_IMAP_FOLDER))[0] != "OK":
                raise imaplib.IMAP4.error
        yield Letterbox(line)
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            line.logout()
        with contextlib.suppress(OSError):
            line.shutdown()  # which a farewell without an answer leaves undone


def _connect() -> imaplib.IMAP4:
    where = (settings.BOUNCE_IMAP_HOST, settings.BOUNCE_IMAP_PORT)
    with _away("CONNECT"):
        if settings.BOUNCE_IMAP_PLAIN:
            return imaplib.IMAP4(*where, timeout=SECONDS)
        return imaplib.IMAP4_SSL(*where, ssl_context=ssl.create_default_context(), timeout=SECONDS)


@contextlib.contextmanager
def _away(step: str) -> Iterator[None]:
    try:
        yield
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxAway(f"{step}: {type(error).__name__}") from None  # its text may hold the name or the passphrase


def _quoted(folder: str) -> str:
    return '"' + re.sub(r'([\\"])', r"\\\1", folder) + '"'
