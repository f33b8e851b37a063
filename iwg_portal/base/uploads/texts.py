"""The text of a checked file, as lines and cells, for the passenger-data detector: bounded in size and time.

What lies beyond ``MAX_TEXT`` characters or ``MAX_SECONDS`` of this thread's work is not looked at; pictures have none.
"""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from iwg_portal.base.uploads import office, pdf, sniff
from iwg_portal.base.uploads.kinds import KINDS, Kind
from iwg_portal.base.uploads.problems import Refused

MAX_TEXT = 4_000_000  # characters
MAX_SECONDS = 4.0
_WORD = re.compile(
    r"(?:word/(?:document|header|footer|footnotes|endnotes|comments)|ppt/(?:slides|notesSlides)/)[^/]*\.xml"
)
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_SHEET_NOTES = re.compile(r"xl/(?:comments|threadedComments/)[^/]*\.xml|xl/drawings/[^/]+\.xml")
_OPEN = re.compile(r"(?:.*/)?(?:content|styles)\.xml")


class Enough(Exception):
    """The bounds are reached."""


class _Collector:
    """Takes text until the bounds are reached."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.left = MAX_TEXT
        self.deadline = time.thread_time() + MAX_SECONDS

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.left -= len(text)
        if self.left < 0 or time.thread_time() > self.deadline:
            raise Enough

    @property
    def text(self) -> str:
        return "".join(self.parts)[:MAX_TEXT]


def of_package(kind: Kind, archive: zipfile.ZipFile) -> str:
    """The text of a checked document and of the documents inside it. Never raises for what it holds."""
    into = _Collector()
    try:
        _collect(kind, archive, into)
    except (Enough, Refused, ElementTree.ParseError, *office.DAMAGE):
        pass  # what was read is looked at; the document is only ever downloaded
    return into.text


def of_table(content: bytes) -> str:
    """The text of a workbook or text table that ``spreadsheets`` has read: every sheet, also a hidden one."""
    if not content.startswith(b"PK"):
        try:
            return sniff.decode(content)[:MAX_TEXT]
        except Refused:
            return content[:MAX_TEXT].decode("latin-1")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return of_package(KINDS["xlsx"], archive)


def of_pdf(streams: list[bytes]) -> str:
    return pdf.text_of(streams, MAX_TEXT)


def _collect(kind: Kind, archive: zipfile.ZipFile, into: _Collector) -> None:
    names = archive.namelist()
    if kind.extension == "xlsx":
        shared = list(_shared_texts(archive)) if "xl/sharedStrings.xml" in names else []
        for name in filter(_SHEET.fullmatch, names):
            _sheet(archive, name, shared, into)
        into.add("\n" + "\n".join(shared) + "\n")  # also what stands in no cell any more
    wanted = _OPEN if kind.extension.startswith("od") else _SHEET_NOTES if kind.extension == "xlsx" else _WORD
    for name in filter(wanted.fullmatch, names):
        _flow(archive, name, into)
    for inner, content in office.embedded(archive):
        _collect(inner, office.check(inner, content, office.MAX_DEPTH), into)


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _flow(archive: zipfile.ZipFile, name: str, into: _Collector) -> None:
    """Paragraphs as lines; of a table each row is a line and each cell ends with a tab."""
    cells = 0
    with archive.open(name) as part:
        for event, element in ElementTree.iterparse(part, ("start", "end")):
            tag = _local(element)
            if event == "start":
                cells += tag in ("tc", "table-cell")
                continue
            if tag in ("p", "h"):
                into.add(_paragraph(element) + (" " if cells else "\n"))
                element.clear()
            elif tag in ("tc", "table-cell"):
                cells -= 1
                into.add("\t")
            elif tag in ("tr", "table-row"):
                into.add("\n")
                element.clear()
            elif tag in ("s", "tab", "br", "cr", "line-break") and not element.text:
                element.text = "\n" if tag in ("br", "cr", "line-break") else " "


def _paragraph(element: ElementTree.Element) -> str:
    """Word and PowerPoint keep letters in ``t``; OpenDocument in the paragraph itself."""
    parts = []
    for piece in element.iter():
        if _local(piece) in ("t", "delText", "s", "tab", "br", "cr", "line-break"):
            parts.append(piece.text or "")
    return "".join(parts) if any(_local(p) in ("t", "delText") for p in element.iter()) else "".join(element.itertext())


def _shared_texts(archive: zipfile.ZipFile) -> Iterator[str]:
    left = MAX_TEXT
    with archive.open("xl/sharedStrings.xml") as part:
        for _event, element in ElementTree.iterparse(part):
            if _local(element) == "si":
                text = "".join(piece.text or "" for piece in element.iter() if _local(piece) == "t")
                left -= len(text) + 1
                if left < 0:
                    return
                yield text
                element.clear()


def _sheet(archive: zipfile.ZipFile, name: str, shared: list[str], into: _Collector) -> None:
    with archive.open(name) as part:
        for _event, element in ElementTree.iterparse(part):
            if _local(element) == "row":
                into.add("\t".join(_cell(cell, shared) for cell in element) + "\n")
                element.clear()


def _cell(cell: ElementTree.Element, shared: list[str]) -> str:
    parts = [piece.text or "" for piece in cell.iter() if _local(piece) in ("v", "t")]
    text = " ".join(parts)
    if cell.get("t") == "s" and text.isdecimal():
        return shared[int(text)] if int(text) < len(shared) else ""
    return text
