"""The chain over the log: its head, and a walk that finds what was changed behind the portal's back.

The hashes are computed here once more, from the rows alone: the functions in the database are not asked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from iwg_portal.activity.models import Head, Link

FIRST = hashlib.sha256(b"iwg-portal audit chain 1").digest()
CHUNK = 5000  # rows at a time

_ROWS = """
SELECT l.seq, l.event_id, l.hash, e.id IS NOT NULL, e.at, e.kind, e.actor_id, e.actor_label, e.target_type,
       e.target_id, e.target_label, e.state_id, e.data::text
FROM activity_link l LEFT JOIN activity_event e ON e.id = l.event_id
WHERE l.seq > %s ORDER BY l.seq LIMIT %s
"""
_UNSEALED = """
SELECT e.id FROM activity_event e
WHERE NOT EXISTS (SELECT FROM activity_link l WHERE l.event_id = e.id) ORDER BY e.id LIMIT 1
"""


@dataclass(frozen=True)
class Seal:
    """A place in the chain; ``hash`` in hexadecimal digits. ``seq`` 0 stands before the first event."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def of(cls, text: str) -> Seal:
        """The reverse of ``str``. Raises ValueError."""
        seq, _, digits = text.strip().partition(":")
        if len(bytes.fromhex(digits)) != 32:
            raise ValueError("not 64 hexadecimal digits")
        return cls(int(seq), digits.lower())


@dataclass(frozen=True)
class Verdict:
    """``count`` events were walked up to ``head``; ``problem`` is one line, empty when the chain is whole."""

    count: int
    head: Seal
    problem: str = ""


class Broken(Exception):
    """Says the place and what is wrong with it."""


def head() -> Seal:
    """The newest seal. Raises ``Head.DoesNotExist`` when somebody removed it."""
    row = Head.objects.get()
    return Seal(row.seq, bytes(row.hash).hex())


def verify(*, since: int = 0, expect: Seal | None = None) -> Verdict:
    """Walk the chain from the event after ``since`` to the head, in one snapshot; the first fault ends the walk.

    ``expect`` is a head that was noted earlier (the daily mail): it must lie on this chain. Whoever owns the server
    can compute a whole chain anew; only a head that is kept elsewhere shows that.
    """
    walk = _Walk(since, expect)
    alone = not connection.in_atomic_block
    with transaction.atomic():
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            walk.start()
            walk.links()
            walk.end()
        except Broken as problem:
            return Verdict(walk.count, Seal(walk.seq, walk.hash.hex()), str(problem))
    return Verdict(walk.count, Seal(walk.seq, walk.hash.hex()))


class _Walk:
    def __init__(self, since: int, expect: Seal | None) -> None:
        self.seq, self.expect = since, expect
        self.hash = FIRST
        self.count = 0

    def start(self) -> None:
        if self.seq:
            link = Link.objects.filter(seq=self.seq).first()
            if link is None:
                raise Broken(f"event {self.seq} is missing")
            self.hash = bytes(link.hash)
        if self.expect and self.expect.seq <= self.seq:
            link = Link.objects.filter(seq=self.expect.seq).first()
            self._compare(self.expect, bytes(link.hash) if link else FIRST if not self.expect.seq else b"")

    def links(self) -> None:
        for seq, event_id, sealed, found, *fields in _rows(self.seq):
            if seq != self.seq + 1:
                raise Broken(_missing(self.seq + 1, seq - 1))
            if not found:
                raise Broken(f"event {seq} (row {event_id}) is missing")
            self.hash, expected = _next(self.hash, seq, event_id, fields), bytes(sealed)
            if self.hash != expected:
                raise Broken(f"event {seq} (row {event_id}) was changed")
            self.seq, self.count = seq, self.count + 1
            if self.expect and self.expect.seq == seq:
                self._compare(self.expect, self.hash)

    def end(self) -> None:
        row = Head.objects.first()
        if row is None:
            raise Broken(f"the head is missing, after event {self.seq}")
        if row.seq > self.seq:
            raise Broken(_missing(self.seq + 1, row.seq))
        if row.seq < self.seq or bytes(row.hash) != self.hash:
            raise Broken(f"the head (event {row.seq}) does not match the last event ({self.seq})")
        with connection.cursor() as cursor:
            cursor.execute(_UNSEALED)
            if stray := cursor.fetchone():
                raise Broken(f"row {stray[0]} was inserted past the chain, before event {self.seq + 1}")
        if self.expect and self.expect.seq > self.seq:
            raise Broken(_missing(self.seq + 1, self.expect.seq))

    @staticmethod
    def _compare(expect: Seal, found: bytes) -> None:
        if found.hex() != expect.hash:
            raise Broken(f"event {expect.seq} does not match the head that was noted: the chain was computed anew")


def _rows(after: int) -> Iterator[tuple[Any, ...]]:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [after, CHUNK])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < CHUNK:
            return
        after = rows[-1][0]


def _missing(first: int, last: int) -> str:
    return f"event {first} is missing" if first == last else f"events {first} to {last} are missing"


def _next(before: bytes, seq: int, event_id: int, fields: list[Any]) -> bytes:
    at, *rest = fields
    moment = at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    said = ",".join(_field(value) for value in (event_id, moment, *rest))
    return hashlib.sha256(before + f"{seq},{said}".encode()).digest()


def _field(value: Any) -> str:
    """Length in bytes and text, so that no two rows have the same text."""
    if value is None:
        return "-"
    text = str(value)
    return f"{len(text.encode())}:{text}"
