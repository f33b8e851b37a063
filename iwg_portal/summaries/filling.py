"""Fills a Word template: pure, from bytes to bytes. A template holds no code; all that it can do is name fields.

``{{ title }}`` is replaced by a text, with the look of its first letter. A field that alone makes up a paragraph takes
that paragraph away where it is empty. The paragraph, or in a table the row, that names a field of a list stands once
for each of its lines. A block (a table, a picture) takes the place of its paragraph. What is filled in is never looked
through for fields again, and is text whatever it says.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.shared import Emu

from iwg_portal.base.signs import inert
from iwg_portal.summaries.blocks import Picture, Table, table_markup

FIELD = re.compile(r"\{\{\s*([a-z][a-z_]*(?:\.[a-z_]+)?)\s*\}\}")
LANGUAGES = {"en": "en-GB", "fr": "fr-FR", "pt": "pt-PT"}
MAX_SECONDS = 10.0
P, R, T, RPR, TR, TBL, TC = (qn(f"w:{name}") for name in ("p", "r", "t", "rPr", "tr", "tbl", "tc"))
LANG, SECTION, DRAWING = qn("w:lang"), qn("w:sectPr"), qn("w:drawing")
SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class TooLong(Exception):
    """Filling takes longer than MAX_SECONDS of this thread."""


@dataclass(frozen=True)
class Text:
    """``language``: where it is another one than the document's."""

    words: str
    language: str = ""


@dataclass(frozen=True)
class Fields:
    """What a template may name. ``lists``: a line is a text per part; ``changes`` has the one part ``""``, ``decision``
    has parts such as ``code``, named ``{{ decision.code }}``. ``blocks`` stand in the body alone."""

    texts: Mapping[str, str]
    lists: Mapping[str, Sequence[Mapping[str, Text]]] = field(default_factory=dict)
    blocks: Mapping[str, Table | Picture] = field(default_factory=dict)


@dataclass(frozen=True)
class Properties:
    """Of the file: title, author, language (en, fr, pt), a comment, the moment of its content (aware)."""

    title: str
    author: str
    language: str
    comment: str
    at: dt.datetime


def fill(template: bytes, fields: Fields, properties: Properties) -> bytes:
    """The document. For a template that ``vetting`` has passed. Raises KeyError for an unknown field, TooLong."""
    filling = _Filling(template, fields, properties.language)
    for root in filling.roots():
        filling.fill_root(root)
    filling.number_drawings()
    _describe(filling.document, properties)
    target = io.BytesIO()
    filling.document.save(target)
    return target.getvalue()


def texts_of(paragraph: Any) -> list[Any]:
    """The pieces of its text, without those of a text box within it."""
    return [t for t in paragraph.iter(T) if next(t.iterancestors(P)) is paragraph]


def words_of(paragraph: Any) -> str:
    return "".join(t.text or "" for t in texts_of(paragraph))


def story_roots(document: Any) -> Iterator[Any]:
    """The body, each header and each footer."""
    yield document.element.body
    seen = set()
    for relation in document.part.rels.values():
        if relation.is_external or relation.reltype not in (RELATIONSHIP_TYPE.HEADER, RELATIONSHIP_TYPE.FOOTER):
            continue
        part = relation.target_part
        if part.partname not in seen:
            seen.add(part.partname)
            yield part.element


class _Filling:
    def __init__(self, template: bytes, fields: Fields, language: str) -> None:
        self.document: Any = Document(io.BytesIO(template))
        self.fields, self.language = fields, language
        self.deadline = time.thread_time() + MAX_SECONDS
        section = self.document.sections[0]
        width = (section.page_width or Emu(7560000)) - (section.left_margin or 0) - (section.right_margin or 0)
        self.width = max(int(width), 914400)  # EMU between the margins

    def roots(self) -> list[Any]:
        return list(story_roots(self.document))

    def fill_root(self, root: Any) -> None:
        for lang in list(root.iter(LANG)):  # of the machine on which it was written
            lang.getparent().remove(lang)
        done: set[Any] = set()
        for unit, name in self._repeated(root).items():
            done |= self._repeat(unit, name)
        for paragraph in list(root.iter(P)):
            if paragraph not in done:
                self._fill(paragraph, self._text)

    # -- Lists -----------------------------------------------------------------------------------------------

    def _repeated(self, root: Any) -> dict[Any, str]:
        """Paragraphs and rows that stand once for each line of a list, with its name."""
        found: dict[Any, str] = {}
        for paragraph in root.iter(P):
            for match in FIELD.finditer(words_of(paragraph)):
                name = match[1].partition(".")[0]
                if name in self.fields.lists:
                    row = next(paragraph.iterancestors(TR), None)
                    found.setdefault(paragraph if row is None else row, name)
        return found

    def _repeat(self, unit: Any, name: str) -> set[Any]:
        done: set[Any] = set()
        for line in self.fields.lists[name]:
            copy = deepcopy(unit)
            _without_ids(copy)
            unit.addprevious(copy)

            def of_line(asked: str, line: Mapping[str, Text] = line) -> Text:
                group, _dot, part = asked.partition(".")
                return line[part] if group == name else self._text(asked)

            for paragraph in [copy] if copy.tag == P else list(copy.iter(P)):
                self._fill(paragraph, of_line)
                done.add(paragraph)
        parent = unit.getparent()
        parent.remove(unit)
        if unit.tag == TR and parent.find(TR) is None:
            parent.getparent().remove(parent)
        elif unit.tag == P:
            _keep_a_paragraph(parent, unit)
        return done

    # -- Paragraphs ------------------------------------------------------------------------------------------

    def _text(self, name: str) -> Text:
        return Text(self.fields.texts[name])

    def _fill(self, paragraph: Any, value_of: Callable[[str], Text]) -> None:
        if time.thread_time() > self.deadline:
            raise TooLong
        whole = words_of(paragraph)
        matches = list(FIELD.finditer(whole))
        if not matches:
            return
        alone = FIELD.fullmatch(whole.strip())
        if alone and alone[1] in self.fields.blocks:
            self._place(paragraph, self.fields.blocks[alone[1]])
            return
        for t in texts_of(paragraph):
            _alone(t)
        for match in reversed(matches):
            self._replace(paragraph, match.span(), value_of(match[1]))
        only_fields = not FIELD.sub("", whole).strip()
        if only_fields and not words_of(paragraph).strip() and not _holds_more(paragraph):
            parent = paragraph.getparent()
            parent.remove(paragraph)
            _keep_a_paragraph(parent, paragraph)

    def _replace(self, paragraph: Any, span: tuple[int, int], value: Text) -> None:
        """What stands between the two places gives way to a run of its own, with the look of the first letter."""
        place, touched = 0, []
        for t in texts_of(paragraph):
            words = t.text or ""
            if place < span[1] and place + len(words) > span[0]:
                touched.append((t, place, words))
            place += len(words)
        first, last = touched[0], touched[-1]
        before, after = first[2][: span[0] - first[1]], last[2][span[1] - last[1] :]
        run = first[0].getparent()
        new = self._run(run, value)
        run.addnext(new)
        if after and first[0] is last[0]:
            rest = deepcopy(run)
            _write(rest.find(T), after)
            new.addnext(rest)
        for t, _place, _words in touched:
            kept = before if t is first[0] else after if t is last[0] else ""
            if kept:
                _write(t, kept)
            else:
                t.getparent().getparent().remove(t.getparent())
        if not value.words:
            new.getparent().remove(new)

    def _run(self, like: Any, value: Text) -> Any:
        run = like.makeelement(R)
        look = like.find(RPR)
        if look is not None:
            run.append(deepcopy(look))
        if value.language and value.language != self.language:
            if run.find(RPR) is None:
                run.append(run.makeelement(RPR))
            mark = run.makeelement(LANG)
            mark.set(qn("w:val"), LANGUAGES.get(value.language, value.language))
            run.find(RPR).append(mark)
        for number, line in enumerate(inert(value.words).split("\n")):
            if number:
                run.append(run.makeelement(qn("w:br")))
            t = run.makeelement(T)
            _write(t, line.replace("\t", " "))
            run.append(t)
        return run

    # -- Blocks ----------------------------------------------------------------------------------------------

    def _place(self, paragraph: Any, block: Table | Picture) -> None:
        if isinstance(block, Picture):
            for child in [child for child in paragraph if child.tag != qn("w:pPr")]:
                paragraph.remove(child)
            inline = self.document.part.new_pic_inline(io.BytesIO(block.png), width=Emu(self.width))
            inline.docPr.set("descr", inert(block.words))
            for side in ("distT", "distB", "distL", "distR"):  # without them LibreOffice keeps 3 mm free
                inline.set(side, "0")
            run, drawing = paragraph.makeelement(R), paragraph.makeelement(DRAWING)
            drawing.append(inline)
            run.append(drawing)
            paragraph.append(run)
            return
        parent = paragraph.getparent()
        if block.rows:
            paragraph.addprevious(table_markup(block, self.width // 635))
            if parent.tag == TC or _next_is_a_table(paragraph):
                for child in [child for child in paragraph if child.tag != qn("w:pPr")]:
                    paragraph.remove(child)
                return  # two tables without a paragraph between them would become one
        parent.remove(paragraph)
        _keep_a_paragraph(parent, paragraph)

    def number_drawings(self) -> None:
        """No two pictures of a part have the same number."""
        for root in self.roots():
            for number, named in enumerate(root.iter(qn("wp:docPr")), start=1):
                named.set("id", str(number))


def _next_is_a_table(paragraph: Any) -> bool:
    following = paragraph.getnext()
    return following is not None and following.tag == TBL


def _alone(t: Any) -> None:
    """Its run holds nothing besides it: the others get runs of the same look."""
    run = t.getparent()
    look = run.find(RPR)
    content = [child for child in run if child is not look]
    for child in reversed(content[1:]):
        new = run.makeelement(R)
        if look is not None:
            new.append(deepcopy(look))
        new.append(child)
        run.addnext(new)


def _write(t: Any, words: str) -> None:
    t.text = words
    t.set(SPACE, "preserve")


def _holds_more(paragraph: Any) -> bool:
    """A picture, a field of Word, the end of a section: it stays, also without a text."""
    more = (DRAWING, qn("w:pict"), qn("w:fldSimple"), qn("w:fldChar"), SECTION, qn("w:br"))
    return any(next(paragraph.iter(tag), None) is not None for tag in more)


def _keep_a_paragraph(parent: Any, like: Any) -> None:
    """A cell, a header, a text box ends in a paragraph; the body does not need to."""
    if parent.tag == qn("w:body"):
        return
    last = next((child for child in reversed(parent) if child.tag in (P, TBL)), None)
    if last is None or last.tag == TBL:
        empty = like.makeelement(P)
        parent.append(empty)


def _without_ids(copy: Any) -> None:
    """What may stand once in a document."""
    for tag in ("w:bookmarkStart", "w:bookmarkEnd"):
        for mark in list(copy.iter(qn(tag))):
            mark.getparent().remove(mark)
    for element in copy.iter():
        for name in [name for name in element.attrib if name.endswith(("}paraId", "}textId"))]:
            del element.attrib[name]


def _describe(document: Any, properties: Properties) -> None:
    """Properties of the file, and the language that a screen reader speaks."""
    language = LANGUAGES[properties.language]
    core = document.core_properties
    core.title, core.author = inert(properties.title)[:255], inert(properties.author)[:255]
    core.comments, core.language = inert(properties.comment)[:255], language
    core.subject = core.keywords = core.category = core.last_modified_by = ""
    core.created = core.modified = properties.at.astimezone(dt.UTC).replace(tzinfo=None)
    core.revision = 1
    styles = document.styles.element
    for lang in list(styles.iter(LANG)):
        lang.getparent().remove(lang)
    look = _defaults(styles)
    mark = look.makeelement(LANG)
    for side, said in (("w:val", language), ("w:eastAsia", language), ("w:bidi", "ar-SA")):
        mark.set(qn(side), said)
    look.append(mark)
    for themed in document.settings.element.iter(qn("w:themeFontLang")):
        themed.set(qn("w:val"), language)


def _defaults(styles: Any) -> Any:
    """The run properties that hold where no style says otherwise; made where they are missing."""
    place = styles
    for number, name in enumerate(("w:docDefaults", "w:rPrDefault", "w:rPr")):
        found = place.find(qn(name))
        if found is None:
            found = place.makeelement(qn(name))
            place.insert(0, found) if number < 2 else place.append(found)
        place = found
    return place
