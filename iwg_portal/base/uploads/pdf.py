"""PDF, read by hand and within bounds: what could run, load or carry files is refused; its text goes to the detector.

Looked at: every byte for the long names of actions (also written with #-escapes), and every stream that zlib can
unpack (object streams must be such), up to ``MAX_UNPACKED`` bytes and ``MAX_SECONDS`` of this thread's work; a document
whose *objects* cannot be looked at within these bounds is refused. Not looked at: pictures, and text in fonts without
a character map. A reader's own window stays the last defence: files are only ever downloaded, with a sandbox policy.
"""

from __future__ import annotations

import re
import time
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from django.utils.translation import gettext as _

from iwg_portal.base.uploads import problems
from iwg_portal.base.uploads.problems import Refused

MAX_STREAMS = 20_000
MAX_STREAM = 8 * 1024 * 1024  # unpacked
MAX_UNPACKED = 64 * 1024 * 1024
MAX_SECONDS = 4.0
MAX_BEHIND = 1024  # bytes after the last end mark

_STREAM = re.compile(rb"stream(?:\r\n|\n|\r)")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_PACKED_OBJECTS = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]*\]|/\w+|\d+\s+\d+\s+R)?")
_FLATE = re.compile(rb"\[?\s*/(?:FlateDecode|Fl)\s*\]?")


def _name(word: bytes) -> bytes:
    """A pattern of the name with any of its letters escaped."""
    return b"/" + b"".join(rb"(?:%c|#%02x|#%02X)" % (c, c, c) for c in word) + rb"(?![A-Za-z0-9#])"


_ACTS = re.compile(b"|".join(map(_name, (b"JavaScript", b"Launch", b"RichMedia", b"ImportData", b"SubmitForm"))))
_CARRIES = re.compile(b"|".join(map(_name, (b"EmbeddedFile", b"EmbeddedFiles", b"FileAttachment", b"GoToE"))))
_ENCRYPTS = re.compile(_name(b"Encrypt"))
# Too short to be looked for in compressed bytes, where they stand by chance.
_ACTS_SHORT = re.compile(b"|".join(map(_name, (b"JS", b"XFA"))))


def check(content: bytes) -> list[bytes]:
    """The unpacked streams of a harmless document (for its text). Errors: Refused."""
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise problems.damaged()
    if len(content) - end > MAX_BEHIND or zipfile.is_zipfile(BytesIO(content)):
        raise problems.disguised("pdf")  # a second file hangs behind
    _refuse(content)
    if _ENCRYPTS.search(content):
        raise problems.protected()
    return list(_unpacked(content))


def _refuse(objects: bytes) -> None:
    if _ACTS.search(objects):
        raise problems.active()
    if _CARRIES.search(objects):
        raise problems.nested()


def _unpacked(content: bytes) -> Iterator[bytes]:
    """Each stream, unpacked. Wherever the word ``stream`` stands one is tried, so that no false length or end hides
    one. Objects in streams are checked; those that cannot be are refused."""
    deadline = time.thread_time() + MAX_SECONDS
    total, before = 0, 0
    for count, mark in enumerate(_STREAM.finditer(content)):
        head = _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), content[max(before, mark.start() - 4096) : mark.start()])
        before = mark.end()
        if _ACTS_SHORT.search(head):
            raise problems.active()
        head = head[head.rfind(b" obj") :] if b" obj" in head else head
        holds_objects = bool(_PACKED_OBJECTS.search(head))
        if count >= MAX_STREAMS or total > MAX_UNPACKED or time.thread_time() > deadline:
            if holds_objects:
                raise _unusual()
            continue
        if holds_objects and not _is_plain(head):
            raise _unusual()
        found, end = _inflate(content, mark.end())
        complete = end > 0
        # Short names stand in compressed bytes by chance: the next head begins where these end.
        before = max(before, end)
        total += len(found)
        if holds_objects:
            if b"/Filter" in head and not complete:
                raise _unusual()
            _refuse(found)
            if _ACTS_SHORT.search(found):
                raise problems.active()
        elif found:
            yield found
        elif b"/Filter" not in head:
            yield content[mark.end() : min(content.find(b"endstream", mark.end()), mark.end() + MAX_STREAM)]


def _is_plain(head: bytes) -> bool:
    """Packed with zlib or not at all, and nothing else."""
    if b"/DecodeParms" in head or b"/DP" in head or b"/F " in head:
        return False
    filters = _FILTER.findall(head)
    return not filters or (len(filters) == 1 and bool(_FLATE.fullmatch(filters[0].strip())))


def _inflate(content: bytes, start: int) -> tuple[bytes, int]:
    """(bytes, where the data end or 0): at most ``MAX_STREAM`` bytes of the zlib stream that begins there; 0 where it
    is longer, broken off, or none."""
    machine = zlib.decompressobj()
    try:
        found = machine.decompress(memoryview(content)[start:], MAX_STREAM)
    except zlib.error:
        return b"", 0
    return found, len(content) - len(machine.unused_data) if machine.eof else 0


def _unusual() -> Refused:
    return Refused(
        "unusual", _("The PDF is built in an unusual way and cannot be checked; print it to a new PDF and choose that.")
    )


# -- Text ----------------------------------------------------------------------------------------------------------

_SHOWN = re.compile(
    rb"\((?P<plain>(?:\\.|[^\\()])*)\)|<(?P<hex>[0-9A-Fa-f\s]*)>|(?P<move>-?[\d.]+)\s+(?P<down>-?[\d.]+)\s+T[dD]\b"
    rb"|(?P<gap>-\d{3,})|(?P<line>\bT[*m]|\bET\b|[)\]>]\s*['\"])",
    re.DOTALL,
)
_BACKSLASH = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_MAP_SECTION = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
_HEX = re.compile(rb"<([0-9A-Fa-f]+)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
MAX_MAPS = 8
_LETTERS = {b"n": b"\n", b"r": b"\n", b"t": b"\t", b"b": b"", b"f": b""}


def text_of(streams: list[bytes], limit: int) -> str:
    """The text that the streams show, at most ``limit`` characters: as it stands, and once more for each character
    map (ToUnicode) of the document, because only its font says which map belongs to which text."""
    maps = [found for found in map(_character_map, streams) if found][:MAX_MAPS]
    deadline = time.thread_time() + MAX_SECONDS
    shown, size = [], 0
    for stream in streams:
        if b"BT" not in stream or size > limit:
            continue
        if time.thread_time() > deadline:
            break
        for known in (None, *maps):
            text = _shown(stream, known)
            shown.append(text)
            size += len(text)
    return "\n".join(shown)[:limit]


def _shown(stream: bytes, known: dict[int, str] | None) -> str:
    parts = []
    for found in _SHOWN.finditer(stream):
        if found["plain"] is not None:
            parts.append(_letters(_BACKSLASH.sub(_unescaped, found["plain"]), known))
        elif found["hex"] is not None:
            digits = re.sub(rb"\s", b"", found["hex"])
            parts.append(_letters(bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()), known))
        elif found["gap"] is not None:
            parts.append(" " if int(found["gap"]) < -200 else "")
        elif found["down"] is None or found["down"].strip(b"-0.") != b"":
            parts.append("\n")
        else:
            parts.append(" ")
    return "".join(parts)


def _unescaped(found: re.Match[bytes]) -> bytes:
    value = found[1]
    if value[:1] in b"01234567":  # of other digits the backslash means nothing
        return bytes([int(value, 8) & 255])
    return _LETTERS.get(value, b"" if value in (b"\n", b"\r\n", b"\r") else value)


def _letters(codes: bytes, known: dict[int, str] | None) -> str:
    if known is None:
        return codes.decode("cp1252", "replace")
    width = 2 if max(known) > 255 or b"\0" in codes[:1] else 1
    numbers = (int.from_bytes(codes[at : at + width], "big") for at in range(0, len(codes), width))
    return "".join(known.get(number, "") for number in numbers)


def _character_map(stream: bytes) -> dict[int, str]:
    """Code → letters, of a ToUnicode map; empty for any other stream."""
    if b"beginbf" not in stream:
        return {}
    known: dict[int, str] = {}
    for kind, body in _MAP_SECTION.findall(stream):
        if kind == b"bfchar":
            codes = _HEX.findall(body)
            known |= {int(a, 16): _utf16(b) for a, b in zip(codes[::2], codes[1::2], strict=False)}
        else:
            for low, high, target in _RANGE.findall(body):
                first, last, base = int(low, 16), int(high, 16), int(target, 16)
                for code in range(first, min(last, first + 65535) + 1):
                    if base + code - first < 0x110000:
                        known[code] = chr(base + code - first)
    return {code: text for code, text in known.items() if code <= 0xFFFF}


def _utf16(digits: bytes) -> str:
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()).decode("utf-16-be", "ignore")
