"""What is due on a day, and on which days people work. Pure: reads, and sends nothing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from iwg_portal.reminders.clock import Days
from iwg_portal.reminders.registry import calendar
from members.enums import GROUP_ROLES, Role
from members.models import CONFIRM_EVERY, CONFIRM_GRACE, Person, State, StateHoliday, Term, WorkingGroup, current

NEAR = dt.timedelta(days=1)  # her day may be that before or after the group's


@calendar
def working_days(on: dt.date) -> dict[int, Days]:
    """Everybody who holds an office on the day ``on``, with her zone (else the group's) and the holidays of every
    state for which she holds one. Three queries."""
    group = WorkingGroup.objects.first()
    otherwise = group.zone if group else settings.TIME_ZONE
    closed: dict[int, set[dt.date]] = defaultdict(set)
    for state, day in StateHoliday.objects.filter(on__range=(on - NEAR, on + NEAR)).values_list("state", "on"):
        closed[state].add(day)
    zones: dict[int, ZoneInfo] = {}
    days: dict[int, set[dt.date]] = defaultdict(set)
    terms = Term.objects.filter(current(on), person__is_active=True).order_by("pk")
    for person, zone, state in terms.values_list("person", "person__zone", "state"):
        zones[person] = _zone(zone, otherwise)
        days[person] |= closed.get(state, set())
    return {person: Days(zone, frozenset(days[person])) for person, zone in zones.items()}


def _zone(name: str, otherwise: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or otherwise)
    except (OSError, KeyError, ValueError):  # no such zone, or not the name of one
        return ZoneInfo(settings.TIME_ZONE)


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
