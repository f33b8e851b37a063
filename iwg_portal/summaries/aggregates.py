"""The figures of an aggregated summary: bands and no names, and the basis that keeps the next one from telling more.

Every figure has one course through all papers, whatever a paper speaks of: a level is always taken over all indicators,
so that there is no paper on API and another on PNR to be subtracted. What may be said, and when it is said anew, stands
in ``bands``. Decisions, action points, the map and the table of states are not in it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from capabilities import access as capability_access
from capabilities.enums import OPERATIONAL, Scope
from capabilities.models import Round
from capabilities.queries import framework as texts
from capabilities.queries import region as query
from capabilities.queries.releases import withheld_from_average
from iwg_portal.summaries import bands, figures
from iwg_portal.summaries.access import ANY_MEMBER, ANY_OBSERVER
from iwg_portal.summaries.models import Summary
from meetings.access import lessons as lesson_access
from members.access import visible_member_states, visible_states
from members.models import State
from members.sorting import fold_name

START, WAY, WORKING = "start", "way", "working"
CLASSES = (WORKING, WAY, START)
CLASS_OF = {"none": START, "planned": START} | dict.fromkeys(OPERATIONAL, WORKING)  # all others: on the way
Basis = dict[str, dict[str, Any]]


def take(scope: str, today: dt.date, now: dt.datetime, earlier: Summary | None) -> tuple[dict[str, Any], Basis]:
    """Content and basis. ``today``, ``now`` as for ``figures.take``; ``earlier``: the last one that the group has seen.

    For one transaction that sees one state of the database. Raises NothingToSay.
    """
    rounds, states = figures.seen(today)
    content = figures.frame(rounds, states, scope, now)
    basis: Basis = dict(earlier.basis or {}) if earlier else {}
    content |= {
        "after": earlier.code if earlier else None,
        "status": _status(content["kinds"], states, basis, content["as_of"]),
        "levels": _levels(rounds, earlier, basis),
        "lessons": _lessons(),
    }
    return content, basis


def _status(kinds: Sequence[str], states: Sequence[State], basis: Basis, as_of: str) -> list[dict[str, Any]]:
    """Of each kind what is said now, and what was said the last time, with its moment. Writes into ``basis``."""
    rows = capability_access.visible_status(ANY_OBSERVER).filter(state__in=[state.pk for state in states])
    current = query.current_status(rows)
    found = []
    for kind in kinds:
        key = f"status/{kind}"
        values = {
            str(state): CLASS_OF.get(held.label, WAY)
            for (state, of), held in current.items()
            if of == kind and held.label != "nd"
        }
        before = basis.get(key)
        held = bands.counts(values, classes=CLASSES, of=len(states), open_=frozenset(values), earlier=_held(before))
        found.append({"kind": kind, "said": held.said, "before": None})
        if before:
            found[-1]["before"] = {"said": before["said"], "as_of": before["as_of"]}
        basis[key] = _kept(held) | {"as_of": as_of}
    return found


def _levels(rounds: Sequence[Round], earlier: Summary | None, basis: Basis) -> list[dict[str, Any]]:
    """Per area what is said of each round, oldest first; what was said of an older one stays. Writes into ``basis``."""
    newest = rounds[0]
    told = {row["area"]: row["course"] for row in (earlier.content or {})["levels"]} if earlier else {}
    shown = [each for each in reversed(rounds) if each.edition_id == newest.edition_id]
    scores = query.scores(capability_access.visible_scores(ANY_MEMBER), shown, Scope.BOTH)
    members = {each.pk: list(visible_member_states(ANY_MEMBER, each.reference_date)) for each in shown}
    withheld = withheld_from_average({state.pk for states in members.values() for state in states})
    found = []
    for area in texts.framework(newest.edition).areas:
        course = list(told.get(area.code, ()))
        last = course[-1]["year"] if course else 0
        key = f"level/{area.code}"
        for each in (each for each in shown if each.year >= last):
            values, open_ = {}, set()
            for state in members[each.pk]:
                score = scores[each.pk].get((state.pk, area.id))
                if score is None or score.mean is None or (state.pk, area.code) in withheld:
                    continue
                values[str(state.pk)] = bands.half_steps(score.mean)
                if score.audience in ANY_OBSERVER.reads:
                    open_.add(str(state.pk))
            held = bands.middle(values, of=len(members[each.pk]), open_=open_, earlier=_held(basis.get(key)))
            basis[key] = _kept(held)
            course = [point for point in course if point["year"] != each.year]
            course.append({"year": each.year, "said": held.said})
        found.append({"area": area.code, "course": course})
    return found


def _held(kept: dict[str, Any] | None) -> bands.Held | None:
    return bands.Held(kept["said"], kept["values"], frozenset(kept["open"])) if kept else None


def _kept(held: bands.Held) -> dict[str, Any]:
    return {"said": held.said, "values": dict(held.values), "open": sorted(held.open_)}


def _lessons() -> list[dict[str, Any]]:
    """Of those that the whole group reads the ones that name no state, neither as their origin nor in their title."""
    named = {
        fold_name(getattr(state, f"name_{language}") or "")
        for state in visible_states(ANY_MEMBER)
        for language in figures.LANGUAGES
    } - {""}
    names = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(named)))
    return [
        {"title": row["title"], "language": row["language"]}
        for row in figures.lessons_of(lesson_access.approved_lessons(ANY_OBSERVER).filter(names_origin=False))
        if not any(names.search(fold_name(title)) for title in row["title"].values())
    ]


def contributors(basis: Basis, other: Basis | None) -> set[tuple[str, str]]:
    """(figure, state) of every figure that was made anew since ``other``."""
    return {
        (key, state)
        for key, held in basis.items()
        if not other or held["values"] != other.get(key, {}).get("values")
        for state in held["values"]
    }
