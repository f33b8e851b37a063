"""What a digest tells of. Each app's ``reminders`` registers its topics; a later topic is one more function there.

A topic says what became new between two moments, for one reader, in her language. She may follow only some groups,
themes or states, or whatever else an app registers: a topic to which that means something tells of these alone. It
starts from ``access``, so what she may not see has no line. Nothing above the audience ``group`` goes into a line: a
neutral sentence, and a link to where her rights are checked. It is asked when the digest leaves.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise

MOST = 10  # lines of one topic; the rest is a number and a link to the list


class News(NamedTuple):
    """One line: a sentence, and the whole address to which it leads."""

    text: str
    link: str


# What she follows alone, by the name of a ``Follow``; what is not in it, she follows altogether.
Only = Mapping[str, frozenset[str]]
# The reader; the two moments (aware): after the first, up to and including the second; what she follows alone.
Lines = Callable[[Any, dt.datetime, dt.datetime, Only], Iterable[News]]

Choices = Callable[[Any], Iterable[tuple[str, str]]]


@dataclass(frozen=True)
class Topic:
    """``title`` names it where it is chosen and in the mail, ``order`` is its place there, ``page`` the name of the
    list that has everything of it."""

    name: str
    lines: Lines
    title: str | Promise
    order: int
    page: str


@dataclass(frozen=True)
class Follow:
    """``choices``: what a person may follow, as (value, words) in her language."""

    name: str
    choices: Choices
    title: str | Promise
    order: int

    def key(self, value: str) -> str:
        """As a choice keeps it."""
        return f"{self.name}={value}"


TOPICS: dict[str, Topic] = {}
FOLLOWS: dict[str, Follow] = {}


def topic(name: str, *, title: str | Promise, order: int, page: str) -> Callable[[Lines], Lines]:
    """Register ``lines`` under ``name``."""

    def register(lines: Lines) -> Lines:
        if name in TOPICS:
            raise ValueError(f"There are two topics named {name!r}.")
        TOPICS[name] = Topic(name, lines, title, order, page)
        return lines

    return register


def followable(name: str, *, title: str | Promise, order: int) -> Callable[[Choices], Choices]:
    """Register ``choices`` under ``name``."""

    def register(choices: Choices) -> Choices:
        if name in FOLLOWS:
            raise ValueError(f"There are two things to follow named {name!r}.")
        FOLLOWS[name] = Follow(name, choices, title, order)
        return choices

    return register


def follows() -> list[Follow]:
    return sorted(FOLLOWS.values(), key=lambda one: (one.order, one.name))


def only(followed: Iterable[str]) -> Only:
    """Of what a choice keeps."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in followed:
        name, _sign, value = key.partition("=")
        found[name].add(value)
    return {name: frozenset(values) for name, values in found.items()}


def topics() -> list[Topic]:
    """All of them, in their order."""
    return sorted(TOPICS.values(), key=lambda one: (one.order, one.name))


def address(name: str, *args: object) -> str:
    """The whole address of the page ``name``."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse(name, args=args)}"


def sections(
    person: Any, chosen: Iterable[str], followed: Iterable[str], since: dt.datetime, until: dt.datetime
) -> list[dict[str, Any]]:
    """For a mail: of each chosen topic that has something to say its title, lines, and how many more there are."""
    wanted, found = set(chosen), []
    for one in topics():
        lines = list(one.lines(person, since, until, only(followed))) if one.name in wanted else []
        if lines:
            shown = [{"text": line.text, "link": line.link} for line in lines[:MOST]]
            more = len(lines) - len(shown)
            found.append({"title": str(one.title), "items": shown, "more": more, "link": address(one.page)})
    return found
