"""The summary as a Word document: what a template may name, filled from a reading, for one person."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from capabilities.enums import LADDERS, OPERATIONAL
from iwg_portal.base import cells, marks
from iwg_portal.base.documents import png
from iwg_portal.base.uploads import storage
from iwg_portal.summaries import access
from iwg_portal.summaries.blocks import HEAD_SIZE, Cell, Picture, Table
from iwg_portal.summaries.colours import LEVEL_COLOURS, STATUS_COLOURS
from iwg_portal.summaries.documents import alternative, notes, overview
from iwg_portal.summaries.filling import Fields, Properties, Text, fill
from iwg_portal.summaries.letterhead import own_template
from iwg_portal.summaries.reading import NOT_SHOWN, Reading
from members.enums import TLP, Audience

logger = logging.getLogger(__name__)
LONGEST_WORD = 16  # letters for which a column is made wide
# Each page has them, whatever the template looks like; besides them its number and how many there are.
ON_EACH_PAGE = ("label", "stamp", "number", "check_code", "reader")


def summary_docx(reading: Reading, *, reader: str) -> tuple[str, bytes]:
    """File name and DOCX in the reading's language; ``reader``: the person to whom it is handed, on each page.

    Made with the template in force. Where that is lost, or cannot be filled with so much, the portal's own gives the
    same text in another look, and the log of the server says so.
    """
    name = reading.file_name("docx", reader)
    kept = template_in_force(reading.language)
    if kept is not None:
        try:
            return name, made_with(kept, reading, reader=reader)
        except Exception:
            logger.exception("The Word template for “%s” could not be filled.", reading.language)
    return name, made_with(own_template(), reading, reader=reader)


def template_in_force(language: str) -> bytes | None:
    """The one that the secretariat put in the place of the portal's own; None where there is none, or it is lost."""
    version = access.template_version(language)
    if version is None:
        return None
    try:
        content = b"".join(storage.pieces(version.storage_name))
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != version.sha256:
        logger.error("The Word template for “%s” is not on the disk as it was accepted.", language)
        return None
    return content


def made_with(template: bytes, reading: Reading, *, reader: str) -> bytes:
    """The document, made with a template that ``vetting`` has passed or is about to."""
    fields = fields_of(reading, reader)
    printed = " · ".join(fields.texts[name] for name in ON_EACH_PAGE)
    properties = Properties(reading.title, reading.group, reading.language, printed, reading.as_of)
    return fill(template, fields, properties)


def fields_of(reading: Reading, reader: str) -> Fields:
    """All fields in the reading's language: texts, lists and blocks."""
    return Fields(_texts(reading, reader), _lists(reading), _blocks(reading))


def _texts(reading: Reading, reader: str) -> dict[str, str]:
    summary = reading.summary
    stamp = [
        *([] if reading.is_final else [str(summary.get_state_display())]),
        *([_("Demonstration data, invented")] if reading.demonstration else []),
        reading.as_of_words,
    ]
    return {
        "title": reading.title,
        "standing": reading.standing,
        "group": reading.group,
        "label": TLP[Audience(summary.audience)],
        "stamp": " · ".join(stamp),
        "number": summary.code,
        "check_code": summary.check_code,
        "reader": _("handed to %(name)s") % {"name": reader[:60]},
        "as_of": reading.as_of_words,
        "source": reading.source_words,
        "hash": summary.sha256,
        "consent": reading.consent,
        "actions": reading.actions_words,
        "decisions_words": reading.decisions_words,
        "map_words": reading.map_words,
        "states_note": _("Mean levels 0–4 as declared by each state in the self-assessment of %(year)s.")
        % {"year": reading.year},
        "lessons_none": "" if reading.lessons else _("None."),
        "heading_changes": reading.changes_title,
        "heading_ladders": _("States on each step"),
        "heading_states": _("State by state"),
        "heading_medians": _("Regional median by area") if reading.median_rows else "",
        "heading_decisions": _("Decisions"),
        "heading_lessons": _("Lessons"),
        "heading_corrections": reading.corrections_title,
        "heading_notes": _("How to read this summary"),
        "column_number": _("No."),
        "column_decision": _("Decision"),
        "column_status": _("Status"),
        "word_check": _("Check code"),
        "word_of": pgettext("page 1 of 14", "of"),
    }


def _lists(reading: Reading) -> dict[str, list[dict[str, Text]]]:
    decisions = [
        {
            "code": Text(row["code"]),
            "text": Text(row["text"], row["language"]),
            "where": Text(f"{row['meeting']}, {row['day']}"),
            "standing": Text(row["standing"]),
        }
        for row in reading.decisions
    ]
    lessons = [
        {
            "title": Text(row["title"], row["language"]),
            "state": Text(f" · {row['state']}" if row["state"] else ""),
        }
        for row in reading.lessons
    ]
    plain = {
        "lead": reading.lead,
        "changes": reading.changes,
        "corrections": reading.corrections,
        "notes": notes(reading),
    }
    lists = {name: [{"": Text(sentence)} for sentence in sentences] for name, sentences in plain.items()}
    return {**lists, "decision": decisions, "lesson": lessons}


def _blocks(reading: Reading) -> dict[str, Table | Picture]:
    ladders = (
        f"{ladder.title}{marks.colon()}{', '.join(f'{words} {n}' for _code, words, n in ladder.segments)}"
        for ladder in reading.ladders
    )
    drawn = {"language": reading.language, **overview(reading)}
    words = f"{reading.map_words} {alternative(reading)}. {'. '.join(ladders)}."
    return {
        "overview": Picture(png("overview-picture", drawn), words),
        "ladders": _ladder_table(reading),
        "states": _state_table(reading),
        "medians": _median_table(reading),
    }


def _ladder_table(reading: Reading) -> Table:
    """A row for each step that any of the ladders has, highest first; a dash where a ladder has no such step."""
    order: dict[str, None] = {}
    for kind in reading.kinds:
        order |= dict.fromkeys(code for code in reversed(LADDERS[kind]) if code in OPERATIONAL)
    for kind in reading.kinds:
        order |= dict.fromkeys((*reversed(LADDERS[kind]), "suspended"))
    counts = [{code: n for code, _words, n in ladder.segments} for ladder in reading.ladders]
    rows = []
    for code in (*order, NOT_SHOWN):
        known = [code in (*LADDERS[kind], "suspended", NOT_SHOWN) for kind in reading.kinds]
        kind = next(kind for kind, has in zip(reading.kinds, known, strict=True) if has)
        said = [str(count.get(code, 0)) if has else "–" for count, has in zip(counts, known, strict=True)]
        rows.append(
            [_status(code, reading.words(kind, code), is_middle=False), *(Cell(n, is_middle=True) for n in said)]
        )
    head = [_("Step"), *(ladder.title for ladder in reading.ladders)]
    words = _("How many states stand on each step of each ladder.")
    return Table(head, rows, [3, *[1] * len(counts)], words, frozenset(range(1, len(head))))


def _state_table(reading: Reading) -> Table:
    rows = [
        [
            Cell(row.name, bold=True),
            *(_status(code, words if code != NOT_SHOWN else "–") for code, words in row.status),
            *(_level(value) for value in row.levels),
        ]
        for row in reading.rows
    ]
    head = [_("State"), *reading.columns]
    words = _("Status and mean levels of each member state.")
    return Table(head, rows, _room(head, rows), words, frozenset(range(1, len(head))))


def _room(head: list[str], rows: list[list[Cell]]) -> list[float]:
    """Shares of the columns, in points, so that no usual word is cut: as much as the longest one of each takes."""
    found = []
    for place, title in enumerate(head):
        sizes = [(title, HEAD_SIZE), *((row[place].text, row[place].size) for row in rows)]
        # Half points; a letter is about 0.56 of the size wide. What is longer than any word has to be cut.
        widths = (min(len(word), LONGEST_WORD) * size * 0.28 for text, size in sizes for word in text.split())
        found.append(5 + max(25, *widths, 0))
    return found


def _median_table(reading: Reading) -> Table:
    rows = [
        [Cell(area, bold=True), *(Cell(value, is_middle=True) for value in values), Cell(half)]
        for area, values, half in reading.median_rows
    ]
    years = [str(year) for year in reading.median_years]
    shares = [2.2, *[0.7] * len(years), 2.4]
    words = _("Median of the region in each area and round, with its spread in the newest.")
    return Table([_("Area"), *years, _("Spread")], rows, shares, words, frozenset(range(1, len(years) + 1)))


def _status(code: str, words: str, *, is_middle: bool = True) -> Cell:
    fill_colour, ink = STATUS_COLOURS[code]
    return Cell(words, fill_colour, ink, is_middle=is_middle)


def _level(value: float | None) -> Cell:
    if value is None:
        return _status(NOT_SHOWN, "–")
    fill_colour, ink = LEVEL_COLOURS[min(4, max(0, int(value + 0.5)))]
    return Cell(cells.number(value, 1), fill_colour, ink, is_middle=True)


def known_fields() -> dict[str, Any]:
    """Name → what it stands for, in the active language; the order is that of the list that people see."""
    return {
        "label": _("the label of the Traffic Light Protocol"),
        "stamp": _("draft and demonstration mark where they apply, and the moment of the figures with its zone"),
        "number": _("number of the summary"),
        "check_code": _("check code"),
        "reader": _("the person to whom the document is handed"),
        "title": _("title with the number"),
        "standing": _("for whom it is, and when the chair approved it"),
        "group": _("name of the group"),
        "as_of": _("moment of the figures with its zone"),
        "source": _("snapshot and edition of the framework"),
        "hash": _("SHA-256 value of the figures"),
        "consent": _("how many states there are, and how they are named"),
        "lead": _("list: one sentence for each ladder"),
        "overview": _("block: map and ladders as a picture with its text"),
        "map_words": _("what the map shows"),
        "ladders": _("block: table of the states on each step"),
        "changes": _("list: what changed since the round before"),
        "actions": _("how far the action points have come"),
        "states": _("block: table of all states"),
        "states_note": _("what the levels of that table are"),
        "medians": _("block: table of the regional medians"),
        "decisions_words": _("how many decisions are active, carried out, superseded"),
        "decision.code": _("list: number of a decision"),
        "decision.text": _("list: its text"),
        "decision.where": _("list: its meeting and day"),
        "decision.standing": _("list: how it stands"),
        "lesson.title": _("list: title of a lesson"),
        "lesson.state": _("list: the state that shared it, where it agreed to be named"),
        "lessons_none": _("“None.” where there is no lesson"),
        "corrections": _("list: which summary it follows, and which figures are others now"),
        "notes": _("list: what a reader has to know"),
        "heading_changes": _("heading in the language of the document"),
        "heading_ladders": _("heading in the language of the document"),
        "heading_states": _("heading in the language of the document"),
        "heading_medians": _("heading in the language of the document"),
        "heading_decisions": _("heading in the language of the document"),
        "heading_lessons": _("heading in the language of the document"),
        "heading_corrections": _("heading in the language of the document"),
        "heading_notes": _("heading in the language of the document"),
        "column_number": _("heading of a column"),
        "column_decision": _("heading of a column"),
        "column_status": _("heading of a column"),
        "word_check": _("the words “Check code”"),
        "word_of": _("the word between the number of a page and how many there are"),
    }
