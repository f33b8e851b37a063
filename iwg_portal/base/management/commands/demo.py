"""``manage.py demo``: the portal with invented data, under one command."""

import io
import os
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from iwg_portal.base.management.commands import serve


class Command(BaseCommand):
    help = "Runs the portal with demonstration data, which is loaded at the first start and then kept."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--empty", action="store_true", help="reference data and people, no rounds and no status")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            # manage.py asks for demo mode where the environment does not choose another.
            raise CommandError(
                f"The demonstration does not run with IWG_MODE={settings.MODE}; unset it, or set IWG_MODE=demo."
            )
        serve.run(prepare=lambda: prepare(empty=options["empty"]))


def prepare(*, empty: bool) -> str:
    """Load what is missing into the migrated database; the text that tells a visitor what to do.

    Nothing that is there already is changed. Commands are called by name: this floor knows no app above it.
    """
    call_command("load_reference", verbosity=0)
    loaded, people = io.StringIO(), io.StringIO()
    call_command("load_demonstration", people_only=empty, stdout=loaded)
    call_command("load_summaries", stdout=loaded)
    call_command("list_personas", stdout=people)
    lines = [
        loaded.getvalue().strip(),
        "",
        f"Sign in at {reverse('demo_sign_in')} as one of these, without a passphrase:",
        *(f"  {line}" for line in people.getvalue().splitlines()),
        "",
        f"Data: {settings.DATA_DIR}" if settings.EMBEDDED_DATABASE else "Data: the server of DATABASE_URL",
        f"Stop: Ctrl-C, or kill {os.getpid()}",
    ]
    return "\n".join(lines)
