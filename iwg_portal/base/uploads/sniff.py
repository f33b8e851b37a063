"""Does the file begin as its name says? ``filetype`` names the kind by the first bytes and must agree."""

from __future__ import annotations

import re

import filetype
from django.utils.translation import gettext as _

from iwg_portal.base.archives import OLE
from iwg_portal.base.uploads import problems
from iwg_portal.base.uploads.kinds import Family, Kind
from iwg_portal.base.uploads.problems import Refused

# Signatures of two or three letters with which an honest text may begin ("MZ", "BM", "ID3", …). What is really of such
# a kind has control characters and is refused for these.
_ALSO_WORDS = frozenset({"bmp", "exe", "swf", "mp3", "bz2"})
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def agree(kind: Kind, content: bytes) -> None:
    """Errors: Refused where the first bytes belong to another kind of file than the name."""
    found = filetype.guess_extension(content[:8192])
    match kind.family:
        case Family.PDF:
            fits = content.startswith(b"%PDF-") and found == "pdf"
        case Family.PICTURE:
            fits = found == kind.extension or (kind.extension, found) == ("png", "apng")
        case Family.TEXT:
            fits = found is None or found in _ALSO_WORDS
            decode(content, kind.extension)
        case Family.OFFICE | Family.OPEN:
            if content.startswith(OLE):
                raise _compound_file(content)
            # Programs order the parts of a document freely, and then only "zip" is found; what the parts say of
            # themselves is compared with the name in ``packages``.
            fits = content.startswith(b"PK\x03\x04") and found in (kind.extension, "zip")
    if not fits:
        raise problems.disguised(kind.extension)


def decode(content: bytes, ending: str = "txt") -> str:
    """UTF-8, UTF-16 with its mark, else the Western European code page of Windows. Errors: Refused."""
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = content.decode("utf-16")
        else:
            try:
                text = content.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise problems.disguised(ending) from None
    if _CONTROLS.search(text):
        raise problems.disguised(ending)
    return text


def _compound_file(content: bytes) -> Refused:
    """Old binary formats and encrypted documents share one container; its directory names tell them apart."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        return problems.protected()
    return Refused(
        "older", _("This is an older kind of file (.doc, .xls or .ppt); save it as .docx, .xlsx, .pptx or .pdf.")
    )
