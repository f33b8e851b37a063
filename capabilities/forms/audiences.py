"""Who reads one record: one choice, each with how many people it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy


class AudienceForm(forms.Form):
    audience = forms.ChoiceField(
        label=gettext_lazy("Who reads this"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say who may read this.")},
    )

    def __init__(self, *args: Any, audiences: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = audiences
