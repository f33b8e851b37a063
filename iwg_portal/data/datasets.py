"""What a program may read: of each kind of data the columns and rows of the file that a page hands out.

Rows come in the order in which they were entered, so that whoever reads page by page meets each once, also while others
are added. Every source starts from the same ``visible_…`` rows as its page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from capabilities.access import visible_glossary
from capabilities.queries import framework as texts
from iwg_portal.base.extracts import Column
from iwg_portal.pages.compare import Choice
from iwg_portal.pages.files.compare import CompareFile
from iwg_portal.pages.files.glossary import GlossaryFile
from meetings import exports
from meetings.access import action_points as action_access
from meetings.access.decisions import visible_decisions
from meetings.access.lessons import approved_lessons
from meetings.access.meetings import visible_meetings
from meetings.exports.lessons import lesson_list
from meetings.queries import decisions as decision_query
from meetings.queries import lessons as lesson_query
from members.access import Viewer, is_member, visible_member_states, visible_states
from members.enums import Audience, Dataset, ParticipationKind, narrowest
from members.models import State

# The id of the thing that a row comes from, and its place among the rows of that thing.
Key = tuple[int, int]


@dataclass(frozen=True)
class Entry:
    key: Key
    cells: Sequence[Any]
    audience: str


@dataclass(frozen=True)
class Part:
    """``round``: the year of the self-assessment that the rows are from, where they are from one."""

    columns: Sequence[Column]
    entries: Sequence[Entry]
    round: int | None = None


@dataclass(frozen=True)
class Slice:
    """``last``: the key from which on to read further; None where nothing follows."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    audience: Audience
    last: Key | None
    round: int | None


def read(dataset: str, viewer: Viewer, after: Key | None, limit: int) -> Slice:
    """The rows behind ``after``, at most ``limit``. The label is that of the narrowest of them."""
    # Of the first thing all rows may have been read; one thing more than asked for tells whether something follows.
    part = SOURCES[dataset](viewer, after[0] if after else 0, limit + 2)
    left = sorted((e for e in part.entries if after is None or e.key > after), key=lambda entry: entry.key)
    shown = left[:limit]
    audience = narrowest(Audience.GROUP, *(entry.audience for entry in shown))
    return Slice(
        part.columns, [e.cells for e in shown], audience, shown[-1].key if len(left) > limit else None, part.round
    )


def columns(dataset: str, viewer: Viewer) -> Sequence[Column]:
    """In the active language, without a row."""
    return SOURCES[dataset](viewer, 0, 0).columns


def _from(rows: QuerySet[Any], start: int, most: int) -> list[Any]:
    return list(rows.filter(pk__gte=start).order_by("pk")[:most])


def _entries(things: Iterable[Any], rows: Sequence[Sequence[Any]], audience: Callable[[Any], str]) -> list[Entry]:
    """One row of each thing."""
    return [Entry((thing.pk, 0), cells, audience(thing)) for thing, cells in zip(things, rows, strict=True)]


# -- States ------------------------------------------------------------------------------------------------------------


def _states(viewer: Viewer, start: int, most: int) -> Part:
    columns = [
        Column("state", _("State"), _("Its name, in the language of the answer.")),
        Column("formal_name", _("Formal name"), _("Its name in full.")),
        Column("alpha2", _("Code of two letters"), _("ISO 3166-1.")),
        Column("alpha3", _("Code of three letters"), _("ISO 3166-1.")),
        Column("m49", _("Code of three digits"), _("United Nations M49.")),
        Column("takes_part_as", _("Takes part as"), _("Member state or observer state.")),
    ]
    kinds = {True: ParticipationKind.MEMBER, False: ParticipationKind.OBSERVER}
    states = _from(is_member(visible_states(viewer), timezone.localdate()), start, most)
    rows = [[s.name, s.formal_name, s.alpha2, s.alpha3, s.m49, str(kinds[s.is_member].label)] for s in states]
    return Part(columns, _entries(states, rows, lambda _state: Audience.GROUP))


class _SideBySide(CompareFile):
    """The comparison of as many states as are asked for. A column for each indicator, also where none is declared: two
    parts of the same data have the same columns."""

    least, most = 1, 10_000

    def __init__(self, viewer: Viewer, states: Sequence[State]) -> None:
        choice = Choice(tuple(state.alpha2 for state in states))
        super().__init__(viewer, choice, timezone.localdate())

    @property
    def _areas(self) -> list[tuple[texts.AreaText, list[texts.IndicatorText]]]:
        return (
            [(area, list(area.in_scope(self.choice.scope))) for area in self.framework.areas] if self.framework else []
        )


def _statuses(viewer: Viewer, start: int, most: int) -> Part:
    file = _SideBySide(viewer, _from(visible_member_states(viewer), start, most))
    sheet = file.status_sheet()
    entries = []
    for (place, state), cells in zip(
        ((place, state) for place, _kind in enumerate(file.kinds) for state in file.states), sheet.rows, strict=True
    ):
        status = file.status.get((state.pk, file.kinds[place]))
        entries.append(Entry((state.pk, place), cells, status.audience if status else Audience.GROUP))
    return Part(sheet.columns, entries)


def _answers(viewer: Viewer, start: int, most: int) -> Part:
    file = _SideBySide(viewer, _from(visible_member_states(viewer), start, most))
    table = file.extract(person="")
    titles = {indicator.code: indicator.title for _area, indicators in file._areas for indicator in indicators}
    columns = [Column(one.key, _(one.key), titles.get(one.key, "")) for one in table.columns]
    return Part(
        columns,
        _entries(file.states, table.rows, lambda _state: file.audience),
        file.round.year if file.round else None,
    )


def _indicators(viewer: Viewer, start: int, most: int) -> Part:
    columns = [
        Column("indicator", _("Indicator"), _("Its code in the framework.")),
        Column("title", _("Title"), _("Of the indicator.")),
        Column("area", _("Area"), _("Of the group’s framework.")),
    ]
    edition = texts.newest_edition() if viewer.in_group else None
    areas = texts.framework(edition).areas if edition else ()
    found = sorted((one.id, [one.code, one.title, area.title]) for area in areas for one in area.indicators)
    entries = [Entry((pk, 0), cells, Audience.GROUP) for pk, cells in found if pk >= start]
    return Part(columns, entries[:most])


# -- Meetings ----------------------------------------------------------------------------------------------------------


def _decisions(viewer: Viewer, start: int, most: int) -> Part:
    visible = visible_decisions(viewer)
    rows = _from(decision_query.with_facts(visible), start, most)
    readable = decision_query.numbers_of_successors(visible, rows)
    file = exports.decision_register(rows, readable, person="", filters=())
    return Part(file.columns, _entries(rows, file.rows, lambda found: found.record.audience))


def _action_points(viewer: Viewer, start: int, most: int) -> Part:
    """A row for each owner."""
    owners = action_access.owners_within().select_related("state", "organisation").order_by("pk")
    rows = action_access.visible_actions(viewer).select_related("block", "record__meeting__group")
    found = _from(rows.prefetch_related(Prefetch("owners", owners, to_attr="rows")), start, most)
    file = exports.action_register(found, timezone.localdate(), person="", filters=())
    keyed = [(one, (one.pk, owner.pk if owner else 0)) for one in found for owner in one.rows or [None]]
    entries = [Entry(key, cells, one.record.audience) for (one, key), cells in zip(keyed, file.rows, strict=True)]
    return Part(file.columns, entries)


def _meetings(viewer: Viewer, start: int, most: int) -> Part:
    rows = _from(visible_meetings(viewer).select_related("group", "host"), start, most)
    file = exports.meeting_list(rows, person="")
    return Part(file.columns, _entries(rows, file.rows, lambda meeting: meeting.audience))


def _lessons(viewer: Viewer, start: int, most: int) -> Part:
    rows = lesson_query.newest_first(approved_lessons(viewer), lesson_query.PUBLISHED, whole=True)
    found = _from(rows.prefetch_related("indicators"), start, most)
    file = lesson_list(found, person="", filters=())
    return Part(file.columns, _entries(found, file.rows, lambda lesson: lesson.audience))


def _glossary(viewer: Viewer, start: int, most: int) -> Part:
    ids = dict(visible_glossary(viewer).values_list("key", "pk"))
    file = GlossaryFile(viewer, "").extract(person="")
    keyed = sorted(((ids[cells[0]], cells) for cells in file.rows if ids[cells[0]] >= start), key=lambda pair: pair[0])
    return Part(file.columns, [Entry((pk, 0), cells, Audience.GROUP) for pk, cells in keyed[:most]])


Source = Callable[[Viewer, int, int], Part]
# Each takes the viewer, the id from which on to read, and of how many things at most.
SOURCES: dict[str, Source] = {
    Dataset.STATES: _states,
    Dataset.STATUSES: _statuses,
    Dataset.ANSWERS: _answers,
    Dataset.INDICATORS: _indicators,
    Dataset.DECISIONS: _decisions,
    Dataset.ACTION_POINTS: _action_points,
    Dataset.MEETINGS: _meetings,
    Dataset.LESSONS: _lessons,
    Dataset.GLOSSARY: _glossary,
}


def plain(value: Any) -> Any:
    """A cell as JSON has it: days and moments in ISO 8601, moments with their zone; an empty text is null."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return None if value == "" else value
