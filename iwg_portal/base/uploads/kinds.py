"""The kinds of file that the portal keeps: what is not here is not accepted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _

from iwg_portal.base.uploads import problems
from iwg_portal.base.uploads.problems import Refused


class Family(Enum):
    PDF = "pdf"
    OFFICE = "office"  # Office Open XML
    OPEN = "open"  # OpenDocument
    TEXT = "text"
    PICTURE = "picture"


@dataclass(frozen=True)
class Kind:
    extension: str
    media_type: str
    family: Family


_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
KINDS = {
    kind.extension: kind
    for kind in (
        Kind("pdf", "application/pdf", Family.PDF),
        Kind("docx", f"{_OFFICE}wordprocessingml.document", Family.OFFICE),
        Kind("xlsx", f"{_OFFICE}spreadsheetml.sheet", Family.OFFICE),
        Kind("pptx", f"{_OFFICE}presentationml.presentation", Family.OFFICE),
        Kind("odt", f"{_OPEN}text", Family.OPEN),
        Kind("ods", f"{_OPEN}spreadsheet", Family.OPEN),
        Kind("odp", f"{_OPEN}presentation", Family.OPEN),
        Kind("csv", "text/csv", Family.TEXT),
        Kind("txt", "text/plain", Family.TEXT),
        Kind("md", "text/markdown", Family.TEXT),
        Kind("png", "image/png", Family.PICTURE),
        Kind("jpg", "image/jpeg", Family.PICTURE),
        Kind("webp", "image/webp", Family.PICTURE),
    )
}
_ALIASES = {"jpeg": "jpg"}
_WITH_MACROS = frozenset({"docm", "dotm", "xlsm", "xltm", "xlam", "pptm", "potm", "ppsm", "ppam"})
# For the file chooser of a browser.
ACCEPT = ",".join(f".{ending}" for ending in (*KINDS, *_ALIASES))


def kind_of(name: str) -> Kind:
    """By the last ending of a cleaned name. Errors: Refused."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in _WITH_MACROS:
        raise problems.macros()
    kind = KINDS.get(_ALIASES.get(ending, ending))
    if kind is None:
        raise Refused(
            "kind",
            _("This kind of file is not accepted. Choose one of these: %(kinds)s.") % {"kinds": ", ".join(KINDS)},
        )
    return kind
