"""Is this Word file fit to be a template? Asked before it is accepted; each objection is a sentence, as many as can be
told at once.

That it is a harmless .docx at all (limits, macros, active parts) ``base.uploads`` has said before. Here it is held
against what a template may hold: parts and relations of a short list, fields of Word that only count, known fields of
ours. Then it is filled with the figures of a region that does not exist, and the result is read back: whatever the
template looks like, each page must show what has to stand on it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import override
from docx import Document
from docx.oxml.ns import qn

from iwg_portal.summaries import fields_of_word
from iwg_portal.summaries.fields_of_word import WORD
from iwg_portal.summaries.filling import FIELD, P, T, TooLong, story_roots, words_of
from iwg_portal.summaries.invented import invented_reading
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
        "styleswitheffects", "settings", "websettings", "fonttable", "font", "theme", "numbering", "header", "footer",
        "footnotes", "endnotes", "image", "customxml", "customxmlprops", "glossarydocument", "people",
    }
)  # fmt: skip
PICTURES = (".png", ".jpg", ".jpeg")
# Elements that load, run, hide, or replace text when the document is opened.
ELEMENTS = {
    "altChunk": lambda: _("It takes in another file (an “alternative chunk”)."),
    "subDoc": lambda: _("It takes in another file (a subdocument)."),
    "object": lambda: _("It holds an embedded object."),
    "control": lambda: _("It holds a control."),
    "dataBinding": lambda: _("A content control in it is bound to data, which would replace what the portal writes."),
    "mailMerge": lambda: _("It is set up for a mail merge."),
    "attachedTemplate": lambda: _("It is attached to another template; detach it."),
    "ins": lambda: _("It holds tracked changes; accept or reject all of them."),
    "del": lambda: _("It holds tracked changes; accept or reject all of them."),
    "moveFrom": lambda: _("It holds tracked changes; accept or reject all of them."),
    "moveTo": lambda: _("It holds tracked changes; accept or reject all of them."),
}


def vet(content: bytes, languages: tuple[str, ...]) -> list[str]:
    """Known fields that the template does not name. Raises ValidationError with one sentence for each objection.

    ``content``: passed by ``base.uploads.check`` as a .docx. ``languages``: those in which it is tried.
    """
    if len(content) > MAX_BYTES:
        raise ValidationError(_("A template may have up to %(megabytes)s MB.") % {"megabytes": MAX_BYTES // 1024**2})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _refuse(_objections_to_parts(archive))
    try:
        document = Document(io.BytesIO(content))
        sections = len(document.sections)
    except Exception:  # python-docx raises nearly anything for a package that lacks a part
        raise ValidationError(_("Word would not open the file; save it again as .docx.")) from None
    if not sections:
        raise ValidationError(_("The template has no page."))
    named = _refuse_fields(document)
    for language in languages:
        with override(language):
            objections = _try(content)
        _refuse(objections)
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
        if lower.startswith("word/media/") and not lower.endswith(PICTURES):
            found.append(_("The picture %(name)s is neither PNG nor JPEG.") % {"name": name.rpartition("/")[2]})
        if lower.startswith("word/embeddings/"):
            found.append(_("It holds an embedded object."))
        try:
            if lower.endswith(".rels"):
                found += _objections_to_relations(archive.read(entry))
            elif lower.endswith(".xml"):
                found += _objections_to_markup(name, archive.read(entry))
        except ElementTree.ParseError:
            return [_("Word would not open the file; save it again as .docx.")]
    return found


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
        elif kind.lower() not in RELATIONS:
            yield _("It holds a part that a template may not have (%(kind)s).") % {"kind": kind[:40]}


def _objections_to_markup(name: str, markup: bytes) -> list[str]:
    root = ElementTree.fromstring(markup)
    found, here = [], set()
    for element in root.iter():
        tag = element.tag if isinstance(element.tag, str) else ""
        plain = tag.removeprefix(WORD)
        if tag != plain and plain in ELEMENTS:
            found.append(ELEMENTS[plain]())
        elif tag.endswith("}OLEObject"):
            found.append(_("It holds an embedded object."))
        here.add(plain)
    if not name.startswith("word/glossary/"):
        found += fields_of_word.objections(root)
        if not _is_a_story(name) and "{{" in "".join(root.itertext()):
            found.append(_("Fields may stand in the text, in headers and in footers, and nowhere else."))
    return found


def _is_a_story(name: str) -> bool:
    last = name.rpartition("/")[2]
    return name.startswith("word/") and last.startswith(("document", "header", "footer"))


# -- Fields --------------------------------------------------------------------------------------------------------


def _refuse_fields(document: Any) -> set[str]:
    """The known fields that it names."""
    fields = fields_of(invented_reading(states=1, decisions=1, lessons=1), READER)
    known, objections = known_fields(), []
    named: set[str] = set()
    unknown: list[str] = []
    paragraphs = 0
    for root in story_roots(document):
        is_body = root.tag == qn("w:body")
        for paragraph in root.iter(P):
            paragraphs += 1
            words = words_of(paragraph)
            if "TLP:" in words.upper():
                objections.append(_("The label is not typed: it comes with the field {{ label }}."))
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


def _try(content: bytes) -> list[str]:
    """Fill it with the invented figures, and look whether each page has what must stand there."""
    reading = invented_reading(states=60, decisions=60, lessons=30)
    try:
        made = made_with(content, reading, reader=READER)
        document = Document(io.BytesIO(made))
    except TooLong:
        return [_("Filling the template takes too long; make it simpler.")]
    except Exception as error:
        said = {"kind": type(error).__name__}
        return [_("The template could not be filled (%(kind)s); save it again as .docx.") % said]
    texts = fields_of(reading, READER).texts
    wanted = {name: " ".join(texts[name].split()) for name in ON_EACH_PAGE}
    found: list[str] = []
    for words, counted in _heads_and_feet(document):
        missing = [f"{{{{ {name} }}}}" for name, said in wanted.items() if said not in words]
        if missing:
            said = {"fields": ", ".join(missing)}
            found.append(_("These fields must stand in the header or footer of every page: %(fields)s.") % said)
        if not {"PAGE", "NUMPAGES"} <= counted:
            found.append(
                _("The number of the page and the number of pages (Word’s fields PAGE and NUMPAGES) must stand in the"
                  " header or footer of every page.")
            )  # fmt: skip
    return found


def _heads_and_feet(document: Any) -> Iterator[tuple[str, set[str]]]:
    """For each kind of page (first, even, others) of each section: what its header and footer say, what they count."""
    is_different = document.settings.odd_and_even_pages_header_footer
    for section in document.sections:
        pairs = [(section.header, section.footer)]
        if section.different_first_page_header_footer:
            pairs.append((section.first_page_header, section.first_page_footer))
        if is_different:
            pairs.append((section.even_page_header, section.even_page_footer))
        for pair in pairs:
            roots = [found for part in pair if (found := _inherited(document, part)) is not None]
            words = " ".join(" ".join("".join(_shown(root)).split()) for root in roots)
            yield words, set().union(*(fields_of_word.names(root) for root in roots))


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


def _shown(root: Any) -> Iterator[str]:
    """Its text, without what is hidden and without the second copies for old programs."""
    for t in root.iter(T):
        run = t.getparent()
        look = run.find(qn("w:rPr"))
        hidden = look is not None and any(_is_on(look.find(qn(f"w:{name}"))) for name in ("vanish", "webHidden"))
        second = any(parent.tag.endswith("}Fallback") for parent in t.iterancestors())
        if not hidden and not second:
            yield t.text or ""


def _is_on(element: Any) -> bool:
    return element is not None and element.get(qn("w:val"), "1") not in ("0", "false", "off")
