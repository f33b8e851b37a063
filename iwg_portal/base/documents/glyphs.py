"""Which characters the documents' own font can draw: typst refuses an accessible PDF with any other."""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

FONT = Path(__file__).resolve().parent.parent / "fonts" / "NotoSans-Regular.ttf"
MISSING = "\ufffd"  # drawn in place of a letter, sign or picture that the font lacks


def visible(text: str) -> str:
    """Without controls, marks of direction and joiners: a title must not turn what is printed after it."""
    if text.isascii() and text.isprintable():
        return text
    unseen = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in unseen)


def drawable(text: str) -> str:
    """With a sign in place of each character for which the font has no shape."""
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
    """The code points for which the font has a shape: its table ``cmap``, format 4."""
    data = FONT.read_bytes()
    tables = struct.unpack(">H", data[4:6])[0]
    entries = [data[at : at + 16] for at in range(12, 12 + 16 * tables, 16)]
    cmap = next(struct.unpack(">L", entry[8:12])[0] for entry in entries if entry.startswith(b"cmap"))
    start = cmap + struct.unpack(">L", data[cmap + 8 : cmap + 12])[0]
    form, length = struct.unpack(">HH", data[start : start + 4])
    if form != 4:
        raise ValueError(f"a font whose cmap has the format {form}")
    words = struct.unpack(f">{length // 2}H", data[start : start + length // 2 * 2])
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
    return frozenset(found - {0xFFFF})
