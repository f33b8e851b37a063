"""What a summary says otherwise than the one that it follows: computed from the two frozen contents alone.

A figure that a state has let go of since is not repeated here, nor are counts from which it could be worked out: of
such ones only the number is said. What every member could still read when the later figures were taken is frozen with
them (``consents``); what is not in there was let go of, also where an older report stands in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Change:
    """``kind``: status, level, median, members, named, step, decisions or actions. ``subject``: the code of a state or
    of an area, or ""; ``of``: a kind of status, an area, a year, a step, or a count. ``before`` is None where there was
    nothing to show."""

    kind: str
    subject: str
    of: str
    before: Any
    now: Any


@dataclass(frozen=True)
class Readable:
    """What of the earlier one may be said again: cells as (state, kind of status or area), medians as (area, year)."""

    cells: frozenset[tuple[str, str]] = frozenset()
    medians: frozenset[tuple[str, int]] = frozenset()


def readable(later: dict[str, Any], code: str) -> Readable:
    """Of the earlier one with that code, as ``later`` holds it; nothing where it holds none, or that of another."""
    again = later.get("again") or {}
    if again.get("code") != code:
        return Readable()
    return Readable(*(frozenset((one, of) for one, of in again[part]) for part in ("cells", "medians")))


@dataclass(frozen=True)
class Comparison:
    """``lost``: how many cells (a state's status, or its mean in an area) were named then and are not, or may not be,
    named so now. ``is_same``: both are of the same self-assessment; levels and medians are compared only then."""

    changes: tuple[Change, ...] = field(default_factory=tuple)
    lost: int = 0
    is_same: bool = True


def compare(earlier: dict[str, Any], later: dict[str, Any], again: Readable) -> Comparison:
    """Both of the same scope and format. In the order of the document."""
    rounds = [(content["round"]["year"], content["round"]["edition"]) for content in (earlier, later)]
    is_same = rounds[0] == rounds[1]
    then = {row["code"]: row for row in earlier["states"]}
    changes = [*_count("members", "", "", earlier["members"], later["members"])]
    lost, losing = 0, set()
    for row in later["states"]:
        old = then.get(row["code"], {})
        for kind in later["kinds"]:
            before, now = (_label(side.get(kind)) for side in (old, row))
            if before and (not now or (before != now and (row["code"], kind) not in again.cells)):
                lost += 1
                losing.add(kind)
            elif before != now:
                changes.append(Change("status", row["code"], kind, before, now))
        if is_same:
            for area, now in row["areas"].items():
                before = old.get("areas", {}).get(area)
                if before is not None and (now is None or (before != now and (row["code"], area) not in again.cells)):
                    lost += 1
                elif before != now:
                    changes.append(Change("level", row["code"], area, before, now))
    gone = set(then) - {row["code"] for row in later["states"]}
    for code in gone:
        shown = [kind for kind in later["kinds"] if then[code].get(kind)]
        losing |= set(shown)
        lost += len(shown) + (sum(value is not None for value in then[code]["areas"].values()) if is_same else 0)
    changes += _ladders(earlier, later, losing)
    if is_same:
        changes += _medians(earlier, later, again)
    for part in ("decisions", "actions"):
        before, now = (content[part].get("counts", content[part]) for content in (earlier, later))
        for name in now:
            changes += _count(part, "", name, before.get(name), now[name])
    return Comparison(tuple(changes), lost, is_same)


def _label(held: Any) -> str | None:
    return held[0] if held else None


def _count(kind: str, subject: str, of: str, before: Any, now: Any) -> Iterator[Change]:
    if before != now:
        yield Change(kind, subject, of, before, now)


def _ladders(earlier: dict[str, Any], later: dict[str, Any], losing: set[str]) -> Iterator[Change]:
    """Counts of a ladder, where no state has left it: else the difference would say on which step it stood."""
    then = {ladder["kind"]: ladder for ladder in earlier["ladders"]}
    for ladder in later["ladders"]:
        old = then.get(ladder["kind"])
        if old is None or ladder["kind"] in losing:
            continue
        yield from _count("named", ladder["kind"], "", old["named"], ladder["named"])
        before, now = dict(old["steps"]), dict(ladder["steps"])
        for step in [*now, *(code for code in before if code not in now)]:
            yield from _count("step", ladder["kind"], step, before.get(step, 0), now.get(step, 0))


def _medians(earlier: dict[str, Any], later: dict[str, Any], again: Readable) -> Iterator[Change]:
    """Where all that contributed then contribute now."""
    then = {(one["area"], point["year"]): point for one in earlier["medians"] for point in one["course"]}
    for one in later["medians"]:
        for point in one["course"]:
            old = then.get((one["area"], point["year"]))
            if old is None or point["median"] is None:
                continue
            if old["median"] is not None and (one["area"], point["year"]) not in again.medians:
                continue
            yield from _count("median", one["area"], str(point["year"]), old["median"], point["median"])
