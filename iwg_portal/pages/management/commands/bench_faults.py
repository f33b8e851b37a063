"""``manage.py bench_faults`` (``make bench-faults``): is a mail lost, or sent twice, when everything dies?"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from iwg_portal.base.embedded import servers
from iwg_portal.pages.benchmark import faults
from iwg_portal.pages.benchmark.figures import Figures

INSIDE = "IWG_BENCH_FAULTS"  # set for the process that works on the temporary servers
FORGOTTEN = ("DATABASE_URL", "REDIS_URL", "DEBUG", "DEMO")


class Command(BaseCommand):
    help = (
        "Sends 10,000 mails with three workers and two beats while 20 workers are killed, then as many, twice, after "
        "six hours without a mail server. Takes about five minutes."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mails", type=int, default=10_000)
        parser.add_argument("--kills", type=int, default=20)
        parser.add_argument("--outage", type=int, default=10_000, help="mails that wait for six hours, twice")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", default=os.environ.get("BENCH_JSON", ""), help="file for every figure")

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get(INSIDE):
            return self.inside(options)
        # A short name: the path of a Unix socket is limited to about a hundred bytes.
        folder = Path(tempfile.mkdtemp(prefix="iwg-faults-")).resolve()
        environment = {name: value for name, value in os.environ.items() if name not in FORGOTTEN} | {
            INSIDE: str(folder),
            "DATA_DIR": str(folder),
            "IWG_MODE": "test",
            "DJANGO_SETTINGS_MODULE": "iwg_portal.pages.benchmark.faults_settings",
        }
        command = [sys.executable, "manage.py", "bench_faults", *sys.argv[2:]]
        started = servers.Servers(folder)
        try:
            started.enter()
            code = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=False).returncode  # noqa: S603
        finally:
            started.leave()
            started.discard()
        return sys.exit(code)

    def inside(self, options: dict[str, Any]) -> None:
        figures = Figures(self.stdout.write)
        self.stdout.write(f"Seed {options['seed']}: {options['mails']} mails, {options['kills']} × kill -9")
        faults.prepare()
        run = faults.Faults(
            Path(os.environ[INSIDE]),
            figures,
            mails=options["mails"],
            kills=options["kills"],
            outage=options["outage"],
            seed=options["seed"],
        )
        run.run()
        self.stdout.write(figures.summary())
        if options["json"]:
            figures.write(Path(options["json"]))
            self.stdout.write(f"Figures: {options['json']}")
