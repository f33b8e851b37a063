"""Which signs of what people type a document or a workbook may hold: none that is unseen and turns or hides the others,
and none that XML does not know."""

from __future__ import annotations

import unicodedata

UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
JOINERS = "\u200c\u200d"  # they make one picture of several, and one shape of two letters
NO_CHARACTERS = "\ufffe\uffff"


def visible(text: str) -> str:
    """Without controls, marks of direction and joiners: a title must not turn what is printed after it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in UNSEEN)


def inert(text: str) -> str:
    """The same with its joiners, and without what XML cannot hold."""
    if text.isascii() and text.isprintable():
        return text
    kept = "\n\t" + JOINERS
    return "".join(c for c in text if c in kept or (c not in NO_CHARACTERS and unicodedata.category(c) not in UNSEEN))
