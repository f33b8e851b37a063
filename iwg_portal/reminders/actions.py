"""Plan the day's reminders, and the digests. Harmless to call at any time and from any number of processes.

Of the two together one mail a day at most reaches a reader in the morning, and reminders go first: a digest is planned
for a day without them, and gives way to what comes up before it leaves. Once it has left, what is not urgent waits for
the next morning.
"""

from __future__ import annotations

import datetime as dt

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Model

from iwg_portal.mail import outbox
from iwg_portal.mail.enums import MailState
from iwg_portal.reminders import clock, ledger
from iwg_portal.reminders.models import DigestChoice, DigestSent, Reminded
from iwg_portal.reminders.queries import Found, digests_due, fresh, since
from iwg_portal.reminders.registry import readers

PLANNING = 0x1_0B0C6  # the advisory lock's number; any that nobody else uses


@transaction.atomic
def plan(*, now: dt.datetime) -> int:
    """Put what is due into one mail for each reader and day, to leave at a good hour; returns how many reminders.

    Whoever's hour it is not is asked for later: ``due`` looks at windows, so nothing is missed by that. A second
    planner at the same time does nothing. Side effects: rows of the outbox and of the ledger, a poke.
    """
    if not _alone():
        return 0
    days = readers(clock.today(now))
    mornings = _mornings(now, days)
    soon = {person: slot for person, of_hers in days.items() if (slot := clock.at_once(now, of_hers))}
    found = fresh(now, mornings, soon)
    for person in _cannot_stop({person: mornings[person].occurrence for person in found if person in mornings}):
        del found[person]  # her digest left at this very moment: the next run finds that, and asks again
    planned = 0
    for slots in _divide(found, mornings, soon):
        planned += _write(slots, now)
    return planned


def _alone() -> bool:
    """No other planner is at work until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [PLANNING])
        return bool(cursor.fetchone()[0])


def _cannot_stop(days: dict[int, str]) -> set[int]:
    """Cancel the digests of these people's mornings: something of that day is to be reminded of. The ones that left
    before that was possible."""
    if not days:
        return set()
    outbox.withdraw(ledger.DIGEST, list(days))
    return ledger.has_left(days)


def _mornings(now: dt.datetime, days: dict[int, clock.Days]) -> dict[int, clock.Slot]:
    """Whose mail of today can still take something in: it is not planned, or has not begun to leave; and she has had
    no digest today."""
    slots = {person: slot for person, hers in days.items() if (slot := clock.morning(now, hers, person))}
    if not slots:
        return {}
    days_of = {person: slot.occurrence for person, slot in slots.items()}
    begun = ledger.mails_of(days_of)
    had_hers = ledger.has_left(days_of)
    return {
        person: slot
        for person, slot in slots.items()
        if person not in had_hers and (person not in begun or begun[person].state == MailState.DUE)
    }


def _divide(
    found: dict[int, Found], mornings: dict[int, clock.Slot], soon: dict[int, clock.Slot]
) -> list[dict[int, tuple[clock.Slot, Found]]]:
    """Into the mails of the morning, and those that leave at once because today's has left already."""
    daily = {person: (mornings[person], rows) for person, rows in found.items() if person in mornings}
    urgent = {person: (soon[person], rows) for person, rows in found.items() if person not in mornings}
    return [slots for slots in (daily, urgent) if slots]


def _write(slots: dict[int, tuple[clock.Slot, Found]], now: dt.datetime) -> int:
    people: dict[int, Model] = {row.pk: row for row in get_user_model()._default_manager.filter(pk__in=list(slots))}
    for person, (slot, _rows) in slots.items():
        outbox.queue(
            ledger.DAILY,
            target=people[person],
            to=people[person],
            occurrence=slot.occurrence,
            not_before=slot.not_before,
            deadline=slot.deadline,
        )
    mails = ledger.mails_of({person: slot.occurrence for person, (slot, _rows) in slots.items()})
    made = [
        Reminded(
            kind=reminder.name,
            step=one.step,
            target_type=reminder.target_type,
            target_id=one.target,
            person_id=person,
            mail=mails[person],
            planned_at=now,
        )
        for person, (_slot, rows) in slots.items()
        for reminder, one in dict.fromkeys(rows)
    ]
    # A row that is there already was planned for a mail that ended without saying it: it moves to this one.
    Reminded.objects.bulk_create(
        made,
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["kind", "step", "target_type", "target_id", "person"],
        update_fields=["mail", "planned_at", "included"],
    )
    return len(made)


# -- Digests ---------------------------------------------------------------------------------------------------------

@transaction.atomic
def plan_digests(*, now: dt.datetime) -> int:
    """One mail for each reader and week or month, as she chose, on its first working day of hers without a reminder;
    a day that was missed is caught up until the period ends. Returns how many digests.

    It tells of what became new since the last one: a period without any leaves no gap. Side effects: as of ``plan``.
    """
    if not _alone():
        return 0
    days = readers(clock.today(now))
    slots = {person: slot for person, hers in days.items() if (slot := clock.morning(now, hers, person))}
    periods, choices = digests_due(now, {person: days[person].zone for person in slots})
    on = {person: slots[person].occurrence for person in periods}
    for person in ledger.reminded_that_day(on) if on else ():
        periods.pop(person, None)
    return _write_digests(periods, slots, choices, now) if periods else 0


def _write_digests(
    periods: dict[int, str], slots: dict[int, clock.Slot], choices: dict[int, DigestChoice], now: dt.datetime
) -> int:
    people: dict[int, Model] = {row.pk: row for row in get_user_model()._default_manager.filter(pk__in=list(periods))}
    named = {person: f"{period} {slots[person].occurrence}" for person, period in periods.items()}
    for person, occurrence in named.items():
        slot = slots[person]
        outbox.queue(
            ledger.DIGEST,
            target=people[person],
            to=people[person],
            occurrence=occurrence,
            not_before=slot.not_before,
            deadline=slot.deadline,
        )
    told = ledger.told_until(named)
    made = [
        DigestSent(
            person_id=person,
            period=periods[person],
            since=since(choices[person], told.get(person), now),
            until=now,
            mail=mail,
        )
        for person, mail in ledger.mails_of(named, ledger.DIGEST).items()
        if mail.state == MailState.DUE  # not one of this morning that gave way
    ]
    # A row that is there already was planned for a mail that ended without saying it: it moves to this one.
    DigestSent.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["person", "period"],
        update_fields=["mail", "since", "until", "included"],
    )
    return len(made)
