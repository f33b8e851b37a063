"""What a workbook would change: its rows compared with what the portal holds for that round. Writes nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from capabilities.models import Answer, Assessment, RoundNote, StatusReport
from capabilities.queries.workbooks import Vocabulary
from members.enums import Audience

Value = tuple[str, int | None, str]  # kind of answer, level, reason


@dataclass(frozen=True)
class Stated:
    """A status in the workbook or in the portal. ``source`` "" in a workbook: not stated."""

    legal: str
    delivery: str
    since: dt.date | None
    source: str = ""


@dataclass(frozen=True)
class StateRow:
    """One row of the workbook. Empty cells are absent: no key, "" or None."""

    row: int
    state_id: int
    answers: dict[int, Value] = field(default_factory=dict)
    statuses: dict[str, Stated] = field(default_factory=dict)
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class Problem:
    """Why nothing can be imported, and where. ``letter`` and ``heading`` of the column may be ""."""

    text: str
    row: int | None = None
    letter: str = ""
    heading: str = ""

    @property
    def column(self) -> str:
        return f"{self.letter} ({self.heading})" if self.heading else self.letter

    @property
    def message(self) -> str:
        """The text as a sentence of its own, for a table that has columns for the place."""
        return self.text[:1].upper() + self.text[1:]

    def __str__(self) -> str:
        if self.row is None:
            return self.message
        if self.column:
            return _("Row %(row)s, column %(column)s: %(problem)s") % {
                "row": self.row,
                "column": self.column,
                "problem": self.text,
            }
        return _("Row %(row)s: %(problem)s") % {"row": self.row, "problem": self.text}


@dataclass(frozen=True)
class Change:
    """One value. ``part``: ``answer`` (key: indicator id), ``status`` (key: kind), ``source`` or ``note`` (no key).

    ``old`` is None where the portal holds nothing; else the change overwrites and needs the tick "replace".
    """

    row: int
    state_id: int
    part: str
    key: int | str
    old: Any
    new: Any

    @property
    def replaces(self) -> bool:
        return self.old is not None


@dataclass(frozen=True)
class Plan:
    """Every change, or every problem that prevents them; with problems there is nothing to apply."""

    vocabulary: Vocabulary
    changes: tuple[Change, ...]
    unchanged: int
    problems: tuple[Problem, ...]

    @property
    def creates_round(self) -> bool:
        return self.vocabulary.round_id is None and bool(self.changes)

    @property
    def additions(self) -> list[Change]:
        return [change for change in self.changes if not change.replaces]

    @property
    def replacements(self) -> list[Change]:
        return [change for change in self.changes if change.replaces]

    @property
    def digest(self) -> str:
        """Equal for equal plans, whatever the language: what a confirmation refers to."""
        parts = [(c.state_id, c.part, c.key, c.old, c.new) for c in self.changes]
        return hashlib.sha256(repr((self.vocabulary.year, parts)).encode()).hexdigest()


def plan(rows: Sequence[StateRow], vocabulary: Vocabulary, problems: Sequence[Problem] = ()) -> Plan:
    """Compare. Four queries at any number of rows.

    Answers and reports that only a delegation may see (drafts) are never compared: they would show in the plan.
    Such a row is a problem.
    """
    held = _Held(vocabulary)
    found = list(problems)
    changes: list[Change] = []
    unchanged = 0
    for row in rows:
        if row.answers and held.keeps_back(row):
            found.append(Problem(_closed(vocabulary.names[row.state_id]), row.row))
            continue
        for part, key, old, new, equal in _compare(row, held):
            if equal:
                unchanged += 1
            else:
                changes.append(Change(row.row, row.state_id, part, key, old, new))
    return Plan(vocabulary, () if found else tuple(changes), unchanged, tuple(found))


def _closed(state: str) -> str:
    return _(
        "%(state)s has answers of its own in this round that it has not shared; they are not overwritten. "
        "Delete the levels of this row or ask its focal point."
    ) % {"state": state}


class _Held:
    """What the portal holds for the round, by state."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.answers: dict[tuple[int, int], Value] = {}
        self.sources: dict[int, str] = {}
        self.closed: set[int] = set()
        self.kept_back: set[tuple[int, int]] = set()
        self.reports: dict[tuple[int, str], Stated] = {}
        self.notes: dict[int, str] = {}
        self._read_reports()
        if vocabulary.round_id is not None:
            self._read_round(vocabulary.round_id)

    def keeps_back(self, row: StateRow) -> bool:
        """The row would overwrite what only its delegation reads."""
        return row.state_id in self.closed or any((row.state_id, pk) in self.kept_back for pk in row.answers)

    def _read_round(self, round_id: int) -> None:
        assessments = Assessment.objects.filter(round=round_id)
        for state_id, audience, source in assessments.values_list("state_id", "audience", "source"):
            if audience == Audience.DELEGATION:
                self.closed.add(state_id)
            else:
                self.sources[state_id] = source
        answers = Answer.objects.filter(assessment__round=round_id).values_list(
            "assessment__state_id", "indicator_id", "audience", "kind", "level", "reason"
        )
        for state_id, indicator_id, audience, kind, level, reason in answers:
            if audience == Audience.DELEGATION:
                self.kept_back.add((state_id, indicator_id))
            else:
                self.answers[state_id, indicator_id] = (kind, level, reason)
        self.notes = dict(RoundNote.objects.filter(round=round_id).values_list("state_id", "text"))

    def _read_reports(self) -> None:
        """The round's own report counts; without one, a report that a state made for the very reference day."""
        rows: Any = (
            StatusReport.objects.filter(
                Q(round=self.vocabulary.round_id, round__isnull=False)
                | Q(round=None, as_of=self.vocabulary.reference_date)
            )
            .exclude(audience=Audience.DELEGATION)
            .order_by("id")
            .values_list("state_id", "kind", "round_id", "legal", "delivery", "since", "source")
        )
        own: set[tuple[int, str]] = set()
        for state_id, kind, round_id, legal, delivery, since, source in rows:
            if round_id is None and (state_id, kind) in own:
                continue
            if round_id is not None:
                own.add((state_id, kind))
            self.reports[state_id, kind] = Stated(legal, delivery, since, source)


def _compare(row: StateRow, held: _Held) -> list[tuple[str, int | str, Any, Any, bool]]:
    """(part, key, old, new, equal) of each value that the row states."""
    found: list[tuple[str, int | str, Any, Any, bool]] = []
    for kind, stated in row.statuses.items():
        old = held.reports.get((row.state_id, kind))
        new = _continued(stated, old)
        found.append(("status", kind, old, new, _plain(old) == _plain(new)))
    for indicator_id, value in row.answers.items():
        before = held.answers.get((row.state_id, indicator_id))
        found.append(("answer", indicator_id, before, value, _plain(before) == _plain(value)))
    if row.source and row.answers:
        source = held.sources.get(row.state_id) or None
        found.append(("source", "", source, row.source, _plain(source) == _plain(row.source)))
    if row.note:
        note = held.notes.get(row.state_id)
        found.append(("note", "", note, row.note, note == row.note))
    return found


def _plain(value: Any) -> Any:
    """Without what a cell of a table does not keep: its texts stand on one line. So a table that was handed out says
    nothing new when it comes back."""
    if isinstance(value, Stated):
        value = astuple(value)
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    return " ".join(value.split()) if isinstance(value, str) else value


def _continued(stated: Stated, old: Stated | None) -> Stated:
    """An empty cell changes nothing: date and source of the same status stay; another status has its own."""
    if old is None or (stated.legal, stated.delivery) != (old.legal, old.delivery):
        return stated
    return Stated(stated.legal, stated.delivery, stated.since or old.since, stated.source or old.source)
