"""All checks of one upload, in the order in which they are cheap and safe."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from threading import BoundedSemaphore

from django.conf import settings
from django.utils.translation import gettext as _

from iwg_portal.base.uploads import detector, office, pdf, pictures, sniff, texts, virus
from iwg_portal.base.uploads.kinds import Family, Kind, kind_of
from iwg_portal.base.uploads.names import safe_name
from iwg_portal.base.uploads.problems import PASSENGER_DATA, Refused, active

# A picture needs up to 160 MB while it is written anew, a document 64 MB: two at a time in one process.
_turn = BoundedSemaphore(2)
_STARTS_A_PROGRAM = re.compile(r"(?:^|[,;\t])\s*[\"']?[=+\-@][^,;\t\n|]{0,60}\|[^\n!]{0,200}!", re.MULTILINE)


@dataclass(frozen=True)
class Checked:
    """What may be kept: ``content`` is what is stored and served, and may differ from what was sent (a picture is
    written anew, names are taken out of a document's properties). ``name`` is safe to show."""

    name: str
    kind: Kind
    content: bytes
    scan: str  # virus.CLEAN or virus.NOT_SCANNED

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def check(content: bytes, given_name: str) -> Checked:
    """The file, if it may be kept. In memory only; a few seconds at most. Errors: Refused, one sentence."""
    name = safe_name(given_name)
    kind = kind_of(name)
    if not content:
        raise Refused("empty", _("The file is empty."))
    if len(content) > settings.MAX_FILE_BYTES:
        raise too_large()
    with _turn:
        sniff.agree(kind, content)
        kept, text = _looked_into(kind, content)
        look_for_passenger_data(text)
    scan = virus.scan(content)
    if scan == virus.INFECTED:
        raise Refused("infected", _("The virus scanner found a virus in the file; nothing was kept."))
    return Checked(name, kind, kept, scan)


def too_large() -> Refused:
    return Refused(
        "size",
        _("The file is larger than %(megabytes)s MB; make it smaller or send it in parts.")
        % {"megabytes": settings.MAX_FILE_BYTES // (1024 * 1024)},
    )


def look_for_passenger_data(text: str) -> None:
    """Errors: Refused with the detector's name."""
    found = detector.find(text)
    if found:
        raise Refused(PASSENGER_DATA, found.sentence, found.name)


def _looked_into(kind: Kind, content: bytes) -> tuple[bytes, str]:
    """What to keep, and the text to look through."""
    match kind.family:
        case Family.PDF:
            return content, texts.of_pdf(pdf.check(content))
        case Family.OFFICE | Family.OPEN:
            with office.check(kind, content) as archive:
                return office.without_names(content, archive), texts.of_package(kind, archive)
        case Family.PICTURE:
            return pictures.rewritten(kind, content), ""
        case Family.TEXT:
            text = sniff.decode(content)
            if kind.extension == "csv":
                _check_cells(text)
            return content, text


def _check_cells(text: str) -> None:
    """A cell that starts a program of the reader's (dynamic data exchange)."""
    if _STARTS_A_PROGRAM.search(text):
        raise active()
