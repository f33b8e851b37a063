"""All that the portal holds of one state, for its own delegation: tables as JSON, and its files.

Every row comes through the access modules with the rights of the person who asks, so what she may not read of her own
state (a withdrawn lesson, an ended term for a delegate) is not in it. Days are ISO dates, moments ISO with zone.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _

from capabilities import access as capability_access
from capabilities.queries.releases import released
from iwg_portal.base.packing import Entry
from iwg_portal.base.uploads import storage
from meetings.access import action_points as action_access
from meetings.access import lessons as lesson_access
from members.access import Viewer, visible_terms, visible_versions
from members.enums import TLP, Audience
from members.models import State

Table = list[dict[str, Any]]


def can_take(viewer: Viewer, state: State) -> bool:
    """Its own delegation alone: nobody else reads all of it."""
    return viewer.person is not None and state.pk in viewer.own_states


def file_name(state: State, today: dt.date) -> str:
    """Plain ASCII: what, of whom, when."""
    return f"state-data_{slugify(state.alpha2)}_{today.isoformat()}.zip"


def entries(viewer: Viewer, state: State, now: dt.datetime) -> Iterator[Entry]:
    """The files of the archive, one after the other; the stored files last, each version under its number."""
    tables: dict[str, Table] = {
        "status": _status(viewer, state),
        "assessments": _assessments(viewer, state),
        "releases": _releases(viewer, state),
        "round-notes": _notes(viewer, state),
        "people": _people(viewer, state),
        "action-points": _actions(viewer, state),
        "lessons": _lessons(viewer, state),
    }
    for name, rows in tables.items():
        yield Entry(f"{name}.json", now, [_written(rows)])
    about = {
        "state": {"alpha2": state.alpha2, "alpha3": state.alpha3, "name": state.name},
        "as_of": now,
        "for": str(viewer.person),
        "label": TLP[Audience.DELEGATION],
        "demonstration": settings.DEMO,
        "rows": {name: len(rows) for name, rows in tables.items()},
        "note": _("All that this portal holds of the state and that you may read. Handle it by its label."),
    }
    yield Entry("about.json", now, [_written(about)])
    yield from _files(viewer, state)


def _written(value: Any) -> bytes:
    def said(one: Any) -> str:
        return one.isoformat() if isinstance(one, dt.date | dt.datetime) else str(one)

    return json.dumps(value, ensure_ascii=False, indent=1, default=said).encode()


def _values(rows: Iterable[Any], *fields: str) -> Table:
    return [{field: getattr(row, field) for field in fields} for row in rows]


def _status(viewer: Viewer, state: State) -> Table:
    rows = capability_access.visible_status(viewer).filter(state=state).order_by("kind", "as_of", "id")
    told = ("kind", "legal", "delivery", "label", "as_of", "since", "reason", "source", "audience", "on_behalf")
    return _values(rows, *told, "recorded_at", "is_current")


def _assessments(viewer: Viewer, state: State) -> Table:
    rows = capability_access.visible_assessments(viewer).filter(state=state).select_related("round")
    answers: dict[int, Table] = {}
    given = capability_access.visible_answers(viewer).filter(assessment__state=state).select_related("indicator")
    for answer in given.order_by("indicator__area__order", "indicator__order"):
        told = {"indicator": answer.indicator.code, **_values([answer], "kind", "level", "reason", "audience")[0]}
        answers.setdefault(answer.assessment_id, []).append(told)
    return [
        {
            "round": row.round.year,
            **_values([row], "status", "audience", "source", "published_at", "version")[0],
            "answers": answers.get(row.pk, []),
        }
        for row in rows.order_by("round__year")
    ]


def _releases(viewer: Viewer, state: State) -> Table:
    if not capability_access.can_see_release(viewer, state):
        return []
    decided = released(state.pk).uses
    return [{"area": code, **_values([uses], "audience", "in_average", "named", "since")[0]}
            for code, uses in sorted(decided.items())]  # fmt: skip


def _notes(viewer: Viewer, state: State) -> Table:
    rows = capability_access.visible_notes(viewer).filter(state=state).select_related("round").order_by("round__year")
    return [{"round": row.round.year, **_values([row], "text", "audience")[0]} for row in rows]


def _people(viewer: Viewer, state: State) -> Table:
    rows = visible_terms(viewer).filter(state=state).select_related("person").order_by("starts_on", "id")
    return [
        {
            "name": row.person.full_name,
            "email": row.person.email,
            **_values([row], "role", "post", "starts_on", "last_day", "confirmed_on")[0],
        }
        for row in rows
    ]


def _actions(viewer: Viewer, state: State) -> Table:
    reports: dict[int, Table] = {}
    given = action_access.visible_reports(viewer).filter(owner__state=state).order_by("at", "id")
    for report in given:
        reports.setdefault(report.owner_id, []).append(_values([report], "status", "text", "needs_until", "at")[0])
    rows = action_access.visible_owners(viewer).filter(state=state)
    rows = rows.select_related("action__block", "action__record__meeting__group").order_by("action__number", "id")
    return [
        {
            "number": row.action.code,
            "text": row.action.block.text,
            "meeting": row.action.record.meeting.title,
            "status": row.status,
            "due_on": row.due_on or row.action.due_on,
            "reports": reports.get(row.pk, []),
        }
        for row in rows
    ]


def _lessons(viewer: Viewer, state: State) -> Table:
    rows = lesson_access.visible_lessons(viewer).filter(state=state).prefetch_related("texts", "indicators")
    words = ("kind", "language", "is_machine", "title", "problem", "done", "result", "prerequisites")
    return [
        {
            **_values([row], "status", "audience", "theme", "cost_band", "transferable", "names_origin")[0],
            **_values([row], "shared_at", "approved_at")[0],
            "indicators": sorted(indicator.code for indicator in row.indicators.all()),
            "texts": _values(sorted(row.texts.all(), key=lambda text: (text.kind, text.language)), *words),
        }
        for row in rows.order_by("shared_at", "id")
    ]


def _files(viewer: Viewer, state: State) -> Iterator[Entry]:
    rows = visible_versions(viewer).filter(file__state=state).select_related("file")
    for version in rows.order_by("file__created_at", "file", "number"):
        pieces = storage.pieces(version.storage_name)
        try:
            first = next(pieces)  # opens it: from here on the bytes stay, even if they are withdrawn now
        except FileNotFoundError:
            continue
        name = f"files/{version.file_id.hex[:8]}-{version.number}-{version.name}"
        yield Entry(name, version.uploaded_at, chain([first], pieces))
