"""What is due and not told yet; and what will go out on the day that comes, as things stand now. Pure reads."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from iwg_portal.base import marks
from iwg_portal.mail import compose
from iwg_portal.reminders import clock, ledger, notices
from iwg_portal.reminders.enums import Cadence
from iwg_portal.reminders.models import DigestChoice
from iwg_portal.reminders.registry import REMINDERS, Due, Reminder, readers

Found = list[tuple[Reminder, Due]]
OLDEST = dt.timedelta(days=92)  # what is older is no news, also after a long absence


def fresh(now: dt.datetime, mornings: Collection[int], soon: Collection[int]) -> dict[int, Found]:
    """What is due and was not told yet, by person, for whom something can leave today: everything for the ids in
    ``mornings``, for those in ``soon`` what is urgent."""
    found: dict[int, Found] = defaultdict(list)
    for reminder in REMINDERS.values():
        if not (mornings or (soon and reminder.may_be_urgent)):
            continue
        due = [one for one in reminder.due(now, None) if one.person in mornings or (one.urgent and one.person in soon)]
        if not due:
            continue
        taken = ledger.taken(reminder.name, {one.step for one in due})
        for one in due:
            if one[:3] not in taken:  # target, person, step
                found[one.person].append((reminder, one))
    return found


def digests_due(now: dt.datetime, zones: dict[int, ZoneInfo]) -> tuple[dict[int, str], dict[int, DigestChoice]]:
    """Of these people (ids, with the zone of each), whose digest is due: her period, what she chose. Two queries."""
    choices = {row.person_id: row for row in DigestChoice.objects.filter(person__in=list(zones)).order_by("pk")}
    periods: dict[int, str] = {}
    for person, choice in choices.items():
        period = clock.period(choice.cadence, now.astimezone(zones[person]).date())
        if choice.cadence != Cadence.NONE and choice.chosen_at.astimezone(zones[person]).date() < period.first:
            periods[person] = period.key
    done = ledger.digests_of(periods) if periods else set()
    return {person: key for person, key in periods.items() if person not in done}, choices


def since(choice: DigestChoice, told_until: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """From when on a digest tells: what she chose, and what none before it told."""
    return max(choice.since, told_until or now - OLDEST, now - OLDEST)


@dataclass(frozen=True)
class Coming:
    """A mail that is not planned yet: to whom, when (in her zone), and how many things it may name. When it leaves, it
    may name fewer: what is done by then, or is not hers to see, is not said."""

    person: Any
    at: dt.datetime
    found: Found

    @property
    def clock(self) -> str:
        """By her clocks: "08:12 WAT"."""
        return f"{self.at:%H:%M} {marks.zone(self.at)}"

    @property
    def count(self) -> int:
        return len(dict.fromkeys(self.found))


def coming_day(now: dt.datetime) -> dt.date:
    """The next day on which mail goes out: no Saturday, no Sunday."""
    day = clock.today(now) + dt.timedelta(days=1)
    while day.weekday() > clock.FRIDAY:
        day += dt.timedelta(days=1)
    return day


def coming(day: dt.date) -> list[Coming]:
    """Of everybody who works on ``day``, by address. A few queries for each kind of reminder."""
    slots = {}
    for person, hers in readers(day).items():
        opens = dt.datetime.combine(day, clock.PLANNED_FROM, hers.zone)
        if slot := clock.morning(opens, hers, person):
            slots[person] = (slot, hers.zone)
    found = fresh(_noon(day), slots, ())
    people = get_user_model()._default_manager.filter(pk__in=list(found), is_active=True).order_by("email")
    return [Coming(row, slots[row.pk][0].not_before.astimezone(slots[row.pk][1]), found[row.pk]) for row in people]


def coming_digests(day: dt.date, mails: Iterable[Coming]) -> int:
    """How many digests are due that day beside the reminders ``mails``; whose they are, and of what, is their readers'
    own. A few queries."""
    zones = {pk: hers.zone for pk, hers in readers(day).items() if hers.is_working(day)}
    for mail in mails:  # as the planner: who is reminded on a day has her digest on another
        zones.pop(mail.person.pk, None)
    return len(digests_due(_noon(day), zones)[0])


def letter(mail: Coming, day: dt.date) -> compose.Letter | None:
    """As she would read it, in her language and zone; None where nothing of it is hers to see."""
    language = getattr(mail.person, "mail_language", "") or settings.LANGUAGE_CODE
    with compose.speaking(language), timezone.override(mail.at.tzinfo):
        context = notices.context_of(mail.person, mail.found, _noon(day))
        return compose.write(ledger.DAILY, context, language=language, name=str(mail.person)) if context else None


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), timezone.get_default_timezone())
