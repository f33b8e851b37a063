"""A block of a record as a browser sends it. Only its words can be wrong; for all else there is a place (see
``meetings.actions.blocks``)."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from iwg_portal.base.uploads.detector import no_passenger_data
from meetings.enums import BlockKind
from meetings.queries.merging import MOST_CHARACTERS

DOING = ("save", "remove", "up", "down", "place", "bring_back")
_CHIP = re.compile(r"each|due|(?:state|organisation):\d{1,9}")


class WordsField(forms.CharField):
    """As typed: nothing is cut off at its ends, lines end in one way, and what PostgreSQL cannot hold goes."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


class BlockForm(forms.Form):
    block = forms.UUIDField()
    client_id = forms.UUIDField()
    base = forms.IntegerField(min_value=0, max_value=2_000_000_000)
    item = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    kind = forms.ChoiceField(choices=BlockKind.choices, required=False)
    after = forms.UUIDField(required=False)
    do = forms.ChoiceField(choices=[(word, word) for word in DOING], required=False)
    number = forms.IntegerField(required=False, min_value=1, max_value=2_000_000_000)
    lift = forms.BooleanField(required=False)
    revive = forms.BooleanField(required=False)
    parked = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    said_by = forms.CharField(required=False, max_length=200)
    text = WordsField(
        label=gettext_lazy("Text"),
        required=False,
        strip=False,
        max_length=MOST_CHARACTERS,
        validators=[no_passenger_data],
        error_messages={
            "max_length": gettext_lazy(
                "This block has %(show_value)d characters; a block holds %(limit_value)d. Split it: nothing was lost."
            )
        },
    )

    @property
    def dropped(self) -> tuple[str, ...]:
        """The chips that were taken away."""
        return tuple(word for word in self.data.getlist("drop") if _CHIP.fullmatch(word))

    @property
    def is_about_words(self) -> bool:
        """What is wrong is in the text, and she can mend it."""
        return set(self.errors) == {"text"}
