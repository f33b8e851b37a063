"""``manage.py messages``: bring the three catalogues up to date with the texts in code and templates."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import makemessages

from iwg_portal.base import translations


class Command(makemessages.Command):
    help = "Updates iwg_portal/locale/<language>/LC_MESSAGES/django.po; new texts are left empty for the translator."
    requires_system_checks: list[str] = []
    # A guessed translation is worse than none: it looks finished.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--locale", "-l", action="append", choices=translations.LANGUAGES)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            translations.require_gettext()
        except translations.MissingGettext as problem:
            raise CommandError(str(problem)) from None
        os.chdir(settings.BASE_DIR)
        languages = options["locale"] or list(translations.LANGUAGES)
        for language in languages:
            translations.path(settings.BASE_DIR, language).parent.mkdir(parents=True, exist_ok=True)
        super().handle(
            locale=languages,
            exclude=[],
            domain="django",
            verbosity=options["verbosity"],
            all=False,
            extensions=["html", "txt", "py"],
            symlinks=False,
            ignore_patterns=[*translations.NOT_OURS, *(f"{name}/*" for name in translations.NOT_OURS)],
            use_default_ignore_patterns=True,
            no_wrap=False,
            no_location=True,
            # Line numbers would change with every edit above a text.
            add_location=None,
            no_obsolete=True,
            keep_pot=False,
            **{name: options[name] for name in ("settings", "pythonpath", "traceback", "no_color", "force_color")},
        )
        for language in languages:
            translations.write_header(translations.path(settings.BASE_DIR, language), language)
