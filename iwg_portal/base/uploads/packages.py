"""Documents that are ZIP archives of XML parts (Office Open XML, OpenDocument): limits before anything is parsed."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from iwg_portal.base.archives import CHUNK, MAX_RATIO, OLE, RATIO_MATTERS_FROM
from iwg_portal.base.uploads import problems
from iwg_portal.base.uploads.kinds import Family, Kind

MAX_ENTRIES = 5_000
MAX_UNPACKED = 150 * 1024 * 1024
# Parts that are read whole: lists of types and relations, properties. Ordinary ones have some kilobytes.
MAX_SMALL_PART = 2 * 1024 * 1024
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, KeyError, NotImplementedError)

_MAIN = {
    "docx": b"wordprocessingml.document.main+xml",
    "xlsx": b"spreadsheetml.sheet.main+xml",
    "pptx": b"presentationml.presentation.main+xml",
}
_HEADER = 30  # bytes of a local file header without the name
_END = b"PK\x05\x06"


def open_package(kind: Kind, content: bytes) -> zipfile.ZipFile:
    """The archive, whose directory keeps the limits and which is of the kind that it is named. Errors: Refused."""
    if b"%PDF-" in content[:1024]:
        raise problems.disguised(kind.extension)  # readers of PDF accept some bytes before their mark
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except Exception:  # zipfile raises half a dozen kinds for damaged directories
        raise problems.damaged() from None
    _check_directory(entries, content)
    try:
        _check_kind(kind, archive, entries)
    except DAMAGE:
        raise problems.damaged() from None
    return archive


def _check_directory(entries: list[zipfile.ZipInfo], content: bytes) -> None:
    """What the archive says about itself; ``zipfile`` never unpacks more of a part than this."""
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise problems.protected()
    unpacked = sum(entry.file_size for entry in entries)
    if (
        len(entries) > MAX_ENTRIES
        or unpacked > MAX_UNPACKED
        or (unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * len(content))
        or any(
            entry.file_size > RATIO_MATTERS_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
            for entry in entries
        )
    ):
        raise problems.bomb()
    _check_places(entries, content)
    names = [entry.filename.lower() for entry in entries]
    methods = {entry.compress_type for entry in entries}
    if len(set(names)) != len(names) or not methods <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise problems.damaged()
    if any(re.search(r"^/|\\|(^|/)\.\.(/|$)|:|\0", name) for name in names):
        raise problems.damaged()


def _check_places(entries: list[zipfile.ZipInfo], content: bytes) -> None:
    """Parts stand one behind the other from the first byte on, none inside another, and nothing follows the end."""
    place = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < place:
            raise problems.bomb()
        place = entry.header_offset + _HEADER + entry.compress_size
    if not entries or min(entry.header_offset for entry in entries) != 0 or content.rfind(_END) + 22 != len(content):
        raise problems.damaged()


def _check_kind(kind: Kind, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    names = set(archive.namelist())
    if kind.family is Family.OPEN:
        if entries[0].filename != "mimetype" or small(archive, "mimetype").strip() != kind.media_type.encode():
            raise problems.disguised(kind.extension)
        if "META-INF/manifest.xml" not in names or "content.xml" not in names:
            raise problems.damaged()
        return
    if "[Content_Types].xml" not in names:
        raise problems.disguised(kind.extension)
    types = small(archive, "[Content_Types].xml").lower()
    if b"macroenabled" in types or b"vbaproject" in types or b"macrosheet" in types:
        raise problems.macros()
    if _MAIN[kind.extension] not in types:
        raise problems.disguised(kind.extension)


def small(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part that is read whole. Errors: Refused where it is larger than such a part ever is."""
    if archive.getinfo(name).file_size > MAX_SMALL_PART:
        raise problems.bomb()
    return archive.read(name)


def is_markup(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", ".vml", ".rdf"))


__all__ = ["CHUNK", "DAMAGE", "OLE", "is_markup", "open_package", "small"]
