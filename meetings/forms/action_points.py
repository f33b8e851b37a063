"""What is typed about an action point: a report, owners and date, its holder, more time, a file."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.base.marks import colon, tlp
from iwg_portal.base.uploads.detector import no_passenger_data
from meetings.access.action_points import evidence_audiences, holders_to_choose, visible_owners
from meetings.access.decisions import visible_decisions
from meetings.enums import OwnerState
from meetings.forms.named import ManyField, NamesForm
from meetings.models import ActionOwner, ActionPoint, Decision
from members.access import Viewer
from members.enums import Audience
from members.forms.documents import CheckedFileField
from members.models import Organisation, Person, State

NEEDS_TIME = "needs_time"


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


class DayToCome(DayField):
    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(_("This day has passed. Choose a day to come."), "past")
        return day


class ReportForm(forms.Form):
    """``id`` makes the form one report, however often it is sent."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    status = forms.ChoiceField(
        label=gettext_lazy("How far is it?"),
        widget=forms.RadioSelect,
        choices=[
            (OwnerState.DONE, gettext_lazy("done")),
            (OwnerState.IN_PROGRESS, gettext_lazy("in progress")),
            (NEEDS_TIME, gettext_lazy("needs time until a later day")),
            (OwnerState.NOT_OURS, gettext_lazy("not ours")),
        ],
        error_messages={"required": gettext_lazy("Choose how far it is.")},
    )
    until = DayToCome(label=gettext_lazy("Needs time until"), required=False)
    text = forms.CharField(
        label=gettext_lazy("In words"),
        required=False,
        max_length=2000,
        validators=[no_passenger_data],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What was done, or what is missing. For “not ours” say why. No passenger data."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("id", uuid.uuid4())
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        status = cleaned.get("status")
        if status == NEEDS_TIME and not cleaned.get("until") and "until" not in self.errors:
            self.add_error("until", _("Say until which day time is needed."))
        if status == OwnerState.NOT_OURS and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", _("Say why this is not for you, and for whom it is."))
        return cleaned

    @property
    def report(self) -> dict[str, Any]:
        """For the action."""
        given = self.cleaned_data
        needs = given["until"] if given["status"] == NEEDS_TIME else None
        status = OwnerState.IN_PROGRESS if given["status"] == NEEDS_TIME else given["status"]
        return {"id": given["id"], "status": status, "text": given["text"], "needs_until": needs}


class ActionForm(NamesForm):
    due_on = DayField(label=gettext_lazy("Due date"), required=False, show_hidden_initial=True)
    decision = forms.ModelChoiceField(
        label=gettext_lazy("Follows from the decision"), queryset=None, required=False, show_hidden_initial=True
    )
    each_member = forms.BooleanField(
        label=gettext_lazy("Each member state owns it, with a row of its own"), required=False, show_hidden_initial=True
    )
    states = ManyField(label=gettext_lazy("States that own it"))
    organisations = ManyField(
        label=gettext_lazy("Organisations that own it"),
        help_text=gettext_lazy("Who is taken off keeps her reports, and gets them back with the row."),
    )

    def __init__(self, *args: Any, viewer: Viewer, action: ActionPoint, **kwargs: Any) -> None:
        rows = list(visible_owners(viewer).filter(action=action).order_by("id"))
        kwargs["initial"] = {
            "due_on": action.due_on,
            "decision": action.decision_id,
            "each_member": action.each_member,
            "states": [row.state_id for row in rows if row.state_id],
            "organisations": [row.organisation_id for row in rows if row.organisation_id],
        }
        super().__init__(*args, viewer=viewer, **kwargs)
        decisions = visible_decisions(viewer).filter(record=action.record_id).select_related("block")
        self.fields["decision"].queryset = decisions.order_by("number", "id")  # type: ignore[attr-defined]
        self.fields["decision"].label_from_instance = _decision_words  # type: ignore[attr-defined]

    @property
    def changes(self) -> dict[str, Any]:
        """For the action: what was changed on the page."""
        given = self.cleaned_data
        found = self.changed("due_on", "decision", "each_member")
        add: list[State | Organisation] = []
        remove: list[State | Organisation] = []
        for name, model in (("states", State), ("organisations", Organisation)):
            before = _ids(self.shown(name))
            now = {row.pk for row in given[name]}
            add += [row for row in given[name] if row.pk not in before]
            known = {row.pk: row for row in self.fields[name].queryset}  # type: ignore[attr-defined]
            remove += [known.get(pk) or model(pk=pk) for pk in sorted(before - now)]
        return {**found, "add": add, "remove": remove}


class HolderForm(forms.Form):
    holder = forms.ModelChoiceField(
        label=gettext_lazy("Who holds it"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("nobody"),
        help_text=gettext_lazy("The person reports and is told by mail. The state or organisation goes on owning it."),
    )

    def __init__(self, *args: Any, viewer: Viewer, owner: ActionOwner, **kwargs: Any) -> None:
        kwargs["initial"] = {"holder": owner.holder_id}
        super().__init__(*args, **kwargs)
        people: QuerySet[Person] = holders_to_choose(viewer, owner)
        self.fields["holder"].queryset = people  # type: ignore[attr-defined]


class TimeForm(forms.Form):
    until = DayToCome(label=gettext_lazy("Due for this owner on"))


class EvidenceForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        validators=[no_passenger_data],
        error_messages={"required": gettext_lazy("Give the document a title.")},
    )
    file = CheckedFileField(label=gettext_lazy("File"))
    audience = forms.ChoiceField(
        label=gettext_lazy("Who may read it"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who may read it.")},
    )

    def __init__(self, *args: Any, viewer: Viewer, owner: ActionOwner, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"audience": Audience.SECRETARIAT})
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = [  # type: ignore[attr-defined]
            (audience.value, format_html("{} {}", words, tlp(audience.value)))
            for audience, words in evidence_audiences(viewer, owner)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors and "file" in cleaned:
            self.add_error("file", _("Choose the file again: a browser does not keep it."))
        return cleaned


def _decision_words(decision: Decision) -> str:
    words = " ".join(decision.block.text.split())
    short = words if len(words) <= 80 else f"{words[:79]}…"
    return f"{decision.code}{colon()}{short}" if decision.code else short


def _ids(values: Any) -> set[int]:
    return {int(value) for value in values or () if str(value).isascii() and str(value).isdigit()}
