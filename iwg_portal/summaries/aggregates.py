"""The figures of an aggregated summary: bands and no names, and the basis that keeps the next one from telling more.

Every figure has one course through all papers, whatever a paper speaks of: a level is always taken over all indicators,
so that there is no paper on API and another on PNR to be subtracted. What may be said, and when it is said anew, stands
in ``bands``. Decisions, action points, the map and the table of states are not in it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
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
# Of a figure in the basis: by round the states whose values the paper counts for the first time.
ANEW, NOW = "anew", "now"


def take(scope: str, today: dt.date, now: dt.datetime, earlier: Summary | None) -> tuple[dict[str, Any], Basis]:
    """Content and basis. ``today``, ``now`` as for ``figures.take``; ``earlier``: the last one that the group has seen.

    For one transaction that sees one state of the database. Raises NothingToSay.
    """
    rounds, states = figures.seen(today)
    content = figures.frame(rounds, states, scope, now)
    basis: Basis = {key: {**held, ANEW: {}} for key, held in ((earlier and earlier.basis) or {}).items()}
    content |= {
        "after": earlier.code if earlier else None,
        "status": _status(content["kinds"], states, basis, content["as_of"]),
        "levels": _levels(rounds, earlier, basis),
        "lessons": _lessons(),
    }
    return content, basis


def _status(kinds: Sequence[str], states: Sequence[State], basis: Basis, as_of: str) -> list[dict[str, Any]]:
    """Of each kind what is said now, and what was said the last time, with its moment. Writes into ``basis``."""
    found = []
    for kind, values in _status_values(kinds, states).items():
        key = f"status/{kind}"
        before, earlier = basis.get(key), _held(basis.get(key))
        held = bands.counts(values, classes=CLASSES, of=len(states), open_=frozenset(values), earlier=earlier)
        found.append({"kind": kind, "said": held.said, "before": None})
        if before:
            found[-1]["before"] = {"said": before["said"], "as_of": before["as_of"]}
        anew = {NOW: sorted(values)} if held.said and held is not earlier else {}
        basis[key] = _kept(held) | {"as_of": as_of, ANEW: anew}
    return found


def _status_values(kinds: Sequence[str], states: Sequence[State]) -> dict[str, dict[str, str]]:
    """Per kind the class of each state that may be counted."""
    rows = capability_access.visible_status(ANY_OBSERVER).filter(state__in=[state.pk for state in states])
    current = query.current_status(rows)
    return {
        kind: {
            str(state): CLASS_OF.get(held.label, WAY)
            for (state, of), held in current.items()
            if of == kind and held.label != "nd"
        }
        for kind in kinds
    }


def _levels(rounds: Sequence[Round], earlier: Summary | None, basis: Basis) -> list[dict[str, Any]]:
    """Per area what is said of each round, oldest first; what was said of an older one stays. Writes into ``basis``."""
    told = {row["area"]: row["course"] for row in (earlier.content or {})["levels"]} if earlier else {}
    found = []
    for area, taken in _level_values(rounds).items():
        course = list(told.get(area, ()))
        last = course[-1]["year"] if course else 0
        key, anew = f"level/{area}", {}
        for each in (each for each in taken if each.year >= last):
            before = _held(basis.get(key))
            held = bands.middle(each.values, of=each.members, open_=each.open_, earlier=before)
            if held.said and held is not before:
                anew[str(each.year)] = sorted(each.values)
            basis[key] = _kept(held)
            course = [point for point in course if point["year"] != each.year]
            course.append({"year": each.year, "said": held.said})
        if key in basis:
            basis[key] = {**basis[key], ANEW: anew}
        found.append({"area": area, "course": course})
    return found


@dataclass(frozen=True)
class Taken:
    """One area in one round: half steps of each state that may be counted, those known to the group, of how many."""

    year: int
    values: dict[str, int]
    open_: frozenset[str]
    members: int


def _level_values(rounds: Sequence[Round]) -> dict[str, list[Taken]]:
    """Per area its rounds of the newest edition, oldest first."""
    newest = rounds[0]
    shown = [each for each in reversed(rounds) if each.edition_id == newest.edition_id]
    scores = query.scores(capability_access.visible_scores(ANY_MEMBER), shown, Scope.BOTH)
    members = {each.pk: list(visible_member_states(ANY_MEMBER, each.reference_date)) for each in shown}
    withheld = withheld_from_average({state.pk for states in members.values() for state in states})
    found: dict[str, list[Taken]] = {}
    for area in texts.framework(newest.edition).areas:
        found[area.code] = []
        for each in shown:
            values, open_ = {}, set()
            for state in members[each.pk]:
                score = scores[each.pk].get((state.pk, area.id))
                if score is None or score.mean is None or (state.pk, area.code) in withheld:
                    continue
                values[str(state.pk)] = bands.half_steps(score.mean)
                if score.audience in ANY_OBSERVER.reads:
                    open_.add(str(state.pk))
            found[area.code].append(Taken(each.year, values, frozenset(open_), len(members[each.pk])))
    return found


def _held(kept: dict[str, Any] | None) -> bands.Held | None:
    return bands.Held(kept["said"], kept["values"], frozenset(kept["open"])) if kept else None


def _kept(held: bands.Held) -> dict[str, Any]:
    return {"said": held.said, "values": dict(held.values), "open": sorted(held.open_)}


def _lessons() -> list[dict[str, Any]]:
    """The group's own, of those that the whole group reads. One that a state shared is never among them: its title may
    say in many ways whose it is ("Cape Verde", "Ghanaian"), which no list of names finds. Where a title of the group's
    own has the name of a state, it is left out too."""
    named = {
        fold_name(getattr(state, f"name_{language}") or "")
        for state in visible_states(ANY_MEMBER)
        for language in figures.LANGUAGES
    } - {""}
    names = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(named)))
    return [
        {"title": row["title"], "language": row["language"]}
        for row in figures.lessons_of(lesson_access.approved_lessons(ANY_OBSERVER).filter(state=None))
        if not any(names.search(fold_name(title)) for title in row["title"].values())
    ]


def contributors(basis: Basis) -> set[tuple[str, str, str]]:
    """(figure, round, state) of all that the paper with this basis says for the first time, in each of its rounds; of a
    status the round is ``NOW``."""
    return {
        (key, of, state)
        for key, held in basis.items()
        # One that was built before rounds were kept: what it counts may not be shown to be allowed in each of them.
        for of, states in held.get(ANEW, {"?": held["values"]}).items()
        for state in states
    }


def countable(scope: str, today: dt.date) -> set[tuple[str, str, str]]:
    """All that may be counted today, as ``contributors`` names it. Raises NothingToSay."""
    rounds, states = figures.seen(today)
    status = _status_values(figures.kinds_of(scope), states)
    found = {(f"status/{kind}", NOW, state) for kind, values in status.items() for state in values}
    return found | {
        (f"level/{area}", str(each.year), state)
        for area, taken in _level_values(rounds).items()
        for each in taken
        for state in each.values
    }
