"""Plan the day's reminders. Harmless to call at any time and from any number of processes."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Model

from iwg_portal.mail import outbox
from iwg_portal.mail.enums import MailState
from iwg_portal.reminders import clock, ledger
from iwg_portal.reminders.models import Reminded
from iwg_portal.reminders.queries import Found, fresh
from iwg_portal.reminders.registry import readers

PLANNING = 0x1_0B0C6  # the advisory lock's number; any that nobody else uses


@transaction.atomic
def plan(*, now: dt.datetime) -> int:
    """Put what is due into one mail for each reader and day, to leave at a good hour; returns how many reminders.

    Whoever's hour it is not is asked for later: ``due`` looks at windows, so nothing is missed by that. A second
    planner at the same time does nothing. Side effects: rows of the outbox and of the ledger, a poke.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [PLANNING])
        if not cursor.fetchone()[0]:
            return 0
    days = readers(clock.today(now))
    mornings = _mornings(now, days)
    soon = {person: slot for person, of_hers in days.items() if (slot := clock.at_once(now, of_hers))}
    planned = 0
    for slots in _divide(fresh(now, mornings, soon), mornings, soon):
        planned += _write(slots, now)
    return planned


def _mornings(now: dt.datetime, days: dict[int, clock.Days]) -> dict[int, clock.Slot]:
    """Whose mail of today can still take something in: it is not planned, or has not begun to leave."""
    slots = {person: slot for person, hers in days.items() if (slot := clock.morning(now, hers, person))}
    if not slots:
        return {}
    begun = ledger.mails_of({person: slot.occurrence for person, slot in slots.items()})
    return {
        person: slot for person, slot in slots.items() if person not in begun or begun[person].state == MailState.DUE
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
