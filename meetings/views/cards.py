"""What the other nouns show on the page of a meeting. What the text of the record knows is not asked again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings.access.records import can_write, reads_record, writes_records
from meetings.enums import MeetingState
from meetings.exports import records as exports
from meetings.models import AgendaItem, Meeting
from meetings.queries.records import Section
from meetings.views import attendance, lessons, papers, records, silence
from members.access import Viewer

# Before the meeting its agenda is the news, and not an empty record.
_AHEAD = (MeetingState.DRAFT, MeetingState.ANNOUNCED, MeetingState.CANCELLED)


def cards(viewer: Viewer, meeting: Meeting, items: Sequence[AgendaItem]) -> dict[str, Any]:
    """Name → what the template of that name is given, or None. ``meeting`` comes with its record; ``items`` are the
    accepted ones, in order.

    ``text`` takes the place of the agenda's own words; ``counts``: id of an item → words below its title.
    """
    way = silence.card(viewer, meeting)
    adopted = way["adopted"] if way else None
    text = records.read(viewer, meeting, items, adopted) if reads_record(viewer, meeting) else None
    if text and meeting.state in _AHEAD and not any(section.rows for section in text["sections"]):
        text = None
    return {
        "banner": way["banner"] if way else None,
        "text": text,
        "counts": {section.item.pk: _counts(section) for section in text["sections"]} if text else {},
        "attendance": attendance.card(viewer, meeting),
        "papers": papers.card(viewer, meeting),
        "record": _record(viewer, meeting, way, text is not None),
        "lessons": lessons.card(viewer, meeting),
    }


def _counts(section: Section) -> str:
    """ "2 decisions · 3 action points" """
    found = []
    if section.decisions:
        found.append(ngettext("%(n)d decision", "%(n)d decisions", section.decisions) % {"n": section.decisions})
    if section.actions:
        found.append(ngettext("%(n)d action point", "%(n)d action points", section.actions) % {"n": section.actions})
    return " · ".join(found)


def _record(viewer: Viewer, meeting: Meeting, way: dict[str, Any] | None, text: bool) -> dict[str, Any] | None:
    """Its timeline, where to write it, and where ``text`` is shown the documents that hold the same."""
    if not reads_record(viewer, meeting):
        return None
    ways = list(way["actions"]) if way else []
    if writes_records(viewer) and can_write(viewer, meeting):
        ways.insert(0, {"url": reverse("record", args=[meeting.pk]), "label": _("Edit record")})
    if meeting.state == MeetingState.RUNNING:
        ways.append({"url": reverse("record_projector", args=[meeting.pk]), "label": _("For the projector")})
    return {"entries": way["entries"] if way else [], "actions": ways, "files": _files(viewer, meeting) if text else []}


def _files(viewer: Viewer, meeting: Meeting) -> list[tuple[str, str]]:
    """Address and kind of the text as documents; a person takes them, not a look at the portal as somebody else."""
    if viewer.person is None:
        return []
    return [(reverse("record_export", args=[meeting.pk, kind]), kind.upper()) for kind in exports.CONTENT_TYPES]
