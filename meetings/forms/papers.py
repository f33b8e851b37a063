"""What is typed about a paper, and its files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.base.marks import tlp
from iwg_portal.base.uploads import Checked
from iwg_portal.base.uploads.detector import no_passenger_data
from meetings.access.papers import AUDIENCES
from meetings.models import AgendaItem, Meeting
from meetings.queries.papers import readers_words
from members.access import reaches
from members.enums import Language, is_wider
from members.forms.documents import CheckedFileField
from members.forms.joining import DayField

LANGUAGES = [*Language.choices, ("", gettext_lazy("another language"))]
MOST = 999  # papers of one meeting


class OptionalFileField(CheckedFileField):
    """A file that may come later."""

    def clean(self, data: Any, initial: Any = None) -> Checked | None:
        return super().clean(data, initial) if data else None


class PaperForm(forms.Form):
    """``items``: those of the agenda, in their order. ``cleaned_data`` fits ``actions.papers``."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        validators=[no_passenger_data],
        help_text=gettext_lazy("As on the paper, in its own language."),
        error_messages={"required": gettext_lazy("Give the paper a title.")},
    )
    number = forms.IntegerField(label=gettext_lazy("Number"), min_value=1, max_value=MOST)
    item = forms.ModelChoiceField(
        label=gettext_lazy("For which item"),
        queryset=AgendaItem.objects.none(),
        required=False,
        empty_label=gettext_lazy("the whole meeting"),
        error_messages={"invalid_choice": gettext_lazy("Choose an item of this meeting’s agenda.")},
    )
    due_on = DayField(
        label=gettext_lazy("To be there on"),
        required=False,
        help_text=gettext_lazy("Until a file is there, the paper is announced as expected."),
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("Who may read it"),
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Never more people than read the meeting; nobody but the secretariat before it is announced."
        ),
        error_messages={"required": gettext_lazy("Choose who may read it.")},
    )

    def __init__(self, *args: Any, meeting: Meeting, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = _audiences(meeting)  # type: ignore[attr-defined]
        field: Any = self.fields["item"]
        field.queryset = items
        numbers = {item.pk: number for number, item in enumerate(items, start=1)}
        field.label_from_instance = lambda item: f"{numbers.get(item.pk, '')} {item.title}"


class NewPaperForm(PaperForm):
    language = forms.ChoiceField(label=gettext_lazy("Language of the file"), required=False, choices=LANGUAGES)
    file = OptionalFileField(label=gettext_lazy("File"), required=False)
    field_order = ["title", "number", "item", "due_on", "audience", "language", "file"]

    def clean(self) -> dict[str, Any]:
        return _choose_again(self, super().clean() or self.cleaned_data)


class PaperFileForm(forms.Form):
    """A language that the paper has already gets a new version."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False, choices=LANGUAGES)
    own_title = forms.CharField(
        label=gettext_lazy("Title in this language"),
        required=False,
        max_length=200,
        validators=[no_passenger_data],
        help_text=gettext_lazy("Where it differs from the title of the paper; counts for a new language only."),
    )
    file = CheckedFileField(label=gettext_lazy("File"))

    def clean(self) -> dict[str, Any]:
        return _choose_again(self, super().clean() or self.cleaned_data)


def _choose_again(form: forms.Form, cleaned: dict[str, Any]) -> dict[str, Any]:
    if form.errors and cleaned.get("file"):
        form.add_error("file", _("Choose the file again: a browser does not keep it."))
    return cleaned


def _audiences(meeting: Meeting) -> list[tuple[str, Any]]:
    """Each with its label and how many it reaches today, narrowest first. One query."""
    found, by_audience = [], reaches(None)
    for audience in AUDIENCES:
        if not is_wider(audience, meeting.audience):
            words = readers_words(audience)
            label = format_html(
                "<b>{}</b> {}<br>{}", words[:1].upper() + words[1:], tlp(audience.value), by_audience[audience].words
            )
            found.append((audience.value, label))
    return found
