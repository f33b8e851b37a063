"""An item of the agenda as it is typed, by those who run the meeting or by a member who proposes it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.base.dates import date_format
from iwg_portal.base.uploads.detector import no_passenger_data
from meetings.enums import Theme
from meetings.forms.line import Line
from meetings.forms.meetings import HourField, moment
from meetings.models import AgendaItem, Meeting
from members.access import visible_organisations, visible_states
from members.access.viewer import Viewer
from members.enums import Language
from members.models import State

MOST_CHARACTERS = 5000


class ProposeItemForm(forms.Form):
    """What a member proposes; where it stands on the agenda is for others to say."""

    title = Line(
        label=gettext_lazy("Title of the item"),
        max_length=200,
        error_messages={"required": gettext_lazy("Give the item a title.")},
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
        validators=[no_passenger_data],
        help_text=gettext_lazy("What it is about. Lists and *emphasis* in Markdown."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the item"), choices=Language.choices)
    theme = forms.ChoiceField(
        label=gettext_lazy("Theme"), required=False, choices=[("", gettext_lazy("none")), *Theme.choices]
    )
    minutes = forms.IntegerField(label=gettext_lazy("Duration in minutes"), min_value=1, max_value=1440, initial=30)

    def __init__(self, *args: Any, item: AgendaItem | None = None, **kwargs: Any) -> None:
        initial = {**_as_typed(item), **(kwargs.pop("initial", None) or {})} if item else kwargs.pop("initial", None)
        super().__init__(*args, initial=initial, **kwargs)

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ProposalForm(ProposeItemForm):
    """A new proposal: for which state, where she sits on more than one delegation."""

    state = forms.ModelChoiceField(label=gettext_lazy("State"), queryset=State.objects.none(), empty_label=None)

    def __init__(self, *args: Any, states: QuerySet[State], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].queryset = states
        if len(states) == 1:
            self.fields["state"].widget = forms.HiddenInput()
            self.fields["state"].initial = states[0].pk


class DeclineForm(forms.Form):
    """Why a proposal does not go on the agenda."""

    reason = Line(
        label=gettext_lazy("Why not"),
        max_length=500,
        help_text=gettext_lazy("Whoever proposed reads this sentence."),
        error_messages={"required": gettext_lazy("Say in a sentence why.")},
    )

    def __init__(self, *args: Any, item: AgendaItem, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"decline-{item.pk}-%s", **kwargs)


class ItemForm(ProposeItemForm):
    """An item that stands on the agenda, or is to. ``values()`` fit ``actions.agenda.add_item`` and ``change_item``."""

    day = forms.ChoiceField(label=gettext_lazy("Fixed time: day"), required=False)
    at = HourField(
        label=gettext_lazy("Fixed time: hour"),
        required=False,
        help_text=gettext_lazy("Empty: when the item before ends."),
    )
    lead_state = forms.ModelChoiceField(
        label=gettext_lazy("Led by a state"), queryset=State.objects.none(), required=False,
        empty_label=gettext_lazy("none"),
    )  # fmt: skip
    lead_organisation = forms.ModelChoiceField(
        label=gettext_lazy("Led by an organisation"), queryset=None, required=False, empty_label=gettext_lazy("none")
    )
    lead = Line(
        label=gettext_lazy("Person or office that leads"),
        max_length=150,
        required=False,
        help_text=gettext_lazy("Read by everybody who reads the agenda."),
    )
    field_order = [
        "title", "minutes", "day", "at", "lead_state", "lead_organisation", "lead", "theme", "note", "language",
    ]  # fmt: skip

    def __init__(self, *args: Any, viewer: Viewer, meeting: Meeting, item: AgendaItem | None = None, **kwargs: Any):
        super().__init__(*args, item=item, **kwargs)
        self.meeting = meeting
        first = meeting.starts_at.astimezone(meeting.tz).date()
        last = meeting.ends_at.astimezone(meeting.tz).date()
        days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        self.fields["day"].choices = [(day.isoformat(), date_format(day, "DATE_FORMAT")) for day in days]
        if len(days) == 1:
            self.fields["day"].widget = forms.HiddenInput()
            self.fields["at"].label = _("Fixed time")
        self.fields["lead_state"].queryset = visible_states(viewer).order_by("sort_name", "alpha2")
        self.fields["lead_organisation"].queryset = visible_organisations(viewer)
        if item and item.starts_at:
            local = item.starts_at.astimezone(meeting.tz)
            self.initial |= {"day": local.date().isoformat(), "at": local.time()}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["starts_at"] = None
        if cleaned.get("at") and "day" not in self.errors:
            start = self.meeting.starts_at.astimezone(self.meeting.tz)
            day = dt.date.fromisoformat(cleaned["day"]) if cleaned.get("day") else start.date()
            try:
                cleaned["starts_at"] = moment(day, cleaned["at"], self.meeting.tz)
            except ValidationError as error:
                self.add_error("at", error)
        if cleaned.get("lead_state") and cleaned.get("lead_organisation"):
            self.add_error("lead_organisation", _("Choose a state or an organisation, not both."))
        return cleaned

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in ("day", "at")}


def _as_typed(item: AgendaItem) -> dict[str, Any]:
    names = ("title", "note", "language", "theme", "minutes", "lead_state", "lead_organisation", "lead")
    return {name: getattr(item, name) for name in names}
