"""The PDF of a summary: set from its reading, for one person. The same figures give the same pages."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.html import escape
from django.utils.translation import gettext as _

from iwg_portal.base import cells, marks
from iwg_portal.base.charts import FRAMED, SHAPES
from iwg_portal.base.documents import pdf
from iwg_portal.base.documents.frame import LABEL_COLOURS
from iwg_portal.base.documents.word import Word
from iwg_portal.summaries.banded import Banded
from iwg_portal.summaries.colours import EDGE, LAND, LEVEL_COLOURS, OUTLINE, STATUS_COLOURS
from iwg_portal.summaries.head import Head
from iwg_portal.summaries.reading import Reading

MAP_FILE = settings.BASE_DIR / "static" / "map" / "west-africa.svg"


def summary_pdf(reading: Reading, *, reader: str) -> tuple[str, bytes]:
    """File name and PDF/UA-1 in the reading's language; ``reader``: the person to whom it is handed, on each page."""
    data: dict[str, Any] = {
        **_frame(reading, reader),
        "lead": reading.lead,
        "consent": reading.consent,
        **overview(reading),
        "changes": {"title": reading.changes_title, "rows": reading.changes},
        "grid": {
            "title": _("State by state"),
            "note": _("Mean levels 0–4 as declared by each state in the self-assessment of %(year)s.")
            % {"year": reading.year},
            "head": [_("State"), *reading.columns],
            "kinds": len(reading.kinds),
            "rows": [
                {
                    "name": row.name,
                    "cells": [
                        *(_cell(words if code != "nd" else "–", STATUS_COLOURS[code]) for code, words in row.status),
                        *(_level(value) for value in row.levels),
                    ],
                }
                for row in reading.rows
            ],
        },
        "medians": {
            "title": _("Regional median by area"),
            "head": [_("Area"), *(str(year) for year in reading.median_years), _("Spread")],
            "rows": [[area, *values, half] for area, values, half in reading.median_rows],
        },
        "decisions": {
            "title": _("Decisions"),
            "words": reading.decisions_words,
            "head": [_("No."), _("Decision"), _("Status")],
            "rows": [
                {
                    "code": row["code"],
                    "text": row["text"],
                    "language": row["language"],
                    "where": f"{row['meeting']}, {row['day']}",
                    "standing": row["standing"],
                }
                for row in reading.decisions
            ],
        },
        "corrections": {"title": reading.corrections_title, "rows": reading.corrections},
        "actions": {"title": _("Action points"), "words": reading.actions_words},
        "lessons": {
            "title": _("Lessons"),
            "none": _("None."),
            "rows": reading.lessons,
        },
        "annex": {"title": _("How to read this summary"), "rows": notes(reading)},
    }
    return reading.file_name("pdf", reader), pdf("summary", data)


def overview(reading: Reading) -> dict[str, Any]:
    """Map and ladders, as ``overview.typ`` draws them."""
    return {
        "map": {"svg": drawn_map(reading), "alt": alternative(reading), "words": reading.map_words},
        "ladders": [
            {
                "title": ladder.title,
                "segments": [
                    {"words": words, "n": n, "fill": STATUS_COLOURS[code][0], "ink": STATUS_COLOURS[code][1]}
                    for code, words, n in ladder.segments
                ],
            }
            for ladder in reading.ladders
        ],
    }


def notes(reading: Reading) -> list[str]:
    """What a reader has to know to read the figures."""
    return [
        reading.consent,
        _("– stands for no report, or not named."),
        *reading.cut,
        reading.median_rule,
        _("Figures are declared by each state itself; the group ranks nobody."),
        *(f"{kind}{marks.colon()}{', '.join(words)}." for kind, words in reading.ladder_words),
        *_origin(reading),
        _(
            "The page “Check a document” of the portal says to which summary a check code belongs; members"
            " compare the figures there."
        ),
    ]


def banded_pdf(reading: Banded, *, reader: str) -> tuple[str, bytes]:
    """The same of an aggregated summary."""
    return reading.file_name("pdf", reader), pdf("aggregated", _banded(reading, reader))


def banded_docx(reading: Banded, *, reader: str) -> tuple[str, bytes]:
    """The same as a Word document, in the portal's own look: a template of the secretariat is for a named summary."""
    data = _banded(reading, reader)
    word = Word(data)
    word.heading(data["title"], 1)
    word.quiet(data["standing"])
    for sentence in data["lead"]:
        word.line(sentence, bold=True)
    word.quiet(data["consent"])
    for ladder in data["ladders"]:
        word.heading(ladder["title"], 2)
        if not ladder["rows"]:
            word.line(ladder["none"])
        word.facts(
            [(row["words"], " · ".join(filter(None, (row["now"], _said(ladder, row))))) for row in ladder["rows"]]
        )
    for part in (data["changes"], data["lessons"], data["annex"]):
        if part is data["lessons"]:
            _medians(word, data["medians"])
        word.heading(part["title"], 2)
        for row in part["rows"]:
            text, language = (row["title"], row["language"]) if isinstance(row, dict) else (row, "")
            word.line(text, language=language)
        if not part["rows"]:
            word.line(part.get("none", ""))
    return reading.file_name("docx", reader), word.content()


def _said(ladder: dict[str, Any], row: dict[str, Any]) -> str:
    """What the earlier summary said of this step, where it is compared."""
    return f"{ladder['head'][-1]}{marks.colon()}{row['before']}" if ladder["compares"] and row["before"] else ""


def _medians(word: Word, medians: dict[str, Any]) -> None:
    if not medians["rows"]:
        return
    word.heading(medians["title"], 2)
    word.quiet(medians["note"])
    for area, *values in medians["rows"]:
        word.heading(area, 3)
        word.facts(zip(medians["head"][1:], values, strict=True))


def _banded(reading: Banded, reader: str) -> dict[str, Any]:
    return {
        **_frame(reading, reader),
        "lead": reading.lead,
        "consent": reading.consent,
        "ladders": [
            {
                "title": ladder.title,
                "head": [_("Step"), _("Now"), *([ladder.before] if ladder.before else [])],
                "rows": [
                    {"words": row.words, "now": row.now, "place": row.place, "before": row.before}
                    for row in ladder.rows
                ],
                "compares": bool(ladder.before),
                "none": reading.too_few,
            }
            for ladder in reading.ladders
        ],
        "changes": {"title": reading.changes_title, "rows": reading.changes},
        "medians": {
            "title": _("Regional median by area"),
            "note": reading.levels_note,
            "head": [_("Area"), *(str(year) for year in reading.years), _("Contributing")],
            "rows": [[row.title, *row.values, row.share] for row in reading.levels],
        },
        "lessons": {"title": _("Lessons"), "none": _("None."), "rows": reading.lessons},
        "annex": {
            "title": _("How to read this summary"),
            "rows": [
                *reading.rules,
                *_origin(reading),
                _("The page “Check a document” of the portal says to which summary a check code belongs."),
            ],
        },
    }


def _frame(reading: Head, reader: str) -> dict[str, Any]:
    """What stands at the head and foot of each page."""
    summary = reading.summary
    label, colour = marks.TLP[summary.audience]
    return {
        "title": reading.title,
        "language": reading.language,
        "group": _("%(group)s · handed to %(name)s") % {"group": reading.group, "name": reader[:60]},
        "label": label,
        "label-colour": LABEL_COLOURS[colour],
        "stamp": " · ".join(
            [*([] if reading.is_final else [str(summary.get_state_display())]), reading.as_of_words, summary.code]
        ),
        "page-word": _("Check %(code)s · %(number)s of %(total)s")
        % {"code": summary.check_code, "number": "{n}", "total": "{total}"},
        "demo": _("Demonstration data") if reading.demonstration else "",
        "standing": reading.standing,
    }


def _origin(reading: Head) -> list[str]:
    return [
        _("Source: %(source)s.") % {"source": reading.source_words},
        _("The figures are frozen under the SHA-256 value %(hash)s.") % {"hash": reading.summary.sha256},
    ]


def _cell(text: str, colours: tuple[str, str]) -> dict[str, str]:
    return {"text": text, "fill": colours[0], "ink": colours[1]}


def _level(value: float | None) -> dict[str, str]:
    if value is None:
        return _cell("–", STATUS_COLOURS["nd"])
    return _cell(cells.number(value, 1), LEVEL_COLOURS[min(4, max(0, int(value + 0.5)))])


def alternative(reading: Reading) -> str:
    return ". ".join(label for _code, _status, label in reading.on_map) or reading.map_words


@lru_cache(maxsize=1)
def _shapes() -> tuple[dict[str, str], str]:
    """Path of each state, and of the land around, from the map that the pages show."""
    found = dict(re.findall(r'<path id="([A-Za-z]+)" d="([^"]+)"', MAP_FILE.read_text(encoding="utf-8")))
    return {code: path for code, path in found.items() if code in SHAPES}, found.get("land", "")


def drawn_map(reading: Reading) -> str:
    """The map as SVG, with the colours of the status."""
    shapes, land = _shapes()
    parts = [f'<path d="{land}" fill="{LAND}"/>']
    for code, status, _label in reading.on_map:
        if code not in shapes:
            continue
        fill = STATUS_COLOURS[status][0]
        edge = fill if code == FRAMED and status != "nd" else OUTLINE if status == "nd" else EDGE
        parts.append(f'<path d="{shapes[code]}" fill="{escape(fill)}" stroke="{edge}" stroke-width="3"/>')
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2000 1200">{"".join(parts)}</svg>'
