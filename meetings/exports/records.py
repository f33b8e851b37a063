"""The record of a meeting as a document: the words of its page, how it stands, who was there; as PDF and as DOCX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from iwg_portal.base.documents import frame, pdf
from iwg_portal.base.documents.markup import ATTENTION, BRAND
from iwg_portal.base.documents.prose import prose
from iwg_portal.base.documents.word import CONTENT_TYPE, Word
from iwg_portal.base.extracts import file_name
from iwg_portal.base.marks import colon
from meetings.enums import CirculationState, MeetingState, Presence
from meetings.exports import agenda_facts, series_words
from meetings.models import Circulation, Meeting
from meetings.queries import reading
from meetings.queries.attendance import Seat
from meetings.queries.records import Row, Section

CONTENT_TYPES = {"pdf": "application/pdf", "docx": CONTENT_TYPE}
DRAFT, CIRCULATED, ADOPTED = "draft", "circulated", "adopted"


def record(
    meeting: Meeting,
    sections: Sequence[Section],
    *,
    names: bool,
    live: dict[str, Any] | None,
    circulation: Circulation | None,
    audience: str,
    group_name: str,
    person: str,
) -> dict[str, Any]:
    """The content of the document in the active language; what people typed stays in its own.

    ``sections`` finished; ``names``: she may know whose statement something is; ``live``: the attendance as the page
    shows it, or None; ``circulation``: the newest that she may read; ``audience``: of the whole.
    """
    title = f"{_('Record')}{colon()}{meeting.title}"
    return {
        **frame(title, audience, group_name, person=person),
        "series": series_words(meeting),
        "standing": _standing(meeting, circulation),
        "facts": agenda_facts(meeting),
        "attendance": _attendance(live) if live else None,
        "notes": _notes(meeting, sections),
        "spoken": meeting.record.language,
        "sections": [
            {
                "number": str(section.number),
                "title": section.item.title,
                "language": section.item.language,
                "none": "" if section.rows else _("Nothing is recorded here yet."),
                "rows": [_row(row, names) for row in section.rows],
            }
            for section in sections
        ],
        "empty": "" if sections else _("There is no item on the agenda yet."),
    }


def record_name(meeting: Meeting, data: dict[str, Any], person: str, kind: str) -> str:
    """Which record, how it stands, in which language, for whom, when."""
    what = ["record", slugify(meeting.group.key), str(meeting.number), data["standing"]["kind"], data["language"]]
    return file_name("-".join(what), person, timezone.now(), kind)


def written(data: dict[str, Any], kind: str) -> bytes:
    return pdf("record", data) if kind == "pdf" else _docx(data)


# -- Its words --------------------------------------------------------------------------------------------------------


def _standing(meeting: Meeting, circulation: Circulation | None) -> dict[str, Any]:
    """A draft says so whatever was circulated before; the hash is that of the text in hand."""
    if meeting.state == MeetingState.CIRCULATED:
        kind, title = CIRCULATED, _("Under silence procedure: not adopted yet")
        lines = []
        if circulation and circulation.state == CirculationState.OPEN:
            until = reading.until(circulation.deadline, meeting.tz)
            lines = [_("Adopted unless a member state objects before %(until)s.") % {"until": until}]
    elif meeting.state == MeetingState.ADOPTED:
        kind, title, lines = ADOPTED, _("Adopted by silence"), []
        if circulation and circulation.state == CirculationState.ADOPTED and circulation.ended_at:
            words = {
                "number": circulation.adopted_number,
                "at": reading.until(circulation.ended_at, meeting.tz),
            }
            title = _("Record no. %(number)d, adopted by silence, %(at)s") % words
    else:
        text = _("It was not circulated in this form, and nothing in it is agreed. For the secretariat and the chair.")
        return {"kind": DRAFT, "title": _("DRAFT"), "lines": [text]}
    if circulation and circulation.state in (CirculationState.OPEN, CirculationState.ADOPTED):
        words = {"number": circulation.version.number, "hash": circulation.version.sha256}
        lines.append(_("Version %(number)d. SHA-256 of its frozen text: %(hash)s") % words)
    return {"kind": kind, "title": title, "lines": lines}


def _notes(meeting: Meeting, sections: Iterable[Section]) -> list[str]:
    found = []
    if meeting.state == MeetingState.ADOPTED and any(section.actions for section in sections):
        found.append(
            _(
                "Owners, dates and progress of action points stand here as they are in the register today; what was"
                " adopted otherwise stands below."
            )
        )
    if meeting.chatham_house:
        found.append(
            _("Chatham House Rule: who was there and who said what is shown only to those who were in the room.")
        )
    return found


def _row(row: Row, names: bool) -> dict[str, Any]:
    said = row.block.said_by
    facts = list(row.facts)
    return {
        "kind": row.block.kind,
        "heading": row.heading,
        "prose": prose(row.block.text),
        "said": _("Statement of %(name)s") % {"name": said.name} if names and said else "",
        "facts": " · ".join(facts),
        "adopted": f"{_('As adopted')}{colon()}{row.adopted}" if row.adopted else "",
    }


def _attendance(live: dict[str, Any]) -> dict[str, Any]:
    """By presence, each state in the words of its language; of those who are no members only who was there."""
    seats: list[Seat] = live["shown"]
    members = [seat for seat in seats if seat.is_member]
    shown = (
        (_("Present"), [seat for seat in members if seat.presence == Presence.PRESENT]),
        (_("Came later"), [seat for seat in members if seat.presence == Presence.LATE]),
        (_("Absent"), [seat for seat in members if seat.presence == Presence.ABSENT]),
        (_("Not noted"), [seat for seat in members if not seat.presence]),
        (_("Observers and organisations"), [seat for seat in seats if not seat.is_member]),
    )
    quorum = live["quorum"]
    return {
        "title": _("Attendance"),
        "words": f"{quorum.words}{colon()}{quorum.verdict}",
        "rows": [(label, ", ".join(map(_seat, found))) for label, found in shown if found],
        "note": _("*: declared by the delegation itself.") if any(seat.self_declared for seat in seats) else "",
    }


def _seat(seat: Seat) -> str:
    since = f" ({seat.since})" if seat.since else ""
    return f"{seat.name}{'*' if seat.self_declared else ''}{since}"


# -- As DOCX ----------------------------------------------------------------------------------------------------------


def _docx(data: dict[str, Any]) -> bytes:
    word, standing = Word(data), data["standing"]
    word.quiet(data["series"])
    word.heading(data["title"], 1)
    word.line(standing["title"], bold=True, colour=ATTENTION if standing["kind"] == DRAFT else BRAND)
    for line in standing["lines"]:
        word.line(line, small=True)
    word.facts(data["facts"])
    if attendance := data["attendance"]:
        word.heading(attendance["title"], 2)
        word.line(attendance["words"])
        word.facts(attendance["rows"])
        if attendance["note"]:
            word.quiet(attendance["note"])
    for note in data["notes"]:
        word.quiet(note)
    if data["empty"]:
        word.line(data["empty"])
    for section in data["sections"]:
        word.heading(f"{section['number']} {section['title']}", 2, section["language"])
        if section["none"]:
            word.quiet(section["none"])
        for row in section["rows"]:
            if row["heading"]:
                word.heading(row["heading"], 3)
            word.prose(row["prose"], data["spoken"])
            for words in (row["said"], row["facts"], row["adopted"]):
                if words:
                    word.quiet(words)
    return word.content()
