from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from iwg_portal.base import catalogues


class Command(BaseCommand):
    help = "Compiles the translators’ files (.po) where the compiled one is missing or older; needs no GNU gettext."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="Compile all of them.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            written = catalogues.compile_all(options["force"])
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from None
        if options["verbosity"]:
            for file in written:
                self.stdout.write(str(file))
