"""Documents as DOCX, with the frame of the PDF: real headings, the language said, label and name at the head of each
page, the moment and "page n of N" at its foot. What people typed is text and never markup or a field."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import docx
from django.utils import timezone
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from iwg_portal.base.documents import markup
from iwg_portal.base.documents.glyphs import in_texts
from iwg_portal.base.documents.prose import BREAK
from iwg_portal.base.marks import colon
from iwg_portal.base.signs import inert

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LOCALES = {"en": "en-GB", "fr": "fr-FR", "pt": "pt-PT"}
FONT = "Arial"
TEXT_WIDTH = Mm(170)


class Word:
    """One document. ``frame``: what ``documents.frame`` gives; write from top to bottom, then ``content``."""

    def __init__(self, frame: dict[str, Any]) -> None:
        self.frame = in_texts(frame, inert)
        self.file: Any = docx.Document()
        self._styles()
        self._page()
        core = self.file.core_properties
        core.title, core.author, core.language = self.frame["title"][:255], self.frame["group"][:255], self._locale()
        core.comments = f"{self.frame['label']} · {self.frame['stamp']}"[:255]
        core.created = core.modified = timezone.now().replace(tzinfo=None, microsecond=0)
        core.last_modified_by, core.keywords = "", self.frame["label"]

    # -- What a document is made of --

    def heading(self, text: str, level: int, language: str = "") -> None:
        """Levels 1 to 3, with the styles of that name: navigation and screen readers find them."""
        self._run(self.file.add_heading(level=level), text, language=language)

    def line(self, text: str, *, language: str = "", bold: bool = False, colour: str = "", small: bool = False) -> Any:
        paragraph = self.file.add_paragraph()
        self._run(paragraph, text, language=language, bold=bold, colour=colour, small=small)
        return paragraph

    def quiet(self, text: str) -> None:
        self.line(text, colour=markup.MUTED, small=True)

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Label and value, a line each."""
        for label, value in pairs:
            paragraph = self.file.add_paragraph()
            paragraph.paragraph_format.space_after = Pt(2)
            self._run(paragraph, f"{label}{colon()}", colour=markup.MUTED)
            self._run(paragraph, value)

    def prose(self, pieces: Sequence[dict[str, Any]], language: str = "", depth: int = 0) -> None:
        """What ``prose.prose`` reads from people's own text."""
        for piece in pieces:
            if piece["kind"] == "par":
                self._runs(self._indented(depth), piece["runs"], language)
            elif piece["kind"] == "quote":
                self.prose(piece["pieces"], language, depth + 1)
            else:
                self._list(piece, language, depth)

    def _list(self, piece: dict[str, Any], language: str, depth: int) -> None:
        for place, item in enumerate(piece["items"]):
            # A number is written out: the numbering of Word would run on from the list before.
            mark = f"{piece['start'] + place}. " if piece["ordered"] else ""
            paragraph = self._indented(depth + 1) if mark else self._bullet(depth)
            if mark:
                self._run(paragraph, mark, language=language)
            first, *rest = item or [{"kind": "par", "runs": []}]
            if first["kind"] == "par":
                self._runs(paragraph, first["runs"], language)
            else:
                rest = [first, *rest]
            self.prose(rest, language, depth + 1)

    def content(self) -> bytes:
        target = io.BytesIO()
        self.file.save(target)
        return target.getvalue()

    # -- Below --

    def _bullet(self, depth: int) -> Any:
        return self.file.add_paragraph(style=("List Bullet", "List Bullet 2", "List Bullet 3")[min(depth, 2)])

    def _indented(self, depth: int) -> Any:
        paragraph = self.file.add_paragraph()
        if depth:
            paragraph.paragraph_format.left_indent = Mm(8 * min(depth, 6))
        return paragraph

    def _runs(self, paragraph: Any, runs: Iterable[dict[str, Any]], language: str) -> None:
        for run in runs:
            made = self._run(paragraph, run["text"], language=language, bold=run["bold"])
            made.italic = run["italic"] or None

    def _run(
        self,
        paragraph: Any,
        text: str,
        *,
        language: str = "",
        bold: bool = False,
        colour: str = "",
        small: bool = False,
    ) -> Any:
        run = paragraph.add_run()
        if text == BREAK:
            run.add_break()
        else:
            run.text = inert(text)
        run.bold = bold or None
        if colour:
            run.font.color.rgb = RGBColor.from_string(colour)
        if small:
            run.font.size = Pt(8.5)
        if language and language != self.frame["language"]:
            run._r.get_or_add_rPr().append(self._lang(language))
        return run

    def _locale(self, language: str = "") -> str:
        language = language or self.frame["language"]
        return LOCALES.get(language, language)

    def _lang(self, language: str) -> Any:
        return markup.element("lang", dict.fromkeys(("val", "eastAsia"), self._locale(language)))

    def _styles(self) -> None:
        styles = self.file.styles
        defaults = styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
        for old in defaults.findall(qn("w:lang")):
            defaults.remove(old)
        defaults.append(self._lang(self.frame["language"]))
        for name, size in (("Normal", 10), ("Heading 1", 18), ("Heading 2", 13), ("Heading 3", 11)):
            style = styles[name]
            style.font.name, style.font.size = FONT, Pt(size)
            fonts = style.element.rPr.rFonts
            for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
                fonts.attrib.pop(qn(theme), None)
            fonts.set(qn("w:eastAsia"), FONT)
            if name != "Normal":
                style.font.color.rgb = RGBColor.from_string(markup.BRAND)
        styles["Normal"].paragraph_format.space_after = Pt(5)

    def _page(self) -> None:
        section = self.file.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(20)
        section.top_margin, section.bottom_margin = Mm(24), Mm(22)
        head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
        for paragraph in (head, foot):
            paragraph.paragraph_format.tab_stops.clear_all()
            paragraph.style = self.file.styles["Normal"]
            paragraph.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
        # The label first: beside a long name it would fall to the next line.
        label = self._run(head, f" {self.frame['label']} ", bold=True, small=True)
        label.font.color.rgb = RGBColor.from_string(self.frame["label-colour"].lstrip("#").upper())
        label._r.get_or_add_rPr().append(markup.shading("000000"))
        self._run(head, f"  {self.frame['group']}", colour=markup.MUTED, small=True)
        if self.frame["demo"]:
            self._run(foot, self.frame["demo"], bold=True, colour=markup.ATTENTION, small=True)
            self._run(foot, " · ", colour=markup.MUTED, small=True)
        self._run(foot, self.frame["stamp"], colour=markup.MUTED, small=True)
        foot.add_run("\t")
        for part in re.split(r"(\{n\}|\{total\})", self.frame["page-word"]):
            field = {"{n}": "PAGE", "{total}": "NUMPAGES"}.get(part)
            if field:
                self._field(foot, field)
            elif part:
                self._run(foot, part, colour=markup.MUTED, small=True)

    def _field(self, paragraph: Any, name: str) -> None:
        """A field of Word's own, of a fixed name: it counts the pages when the document is laid out."""
        field = markup.element("fldSimple", {"instr": name})
        run = self._run(paragraph, "1", colour=markup.MUTED, small=True)
        field.append(run._r)
        paragraph._p.append(field)
