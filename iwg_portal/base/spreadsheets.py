"""Tables in and out: read one sheet of an XLSX or CSV file safely, write XLSX and CSV.

Reading never trusts a file: limits hold before anything is parsed (see ``archives``), rows are read one by one and
reading stops at the first limit. Every refusal is a ``SpreadsheetProblem`` with one sentence; never another error.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import logging
import math
import time
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import xlsxwriter
from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet._reader import DATA_TAG, FORMULA_TAG, ROW_TAG, VALUE_TAG, WorkSheetParser

from iwg_portal.base.archives import SpreadsheetProblem, damaged, open_archive
from iwg_portal.base.signs import inert
from iwg_portal.base.text_tables import unquoted

__all__ = [
    "Chart", "Missing", "Row", "Series", "Sheet", "Span", "SpreadsheetProblem", "Table", "read_table", "write_workbook",
]  # fmt: skip

MAX_ROWS = 2_000
MAX_COLUMNS = 200
MAX_SECONDS = 3  # of this thread's work, so that a busy machine refuses nobody
MAX_CELL = 32_767  # characters that a cell of a workbook holds
MAX_PRINTED = 120  # of the 255 that head and foot of a printed page hold, as each ampersand counts twice
# Looked at to tell which sheet, and which separator of a text file, holds the wanted table.
HEAD = 20

logger = logging.getLogger(__name__)


class Missing:
    """A formula whose result is not stored in the file: neither empty nor a value."""


# A cell: None, bool, int, float, str, datetime, date, time, timedelta or Missing.
Row = tuple[int, list[Any]]  # row number as the spreadsheet shows it, values from column A on
Score = Callable[[Sequence[Any]], int]


@dataclass(frozen=True)
class Table:
    """The rows that hold anything. ``sheet`` is "" for a text file; ``others`` are filled sheets left unread."""

    rows: list[Row]
    sheet: str = ""
    others: tuple[str, ...] = ()


def read_table(content: bytes, file_name: str, score: Score) -> Table:
    """Read the first visible sheet in whose first 20 rows ``score`` finds a heading row (a number above 0).

    ``score`` tells how many known headings a row has. Without any such sheet the first filled one is read.
    Errors: SpreadsheetProblem.
    """
    if len(content) > settings.MAX_UPLOAD_BYTES:
        raise SpreadsheetProblem(too_large())
    if not content:
        raise SpreadsheetProblem(_("The file is empty."))
    name = file_name.lower()
    if name.endswith((".xlsm", ".xltm", ".xlam")):
        raise SpreadsheetProblem(_("The workbook may contain macros; save it as .xlsx and choose that file."))
    if name.endswith((".xlsx", ".xltx", ".xls", ".xlsb")):
        return _read_workbook(content, score)
    if name.endswith((".csv", ".txt", ".tsv")):
        return _read_text(content, score)
    raise SpreadsheetProblem(_("Choose an Excel workbook (.xlsx) or a table as text (.csv)."))


def too_large() -> str:
    return _("The file is larger than %(megabytes)s MB; keep only the table and save it again.") % {
        "megabytes": settings.MAX_UPLOAD_BYTES // (1024 * 1024)
    }


# -- Excel -------------------------------------------------------------------------------------------------------


def _read_workbook(content: bytes, score: Score) -> Table:
    with open_archive(content) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of features that a table does not need
        try:
            return _choose_sheet(archive, content, score)
        except SpreadsheetProblem:
            raise
        except Exception as error:  # hostile or broken XML makes openpyxl raise nearly anything
            logger.info("A workbook was not readable: %s", type(error).__name__)
            raise SpreadsheetProblem(damaged()) from error


def _choose_sheet(archive: zipfile.ZipFile, content: bytes, score: Score) -> Table:
    deadline = time.thread_time() + MAX_SECONDS
    # Only the steps that a table needs: no properties, theme, charts, defined names, nor a first pass for the size.
    reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    with reader.archive:
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        sheets = [
            (sheet.name, relation.target)
            for sheet, relation in reader.parser.find_sheets()
            if sheet.state == "visible" and "worksheet" in relation.Type and relation.target in reader.valid_files
        ]
    heads = {path: _head(_sheet_rows(archive, reader, path, deadline)) for _name, path in sheets}
    filled = [(name, path) for name, path in sheets if heads[path]]
    if not filled:
        raise SpreadsheetProblem(_("The workbook has no visible sheet with any content."))
    found = (sheet for sheet in filled if any(score(values) for _number, values in heads[sheet[1]]))
    chosen = next(found, filled[0])
    rows = list(_limited(_sheet_rows(archive, reader, chosen[1], deadline)))
    return Table(rows, chosen[0], tuple(name for name, path in filled if path != chosen[1]))


def _head(rows: Iterable[Row]) -> list[Row]:
    head = []
    for row in rows:
        if row[0] > HEAD:
            break
        head.append(row)
    return head


def _sheet_rows(archive: zipfile.ZipFile, reader: ExcelReader, path: str, deadline: float) -> Iterator[Row]:
    """The filled rows of one sheet. What the sheet says about its own size is not looked at, and nothing behind the
    cells (conditional formats, merged ranges) is parsed."""
    book = reader.wb
    with archive.open(path) as source:
        parser = WorkSheetParser(
            source,
            reader.shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        # The compiled parser, ten times as fast as defusedxml's: ``archives`` let no document type definition pass.
        for _event, element in ElementTree.iterparse(source):
            if element.tag == ROW_TAG:
                if time.thread_time() > deadline:
                    raise SpreadsheetProblem(
                        _("Reading the workbook takes too long; copy the table into a new workbook.")
                    )
                number, values = _row(element, parser)
                element.clear()
                if values:
                    yield number, values
            elif element.tag == DATA_TAG:
                return


def _row(element: ElementTree.Element, parser: WorkSheetParser) -> Row:
    """Number and values of a row. Plain numbers and shared texts, nearly all of a table, take the short way."""
    parser.row_counter = int(element.get("r", parser.row_counter + 1))
    parser.col_counter = 0
    filled: dict[int, Any] = {}
    for cell in element:
        reference = cell.get("r")
        column = _column(reference.rstrip("0123456789")) if reference else parser.col_counter + 1
        kind = cell.get("t", "n")
        text = cell.findtext(VALUE_TAG)
        value: Any
        if not text and kind != "inlineStr":
            saved_empty = kind == "str" or cell.find(FORMULA_TAG) is None
            value = None if saved_empty else Missing()
        elif kind == "s":
            value = parser.shared_strings[int(text)]
        elif kind == "n" and text.isdecimal() and int(cell.get("s", 0)) not in parser.date_formats:
            value = int(text)
        else:
            value = parser.parse_cell(cell)["value"]
        parser.col_counter = column
        if value not in (None, ""):
            filled[column] = value
    if not filled:
        return parser.row_counter, []
    return parser.row_counter, [filled.get(column) for column in range(1, max(filled) + 1)]


@lru_cache(maxsize=1024)
def _column(letters: str) -> int:
    """``A`` → 1. Errors: ValueError beyond ``XFD``."""
    return int(column_index_from_string(letters))


# -- Text --------------------------------------------------------------------------------------------------------


def _read_text(content: bytes, score: Score) -> Table:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise SpreadsheetProblem(
            _("The name of the file says text (.csv), but the file is of another kind; give a workbook the name .xlsx.")
        )
    text = _decode(content)
    try:
        best = max(",;\t", key=lambda separator: _separator_score(text, separator, score))
        return Table(list(_limited(_text_rows(text, best))))
    except csv.Error as error:
        raise SpreadsheetProblem(
            _("The text file is not a table: a quotation mark is not closed, or a cell is too long.")
        ) from error


def _separator_score(text: str, separator: str, score: Score) -> tuple[int, int]:
    try:
        rows = _head(_text_rows(text, separator))
    except csv.Error:
        return 0, 0
    return max((score(values) for _n, values in rows), default=0), max((len(v) for _n, v in rows), default=0)


def _decode(content: bytes) -> str:
    """UTF-8, UTF-16 with or without its mark, else the Western European code page of Windows (beyond Latin-1)."""
    head = content[:200]
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = content.decode("utf-16")
        elif _mostly_zero(head[1::2]) and not any(not byte for byte in head[::2]):
            text = content.decode("utf-16-le")
        elif _mostly_zero(head[::2]) and not any(not byte for byte in head[1::2]):
            text = content.decode("utf-16-be")
        else:
            try:
                text = content.decode("utf-8-sig")
            except UnicodeDecodeError:
                try:
                    text = content.decode("cp1252")
                except UnicodeDecodeError:
                    text = content.decode("latin-1")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise SpreadsheetProblem(_("This is not a text file, although its name ends in .csv."))
    return text


def _mostly_zero(data: bytes) -> bool:
    return data.count(0) * 2 > len(data)


def _text_rows(text: str, separator: str) -> Iterator[Row]:
    for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1):
        values = [unquoted(cell) for cell in cells]
        while values and values[-1] is None:
            values.pop()
        if values:
            yield number, values


def _limited(rows: Iterable[Row]) -> Iterator[Row]:
    for count, (number, values) in enumerate(rows, start=1):
        if count > MAX_ROWS:
            raise SpreadsheetProblem(
                _("The table has more than %(limit)s rows; keep one row for each state.") % {"limit": MAX_ROWS}
            )
        if len(values) > MAX_COLUMNS:
            raise SpreadsheetProblem(
                _("The table has more than %(limit)s columns (row %(row)s); keep only the columns of the template.")
                % {"limit": MAX_COLUMNS, "row": number}
            )
        yield number, values


# -- Writing -----------------------------------------------------------------------------------------------------


Span = tuple[int, int, int, int]  # first row, first column, last row, last column of cells; 0-based


@dataclass(frozen=True)
class Series:
    """One line, or one set of bars, of a chart. All refer to cells of the sheet that the chart stands on: ``name`` is
    one (row, column). ``points``: a colour for each bar; None is hatched."""

    name: tuple[int, int]
    categories: Span
    values: Span
    colour: str
    points: Sequence[str | None] = ()
    dash: str = "solid"
    marker: str = "circle"


@dataclass(frozen=True)
class Chart:
    """A native chart. ``kind``: ``bar`` (lying) or ``line``. ``at``: the cell of its upper left corner, 0-based.
    ``words``: what somebody reads who cannot see it. ``top``: end of the axis of values; ``unit``: its name."""

    kind: str
    title: str
    words: str
    series: Sequence[Series]
    at: tuple[int, int]
    unit: str = ""
    top: float | None = None
    size: tuple[int, int] = (620, 340)  # pixels


@dataclass(frozen=True)
class Sheet:
    """A sheet to write. Rows of cells (None, str, number, date); ``title_row`` and ``heading_row`` are 1-based and
    shown bold, the rows down to the headings stay in view; ``widths``: characters per column, the last one repeats;
    ``printed``: what stands at the head of each printed page; ``wraps``: long texts break within their cell;
    ``fits``: printed lying, as wide as the paper. ``printed``: the head of each printed page, what matters most first,
    because a long one is cut. ``foot``: what stands left and right at its foot, beside its number and how many there
    are."""

    name: str
    rows: Sequence[Sequence[Any]]
    heading_row: int = 1
    title_row: int = 0
    widths: Sequence[int] = (14,)
    printed: str = ""
    charts: Sequence[Chart] = ()
    wraps: bool = False
    fits: bool = False
    foot: tuple[str, str] = ("", "")


def write_workbook(sheets: Sequence[Sheet], *, title: str, author: str = "", comments: str = "") -> bytes:
    """An XLSX file. Text stays text: nothing that begins with an equals sign becomes a formula or a link; what is
    longer than a cell holds ends in an ellipsis. ``comments`` stand in the properties of the file."""
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": inert(title), "author": inert(author), "comments": inert(comments)})
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            for place, width in enumerate(sheet.widths):
                last = 199 if place == len(sheet.widths) - 1 else place
                page.set_column(place, last, width)
            page.freeze_panes(sheet.heading_row, 1)
            if sheet.fits:
                page.set_landscape()
                page.set_paper(9)  # A4
                page.fit_to_pages(1, 0)
                page.repeat_rows(0, sheet.heading_row - 1)
            if sheet.printed:
                page.set_header(f"&L{_printable(sheet.printed)}")
            if any(sheet.foot):
                left, right = (_printable(words, MAX_PRINTED // 2) for words in sheet.foot)
                page.set_footer(f"&L{left}&R{right}{' · ' if right else ''}&P / &N")
            for row, cells in enumerate(sheet.rows):
                if sheet.wraps:  # not every program fits the height by itself
                    page.set_row(row, 15 * _lines(cells, sheet.widths))
                style = bold if row + 1 in (sheet.title_row, sheet.heading_row) else wrapped if sheet.wraps else None
                for column, cell in enumerate(cells):
                    if isinstance(cell, dt.date):
                        page.write_datetime(row, column, cell, day)
                    elif isinstance(cell, int | float) and not isinstance(cell, bool):
                        page.write_number(row, column, cell, style)
                    elif cell not in (None, ""):
                        page.write_string(row, column, _fitting(inert(str(cell))), style)
            for chart in sheet.charts:
                _draw(book, page, chart)
    return target.getvalue()


def _printable(words: str, most: int = MAX_PRINTED) -> str:
    """An ampersand begins a command there, and a longer line is refused."""
    return inert(words)[:most].replace("&", "&&")


def _lines(cells: Sequence[Any], widths: Sequence[int]) -> int:
    long = (len(str(cell)) / (0.9 * widths[min(n, len(widths) - 1)]) for n, cell in enumerate(cells) if cell)
    return min(27, max((math.ceil(lines) for lines in long), default=1))


def _draw(book: xlsxwriter.Workbook, page: Any, chart: Chart) -> None:
    """Everything in it refers to cells: a name that begins with an equals sign stays a name."""
    drawn = book.add_chart({"type": chart.kind})
    for one in chart.series:
        options: dict[str, Any] = {
            "name": [page.name, *one.name],
            "categories": [page.name, *one.categories],
            "values": [page.name, *one.values],
        }
        if chart.kind == "line":
            options["line"] = {"color": one.colour, "width": 2, "dash_type": one.dash}
            fill = {"color": one.colour}
            options["marker"] = {"type": one.marker, "size": 6, "fill": fill, "border": fill}
        else:
            options |= {"fill": {"color": one.colour}, "gap": 40, "data_labels": {"value": True}}
            options["points"] = [_bar(colour) for colour in one.points]
        drawn.add_series(options)
    drawn.set_title({"name": inert(chart.title).lstrip("="), "overlay": False, "name_font": {"size": 12}})
    if chart.kind == "bar":  # each bar has its number, so it needs no axis of values
        drawn.set_y_axis({"reverse": True})
        drawn.set_x_axis({"visible": False, "min": 0, "major_gridlines": {"visible": False}})
        drawn.set_legend({"none": True})
    else:
        drawn.set_y_axis({"min": 0, "max": chart.top, "name": inert(chart.unit).lstrip("=")})
        drawn.set_legend({"position": "bottom"})
    drawn.show_blanks_as("gap")
    drawn.set_size({"width": chart.size[0], "height": chart.size[1]})
    page.insert_chart(*chart.at, drawn, {"description": inert(chart.words), "object_position": 2})


def _bar(colour: str | None) -> dict[str, Any]:
    border = {"color": "#7d8d93", "width": 0.75}
    if colour is None:
        hatch = {"pattern": "wide_upward_diagonal", "fg_color": "#c3ccce", "bg_color": "#f6f8f8"}
        return {"pattern": hatch, "border": border}
    return {"fill": {"color": colour}, "border": border}


def _fitting(text: str) -> str:
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"
