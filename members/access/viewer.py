"""Who is looking, and the one audience rule. Every other access module builds on this one.

Source: the group's access table (audience × role). Default deny: what no term of office grants is not readable.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from members.enums import Audience, ParticipationKind, Role
from members.models import Participation, Person, Term, current

_EVERYONE = frozenset({Audience.PUBLIC})
_GROUP = _EVERYONE | {Audience.GROUP}
_MEMBERS = _GROUP | {Audience.MEMBERS}
_SECRETARIAT = _MEMBERS | {Audience.SECRETARIAT}
_DELEGATION = frozenset(Audience)

# What each role reads of any owner's records; a delegation reads everything of its own state besides.
_READS: dict[str, frozenset[Audience]] = {
    Role.OBSERVER: _GROUP,
    Role.PARTNER: _GROUP,
    Role.DELEGATE: _MEMBERS,
    Role.FOCAL_POINT: _MEMBERS,
    Role.CHAIR: _MEMBERS,
    Role.SECRETARIAT: _SECRETARIAT,
    Role.ADMINISTRATOR: _GROUP,
}
# Of which audiences a role learns only that a record exists, how complete it is, and the day it was saved.
_STATUS_ONLY: dict[str, frozenset[Audience]] = {
    Role.CHAIR: frozenset({Audience.DELEGATION, Audience.SECRETARIAT}),
    Role.SECRETARIAT: frozenset({Audience.DELEGATION}),
    Role.ADMINISTRATOR: frozenset({Audience.DELEGATION, Audience.SECRETARIAT, Audience.MEMBERS}),
}


@dataclass(frozen=True)
class Viewer:
    """Who is looking: the union of the person's terms of office on one day. Without a person: anonymous.

    ``own_states`` are the states on whose delegation she sits, ``focal_states`` those for which she is focal point.
    ``owed_for`` are the offices that she holds but cannot use in this session, because it lacks the second factor
    that they ask for: ``roles`` and all that follows from them are empty then.
    """

    person: Person | None = None
    roles: frozenset[str] = frozenset()
    own_states: frozenset[int] = frozenset()
    focal_states: frozenset[int] = frozenset()
    observed_states: frozenset[int] = frozenset()
    organisations: frozenset[int] = frozenset()
    owed_for: frozenset[str] = frozenset()
    # Not herself: how somebody else would look at the page (see ``seen_as``).
    looks_as: str = ""

    @property
    def unproven(self) -> bool:
        """She holds an office and has not shown her second factor in this session: she reads what is public."""
        return bool(self.owed_for)

    def without_proof(self) -> Viewer:
        """The same person in a session without second factor. Somebody without an office owes none."""
        return Viewer(person=self.person, owed_for=self.roles | self.owed_for)

    @cached_property
    def reads(self) -> frozenset[Audience]:
        """The audiences that she reads whoever owns the record."""
        return _EVERYONE.union(*(_READS[role] for role in self.roles))

    @cached_property
    def reads_status_only(self) -> frozenset[Audience]:
        return frozenset().union(*(_STATUS_ONLY.get(role, frozenset()) for role in self.roles)) - self.reads

    @property
    def in_group(self) -> bool:
        """She holds an office: she reads at least what is meant for the whole group."""
        return Audience.GROUP in self.reads

    @property
    def in_secretariat(self) -> bool:
        return Role.SECRETARIAT in self.roles

    @property
    def reads_members(self) -> bool:
        return Audience.MEMBERS in self.reads

    @property
    def rights_key(self) -> str:
        """Identical only for two viewers with the same rights: part of the key of every kept piece of a page."""
        return "/".join(
            (
                "|".join(sorted(self.roles)),
                ",".join(str(state) for state in sorted(self.own_states)),
                ",".join(str(state) for state in sorted(self.focal_states)),
                self.looks_as,
            )
        )


ANONYMOUS = Viewer()
# As whom one may look at a page: the word of the address → the role.
LOOKS = {"member": Role.DELEGATE, "observer": Role.OBSERVER, "partner": Role.PARTNER}


_looking: ContextVar[Viewer | None] = ContextVar("viewer_looking", default=None)


@contextmanager
def looking(viewer: Viewer) -> Iterator[None]:
    """While a page is built that asks many things about its own reader: ``viewer_for`` is then ``viewer`` for her, with
    the rights of this session and without a query."""
    before = _looking.set(viewer)
    try:
        yield
    finally:
        _looking.reset(before)


def viewer_for(person: Person | None, on: dt.date | None = None) -> Viewer:
    """The viewer that ``person`` is on the day ``on`` (default: today, in the group's zone). One query.

    An office for a state counts only while that state takes part in the group in the matching way.
    """
    if person is None or not person.is_active:
        return ANONYMOUS
    here = _looking.get()
    if on is None and here is not None and here.person == person:
        return here
    return _from_terms(person, _terms(on or timezone.localdate()).filter(person=person))


def viewers(on: dt.date) -> list[tuple[Viewer, frozenset[int]]]:
    """Everybody who holds an office on the day ``on``, each with the states that sent her. One query."""
    by_person: dict[int, list[Any]] = defaultdict(list)
    for term in _terms(on).filter(person__is_active=True).select_related("person"):
        by_person[term.person_id].append(term)
    found = []
    for terms in by_person.values():
        viewer = _from_terms(terms[0].person, terms)
        sent_by = {term.state_id for term in terms if term.state_id and (term.of_member or term.of_observer)}
        if viewer.roles:
            found.append((viewer, frozenset(sent_by)))
    return found


def seen_as(viewer: Viewer, kind: str) -> Viewer:
    """How ``kind`` (a key of ``LOOKS``) would look, for somebody who wants to check what others see; else ``viewer``.

    For delegations and the secretariat. The other has no state of its own, and reads nothing that ``viewer`` may not.
    """
    if kind not in LOOKS or not (viewer.own_states or viewer.in_secretariat):
        return viewer
    other = Viewer(viewer.person, frozenset({LOOKS[kind]}), looks_as=kind)
    return other if other.reads <= viewer.reads else viewer


def _terms(on: dt.date) -> QuerySet[Any]:
    """Terms of the day ``on``, each with whether its state takes part, and as what."""
    taking_part = Participation.objects.filter(current(on), state=OuterRef("state"))
    return (
        Term.objects.filter(current(on))
        .annotate(
            of_member=Exists(taking_part.filter(kind=ParticipationKind.MEMBER)),
            of_observer=Exists(taking_part.filter(kind=ParticipationKind.OBSERVER)),
        )
        .order_by("id")
    )


def _from_terms(person: Person, terms: Iterable[Any]) -> Viewer:
    roles, own, focal, observed, organisations = set(), set(), set(), set(), set()
    for term in terms:
        if term.role == Role.OBSERVER:
            if term.state_id is None or not term.of_observer:
                continue
            observed.add(term.state_id)
        elif term.state_id is not None:
            if not term.of_member:
                continue
            # The chair acts for the group: the office alone gives no sight of a delegation's own papers.
            if term.role in (Role.DELEGATE, Role.FOCAL_POINT):
                own.add(term.state_id)
            if term.role == Role.FOCAL_POINT:
                focal.add(term.state_id)
        elif term.organisation_id is not None:
            organisations.add(term.organisation_id)
        roles.add(term.role)
    return Viewer(
        person,
        frozenset(roles),
        frozenset(own),
        frozenset(focal),
        frozenset(observed),
        frozenset(organisations),
    )
