"""``manage.py bench_reminders`` (``make bench-reminders``): is everybody reminded once, and when?"""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from iwg_portal.pages.benchmark import databases, reminding
from iwg_portal.pages.benchmark.figures import Figures

MOST_SECONDS = 2  # for one run over all candidates


class Command(BaseCommand):
    help = "Simulates a year of reminders hour by hour in six zones, and one run over 100,000 candidates."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people", type=int, default=120)
        parser.add_argument("--actions", type=int, default=600)
        parser.add_argument("--days", type=int, default=365)
        parser.add_argument("--candidates", type=int, default=100_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", default=os.environ.get("BENCH_JSON", ""), help="file for every figure")

    def handle(self, *args: Any, **options: Any) -> None:
        figures, people, seed = Figures(self.stdout.write), options["people"], options["seed"]
        with databases.temporary() as base, databases.using(base):
            reminding.fill(people, seed)
            reminding.add_actions(options["actions"], seed)
            self.stdout.write(f"{people} people in {len(reminding.ZONES)} zones, {options['actions']} action points")
            year = reminding.through_the_year(options["days"])
            figures.add("reminders: steps told", year.reminders, "steps")
            figures.add("reminders: mails", year.mails, "mails")
            figures.add("reminders: steps lost", year.lost, "steps", 0)
            figures.add("reminders: steps told that were not due", year.extra, "steps", 0)
            figures.add("reminders: second mails on one day", year.second_mails, "mails", 0)
            figures.add("reminders: outside 08:00 to 10:00 local", year.wrong_hours, "mails", 0)
            figures.add("reminders: in another language", year.wrong_languages, "mails", 0)
            figures.add("reminders: the year took", year.seconds, "s")
            figures.add("reminders: longest run of the year", year.longest, "s", MOST_SECONDS)
            run = reminding.over_many(options["candidates"], seed)
        figures.add(f"reminders: {run.candidates} candidates, planned", run.first, "s")
        figures.add(f"reminders: {run.candidates} candidates, again", run.again, "s", MOST_SECONDS)
        self.stdout.write(figures.summary())
        if options["json"]:
            figures.write(Path(options["json"]))
            self.stdout.write(f"Figures: {options['json']}")
