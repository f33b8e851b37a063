"""A person is proposed; a proposal is declined."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members import access
from members.access import Viewer
from members.enums import ORGANISATION_ROLES, STATE_ROLES, Language, Role
from members.models import Organisation, State


class DayInput(forms.DateInput):
    """The browser's own date picker, which wants ISO; what somebody typed otherwise is shown as typed."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    widget = DayInput
    default_error_messages = {
        "invalid": gettext_lazy("This is not a date. Write it like 2025-12-31 or 31/12/2025."),
        "required": gettext_lazy("Give the day."),
    }


class ProposeForm(forms.Form):
    """The choices are what this viewer may propose. ``values()`` fit ``actions.propose``."""

    full_name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        help_text=gettext_lazy("Her own address at work, which nobody else reads: the invitation goes there."),
    )
    role = forms.ChoiceField(label=gettext_lazy("Office"))
    state = forms.ModelChoiceField(
        label=gettext_lazy("State"),
        queryset=State.objects.none(),
        required=False,
        help_text=gettext_lazy("For delegates, focal points, chairs and observers."),
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation"),
        queryset=Organisation.objects.none(),
        required=False,
        help_text=gettext_lazy("For partners."),
    )
    post = forms.CharField(
        label=gettext_lazy("Post at home"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("As her administration calls it, in its own language."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the invitation"), choices=Language.choices)
    starts_on = DayField(label=gettext_lazy("First day"))
    last_day = DayField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("Empty: until it is ended. Everybody is confirmed once a year."),
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        roles = access.proposable_roles(viewer)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]
        self.fields["state"].queryset = access.proposable_states(viewer)
        if set(roles) & set(ORGANISATION_ROLES):
            self.fields["organisation"].queryset = access.proposable_organisations(viewer)
        else:
            # A focal point chooses among delegations: nothing else could be right.
            del self.fields["organisation"]
            self.fields["state"].required = True
            self.fields["state"].help_text = ""
            self.fields["state"].empty_label = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        role = cleaned.get("role")
        if role in STATE_ROLES and not cleaned.get("state") and "state" not in self.errors:
            self.add_error("state", _("Choose the state."))
        if role in ORGANISATION_ROLES and not cleaned.get("organisation") and "organisation" not in self.errors:
            self.add_error("organisation", _("Choose the organisation."))
        if role and role not in STATE_ROLES:
            cleaned["state"] = None
        if role and role not in ORGANISATION_ROLES:
            cleaned["organisation"] = None
        first, last = cleaned.get("starts_on"), cleaned.get("last_day")
        if last and last < timezone.localdate():
            self.add_error("last_day", _("This office would be over already."))
        elif first and last and last < first:
            self.add_error("last_day", _("The last day must not be before the first day."))
        if role in STATE_ROLES and cleaned.get("state") and not access.can_propose(self.viewer, role, cleaned["state"]):
            wrong = _("This state is not an observer.") if role == Role.OBSERVER else _("This state is not a member.")
            self.add_error("state", wrong)
        return cleaned

    def values(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        last = given.pop("last_day")
        return {"organisation": None, **given, "ends_on": last + dt.timedelta(days=1) if last else None}


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why not"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Whoever proposed reads this sentence."),
        error_messages={"required": gettext_lazy("Say in a sentence why.")},
    )
