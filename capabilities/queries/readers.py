"""Who would read, in words and numbers: for every form in which an audience is chosen."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from members.access import Reach, reaches
from members.enums import Audience
from members.models import State


def short_words(audience: str) -> str:
    """For narrow places; ``Audience`` has the full words."""
    return {
        Audience.DELEGATION: _("own delegation"),
        Audience.SECRETARIAT: _("own delegation, secretariat"),
        Audience.MEMBERS: _("all member states"),
        Audience.GROUP: _("the whole group"),
        Audience.PUBLIC: _("anyone"),
    }[Audience(audience)]


def choices(state: State, audiences: Iterable[Audience]) -> list[tuple[str, str]]:
    """(value, "the delegations of all member states …: 16 states, 61 people"), for cards. One query."""
    by_audience = reaches(state)
    return [(a.value, by_audience[a].sentence) for a in audiences]


def with_numbers(reach: Reach) -> str:
    return _("%(who)s: %(numbers)s") % {"who": short_words(reach.audience), "numbers": reach.words}
