"""Tables and pictures that the portal draws into a Word document, whatever the template looks like."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

INK, MUTED, LINE, BRAND = "16252B", "5B6B72", "DFE5E6", "0F4C5C"


JOINERS = "\u200c\u200d"  # they make one picture of several, and one shape of two letters


def inert(text: str) -> str:
    """Without what XML cannot hold, and without marks that turn the direction of what stands after it."""
    unwanted = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
    return "".join(c for c in text if c in "\n\t" or c in JOINERS or unicodedata.category(c) not in unwanted)


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
    properties = _element(
        "tblPr",
        {},
        _element("tblW", {"w": str(sum(columns)), "type": "dxa"}),
        _borders(),
        _element("tblLayout", {"type": "fixed"}),
        _margins(),
        _element("tblLook", {"val": "04A0", "firstRow": "1", "firstColumn": "1", "noHBand": "0", "noVBand": "1"}),
        _element("tblDescription", {"val": inert(table.words)}),
    )
    grid = _element("tblGrid", {}, *(_element("gridCol", {"w": str(column)}) for column in columns))
    head = [Cell(words, ink=f"#{MUTED}", is_middle=n in table.middles, size=14) for n, words in enumerate(table.head)]
    rows = [_row(head, columns, is_head=True), *(_row(row, columns) for row in table.rows)]
    return _element("tbl", {}, properties, grid, *rows)


def _row(cells: Sequence[Cell], columns: Sequence[int], *, is_head: bool = False) -> Any:
    properties = _element("trPr", {}, _element("cantSplit", {}))
    if is_head:
        properties.append(_element("tblHeader", {}))
    return _element("tr", {}, properties, *(_cell(cell, width) for cell, width in zip(cells, columns, strict=True)))


def _cell(cell: Cell, width: int) -> Any:
    properties = _element("tcPr", {}, _element("tcW", {"w": str(width), "type": "dxa"}))
    if cell.fill:
        properties.append(_element("shd", {"val": "clear", "color": "auto", "fill": _hex(cell.fill)}))
    properties.append(_element("vAlign", {"val": "center"}))
    paragraph = _element(
        "pPr", {}, _element("spacing", {"before": "20", "after": "20", "line": "240", "lineRule": "auto"})
    )
    if cell.is_middle:
        paragraph.append(_element("jc", {"val": "center"}))
    look = _element("rPr", {})
    if cell.bold:
        look.append(_element("b", {}))
    look.append(_element("color", {"val": _hex(cell.ink) if cell.ink else INK}))
    look.append(_element("sz", {"val": str(cell.size)}))
    look.append(_element("szCs", {"val": str(cell.size)}))
    if cell.language:
        look.append(_element("lang", {"val": cell.language}))
    text = _element("t", {})
    text.text = inert(cell.text).replace("\n", " ").replace("\t", " ")
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return _element("tc", {}, properties, _element("p", {}, paragraph, _element("r", {}, look, text)))


def _borders() -> Any:
    line = {"val": "single", "sz": "4", "space": "0", "color": LINE}
    return _element("tblBorders", {}, *(_element(side, line) for side in ("bottom", "insideH")))


def _margins() -> Any:
    sides = (("top", "40"), ("left", "50"), ("bottom", "40"), ("right", "50"))
    return _element("tblCellMar", {}, *(_element(side, {"w": size, "type": "dxa"}) for side, size in sides))


def _hex(colour: str) -> str:
    return colour.removeprefix("#").upper()


def _element(name: str, attributes: dict[str, str], *children: Any) -> Any:
    made = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    for child in children:
        made.append(child)
    return made
