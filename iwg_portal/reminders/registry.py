"""The kinds of reminder. Each app's ``reminders`` registers its own; a later kind is one more function there.

A kind is two functions. ``due`` says who is to be reminded of which row, and of which step: a pure read, over all rows
or over some, that knows nothing of what was sent. ``lines`` says what one reader is told of some rows, in her language
and zone; it starts from ``access``, so a row that she may not see has no line. Nothing above the audience ``group``
goes into a line: a neutral sentence, and a link to where her rights are checked.

``due`` is asked when a mail is planned and again when it leaves: what was done, moved or handed over meanwhile is not
due any more, and so it is not said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Model
from django.utils.functional import Promise

from iwg_portal.reminders.clock import Days, reached, step_key


class Due(NamedTuple):
    """``target`` and ``person`` are ids; ``step`` tells two reminders of one row apart, and names its date."""

    target: str
    person: int
    step: str
    urgent: bool = False


@dataclass(frozen=True)
class Line:
    """What a mail says of one thing. ``on`` orders the lines: what was due first stands first.

    ``answers``: she can answer from the mail (see ``links``), until ``closes`` where the thing itself ends then.
    """

    text: str
    link: str
    on: dt.date
    answers: bool = False
    closes: dt.datetime | None = None


class Steps(NamedTuple):
    """When a kind reminds: ``offsets``, days from the day that it counts from, rising; after the last of them again
    each ``every`` days, or no more for 0. ``lowest`` and ``highest``: between which days a step means something."""

    offsets: tuple[int, ...]
    every: int = 0
    lowest: int = -90
    highest: int = 0

    def allows(self, offsets: Collection[int], every: int) -> bool:
        """Whether these may take their place: in order, each once, within the bounds, and repeated only after a day."""
        within = all(self.lowest <= offset <= self.highest for offset in offsets)
        return bool(offsets) and within and sorted(set(offsets)) == list(offsets) and (every == 0 or self.highest > 0)


def steps_of(target: object, people: Iterable[int], due: dt.date, on: dt.date, steps: Steps) -> Iterator[Due]:
    """The step of a row that has come by the day ``on``, for each of ``people``; none before the first one."""
    offset = reached(due, on, steps.offsets, steps.every)
    if offset is not None:
        for person in people:
            yield Due(str(target), person, step_key(due, offset))


# None: all rows; else the ids of those that are asked for.
DueQuery = Callable[[dt.datetime, Collection[str] | None], Iterable[Due]]
Lines = Callable[[Any, Collection[str], dt.datetime], dict[str, Line]]
Calendar = Callable[[dt.date], dict[int, Days]]


@dataclass(frozen=True)
class Reminder:
    """``title`` names it for the secretariat, and ``rule`` says from which day it counts, or when it reminds.

    ``says``: the sentences of its lines by a short name, with named places (``%(day)s``); as the portal has them, until
    the secretariat keeps others (see ``plans.sayings``).

    ``steps``: as the portal has them, until the secretariat keeps others (see ``plans``); None where the thing itself
    says when. ``may_be_urgent``: some of its steps may leave at once, so it is asked all day.
    """

    name: str
    target_type: str
    due: DueQuery
    lines: Lines
    title: str | Promise
    rule: str | Promise
    says: Mapping[str, str | Promise] = field(compare=False)  # a name is enough to tell two apart
    steps: Steps | None = None
    may_be_urgent: bool = False


REMINDERS: dict[str, Reminder] = {}
CALENDARS: list[Calendar] = []


def reminds(
    name: str,
    *,
    about: type[Model],
    lines: Lines,
    title: str | Promise,
    rule: str | Promise,
    says: Mapping[str, str | Promise],
    steps: Steps | None = None,
    may_be_urgent: bool = False,
) -> Callable[[DueQuery], DueQuery]:
    """Register ``due`` under ``name``; its rows are those of ``about``."""

    def register(due: DueQuery) -> DueQuery:
        if name in REMINDERS:
            raise ValueError(f"There are two kinds of reminder named {name!r}.")
        REMINDERS[name] = Reminder(name, about._meta.label_lower, due, lines, title, rule, says, steps, may_be_urgent)
        return due

    return register


def calendar(function: Calendar) -> Calendar:
    """Register who can be reminded on a day (ids of people in office), with zone and holidays of each."""
    CALENDARS.append(function)
    return function


def readers(on: dt.date) -> dict[int, Days]:
    """Everybody who can be reminded on the day ``on``."""
    found: dict[int, Days] = {}
    for function in CALENDARS:
        found |= function(on)
    return found
