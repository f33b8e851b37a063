"""A meeting as it is typed: days and hours on the clock of its zone, who comes, who reads it."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.base.dates import date_format
from iwg_portal.base.marks import tlp
from meetings.access.meetings import AUDIENCES
from meetings.forms.line import Line
from meetings.models import Group, Meeting
from meetings.queries.meetings import known_zone
from members.access import reaches, visible_group, visible_states
from members.access.viewer import Viewer
from members.enums import Audience, Language
from members.forms.joining import DayField
from members.models import State
from members.queries import zones

FIRST_DAY, LAST_DAY = dt.date(2015, 1, 1), dt.date(2100, 1, 1)
BY_TERM, NOBODY = "", "-"


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class HourField(forms.TimeField):
    widget = TimeInput
    default_error_messages = {
        "invalid": gettext_lazy("This is not a time. Write it like 09:30."),
        "required": gettext_lazy("Give the time."),
    }


def moment(day: dt.date, hour: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """What the clock of ``zone`` shows then. Raises ``ValidationError`` for an hour that it leaves out."""
    local = dt.datetime.combine(day, hour.replace(second=0, microsecond=0), tzinfo=zone)
    if local.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValidationError(_("The clock of this zone leaves this hour out on that day."))
    return local


def known_days(field: str, day: dt.date | None) -> None:
    """Raises ``ValidationError`` for a day that no meeting of this group can have."""
    if day and not FIRST_DAY <= day < LAST_DAY:
        raise ValidationError({field: _("This day lies too far away.")})


class MeetingForm(forms.Form):
    """``values()`` fit ``actions.meetings.create_meeting`` and ``change_meeting``."""

    group = forms.ModelChoiceField(
        label=gettext_lazy("Group"),
        queryset=Group.objects.none(),
        empty_label=gettext_lazy("choose"),
        error_messages={"required": gettext_lazy("Choose who meets.")},
    )
    number = forms.IntegerField(
        label=gettext_lazy("Number in its series"),
        required=False,
        min_value=1,
        max_value=9999,
        help_text=gettext_lazy("Empty: the next."),
    )
    title = Line(
        label=gettext_lazy("Title"),
        max_length=200,
        error_messages={"required": gettext_lazy("Give the meeting a title.")},
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the title"), choices=Language.choices)
    first_day = DayField(label=gettext_lazy("First day"))
    begins = HourField(label=gettext_lazy("Begins at"))
    last_day = DayField(label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Empty: the same day."))
    ends = HourField(label=gettext_lazy("Ends at"))
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), help_text=gettext_lazy("All times of the meeting are times of this zone.")
    )
    place = Line(label=gettext_lazy("Place"), max_length=200, required=False)
    link = forms.URLField(
        label=gettext_lazy("Link to take part online"),
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["https", "http"])],
        help_text=gettext_lazy("Shown in the portal to those who read the meeting; never sent by mail."),
        error_messages={"invalid": gettext_lazy("This is not an address. Write it like https://example.org/room.")},
    )
    host = forms.ModelChoiceField(
        label=gettext_lazy("Host"), queryset=State.objects.none(), required=False, empty_label=gettext_lazy("none")
    )
    chair = forms.ChoiceField(label=gettext_lazy("Chair"), required=False)
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages of the meeting"),
        choices=Language.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    interpretation = forms.BooleanField(label=gettext_lazy("Interpretation between these languages"), required=False)
    chatham_house = forms.BooleanField(
        label=gettext_lazy("Chatham House Rule"),
        required=False,
        help_text=gettext_lazy("Who was there and who said what is shown only to those who were in the room."),
    )
    papers_due_on = DayField(label=gettext_lazy("Papers are due on"), required=False)
    register_by = DayField(label=gettext_lazy("Delegations register until"), required=False)
    audience = forms.ChoiceField(
        label=gettext_lazy("Who may read the meeting and its agenda"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who may read it.")},
    )

    def __init__(
        self, *args: Any, viewer: Viewer, groups: QuerySet[Group], meeting: Meeting | None = None, **kwargs: Any
    ) -> None:
        initial = {**(_as_typed(meeting) if meeting else {}), **(kwargs.pop("initial", None) or {})}
        super().__init__(*args, initial=initial, **kwargs)
        working_group = visible_group()
        likely = initial.get("zone") or (working_group.zone if working_group else "UTC")
        states = visible_states(viewer).order_by("sort_name", "alpha2")
        self.states = {state.alpha2: state for state in states}
        if meeting and meeting.chair:  # also where it has left the group since
            self.states.setdefault(meeting.chair.alpha2, meeting.chair)
        self.fields["host"].queryset = states
        self.fields["chair"].choices = [
            (BY_TERM, _("whoever holds the office that day")),
            *((code, state.name) for code, state in self.states.items()),
            (NOBODY, _("nobody: co-chairs, or none")),
        ]
        self.fields["zone"].choices = _zones(likely)
        self.fields["audience"].choices = audience_choices()
        if meeting:
            del self.fields["group"], self.fields["number"]
        else:
            self.fields["group"].queryset = groups.filter(ended_on__isnull=True)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for field in ("first_day", "last_day", "papers_due_on", "register_by"):
            try:
                known_days(field, cleaned.get(field))
            except ValidationError as error:
                self.add_error(None, error)
        first, begins, ends, zone = (self.cleaned_data.get(name) for name in ("first_day", "begins", "ends", "zone"))
        if not (first and begins and ends and zone) or "last_day" in self.errors:
            return cleaned
        last = cleaned.get("last_day") or first
        if last == first:
            cleaned["last_day"] = None
        clock = zoneinfo.ZoneInfo(zone)
        for field, at, day, hour in (("begins", "starts_at", first, begins), ("ends", "ends_at", last, ends)):
            try:
                cleaned[at] = moment(day, hour, clock)
            except ValidationError as error:
                self.add_error(field, error)
        if "starts_at" in cleaned and "ends_at" in cleaned and cleaned["ends_at"] <= cleaned["starts_at"]:
            self.add_error("last_day" if last < first else "ends", _("A meeting cannot end before it begins."))
        return cleaned

    def values(self) -> dict[str, Any]:
        given = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("first_day", "begins", "last_day", "ends", "chair")
        }
        chair = self.cleaned_data["chair"]
        given["chair"] = self.states.get(chair)
        given["chair_by_term"] = chair == BY_TERM
        return given


def _zones(likely: str) -> list[tuple[str, str]]:
    """Also a zone that has gone out of the tables since it was chosen."""
    offered = zones.choices(likely)
    return offered if likely in dict(offered) else [(likely, likely), *offered]


# Beside which field stands what the action found.
BESIDE = {"starts_at": "begins", "ends_at": "ends"}


def blame(form: forms.Form, error: ValidationError) -> None:
    """Put what an action found beside its field, where there is one; without repeating what stands there already."""
    for field, problems in getattr(error, "message_dict", {"__all__": error.messages}).items():
        name = BESIDE.get(field, field)
        form.add_error(name if name in form.fields else None, problems)


def audience_choices() -> list[tuple[str, Any]]:
    """With label and numbers, widest first. One query."""
    numbers = reaches(None)
    found = []
    for audience in reversed(AUDIENCES):
        secretariat = audience == Audience.SECRETARIAT
        words = _("the secretariat and the chair") if secretariat else str(audience.label)
        # The office of the chair reads more of a meeting than of a state's papers: no number would be right.
        count = "" if secretariat else numbers[audience].words
        label = format_html("<b>{}</b> {}<br>{}", _first_upper(words), tlp(audience.value), count)
        found.append((audience.value, label))
    return found


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _as_typed(meeting: Meeting) -> dict[str, Any]:
    """The fields of the form as the meeting has them now."""
    start, end = meeting.starts_at.astimezone(meeting.tz), meeting.ends_at.astimezone(meeting.tz)
    same = (
        "title", "language", "zone", "place", "link", "host", "languages", "interpretation", "chatham_house",
        "papers_due_on", "register_by", "audience",
    )  # fmt: skip
    return {name: getattr(meeting, name) for name in same} | {
        "first_day": start.date(),
        "begins": start.time(),
        "last_day": end.date() if end.date() != start.date() else None,
        "ends": end.time(),
        "chair": meeting.chair.alpha2 if meeting.chair else NOBODY,
    }


def differences(form: MeetingForm, meeting: Meeting) -> list[dict[str, str]]:
    """What the form says otherwise than the meeting does now: label, what holds, what was typed."""
    now = MeetingFormValues(form, _as_typed(meeting))
    typed = MeetingFormValues(form, form.cleaned_data)
    return [
        {"label": str(form.fields[name].label), "old": now.shown(name), "new": typed.shown(name)}
        for name in form.fields
        if now.shown(name) != typed.shown(name)
    ]


class MeetingFormValues:
    """Values of a form in words."""

    def __init__(self, form: MeetingForm, values: dict[str, Any]) -> None:
        self.form, self.values = form, values

    def shown(self, name: str) -> str:
        value = self.values.get(name)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if name in ("begins", "ends") and value:
            return f"{value:%H:%M}"
        if name == "audience":
            return str(Audience(value).label)
        if isinstance(value, dt.date):
            return date_format(value, "DATE_FORMAT")
        if isinstance(value, list):
            return ", ".join(str(dict(Language.choices)[code]) for code in value) or "–"
        choices = dict(self.form.fields[name].choices) if name in ("chair", "language") else {}
        return str(choices.get(value, value)) if value not in (None, "") or value in choices else "–"


class CloneForm(forms.Form):
    """The next meeting of the same series."""

    title = Line(
        label=gettext_lazy("Title"),
        max_length=200,
        error_messages={"required": gettext_lazy("Give the meeting a title.")},
    )
    starts_on = DayField(
        label=gettext_lazy("First day"),
        help_text=gettext_lazy("All times move by as many days; hours stay as they are on the clock of the zone."),
    )

    def clean_starts_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["starts_on"]
        if not FIRST_DAY <= day < LAST_DAY:
            raise ValidationError(_("This day lies too far away."))
        return day


def first_values(viewer: Viewer) -> dict[str, Any]:
    """What a new meeting begins with: the group's zone and languages, office hours, everybody reads it."""
    group = visible_group()
    return {
        "zone": known_zone(group.zone if group else "").key,
        "languages": list(group.languages) if group else [],
        "begins": dt.time(9, 0),
        "ends": dt.time(17, 0),
        "language": viewer.person.language if viewer.person and viewer.person.language else Language.ENGLISH,
        "audience": Audience.GROUP,
    }
