"""Who is in the room: a press of a button, and the time at which somebody came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.enums import Presence
from meetings.models import Meeting
from meetings.queries.attendance import Seat
from members.models import State


class MarkForm(forms.Form):
    """``mark`` is a seat and what it is: ``s12:present``; cleaned, the seat and the presence."""

    mark = forms.CharField(max_length=40)

    def __init__(self, *args: Any, seats: Iterable[Seat], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {seat.key: seat for seat in seats}

    def clean_mark(self) -> tuple[Seat, str]:
        key, _colon, presence = self.cleaned_data["mark"].partition(":")
        if key not in self.by_key or presence not in Presence.values:
            raise forms.ValidationError(_("This state or organisation is not in the list."), "unknown")
        return self.by_key[key], presence


class SinceField(forms.DateTimeField):
    """A time of the meeting's own clock; the browser's own control, or a time typed as 2026-11-10 10:42."""

    default_error_messages = {
        "invalid": _("This is not a time. Write it like 2026-11-10 10:42."),
        "required": _("Give the time."),
    }

    def __init__(self, meeting: Meeting, **kwargs: Any) -> None:
        self.meeting = meeting
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], **kwargs)

    def clean(self, value: Any) -> dt.datetime | None:
        with timezone.override(self.meeting.tz):
            found: dt.datetime | None = super().clean(value)
        return found

    def prepare_value(self, value: Any) -> Any:
        with timezone.override(self.meeting.tz):
            return super().prepare_value(value)


class LateForm(forms.Form):
    """Somebody came later, at a time that is typed."""

    who = forms.ChoiceField(label=_("Who came later"), error_messages={"invalid_choice": _("Choose from the list.")})

    def __init__(self, *args: Any, meeting: Meeting, seats: Iterable[Seat], **kwargs: Any) -> None:
        super().__init__(*args, auto_id="late_%s", **kwargs)
        self.fields["who"].choices = [(seat.key, seat.name) for seat in seats]  # type: ignore[attr-defined]
        self.fields["since"] = SinceField(
            meeting, label=_("Since"), help_text=_("By the clocks of %(zone)s.") % {"zone": meeting.zone}
        )


class DeclareForm(forms.Form):
    """ "We are here, since …". ``state`` is asked for only where she sits on several delegations."""

    state = forms.ModelChoiceField(label=_("For which state"), queryset=State.objects.none())

    def __init__(self, *args: Any, meeting: Meeting, states: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="declare_%s", **kwargs)
        field: Any = self.fields["state"]
        field.queryset = states
        found = list(states[:2])
        if len(found) == 1:
            field.widget = forms.HiddenInput()
            field.initial = found[0].pk
        self.fields["since"] = SinceField(
            meeting, label=_("Here since"), help_text=_("By the clocks of %(zone)s.") % {"zone": meeting.zone}
        )
