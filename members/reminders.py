"""What is due on a day. Pure: reads, and sends nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from members.enums import GROUP_ROLES, Role
from members.models import CONFIRM_EVERY, CONFIRM_GRACE, Person, State, Term, WorkingGroup, current


@dataclass(frozen=True)
class Confirmation:
    """Offices of one owner that lapse on one day: ``target`` is the state, or the group for what has no delegation."""

    target: State | WorkingGroup
    lapses_on: dt.date
    readers: tuple[Person, ...]


def unconfirmed(today: dt.date) -> QuerySet[Term]:
    """Current offices that were last confirmed a year ago or earlier."""
    rows = Term.objects.filter(current(today), person__is_active=True, confirmed_on__lte=today - CONFIRM_EVERY)
    return rows.order_by("confirmed_on", "pk")


def lapsed(today: dt.date) -> QuerySet[Term]:
    """Of these, the ones whose month of grace is over."""
    return unconfirmed(today).filter(confirmed_on__lte=today - CONFIRM_EVERY - CONFIRM_GRACE)


def confirmations(today: dt.date) -> list[Confirmation]:
    """One entry per owner and day on which something of theirs lapses, with who can confirm it."""
    group = WorkingGroup.objects.first()
    found: dict[tuple[str, int, dt.date], Confirmation] = {}
    for term in unconfirmed(today).select_related("state"):
        key, target = _owner(term, group)
        at = (*key, term.lapses_on)
        if target is not None and at not in found:
            found[at] = Confirmation(target, term.lapses_on, tuple(_confirmers(term, today)))
    return list(found.values())


def _owner(term: Term, group: WorkingGroup | None) -> tuple[tuple[str, int], State | WorkingGroup | None]:
    if term.role in GROUP_ROLES:
        return ("group", 0), group
    if term.state is not None and term.role != Role.OBSERVER:
        return ("state", term.state.pk), term.state
    return ("others", 0), group


def _confirmers(term: Term, today: dt.date) -> QuerySet[Person]:
    """Who is asked: the focal points of the state, the secretariat for observers and partners, administrators."""
    if term.role in GROUP_ROLES:
        rule = Q(terms__role=Role.ADMINISTRATOR)
    elif term.role in (Role.OBSERVER, Role.PARTNER):
        rule = Q(terms__role=Role.SECRETARIAT)
    else:
        rule = Q(terms__role=Role.FOCAL_POINT, terms__state=term.state_id)
    holders = Person.objects.filter(rule & current(today, "terms__"), is_active=True)
    return holders.distinct().order_by("pk")
