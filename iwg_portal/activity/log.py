"""Write one event. Called by actions, inside the transaction of the change.

What is not a change — a read of what few may read, a download, a refusal — is noted on the request and appended after
its answer is built (``activity.middleware``): reading stays harmless, and ``after_answer`` is its one, named exception.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import OrderedDict
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from iwg_portal.activity.models import Event

ONCE_IN = dt.timedelta(hours=1)  # the same person, the same thing: noted once
MOST_REMEMBERED = 10_000

# True while ``after_answer`` appends. The tests let a page that is only read write then, and this one statement.
appending: ContextVar[bool] = ContextVar("activity_appending", default=False)

_remembered: OrderedDict[tuple[Any, ...], dt.datetime] = OrderedDict()
_lock = Lock()


def record(
    kind: str, *, by: Model | None, target: Model, label: str = "", state: Model | None = None, **data: Any
) -> Event:
    """Append an event.

    ``state`` is the state whose affair it is, where there is one.
    ``kind`` is a key of ``sentences.SENTENCES``; ``by`` is the acting person, or None for the system; ``data``
    must be JSON and must not carry content (texts, levels): the log is read by people who may not read those. The
    same holds for ``label``.
    """
    return Event.objects.create(
        kind=kind,
        actor_id=by.pk if by else None,
        actor_label=str(by)[:200] if by else "system",
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=(label or str(target))[:300],
        state_id=state.pk if state else None,
        data=data,
    )


# -- After the answer --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Note:
    """An event to come, without its actor."""

    kind: str
    target_type: str
    target_id: str
    target_label: str
    state_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


# Kinds of notes without which nothing is handed out.
HANDED_OUT = frozenset({"file.exported", "data.read"})


def was_read(request: Any, target: Model, *, state: Model | None = None, page: str = "") -> None:
    """The page that is being answered shows what only the owner's delegation and the secretariat may read.

    For views. ``target`` is the thing read, ``state`` its owner. Appended when the answer is given (2xx), once an hour.
    """
    _note(request, Note("restricted.read", *_names(target), *_owner(state), {"page": page} if page else {}))


def was_opened(request: Any, target: Model, label: str) -> None:
    """The page that is being answered is a circulated record, by one whom it concerns: ``target`` is its version.

    For views. Appended when the answer is given (2xx), once an hour.
    """
    _note(request, Note("record.opened", target._meta.label_lower, str(target.pk), label[:300]))


def exported(request: Any, name: str, *, target: Model | None = None, state: Model | None = None, **data: Any) -> None:
    """A file is being handed out: ``name`` as the reader saves it; ``data``: counts and choices, never content.

    For views. Appended when the answer is given, every time.
    """
    kind, pk, _label = _names(target) if target else ("file", name[:60], "")
    _note(request, Note("file.exported", kind, pk, name[:300], *_owner(state), data))


def data_read(request: Any, token: Model, dataset: str, **data: Any) -> None:
    """A program is being answered with rows of ``dataset`` under ``token``; ``data``: counts and choices, no content.

    For views. Appended when the answer is given (2xx): of the same token and kind of data once an hour.
    """
    _note(request, Note("data.read", token._meta.label_lower, f"{token.pk} {dataset}", dataset, data=data))


def denied(request: Any, status: int) -> Note:
    """Somebody was answered 403, or 404 on an address of the portal. Ids stand in the path; the query is not kept."""
    match = request.resolver_match
    ids = {name: str(value)[:60] for name, value in list(match.kwargs.items())[:5]}
    what = " ".join([match.url_name or "", *ids.values()])
    return Note(
        "access.denied",
        "page",
        what[:60],
        what[:300],
        data={"status": status, "url": match.url_name, "method": request.method, **({"ids": ids} if ids else {})},
    )


def noted(request: Any) -> list[Note]:
    """What the view noted on its request."""
    return getattr(request, "_activity", [])


def after_answer(by: Any, notes: Iterable[Note]) -> None:
    """Append the notes of one request of the person ``by``, each in a transaction of its own. Raises DatabaseError."""
    now = timezone.now()
    token = appending.set(True)
    try:
        for note in notes:
            once = note.kind != "file.exported"
            key = (by.pk, note.kind, note.target_type, note.target_id)
            if once and _is_remembered(key, now):
                continue
            _append(by, note, now, once)
            if once:
                _remember(key, now)
    finally:
        appending.reset(token)


class Versions(NamedTuple):
    """``tables``: that of ``base.kept``. ``log``: another one after each committed event, so after each action."""

    tables: tuple[int, ...]
    log: tuple[int, int]


def versions() -> Versions:
    """The state of the data under which pieces of a page are kept, read at one moment. One short query.

    The head of the chain moves in the order of commits; the highest id also tells a transaction of its own events.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(id), max(id), sum(id), (SELECT seq FROM activity_head), (SELECT max(id) FROM activity_event)"
            " FROM base_change"
        )
        count, top, total, seq, newest = cursor.fetchone()
    return Versions((count, top or 0, int(total or 0)), (seq, newest or 0))


def forget() -> None:
    """Empty this process's memory of what was noted lately (tests)."""
    with _lock:
        _remembered.clear()


def _append(by: Any, note: Note, now: dt.datetime, once: bool) -> None:
    """One statement: of two processes that see the same read at once, at most both write it, and none waits."""
    columns = "at, kind, actor_id, actor_label, target_type, target_id, target_label, state_id, data"
    values = [
        now, note.kind, by.pk, str(by)[:200], note.target_type, note.target_id, note.target_label, note.state_id,
        json.dumps(note.data),
    ]  # fmt: skip
    statement = f"INSERT INTO activity_event ({columns}) SELECT {', '.join(['%s'] * 8)}, %s::jsonb"  # noqa: S608
    if once:
        statement += """ WHERE NOT EXISTS (
            SELECT FROM activity_event
            WHERE target_type = %s AND target_id = %s AND actor_id = %s AND kind = %s AND at > %s
        )"""
        values += [note.target_type, note.target_id, by.pk, note.kind, now - ONCE_IN]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _is_remembered(key: tuple[Any, ...], now: dt.datetime) -> bool:
    with _lock:
        at = _remembered.get(key)
    return at is not None and dt.timedelta() <= now - at < ONCE_IN


def _remember(key: tuple[Any, ...], now: dt.datetime) -> None:
    with _lock:
        _remembered[key] = now
        _remembered.move_to_end(key)
        while len(_remembered) > MOST_REMEMBERED:
            _remembered.popitem(last=False)


def _note(request: Any, note: Note) -> None:
    request._activity = [*noted(request), note]


def _names(target: Model) -> tuple[str, str, str]:
    return target._meta.label_lower, str(target.pk), str(target)[:300]


def _owner(state: Model | None) -> tuple[int | None]:
    return (state.pk if state else None,)
