"""Django's ``migrate``, and afterwards the rights of the role under which the portal works (base.roles)."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand

from iwg_portal.base import roles


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if not (options["plan"] or options["check_unapplied"]) and (problem := roles.grant()):
            self.stderr.write(self.style.WARNING(problem))
