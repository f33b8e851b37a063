"""The same import as the page's, for whoever runs the portal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import override

from capabilities.actions.imports import import_rows, refused, would_replace
from capabilities.forms.imports import check_year
from capabilities.forms.workbooks import Workbook, read_workbook
from capabilities.queries import previews
from capabilities.queries.imports import Plan, plan
from iwg_portal.base.spreadsheets import too_large

SHOWN = 100


class Command(BaseCommand):
    help = (
        "Import a status workbook (XLSX or CSV) into a round: all of it, or nothing. Exit code 0: imported, or "
        "nothing to change; 1: refused, with the reasons on standard error."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--round", type=int, required=True, metavar="YEAR", dest="year")
        parser.add_argument("--replace", action="store_true", help="overwrite values that are there and differ")
        parser.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES], default="en")

    def handle(self, *args: Any, **options: Any) -> None:
        with override(options["language"]):
            try:
                check_year(options["year"])
                self._import(options)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error

    def _import(self, options: dict[str, Any]) -> None:
        path, year = options["file"], options["year"]
        book = read_workbook(_content(path), file_name=path.name, year=year)
        for note in book.notes:
            self.stdout.write(note)
        if book.vocabulary is None:
            raise CommandError(str(book.problems[0]))
        found = plan(book.rows, book.vocabulary, book.problems)
        if found.problems:
            self._list([str(problem) for problem in found.problems])
            raise CommandError(refused(found))
        replace = options["replace"] or options["dry_run"]
        self._show(found, every=options["dry_run"] or options["verbosity"] > 1)
        if found.replacements and not replace:
            raise CommandError(f"{would_replace(found)} (--replace)")
        if options["dry_run"]:
            self.stdout.write(previews.sentence(found))
            return
        self.stdout.write(previews.outcome(self._write(book, options)))

    def _write(self, book: Workbook, options: dict[str, Any]) -> Plan:
        return import_rows(
            rows=book.rows,
            problems=book.problems,
            year=options["year"],
            file_name=options["file"].name,
            replace=options["replace"],
            by=None,
            is_demonstration=book.is_demonstration,
        )

    def _show(self, found: Plan, *, every: bool) -> None:
        """What is replaced, always; what is new, where asked for."""
        for state in previews.by_state(found):
            for line in (*state.replaced, *(state.added if every else ())):
                words = {"state": state.name, "label": line.label, "old": line.old, "new": line.new}
                if line.old:
                    text = _("%(state)s, %(label)s: %(old)s → %(new)s") % words
                else:
                    text = _("%(state)s, %(label)s: %(new)s") % words
                self.stdout.write(f"{text} ({line.note})" if line.note else text)

    def _list(self, problems: list[str]) -> None:
        for problem in problems[:SHOWN]:
            self.stderr.write(problem)
        if len(problems) > SHOWN:
            self.stderr.write(
                _("These are the first %(shown)s of %(total)s problems.") % {"shown": SHOWN, "total": len(problems)}
            )


def _content(path: Path) -> bytes:
    """Errors: CommandError. No more than the limit is read: a device has no size and no end."""
    try:
        with path.open("rb") as file:
            content = file.read(settings.MAX_UPLOAD_BYTES + 1)
    except OSError as error:
        raise CommandError(
            _("The file %(path)s cannot be read: %(reason)s.") % {"path": path, "reason": error.strerror}
        ) from error
    if len(content) > settings.MAX_UPLOAD_BYTES:
        raise CommandError(too_large())
    return content
