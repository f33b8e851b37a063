"""Is this file an Excel workbook that is safe to parse? Answered from its bytes, before any XML is parsed.

A workbook is a ZIP archive of XML parts. A hostile one unpacks to gigabytes, names one part a thousand times, or
holds a million cells in one row; a harmless one may be protected, old, or carry macros. Each gets one sentence.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from django.utils.translation import gettext as _

MAX_ENTRIES = 1_000
MAX_UNPACKED = 50 * 1024 * 1024
MAX_RATIO = 100
# Small parts repeat themselves more than the ratio allows (an empty theme, a list of fonts) and do no harm.
RATIO_MATTERS_FROM = 1024 * 1024
# Parts other than sheets and their texts are read into memory whole; ordinary ones have some kilobytes.
MAX_PART = 2 * 1024 * 1024
MAX_CELLS = 500_000
MAX_TEXTS = 200_000

CHUNK = 256 * 1024
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_CELLS_AND_ROWS = re.compile(rb"[<:](?:c|row)[\s/>]")
_TEXTS = re.compile(rb"[<:]si[\s/>]")
_DEFINITIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


class SpreadsheetProblem(Exception):
    """A file that cannot be read as a table. The text is one sentence in the reader's language."""


def open_archive(content: bytes) -> zipfile.ZipFile:
    """The archive of an ``.xlsx`` file whose limits hold and whose parts are complete; else SpreadsheetProblem."""
    if content.startswith(OLE):
        raise SpreadsheetProblem(_compound_file(content))
    if not content.startswith(b"PK\x03\x04"):
        raise SpreadsheetProblem(
            _("This is not an Excel workbook, although its name ends in .xlsx; save the table as .xlsx or .csv.")
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except Exception as error:  # zipfile raises half a dozen kinds for damaged directories
        raise SpreadsheetProblem(damaged()) from error
    _check_directory(entries, len(content))
    try:
        _check_kind(archive)
        _check_parts(archive, entries)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise SpreadsheetProblem(damaged()) from error
    return archive


def damaged() -> str:
    return _("The workbook is damaged or incomplete; open it, save it again as .xlsx and choose the new file.")


def too_much() -> str:
    return _("The workbook holds far more than one table; copy the table into a new workbook and choose that file.")


def _compound_file(content: bytes) -> str:
    """Old binary formats and encrypted workbooks share one container; its directory names tell them apart."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        return protected()
    return _("This is an older kind of file (perhaps .xls), not .xlsx; save it as .xlsx and choose that file.")


def protected() -> str:
    return _("The workbook is protected by a password; save it without one and choose that file.")


def _check_directory(entries: list[zipfile.ZipInfo], size: int) -> None:
    """What the archive says about itself; ``zipfile`` never unpacks more of a part than this."""
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise SpreadsheetProblem(protected())
    unpacked = sum(entry.file_size for entry in entries)
    if (
        len(entries) > MAX_ENTRIES
        or unpacked > MAX_UNPACKED
        or (unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * size)
        or any(
            entry.file_size > RATIO_MATTERS_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
            for entry in entries
        )
    ):
        raise SpreadsheetProblem(
            _("The workbook unpacks to far more than a workbook of its size holds, so it was not opened.")
        )
    names = [entry.filename for entry in entries]
    methods = {entry.compress_type for entry in entries}
    if len(set(names)) != len(names) or not methods <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise SpreadsheetProblem(damaged())
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise SpreadsheetProblem(_macros())


def _macros() -> str:
    return _("The workbook contains macros; save it as .xlsx, which has none, and choose that file.")


def _check_kind(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if "xl/workbook.bin" in names:
        raise SpreadsheetProblem(
            _("The workbook is in the binary format .xlsb; save it as .xlsx and choose that file.")
        )
    if "[Content_Types].xml" not in names or archive.getinfo("[Content_Types].xml").file_size > MAX_PART:
        raise SpreadsheetProblem(_("This is an archive but not an Excel workbook; save the table as .xlsx or .csv."))
    types = archive.read("[Content_Types].xml").lower()
    if b"macroenabled" in types:
        raise SpreadsheetProblem(_macros())
    if b"spreadsheetml" not in types:
        raise SpreadsheetProblem(
            _("This is an Office file but not an Excel workbook; save the table as .xlsx or .csv.")
        )


def _check_parts(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Unpack every part once, in pieces: complete, within the limits, and without definitions of its own."""
    read = cells = texts = 0
    for entry in entries:
        markup = entry.filename.lower().endswith((".xml", ".rels"))
        large = entry.filename.startswith("xl/worksheets/") or "sharedstrings" in entry.filename.lower()
        if markup and not large and entry.file_size > MAX_PART:
            raise SpreadsheetProblem(too_much())
        tail = b""
        with archive.open(entry) as part:
            while piece := part.read(CHUNK):
                read += len(piece)
                if read > MAX_UNPACKED:
                    raise SpreadsheetProblem(too_much())
                if not markup:
                    continue
                if not tail and piece.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00")):
                    raise SpreadsheetProblem(damaged())  # UTF-16 would hide what is looked for below
                if _DEFINITIONS.search(tail + piece):
                    raise SpreadsheetProblem(
                        _("The workbook contains definitions that no workbook needs, so it was not opened.")
                    )
                cells += len(_CELLS_AND_ROWS.findall(tail[-6:] + piece))
                texts += len(_TEXTS.findall(tail[-6:] + piece))
                if cells > MAX_CELLS or texts > MAX_TEXTS:
                    raise SpreadsheetProblem(too_much())
                tail = piece[-16:]
