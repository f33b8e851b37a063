"""What the secretariat changes about a decision: type and addressee, and what became of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meetings.enums import DecisionKind, DecisionState
from meetings.forms.named import ManyField, NamesForm
from meetings.models import Decision
from meetings.queries.decisions import number_in
from members.access import Viewer

TO_ALL, TO_SOME = "all", "some"


class AddresseeForm(NamesForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("Type"), choices=DecisionKind.choices, widget=forms.RadioSelect, show_hidden_initial=True
    )
    to = forms.ChoiceField(
        label=gettext_lazy("Addressed to"),
        choices=[(TO_ALL, gettext_lazy("all member states")), (TO_SOME, gettext_lazy("those named below"))],
        widget=forms.RadioSelect,
        show_hidden_initial=True,
    )
    states = ManyField(label=gettext_lazy("States"))
    organisations = ManyField(label=gettext_lazy("Organisations"))

    def __init__(self, *args: Any, viewer: Viewer, decision: Decision, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "kind": decision.kind,
            "to": TO_ALL if decision.to_all else TO_SOME,
            "states": [state.pk for state in decision.states.all()],
            "organisations": [organisation.pk for organisation in decision.organisations.all()],
        }
        super().__init__(*args, viewer=viewer, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        named = cleaned.get("states") or cleaned.get("organisations")
        if cleaned.get("to") == TO_SOME and not named:
            self.add_error("states", _("Name at least one addressee, or choose all member states."))
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        """For the action: what was changed on the page."""
        changed = self.changed("kind", "states", "organisations")
        if "to" in self.changed_data:
            changed["to_all"] = self.cleaned_data["to"] == TO_ALL
        return changed


class StatusForm(forms.Form):
    status = forms.ChoiceField(label=gettext_lazy("Status"), choices=DecisionState.choices, widget=forms.RadioSelect)
    successor = forms.CharField(
        label=gettext_lazy("Which decision takes its place"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Its number in the register, such as D-12. Only for a decision that is superseded."),
    )

    def __init__(self, *args: Any, decisions: QuerySet[Decision], decision: Decision, **kwargs: Any) -> None:
        after = decision.superseded_by
        kwargs["initial"] = {"status": decision.status, "successor": after.code if after else ""}
        super().__init__(*args, **kwargs)
        self.decisions = decisions

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = cleaned.get("successor", "")
        cleaned["successor"] = None
        if cleaned.get("status") != DecisionState.SUPERSEDED:
            return cleaned
        number = number_in(typed)
        found = self.decisions.filter(number=number).first() if number else None
        if not typed:
            self.add_error("successor", _("Say which decision takes its place."))
        elif found is None:
            self.add_error("successor", _("No decision has this number."))
        cleaned["successor"] = found
        return cleaned
