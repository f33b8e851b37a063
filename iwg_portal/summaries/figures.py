"""The figures of a summary: read once, with every name and word in three languages, and then never again.

All rows come through the access modules with the eyes of any member (``access.ANY_MEMBER``). A state is named with its
status, and with the mean of an area, only where it said that the summary may name it; a state that did not say so is
shown exactly as one that did not report. Ladders count the states that are named: were the others counted too, the
picture of a single one could be worked out from the rest. Medians have consents of their own (see ``releases``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import override

from capabilities import access as capability_access
from capabilities.enums import LADDERS, OPERATIONAL, Scope, StatusKind
from capabilities.models import HEADLINE, Round
from capabilities.queries import framework as texts
from capabilities.queries import region as query
from capabilities.queries.releases import named as named_uses
from capabilities.queries.releases import withheld_from_average
from iwg_portal.base import cells
from iwg_portal.summaries.access import ANY_MEMBER
from meetings.access import action_points as action_access
from meetings.access import decisions as decision_access
from meetings.access import lessons as lesson_access
from meetings.enums import DecisionState, MeetingState
from meetings.models import ActionOwner, Decision, Lesson
from meetings.queries import action_points, decisions, lessons
from members.access import visible_group, visible_member_states
from members.models import State

FORMAT = 1  # of the content; a reader of another format refuses
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
LEAST = 5  # states that must contribute before a median is said
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none is taken for another
LONGEST = 600  # characters quoted of a decision
MOST_DECISIONS, MOST_LESSONS = 200, 200
Words = dict[str, str]


class NothingToSay(Exception):
    """There is no published round, or no member state: a summary of nothing is not built."""


def take(scope: str, today: dt.date, now: dt.datetime) -> dict[str, Any]:
    """All figures, as plain JSON. ``today``: the group's calendar day; ``now``: aware, the moment that they are of.

    For one transaction that sees one state of the database. Raises NothingToSay.
    """
    rounds, states = seen(today)
    newest = rounds[0]
    before = next((r for r in rounds if r.year < newest.year), None)
    kinds = kinds_of(scope)
    uses = named_uses(state.pk for state in states)
    status, earlier = statuses(states, uses, before)
    rows = _states(states, kinds, uses, status, newest, scope)
    return {
        **frame(rounds, states, scope, now),
        "names": {state.alpha2: each_language(lambda state=state: state.name) for state in states},
        "words": each_language(lambda: _words(newest)),
        "ladders": [_ladder(kind, states, uses, status, earlier, bool(before)) for kind in kinds],
        "states": rows,
        "medians": _medians(rounds, newest, scope, uses),
        "with_levels": sum(any(value is not None for value in row["areas"].values()) for row in rows),
        "age_months": _age(status, kinds, uses, today),
        **_meetings(today),
        "lessons": lessons_of(lesson_access.approved_lessons(ANY_MEMBER)),
    }


def seen(today: dt.date) -> tuple[list[Round], list[State]]:
    """Published rounds, newest first, and the member states of ``today``. Raises NothingToSay where there are none."""
    rounds = list(capability_access.visible_rounds(ANY_MEMBER))
    states = list(visible_member_states(ANY_MEMBER, today))
    if not rounds or not states:
        raise NothingToSay
    return rounds, states


def kinds_of(scope: str) -> list[str]:
    return [kind for kind in StatusKind.values if scope in (Scope.BOTH, kind)]


def frame(rounds: Sequence[Round], states: Sequence[State], scope: str, now: dt.datetime) -> dict[str, Any]:
    """What every summary says of itself, whatever its form."""
    newest, group = rounds[0], visible_group()
    before = next((r for r in rounds if r.year < newest.year), None)
    return {
        "format": FORMAT,
        "as_of": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "zone": group.zone if group else "UTC",
        "group": each_language(lambda: group.name if group else "IWG"),
        "demonstration": settings.DEMO or any(round_.is_demonstration for round_ in rounds),
        "scope": scope,
        "kinds": kinds_of(scope),
        "round": {
            "year": newest.year,
            "edition": newest.edition.number,
            "before": before.year if before else None,
        },
        "members": len(states),
        "areas": _areas(newest),
    }


def each_language(say: Callable[..., Any]) -> dict[str, Any]:
    """What ``say`` returns in each language."""
    found = {}
    for language in LANGUAGES:
        with override(language):
            found[language] = say()
    return found


# -- Status and levels -----------------------------------------------------------------------------------------------


def statuses(
    states: Sequence[State], uses: set[tuple[int, str]], before: Round | None
) -> tuple[query.StatusByState, query.StatusByState]:
    """Now and on the day of the round before; of the states that may be named."""
    rows = capability_access.visible_status(ANY_MEMBER).filter(
        state__in=[state.pk for state in states if (state.pk, HEADLINE) in uses]
    )
    now, then = query.current_status(rows), query.status_on(rows, before.reference_date) if before else {}
    # A report that declares nothing is none.
    return _declared(now), _declared(then)


def _declared(status: query.StatusByState) -> query.StatusByState:
    return {key: held for key, held in status.items() if held.label != "nd"}


def _states(
    states: Sequence[State],
    kinds: Sequence[str],
    uses: set[tuple[int, str]],
    status: query.StatusByState,
    newest: Round,
    scope: str,
) -> list[dict[str, Any]]:
    found = query.scores(capability_access.visible_scores(ANY_MEMBER), [newest], scope)[newest.pk]
    areas = texts.framework(newest.edition).areas
    rows = []
    for state in states:
        row: dict[str, Any] = {"code": state.alpha2}
        for kind in kinds:
            held = status.get((state.pk, kind))
            row[kind] = [held.label, held.as_of.isoformat()] if held else None
        row["areas"] = {}
        for area in areas:
            score = found.get((state.pk, area.id))
            known = score is not None and score.mean is not None and (state.pk, area.code) in uses
            row["areas"][area.code] = cells.rounded(score.mean) if known and score and score.mean is not None else None
        rows.append(row)
    return rows


def _ladder(
    kind: str,
    states: Sequence[State],
    uses: set[tuple[int, str]],
    status: query.StatusByState,
    earlier: query.StatusByState,
    compares: bool,
) -> dict[str, Any]:
    """How many of the states that are named stand on each step; ``rest``: the others. Moves are of the same ones."""
    named = [state.pk for state in states if (state.pk, kind) in status]
    count = query.count_ladder(kind, named, status)
    moved = [_movement(kind, earlier[pk, kind].label, status[pk, kind].label) for pk in named if (pk, kind) in earlier]
    into = [
        pk
        for pk in named
        if (pk, kind) in earlier
        and status[pk, kind].label in OPERATIONAL
        and earlier[pk, kind].label not in OPERATIONAL
    ]
    return {
        "kind": kind,
        "named": len(named),
        "rest": len(states) - len(named),
        "steps": [[code, n] for code, n in count.steps.items()],
        "operational": count.operational,
        "compared": len(moved) if compares else 0,
        "up": sum(step > 0 for step in moved),
        "down": sum(step < 0 for step in moved),
        "into_operation": len(into),
    }


def _movement(kind: str, earlier: str, now: str) -> int:
    """Steps up or down the ladder; 0 where one of the two stands beside it."""
    steps = LADDERS[kind]
    return steps.index(now) - steps.index(earlier) if earlier in steps and now in steps else 0


def _areas(newest: Round) -> list[dict[str, Any]]:
    codes = [area.code for area in texts.framework(newest.edition).areas]
    long = each_language(lambda: {area.code: area.title for area in texts.framework(newest.edition).areas})
    short = each_language(lambda: {area.code: area.short_title for area in texts.framework(newest.edition).areas})
    return [
        {
            "code": code,
            "title": {language: long[language][code] for language in LANGUAGES},
            "short": {language: short[language][code] for language in LANGUAGES},
        }
        for code in codes
    ]


def _words(newest: Round) -> Words:
    """Words of the ladders and levels in the active language, by ``ladder/code``."""
    found = texts.framework(newest.edition)
    kept = (*StatusKind.values, "level")
    return {f"{ladder}/{code}": label for (ladder, code), label in found.labels.items() if ladder in kept}


def _medians(rounds: Sequence[Round], newest: Round, scope: str, uses: set[tuple[int, str]]) -> list[dict[str, Any]]:
    """Per area and round of the same edition: median, middle half, n of N; where fewer than five contribute, none.

    Beside the means of those that are named, an exact median would say what the few others declared: where one to four
    contribute without being named, it is rounded to halves and stands without the middle half.
    """
    spread = query.regional(capability_access.visible_regional_scores(ANY_MEMBER), scope)
    shown = [r for r in reversed(rounds) if r.edition_id == newest.edition_id]
    scores = query.scores(capability_access.visible_scores(ANY_MEMBER), shown, scope)
    withheld = withheld_from_average({state for state, _code in uses})
    courses = []
    for area in texts.framework(newest.edition).areas:
        points = []
        for each in shown:
            found = spread.get((each.pk, area.id), query.NO_SPREAD)
            named = sum(
                score.mean is not None and key[1] == area.id and (key[0], area.code) in uses - withheld
                for key, score in scores[each.pk].items()
            )
            points.append(_point(each.year, found, found.contributing - named))
        courses.append({"area": area.code, "course": points})
    return courses


def _point(year: int, found: query.Spread, hidden: int) -> dict[str, Any]:
    """``hidden``: how many contribute without being named."""
    point: dict[str, Any] = {"year": year, "n": None, "of": found.members, "blurred": False}
    point |= {"median": None, "lower": None, "upper": None}
    if found.contributing < LEAST or found.median is None:
        return point
    point["n"] = found.contributing
    if 0 < hidden < LEAST:
        return {**point, "blurred": True, "median": cells.rounded(found.median * 2, 0) / 2}
    return {**point, "median": _shown(found.median), "lower": _shown(found.lower), "upper": _shown(found.upper)}


def _shown(value: float | None) -> float | None:
    """As it is printed: every format rounds in the same place."""
    return None if value is None else cells.rounded(value)


def _age(status: query.StatusByState, kinds: Sequence[str], uses: set[tuple[int, str]], today: dt.date) -> int | None:
    """Median age of the reports shown, in months."""
    ages = [(today - held.as_of).days for key, held in status.items() if key[1] in kinds and held.as_of <= today]
    return round(median(ages) / 30.44) if ages else None


# -- Meetings and lessons --------------------------------------------------------------------------------------------


def _meetings(today: dt.date) -> dict[str, Any]:
    """Decisions of adopted records with their standing, and how far the action points have come: what is under silence
    procedure is not decided yet."""
    rows = adopted_decisions()
    counted = {status: rows.filter(status=status).count() for status in DecisionState.values}
    shown = rows.filter(status__in=[DecisionState.ACTIVE, DecisionState.CARRIED_OUT])
    listed = decisions.directory(shown, decisions.Choice())[:MOST_DECISIONS]
    total = action_points.sum_of(adopted_owners(), today)
    return {
        "decisions": {
            "counts": counted,
            "rows": [
                {
                    "code": row.code,
                    "text": decisions.excerpt(row.block.text, LONGEST),
                    "language": row.record.language,
                    "status": row.status,
                    "meeting": row.record.meeting.title,
                    "on": row.record.meeting.starts_at.astimezone(row.record.meeting.tz).date().isoformat(),
                }
                for row in listed
            ],
        },
        "actions": {
            "total": total.total,
            "done": total.total - total.unfinished,
            "unfinished": total.unfinished,
            "overdue": total.overdue,
        },
    }


def adopted_decisions() -> QuerySet[Decision]:
    rows = decision_access.visible_decisions(ANY_MEMBER)
    return rows.filter(record__meeting__state=MeetingState.ADOPTED, number__isnull=False)


def adopted_owners() -> QuerySet[ActionOwner]:
    return action_access.visible_owners(ANY_MEMBER).filter(action__record__meeting__state=MeetingState.ADOPTED)


def lessons_of(rows: QuerySet[Lesson]) -> list[dict[str, Any]]:
    """The newest; the state only where the lesson names it. Titles in each language that a person wrote, else the
    original's."""
    found = []
    for row in rows.select_related("state").prefetch_related("texts").order_by("-pk")[:MOST_LESSONS]:
        written = [text for text in row.texts.all() if text.kind != "raw" and not text.is_machine]
        best = {language: lessons.best_text(written, language) for language in LANGUAGES}
        if not all(best.values()):
            continue
        found.append(
            {
                "title": {language: text.title for language, text in best.items() if text},
                "language": {language: text.language for language, text in best.items() if text},
                "state": row.state.alpha2 if row.state and row.names_origin else None,
                "state_name": each_language(lambda row=row: row.state.name) if row.state and row.names_origin else None,
            }
        )
    return found


# -- Hash and code ---------------------------------------------------------------------------------------------------


def sha256_of(content: dict[str, Any]) -> str:
    """Of the canonical JSON: keys in order, no spaces, UTF-8."""
    raw = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(raw.encode()).hexdigest()


def check_code(sha256: str, number: str) -> str:
    """Ten signs of 5 bits each from the figures' hash and the number: ``7KQ4-M2ZD-91``."""
    value = int.from_bytes(hashlib.sha256(f"{number}:{sha256}".encode()).digest()[:8], "big")
    signs = "".join(ALPHABET[(value >> 5 * place) & 31] for place in range(10))
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}"


def spelled(typed: str) -> str:
    """A code as somebody copies it from paper: small letters, spaces, O for 0, I and L for 1. Empty when it is none."""
    signs = "".join(typed.split()).replace("-", "").upper().translate(str.maketrans("OIL", "011"))
    if len(signs) != 10 or any(sign not in ALPHABET for sign in signs):
        return ""
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}"
