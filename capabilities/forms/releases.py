"""What a state releases: a table of areas by uses, as one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capabilities.models import HEADLINE
from capabilities.queries.releases import Released, Uses
from members.enums import Audience

STATUS = "status"  # what the headline is called in the names of its fields


@dataclass(frozen=True)
class Row:
    """One line of the table. ``in_average`` is None for the headline status, which has no average."""

    code: str
    title: str
    audience: forms.BoundField
    in_average: forms.BoundField | None
    named: forms.BoundField


class ReleaseForm(forms.Form):
    """Fields ``<code>-audience``, ``<code>-average``, ``<code>-named`` for the headline status and each area."""

    def __init__(
        self,
        *args: Any,
        areas: Sequence[tuple[str, str]],
        audiences: Sequence[tuple[str, str]],
        given: Released,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.areas = [(HEADLINE, _("API and PNR status")), *areas]
        for code, title in self.areas:
            uses, name = given.of(code), code or STATUS
            label = {"title": title}
            self.fields[f"{name}-audience"] = forms.ChoiceField(
                label=_("%(title)s: who reads it") % label,
                choices=audiences,
                initial=uses.audience,
                error_messages={"required": gettext_lazy("Say who may read this.")},
            )
            if code != HEADLINE:
                self.fields[f"{name}-average"] = forms.BooleanField(
                    label=_("%(title)s: counts in the regional median") % label, required=False, initial=uses.in_average
                )
            self.fields[f"{name}-named"] = forms.BooleanField(
                label=_("%(title)s: may be named in the summary") % label, required=False, initial=uses.named
            )

    @property
    def rows(self) -> list[Row]:
        return [
            Row(
                code,
                title,
                self[f"{code or STATUS}-audience"],
                self[f"{code}-average"] if code != HEADLINE else None,
                self[f"{code or STATUS}-named"],
            )
            for code, title in self.areas
        ]

    @property
    def uses(self) -> dict[str, Uses]:
        """What was chosen, by area code. The form is valid."""
        return {
            code: Uses(
                Audience(self.cleaned_data[f"{code or STATUS}-audience"]),
                self.cleaned_data.get(f"{code}-average", code == HEADLINE),
                self.cleaned_data[f"{code or STATUS}-named"],
            )
            for code, _title in self.areas
        }
