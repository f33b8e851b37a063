"""Which characters the documents' own fonts can draw: typst refuses an accessible PDF with any other."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent / "fonts"
FONTS = [HERE / f"{name}-Regular.ttf" for name in ("NotoSans", "NotoSansArabic", "NotoEmoji")]
MISSING = "\ufffd"  # drawn in place of a letter, sign or picture that the fonts lack


def drawable(text: str) -> str:
    """With a sign in place of each character for which no font has a shape."""
    known = characters()
    return "".join(c if c in "\n\t" or ord(c) in known else MISSING for c in text)


def in_texts(value: Any, change: Callable[[str], str]) -> Any:
    """``change`` made in a text, and in every text of a list or mapping (not in its keys)."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: in_texts(part, change) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [in_texts(part, change) for part in value]
    return value


@cache
def characters() -> frozenset[int]:
    """The code points for which one of the fonts has a shape."""
    return frozenset().union(*(_shapes(font.read_bytes()) for font in FONTS))


def _shapes(data: bytes) -> set[int]:
    """Of one font: its table ``cmap``, in the formats 4 and 12."""
    tables = struct.unpack(">H", data[4:6])[0]
    entries = [data[at : at + 16] for at in range(12, 12 + 16 * tables, 16)]
    cmap = next(struct.unpack(">L", entry[8:12])[0] for entry in entries if entry.startswith(b"cmap"))
    found: set[int] = set()
    for number in range(struct.unpack(">H", data[cmap + 2 : cmap + 4])[0]):
        start = cmap + struct.unpack(">L", data[cmap + 8 + 8 * number : cmap + 12 + 8 * number])[0]
        form, length = struct.unpack(">HH", data[start : start + 4])
        if form == 4:
            found |= _segments(struct.unpack(f">{length // 2}H", data[start : start + length // 2 * 2]))
        elif form == 12:
            groups = struct.unpack(">L", data[start + 12 : start + 16])[0]
            numbers = struct.unpack(f">{3 * groups}L", data[start + 16 : start + 16 + 12 * groups])
            for first, last, glyph in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
                found.update(range(first + (glyph == 0), last + 1))
    if not found:
        raise ValueError("a font whose cmap has neither format 4 nor 12")
    return found


def _segments(words: tuple[int, ...]) -> set[int]:
    """Of a table in format 4."""
    segments = words[3] // 2
    ends, starts = words[7 : 7 + segments], words[8 + segments : 8 + 2 * segments]
    shifts, offsets = words[8 + 2 * segments : 8 + 3 * segments], words[8 + 3 * segments : 8 + 4 * segments]
    found = set()
    for number, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, last + 1):
            if offsets[number] == 0:
                glyph = code + shifts[number] & 0xFFFF
            else:
                place = 8 + 3 * segments + number + offsets[number] // 2 + code - first
                glyph = words[place] if place < len(words) else 0
            if glyph:
                found.add(code)
    return found - {0xFFFF}
