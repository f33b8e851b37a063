"""``manage.py bench_audit`` (``make bench-audit``): how many events a second the log takes, and whether it is whole."""

import os
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from iwg_portal.activity import chain
from iwg_portal.pages.benchmark import appending, databases
from iwg_portal.pages.benchmark.figures import Figures

LEAST = 1000  # events a second


class Command(BaseCommand):
    help = "Appends to the log from 8 processes at once, on a database of its own, then walks the chain."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--writers", type=int, default=8)
        parser.add_argument("--events", type=int, default=8_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", default=os.environ.get("BENCH_JSON", ""), help="file for every figure")

    def handle(self, *args: Any, **options: Any) -> None:
        figures, writers = Figures(self.stdout.write), options["writers"]
        with databases.temporary() as base, databases.using(base):
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
                fsync, commit = cursor.fetchone()
            self.stdout.write(
                f"{writers} writers, one event a transaction; fsync {fsync}, synchronous_commit {commit}; "
                f"load of the machine before {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
            )
            run = appending.append(writers=writers, each=options["events"] // writers, seed=options["seed"])
            begun = time.monotonic()
            verdict = chain.verify()
            walked = time.monotonic() - begun
        if verdict.problem:
            self.stdout.write(f"BROKEN: {verdict.problem}.")
        # A figure is met when it is at most its target, so speed is told as the time that a thousand events take.
        figures.add("audit: a thousand events", 1000 * run.seconds / run.events, "s", 1000 / LEAST)
        figures.add("audit: appended", run.events / run.seconds, "events/s")
        figures.add("audit: one transaction, p95", run.waits[int(len(run.waits) * 0.95)] * 1000, "ms")
        figures.add("audit: events missing from the chain", run.events - verdict.count, "events", 0)
        figures.add("audit: breaks in the chain", int(bool(verdict.problem)), "breaks", 0)
        figures.add("audit: walked", verdict.count / walked, "events/s")
        self.stdout.write(figures.summary())
        if options["json"]:
            figures.write(Path(options["json"]))
            self.stdout.write(f"Figures: {options['json']}")
