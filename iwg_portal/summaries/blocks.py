"""Tables and pictures that the portal draws into a Word document, whatever the template looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from iwg_portal.base.documents.markup import INK, LINE, MUTED, element, shading
from iwg_portal.base.signs import inert

HEAD_SIZE = 14  # half points


@dataclass(frozen=True)
class Cell:
    """``fill`` and ``ink``: colours as ``#rrggbb``. ``language``: where it is another one than the document's."""

    text: str
    fill: str = ""
    ink: str = ""
    bold: bool = False
    language: str = ""
    is_middle: bool = False
    size: int = 17  # half points


@dataclass(frozen=True)
class Table:
    """``head`` is marked as heading row and repeated on each page; ``shares``: widths of the columns; ``words``: what
    the table is, for who cannot see it."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    shares: Sequence[float]
    words: str
    middles: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Picture:
    """As wide as the text. ``words``: its alternative text."""

    png: bytes
    words: str


def table_markup(table: Table, width: int) -> Any:
    """The element ``w:tbl``; ``width``: twips between the margins."""
    columns = [round(width * share / sum(table.shares)) for share in table.shares]
    properties = element(
        "tblPr",
        {},
        element("tblW", {"w": str(sum(columns)), "type": "dxa"}),
        _borders(),
        element("tblLayout", {"type": "fixed"}),
        _margins(),
        element("tblLook", {"val": "04A0", "firstRow": "1", "firstColumn": "1", "noHBand": "0", "noVBand": "1"}),
        element("tblDescription", {"val": inert(table.words)}),
    )
    grid = element("tblGrid", {}, *(element("gridCol", {"w": str(column)}) for column in columns))
    head = [
        Cell(words, ink=f"#{MUTED}", is_middle=n in table.middles, size=HEAD_SIZE) for n, words in enumerate(table.head)
    ]
    rows = [_row(head, columns, is_head=True), *(_row(row, columns) for row in table.rows)]
    return element("tbl", {}, properties, grid, *rows)


def _row(cells: Sequence[Cell], columns: Sequence[int], *, is_head: bool = False) -> Any:
    properties = element("trPr", {}, element("cantSplit"))
    if is_head:
        properties.append(element("tblHeader"))
    return element("tr", {}, properties, *(_cell(cell, width) for cell, width in zip(cells, columns, strict=True)))


def _cell(cell: Cell, width: int) -> Any:
    properties = element("tcPr", {}, element("tcW", {"w": str(width), "type": "dxa"}))
    if cell.fill:
        properties.append(shading(_hex(cell.fill)))
    properties.append(element("vAlign", {"val": "center"}))
    paragraph = element(
        "pPr", {}, element("spacing", {"before": "20", "after": "20", "line": "240", "lineRule": "auto"})
    )
    if cell.is_middle:
        paragraph.append(element("jc", {"val": "center"}))
    look = element("rPr")
    if cell.bold:
        look.append(element("b"))
    look.append(element("color", {"val": _hex(cell.ink) if cell.ink else INK}))
    look.append(element("sz", {"val": str(cell.size)}))
    look.append(element("szCs", {"val": str(cell.size)}))
    if cell.language:
        look.append(element("lang", {"val": cell.language}))
    text = element("t")
    text.text = inert(cell.text).replace("\n", " ").replace("\t", " ")
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return element("tc", {}, properties, element("p", {}, paragraph, element("r", {}, look, text)))


def _borders() -> Any:
    line = {"val": "single", "sz": "4", "space": "0", "color": LINE}
    return element("tblBorders", {}, *(element(side, line) for side in ("bottom", "insideH")))


def _margins() -> Any:
    sides = (("top", "40"), ("left", "50"), ("bottom", "40"), ("right", "50"))
    return element("tblCellMar", {}, *(element(side, {"w": size, "type": "dxa"}) for side, size in sides))


def _hex(colour: str) -> str:
    return colour.removeprefix("#").upper()
