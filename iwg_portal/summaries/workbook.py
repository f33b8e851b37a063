"""The workbook of a summary: the same figures as data, with their definitions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from iwg_portal.base import cells, marks
from iwg_portal.base.spreadsheets import Chart, Series, Sheet, write_workbook
from iwg_portal.summaries.banded import Banded
from iwg_portal.summaries.colours import LINES, STATUS_COLOURS
from iwg_portal.summaries.head import Head
from iwg_portal.summaries.reading import NOT_SHOWN, Reading
from members.enums import TLP, Audience


def summary_workbook(reading: Reading, *, reader: str) -> tuple[str, bytes]:
    """File name and XLSX in the reading's language; ``reader``: the person to whom it is handed.

    The first sheet says what it is and for whom; the others hold one table each, figures as numbers.
    """
    sheets = [
        Sheet(_("About"), _about(reading, reader), 1, 1, (34, 90), wraps=True),
        Sheet(_("States"), _states(reading), 1, 0, (26, 24)),
        Sheet(_("Ladders"), _ladders(reading), 1, 0, (10, 34, 12), charts=_bars(reading)),
        Sheet(_("Medians"), _medians(reading), 1, 0, (40, 10, 10, 18, 18, 14, 16), charts=_courses(reading)),
        Sheet(_("Decisions"), _decisions(reading), 1, 0, (10, 90, 16, 40, 14)),
        Sheet(_("Lessons"), _lessons(reading), 1, 0, (70, 24)),
        *_corrections(reading),
        Sheet(_("Definitions"), _definitions(reading), 1, 0, (18, 34, 84), wraps=True),
    ]
    return _bound(sheets, reading, reader)


def banded_workbook(reading: Banded, *, reader: str) -> tuple[str, bytes]:
    """The same of an aggregated summary: the words of its bands, and halves as numbers. No charts: a band has no
    length, and a line through “1.0 or lower” would say more than the figure does."""
    sheets = [
        Sheet(_("About"), _about_banded(reading, reader), 1, 1, (34, 90), wraps=True),
        Sheet(_("Ladders"), _banded_ladders(reading), 1, 0, (10, 60, 24, 28, 14)),
        Sheet(_("Medians"), _banded_medians(reading), 1, 0, (40, 10, 20)),
        Sheet(_("Lessons"), [[_("Lesson")], *([row["title"]] for row in reading.lessons)], 1, 0, (90,)),
        Sheet(_("Definitions"), _banded_definitions(reading), 1, 0, (18, 34, 84), wraps=True),
    ]
    return _bound(sheets, reading, reader)


def _bound(sheets: list[Sheet], reading: Head, reader: str) -> tuple[str, bytes]:
    """With what each page must carry on each printed page: at its head label, number and code first, as a long name of
    the reader is cut there; at its foot the moment, the code once more, and the number of the page."""
    state = [] if reading.is_final else [str(reading.summary.get_state_display())]
    demo = [_("Demonstration data, invented")] if reading.demonstration else []
    label, check = TLP[Audience(reading.summary.audience)], reading.summary.check_code
    printed = " · ".join([label, reading.summary.code, check, *state, *demo, reader[:60]])
    foot = (reading.as_of_words, f"{_('Check code')} {check}")
    sheets = [replace(sheet, printed=printed, foot=foot, fits=True) for sheet in sheets]
    comments = f"{printed} · {reading.as_of_words}"
    file = write_workbook(sheets, title=reading.title, author=reading.group, comments=comments)
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
        rows += [[ladder.title, row.words, row.now, row.before or None, ladder.before_on] for row in ladder.rows]
        if not ladder.rows:
            rows.append([ladder.title, None, reading.too_few])
    return rows


def _banded_medians(reading: Banded) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = [[_("Area"), _("Round"), _("Median"), _("Contributing")]]
    return [*rows, *reading.points]


def _banded_definitions(reading: Banded) -> list[Sequence[Any]]:
    """What each column means, and how many states each band is of so many."""
    ladders, medians = _("Ladders"), _("Medians")
    return [
        [_("Sheet"), _("Column or term"), _("Meaning")],
        [ladders, _("Step"), _("Steps of the ladder, put together so that no state can be told from them.")],
        [ladders, _("States"), _("How many of the member states, as a band.")],
        *([ladders, words, meaning] for words, meaning in reading.band_ranges),
        [ladders, _("In the summary before"), _("The band as it was said last; empty where nothing was.")],
        [ladders, _("Date"), _("Day of the figures of the summary before.")],
        [medians, _("Round"), _("Year of the self-assessment.")],
        [medians, _("Median"), reading.levels_note],
        [medians, _("Median"), reading.median_rule],
        [medians, _("Contributing"), _("How many of the member states the median is made of, as a band.")],
        [_("Lessons"), _("Lesson"), reading.lessons_rule],
        *_about_definitions(reading, _("Traffic Light Protocol 2.0. %(label)s is for the whole group.")),
    ]


def _about_definitions(reading: Head, whose: str) -> list[Sequence[Any]]:
    """``whose``: a sentence with ``%(label)s``."""
    about = _("About")
    return [
        [about, _("Label"), whose % {"label": TLP[Audience(reading.summary.audience)]}],
        [about, _("Check code"), _("The page “Check a document” of the portal says to which summary it belongs.")],
        [about, "SHA-256", _("Check sum of the frozen figures: who has the same value has the same figures.")],
    ]


def _states(reading: Reading) -> list[Sequence[Any]]:
    head = [_("State"), _("Code")]
    for kind in reading.ladders:
        head += [kind.title, _("%(kind)s, as of") % {"kind": kind.title}]
    head += [area["title"][reading.language] for area in reading.areas]
    rows: list[Sequence[Any]] = [head]
    for row in reading.rows:
        cells: list[Any] = [row.name, row.code]
        for (code, words), day in zip(row.status, row.as_of, strict=True):
            cells += [words if code != "nd" else None, dt.date.fromisoformat(day) if day else None]
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
    return [
        *rows,
        *(
            [row["code"], row["text"], row["standing"], row["meeting"], dt.date.fromisoformat(row["on"])]
            for row in reading.decisions
        ),
    ]


def _lessons(reading: Reading) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = [[_("Lesson"), _("State")]]
    return [*rows, *([row["title"], row["state"]] for row in reading.lessons)]


def _corrections(reading: Reading) -> list[Sheet]:
    """Only where there is one before it."""
    if reading.earlier is None:
        return []
    rows = [[reading.corrections_title], *([sentence] for sentence in reading.corrections)]
    return [Sheet(_("Compared"), rows, 1, 1, (120,), wraps=True)]


def _bars(reading: Reading) -> list[Chart]:
    """One chart for each ladder: how many states stand on each step, in the colours of the pages."""
    charts, row, place = [], 1, 1
    for ladder in reading.ladders:
        last = row + len(ladder.segments) - 1
        if not ladder.segments:
            continue
        colours = tuple(None if code == NOT_SHOWN else STATUS_COLOURS[code][0] for code, _words, _n in ladder.segments)
        said = ", ".join(f"{words} {n}" for _code, words, n in ladder.segments)
        height = 120 + 34 * len(ladder.segments)
        charts.append(
            Chart(
                "bar",
                _("%(kind)s: states on each step of the ladder") % {"kind": ladder.title},
                f"{ladder.title}{marks.colon()}{said}",
                [Series((row, 0), (row, 1, last, 1), (row, 2, last, 2), STATUS_COLOURS["pilot"][0], colours)],
                (place, 4),
                size=(640, height),
            )
        )
        row, place = last + 1, place + height // 20 + 2
    return charts


def _courses(reading: Reading) -> list[Chart]:
    """The medians of all areas over the rounds; none where no median is said."""
    series, said, row = [], [], 1
    for place, (area, median) in enumerate(zip(reading.areas, reading.content["medians"], strict=True)):
        last = row + len(median["course"]) - 1
        known = [(point["year"], point["median"]) for point in median["course"] if point["median"] is not None]
        if known:
            colour, dash, marker = LINES[place % len(LINES)]
            series.append(Series((row, 0), (row, 1, last, 1), (row, 2, last, 2), colour, dash=dash, marker=marker))
            figures = ", ".join(f"{year} {cells.number(value, 1)}" for year, value in known)
            said.append(f"{area['title'][reading.language]}{marks.colon()}{figures}")
        row = last + 1
    if not series:
        return []
    title = _("Regional median by area")
    return [Chart("line", title, marks.semicolon().join(said), series, (1, 8), unit=_("Level"), top=4, size=(760, 420))]


def _definitions(reading: Reading) -> list[Sequence[Any]]:
    """What each column of each sheet means, in which unit, and what an empty cell says."""
    states, medians = _("States"), _("Medians")
    empty = _("Empty: no report, or not named.")
    rows: list[Sequence[Any]] = [[_("Sheet"), _("Column or term"), _("Meaning")]]
    rows.append([states, _("Code"), _("Code of the state after ISO 3166-1 alpha-2.")])
    for kind, words in reading.ladder_words:
        steps = marks.semicolon().join(words)
        meaning = _("Step of the ladder as the state declares it. Highest first: %(steps)s.") % {"steps": steps}
        rows.append([states, kind, f"{meaning} {empty}"])
        rows.append([states, _("%(kind)s, as of") % {"kind": kind}, _("The day for which the status is declared.")])
    for area in reading.areas:
        meaning = _("Mean of the levels 0 to 4 of this area in the self-assessment of %(year)s, to one decimal.")
        rows.append([states, area["title"][reading.language], f"{meaning % {'year': reading.year}} {empty}"])
    for level in range(5):
        rows.append([states, _("Level %(level)s") % {"level": level}, reading.words("level", str(level))])
    rows += [
        [_("Ladders"), _("States"), _("How many of the member states that are named stand on this step.")],
        [_("Ladders"), reading.words("", NOT_SHOWN), _("How many member states are not counted on the ladder.")],
        [medians, _("Median"), _("Middle of the states’ means of this area: half are higher, half lower; 0 to 4.")],
        [medians, _("Median"), reading.median_rule],
        [medians, _("Lower"), _("A quarter of the contributing states have a mean below it.")],
        [medians, _("Upper"), _("A quarter of the contributing states have a mean above it.")],
        [medians, _("Contributing"), _("How many states the median is made of; empty where it is not said.")],
        [medians, _("Member states"), _("How many states belonged to the group.")],
        [_("Decisions"), _("Status"), _("How the decision stands at the moment of the figures.")],
        *_about_definitions(
            reading, _("Traffic Light Protocol 2.0. %(label)s is for the delegations of the member states.")
        ),
    ]
    return rows
