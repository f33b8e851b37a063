"""Who was in the room, state by state, and whether the quorum is met. Three delegates of one state count once; observer
states and organisations never."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from iwg_portal.base import marks
from iwg_portal.base.dates import date_format
from meetings.enums import Presence
from meetings.models import Attendance, Meeting
from members.models import Organisation, State

IN_THE_ROOM = frozenset({Presence.PRESENT, Presence.LATE})


@dataclass(frozen=True)
class Seat:
    """One state or organisation. ``key`` names it in a form; ``presence`` is empty where nothing is noted."""

    key: str
    place: State | Organisation
    is_member: bool
    presence: str = ""
    since: str = ""
    self_declared: bool = False

    @property
    def code(self) -> str:
        return self.place.alpha2 if isinstance(self.place, State) else self.place.acronym

    @property
    def name(self) -> str:
        return str(self.place.name)

    @property
    def is_there(self) -> bool:
        return self.presence in IN_THE_ROOM

    @property
    def words(self) -> str:
        """For whoever does not see the colour."""
        if self.presence == Presence.LATE:
            words = _("%(name)s: since %(time)s") % {"name": self.name, "time": self.since}
        else:
            state = Presence(self.presence).label if self.presence else _("not noted")
            words = _("%(name)s: %(state)s") % {"name": self.name, "state": state}
        return _("%(words)s, declared by the delegation itself") % {"words": words} if self.self_declared else words


@dataclass(frozen=True)
class Quorum:
    """``present`` of ``members`` states are there; ``needed`` make a quorum. Of those present, ``self_declared`` have
    only said so themselves: they are shown, and count once those who run the meeting have confirmed them."""

    present: int
    members: int
    needed: int
    self_declared: int = 0

    @property
    def is_met(self) -> bool:
        return self.members > 0 and self.present - self.self_declared >= self.needed

    @property
    def words(self) -> str:
        return _("%(present)d of %(members)d members, quorum %(needed)d") % {
            "present": self.present,
            "members": self.members,
            "needed": self.needed,
        }

    @property
    def verdict(self) -> str:
        if self.is_met:
            return _("quorum met")
        if self.members and self.present >= self.needed:
            return _("quorum met once what delegations declared themselves is confirmed")
        return _("quorum not met")


def seats(
    meeting: Meeting, states: Iterable[Any], organisations: Iterable[Organisation], rows: Iterable[Attendance]
) -> list[Seat]:
    """Member states, observer states, organisations; also who was there without being invited.

    ``states`` come from ``access.attendance.invited_states``.
    """
    held = {(row.state_id, row.organisation_id): row for row in rows}
    found = [_seat(meeting, state, state.is_member, held.pop((state.pk, None), None)) for state in states]
    found += [_seat(meeting, place, False, held.pop((None, place.pk), None)) for place in organisations]
    left = sorted(held.values(), key=lambda row: row.pk)
    return found + [_seat(meeting, row.state or row.organisation, False, row) for row in left]


def quorum(found: Iterable[Seat], numerator: int | None, denominator: int | None) -> Quorum:
    """By the group's rule, as a share of the members, rounded up."""
    members = [seat for seat in found if seat.is_member]
    there = [seat for seat in members if seat.is_there]
    share, of = numerator or 1, denominator or 1
    return Quorum(
        present=len(there),
        members=len(members),
        needed=-(-len(members) * share // of),
        self_declared=sum(seat.self_declared for seat in there),
    )


def time_words(moment: dt.datetime, meeting: Meeting) -> str:
    """ "10:42 GMT" in the meeting's own zone; of a later day than the first, with the day."""
    local, first = moment.astimezone(meeting.tz), meeting.starts_at.astimezone(meeting.tz)
    words = f"{local:%H:%M} {marks.zone(local)}"
    if local.date() == first.date():
        return words
    return _("%(day)s, %(time)s") % {"day": date_format(local, "SHORT_DATE_FORMAT"), "time": words}


def _seat(meeting: Meeting, place: State | Organisation | None, is_member: bool, row: Attendance | None) -> Seat:
    assert place is not None
    return Seat(
        key=f"{'s' if isinstance(place, State) else 'o'}{place.pk}",
        place=place,
        is_member=is_member,
        presence=row.presence if row else "",
        since=time_words(row.since, meeting) if row and row.since else "",
        self_declared=bool(row and row.self_declared and row.presence in IN_THE_ROOM),
    )
