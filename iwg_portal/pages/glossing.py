"""Mark the first use of each glossary term on a page, so that its definition shows on hover and focus."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from capabilities.queries.framework import Definition
from iwg_portal.base import marks

# Too common in this portal to be worth a mark in every sentence.
_PLAIN = frozenset({"API", "PNR", "RPCV"})


class Glosser:
    """One per page: remembers which terms have been explained already."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self.definitions = tuple(definitions)
        self.explained: set[str] = set()

    def __call__(self, text: str) -> SafeString:
        """``text`` escaped, with the terms in it that the page has not explained yet marked up."""
        out = []
        for piece, key in _split(self.definitions, text):
            if key is None or key in self.explained:
                out.append(escape(piece))
                continue
            self.explained.add(key)
            definition = _by_key(self.definitions)[key]
            out.append(marks.term(piece, definition.definition, f"term-{key}"))
        return mark_safe("".join(out))


@lru_cache(maxsize=8)
def _by_key(definitions: tuple[Definition, ...]) -> dict[str, Definition]:
    return {definition.key: definition for definition in definitions}


@lru_cache(maxsize=8)
def _pattern(definitions: tuple[Definition, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    keys: dict[str, str] = {}
    for definition in definitions:
        for words in (definition.term, definition.abbreviation):
            if words and words not in _PLAIN:
                keys.setdefault(words.casefold(), definition.key)
    alternatives = "|".join(re.escape(words) for words in sorted(keys, key=len, reverse=True))
    return re.compile(rf"(?<!\w)({alternatives or '(?!)'})(?!\w)", re.IGNORECASE), keys


@lru_cache(maxsize=4096)
def _split(definitions: tuple[Definition, ...], text: str) -> tuple[tuple[str, str | None], ...]:
    """The text in pieces: (piece, key of the term that it is, or None)."""
    pattern, keys = _pattern(definitions)
    pieces: list[tuple[str, str | None]] = []
    at = 0
    for match in pattern.finditer(text):
        found = match.group(0)
        # An abbreviation counts only as it is written: "fal" in a word is not "FAL".
        if len(found) <= 5 and not found.isupper() and found.casefold() not in {"iapi", "dpo"}:
            continue
        pieces += [(text[at : match.start()], None), (found, keys[found.casefold()])]
        at = match.end()
    return (*pieces, (text[at:], None))
