"""An answer to an invitation; a nomination."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meetings.enums import Answer
from members.models import Organisation, State, Term


class AnswerForm(forms.Form):
    """``place``: for whom she takes part, asked only where she could for several. ``values()`` fit the action."""

    place = forms.ChoiceField(
        label=_("For which delegation"), required=False, error_messages={"invalid_choice": _("Choose your delegation.")}
    )
    answer = forms.ChoiceField(
        choices=Answer.choices,
        widget=forms.HiddenInput,  # three buttons carry it
        error_messages={"required": _("Choose an answer."), "invalid_choice": _("Choose an answer.")},
    )

    def __init__(self, *args: Any, states: Any, organisations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places: dict[str, State | Organisation] = {f"s{state.pk}": state for state in states}
        self.places |= {f"o{place.pk}": place for place in organisations}
        if len(self.places) > 1:
            self.fields["place"].choices = [(key, place.name) for key, place in self.places.items()]  # type: ignore[attr-defined]
            self.fields["place"].required = True
        else:
            del self.fields["place"]

    def values(self) -> dict[str, Any]:
        key = self.cleaned_data.get("place") or next(iter(self.places), "")
        place = self.places.get(key)
        return {
            "answer": self.cleaned_data["answer"],
            "state": place if isinstance(place, State) else None,
            "organisation": place if isinstance(place, Organisation) else None,
        }


class NominateForm(forms.Form):
    """``term``: the office of whom she nominates."""

    term = forms.ModelChoiceField(
        queryset=Term.objects.none(),
        error_messages={
            "required": _("Choose a person of your delegation."),
            "invalid_choice": _("Choose a person of your delegation."),
        },
    )

    def __init__(self, *args: Any, terms: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["term"]
        field.queryset = terms
