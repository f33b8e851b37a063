"""Who plays which part in the demonstration's meetings, and on which days."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from members.enums import ParticipationKind, Role
from members.models import Organisation, Participation, Person, State, Term, WorkingGroup, current
from members.queries import PERSONAS

SATURDAY = 5


def days_of(start: dt.date, after: int, length: int) -> tuple[dt.date, dt.date]:
    """First and last of ``length`` days (five at most) that begin ``after`` days after ``start``; where a Saturday or
    Sunday would be among them, from the Monday after."""
    first = start + dt.timedelta(days=after)
    while first.weekday() + length > SATURDAY:
        first += dt.timedelta(days=1)
    return first, first + dt.timedelta(days=length - 1)


def in_zone(on: dt.date, hour: int) -> dt.datetime:
    """The full hour of that day in the group's zone."""
    return timezone.make_aware(dt.datetime.combine(on, dt.time(hour)))


class People:
    """The demonstration's states, organisations and offices on the day of loading."""

    def __init__(self) -> None:
        today = timezone.localdate()
        self.zone = WorkingGroup.objects.get(id=1).zone
        self.states = {state.alpha2: state for state in State.objects.all()}
        self.organisations = {row.key: row for row in Organisation.objects.all()}
        taking_part = Participation.objects.filter(current(today)).order_by("state__alpha2")
        codes = taking_part.values_list("state__alpha2", flat=True)
        self.member_codes: list[str] = list(codes.filter(kind=ParticipationKind.MEMBER))
        self.observer_codes: list[str] = list(codes.filter(kind=ParticipationKind.OBSERVER))
        self.secretariat = Person.objects.get(email__iexact=PERSONAS["secretariat"])
        self._terms = Term.objects.filter(current(today)).select_related("person").order_by("id")

    def delegation(self, state: State) -> list[Person]:
        """Whoever holds an office of the state, first the focal points."""
        terms = sorted(self._terms.filter(state=state), key=lambda term: term.role != Role.FOCAL_POINT)
        return list(dict.fromkeys(term.person for term in terms))

    def focal_point(self, state: State) -> Person:
        return self._first(state, Role.FOCAL_POINT)

    def delegate(self, state: State) -> Person:
        return self._first(state, Role.DELEGATE)

    def _first(self, state: State, role: str) -> Person:
        term = self._terms.filter(state=state, role=role).first()
        return term.person if term else self.secretariat
