"""Finished pieces of pages, kept in the process under the version of the data *and* the reader's rights.

The version comes from the table ``Change``: a trigger on every table that such a page reads adds a row per writing
statement, in the writer's own transaction. So a reader either sees the change and its row, or neither; a piece that
was built before a commit is never found after it. A key must name everything else that the piece depends on: rights,
language, day, and what was asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

import pgtrigger
from django.db.models import Count, Max, Sum
from django.utils.translation import get_language

from iwg_portal.base.models import Change

Piece = TypeVar("Piece")
MOST = 300  # pieces; of a page some 25 KB each, of a person's card 2 KB

_pieces: OrderedDict[Hashable, Any] = OrderedDict()
_lock = Lock()


class NoteChange(pgtrigger.Trigger):
    """For ``Meta.triggers`` of a table that a kept page shows: each writing statement adds a ``Change``."""

    level = pgtrigger.Statement
    when = pgtrigger.After
    operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
    func = "INSERT INTO base_change DEFAULT VALUES; RETURN NULL;"


def version() -> tuple[int, ...]:
    """What distinguishes this state of the data from every other. One short query.

    Count and sum as well as the highest id: of two transactions the one with the lower id may commit last.
    """
    row = Change.objects.aggregate(n=Count("id"), top=Max("id"), sum=Sum("id"))
    return row["n"], row["top"] or 0, row["sum"] or 0


def keep(
    name: str, rights: str, asked: Hashable, make: Callable[[], Piece], at: tuple[int, ...] | None = None
) -> Piece:
    """The piece ``name`` for a reader with ``rights`` (``Viewer.rights_key``) in the active language.

    ``asked`` is everything else the piece depends on. ``make`` builds it when it is not there, and must depend on
    nothing that is not named: neither the person nor the request. ``at``: the version, where this request has read it
    already, before anything that the piece shows.
    """
    key = (name, at or version(), rights, get_language(), asked)
    with _lock:
        if key in _pieces:
            _pieces.move_to_end(key)
            return _pieces[key]
    piece = make()
    with _lock:
        _pieces[key] = piece
        while len(_pieces) > MOST:
            _pieces.popitem(last=False)
    return piece


def forget() -> None:
    """Empty this process's shelf (tests, and after the reference data were loaded in the same process)."""
    with _lock:
        _pieces.clear()
