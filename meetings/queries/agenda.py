"""The agenda as a timetable: when each item begins, and what does not fit. Pure but for the texts."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from meetings.enums import ItemState
from meetings.models import AgendaItem, Meeting


@dataclass(frozen=True)
class Slot:
    """An item with its number and times (aware, in the zone of the meeting). ``problem``: a sentence, or empty."""

    item: AgendaItem
    number: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    opens_day: bool
    problem: str = ""
    names: bool = True

    @property
    def time(self) -> str:
        return f"{self.starts_at:%H:%M}"

    @property
    def end_time(self) -> str:
        return f"{self.ends_at:%H:%M}"

    @property
    def lead(self) -> str:
        """Who leads: a state or organisation, and the person or office as typed; empty without ``names``."""
        if not self.names:
            return ""
        holder = self.item.lead_state or self.item.lead_organisation
        return ", ".join(str(part) for part in (holder, self.item.lead) if part)


def timetable(meeting: Meeting, items: Iterable[AgendaItem], *, names: bool = True) -> list[Slot]:
    """``items`` in their order (only what stands on the agenda): each begins at its fixed time, else when the one
    before ends. ``names`` False: without who leads.

    No query, where state and organisation of the lead are fetched along."""
    zone = meeting.tz
    end_of_meeting = meeting.ends_at.astimezone(zone)
    clock_at = meeting.starts_at.astimezone(zone)
    slots: list[Slot] = []
    for number, item in enumerate(items, start=1):
        starts_at = item.starts_at.astimezone(zone) if item.starts_at else clock_at
        # In elapsed minutes: an agenda across a change of the clock stays true.
        ends_at = (starts_at.astimezone(dt.UTC) + dt.timedelta(minutes=item.minutes)).astimezone(zone)
        before = slots[-1] if slots else None
        opens_day = before is None or before.starts_at.date() != starts_at.date()
        problem = _problem(before, starts_at, ends_at, end_of_meeting)
        slots.append(Slot(item, number, starts_at, ends_at, opens_day, problem, names))
        clock_at = ends_at
    return slots


def _problem(before: Slot | None, starts_at: dt.datetime, ends_at: dt.datetime, closing: dt.datetime) -> str:
    if before is not None and starts_at < before.starts_at:
        return _("Begins before item %(number)s, which stands above it.") % {"number": before.number}
    if before is not None and starts_at < before.ends_at:
        return _("Item %(number)s lasts until %(time)s, %(minutes)s minutes longer.") % {
            "number": before.number,
            "time": before.end_time,
            "minutes": int((before.ends_at - starts_at).total_seconds() // 60),
        }
    over = (ends_at - closing).total_seconds()
    if over > 0:
        return _("Ends at %(time)s, %(minutes)s minutes after the end of the meeting.") % {
            "time": f"{ends_at:%H:%M}",
            "minutes": int(over // 60),
        }
    # A day of a longer meeting ends at the hour at which the last one does.
    if ends_at.date() == starts_at.date() < closing.date() and ends_at.time() > closing.time():
        return _("Ends at %(time)s; the days of this meeting end at %(closing)s.") % {
            "time": f"{ends_at:%H:%M}",
            "closing": f"{closing:%H:%M}",
        }
    if ends_at.date() > starts_at.date() and ends_at.time() != dt.time():
        return _("Goes on after midnight.")
    return ""


def parted(items: Iterable[AgendaItem]) -> dict[str, list[AgendaItem]]:
    """The items of a meeting by their state; each state is there."""
    found: dict[str, list[AgendaItem]] = {str(state): [] for state in ItemState}
    for item in items:
        found[item.status].append(item)
    return found


def fingerprint(item: AgendaItem) -> str:
    """Changes when somebody changes what the form of the item shows: two people at once are noticed by it."""
    values = [getattr(item, field) for field in FIELDS]
    shown = json.dumps([value.isoformat() if isinstance(value, dt.datetime) else value for value in values])
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


FIELDS = (
    "title", "note", "language", "theme", "starts_at", "minutes", "lead_state_id", "lead_organisation_id", "lead",
)  # fmt: skip


def moved(moment: dt.datetime, zone: dt.tzinfo, by: dt.timedelta) -> dt.datetime:
    """The same hour on another day: a move by whole days in the zone, whatever the clock does between."""
    local = moment.astimezone(zone)
    return dt.datetime.combine(local.date() + by, local.time(), tzinfo=zone)
