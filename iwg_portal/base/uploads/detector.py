"""Passenger data do not belong in the portal: this finds the shapes in which they travel, in files and typed text.

- ``mrz``: lines of a machine-readable zone (ICAO Doc 9303: TD1, TD2, TD3, MRV-A, MRV-B), by their check digits, also
  with spaces and line breaks inside; lines of names by their form.
- ``edifact``: an interchange (``UNB``) or a message ``PAXLST``, ``PNRGOV`` or ``CUSRES``, with or without ``UNA``.
- ``documents``: five or more different numbers of the form of a passport number, one after the other or in a column.
- ``pnr``: a passenger name record as reservation systems print it, or five rows with name and record locator.

It is a net under honest mistakes, not a wall: names in plain sentences, pictures and scans pass. What it finds is
never repeated, stored or logged; only the word above is.
"""

from __future__ import annotations

import logging
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from iwg_portal.base.uploads.problems import PASSENGER_DATA

MAX_TEXT = 12_000_000  # characters; a text of a file is cut to less before (see ``texts``)
MAX_SECONDS = 5.0  # of this thread's work
RUN = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Detection:
    """What was found, by name only."""

    name: str

    @property
    def sentence(self) -> str:
        """Why the text or file is refused, in the reader's language."""
        return (
            {
                "mrz": _("It holds lines of the machine-readable zone of a travel document."),
                "edifact": _("It holds a message with passenger data (such as PAXLST or PNRGOV)."),
                "documents": _("It holds a list of numbers that look like those of travel documents."),
                "pnr": _("It holds what looks like passenger name records."),
            }[self.name]
            + " "
            + _("Passenger data do not belong here: nothing was kept. Remove them and try again.")
        )


def find(text: str) -> Detection | None:
    """The first kind of passenger data in the text, None where there is none. Time and size are bounded."""
    if len(text) < 12:
        return None
    text = unicodedata.normalize("NFKC", text[:MAX_TEXT]) if not text.isascii() else text[:MAX_TEXT]
    deadline = time.thread_time() + MAX_SECONDS
    for name, look in _DETECTORS.items():
        if look(text):
            return Detection(name)
        if time.thread_time() > deadline:
            logger.warning("The passenger-data detector stopped at its limit of time.")
            break
    return None


def no_passenger_data(value: str) -> None:
    """A validator for fields of forms. Errors: ValidationError with code ``passenger_data``."""
    found = find(value)
    if found:
        raise ValidationError(found.sentence, PASSENGER_DATA, {"detector": found.name})


def detectors_in(errors: dict[str, list[ValidationError]]) -> set[str]:
    """The names of the detectors behind a form's errors (``form.errors.as_data()``): all that may be noted of them."""
    return {
        str((error.params or {}).get("detector", ""))
        for problems in errors.values()
        for error in problems
        if error.code == PASSENGER_DATA
    }


# -- Machine-readable zones ----------------------------------------------------------------------------------------

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
# Sex between two dates with their check digits: in the middle of every second line.
_SEX = re.compile(r"(?<=[0-9]{7})[MFX<](?=[0-9]{7})")
# Two-line forms: number, check, nationality before; TD1: nothing before, nationality and the rest behind.
_BEFORE = re.compile(r"[A-Z0-9<]{9}[0-9](?:[A-Z]{3}|[A-Z]{1,2}<{1,2})")
_BEHIND = re.compile(r"(?:[A-Z]{3}|[A-Z]{1,2}<{1,2})[A-Z0-9<]{11}[0-9]")
_FIRST_LINE = re.compile(r"[PVACI][A-Z<](?:[A-Z]{3}|[A-Z]<<)[A-Z]+(?:<[A-Z]+)*<<[A-Z<]*")
_NAME_LINE = re.compile(r"[A-Z]+(?:<[A-Z]+)*<<[A-Z]+(?:<[A-Z]+)*<+")
_FIELDS = re.compile(r"[\r\n\v\f\t;,|\"'\u2028\u2029]+")
MAX_LINE = 200  # a line of names with spaces between its letters has half of that
_VALUES = {c: n for n, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
_WEIGHTS = (7, 3, 1)


def check_digit(text: str) -> int:
    """ICAO Doc 9303 part 3, 4.9: weights 7, 3, 1 modulo 10; letters count from 10, the filler is 0."""
    return sum(_VALUES[c] * _WEIGHTS[place % 3] for place, c in enumerate(text)) % 10


def _mrz(text: str) -> bool:
    text = text.replace("‹", "<").replace("«", "<<")
    squeezed = _squeezed(text).upper()
    if any(_is_second_line(squeezed, found.start()) for found in _SEX.finditer(squeezed)):
        return True
    if "<" not in squeezed:
        return False
    fields = _FIELDS.split(text)
    return any(_is_name_line(field) for field in fields if "<" in field and len(field) <= MAX_LINE)


def _squeezed(text: str) -> str:
    plain = "".join(text.split())
    return plain if plain.isascii() else plain.translate(_UNSEEN)


def _is_second_line(text: str, sex: int) -> bool:
    birth, expiry = text[sex - 7 : sex], text[sex + 1 : sex + 8]
    if not (_is_date(birth) and _is_date(expiry)):
        return False
    before = text[max(0, sex - 20) : sex - 7]
    if len(before) == 13 and _BEFORE.fullmatch(before) and _checks(before[:9], before[9]):
        return True
    return bool(_BEHIND.fullmatch(text[sex + 8 : sex + 23]))


def _is_date(text: str) -> bool:
    """YYMMDD and its check digit."""
    month, day = int(text[2:4]), int(text[4:6])
    return 1 <= month <= 12 and 1 <= day <= 31 and _checks(text[:6], text[6])


def _checks(field: str, digit: str) -> bool:
    return digit != "<" and check_digit(field) == _VALUES[digit]


def _is_name_line(line: str) -> bool:
    plain = _squeezed(line)
    if len(plain) in (36, 44) and _FIRST_LINE.fullmatch(plain):
        return True
    return len(plain) == 30 and bool(_NAME_LINE.fullmatch(plain))


# -- EDIFACT -------------------------------------------------------------------------------------------------------

_SERVICE = re.compile(r"\bUNA([^\w\s])([^\w\s])[^\w][^\w][^\w]([^\w\s])")
_XML = re.compile(r"<(?:\w+:)?IATA_(?:PNRGOV|PADIS)\w*|<(?:\w+:)?(?:PAXLST|PNRGOV)[\s>]")


def _edifact(text: str) -> bool:
    if not any(word in text for word in ("UNB", "UNH", "PAXLST", "PNRGOV", "PADIS")):
        return False
    marks = {(":", "+")} | {(found[1], found[2]) for found in _SERVICE.finditer(text[:200_000])}
    for component, element in sorted(marks)[:8]:
        part, end = re.escape(component), re.escape(element)
        begins = rf"\bUNB\s*{end}\s*(?:UNO[A-Z]|IATA|IATB|KECA)\s*{part}\s*[0-9]"
        message = rf"\bUNH\s*{end}\s*[^{end}\n]{{1,20}}{end}\s*(?:PAXLST|PNRGOV|CUSRES)\s*{part}"
        if re.search(begins, text) or re.search(message, text):
            return True
    return bool(_XML.search(text))


# -- Runs of numbers of travel documents ---------------------------------------------------------------------------

_NUMBER = r"(?:[A-Z]{1,2}[ ]?[0-9]{6,8}|[0-9]{2}[A-Z]{2}[0-9]{5})"
_NUMBERS = re.compile(rf"(?<![A-Za-z0-9/.\-_]){_NUMBER}(?![A-Za-z0-9/\-_]|\.[0-9])")
_BETWEEN = re.compile(r"[\s,;|\t\"'.)(–-]*(?:\b(?:and|et|e|ou|or)\b)?[\s,;|\t\"']*")


def _documents(text: str) -> bool:
    if not _enough(_NUMBERS, text):
        return False
    return _one_after_the_other(text) or _in_lines(text, _number_in)


def _enough(pattern: re.Pattern[str], text: str) -> bool:
    """Five different ones anywhere; nearly every text has fewer, and is not gone through line by line."""
    seen: set[str] = set()
    for found in pattern.finditer(text):
        seen.add(found[0])
        if len(seen) >= RUN:
            return True
    return False


def _one_after_the_other(text: str) -> bool:
    run: set[str] = set()
    end = -1
    for found in _NUMBERS.finditer(text):
        gap = text[end : found.start()]
        if end < 0 or len(gap) > 12 or not _BETWEEN.fullmatch(gap):
            run = set()
        run.add(found[0].replace(" ", ""))
        end = found.end()
        if len(run) >= RUN:
            return True
    return False


def _in_lines(text: str, of: Callable[[str], str | None]) -> bool:
    """Five lines in a row, empty ones aside, that each hold another value."""
    run: set[str] = set()
    for line in _lines(text):
        value = of(line)
        if value is None:
            run = set()
            continue
        run.add(value)
        if len(run) >= RUN:
            return True
    return False


def _lines(text: str) -> Iterator[str]:
    return (line for line in re.split(r"[\r\n\v\f\u2028\u2029]+", text) if line.strip(" \t,;|\"'"))


def _number_in(line: str) -> str | None:
    found = _NUMBERS.search(line[:5_000])
    return found[0] if found else None


# -- Passenger name records ----------------------------------------------------------------------------------------

_DAY = r"[0-3]?[0-9](?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
_SEGMENT = re.compile(
    rf"\b[A-Z0-9]{{2}}\s?[0-9]{{1,4}}\s?[A-Z]?\s{{0,2}}{_DAY}(?:[0-9]{{2}})?\s{{0,2}}[1-7]?\s{{0,2}}\*?[A-Z]{{6}}"
    r"\s?(?:HK|KK|KL|HL|TK|RR|SS|UN|UC|HX|NN)\s?[0-9]"
)
_PASSENGER = re.compile(
    r"(?:\b|[0-9]\.[0-9]?)[A-Z][A-Z' -]{1,30}/[A-Z][A-Z ]{1,30}?\s?(?:MR|MRS|MS|MISS|MSTR|CHD|INF|DR)\b"
)
_SPECIAL = re.compile(
    r"\b(?:SSR\s{0,2})?DOC[SOA]\s{0,2}[A-Z0-9]{2}\s{0,2}HK\s?[0-9]"
    rf"|\b[PIACV]/[A-Z]{{3}}/[A-Z0-9]{{5,15}}/[A-Z]{{3}}/{_DAY}[0-9]{{2}}/[MFU]I?/"
)
_NAME = re.compile(r"\b[A-Z]{2,30}/[A-Z]{2,30}\b")
_LOCATOR = re.compile(r"(?<![A-Z0-9/])(?=[A-Z0-9]{0,5}[0-9])(?=[A-Z0-9]{0,5}[A-Z])[A-Z0-9]{6}(?![A-Z0-9/])")


def _pnr(text: str) -> bool:
    if _SPECIAL.search(text):
        return True
    if "/" not in text:
        return False
    if _PASSENGER.search(text) and _SEGMENT.search(text):
        return True
    return _enough(_NAME, text) and _in_lines(text, _record_in)


def _record_in(line: str) -> str | None:
    if "/" not in line:
        return None
    name = _NAME.search(line[:5_000])
    return name[0] if name and _LOCATOR.search(line[:5_000]) else None


_DETECTORS: dict[str, Callable[[str], bool]] = {
    "mrz": _mrz,
    "edifact": _edifact,
    "documents": _documents,
    "pnr": _pnr,
}
