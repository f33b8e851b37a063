"""The value of one cell: a level, a step of a ladder, a date, a text. Whatever else it holds is a CellProblem."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from typing import Any

from django.utils.translation import gettext as _

from capabilities.enums import AnswerKind
from capabilities.queries.imports import Value
from capabilities.queries.workbooks import Vocabulary, squeeze
from iwg_portal.base.dates import date_format
from iwg_portal.base.spreadsheets import Missing

EARLIEST = dt.date(1990, 1, 1)
MAX_SOURCE = MAX_REASON = 300
MAX_NOTE = 2_000
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#BUSY!"})
_NOT_DECLARED = frozenset({"nd", "notdeclared", "nondeclare", "nondeclaree", "naodeclarado", "naodeclarada"})
_NOT_APPLICABLE = frozenset({"na", "notapplicable", "so", "sansobjet", "nonapplicable", "naoaplicavel", "naoseaplica"})
_DIGITS = re.compile(r"[+-]?[0-9]{1,6}(?:[.,][0-9]{1,6})?")
_DAY = re.compile(r"(?:([0-9]{4})-([0-9]{2})-([0-9]{2}))|(?:([0-9]{1,2})([/.])([0-9]{1,2})\5([0-9]{4}))")
# Characters that nobody types and that could disguise a text: controls except line ends, marks that turn its direction.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class CellProblem(Exception):
    """The text goes on from "Row 7, column X (TEC-3): "."""


def is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def check(value: Any) -> None:
    """What no column accepts. Errors: CellProblem."""
    if isinstance(value, Missing):
        raise CellProblem(
            _("the formula has no stored result; open the workbook in a spreadsheet program and save it again.")
        )
    if isinstance(value, str) and value.strip().upper() in _ERRORS:
        raise CellProblem(
            _("the formula gives the error %(error)s; correct it or write the value.") % {"error": value.strip()}
        )


def level(value: Any) -> Value:
    """A whole number 0–4, ``ND``, or ``NA: reason``."""
    check(value)
    if isinstance(value, str):
        return _level_in_words(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CellProblem(_not_a_level(shown(value)))
    return _level(value, shown(value))


def _level(number: float, text: str) -> Value:
    if not math.isfinite(number) or number != int(number) or not 0 <= number <= 4:
        raise CellProblem(
            _("the level %(level)s does not exist; write a whole number from 0 to 4, ND, or NA: with the reason.")
            % {"level": text}
        )
    return AnswerKind.LEVEL.value, int(number), ""


def _level_in_words(text: str) -> Value:
    if _DIGITS.fullmatch(text):
        return _level(float(text.replace(",", ".")), text)
    if is_not_declared(text):
        return AnswerKind.NOT_DECLARED.value, None, ""
    head, separator, reason = text.partition(":")
    if squeeze(head) in _NOT_APPLICABLE:
        reason = " ".join(reason.split())
        if not reason:
            raise CellProblem(_("NA needs the reason; write it after a colon, such as “NA: no sea port”."))
        return AnswerKind.NOT_APPLICABLE.value, None, checked_text(reason, MAX_REASON)
    raise CellProblem(_not_a_level(shown(text)))


def is_not_declared(text: str) -> bool:
    return squeeze(text) in _NOT_DECLARED


def _not_a_level(text: str) -> str:
    return _("“%(value)s” is not a level; write a whole number from 0 to 4, ND, or NA: with the reason.") % {
        "value": text
    }


def step(value: Any, axis: str, vocabulary: Vocabulary) -> str:
    """A code of the axis (``legal``, ``advpax`` or ``pnr``), or its label in any language."""
    check(value)
    if isinstance(value, str):
        if is_not_declared(value):
            return "nd"
        code = vocabulary.words.get((axis, squeeze(value)))
        if code:
            return code
    raise CellProblem(
        _("“%(value)s” is not known here; write one of %(codes)s.")
        % {"value": shown(value), "codes": ", ".join(c.upper() if c == "nd" else c for c in vocabulary.codes[axis])}
    )


def day(value: Any, vocabulary: Vocabulary) -> dt.date:
    """A calendar day from 1990 to the round's reference date."""
    check(value)
    found = _day(value)
    if found < EARLIEST:
        raise CellProblem(
            _("the date %(date)s lies before 1990; correct it, or empty the cell where no date is known.")
            % {"date": words(found)}
        )
    if found > vocabulary.today:
        raise CellProblem(
            _("the date %(date)s lies in the future; write the day from which the status has held.")
            % {"date": words(found)}
        )
    if found > vocabulary.reference_date:
        raise CellProblem(
            _("the date %(date)s lies after %(reference)s, the day to which this round refers.")
            % {"date": words(found), "reference": words(vocabulary.reference_date)}
        )
    return found


def _day(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        if value.time() != dt.time(0):
            raise CellProblem(_("the cell holds a time of day as well; write the date alone, such as 2024-03-17."))
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, dt.time):
        if value == dt.time(0):
            # Excel's day zero: an empty date that a formula or a paste has made a number.
            raise CellProblem(_("the date lies in 1899 (an empty date of Excel); write the date or empty the cell."))
        raise CellProblem(_("the cell holds a time of day, not a date; write a date such as 2024-03-17."))
    if isinstance(value, str):
        parts = _DAY.fullmatch(value.strip())
        if parts:
            year, month, date, first, _separator, second, last = parts.groups()
            numbers = (year, month, date) if year else (last, second, first)
            try:
                return dt.date(*(int(number) for number in numbers))
            except ValueError:
                pass
    raise CellProblem(
        _("“%(value)s” is not a date; write a date such as 2024-03-17 or 17/03/2024 (day, month, year).")
        % {"value": shown(value)}
    )


def text(value: Any, limit: int, *, lines: bool = False) -> str:
    """A text of at most ``limit`` characters, on one line unless ``lines``. Numbers and dates become their text."""
    check(value)
    if isinstance(value, str):
        plain = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
    else:
        plain = shown(value, limit + 1)
    checked_text(plain, limit)
    return plain if lines else " ".join(plain.split())


def checked_text(plain: str, limit: int) -> str:
    """Errors: CellProblem where the text is too long or holds characters that are not text."""
    if len(plain) > limit:
        raise CellProblem(
            _("the text has %(count)s characters; at most %(limit)s fit.") % {"count": len(plain), "limit": limit}
        )
    if any((unicodedata.category(c) in ("Cc", "Cs") and c != "\n") or c in _TURNS for c in plain):
        raise CellProblem(_("the text holds control characters, which are not text; type it anew."))
    return plain


def shown(value: Any, limit: int = 40) -> str:
    """A value as it may be repeated in a sentence: short, on one line, without control characters."""
    if isinstance(value, dt.date):
        value = words(value)
    elif isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        value = int(value)
    plain = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def words(value: dt.date) -> str:
    return date_format(value, "DATE_FORMAT")
