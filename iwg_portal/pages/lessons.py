"""Lessons on a state's profile: what it shared under its name, and how many serve each indicator.

A profile is kept under its reader's rights (``Viewer.rights_key``). All of this follows from these alone; so nothing
is said of the meetings where a lesson was shared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext

from meetings.access.lessons import approved_lessons
from meetings.queries import lessons as query
from members.access import Viewer
from members.enums import Audience
from members.models import State

MOST = 5


@dataclass(frozen=True)
class Shared:
    """A lesson as the profile names it."""

    url: str
    title: str
    language: str
    theme: str
    approved_at: Any
    audience: Audience


@dataclass(frozen=True)
class Lessons:
    """``by_indicator``: code → (address in the library, "2 lessons"), whoever shared them. ``shared``: the newest that
    bear the state's name; ``more`` is the address of all of them, where there are more."""

    by_indicator: dict[str, tuple[str, str]] = field(default_factory=dict)
    shared: list[Shared] = field(default_factory=list)
    more: str = ""


def lessons(viewer: Viewer, state: State) -> Lessons:
    """One query."""
    found = query.for_profile(approved_lessons(viewer), state, get_language() or "en", MOST + 1)
    shared = [
        Shared(
            reverse("lesson", args=[lesson.pk]),
            text.title,
            text.language,
            lesson.get_theme_display(),
            lesson.approved_at,
            Audience(lesson.audience),
        )
        for lesson, text in found.shared
    ]
    return Lessons(
        {code: (library(indicator=code), _count(n)) for code, n in found.by_indicator.items()},
        shared[:MOST],
        library(state=state.alpha2) if len(shared) > MOST else "",
    )


def library(**asked: str) -> str:
    """The address of the library with this filter."""
    return f"{reverse('lessons')}?{urlencode(asked)}"


def _count(n: int) -> str:
    return ngettext("%(count)s lesson", "%(count)s lessons", n) % {"count": n}
