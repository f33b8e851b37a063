"""Text tables (CSV): written so that spreadsheets run nothing in them, and read back as what was typed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

# Where a spreadsheet takes another sign than the comma for the end of a cell, a new one begins within the text.
_FORMULA = re.compile(r"(^\s*|[;\t]\s*)('*)([=+\-@])")
_BLANK = re.compile(r"'*[\t\r]")


def write_csv(rows: Iterable[Sequence[Any]], separator: str = ",") -> bytes:
    """A text table that spreadsheets open with their accents right and without running anything in it."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=separator)
    for row in rows:
        writer.writerow([_quoted(cell) for cell in row])
    return target.getvalue().encode("utf-8-sig")


def _quoted(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    # One apostrophe more than it may have of its own, so that ``unquoted`` gives back the very same text.
    cell = _FORMULA.sub(r"\1'\2\3", cell)
    return "'" + cell if _BLANK.match(cell) else cell


def unquoted(cell: str) -> str | None:
    """Without the apostrophes that ``write_csv`` and spreadsheets put before what looks like a formula; None for a
    blank cell."""
    plain = cell[1:] if cell.startswith("'") and _BLANK.match(cell) else cell
    plain = _FORMULA.sub(lambda found: found[1] + found[2][1:] + found[3], plain)
    return plain if plain.strip() else None
