"""``manage.py bench_summary`` (``make bench-summary``): how long does a regional summary take?"""

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from iwg_portal.pages.benchmark import databases, summing
from iwg_portal.pages.benchmark.figures import Figures


class Command(BaseCommand):
    help = "Reads the figures of summaries of 16 and of 193 states, and sets their documents."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", default=os.environ.get("BENCH_JSON", ""), help="file for every figure")

    def handle(self, *args: Any, **options: Any) -> None:
        figures = Figures(self.stdout.write)
        with databases.temporary() as base:
            small, large = databases.copy_of(base, "small"), databases.copy_of(base, "large")
            with databases.using(small):
                summing.measure(16, 4, figures, together=3, pdf=0.5)
            with databases.using(large):
                summing.measure(193, 20, figures, together=15, pdf=None)
        self.stdout.write(figures.summary())
        if options["json"]:
            figures.write(Path(options["json"]))
            self.stdout.write(f"Figures: {options['json']}")
        sys.exit(figures.exit_code())
