from typing import Any

from django.core.management.base import BaseCommand

from iwg_portal.summaries.demonstration import release_invented


class Command(BaseCommand):
    help = "Release a named and an aggregated summary of the demonstration's figures, where there is no summary yet."

    def handle(self, *args: Any, **options: Any) -> None:
        released = release_invented()
        if released and options["verbosity"]:
            self.stdout.write(f"{released} summaries released.")
