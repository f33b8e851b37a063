"""The workbook of a summary: the same figures as data, with their definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from iwg_portal.base.spreadsheets import Sheet, write_workbook
from iwg_portal.summaries.banded import Banded
from iwg_portal.summaries.reading import Head, Reading
from members.enums import TLP, Audience


def summary_workbook(reading: Reading, *, reader: str) -> tuple[str, bytes]:
    """File name and XLSX in the reading's language; ``reader``: the person to whom it is handed.

    The first sheet says what it is and for whom; the others hold one table each, figures as numbers.
    """
    sheets = [
        Sheet(_("About"), _about(reading, reader), 1, 1, (34, 90)),
        Sheet(_("States"), _states(reading), 1, 0, (26, 24)),
        Sheet(_("Ladders"), _ladders(reading), 1, 0, (10, 34, 12)),
        Sheet(_("Medians"), _medians(reading), 1, 0, (40, 10)),
        Sheet(_("Decisions"), _decisions(reading), 1, 0, (10, 90, 16, 40, 14)),
        Sheet(_("Lessons"), _lessons(reading), 1, 0, (70, 24)),
        Sheet(_("Definitions"), _definitions(reading), 1, 0, (20, 40)),
    ]
    return _bound(sheets, reading, reader)


def banded_workbook(reading: Banded, *, reader: str) -> tuple[str, bytes]:
    """The same of an aggregated summary: the words of its bands, and halves as numbers."""
    sheets = [
        Sheet(_("About"), _about_banded(reading, reader), 1, 1, (34, 90)),
        Sheet(_("Ladders"), _banded_ladders(reading), 1, 0, (10, 60, 24)),
        Sheet(_("Medians"), _banded_medians(reading), 1, 0, (40, 10, 20)),
        Sheet(_("Lessons"), [[_("Lesson")], *([row["title"]] for row in reading.lessons)], 1, 0, (90,)),
    ]
    return _bound(sheets, reading, reader)


def _bound(sheets: list[Sheet], reading: Head, reader: str) -> tuple[str, bytes]:
    """With label, number and reader on each printed page."""
    state = [] if reading.is_final else [str(reading.summary.get_state_display())]
    demo = [_("Demonstration data, invented")] if reading.demonstration else []
    label = TLP[Audience(reading.summary.audience)]
    printed = " · ".join([label, reading.summary.code, *state, *demo, reader[:60], reading.summary.check_code])
    sheets = [replace(sheet, printed=printed) for sheet in sheets]
    file = write_workbook(sheets, title=reading.title, author=reading.group, comments=printed)
    return reading.file_name("xlsx", reader), file


def _about(reading: Reading, reader: str) -> list[Sequence[Any]]:
    return [
        *_head(reading, reader),
        [_("Consent"), reading.consent],
        *([_("Summary"), sentence] for sentence in (*reading.lead, *reading.changes)),
        [_("Action points"), reading.actions_words],
        [_("Decisions"), reading.decisions_words],
    ]


def _about_banded(reading: Banded, reader: str) -> list[Sequence[Any]]:
    return [
        *_head(reading, reader),
        [_("Consent"), reading.consent],
        *([_("Summary"), sentence] for sentence in (*reading.lead, *reading.changes)),
        *([_("How to read this summary"), rule] for rule in (*reading.rules, reading.levels_note)),
    ]


def _head(reading: Head, reader: str) -> list[Sequence[Any]]:
    summary = reading.summary
    rows: list[Sequence[Any]] = [
        [reading.title],
        [_("Group"), reading.group],
        [_("Label"), TLP[Audience(summary.audience)]],
        [_("Standing"), reading.standing],
        [_("Moment of the figures"), reading.as_of_words],
        [_("Source"), reading.source_words],
        [_("Check code"), summary.check_code],
        ["SHA-256", summary.sha256],
        [_("Handed to"), reader],
    ]
    if reading.demonstration:
        rows.insert(1, [_("Demonstration data, invented")])
    return rows


def _banded_ladders(reading: Banded) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = [[_("Ladder"), _("Step"), _("States"), _("In the summary before"), _("Date")]]
    for ladder in reading.ladders:
        rows += [[ladder.title, row.words, row.now, row.before or None, ladder.before or None] for row in ladder.rows]
        if not ladder.rows:
            rows.append([ladder.title, None, reading.too_few])
    return rows


def _banded_medians(reading: Banded) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = [[_("Area"), _("Round"), _("Median"), _("Contributing")]]
    return [*rows, *reading.points]


def _states(reading: Reading) -> list[Sequence[Any]]:
    head = [_("State"), _("Code")]
    for kind in reading.ladders:
        head += [kind.title, _("%(kind)s, as of") % {"kind": kind.title}]
    head += [area["title"][reading.language] for area in reading.areas]
    rows: list[Sequence[Any]] = [head]
    for row in reading.rows:
        cells: list[Any] = [row.name, row.code]
        for (code, words), day in zip(row.status, row.as_of, strict=True):
            cells += [words if code != "nd" else None, day or None]
        rows.append([*cells, *row.levels])
    return rows


def _ladders(reading: Reading) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = [[_("Ladder"), _("Step"), _("States")]]
    for ladder in reading.ladders:
        rows += [[ladder.title, words, n] for _code, words, n in ladder.segments]
    return rows


def _medians(reading: Reading) -> list[Sequence[Any]]:
    content = reading.content["medians"]
    head = [_("Area"), _("Round"), _("Median"), _("Lower"), _("Upper"), _("Contributing"), _("Member states")]
    rows: list[Sequence[Any]] = [head]
    for area, median in zip(reading.areas, content, strict=True):
        for point in median["course"]:
            figures = [point[name] for name in ("median", "lower", "upper", "n", "of")]
            rows.append([area["title"][reading.language], point["year"], *figures])
    return rows


def _decisions(reading: Reading) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = [[_("No."), _("Decision"), _("Status"), _("Meeting"), _("Date")]]
    return [*rows, *([r["code"], r["text"], r["standing"], r["meeting"], r["day"]] for r in reading.decisions)]


def _lessons(reading: Reading) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = [[_("Lesson"), _("State")]]
    return [*rows, *([row["title"], row["state"]] for row in reading.lessons)]


def _definitions(reading: Reading) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = [[_("Ladder"), _("Step")]]
    for kind, words in reading.ladder_words:
        rows += [[kind, word] for word in words]
    rows += [[_("Level"), f"{level}: {reading.words('level', str(level))}"] for level in range(5)]
    rows.append(
        [
            _("Median"),
            reading.median_rule,
        ]
    )
    return rows
