"""``manage.py bench_record`` (``make bench-record``): is a character of a record lost, and how long does a save take?

The hour is written without its pauses, so that the saves of both meet each other more often than in any meeting. The
command ends with 1 where an editor met what should not happen, or where a target is missed.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from iwg_portal.pages.benchmark import databases, load, record
from iwg_portal.pages.benchmark.figures import Figures


class Command(BaseCommand):
    help = "Two editors write an hour's record of 200 blocks while the network is cut and 20 web workers are killed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--minutes", type=float, default=60, help="of writing, at one save in three seconds each")
        parser.add_argument("--blocks", type=int, default=200)
        parser.add_argument("--kills", type=int, default=20)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", default=os.environ.get("BENCH_JSON", ""), help="file for every figure")

    def handle(self, *args: Any, **options: Any) -> None:
        figures = Figures(self.stdout.write)
        minutes, kills, seed = options["minutes"], options["kills"], options["seed"]
        self.stdout.write(f"Seed {seed}: 2 editors × {minutes:g} min, {options['blocks']} blocks, {kills} × kill -9")
        with databases.temporary() as base:
            with databases.using(base):
                meeting, items, cookies = record.fill()
            with load.portal(databases.url(base), databases.redis_url(12)) as server:
                desk = record.Desk(server, meeting, items, options["blocks"])
                started = time.monotonic()
                editors = record.write(desk, cookies, minutes=minutes, kills=kills, seed=seed)
                figures.add("time of the run", time.monotonic() - started, "s")
            with databases.using(base):
                record.judge(desk, editors, figures)
        problems = [f"{editor.name}: {editor.problem}" for editor in editors if editor.problem]
        self.stdout.write("\n".join([*problems, figures.summary()]))
        if options["json"]:
            figures.write(Path(options["json"]))
            self.stdout.write(f"Figures: {options['json']}")
        if code := figures.exit_code(problems):
            sys.exit(code)
