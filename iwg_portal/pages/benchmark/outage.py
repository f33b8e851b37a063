"""Six hours without a mail server, twice: nobody listens, then a server that takes nothing for now.

The clock is moved a minute at a time, and at each minute the ledger is swept as beat does it. What is measured is told
in minutes of that clock.
"""

from __future__ import annotations

import datetime as dt
import logging
import socket
from collections import Counter
from collections.abc import Callable

import time_machine
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from iwg_portal.mail.actions.sweep import sweep
from iwg_portal.mail.benchmark.sink import Sink
from iwg_portal.mail.models import OutboxMail
from iwg_portal.pages.benchmark.figures import Figures

OUTAGE = 6 * 60  # minutes
RECOVERY = 5  # minutes until the first mail, at most
END = 12 * 60  # minutes after which a mail that has not left is called lost


class Outage:
    """``plan``: writes one due mail, by its number."""

    def __init__(self, figures: Figures, plan: Callable[[int], None], *, mails: int, first: int) -> None:
        self.figures, self.plan, self.mails, self.first = figures, plan, mails, first
        self.sink = Sink()

    def run(self) -> None:
        with self.sink.listening() as port, socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # kept, so that nobody else listens there meanwhile
            settings.EMAIL_PORT = nobody.getsockname()[1]
            logging.getLogger("iwg_portal.mail").setLevel(logging.ERROR)  # that the server is away, 720 times
            self._endure("away for 6 h", lambda: setattr(settings, "EMAIL_PORT", port))
            self.sink.mail = lambda: 451
            self._endure("451 for 6 h", lambda: setattr(self.sink, "mail", lambda: 250))

    def _endure(self, words: str, recover: Callable[[], None]) -> None:
        """Six hours, then the server is there: when does the first mail arrive, and does each arrive once?"""
        before = len(self.sink.accepted)
        start = timezone.now()
        with transaction.atomic():
            for number in range(self.first, self.first + self.mails):
                self.plan(number)
        self.first += self.mails
        for minute in range(OUTAGE):
            self._sweep_at(start, minute)
        self._add(words, "arrived meanwhile", len(self.sink.accepted) - before, 0)
        recover()
        first = last = END
        for minute in range(OUTAGE, OUTAGE + END):
            self._sweep_at(start, minute)
            arrived = len(self.sink.accepted) - before
            if arrived:
                first = min(first, minute - OUTAGE)
            if arrived >= self.mails:
                last = minute - OUTAGE
                break
        self._add(words, "minutes until the first mail", first, RECOVERY)
        self._add(words, "minutes until the last mail", last, None)
        got = Counter(mail.message_id for mail in self.sink.accepted[before:])
        sent = set(OutboxMail.objects.filter(state="sent").values_list("message_id", flat=True))
        self._add(words, "lost", self.mails - len(set(got) & sent), 0)
        self._add(words, "doubled", sum(got.values()) - len(got), 0)

    @staticmethod
    def _sweep_at(start: dt.datetime, minute: int) -> None:
        with time_machine.travel(start + dt.timedelta(minutes=minute), tick=True):
            sweep()

    def _add(self, words: str, name: str, value: float, at_most: float | None) -> None:
        self.figures.add(f"{words}: {name}", value, "", at_most)
