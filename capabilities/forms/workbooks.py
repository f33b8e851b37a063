"""A status workbook: bytes → rows and problems. Shape and validity only; nothing is compared with the database."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from capabilities.enums import StatusKind
from capabilities.forms import cells, headings
from capabilities.forms.cells import CellProblem
from capabilities.forms.headings import NOTE, SOURCE, STATE, Headings
from capabilities.queries.imports import Problem, Stated, StateRow, Value
from capabilities.queries.workbooks import Vocabulary, vocabulary
from iwg_portal.base.spreadsheets import Row, SpreadsheetProblem, Table, read_table
from iwg_portal.base.uploads import detector, texts

# A sheet of the largest size that is wrong throughout has 400,000 problems: a minute’s work, and nobody reads them.
MAX_PROBLEMS = 500
_YEAR = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])")
_DEMONSTRATION = re.compile(r"demonstration data|données de démonstration|dados de demonstração", re.IGNORECASE)


@dataclass(frozen=True)
class Workbook:
    """What a file says for one round. ``notes``: sentences that the reader should know but that prevent nothing."""

    vocabulary: Vocabulary | None
    rows: list[StateRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_demonstration: bool = False
    # False: the file is no table at all, so that not even a preview makes sense.
    readable: bool = True
    # The name of the detector that found passenger data in it; then it is not readable either.
    detector: str = ""


def read_workbook(content: bytes, *, file_name: str, year: int) -> Workbook:
    """Every row and every problem at once, in the active language. Never raises for what a file holds."""
    words = vocabulary(year)
    if words is None:
        return Workbook(
            None, problems=[Problem(_("The framework is not loaded; run “manage.py load_reference” first."))]
        )
    try:
        table = read_table(content, file_name, lambda values: headings.score(values, words))
    except SpreadsheetProblem as problem:
        return Workbook(words, problems=[Problem(str(problem))], readable=False)
    passengers = detector.find(texts.of_table(content))
    if passengers:
        return Workbook(words, problems=[Problem(passengers.sentence)], readable=False, detector=passengers.name)
    columns, problems = headings.find(table, words)
    if columns is None:
        return Workbook(words, problems=problems)
    title = [str(v) for number, values in table.rows if number < columns.row for v in values if v is not None]
    book = Workbook(
        words,
        problems=problems,
        notes=_notes(table, title, year),
        is_demonstration=bool(_DEMONSTRATION.search(" ".join(title))),
    )
    if STATE not in columns.columns.values():
        return book
    _Reader(columns, words, book).read([row for row in table.rows if row[0] > columns.row])
    return book


def _notes(table: Table, title: list[str], year: int) -> list[str]:
    notes = []
    if table.others:
        notes.append(
            _("The sheet “%(sheet)s” was read; these sheets were not: %(others)s.")
            % {"sheet": table.sheet, "others": ", ".join(table.others)}
        )
    years = {int(found) for text in title for found in _YEAR.findall(text)}
    if years and year not in years:
        notes.append(
            _("The title of the sheet names %(years)s, but you are importing into the round %(year)s.")
            % {"years": ", ".join(str(found) for found in sorted(years)), "year": year}
        )
    return notes


class _Reader:
    """Row after row into ``book``."""

    def __init__(self, columns: Headings, words: Vocabulary, book: Workbook) -> None:
        self.columns = columns
        self.words = words
        self.book = book
        self.places = {key: place for place, key in columns.columns.items()}
        self.seen: dict[int, int] = {}

    def read(self, rows: list[Row]) -> None:
        stop: Problem | None = None
        for number, values in rows:
            if len(self.book.problems) >= MAX_PROBLEMS:
                text = _("reading stopped here, after %(count)s problems; correct them first.")
                stop = Problem(text % {"count": len(self.book.problems)}, number)
                break
            if all(cells.is_empty(value) for value in values):
                continue
            row = self._row(number, values)
            if row is not None:
                self.book.rows.append(row)
        self.book.problems.sort(key=lambda problem: (problem.row or 0, len(problem.letter), problem.letter))
        if stop is not None:
            self.book.problems.append(stop)
        if not self.book.rows and not self.book.problems:
            self.book.notes.append(_("The table has headings but no rows."))

    def _row(self, number: int, values: list[Any]) -> StateRow | None:
        state_id = self._state(number, values)
        self._strays(number, values)
        statuses = {}
        source = self._text(number, values, SOURCE, cells.MAX_SOURCE)
        for kind in StatusKind:
            stated = self._status(number, values, str(kind), source)
            if stated is not None:
                statuses[str(kind)] = stated
        answers: dict[int, Value] = {}
        for place, indicator_id in self.columns.indicators.items():
            value = self._cell(number, values, place, cells.level)
            if value is not None:
                answers[indicator_id] = value
        note = self._text(number, values, NOTE, cells.MAX_NOTE, lines=True)
        if state_id is None:
            return None
        return StateRow(number, state_id, answers, statuses, source, note)

    def _state(self, number: int, values: list[Any]) -> int | None:
        place = self.places[STATE]
        value = values[place] if place < len(values) else None
        try:
            cells.check(value)
            state_id = self._known_state("" if cells.is_empty(value) else cells.shown(value, 300), number)
        except CellProblem as problem:
            self._problem(number, place, str(problem))
            return None
        if state_id in self.seen:
            self._problem(
                number,
                place,
                _("%(state)s already stands in row %(row)s; keep one row for each state.")
                % {"state": self.words.names[state_id], "row": self.seen[state_id]},
            )
            return None
        self.seen[state_id] = number
        return state_id

    def _known_state(self, text: str, number: int) -> int:
        if not text:
            raise CellProblem(_("the row has values but names no state; name it or empty the row."))
        state_id = self.words.state(text)
        if state_id is None:
            closest = self.words.closest(text)
            if closest:
                raise CellProblem(
                    _("the state “%(text)s” is not known; perhaps %(suggestion)s is meant.")
                    % {"text": cells.shown(text), "suggestion": closest}
                )
            raise CellProblem(
                _(
                    "the state “%(text)s” is not known; write its code of two or three letters or its name in "
                    "English, French or Portuguese."
                )
                % {"text": cells.shown(text)}
            )
        if state_id not in self.words.members:
            raise CellProblem(
                _("%(state)s is not a member state in this round (%(date)s); delete the row.")
                % {
                    "state": self.words.names[state_id],
                    "date": cells.words(self.words.reference_date),
                }
            )
        return state_id

    def _status(self, number: int, values: list[Any], kind: str, source: str) -> Stated | None:
        axes = (("legal", "legal"), ("delivery", kind))
        places = {part: self.places.get((kind, part)) for part in ("legal", "delivery", "since")}
        given = {part: place for part, place in places.items() if self._is_given(values, place)}
        if not given:
            return None
        codes = {}
        for part, axis in axes:
            if part in given:
                codes[part] = self._cell(
                    number, values, given[part], lambda value, axis=axis: cells.step(value, axis, self.words)
                )
        since = None
        if "since" in given:
            since = self._cell(number, values, given["since"], lambda value: cells.day(value, self.words))
        if len(codes) < 2:
            self._incomplete(number, codes, given, places)
            return None
        if codes["legal"] is None or codes["delivery"] is None:
            return None
        return Stated(codes["legal"], codes["delivery"], since, source)

    def _incomplete(self, number: int, codes: dict, given: dict, places: dict) -> None:
        if not codes:
            text = _("there is a date but no status; write the legal and the delivery step too, or empty the cell.")
            self._problem(number, given["since"], text)
            return
        if "legal" in codes:
            text = _("the legal step is given but the delivery step is missing; write both or neither.")
        else:
            text = _("the delivery step is given but the legal step is missing; write both or neither.")
        missing = places["delivery" if "legal" in codes else "legal"]
        self._problem(number, given[next(iter(codes))] if missing is None else missing, text)

    def _is_given(self, values: list[Any], place: int | None) -> bool:
        return place is not None and place < len(values) and not cells.is_empty(values[place])

    def _text(self, number: int, values: list[Any], key: str, limit: int, *, lines: bool = False) -> str:
        place = self.places.get(key)
        if place is None:
            return ""
        return self._cell(number, values, place, lambda value: cells.text(value, limit, lines=lines)) or ""

    def _cell(self, number: int, values: list[Any], place: int, parse: Callable[[Any], Any]) -> Any:
        """The parsed value; None where the cell is empty or wrong (then with a problem)."""
        if not self._is_given(values, place):
            return None
        try:
            return parse(values[place])
        except CellProblem as problem:
            self._problem(number, place, str(problem))
            return None

    def _strays(self, number: int, values: list[Any]) -> None:
        """A value under no heading would be lost without a word."""
        for place, value in enumerate(values):
            if place not in self.columns.texts and not cells.is_empty(value):
                self._problem(
                    number, place, _("the value stands under no heading; give the column a heading or empty it.")
                )

    def _problem(self, number: int, place: int, text: str) -> None:
        self.book.problems.append(self.columns.problem(text, number, place))
