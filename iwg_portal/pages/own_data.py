"""All that the portal holds of one state, for its own delegation: tables as JSON, and its files.

Every row comes through the access modules with the rights of the person who asks, so what she may not read of her own
state (a withdrawn lesson, an ended term for a delegate, who said what under the Chatham House Rule) is not in it. Nor
are earlier wordings of answers and records, and the log. Days are ISO dates, moments ISO with zone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from capabilities import access as capability_access
from capabilities.queries.releases import released
from iwg_portal.base import extracts
from iwg_portal.base.packing import Entry
from iwg_portal.base.uploads import storage
from meetings.access import action_points as action_access
from meetings.access import lessons as lesson_access
from meetings.access.attendance import visible_attendance
from meetings.access.meetings import in_the_room, visible_items, visible_meetings
from meetings.access.records import visible_blocks
from meetings.access.registration import visible_registrations
from meetings.access.silence import reads_names, visible_circulations, visible_comments, visible_positions
from meetings.models import Meeting
from members.access import Viewer, can_take_all, terms_with_phone, viewer_for, visible_terms, visible_versions
from members.enums import TLP, Audience
from members.models import FileVersion, State

LABEL = TLP[Audience.DELEGATION]

Table = list[dict[str, Any]]


def file_name(viewer: Viewer, state: State, now: dt.datetime) -> str:
    """Plain ASCII: what, of whom, for whom, when."""
    return extracts.file_name(f"state-data-{state.alpha2.lower()}", str(viewer.person), now, "zip")


def entries(viewer: Viewer, state: State, now: dt.datetime) -> Iterator[Entry]:
    """The files of the archive, one after the other; the stored files, each version under its number, and at the very
    end which of them there are. Raises PermissionDenied where her rights end meanwhile: without its directory, which
    stands at the end, the archive does not open."""
    tables: dict[str, Table] = {
        "status": _status(viewer, state),
        "assessments": _assessments(viewer, state),
        "releases": _releases(viewer, state),
        "round-notes": _notes(viewer, state),
        "people": _people(viewer, state),
        "action-points": _actions(viewer, state),
        "lessons": _lessons(viewer, state),
        **_meetings(viewer, state),
    }
    for name, rows in tables.items():
        yield Entry(f"{name}.json", now, [_written(rows)])
    about = {
        "state": {"alpha2": state.alpha2, "alpha3": state.alpha3, "name": state.name},
        "as_of": now,
        "for": str(viewer.person),
        "label": LABEL,
        "demonstration": settings.DEMO,
        "rows": {name: len(rows) for name, rows in tables.items()},
        "note": _("What this portal holds of the state and you may read, as it is now. Handle it by its label."),
    }
    yield Entry("about.json", now, [_written(about)])
    kept: Table = []
    yield from _files(viewer, state, kept)
    _check(viewer, state)
    yield Entry("files.json", now, [_written(kept)])


def _check(viewer: Viewer, state: State) -> None:
    """The archive may take minutes on a bad line: does she still hold the office?"""
    if not can_take_all(viewer_for(viewer.person), state):
        raise PermissionDenied


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
    phones = set(terms_with_phone(viewer, state).values_list("pk", flat=True))
    return [
        {
            "name": row.person.full_name,
            "email": row.person.email,
            "phone": row.person.phone if row.pk in phones else "",
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


def _meetings(viewer: Viewer, state: State) -> dict[str, Table]:
    """What the state did in meetings: who came, what it proposed, said, commented and agreed to."""
    proposals = visible_items(viewer).filter(state_proposing=state).select_related("meeting__group")
    found: dict[str, Table] = {name: [] for name in ("registrations", "attendance", "statements")}
    found["agenda-proposals"] = [
        {**_of(row.meeting), **_values([row], "title", "note", "theme", "minutes", "status", "decline_reason")[0]}
        for row in proposals.order_by("created_at", "id")
    ]
    for meeting in visible_meetings(viewer).select_related("group").order_by("starts_at", "id"):
        of = _of(meeting)
        for come in visible_registrations(viewer, meeting).filter(state=state):
            told = _values([come], "answer", "from_mail", "at")[0]
            found["registrations"].append({**of, "name": come.person.full_name, **told})
        there = visible_attendance(viewer, meeting).filter(state=state)
        found["attendance"] += [{**of, **row} for row in _values(there, "presence", "since", "self_declared", "at")]
        if in_the_room(viewer, meeting):
            said = visible_blocks(viewer).filter(item__meeting=meeting, said_by=state)
            said = said.order_by("item__position", "position", "id")
            found["statements"] += [{**of, **row} for row in _values(said, "kind", "text")]
    return found | _silence(viewer, state)


def _silence(viewer: Viewer, state: State) -> dict[str, Table]:
    found: dict[str, Table] = {"positions": [], "comments": []}
    rows = visible_circulations(viewer).select_related("record__meeting__group").order_by("opened_at", "id")
    for circulation in rows:
        meeting = circulation.record.meeting
        if not reads_names(viewer, meeting):
            continue
        of = {**_of(meeting), "opened_at": circulation.opened_at}
        taken = visible_positions(viewer, circulation).filter(state=state)
        found["positions"] += [{**of, **row} for row in _values(taken, "stance", "text", "at", "from_mail")]
        made = visible_comments(viewer, circulation).filter(state=state)
        found["comments"] += [{**of, **row} for row in _values(made, "text", "at", "is_late", "is_settled")]
    return found


def _of(meeting: Meeting) -> dict[str, Any]:
    return {"meeting": meeting.title, "group": meeting.group.key, "begins": meeting.starts_at}


def _files(viewer: Viewer, state: State, kept: Table) -> Iterator[Entry]:
    """Each file that is whole; ``kept`` is told of every one, also of one that is missing or damaged on the disk."""
    rows = visible_versions(viewer).filter(file__state=state).select_related("file")
    for version in rows.order_by("file__created_at", "file", "number"):
        _check(viewer, state)
        name = f"files/{version.file_id.hex[:8]}-{version.number}-{version.name}"
        content, found = _opened(version)
        kept.append({"name": name, "size": version.size, "sha256": version.sha256, "found": found})
        if found == "whole":
            yield Entry(name, version.uploaded_at, content)


def _opened(version: FileVersion) -> tuple[Iterable[bytes], str]:
    """The bytes and ``whole``, or nothing and ``damaged`` or ``missing``. Read twice: what is not whole is not sent."""
    digest = hashlib.sha256()
    try:
        for piece in storage.pieces(version.storage_name):
            digest.update(piece)
        if digest.hexdigest() != version.sha256:
            return (), "damaged"
        pieces = storage.pieces(version.storage_name)
        first = next(pieces)  # opens it: from here on the bytes stay, even if they are withdrawn now
    except FileNotFoundError:
        return (), "missing"
    return chain([first], pieces), "whole"
