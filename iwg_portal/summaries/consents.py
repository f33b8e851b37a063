"""What a named summary tells of whom, fact by fact: asked again before it goes further, and before the next one says
what it said.

A fact is a tuple of words: ("status", state, kind, step, day), ("level", state, area, year, mean), ("median", area,
year, id of a contributing state), ("lesson", id), ("origin", id of a lesson, state), ("decision", id) or ("record", id
of one whose decisions or action points are counted). States are alpha-2 codes, days ISO dates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from capabilities import access as capability_access
from capabilities.models import HEADLINE, Round
from capabilities.queries import framework as texts
from capabilities.queries import region as query
from capabilities.queries.releases import named as named_uses
from capabilities.queries.releases import withheld_from_average
from iwg_portal.base import cells
from iwg_portal.summaries import figures
from iwg_portal.summaries.access import ANY_MEMBER
from iwg_portal.summaries.models import Summary
from meetings.access import lessons as lesson_access
from members.access import visible_member_states
from members.models import State

Fact = tuple[str, ...]
STATUS, LEVEL, MEDIAN, LESSON, ORIGIN, DECISION, RECORD = (
    "status", "level", "median", "lesson", "origin", "decision", "record",
)  # fmt: skip


def take(
    scope: str, today: dt.date, now: dt.datetime, earlier: Summary | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Content and basis. ``today``, ``now`` as for ``figures.take``; ``earlier``: the one that it will follow.

    For one transaction that sees one state of the database. Raises NothingToSay.
    """
    content = figures.take(scope, today, now)
    may = tellable(scope, today)
    content["again"] = _again(earlier, may) if earlier else None
    return content, {"told": sorted(_told(content, may, today))}


def told(basis: dict[str, Any]) -> set[Fact]:
    """What the summary with this basis tells."""
    return {tuple(fact) for fact in basis["told"]}


def tellable(scope: str, today: dt.date) -> set[Fact]:
    """All that any member may read today, and of states what they agreed to; reports and rounds of before included.
    Raises NothingToSay."""
    rounds, states = figures.seen(today)
    uses = named_uses(state.pk for state in states)
    named = [state.pk for state in states if (state.pk, HEADLINE) in uses]
    reports = capability_access.visible_status(ANY_MEMBER).filter(state__in=named, kind__in=figures.kinds_of(scope))
    found: set[Fact] = {
        (STATUS, code, kind, step, day.isoformat())
        for code, kind, step, day in reports.values_list("state__alpha2", "kind", "label", "as_of")
    }
    lessons = lesson_access.approved_lessons(ANY_MEMBER).values_list("pk", "names_origin", "state__alpha2")
    for pk, names_origin, code in lessons:
        found.add((LESSON, str(pk)))
        if names_origin and code:
            found.add((ORIGIN, str(pk), code))
    decisions, owners = figures.adopted_decisions(), figures.adopted_owners()
    found |= {(DECISION, str(pk)) for pk in decisions.values_list("pk", flat=True)}
    records = {*_records(decisions, "record"), *_records(owners, "action__record")}
    return found | {(RECORD, str(pk)) for pk in records} | _levels(rounds, states, uses, scope)


def _records(rows: QuerySet[Any], to: str) -> Iterable[int]:
    return rows.order_by().values_list(to, flat=True).distinct()


def _levels(rounds: list[Round], states: list[State], uses: set[tuple[int, str]], scope: str) -> set[Fact]:
    """Means that may be named, and who counts in the medians, of every published round."""
    scores = query.scores(capability_access.visible_scores(ANY_MEMBER), rounds, scope)
    codes = {state.pk: state.alpha2 for state in states}
    members = {each.pk: {s.pk for s in visible_member_states(ANY_MEMBER, each.reference_date)} for each in rounds}
    withheld = withheld_from_average({state for held in members.values() for state in held})
    found: set[Fact] = set()
    for each in rounds:
        areas = {area.id: area.code for area in texts.framework(each.edition).areas}
        for (state, area), score in scores[each.pk].items():
            if score.mean is None or area is None:
                continue
            place = (areas[area], str(each.year))
            if state in codes and (state, areas[area]) in uses:
                found.add((LEVEL, codes[state], *place, str(cells.rounded(score.mean))))
            if state in members[each.pk] and (state, areas[area]) not in withheld:
                found.add((MEDIAN, *place, str(state)))
    return found


def _told(content: dict[str, Any], may: set[Fact], today: dt.date) -> set[Fact]:
    """Of lessons, decisions and records all; of states what the figures name and count."""
    said = {point for point, _cell in _cells(content)} | _moved(content, today)
    points = {(area, str(year)) for area, year in _points(content)}
    return said | {
        fact
        for fact in may
        if fact[0] in (LESSON, ORIGIN, DECISION, RECORD) or (fact[0] == MEDIAN and fact[1:3] in points)
    }


def _cells(content: dict[str, Any]) -> Iterable[tuple[Fact, tuple[str, str]]]:
    """Each fact that the table of states says, with its cell: state, and kind of status or area."""
    year = str(content["round"]["year"])
    for row in content["states"]:
        for kind in content["kinds"]:
            if row[kind]:
                yield (STATUS, row["code"], kind, *row[kind]), (row["code"], kind)
        for area, mean in row["areas"].items():
            if mean is not None:
                yield (LEVEL, row["code"], area, year, str(mean)), (row["code"], area)


def _moved(content: dict[str, Any], today: dt.date) -> set[Fact]:
    """The reports of the round before against which steps up and back are counted."""
    rounds, states = figures.seen(today)
    before = next((each for each in rounds if each.year == content["round"]["before"]), None)
    now, then = figures.statuses(states, named_uses(state.pk for state in states), before)
    codes = {state.pk: state.alpha2 for state in states}
    return {
        (STATUS, codes[state], kind, held.label, held.as_of.isoformat())
        for (state, kind), held in then.items()
        if (state, kind) in now and kind in content["kinds"]
    }


def _points(content: dict[str, Any]) -> Iterable[tuple[str, int]]:
    """(area, year) of each median that is said."""
    for row in content["medians"]:
        yield from ((row["area"], point["year"]) for point in row["course"] if point["n"] is not None)


def _again(earlier: Summary, may: set[Fact]) -> dict[str, Any]:
    """What of ``earlier`` may be said once more beside a new figure: cells whose report or mean is still there for
    every member (a mean also if it was corrected), and medians to which all that contributed do so still."""
    content, means = earlier.content or {}, {fact[:4] for fact in may if fact[0] == LEVEL}
    kept = [cell for fact, cell in _cells(content) if fact in may or fact[:4] in means]
    gone = None if earlier.basis is None else {fact[1:3] for fact in told(earlier.basis) - may if fact[0] == MEDIAN}
    medians = [(area, year) for area, year in _points(content) if gone is not None and (area, str(year)) not in gone]
    return {"code": earlier.code, "cells": [list(cell) for cell in kept], "medians": [list(one) for one in medians]}
