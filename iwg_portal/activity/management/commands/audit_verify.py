"""``manage.py audit_verify``: is the log whole? Exit code 1 and one line when it is not."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from iwg_portal.activity import chain


class Command(BaseCommand):
    help = "Walks the chain over the log of events and says whether anything was changed, removed or slipped in."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=int, default=0, metavar="SEQ", help="trust the chain up to this event")
        parser.add_argument("--expect", default="", metavar="SEQ:HASH", help="a head from a daily mail to find in it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            expect = chain.Seal.of(options["expect"]) if options["expect"] else None
        except ValueError:
            raise CommandError("--expect takes a head as the daily mail gives it, SEQ:HASH.") from None
        start = time.monotonic()
        verdict = chain.verify(since=options["since"], expect=expect)
        if verdict.problem:
            self.stdout.write(f"BROKEN: {verdict.problem}.")
            sys.exit(1)
        seconds = time.monotonic() - start
        self.stdout.write(f"Whole: {verdict.count} events in {seconds:.1f} s. Head: {verdict.head}")
