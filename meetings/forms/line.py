"""One line of text, as titles and names are: the same rule wherever one is typed."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms

from iwg_portal.base.uploads.detector import no_passenger_data

# Marks that turn the direction of the text after them: a title must not turn what stands beside it.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Line(forms.CharField):
    """Spaces for line breaks and tabs, no controls, no marks that turn the direction of writing, no passenger data."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[no_passenger_data], **kwargs)

    def to_python(self, value: Any) -> str:
        typed = unicodedata.normalize("NFC", "" if value is None else str(value))
        kept = "".join(" " if c.isspace() else c for c in typed if c not in _TURNING and not _is_control(c))
        return super().to_python(" ".join(kept.split())) or ""


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and not character.isspace()
