"""Is this Word file fit to be a template? Asked before it is accepted; each objection is a sentence, as many as can be
told at once.

That it is a harmless .docx at all (limits, macros, active parts) ``base.uploads`` has said before. Here it is held
against what a template may hold: parts and relations of a short list, fields of Word that only count, known fields of
ours. Then it is filled with the figures of a region that does not exist, and the result is read back: whatever the
template looks like, each page must show what has to stand on it.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import override
from docx import Document
from docx.oxml.ns import qn

from iwg_portal.base.uploads import KINDS, Refused, sniff
from iwg_portal.summaries import fields_of_word
from iwg_portal.summaries.fields_of_word import WORD
from iwg_portal.summaries.filling import FIELD, P, TooLong, story_roots, words_of
from iwg_portal.summaries.invented import invented_reading
from iwg_portal.summaries.seen import Found, Looks
from iwg_portal.summaries.word import ON_EACH_PAGE, fields_of, known_fields, made_with

MAX_BYTES = 2 * 1024 * 1024
MAX_UNPACKED = 20 * 1024 * 1024
MAX_PARTS, MAX_PARAGRAPHS = 200, 3_000
MAX_REPEATED = 500  # elements of what is repeated for each line of a list
READER = "Ama Example"
# The last part of the type of each relation. What is not here does not belong into a template.
RELATIONS = frozenset(
    {
        "officedocument", "core-properties", "extended-properties", "custom-properties", "thumbnail", "styles",
        "styleswitheffects", "settings", "websettings", "fonttable", "theme", "numbering", "header", "footer",
        "footnotes", "endnotes", "image", "customxml", "customxmlprops", "glossarydocument", "people",
    }
)  # fmt: skip
PICTURES = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg"}
MARKUP = (".xml", ".rels")
# Elements that load, run, hide, or replace text when the document is opened, in whatever namespace.
ELEMENTS = {
    "altChunk": lambda: _("It takes in another file (an “alternative chunk”)."),
    "subDoc": lambda: _("It takes in another file (a subdocument)."),
    "object": lambda: _("It holds an embedded object."),
    "OLEObject": lambda: _("It holds an embedded object."),
    "control": lambda: _("It holds a control."),
    "dataBinding": lambda: _("A content control in it is bound to data, which would replace what the portal writes."),
    "mailMerge": lambda: _("It is set up for a mail merge."),
    "attachedTemplate": lambda: _("It is attached to another template; detach it."),
    "documentProtection": lambda: _("It is protected against changes; take the protection away."),
    "writeProtection": lambda: _("It is protected against changes; take the protection away."),
    "background": lambda: _("It has a colour of the page; take it away."),
}
TRACKED = re.compile(
    r"ins|del|delText|delInstrText|cellIns|cellDel|cellMerge|(?:moveFrom|moveTo|conflict|customXml(?:Ins|Del|Move)).*"
    r"|.*Change"
)
# What could lie upon another text, or be drawn otherwise by each program.
FLOATING = frozenset(("anchor", "pict", "txbxContent", "AlternateContent", "framePr", "tblpPr"))
# A label however it is written: “TLP:” with anything, or TLP with the word of one.
_LABELS = (
    "RED", "AMBER", "GREEN", "CLEAR", "WHITE", "ROUGE", "ORANGE", "VERT", "BLANC", "VERMELHO", "ÂMBAR", "VERDE",
    "BRANCO",
)  # fmt: skip
_BETWEEN = r"[\W_]*"
_COLOURS = "|".join(_BETWEEN.join(word) for word in _LABELS)
TYPED = re.compile(rf"(?<![^\W_]){_BETWEEN.join('TLP')}{_BETWEEN}?(?::|(?:{_COLOURS})(?![^\W_]))", re.IGNORECASE)
_EDGES = tuple(qn(f"w:{name}") for name in ("headerReference", "footerReference", "pgMar", "pgSz", "titlePg"))
NUMBERED = frozenset(("decimal", "lowerRoman", "upperRoman", "lowerLetter", "upperLetter"))
FARTHEST_EDGE, NARROWEST, LARGEST_PAGE = 2_300, 2_900, 31_680  # twips: 4 cm, 5 cm, 56 cm


def vet(content: bytes, languages: tuple[str, ...]) -> list[str]:
    """Known fields that the template does not name. Raises ValidationError with one sentence for each objection.

    ``content``: passed by ``base.uploads.check`` as a .docx. ``languages``: those in which it is tried.
    """
    if len(content) > MAX_BYTES:
        raise ValidationError(_("A template may have up to %(megabytes)s MB.") % {"megabytes": MAX_BYTES // 1024**2})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _refuse(_objections_to_parts(archive))
        typed = _objections_to_labels(archive)
    try:
        document = Document(io.BytesIO(content))
        sections = len(document.sections)
    except Exception:  # python-docx raises nearly anything for a package that lacks a part
        raise ValidationError(_("Word would not open the file; save it again as .docx.")) from None
    if not sections:
        raise ValidationError(_("The template has no page."))
    named = _refuse_fields(document, typed)
    for language in languages:
        _refuse(_try(content, language))
    return [name for name in known_fields() if name not in named]


def _refuse(objections: list[str]) -> None:
    if objections:
        raise ValidationError(list(dict.fromkeys(objections)))


# -- Parts ---------------------------------------------------------------------------------------------------------


def _objections_to_parts(archive: zipfile.ZipFile) -> list[str]:
    entries = archive.infolist()
    if len(entries) > MAX_PARTS or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        return [_("The file holds far more than a template needs.")]
    found: list[str] = []
    for entry in entries:
        name = entry.filename
        lower = name.lower()
        if lower.startswith("word/embeddings/"):
            found.append(_("It holds an embedded object."))
        if lower.startswith("word/media/") or lower.endswith(tuple(PICTURES)):
            if not entry.is_dir() and not _is_a_picture(lower, archive.read(entry)):
                found.append(_no_picture(name))
        elif not lower.endswith(MARKUP) and not entry.is_dir():
            found.append(_no_such_part(name.rpartition("/")[2]))
        try:
            if lower.endswith(".rels"):
                found += _objections_to_relations(archive.read(entry))
            elif lower.endswith(".xml"):
                found += _objections_to_markup(name, archive.read(entry))
        except ElementTree.ParseError:
            return [_("Word would not open the file; save it again as .docx.")]
    return found


def _is_a_picture(name: str, content: bytes) -> bool:
    """By its ending and by its bytes, which must agree."""
    kind = next((KINDS[kind] for ending, kind in PICTURES.items() if name.endswith(ending)), None)
    if kind is None:
        return False
    try:
        sniff.agree(kind, content)
    except Refused:
        return False
    return True


def _objections_to_relations(markup: bytes) -> Iterator[str]:
    for relation in ElementTree.fromstring(markup):  # definitions were refused with the upload
        kind = relation.get("Type", "").rpartition("/")[2]
        if relation.get("TargetMode", "").lower() == "external":
            if kind.lower() == "hyperlink":
                yield _("It holds a link to an address outside; write the address as plain text.")
            elif kind.lower() == "attachedtemplate":
                yield ELEMENTS["attachedTemplate"]()
            else:
                yield _("It loads something from outside (%(kind)s).") % {"kind": kind[:40]}
        elif kind.lower() == "font":
            yield _("It holds a font of its own, which could draw other letters; save it without embedded fonts.")
        elif kind.lower() not in RELATIONS:
            yield _no_such_part(kind)
        elif kind.lower() == "image" and not relation.get("Target", "").lower().endswith(tuple(PICTURES)):
            yield _no_picture(relation.get("Target", ""))


def _no_such_part(kind: str) -> str:
    return _("It holds a part that a template may not have (%(kind)s).") % {"kind": kind[:40]}


def _no_picture(name: str) -> str:
    return _("The picture %(name)s is neither PNG nor JPEG.") % {"name": name.rpartition("/")[2][:40]}


def _objections_to_markup(name: str, markup: bytes) -> list[str]:
    root = ElementTree.fromstring(markup)
    found = []
    is_drawn = name.startswith("word/") and not name.startswith(("word/glossary/", "word/theme/", "word/numbering"))
    for element in root.iter():
        plain = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if plain in ELEMENTS:
            found.append(ELEMENTS[plain]())
        elif TRACKED.fullmatch(plain):
            found.append(_("It holds tracked changes; accept or reject all of them."))
        elif is_drawn and plain in FLOATING:
            found.append(_floating())
    if not name.startswith("word/glossary/"):
        found += fields_of_word.objections(root)
        if not _is_a_story(name) and "{{" in "".join(root.itertext()):
            found.append(_("Fields may stand in the text, in headers and in footers, and nowhere else."))
    return found


def _objections_to_labels(archive: zipfile.ZipFile) -> list[str]:
    names = [name for name in archive.namelist() if name.lower().endswith(".xml")]
    return [words for name in names for words in _typed_in(name, ElementTree.fromstring(archive.read(name)))]


def _typed_in(name: str, root: ElementTree.Element) -> Iterator[str]:
    """Also in attributes (the text of a picture, the sign of a list), and however the letters are spaced."""
    pieces = []
    for element in root.iter():
        if element.tag in (f"{WORD}p", f"{WORD}tab", f"{WORD}br", f"{WORD}cr"):
            pieces.append(" ")
        pieces += [element.text or "", (element.tail or "").strip("\r\n")]
    said = " x ".join(["".join(pieces), *(value for element in root.iter() for value in element.attrib.values())])
    if not said.isascii():
        said = "".join(c for c in unicodedata.normalize("NFKC", said) if unicodedata.category(c) != "Cf")
    match = TYPED.search(said)
    if match:
        told = {"text": " ".join(match[0].split())[:40], "part": _place(name)}
        yield (
            _("The label is not typed: it comes with the field {{ label }}.")
            + " "
            + _("Found: “%(text)s” (%(part)s).") % told
        )


def _place(name: str) -> str:
    """Where a part of the file stands, for somebody who sees Word and not the file."""
    last = name.rpartition("/")[2]
    if name.startswith("docProps/"):
        return _("properties of the file")
    places = {"document": _("text"), "header": _("header"), "footer": _("footer"), "footnotes": _("footnotes"),
              "endnotes": _("endnotes"), "comments": _("comments")}  # fmt: skip
    return next((words for start, words in places.items() if last.startswith(start)), last)


def _floating() -> str:
    return _(
        "It holds a text box, a shape, a frame, or a picture or table that floats: it could cover what must be seen."
        " Use ordinary paragraphs, and pictures in line with the text."
    )


def _is_a_story(name: str) -> bool:
    last = name.rpartition("/")[2]
    return name.startswith("word/") and last.startswith(("document", "header", "footer"))


# -- Fields --------------------------------------------------------------------------------------------------------


def _refuse_fields(document: Any, objections: list[str]) -> set[str]:
    """The known fields that it names. ``objections``: to what is typed, told with these."""
    fields = fields_of(invented_reading(states=1, decisions=1, lessons=1), READER)
    known = known_fields()
    named: set[str] = set()
    unknown: list[str] = []
    paragraphs = 0
    for root in story_roots(document):
        is_body = root.tag == qn("w:body")
        for paragraph in root.iter(P):
            paragraphs += 1
            words = words_of(paragraph)
            rest = FIELD.sub("", words)
            if any(sign in rest for sign in ("{{", "}}", "{%", "%}", "{#", "#}")):
                said = {"text": words.strip()[:60]}
                objections.append(_("This is not a field: %(text)s. A field is written {{ name }}.") % said)
            asked = [match[1] for match in FIELD.finditer(words)]
            named.update(asked)
            unknown += [name for name in asked if name not in known]
            groups = {name.partition(".")[0] for name in asked}
            for name in sorted(groups & set(fields.blocks)):
                if not is_body or not FIELD.fullmatch(words.strip()):
                    objections.append(
                        _("{{ %(name)s }} is a block: it stands alone in a paragraph of the text.") % {"name": name}
                    )
            if not is_body and groups & set(fields.lists):
                objections.append(_("A list may not stand in a header or footer."))
    objections += _objections_to_lists(document, set(fields.lists))
    if paragraphs > MAX_PARAGRAPHS:
        objections.append(_("The file holds far more than a template needs."))
    if unknown:
        said = {"unknown": ", ".join(dict.fromkeys(unknown)), "known": ", ".join(known)}
        objections.insert(0, _("Unknown fields: %(unknown)s. Known are: %(known)s.") % said)
    objections += _objections_to_pictures(document)
    _refuse(objections)
    return named


def _objections_to_lists(document: Any, lists: set[str]) -> list[str]:
    """Of one list at a time a paragraph, or a row, is repeated."""
    groups: dict[Any, set[str]] = {}
    for paragraph in document.element.body.iter(P):
        row = next(paragraph.iterancestors(qn("w:tr")), None)
        asked = {match[1].partition(".")[0] for match in FIELD.finditer(words_of(paragraph))} & lists
        if asked:
            unit = paragraph if row is None else row
            groups.setdefault(unit, set()).update(asked)
            outer = None if row is None else next(row.iterancestors(qn("w:tr")), None)
            if outer is not None:
                groups.setdefault(outer, set()).update(asked | {"a table within a table"})
    found = []
    if any(len(asked) > 1 for asked in groups.values()):
        found.append(_("A paragraph, or a row of a table, may name the fields of one list only."))
    if any(sum(1 for _element in unit.iter()) > MAX_REPEATED for unit in groups):
        found.append(_("A paragraph, or a row of a table, that names a list holds far more than is to be repeated."))
    return found


def _objections_to_pictures(document: Any) -> list[str]:
    for root in story_roots(document):
        for named in root.iter(qn("wp:docPr")):
            decorative = any(element.tag.endswith("}decorative") for element in named.iter())
            if not (named.get("descr") or "").strip() and not decorative:
                return [_("A picture has no alternative text: write one, or mark the picture as decorative.")]
    return []


# -- Trial ---------------------------------------------------------------------------------------------------------


def _try(content: bytes, language: str) -> list[str]:
    """Fill it with the invented figures, and look whether each page has what must stand there. The objections are in
    the language of whoever sent it."""
    try:
        typed = _words_of_all(Document(io.BytesIO(content)))
        with override(language):
            reading = invented_reading(states=60, decisions=60, lessons=30)
            texts = fields_of(reading, READER).texts
            made = made_with(content, reading, reader=READER)
        wanted = {name: " ".join(texts[name].split()) for name in ON_EACH_PAGE}
        document = Document(io.BytesIO(made))
        return _objections_to_pages(document) or _objections_to_edges(document, wanted, typed)
    except TooLong:
        return [_("Filling the template takes too long; make it simpler.")]
    except Exception as error:
        said = {"kind": type(error).__name__}
        return [_("The template could not be filled (%(kind)s); save it again as .docx.") % said]


def _objections_to_edges(document: Any, wanted: dict[str, str], typed: str) -> list[str]:
    """``wanted``: what each page must say; ``typed``: what the template says before it is filled."""
    found: list[str] = []
    for seen in _heads_and_feet(document):
        missing = [name for name, said in wanted.items() if said not in seen.words or said in typed]
        if missing:
            said = {"fields": ", ".join(f"{{{{ {name} }}}}" for name in missing)}
            found.append(_("These fields must stand in the header or footer of every page: %(fields)s.") % said)
        if not {"PAGE", "NUMPAGES"} <= seen.counted:
            found.append(
                _("The number of the page and the number of pages (Word’s fields PAGE and NUMPAGES) must stand in the"
                  " header or footer of every page.")
            )  # fmt: skip
        for name, looked in [*((name, wanted[name]) for name in missing), ("PAGE", "PAGE"), ("NUMPAGES", "NUMPAGES")]:
            why = next((why for words, why in seen.unseen if looked in words), "")
            if why and name not in seen.counted:
                shown = name if name == looked else f"{{{{ {name} }}}}"
                found.append(_("%(field)s does not count where it stands: %(why)s") % {"field": shown, "why": why})
    return found


def _words_of_all(document: Any) -> str:
    return " ".join(
        " ".join(words_of(paragraph) for root in story_roots(document) for paragraph in root.iter(P)).split()
    )


def _heads_and_feet(document: Any) -> Iterator[Found]:
    """For each kind of page (first, even, others) of each section: what can be seen of its header and footer."""
    is_different = document.settings.odd_and_even_pages_header_footer
    looks = Looks(document)
    known: dict[tuple[Any, int], Found] = {}
    for section in document.sections:
        pairs = [(section.header, section.footer)]
        if section.different_first_page_header_footer:
            pairs.append((section.first_page_header, section.first_page_footer))
        if is_different:
            pairs.append((section.even_page_header, section.even_page_footer))
        width = (section.page_width - (section.left_margin or 0) - (section.right_margin or 0)) // 635
        for pair in pairs:
            seen = Found()
            for root in (_inherited(document, part) for part in pair):
                if root is not None:
                    one = known.get((root, width)) or known.setdefault((root, width), looks.look_through(root, width))
                    seen.words += f" {one.words}"
                    seen.counted |= one.counted
                    seen.unseen += one.unseen
            yield seen


def _objections_to_pages(document: Any) -> list[str]:
    """Frames that a style brings, sections that are not where they belong, and pages out of proportion."""
    looks = Looks(document)
    found = []
    if any(looks.is_framed(paragraph) for root in story_roots(document) for paragraph in root.iter(P)):
        found.append(_floating())
    marks = list(document.element.iter(qn("w:sectPr")))
    edges = [[(mark.tag, mark.get(qn("w:type"))) for mark in one if mark.tag in _EDGES] for one in marks]
    is_clear = looks.is_unique() and len(marks) == len(document.sections)
    if not is_clear or any(len(set(one)) != len(one) for one in edges):
        found.append(_("Word would not open the file; save it again as .docx."))
        return found
    highest = max((looks.height(root) for root in story_roots(document) if root.tag != qn("w:body")), default=0)
    for section in document.sections:
        if not _is_in_proportion(section):
            found.append(_("The page, a margin, or the distance of a header or footer is out of proportion; mend it."))
        elif highest > section.page_height // 635 // 2:
            found.append(_("A header or footer is so high that not all of it may be seen; make it lower."))
        if any(mark.get(qn("w:fmt"), "decimal") not in NUMBERED for mark in section._sectPr.iter(qn("w:pgNumType"))):
            found.append(_("The pages are numbered without figures; choose the format 1, 2, 3."))
    return found


def _is_in_proportion(section: Any) -> bool:
    try:
        width, height = section.page_width // 635, section.page_height // 635
        left, right, top, bottom, head, foot, gutter = (
            (getattr(section, name) or 0) // 635
            for name in ("left_margin", "right_margin", "top_margin", "bottom_margin", "header_distance",
                         "footer_distance", "gutter")
        )  # fmt: skip
    except (TypeError, ValueError):  # no page, or a measure that is none
        return False
    return (
        max(width, height) <= LARGEST_PAGE
        and min(left, right, top, bottom, head, foot, gutter) >= 0
        and max(head, foot) <= FARTHEST_EDGE
        and width - left - right - gutter >= NARROWEST
        and height - top - bottom >= NARROWEST
    )


def _inherited(document: Any, part: Any) -> Any:
    """A section without a header of its own has that of the one before; the first one has none."""
    return part._element if not part.is_linked_to_previous or _has_before(part) else None


def _has_before(part: Any) -> bool:
    before = part._prior_headerfooter
    while before is not None:
        if before._has_definition:
            return True
        before = before._prior_headerfooter
    return False
