"""A summary of a region that does not exist: what a template is tried with before it is accepted.

Nothing of it is in the database, every name says that it is invented, and the whole says that it is a demonstration.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from capabilities.enums import LADDERS, DeliveryAxis, LegalAxis, Scope, StatusKind
from iwg_portal.summaries.enums import SummaryState
from iwg_portal.summaries.figures import FORMAT, LANGUAGES, check_code, sha256_of
from iwg_portal.summaries.models import Summary
from iwg_portal.summaries.reading import Reading

AREAS, YEARS = 5, (2020, 2021, 2022)
EARLIER = f"{YEARS[-1]}-06"
NOW = dt.datetime(2022, 11, 18, 12, 0, tzinfo=dt.UTC)


def invented_summary(
    *, states: int = 16, decisions: int = 12, lessons: int = 4, name: str = "", number: int = 7
) -> Summary:
    """Unsaved, a draft. ``name``: what each state, area and title is called besides its number (tests)."""
    content = invented_content(states=states, decisions=decisions, lessons=lessons, name=name)
    made = Summary(
        year=2022,
        number=number,
        scope=Scope.BOTH,
        state=SummaryState.DRAFT,
        taken_at=NOW,
        content=content,
        sha256=sha256_of(content),
    )
    made.check_code = check_code(made.sha256, made.code)
    return made


def invented_reading(*, states: int = 16, decisions: int = 12, lessons: int = 4) -> Reading:
    """In the active language, with an earlier one, in which one decision was not there yet."""
    earlier = invented_summary(states=states, decisions=max(decisions - 1, 0), lessons=lessons, number=6)
    return Reading(invented_summary(states=states, decisions=decisions, lessons=lessons), earlier)


def invented_content(*, states: int, decisions: int, lessons: int, name: str = "") -> dict[str, Any]:
    """As ``figures.take`` makes it."""
    codes = [f"{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(states)]
    kinds = list(StatusKind.values)
    rows = [_state(code, place, kinds) for place, code in enumerate(codes)]
    return {
        "format": FORMAT,
        "as_of": NOW.isoformat(timespec="seconds"),
        "zone": "UTC",
        "group": _each(lambda: _("Invented group")),
        "demonstration": True,
        "scope": Scope.BOTH.value,
        "kinds": kinds,
        "round": {"year": YEARS[-1], "edition": 1, "before": YEARS[-2]},
        "members": states,
        "names": {
            code: _each(lambda n=n: name or _("Invented state %(n)s") % {"n": n}) for n, code in enumerate(codes)
        },
        "words": _each(_words),
        "areas": [
            {
                "code": f"X{n}",
                "title": _each(lambda n=n: name or _("Invented area %(n)s") % {"n": n}),
                "short": _each(lambda n=n: name or _("Area %(n)s") % {"n": n}),
            }
            for n in range(AREAS)
        ],
        "ladders": [_ladder(kind, rows) for kind in kinds],
        "states": rows,
        "medians": [{"area": f"X{n}", "course": _course(n, states)} for n in range(AREAS)],
        "with_levels": sum(any(value is not None for value in row["areas"].values()) for row in rows),
        "age_months": 2,
        "decisions": {
            "counts": {"active": decisions, "carried_out": 0, "superseded": 1},
            "rows": [
                {
                    "code": f"D{n}",
                    "text": name or "An invented decision of a group that does not exist.",
                    "language": "en",
                    "status": "active",
                    "meeting": name or "Invented meeting",
                    "on": "2022-06-01",
                }
                for n in range(decisions)
            ],
        },
        "actions": {"total": 21, "done": 14, "unfinished": 7, "overdue": 4},
        "lessons": [
            {
                "title": dict.fromkeys(LANGUAGES, name or f"Invented lesson {n}"),
                "language": dict.fromkeys(LANGUAGES, "en"),
                "state": None,
                "state_name": None,
            }
            for n in range(lessons)
        ],
        "again": {
            "code": EARLIER,
            "cells": [[row["code"], of] for row in rows for of in (*kinds, *row["areas"])],
            "medians": [[f"X{n}", year] for n in range(AREAS) for year in YEARS],
        },
    }


def _each(say: Any) -> dict[str, Any]:
    found = {}
    for language in LANGUAGES:
        with override(language):
            found[language] = say()
    return found


def _words() -> dict[str, str]:
    known = {code: str(label) for code, label in DeliveryAxis.choices}
    known["legal_basis"] = f"{LegalAxis.IN_FORCE.label}"
    found = {f"{kind}/{code}": known[code] for kind in LADDERS for code in (*LADDERS[kind], "suspended")}
    return found | {f"level/{n}": _("Invented level %(n)s") % {"n": n} for n in range(5)}


def _state(code: str, place: int, kinds: list[str]) -> dict[str, Any]:
    """Every seventh reports nothing."""
    silent = place % 7 == 6
    row: dict[str, Any] = {"code": code}
    for shift, kind in enumerate(kinds):
        steps = LADDERS[kind]
        row[kind] = None if silent else [steps[(place + 3 * shift) % len(steps)], "2022-09-30"]
    row["areas"] = {f"X{n}": None if silent else ((place * 3 + n * 7) % 41) / 10 for n in range(AREAS)}
    return row


def _ladder(kind: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    named = [row[kind][0] for row in rows if row[kind]]
    steps = [[code, named.count(code)] for code in reversed(LADDERS[kind]) if code in named]
    operational = sum(code.startswith("op_") for code in named)
    return {
        "kind": kind,
        "named": len(named),
        "rest": len(rows) - len(named),
        "steps": steps,
        "operational": operational,
        "compared": len(named),
        "up": min(2, len(named)),
        "down": 0,
        "into_operation": min(1, len(named)),
    }


def _course(place: int, states: int) -> list[dict[str, Any]]:
    """In the first round too few contribute."""
    course: list[dict[str, Any]] = []
    for step, year in enumerate(YEARS):
        point: dict[str, Any] = {"year": year, "n": None, "of": states, "blurred": False}
        point |= {"median": None, "lower": None, "upper": None}
        if step and states >= 5:
            middle = 1.4 + 0.3 * step + 0.1 * place
            point |= {"n": states, "median": round(middle, 1), "lower": round(middle - 0.6, 1)}
            point["upper"] = round(middle + 0.7, 1)
        course.append(point)
    return course
