"""Filter the list of people; move somebody; one's own details; the yearly confirmation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from members import access
from members.access import Viewer
from members.enums import Language, Role
from members.models import Person, State, Term
from members.queries import zones


class AccountForm(forms.Form):
    full_name = forms.CharField(
        label=gettext_lazy("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("as the browser")), *Language.choices],
    )
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("Times in mails to you are given in this zone."),
    )
    phone = forms.CharField(
        label=gettext_lazy("Telephone"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("For your own delegation and the secretariat."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        held = {"full_name": person.full_name, "language": person.language, "zone": person.zone, "phone": person.phone}
        super().__init__(*args, initial=held, **kwargs)
        self.fields["zone"].choices = [("", gettext_lazy("that of the group")), *zones.choices(person.zone)]


class MoveForm(forms.Form):
    """Another delegation and the office there."""

    state = forms.ModelChoiceField(label=gettext_lazy("State"), queryset=State.objects.none())
    role = forms.ChoiceField(
        label=gettext_lazy("Office"),
        choices=[(role.value, role.label) for role in (Role.DELEGATE, Role.FOCAL_POINT)],
    )

    def __init__(self, *args: Any, viewer: Viewer, term: Term, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].queryset = access.visible_member_states(viewer).exclude(pk=term.state_id)


class ConfirmForm(forms.Form):
    """One choice per office; without a choice it waits."""

    STAY, LEFT = "stay", "left"

    def __init__(self, *args: Any, terms: QuerySet[Term], viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.terms = list(terms)
        for term in self.terms:
            may_leave = term.person != viewer.person and term.role != Role.CHAIR
            choices = [(self.STAY, gettext_lazy("still one of us")), (self.LEFT, gettext_lazy("has left"))]
            self.fields[f"term-{term.pk}"] = forms.ChoiceField(
                label=f"{term.person}, {term.get_role_display()}",
                choices=choices if may_leave else choices[:1],
                required=False,
                widget=forms.RadioSelect,
                help_text=term.post,
            )

    def chosen(self, answer: str) -> list[int]:
        """The ids of the terms to which ``answer`` was given."""
        return [term.pk for term in self.terms if self.cleaned_data.get(f"term-{term.pk}") == answer]
