"""What somebody decides about a token with which a program reads data for her."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, ngettext

from members.access import Viewer, ceilings_to_choose
from members.enums import Audience, Dataset
from members.models import TOKEN_LIFE

LIVES = (7, 30, TOKEN_LIFE.days)  # days


class DataTokenForm(forms.Form):
    label = forms.CharField(
        label=gettext_lazy("Name of the token"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("For yourself: which program will use it, and where."),
    )
    datasets = forms.MultipleChoiceField(
        label=gettext_lazy("What it reads"),
        choices=Dataset.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one kind of data.")},
    )
    ceiling = forms.ChoiceField(label=gettext_lazy("How far it reaches"), widget=forms.RadioSelect)
    days = forms.TypedChoiceField(label=gettext_lazy("How long it works"), coerce=int, initial=30)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = ceilings_to_choose(viewer)
        words = {
            Audience.GROUP: gettext_lazy("What the whole group reads"),
            Audience.MEMBERS: gettext_lazy("Also what the member states alone read"),
        }
        self.fields["ceiling"].choices = [(audience.value, words[audience]) for audience in offered]
        self.fields["ceiling"].initial = offered[0].value if offered else None
        self.fields["days"].choices = [(n, ngettext("%(n)d day", "%(n)d days", n) % {"n": n}) for n in LIVES]
