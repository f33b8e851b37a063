"""The words that the secretariat puts above a mail to many, in three languages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.base.uploads.detector import no_passenger_data
from iwg_portal.mail.models import LONGEST_NOTE, MailBatch

NOTES = {
    "en": gettext_lazy("Words of the secretariat, in English"),
    "fr": gettext_lazy("Words of the secretariat, in French"),
    "pt": gettext_lazy("Words of the secretariat, in Portuguese"),
}


class _Words(forms.CharField):
    """A line break counts as one character, as the reader sees it."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class WordsForm(forms.Form):
    """All three, or none: none takes the words away again."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, batch: MailBatch, data: Any = None) -> None:
        initial = {f"note_{language}": batch.note_in(language) for language in NOTES}
        super().__init__(data, initial={"version": batch.version, **initial})
        for language, label in NOTES.items():
            self.fields[f"note_{language}"] = _Words(
                label=label,
                required=False,
                max_length=LONGEST_NOTE,
                widget=forms.Textarea(attrs={"lang": language, "rows": 3}),
                validators=[ProhibitNullCharactersValidator(), no_passenger_data],
            )

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if any(found.get(f"note_{language}") for language in NOTES):
            for language in NOTES:
                if f"note_{language}" in found and not found[f"note_{language}"]:
                    self.add_error(f"note_{language}", _("Write it in all three languages, or in none."))
        return found

    @property
    def notes(self) -> dict[str, str]:
        return {language: self.cleaned_data[f"note_{language}"] for language in NOTES}
