"""File names: what a person may be shown and what may stand in a header. A name never becomes a path on our disk."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

MAX_NAME = 120
_RESERVED = re.compile(r'[<>:"|?*]')
# Names that Windows gives to devices, whatever their ending.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def safe_name(given: str) -> str:
    """The name without folders, controls, marks that turn the direction of writing, or what a file system refuses; at
    most 120 characters, its ending kept. Empty names become ``file``."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    plain = "".join(
        " " if c.isspace() else c for c in last if c.isspace() or unicodedata.category(c)[0] != "C"
    )  # C: controls, formats (bidirectional marks, zero width), surrogates, private and unassigned
    plain = " ".join(_RESERVED.sub("_", plain).split()).strip(". ")
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        stem, ending = plain, ""
    stem, ending = stem.strip(". "), ending.strip()
    if len(ending) > 10:  # no ending that we know is longer
        stem, dot, ending = plain, "", ""
    stem = stem[: MAX_NAME - len(dot) - len(ending)].rstrip(". ") or "file"
    if _DEVICES.fullmatch(stem):
        stem = f"_{stem}"
    return f"{stem}{dot}{ending}"


def disposition(name: str) -> str:
    """The value of ``Content-Disposition`` for a download: a name in ASCII, and the true one (RFC 6266, RFC 8187)."""
    folded = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in folded if " " <= c <= "~" and c not in '"\\%;')
    if not plain.rpartition(".")[0].strip():
        plain = f"file{name[name.rfind('.') :]}" if "." in name and name.isascii() else f"file{_ending(name)}"
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


def _ending(name: str) -> str:
    ending = name.rpartition(".")[2]
    return f".{ending}" if "." in name and ending.isascii() and ending.isalnum() else ""
