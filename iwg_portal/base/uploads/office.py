"""Documents of Office Open XML and OpenDocument: what could run, load from elsewhere, or hide a file is refused.

Left as they are: links that a reader must click, authors of comments and tracked changes (they are content). The names
in the document's properties (author, last editor, company) are emptied, except in a signed document.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

from iwg_portal.base.uploads import packages, problems
from iwg_portal.base.uploads.kinds import KINDS, Family, Kind
from iwg_portal.base.uploads.packages import CHUNK, DAMAGE, OLE

# A chart keeps its table as a workbook of its own; such a one may carry no further one.
MAX_DEPTH = 1
_EMBEDDED = re.compile(r"(?:word|xl|ppt)/embeddings/[^/]+\.(docx|xlsx|pptx)", re.IGNORECASE)
_MACRO_PARTS = re.compile(
    r"vbaproject|vbadata|(?:^|/)xl/(?:macrosheets|intlmacrosheets)/|^(?:basic|scripts)/.", re.IGNORECASE
)
_ACTIVE_PARTS = re.compile(r"(?:^|/)activex/|customui/|ddelink", re.IGNORECASE)
_OTHER_FILES = (OLE, b"PK\x03\x04", b"MZ", b"\x7fELF", b"%PDF-", b"Rar!", b"7z\xbc\xaf", b"\xca\xfe\xba\xbe")
_DEFINITIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_ENCRYPTED = re.compile(rb"encryption-data[\s>]")
_ACTIVE = re.compile(
    rb"script:event-listener|vnd\.sun\.star\.script:|[\"'>]macro:|<(?:\w+:)?ddeLink|<(?:\w+:)?oleObject[^>]+r:link"
    rb"|instrText[^>]*>\s*(?:DDE|DDEAUTO)\s|text:dde-connection|instr=\"\s*DDE"
)
_LOADS = re.compile(
    rb"instrText[^>]*>\s*INCLUDE(?:PICTURE|TEXT)\s+[\"&\w;]*https?:|instr=\"\s*INCLUDE\w+\s+\W*https?:", re.IGNORECASE
)
# OpenDocument names what it loads in attributes of these elements; a link of the text (text:a) is clicked.
_OPEN_LOADS = re.compile(
    rb"<(?:draw:(?:image|object|object-ole|plugin|applet|floating-frame|fill-image)|text:section-source"
    rb"|table:table-source|office:dde-source|meta:template)\b[^>]*xlink:href=\"(?:[a-z][a-z0-9+.-]*:)?(?://|\\\\)",
    re.IGNORECASE,
)
# Another machine: a scheme other than file, or a share of the network. A file of the reader's own disk is neither.
_ELSEWHERE = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:|[\\/]{2}|file:(?!///[^/\\])(?![^/\\])", re.IGNORECASE)
_NAMES = re.compile(
    rb"(<(?:\w+:)?(?:creator|initial-creator|lastModifiedBy|printed-by|Manager|Company)(?:\s[^>]*)?>)[^<]+(</)"
)
_PROPERTIES = ("docProps/core.xml", "docProps/app.xml", "meta.xml")


def check(kind: Kind, content: bytes, depth: int = 0) -> zipfile.ZipFile:
    """The archive of a harmless document. Errors: Refused."""
    archive = packages.open_package(kind, content)
    entries = archive.infolist()
    for entry in entries:
        if _MACRO_PARTS.search(entry.filename):
            raise problems.macros()
        if _ACTIVE_PARTS.search(entry.filename):
            raise problems.active()
    try:
        for entry in entries:
            _check_part(kind, archive, entry, depth)
    except DAMAGE:
        raise problems.damaged() from None
    return archive


def embedded(archive: zipfile.ZipFile) -> list[tuple[Kind, bytes]]:
    """The workbooks behind charts and the like, already checked."""
    found = []
    for name in archive.namelist():
        if match := _EMBEDDED.fullmatch(name):
            found.append((KINDS[match[1].lower()], archive.read(name)))
    return found


def _check_part(kind: Kind, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int) -> None:
    """Unpack the part once, in pieces: complete, and without anything that acts."""
    name = entry.filename
    if match := _EMBEDDED.fullmatch(name):
        if depth >= MAX_DEPTH:
            raise problems.nested()
        check(KINDS[match[1].lower()], archive.read(entry), depth + 1)
        return
    if name.lower().endswith(".rels"):
        _check_relations(packages.small(archive, name))
    tail = b""
    with archive.open(entry) as part:
        first = True
        while piece := part.read(CHUNK):
            if first and piece.startswith(_OTHER_FILES):
                raise problems.nested()
            if packages.is_markup(name):
                _check_markup(kind, tail + piece, first)
                tail = piece[-2048:]
            first = False


def _check_markup(kind: Kind, piece: bytes, first: bool) -> None:
    if first and piece[:64].lstrip(b"\xef\xbb\xbf").startswith((b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00")):
        raise problems.damaged()  # UTF-16 would hide what is looked for below
    if _DEFINITIONS.search(piece):
        raise problems.active()
    if kind.family is Family.OPEN and _ENCRYPTED.search(piece):
        raise problems.protected()
    if _ACTIVE.search(piece):
        raise problems.active()
    if _LOADS.search(piece) or (kind.family is Family.OPEN and _OPEN_LOADS.search(piece)):
        raise problems.external()


def _check_relations(markup: bytes) -> None:
    """What a part loads from outside the document, unless a reader clicks on it or it lies on her own disk."""
    if _DEFINITIONS.search(markup):
        raise problems.active()
    try:
        relations = list(ElementTree.fromstring(markup))  # without definitions, see above
    except ElementTree.ParseError:
        raise problems.damaged() from None
    for relation in relations:
        what = relation.get("Type", "").rpartition("/")[2].lower()
        target = (relation.get("Target") or "").strip()
        if what in ("vbaproject", "control", "activexcontrol"):
            raise problems.macros() if what == "vbaproject" else problems.active()
        if relation.get("TargetMode", "").lower() == "external" and what != "hyperlink" and _ELSEWHERE.match(target):
            raise problems.external()


def without_names(content: bytes, archive: zipfile.ZipFile) -> bytes:
    """The document with the names in its properties emptied; the same bytes where there are none, or a signature."""
    names = archive.namelist()
    if any(name.lower().startswith(("_xmlsignatures/", "meta-inf/documentsignatures")) for name in names):
        return content
    changed = {}
    for name in _PROPERTIES:
        if name in names:
            before = packages.small(archive, name)
            after = _NAMES.sub(rb"\1\2", before)
            if after != before:
                changed[name] = after
    if not changed:
        return content
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        for entry in archive.infolist():
            book.writestr(_info(entry), changed.get(entry.filename) or archive.read(entry))
    return target.getvalue()


def _info(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """Name, time and method; nothing of the extra fields."""
    info = zipfile.ZipInfo(entry.filename, entry.date_time)
    info.compress_type = entry.compress_type
    return info
