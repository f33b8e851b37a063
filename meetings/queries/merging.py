"""Two texts that grew from one: put together line by line, so that nobody's words are lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_CHARACTERS = 20_000  # of a block, as the database insists
# Lines that are compared; beyond, what differs counts as one change. A permutation costs the square of its lines.
MOST_COMPARED = 1_000


@dataclass(frozen=True)
class Merged:
    """``clash``: both had changed the same lines, and both versions of them stand there."""

    text: str
    clash: bool


@dataclass(frozen=True)
class _Change:
    """Lines ``start`` to ``end`` (not included) of the base became ``lines``."""

    start: int
    end: int
    lines: tuple[str, ...]

    @property
    def inserts(self) -> bool:
        return self.start == self.end


def merge(*, base: str, theirs: str, mine: str, their_label: str, my_label: str) -> Merged:
    """Apply the changes from ``base`` to ``theirs`` and from ``base`` to ``mine``.

    What only one has changed is as she left it. Where both added something at the same place, theirs stands first.
    Where both changed the same lines differently, both stand there, each below its label; but a deletion never takes
    words with it that somebody else has just written.
    """
    if theirs in (base, mine):
        return Merged(mine, False)
    if mine == base:
        return Merged(theirs, False)
    lines = base.split("\n")
    one, other = _changes(lines, theirs.split("\n")), _changes(lines, mine.split("\n"))
    found: list[str] = []
    done, clash = 0, False
    for start, end, ours, others in _clusters(one, other):
        found += lines[done:start]
        left, right = _applied(lines, start, end, ours), _applied(lines, start, end, others)
        if left == right or not others or (ours and not right):
            found += left
        elif not ours or not left:
            found += right
        elif start == end:
            found += left + right
        else:
            found += [their_label, *left, my_label, *right]
            clash = True
        done = end
    return Merged("\n".join(found + lines[done:]), clash)


def _changes(base: Sequence[str], new: Sequence[str]) -> list[_Change]:
    head = 0
    while head < min(len(base), len(new)) and base[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(base), len(new)) - head and base[-1 - tail] == new[-1 - tail]:
        tail += 1
    old_end, new_end = len(base) - tail, len(new) - tail
    if max(old_end, new_end) - head > MOST_COMPARED:
        return [_Change(head, old_end, tuple(new[head:new_end]))]
    matcher = SequenceMatcher(None, base[head:old_end], new[head:new_end], autojunk=False)
    return [
        _Change(head + i1, head + i2, tuple(new[head + j1 : head + j2]))
        for word, i1, i2, j1, j2 in matcher.get_opcodes()
        if word != "equal"
    ]


Cluster = tuple[int, int, list[_Change], list[_Change]]


def _clusters(one: Sequence[_Change], other: Sequence[_Change]) -> Iterator[Cluster]:
    """(start, end, changes of one, changes of the other), in order; what touches and does not overlap stays apart."""
    waiting = sorted(
        [(change, 0) for change in one] + [(change, 1) for change in other],
        key=lambda pair: (pair[0].start, pair[0].end, pair[1]),
    )
    place = 0
    while place < len(waiting):
        start, end = waiting[place][0].start, waiting[place][0].end
        sides: tuple[list[_Change], list[_Change]] = ([], [])
        while place < len(waiting):
            change, side = waiting[place]
            both_insert = change.inserts and start == end == change.start
            if any(sides) and change.start >= end and not both_insert:
                break
            sides[side].append(change)
            end = max(end, change.end)
            place += 1
        yield start, end, sides[0], sides[1]


def _applied(base: Sequence[str], start: int, end: int, changes: Sequence[_Change]) -> list[str]:
    found: list[str] = []
    for change in changes:
        found += [*base[start : change.start], *change.lines]
        start = change.end
    return [*found, *base[start:end]]
