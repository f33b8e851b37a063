"""``manage.py bench_sign_in`` (``make bench-sign-in``): does a meeting room get in, and how fast?"""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from iwg_portal.pages.benchmark import databases, load, meeting
from iwg_portal.pages.benchmark.figures import Figures

MOST_SECONDS = 1.5  # for the whole sign-in: five answers


class Command(BaseCommand):
    help = "Lets 70 people sign in from one address within two minutes, by passphrase and code, on a running portal."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people", type=int, default=70)
        parser.add_argument("--seconds", type=float, default=120, help="in which they arrive")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", default=os.environ.get("BENCH_JSON", ""), help="file for every figure")

    def handle(self, *args: Any, **options: Any) -> None:
        people, figures = options["people"], Figures(self.stdout.write)
        with databases.temporary() as base:
            with databases.using(base):
                guests = meeting.fill(people, options["seconds"], options["seed"])
            self.stdout.write(f"{people} people, one address, {options['seconds']:g} s")
            with load.portal(databases.url(base), databases.redis_url(11)) as server:
                meeting.open_doors(server, guests)
        outside = [guest for guest in guests if not guest.signed_in]
        for guest in outside[:5]:
            self.stdout.write(f"  {guest.email}: {guest.problem}")
        figures.add("sign-in: people left outside", len(outside), "people", 0)
        whole = sorted(guest.seconds for guest in guests)
        passphrase = sorted(guest.passphrase_seconds for guest in guests)
        figures.add("sign-in: whole, p50", whole[len(whole) // 2], "s")
        figures.add("sign-in: whole, p95", whole[int(len(whole) * 0.95)], "s", MOST_SECONDS)
        figures.add("sign-in: whole, longest", whole[-1], "s")
        figures.add("sign-in: the passphrase alone, p95", passphrase[int(len(whole) * 0.95)], "s")
        self.stdout.write(figures.summary())
        if options["json"]:
            figures.write(Path(options["json"]))
            self.stdout.write(f"Figures: {options['json']}")
