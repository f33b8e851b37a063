"""Who leads a group; whose turn it is to chair or to host."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meetings.access.groups import eligible_people
from meetings.enums import GroupKind, Theme, TurnKind
from meetings.forms.line import Line
from meetings.forms.meetings import FIRST_DAY, LAST_DAY
from meetings.models import Group
from members.access import visible_member_states, visible_organisations, visible_states
from members.access.viewer import Viewer
from members.forms.joining import DayField
from members.models import Organisation, Person, State


class GroupForm(forms.Form):
    """A body that meets, with its name in the three languages."""

    name_en = Line(label=gettext_lazy("Name in English"), max_length=120)
    name_fr = Line(label=gettext_lazy("Name in French"), max_length=120)
    name_pt = Line(label=gettext_lazy("Name in Portuguese"), max_length=120)
    key = forms.SlugField(
        label=gettext_lazy("Short word for addresses"),
        max_length=20,
        help_text=gettext_lazy("Letters, digits and hyphens, such as legal; it cannot be changed later."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=GroupKind.choices)
    theme = forms.ChoiceField(
        label=gettext_lazy("Theme"), required=False, choices=[("", gettext_lazy("none")), *Theme.choices]
    )
    ended_on = DayField(label=gettext_lazy("Ended on"), required=False)

    def __init__(self, *args: Any, group: Group | None = None, **kwargs: Any) -> None:
        names = ("name_en", "name_fr", "name_pt", "kind", "theme", "ended_on")
        initial = {name: getattr(group, name) for name in names} if group else {}
        super().__init__(*args, initial=initial, **kwargs)
        del self.fields["key" if group else "ended_on"]

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"].lower()
        if key == "new":  # the address of the form itself
            raise ValidationError(_("Choose another word."))
        return key

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == GroupKind.SUB_GROUP and not cleaned.get("theme"):
            self.add_error("theme", _("A sub-group works on a theme: choose one."))
        day = cleaned.get("ended_on")
        if day and not FIRST_DAY <= day < LAST_DAY:
            self.add_error("ended_on", _("This day lies too far away."))
        return cleaned


class DatedForm(forms.Form):
    """``values()`` has ``ends_on``, the first day on which it no longer holds."""

    starts_on = DayField(label=gettext_lazy("First day"))
    last_day = DayField(label=gettext_lazy("Last day"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("starts_on"), cleaned.get("last_day")
        for name, day in (("starts_on", first), ("last_day", last)):
            if day and not FIRST_DAY <= day < LAST_DAY:
                self.add_error(name, _("This day lies too far away."))
        if first and last and last < first:
            self.add_error("last_day", _("The last day must not be before the first day."))
        return cleaned

    def values(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        last = given.pop("last_day")
        return {**given, "ends_on": last + dt.timedelta(days=1) if last else None}


class CoChairForm(DatedForm):
    state = forms.ModelChoiceField(
        label=gettext_lazy("State"), queryset=State.objects.none(), required=False, empty_label=gettext_lazy("none")
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation"), queryset=Organisation.objects.none(), required=False,
        empty_label=gettext_lazy("none"),
    )  # fmt: skip
    person = forms.ModelChoiceField(
        label=gettext_lazy("Person who acts for it"), queryset=Person.objects.none(), required=False,
        empty_label=gettext_lazy("not named"),
        help_text=gettext_lazy("Somebody who holds an office of it. Her name is shown to member states only."),
    )  # fmt: skip
    field_order = ["state", "organisation", "person", "starts_on", "last_day"]

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].queryset = visible_states(viewer).order_by("sort_name", "alpha2")
        self.fields["organisation"].queryset = visible_organisations(viewer)
        self.fields["person"].queryset = eligible_people(viewer, timezone.localdate())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if bool(cleaned.get("state")) == bool(cleaned.get("organisation")):
            self.add_error("state", _("Choose a state or an organisation, not both."))
        return cleaned


class LastDayForm(forms.Form):
    last_day = DayField(label=gettext_lazy("Last day"))


class TurnForm(DatedForm):
    kind = forms.ChoiceField(label=gettext_lazy("Turn as"), choices=TurnKind.choices)
    state = forms.ModelChoiceField(
        label=gettext_lazy("State"),
        queryset=State.objects.none(),
        empty_label=gettext_lazy("choose"),
        error_messages={"required": gettext_lazy("Choose the state.")},
    )
    note = Line(label=gettext_lazy("Note"), max_length=300, required=False)
    field_order = ["kind", "state", "starts_on", "last_day", "note"]

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].queryset = visible_member_states(viewer)
        self.fields["last_day"].required = True
