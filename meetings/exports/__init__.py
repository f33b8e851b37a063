"""What the app hands out for download: file names, and the words of documents in the active language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from iwg_portal.base.documents import frame, pdf
from iwg_portal.base.extracts import Column, Extract, file_name, row_label
from iwg_portal.base.markdown import plain
from meetings.access.calendars import is_told
from meetings.enums import MeetingState
from meetings.exports import agendas
from meetings.models import Decision, Meeting
from meetings.queries.action_points import is_overdue, owner_name
from meetings.queries.agenda import Slot
from meetings.queries.decisions import addressees
from meetings.queries.meetings import days, place_words, when
from meetings.queries.papers import Sheet
from members.enums import TLP, Audience, Language, narrowest


def agenda(
    meeting: Meeting,
    slots: Sequence[Slot],
    *,
    group_name: str,
    person: str,
    kind: str = "pdf",
    decisions: Sequence[Mapping[str, str]] = (),
    more: str = "",
    audience: str = "",
    papers: Sequence[Sheet] = (),
) -> tuple[str, bytes, str]:
    """File name, content and label of the agenda for ``person``, in the active language. What people typed stays in
    its own. ``kind``: pdf or docx.

    ``decisions`` (title, text, language) head it; ``more`` says how many there are in all; ``audience`` is that of the
    whole, where it is not that of the meeting; ``papers`` stand below their items."""
    data = {
        **frame(meeting.title, audience or meeting.audience, group_name, person=person),
        "standing": {
            "title": _("Decisions still open"),
            "rows": [{name: row[name] for name in ("title", "text", "language")} for row in decisions],
            "more": more,
        },
        "series": series_words(meeting),
        "facts": agenda_facts(meeting),
        **timetable_words(slots, papers),
    }
    name = f"agenda-{meeting.group.key}-{meeting.number}-{data['language']}"
    content = pdf("agenda", data) if kind == "pdf" else agendas.written(data)
    return file_name(name, person, timezone.now(), kind), content, data["label"]


def timetable_words(slots: Sequence[Slot], papers: Sequence[Sheet]) -> dict[str, Any]:
    """What ``timetable.typ`` wants: the items by day, ``papers`` below theirs."""
    return {
        "words": [_("Time"), _("No."), _("Item"), _("Minutes")],
        "days": [{"title": title, "slots": [_slot(slot, papers) for slot in found]} for title, found in by_day(slots)],
        "papers": {"title": _("Papers"), "rows": [sheet.printed for sheet in of_no_item(papers, slots)]},
        "empty": "" if slots else _("There is no item on the agenda yet."),
    }


def agenda_facts(meeting: Meeting) -> list[tuple[str, str]]:
    """Label and value, only what is known. Fetch group, host and chair along."""
    times = when(meeting)
    names = dict(Language.choices)
    facts = [
        (_("Dates"), times.days),
        (_("Hours"), _("%(hours)s, zone %(zone)s") % {"hours": times.hours, "zone": times.zone}),
        (_("Place"), place_words(meeting)),
        (_("Chair"), meeting.chair.name if meeting.chair else ""),
        (_("Languages"), _languages([str(names[code]) for code in meeting.languages], meeting.interpretation)),
    ]
    return [(label, value) for label, value in facts if value]


def _languages(names: list[str], interpretation: bool) -> str:
    joined = ", ".join(names)
    return _("%(languages)s, with interpretation") % {"languages": joined} if names and interpretation else joined


def series_words(meeting: Meeting) -> str:
    return _("%(group)s, meeting %(number)s") % {"group": meeting.group.name, "number": meeting.number}


def by_day(slots: Sequence[Slot]) -> list[tuple[str, list[Slot]]]:
    """The items under the days on which they begin, in their order."""
    days_found = groupby(slots, key=lambda slot: slot.starts_at.date())
    return [(_day_words(day), list(found)) for day, found in days_found]


def _day_words(day: dt.date) -> str:
    return days(day, day)


def of_no_item(papers: Sequence[Sheet], slots: Sequence[Slot]) -> list[Sheet]:
    """Those of the whole meeting."""
    items = {slot.item.pk for slot in slots}
    return [sheet for sheet in papers if sheet.paper.item_id not in items]


def _slot(slot: Slot, papers: Sequence[Sheet]) -> dict[str, Any]:
    item = slot.item
    return {
        "number": str(slot.number),
        "time": slot.time,
        "title": item.title,
        "theme": str(item.get_theme_display()) if item.theme else "",
        "papers": [sheet.printed for sheet in papers if sheet.paper.item_id == item.pk],
        "lead": _("Lead: %(lead)s") % {"lead": slot.lead} if slot.lead else "",
        "minutes": ngettext("%(n)d min", "%(n)d min", item.minutes) % {"n": item.minutes},
        "note": [line for line in plain(item.note).splitlines() if line.strip()],
        "language": item.language,
    }


def listed_row(
    title: str, text: str = "", language: str = "", detail: str = "", *, late: bool = False
) -> dict[str, Any]:
    """A line of ``listed.typ``; ``language``: of the text, where that is not the active one."""
    return {"title": title, "text": text, "language": language or str(get_language()), "detail": detail, "late": late}


# -- Calendar ---------------------------------------------------------------------------------------------------------

# A zone is described for these years: what is older is in no feed, and what comes later nobody has planned.
FIRST_DAY, LAST_DAY = dt.date(2020, 1, 1), dt.date(2041, 1, 1)
END = b"END:VCALENDAR\r\n"


class Entry(NamedTuple):
    """All that a calendar says of one meeting depends on: two that are equal are the same text. Of one that is not
    ``told`` what tells of it is left out."""

    language: str
    pk: int
    stamp: dt.datetime
    starts_at: dt.datetime
    ends_at: dt.datetime
    zone: str
    sequence: int
    cancelled: bool
    told: bool
    title: str = ""
    place: str = ""
    group: str = ""
    audience: str = ""


def calendar(meetings: Iterable[Meeting], *, name: str) -> bytes:
    """An iCalendar file (RFC 5545) of the meetings, in the active language; fetch group and host along.

    A meeting keeps its UID, and its SEQUENCE rises with each change and when it is cancelled, so that programs put the
    new in place of the old. Times are those of the meeting's own zone, which the file describes. What is not for the
    whole group is an event without title, place or address: that she is busy. The same rows give the same bytes.
    """
    file = icalendar.Calendar()
    file.add("prodid", "-//IWG Portal//Calendar//EN")
    file.add("version", "2.0")
    file.add("x-wr-calname", _plain_line(" – ".join([name, *_demonstration()])))
    file.add("refresh-interval;value=duration", "PT6H")
    entries = [_entry(meeting) for meeting in meetings]
    zones = [_zone(zone) for zone in sorted({entry.zone for entry in entries})]
    # Events are written once in a process: the library takes its time over each.
    return b"".join([file.to_ical().removesuffix(END), *zones, *(_event(entry) for entry in entries), END])


def _entry(meeting: Meeting) -> Entry:
    told, cancelled = is_told(meeting), meeting.state == MeetingState.CANCELLED
    said = (meeting.title, place_words(meeting), meeting.group.name, meeting.audience) if told else ()
    return Entry(
        get_language() or "",
        meeting.pk,
        meeting.announced_at or meeting.created_at,
        meeting.starts_at,
        meeting.ends_at,
        meeting.zone if told else "UTC",  # a zone tells a place
        2 * meeting.version + cancelled,
        cancelled,
        told,
        *said,
    )


@lru_cache(maxsize=4096)
def _event(entry: Entry) -> bytes:
    """Times are aware, in the meeting's own zone."""
    key = salted_hmac("meetings.calendar", str(entry.pk), algorithm="sha256").hexdigest()
    zone = ZoneInfo(entry.zone) if entry.told else dt.UTC
    lines: dict[str, Any] = {
        "uid": f"{key[:32]}@iwg",
        "dtstamp": entry.stamp.astimezone(dt.UTC),
        "dtstart": entry.starts_at.astimezone(zone),
        "dtend": entry.ends_at.astimezone(zone),
        "sequence": entry.sequence,
        "status": "CANCELLED" if entry.cancelled else "CONFIRMED",
        "summary": _plain_line(entry.title) if entry.told else _("Busy"),
    }
    if entry.told:
        said = [entry.group, TLP[Audience(entry.audience)], *_demonstration()]
        lines["location"] = _plain_line(entry.place)
        lines["url"] = f"{settings.PUBLIC_URL.rstrip('/')}{reverse('meeting', args=[entry.pk])}"
        lines["description"] = "\n".join(_plain_line(line) for line in said)
    else:
        lines["class"] = "CONFIDENTIAL"
    event = icalendar.Event()
    for name, value in lines.items():
        if value or name == "sequence":
            event.add(name, value)
    return bytes(event.to_ical())


@lru_cache(maxsize=256)
def _zone(name: str) -> bytes:
    """Nothing for UTC, whose times need no description."""
    if icalendar.vDatetime(dt.datetime(2026, 1, 1, tzinfo=ZoneInfo(name))).to_ical().endswith(b"Z"):
        return b""
    zone = _UntilLastDay(ZoneInfo(name))
    return bytes(icalendar.Timezone.from_tzinfo(zone, name, first_date=FIRST_DAY, last_date=LAST_DAY).to_ical())


class _UntilLastDay(dt.tzinfo):
    """A zone that has no time after ``LAST_DAY``: the library would look for the next change of clocks until the year
    9999, in each zone that knows none."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def utcoffset(self, when: dt.datetime | None) -> dt.timedelta | None:
        if when is not None and when.year > LAST_DAY.year:
            raise OverflowError
        return self.zone.utcoffset(when)

    def dst(self, when: dt.datetime | None) -> dt.timedelta | None:
        return self.zone.dst(when)

    def tzname(self, when: dt.datetime | None) -> str | None:
        return self.zone.tzname(when)


def _demonstration() -> list[str]:
    return [_("Demonstration data, invented")] if settings.DEMO else []


def _plain_line(text: str) -> str:
    """Without line ends and other control characters: nothing that somebody typed begins a line of the file."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())


def calendar_name(meeting: Meeting) -> str:
    """Of the file of one meeting, in ASCII. Of one that is not told, nothing."""
    if not is_told(meeting):
        return "meeting.ics"
    day = meeting.starts_at.astimezone(meeting.tz).date().isoformat()
    return f"meeting-{meeting.group.key}-{meeting.number}-{day}.ics"


# -- Registers --------------------------------------------------------------------------------------------------------


def decision_register(
    rows: Sequence[Decision], readable: Mapping[int, int | None], *, person: str, filters: Sequence[tuple[str, str]]
) -> Extract:
    """The register of decisions; fetch words, meeting and addressees along. ``readable``: number by id of the
    successors that the person may know. Days are those of the meeting's own zone."""
    columns = [
        Column("number", _("Number"), _("In the register; empty until the record is circulated."), 10),
        Column("text", _("Decision"), _("Its whole text, without marks, in the language of the record."), 80),
        Column("language", _("Language"), _("Of the text: en, fr or pt."), 10),
        Column("type", _("Type"), _("What kind of decision it is."), 18),
        Column("status", _("Status"), _("What became of it until now."), 18),
        Column("superseded_by", _("Superseded by"), _("The decision that took its place."), 14),
        Column("addressees", _("Addressed to"), _("All member states, or the states and organisations named."), 40),
        Column("group", _("Group"), _("Whose meeting decided it."), 24),
        Column("meeting", _("Meeting"), _("At which it was decided."), 40),
        Column("decided_on", _("Day"), _("First day of the meeting, where it was held."), 12),
        row_label(),
    ]
    audience = narrowest(Audience.GROUP, *(found.record.audience for found in rows))
    cells = []
    for found in rows:
        meeting = found.record.meeting
        after = readable.get(found.superseded_by_id or 0)
        cells.append(
            [
                found.code,
                plain(found.block.text),
                found.record.language,
                str(found.get_kind_display()),
                str(found.get_status_display()),
                f"D-{after}" if after else "",
                addressees(found),
                meeting.group.name,
                meeting.title,
                meeting.starts_at.astimezone(meeting.tz).date(),
                TLP[Audience(found.record.audience)],
            ]
        )
    return Extract("decisions", _("Decisions"), audience, person, timezone.now(), columns, cells, filters)


def action_register(
    actions: Sequence[Any], today: dt.date, *, person: str, filters: Sequence[tuple[str, str]]
) -> Extract:
    """The register of action points, a row for each owner; fetch words, meeting and ``owners`` (with state and
    organisation) along. Nobody's holder stands in it."""
    columns = [
        Column("number", _("Number"), _("In the register; empty until the record is circulated."), 10),
        Column("text", _("Action point"), _("Its whole text, without marks, in the language of the record."), 80),
        Column("language", _("Language"), _("Of the text: en, fr or pt."), 10),
        Column("owner", _("Owner"), _("The state or organisation that answers for it; empty where nobody does."), 26),
        Column("status", _("Status"), _("How far this owner has come."), 16),
        Column("due_on", _("Due"), _("For this owner; empty where there is no date."), 12),
        Column("overdue_days", _("Days overdue"), _("On the day of the file; empty where it is not overdue."), 14),
        Column("group", _("Group"), _("Whose meeting asked for it."), 24),
        Column("meeting", _("Meeting"), _("At which it was asked for."), 40),
        row_label(),
    ]
    audience = narrowest(Audience.GROUP, *(found.record.audience for found in actions))
    cells = []
    for found in actions:
        meeting = found.record.meeting
        head = [found.code, plain(found.block.text), found.record.language]
        tail = [meeting.group.name, meeting.title, TLP[Audience(found.record.audience)]]
        for owner in found.rows or [None]:
            due = (owner.due_on if owner else None) or found.due_on
            late = due is not None and (is_overdue(owner, due, today) if owner else due < today)
            cells.append(
                [
                    *head,
                    owner_name(owner) if owner else "",
                    str(owner.get_status_display()) if owner else "",
                    due,
                    (today - due).days if late and due else None,
                    *tail,
                ]
            )
    return Extract("action-points", _("Action points"), audience, person, timezone.now(), columns, cells, filters)


def meeting_list(meetings: Sequence[Meeting], *, person: str) -> Extract:
    """The meetings that the person may see; fetch group and host along. Moments are in the meeting's own zone."""
    columns = [
        Column("group", _("Group"), _("Whose meeting it is."), 24),
        Column("meeting_number", _("No."), _("In its series."), 8),
        Column("title", _("Title"), _("Of the meeting."), 40),
        Column("starts_at", _("Begins"), _("Day and hour, with the zone of the meeting."), 22),
        Column("ends_at", _("Ends"), _("Day and hour, with the zone of the meeting."), 22),
        Column("place", _("Place"), _("As on the page of the meeting."), 30),
        Column("status", _("Status"), _("What became of it until now."), 18),
        row_label(),
    ]
    audience = narrowest(Audience.GROUP, *(meeting.audience for meeting in meetings))
    cells = [
        [
            meeting.group.name,
            meeting.number,
            meeting.title,
            meeting.starts_at.astimezone(meeting.tz),
            meeting.ends_at.astimezone(meeting.tz),
            place_words(meeting),
            str(meeting.get_state_display()),
            TLP[Audience(meeting.audience)],
        ]
        for meeting in meetings
    ]
    return Extract("meetings", _("Meetings"), audience, person, timezone.now(), columns, cells)
