"""The audience rule: one set of grants, read as a filter and as a predicate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.access.viewer import Viewer, viewers
from members.enums import Audience
from members.models import State

_DELEGATION = frozenset(Audience)

# Who reads a new record of each kind, unless its owner decides otherwise. Source: the group's access table, §1.
DEFAULT_AUDIENCE: dict[str, Audience] = {
    "status": Audience.GROUP,
    "answer": Audience.MEMBERS,
    "evidence": Audience.SECRETARIAT,
    "gap": Audience.SECRETARIAT,
    "round_note": Audience.SECRETARIAT,
    "contact": Audience.MEMBERS,
    "phone": Audience.SECRETARIAT,
    "meeting": Audience.GROUP,
    "agenda": Audience.GROUP,
    "record_draft": Audience.SECRETARIAT,
    "record": Audience.MEMBERS,
    "lesson": Audience.GROUP,
    "challenge": Audience.MEMBERS,
    "law": Audience.PUBLIC,
    "assistance_request": Audience.SECRETARIAT,
    "assistance_offer": Audience.GROUP,
}


def readable(viewer: Viewer, audience: str = "audience", owner: str = "state") -> Q:
    """The rows that ``viewer`` may read, as a filter over the fields named ``audience`` and ``owner``."""
    rule = Q(**{f"{audience}__in": sorted(viewer.reads)})
    if viewer.own_states:
        rule |= Q(**{f"{owner}__in": sorted(viewer.own_states), f"{audience}__in": sorted(_DELEGATION)})
    return rule


def may_read(viewer: Viewer, audience: str, owner_id: int | None) -> bool:
    """The same rule for one record."""
    return audience in viewer.reads or (owner_id in viewer.own_states and audience in _DELEGATION)


def status_only(viewer: Viewer, audience: str = "audience", owner: str = "state") -> Q:
    """The rows of which ``viewer`` learns only existence, completeness and the day of the last save."""
    rule = Q(**{f"{audience}__in": sorted(viewer.reads_status_only)})
    return rule & ~Q(**{f"{owner}__in": sorted(viewer.own_states)})


@dataclass(frozen=True)
class Reach:
    """How many people would read a record on one day, and from how many states (the secretariat has none)."""

    audience: Audience
    states: int
    people: int

    @property
    def words(self) -> str:
        states = ngettext("%(count)s state", "%(count)s states", self.states) % {"count": self.states}
        people = ngettext("%(count)s person", "%(count)s people", self.people) % {"count": self.people}
        return _("%(states)s, %(people)s") % {"states": states, "people": people}

    @property
    def sentence(self) -> str:
        """Who, in words and numbers."""
        return _("%(who)s: %(numbers)s") % {"who": self.audience.label, "numbers": self.words}


def reaches(state: State | None, on: dt.date | None = None) -> dict[Audience, Reach]:
    """For each audience, who would read a record of ``state`` (None: of the group) by the terms of the day ``on``.

    Depends on terms of office alone, never on what is stored. One query.
    """
    owner = state.pk if state else None
    everybody = viewers(on or timezone.localdate())
    found = {}
    for audience in Audience:
        readers = [(viewer, sent_by) for viewer, sent_by in everybody if may_read(viewer, audience, owner)]
        found[audience] = Reach(
            audience, len(frozenset().union(*(sent_by for _viewer, sent_by in readers))), len(readers)
        )
    return found


def reach(audience: str, state: State | None, on: dt.date | None = None) -> Reach:
    return reaches(state, on)[Audience(audience)]
