"""What is typed around a silence procedure: a comment, a position, when it ends."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from iwg_portal.base.uploads.detector import no_passenger_data
from meetings.enums import Stance
from meetings.queries.silence import DEFAULT_DAYS, DEFAULT_HOUR, HOURS, MOST_DAYS
from members.models import State

MOST = 20_000  # characters


class _Words(forms.CharField):
    def __init__(self, *, rows: int = 4, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(max_length=MOST, validators=[no_passenger_data], widget=widget, **kwargs)


class CommentForm(forms.Form):
    """``version`` is what she was reading, ``on`` the number of the paragraph there (empty: the whole)."""

    id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    version = forms.IntegerField(widget=forms.HiddenInput)
    on = forms.IntegerField(widget=forms.HiddenInput, required=False)
    text = _Words(label=_("Your comment"), error_messages={"required": _("Write your comment.")})


class PositionForm(forms.Form):
    """``state`` is asked for only where somebody is focal point of several."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    state = forms.ModelChoiceField(label=_("For which state"), queryset=State.objects.none())
    text = _Words(
        label=_("Reason or remark"),
        required=False,
        help_text=_("Whoever objects says to what, and how it could be mended."),
    )
    stance = forms.ChoiceField(choices=Stance.choices, error_messages={"required": _("Agree or object.")})
    field_order = ["version", "state", "text", "stance"]

    def __init__(self, *args: Any, states: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["state"]
        field.queryset = states
        found = list(states[:2])
        if len(found) == 1:
            field.widget = forms.HiddenInput()
            field.initial = found[0].pk
        self.fields["stance"].widget = forms.HiddenInput()  # two buttons carry it

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("stance") == Stance.OBJECT and not cleaned.get("text", "").strip() and "text" not in self.errors:
            self.add_error("text", _("Say what your state objects to, and how it could be mended."))
        return cleaned


class CirculateForm(forms.Form):
    """Until when. ``zones``: (name, words), the meeting's first."""

    days = forms.IntegerField(
        label=_("Working days"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=DEFAULT_DAYS,
        help_text=_("Monday to Friday, from tomorrow on; public holidays are not known here."),
    )
    hour = forms.TypedChoiceField(
        label=_("Hour"), coerce=int, choices=[(hour, f"{hour:02}:00") for hour in HOURS], initial=DEFAULT_HOUR
    )
    zone = forms.ChoiceField(label=_("By the clocks of"))

    def __init__(self, *args: Any, zones: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["zone"]
        field.choices = zones
        field.initial = zones[0][0]

    @property
    def chosen(self) -> tuple[int, int, ZoneInfo]:
        return self.cleaned_data["days"], self.cleaned_data["hour"], ZoneInfo(self.cleaned_data["zone"])
