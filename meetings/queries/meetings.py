"""Meetings as they are listed and dated: days in words, hours with their zone, the next number of a series."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from iwg_portal.base import marks
from iwg_portal.base.dates import date_format, day_number
from meetings.enums import MeetingState
from meetings.models import Group, Meeting
from members.enums import Role
from members.models import Person, State, Term, WorkingGroup, current


@dataclass(frozen=True)
class Choice:
    """What the list is filtered by."""

    past: bool = False
    group: str = ""
    year: int | None = None

    def __bool__(self) -> bool:
        return bool(self.group or self.year)


def directory(meetings: QuerySet[Meeting], choice: Choice, now: dt.datetime) -> QuerySet[Meeting]:
    """To come: the next first; past: the latest first. What is going on is to come until it has ended."""
    meetings = meetings.select_related("group", "host", "chair")
    if choice.group:
        meetings = meetings.filter(group__key=choice.group)
    if choice.year:
        meetings = meetings.filter(starts_at__year=choice.year)
    if choice.past:
        return meetings.filter(ends_at__lt=now).order_by("-starts_at", "-id")
    return meetings.filter(ends_at__gte=now).order_by("starts_at", "id")


def years(meetings: QuerySet[Meeting]) -> list[int]:
    """In which something took place or is planned, newest first. One query."""
    return [day.year for day in meetings.order_by().dates("starts_at", "year", order="DESC")]


def next_meeting(meetings: QuerySet[Meeting], now: dt.datetime) -> Meeting | None:
    """Going on, or the next to come; what is cancelled or still a draft does not count."""
    rows = meetings.filter(ends_at__gte=now).exclude(state__in=(MeetingState.CANCELLED, MeetingState.DRAFT))
    return rows.select_related("group", "host", "chair").order_by("starts_at", "id").first()


def next_number(group: Group) -> int:
    return (group.meetings.aggregate(last=Max("number"))["last"] or 0) + 1


def chair_on(day: dt.date) -> State | None:
    """Whose term as chair covers the day."""
    term = Term.objects.filter(current(day), role=Role.CHAIR).select_related("state").order_by("id").first()
    return term.state if term else None


# -- Times ------------------------------------------------------------------------------------------------------------


def known_zone(*names: str) -> zoneinfo.ZoneInfo:
    """The first of ``names`` that is a zone, else UTC."""
    for name in names:
        try:
            return zoneinfo.ZoneInfo(name)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):  # empty, or taken out of the tables since
            continue
    return zoneinfo.ZoneInfo("UTC")


def zone_of(person: Person | None, group: WorkingGroup | None) -> zoneinfo.ZoneInfo:
    """The reader's own zone, else the group's."""
    return known_zone(person.zone if person else "", group.zone if group else "")


@dataclass(frozen=True)
class When:
    """The times of a meeting in words, in the active language: in its own zone, and in the reader's where the clock
    there shows another hour (else ``own`` is empty)."""

    days: str
    hours: str
    zone: str
    own: str = ""

    @property
    def words(self) -> str:
        return _("%(days)s, %(hours)s") % {"days": self.days, "hours": self.hours}


def when(meeting: Meeting, own: dt.tzinfo | None = None) -> When:
    start, end = meeting.starts_at.astimezone(meeting.tz), meeting.ends_at.astimezone(meeting.tz)
    words = ""
    if own is not None:
        there = [moment.astimezone(own) for moment in (start, end)]
        if [moment.utcoffset() for moment in there] != [start.utcoffset(), end.utcoffset()]:
            same_days = [moment.date() for moment in there] == [start.date(), end.date()]
            shown = hours(*there)
            words = shown if same_days else _("%(days)s, %(hours)s") % {"days": days(*there), "hours": shown}
    return When(days(start, end), hours(start, end), meeting.zone.replace("_", " "), words)


def days(first: dt.date, last: dt.date) -> str:
    """ "10–12 November 2026"; "30 November – 2 December 2026"."""
    first, last = _day(first), _day(last)
    end = date_format(last, "DATE_FORMAT")
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{day_number(first)}–{end}"  # in each of the three languages the day comes first
    start = date_format(first, "MONTH_DAY_FORMAT" if first.year == last.year else "DATE_FORMAT")
    return f"{start} – {end}"


def hours(start: dt.datetime, end: dt.datetime) -> str:
    """ "09:00–17:00 GMT". Of several days: from the hour of the first to that of the last."""
    if start.utcoffset() == end.utcoffset():
        return f"{start:%H:%M}–{end:%H:%M} {marks.zone(start)}"
    return f"{start:%H:%M} {marks.zone(start)} – {end:%H:%M} {marks.zone(end)}"


def _day(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def place_words(meeting: Meeting) -> str:
    """Where: place and host, or that it is online. Fetch the host along."""
    parts = [part for part in (meeting.place, meeting.host.name if meeting.host else "") if part]
    if parts:
        return ", ".join(parts)
    return _("online") if meeting.link else ""
