"""A meeting as one document to take along: what its page shows to one reader, with the pages of its papers.

Whatever is not a PDF, is protected or damaged, or no longer fits is named with the reason. PDF/UA of the papers, which
others wrote, cannot be promised: see ``documents.joining``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pikepdf
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from iwg_portal.base.dates import date_format
from iwg_portal.base.documents import frame, pdf, stamps
from iwg_portal.base.documents.joining import Leaf, UnfitError, Why, joined, opened
from iwg_portal.base.extracts import file_name
from iwg_portal.base.marks import TLP, colon
from iwg_portal.base.uploads import storage
from meetings.exports import agenda_facts, series_words, timetable_words
from meetings.models import Meeting
from meetings.queries.agenda import Slot
from meetings.queries.papers import Edition, Sheet, readers_words
from members.enums import Language, narrowest

LARGEST = 25 * 1024 * 1024  # bytes of all papers together
MOST_PAGES = 400  # of all papers together
PDF = "PDF"
NOT_YET, OTHER_KIND, FULL = "not_yet", "other_kind", "full"


@dataclass(frozen=True)
class Content:
    """What her page shows. ``practical``: label and value; ``registered`` and ``lists``: as ``listed.typ`` wants them;
    ``record``: what ``exports.records`` says of one; ``papers``: those that she may read, in the order of the agenda;
    ``audience``: of all but the papers."""

    slots: Sequence[Slot]
    practical: Sequence[tuple[str, str]]
    registered: Mapping[str, Any] | None
    lists: Sequence[Mapping[str, Any]]
    record: Mapping[str, Any] | None
    papers: Sequence[Sheet]
    audience: str


@dataclass
class _Row:
    """A paper on its way into the pack: ``leaf`` is its opened file, or ``why`` says what is in the way."""

    sheet: Sheet
    edition: Edition | None = None
    leaf: Leaf | None = None
    why: str = ""
    note: str = ""
    language: str = ""  # of its title


def meeting_pack(
    meeting: Meeting, shown: Content, *, group_name: str, person: str
) -> tuple[str, bytes, dict[str, Any]]:
    """File name, PDF in the active language, and for the log its label and how many papers are in it and are not."""
    audience = narrowest(shown.audience, *(audience for sheet in shown.papers for audience in _audiences(sheet)))
    framed = frame(_title(meeting), audience, group_name, person=person)
    with ExitStack() as files:
        rows, content = _opened(shown.papers, str(meeting.language), files), b""
        while not content:
            inside = [row for row in rows if row.leaf]
            try:
                content = _bound(framed | _words(meeting, shown, rows, framed), inside)
            except UnfitError as error:
                # What cannot be joined after all is named like the others; the rest is joined again without it.
                inside[error.place].leaf, inside[error.place].why = None, error.why
    what = ["meeting-pack", slugify(meeting.group.key), str(meeting.number), framed["language"]]
    about = {"label": framed["label"], "papers": len(inside), "missing": len(rows) - len(inside)}
    return file_name("-".join(what), person, timezone.now(), "pdf"), content, about


def _audiences(sheet: Sheet) -> list[str]:
    """Files of a meeting that is not announced yet are for fewer than their paper."""
    return [sheet.paper.audience, *(edition.version.file.audience for edition in sheet.editions)]


def _title(meeting: Meeting) -> str:
    return f"{_('Meeting pack')}{colon()}{meeting.title}"


# -- Papers -----------------------------------------------------------------------------------------------------------


def _opened(papers: Sequence[Sheet], language: str, files: ExitStack) -> list[_Row]:
    """Each paper in the language of the reader where there is such a PDF, as long as there is room. ``language``: that
    of the meeting."""
    room, left, rows = LARGEST, MOST_PAGES, []
    for sheet in papers:
        own = next((edition.code for edition in sheet.editions if edition.title == sheet.title), "")
        row = _Row(sheet, _best(sheet.editions), language=own or language)
        rows.append(row)
        if row.edition is None:
            row.why = OTHER_KIND if sheet.editions else NOT_YET
            continue
        version = row.edition.version
        if version.size > room:
            row.why = FULL
            continue
        try:
            row.leaf = opened(storage.place(version.storage_name), row.edition.code, left)
        except UnfitError as error:
            row.why = error.why
            continue
        files.callback(row.leaf.file.close)
        room, left = room - version.size, left - row.leaf.pages
        row.note = _said(sheet, row.edition)
    return rows


def _best(editions: Sequence[Edition]) -> Edition | None:
    """The PDF in the active language, else in another one."""
    found = [edition for edition in editions if edition.version.ending == PDF]
    order = [str(get_language()), *Language.values]
    return min(found, key=lambda one: order.index(one.code) if one.code in order else len(order), default=None)


def _said(sheet: Sheet, edition: Edition) -> str:
    """That she reads it in another language than her own, and whether there is one in hers."""
    own = str(get_language())
    if edition.code == own:
        return ""
    words = {"language": Language(own).label}
    if any(other.code == own for other in sheet.editions):
        return _("The text in your language (%(language)s) is no PDF: it is in the portal.") % words
    return _("There is no text in your language (%(language)s).") % words


def _why(row: _Row) -> str:
    kinds = ", ".join(dict.fromkeys(edition.version.ending for edition in row.sheet.editions))
    words = {
        NOT_YET: _("The paper is expected; it has not come yet."),
        OTHER_KIND: _("Not a PDF (%(kinds)s): open it in the portal.") % {"kinds": kinds},
        FULL: _("Too large for this pack: open it in the portal."),
        Why.LONG: _("Too long for this pack: open it in the portal."),
        Why.PROTECTED: _("Protected by a password: open it in the portal."),
        Why.LAYERED: _("It has hidden layers, which a pack would show: open it in the portal."),
        Why.GONE: _("It has been withdrawn since."),
        Why.DAMAGED: _("Damaged, or built in an unusual way: open it in the portal."),
    }
    if row.why == NOT_YET and row.sheet.paper.due_on:
        return _("Expected by %(day)s.") % {"day": date_format(row.sheet.paper.due_on, "DATE_FORMAT")}
    return words[row.why]


# -- Its words --------------------------------------------------------------------------------------------------------


def _words(meeting: Meeting, shown: Content, rows: Sequence[_Row], framed: Mapping[str, Any]) -> dict[str, Any]:
    inside, outside = [row for row in rows if row.leaf], [row for row in rows if not row.leaf]
    slots = {slot.item.pk: slot for slot in shown.slots}
    return {
        "behind": [row.leaf.pages for row in inside if row.leaf],
        "kind": _("Meeting pack"),
        "series": series_words(meeting),
        "name": meeting.title,
        "facts": [*agenda_facts(meeting), *_bearer(framed)],
        "notice": [
            _("This pack holds what you may read, as of the moment at the foot of each page."),
            *([framed["demo"] + "."] if framed["demo"] else []),
        ],
        "words": {"contents": _("Contents"), "practical": _("Practical information"), "agenda": _("Agenda")},
        "practical": [*shown.practical],
        "registered": shown.registered,
        "lists": [*shown.lists],
        "agenda": timetable_words(shown.slots, []),
        "record": shown.record,
        "papers": {
            "title": _("Papers"),
            "note": _("Each paper stands behind its title page, in your language where it is there.") if inside else "",
            "none": _("No paper is in this pack.") if rows else _("There is no paper yet."),
            "head": [_("No."), _("Paper"), _("Language"), _("Page")],
            "rows": [_line(row, place) for place, row in enumerate(inside)],
        },
        "missing": {
            "title": _("Papers that are not in this pack"),
            "head": [_("No."), _("Paper"), _("Why")],
            "rows": [_left_out(row) for row in outside],
        },
        "joined": [_title_page(row, slots.get(row.sheet.paper.item_id or 0)) for row in inside],
    }


def _bearer(framed: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(_("Made for"), framed["bearer"])] if framed["bearer"] else []


def _line(row: _Row, place: int) -> dict[str, Any]:
    assert row.edition
    assert row.leaf
    pages = ngettext("%(n)d page", "%(n)d pages", row.leaf.pages) % {"n": row.leaf.pages}
    return {
        "number": str(row.sheet.paper.number),
        "title": row.sheet.title,
        "language": row.language,
        "detail": " · ".join([TLP[row.sheet.paper.audience][0], pages]),
        "spoken": row.edition.language,
        "page": place,
    }


def _left_out(row: _Row) -> dict[str, Any]:
    paper = row.sheet.paper
    return {"number": str(paper.number), "title": row.sheet.title, "language": row.language, "why": _why(row)}


def _title_page(row: _Row, slot: Slot | None) -> dict[str, Any]:
    assert row.edition
    assert row.leaf
    paper, words = row.sheet.paper, _("Paper %(number)d")
    if slot:
        words = _("Paper %(number)d, for item %(item)d of the agenda")
    facts = [
        (_("Language"), row.edition.language),
        (_("Version"), str(row.edition.version.number)),
        (_("Pages"), str(row.leaf.pages)),
        (_("Label"), TLP[paper.audience][0]),
        (_("Read by"), readers_words(paper.audience)),
    ]
    return {
        "place": words % {"number": paper.number, "item": slot.number if slot else 0},
        "title": row.sheet.title,
        "language": row.language,
        "facts": facts,
        "notes": [row.note] if row.note else [],
    }


# -- Joining ----------------------------------------------------------------------------------------------------------


def _bound(data: dict[str, Any], inside: Sequence[_Row]) -> bytes:
    base, leaves = pdf("pack", data), [row.leaf for row in inside if row.leaf]
    if not leaves:
        return base
    with pikepdf.open(io.BytesIO(base)) as drawn:
        number = len(drawn.pages) - len(leaves)
    total = number + len(leaves) + sum(leaf.pages for leaf in leaves)
    pages = []
    for leaf in leaves:
        number += 1
        pages += [_page_words(data, number + place, total) for place in range(1, leaf.pages + 1)]
        number += leaf.pages
    band = {name: data[name] for name in ("label", "label-colour", "demo")}
    bearer = [_("Handed to %(name)s") % {"name": data["bearer"][:60]}] if data["bearer"] else []
    return joined(base, leaves, stamps("bands", {**band, "words": " · ".join([*bearer, data["stamp"]]), "rows": pages}))


def _page_words(data: Mapping[str, Any], number: int, total: int) -> str:
    return str(data["page-word"]).replace("{n}", str(number)).replace("{total}", str(total))
