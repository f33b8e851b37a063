"""A list as a file: its rows as a workbook (XLSX) or a text table (CSV), labelled, for one person, at one moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from iwg_portal.base import marks
from iwg_portal.base.dates import date_format
from iwg_portal.base.spreadsheets import Sheet, write_csv, write_workbook

XLSX, CSV = "xlsx", "csv"
CONTENT_TYPES = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
}
MAX_ROWS = 5_000
# Audiences whose rows anybody of the group may hold: no name stands in the file.
UNNAMED = ("group", "public")


def bearer_of(audience: str, person: str) -> str:
    """Whose name a file of this audience bears: nobody's where the whole group may read all of it."""
    return "" if audience in UNNAMED else person


def file_name(name: str, person: str, at: dt.datetime, ending: str) -> str:
    """What (``name``, in ASCII), for whom, when (the group's day), in ASCII."""
    who = slugify(person)[:60].strip("-") or "person"
    return f"iwg-{name}_{who}_{timezone.localdate(at).isoformat()}.{ending}"


@dataclass(frozen=True)
class Column:
    """``key`` heads the column of a text table, whatever the language; ``heading`` and ``meaning`` are translated."""

    key: str
    heading: str
    meaning: str
    width: int = 14


@dataclass(frozen=True)
class Extract:
    """``name`` begins the file name, in ASCII; ``audience``: the narrowest of the rows; ``person``: for whom it is;
    ``filters``: label and value of what was chosen; ``at``: when the rows were read, aware."""

    name: str
    title: str
    audience: str
    person: str
    at: dt.datetime
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    filters: Sequence[tuple[str, str]] = ()

    @property
    def label(self) -> str:
        return marks.TLP[self.audience][0]

    @property
    def bearer(self) -> str:
        """Whose name the file bears."""
        return bearer_of(self.audience, self.person)

    def file_name(self, kind: str) -> str:
        """What, for whom, when, in ASCII."""
        return file_name(self.name, self.person, self.at, kind)

    def content(self, kind: str) -> bytes:
        """``kind``: ``xlsx`` in the active language, or ``csv``, whose last columns say the label, the bearer, and that
        the rows are invented where they are."""
        if kind == CSV:
            head = [*(column.key for column in self.columns), "label", "exported_for", "demonstration"]
            last = [self.label, self.bearer, "invented" if settings.DEMO else ""]
            return write_csv([head, *([*row, *last] for row in self.rows)])
        heading = [column.heading for column in self.columns]
        widths = [column.width for column in self.columns]
        printed = " · ".join(part for part in (self.label, self.bearer[:60], self._moment) if part)
        sheets = [
            Sheet(_("Data"), [heading, *self.rows], widths=widths, printed=printed),
            Sheet(_("About this file"), self._about(), 0, 1, (28, 90), printed),
        ]
        return write_workbook(sheets, title=self.title, author=self.bearer, comments=printed)

    @property
    def _moment(self) -> str:
        local = timezone.localtime(self.at)
        return f"{date_format(local, 'DATETIME_FORMAT')} {marks.zone(local)}"

    def _about(self) -> list[Sequence[Any]]:
        facts: list[Sequence[Any]] = [
            [self.title],
            [_("Label"), self.label],
            [_("As of"), self._moment],
            *([[_("Made for"), self.bearer]] if self.bearer else []),
            [_("Rows"), len(self.rows)],
            *self.filters,
            *([[_("Demonstration data, invented")]] if settings.DEMO else []),
            [],
        ]
        return [*facts, *([column.heading, column.meaning] for column in self.columns)]
