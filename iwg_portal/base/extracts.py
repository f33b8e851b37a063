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
from iwg_portal.base.spreadsheets import Sheet, write_workbook
from iwg_portal.base.text_tables import write_csv

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


def row_label() -> Column:
    """Of a list whose rows are not for the same readers: ``members.enums.TLP`` of each."""
    return Column(
        "row_label", _("Label of the row"), _("Who may read this row, by the Traffic Light Protocol 2.0."), 20
    )


@dataclass(frozen=True)
class Table:
    """One sheet of a workbook: ``name`` in the active language, at most 31 signs."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Book:
    """Several tables as one workbook. ``name`` begins the file name, in ASCII; ``audience``: the narrowest of the rows;
    ``person``: for whom it is; ``filters``: label and value of what was chosen; ``at``: when they were read, aware."""

    name: str
    title: str
    audience: str
    person: str
    at: dt.datetime
    tables: Sequence[Table]
    filters: Sequence[tuple[str, str]] = ()

    @property
    def label(self) -> str:
        return marks.TLP[self.audience][0]

    @property
    def bearer(self) -> str:
        """Whose name the file bears."""
        return bearer_of(self.audience, self.person)

    @property
    def rows(self) -> list[Sequence[Any]]:
        return [row for table in self.tables for row in table.rows]

    def file_name(self, kind: str) -> str:
        """What, for whom, when, in ASCII."""
        return file_name(self.name, self.person, self.at, kind)

    def content(self, kind: str = XLSX) -> bytes:
        """XLSX in the active language, whose last sheet says what it is, for whom, and what each column means."""
        printed = " · ".join(part for part in (self.label, self.bearer[:60]) if part)
        foot = (self._moment, "")
        sheets = [
            Sheet(
                table.name,
                [[column.heading for column in table.columns], *table.rows],
                widths=[column.width for column in table.columns],
                printed=printed,
                foot=foot,
            )
            for table in self.tables
        ]
        about = Sheet(_("About this file"), self._about(), 0, 1, (28, 90), printed, foot=foot)
        comments = f"{printed} · {self._moment}"
        return write_workbook([*sheets, about], title=self.title, author=self.bearer, comments=comments)

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
        several = len(self.tables) > 1
        for table in self.tables:
            facts += [[table.name]] if several else []
            facts += [[column.heading, column.meaning] for column in table.columns]
        return facts


@dataclass(frozen=True)
class Extract:
    """One table, as a workbook or as text; fields as of a ``Book``."""

    name: str
    title: str
    audience: str
    person: str
    at: dt.datetime
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    filters: Sequence[tuple[str, str]] = ()

    @property
    def book(self) -> Book:
        table = Table(_("Data"), self.columns, self.rows)
        return Book(self.name, self.title, self.audience, self.person, self.at, [table], self.filters)

    @property
    def label(self) -> str:
        return self.book.label

    @property
    def bearer(self) -> str:
        return self.book.bearer

    def file_name(self, kind: str) -> str:
        return self.book.file_name(kind)

    def content(self, kind: str) -> bytes:
        """``kind``: ``xlsx`` in the active language, or ``csv``, whose last columns say the label, the bearer, and that
        the rows are invented where they are. A table without rows has one that says nothing else."""
        if kind != CSV:
            return self.book.content()
        head = [*(column.key for column in self.columns), "label", "exported_for", "demonstration"]
        last = [self.label, self.bearer, "invented" if settings.DEMO else ""]
        rows = self.rows or [[""] * len(self.columns)]
        return write_csv([head, *([*row, *last] for row in rows)])
