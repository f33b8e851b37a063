"""How a record stands, in words: the sentence and the banner of its pages, its way until here, what comes next."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings.access import silence as access
from meetings.access.records import reads_drafts
from meetings.enums import CirculationState, MeetingState
from meetings.models import Circulation, Meeting
from meetings.queries import reading
from meetings.queries import silence as query
from members.access import Viewer, takes_files


def meeting_address(meeting: Meeting) -> str:
    """Of the meeting's own page, below which everything about it lies."""
    return reverse("silence", args=[meeting.pk]).removesuffix("silence/")


def pack_address(viewer: Viewer, meeting: Meeting) -> str:
    """Of the meeting as one document, for whom files are made; else empty."""
    return reverse("meeting_pack", args=[meeting.pk]) if takes_files(viewer) else ""


def sentence(meeting: Meeting, circulation: Circulation | None) -> str:
    if circulation is None:
        return _("This record has not been circulated yet.")
    number = circulation.version.number
    at = reading.until(circulation.ended_at or circulation.opened_at, meeting.tz)
    sentences = {
        CirculationState.OPEN: _("Version %(number)d, circulated on %(at)s."),
        CirculationState.STOPPED: _("Version %(number)d: a member state objected, %(at)s; the record is not adopted."),
        CirculationState.WITHDRAWN: _("Version %(number)d was taken back by the secretariat, %(at)s."),
        CirculationState.ADOPTED: _("Version %(number)d was adopted by silence, %(at)s."),
    }
    return sentences[CirculationState(circulation.state)] % {"number": number, "at": at}


def banner(
    viewer: Viewer, meeting: Meeting, circulation: Any | None, *, on_page: bool = False
) -> dict[str, str] | None:
    """What concerns everybody now, with one way on: an open procedure, an hour that has passed, an adoption."""
    if circulation is None:
        return None
    url = "#position" if on_page else reverse("silence", args=[meeting.pk])
    empty = {"title": "", "text": "", "url": url, "label": "" if on_page else _("Read the record"), "kind": "quiet"}
    if circulation.state == CirculationState.ADOPTED:
        words = {"number": circulation.adopted_number, "at": reading.until(circulation.ended_at, meeting.tz)}
        title = _("Record no. %(number)d, adopted by silence, %(at)s") % words
        return empty | {"title": title, "url": "" if on_page else url}
    if circulation.state == CirculationState.STOPPED and meeting.state == MeetingState.DRAFTED:
        title = _("A member state objected: the record is not adopted")
        text = _("The secretariat amends it and circulates it again as a new version.")
        return empty | {"title": title, "text": text, "url": "" if on_page else url, "kind": "attention"}
    if circulation.state != CirculationState.OPEN:
        return None
    if not circulation.takes_words(timezone.now()):
        title = _("The hour has passed; the adoption is being recorded")
        return empty | {"title": title, "text": counts(circulation), "url": "" if on_page else url}
    title = _("Record under silence procedure until %(until)s") % {
        "until": reading.until(circulation.deadline, meeting.tz)
    }
    text = " ".join(
        [
            _("Adopted unless a member state objects."),
            counts(circulation),
            *_by_her_clocks(viewer, meeting, circulation),
        ]
    )
    label = ""
    if viewer.focal_states:
        label = _("Comment or object")
    elif access.can_comment(viewer):
        label, url = _("Comment"), "#comment" if on_page else url
    return {
        "title": title,
        "text": text,
        "url": url if label or not on_page else "",
        "label": label or _("Read the record"),
        "kind": "",
    }


def _by_her_clocks(viewer: Viewer, meeting: Meeting, circulation: Any) -> list[str]:
    """The deadline once more where her clocks differ from those of the meeting."""
    zone = reading.zone_of(viewer.person)
    if zone is None or circulation.deadline.astimezone(zone).utcoffset() == _offset(circulation.deadline, meeting):
        return []
    return [_("By your clocks: %(until)s.") % {"until": reading.until(circulation.deadline, zone)}]


def _offset(at: dt.datetime, meeting: Meeting) -> dt.timedelta | None:
    return at.astimezone(meeting.tz).utcoffset()


def counts(circulation: Any) -> str:
    """ "6 comments, no objection so far." """
    count = circulation.comment_count
    comments = ngettext("%(n)d comment", "%(n)d comments", count) % {"n": count} if count else _("No comment")
    return _("%(comments)s, %(objections)s.") % {"comments": comments, "objections": _objections(circulation)}


def _objections(circulation: Any) -> str:
    count = circulation.object_count
    if count:
        return ngettext("%(n)d objection", "%(n)d objections", count) % {"n": count}
    return _("no objection so far") if circulation.state == CirculationState.OPEN else _("no objection")


def positions_words(circulation: Any) -> str:
    """ "3 states agree, no objection so far." """
    count = circulation.agree_count
    if not count and not circulation.object_count:
        return _("No state has taken a position; silence is consent.")
    agree = ngettext("%(n)d state agrees", "%(n)d states agree", count) % {"n": count}
    return _("%(comments)s, %(objections)s.") % {"comments": agree, "objections": _objections(circulation)}


def entries(viewer: Viewer, meeting: Meeting, rows: list[Circulation]) -> list[dict[str, Any]]:
    """The way of the record, newest first. What happens to a draft afterwards is known to those who read drafts."""
    found: list[tuple[Any, int, dict[str, Any]]] = []
    counted = {}
    last = rows[0].opened_at if rows else None
    for event in query.steps(meeting.record):
        if event.kind == "record.circulated":
            counted[event.data["version"]] = event.data["states"]
        elif reads_drafts(viewer) or (last and event.at <= last):
            closed = event.kind == "record.closed"
            title = _("Draft closed by the secretariat") if closed else _("Draft opened again by the secretariat")
            found.append((event.at, 0, _entry(title, at=event.at)))
    for row in rows:
        number = row.version.number
        states = counted.get(number, 0)
        title = ngettext("Circulated to %(n)d state", "Circulated to %(n)d states", states) % {"n": states}
        detail = _("version %(number)d") % {"number": number}
        found.append((row.opened_at, 1, _entry(title if states else _("Circulated"), detail=detail, at=row.opened_at)))
        if row.approved_at:
            found.append((row.approved_at, 2, _entry(_("Approved by the chair"), at=row.approved_at)))
        if row.state == CirculationState.OPEN:
            found.append((row.opened_at, 3, _entry(_("Under silence procedure"), at=row.opened_at, current=True)))
        else:
            found.append((row.ended_at, 3, _ending(row)))
    found.sort(key=lambda entry: entry[:2], reverse=True)
    return [entry for _at, _rank, entry in found]


def _ending(row: Circulation) -> dict[str, Any]:
    if row.state == CirculationState.ADOPTED:
        title = _("Adopted by silence, record no. %(number)d") % {"number": row.adopted_number}
        return _entry(title, at=row.ended_at, current=True)
    if row.state == CirculationState.STOPPED:
        return _entry(_("Stopped by an objection"), at=row.ended_at)
    return _entry(_("Taken back by the secretariat"), at=row.ended_at)


def _entry(title: str, *, detail: str = "", at: Any = None, current: bool = False) -> dict[str, Any]:
    return {"title": title, "detail": detail, "at": at, "current": current, "url": ""}


def ways(viewer: Viewer, meeting: Meeting, latest: Circulation | None) -> list[dict[str, Any]]:
    """What the secretariat does next, as links to pages."""
    allowed = access.allowed(viewer, meeting, latest, timezone.now())
    ways = []
    if "circulate" in allowed:
        url = reverse("silence_circulate", args=[meeting.pk])
        ways.append({"url": url, "label": _("Circulate the record"), "primary": True})
    if "close" in allowed:
        url = reverse("silence_close", args=[meeting.pk])
        ways.append({"url": url, "label": _("Close the draft"), "primary": True})
    if "reopen" in allowed:
        ways.append({"url": reverse("silence_close", args=[meeting.pk]), "label": _("Open the draft again")})
    return ways
