"""Hand one message after the other to the mail server, and say exactly what became of each.

The one question that matters after a broken line: may the server have accepted? Before the text was sent, surely
not; after its last byte, perhaps. So the caller is asked to write down that the text is being given (``hand_over``)
just before DATA.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend

from iwg_portal.mail import unreachable
from iwg_portal.mail.compose import sender_address
from iwg_portal.mail.enums import LOST_AFTER_DATA


class Outcome(Enum):
    SENT = "sent"
    LATER = "later"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """``problem`` is a step and a code, such as "RCPT 550"; never an address or the server's words.

    ``address_is_bad``: the refusal speaks of the address itself, so the next mail to it would fare no better.
    ``server_is_bad``: it speaks of the server or the line, so every other mail would fare as this one did.
    """

    outcome: Outcome
    problem: str = ""
    address_is_bad: bool = False
    server_is_bad: bool = False


class ServerAway(Exception):
    """The mail server cannot be reached, or takes nothing for now: no mail is to blame."""


# Answers to RCPT that speak of the sender's rights or of today, although they begin with a 5.
NOT_THE_RECIPIENT = frozenset({503, 530, 535, 538, 552})
# So many "later" without an acceptance between them are the server's trouble: the others are not even offered to it.
# Fewer would let a few slow recipients hold back everybody for a minute.
ENOUGH = 20

HandOver = Callable[[], bool]


class Carrier:
    """For every backend but SMTP (demonstration, tests): such a one accepts or raises."""

    def __init__(self, backend: object) -> None:
        self.backend = backend

    def send(self, message: EmailMessage, hand_over: HandOver) -> Answer | None:
        """None when ``hand_over`` said no, and nothing was sent."""
        if not hand_over():
            return None
        self.backend.send_messages([message])  # type: ignore[attr-defined]
        return Answer(Outcome.SENT)

    def close(self) -> None:
        self.backend.close()  # type: ignore[attr-defined]


class SmtpCarrier(Carrier):
    """One connection for many messages, opened at the first one and again when the server has closed it."""

    backend: EmailBackend

    def __init__(self, backend: EmailBackend) -> None:
        super().__init__(backend)
        self.fresh = False
        self.refused = 0  # in a row

    def send(self, message: EmailMessage, hand_over: HandOver) -> Answer | None:
        """Raises ServerAway when no connection can be made, or when the server accepts nothing for now; then nothing
        was given to anybody."""
        if self.refused >= ENOUGH:
            raise ServerAway(f"it has refused {self.refused} in a row")
        answer = self._send(message, hand_over)
        if answer is not None:
            self.refused = self.refused + 1 if answer.outcome == Outcome.LATER else 0
        return answer

    def _send(self, message: EmailMessage, hand_over: HandOver) -> Answer | None:
        recipient = message.to[0]
        if not recipient.isascii():  # would need SMTPUTF8, which few servers offer
            return Answer(Outcome.BOUNCED, "address not ASCII", address_is_bad=True)
        content = self._content(message)
        refused = self._ask_until_answered(recipient)
        if refused is not None:
            return refused
        try:
            agreed = hand_over()
        except BaseException:
            self._drop()  # the server must not wait for a text that may not come
            raise
        if not agreed:
            self._forget()
            return None
        return self._give(content)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.backend.close()

    def _drop(self) -> None:
        """Without a farewell, for which a server that has fallen silent would make us wait again."""
        if self.backend.connection is not None:
            self.backend.connection.close()
            self.backend.connection = None

    @staticmethod
    def _content(message: EmailMessage) -> bytes:
        content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own signature
        return re.sub(rb"(?m)^\.", b"..", content.removesuffix(b"\r\n")) + b"\r\n.\r\n"

    def _ask_until_answered(self, recipient: str) -> Answer | None:
        """MAIL and RCPT; on a connection that the server has closed meanwhile once more on a new one."""
        while True:
            smtp = self._connect()
            try:
                return self._ask(smtp, recipient)
            except OSError:
                fresh = self.fresh
                self._drop()
                if fresh:
                    return Answer(Outcome.LATER, "connection lost before DATA", server_is_bad=True)

    def _connect(self) -> smtplib.SMTP:
        if self.backend.connection is None:
            try:
                self.backend.open()
                self._line.ehlo_or_helo_if_needed()
            except OSError as error:  # smtplib's own errors are OSErrors too
                self._drop()
                raise ServerAway(type(error).__name__) from error
            self.fresh = True
        else:
            self.fresh = False
        return self._line

    @property
    def _line(self) -> smtplib.SMTP:
        if self.backend.connection is None:
            raise smtplib.SMTPServerDisconnected
        return self.backend.connection

    def _ask(self, smtp: smtplib.SMTP, recipient: str) -> Answer | None:
        """What stands against the text being sent; None when nothing does. Raises OSError on a broken line."""
        for step, (code, words) in self._steps(smtp, recipient):
            if code == 421:
                raise smtplib.SMTPServerDisconnected
            if 200 <= code < 300:
                continue
            self._forget()
            for_good = step == "RCPT" and 500 <= code < 600 and code not in NOT_THE_RECIPIENT
            problem = f"{step} {code}"
            if not for_good:
                # RFC 3463: X.3 is the mail system's status, X.4 the network's.
                bad = step == "MAIL" or _enhanced(words).startswith(("4.3.", "4.4."))
                return Answer(Outcome.LATER, problem, server_is_bad=bad)
            return Answer(Outcome.BOUNCED, problem, unreachable.refuses_the_address(_enhanced(words)))
        return None

    @staticmethod
    def _steps(smtp: smtplib.SMTP, recipient: str) -> Iterator[tuple[str, tuple[int, bytes]]]:
        yield "MAIL", smtp.mail(sender_address())
        yield "RCPT", smtp.rcpt(recipient)

    def _give(self, content: bytes) -> Answer:
        smtp = self._line
        try:
            code, _words = smtp.docmd("DATA")
        except OSError:
            self._drop()
            return Answer(Outcome.LATER, "connection lost before DATA", server_is_bad=True)
        if code != 354:
            self._forget()
            return _refused("DATA", code)
        try:
            smtp.send(content)
            code, _words = smtp.getreply()
        except OSError:
            self._drop()
            return Answer(Outcome.UNKNOWN, LOST_AFTER_DATA)
        if code == 421:
            self._drop()
        if 200 <= code < 300:
            return Answer(Outcome.SENT)
        if 400 <= code < 600:
            return _refused("text", code)
        self._drop()
        return Answer(Outcome.UNKNOWN, f"text {code}")

    def _forget(self) -> None:
        """End the half-made transaction, so that the next message starts afresh."""
        try:
            self._line.rset()
        except OSError:
            self._drop()


def _refused(step: str, code: int) -> Answer:
    """What it means that a server did not want the text: for now, that it has no room or no strength."""
    if 500 <= code < 600:
        return Answer(Outcome.BOUNCED, f"{step} {code}")
    return Answer(Outcome.LATER, f"{step} {code}", server_is_bad=True)


def _enhanced(words: bytes) -> str:
    """The enhanced status (RFC 3463) that a server's words begin with, such as "5.1.1"; empty when there is none."""
    found = re.match(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b", words)
    return found[1].decode() if found else ""


@contextlib.contextmanager
def carrier() -> Iterator[Carrier]:
    """For one sweep; connects when the first message is sent."""
    backend = get_connection()
    made = SmtpCarrier(backend) if isinstance(backend, EmailBackend) else Carrier(backend)
    try:
        yield made
    finally:
        made.close()
