"""A document of a state: its first upload, a new version, who reads it, its withdrawal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.base.marks import tlp
from iwg_portal.base.uploads import ACCEPT, Checked, Refused, check
from iwg_portal.base.uploads.detector import no_passenger_data
from members.access import reaches
from members.enums import Audience, Language
from members.models import State


def _accepted_now() -> str:
    return _(
        "PDF, Word, Excel, PowerPoint (without macros), OpenDocument, CSV, text, PNG, JPEG or WebP; up to "
        "%(megabytes)s MB."
    ) % {"megabytes": settings.MAX_FILE_BYTES // (1024 * 1024)}


_accepted = lazy(_accepted_now, str)


class CheckedFileField(forms.FileField):
    """A file that may be kept: its value is a ``Checked``. What is refused was only ever in memory."""

    widget = forms.ClearableFileInput(attrs={"accept": ACCEPT})
    default_error_messages = {
        "required": gettext_lazy("Choose a file."),
        "missing": gettext_lazy("Choose a file."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, help_text=_accepted(), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Checked:
        file: UploadedFile = super().clean(data, initial)
        try:
            return check(file.read(), file.name or "")
        except Refused as refusal:
            raise ValidationError(str(refusal), refusal.code, {"detector": refusal.detector}) from None


def audience_choices(state: State) -> list[tuple[str, Any]]:
    """Each with its label and how many it reaches today, narrowest first. One query."""
    by_audience = reaches(state)
    found = []
    for audience in Audience:
        numbers = "" if audience == Audience.PUBLIC else by_audience[audience].words
        words = _first_upper(audience.label)
        found.append((audience.value, format_html("<b>{}</b> {}<br>{}", words, tlp(audience.value), numbers)))
    return found


def _first_upper(words: Any) -> str:
    return str(words)[:1].upper() + str(words)[1:]


class AudienceForm(forms.Form):
    audience = forms.ChoiceField(
        label=gettext_lazy("Who may read it"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who may read it.")},
    )

    def __init__(self, *args: Any, state: State, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = audience_choices(state)  # type: ignore[attr-defined]


class DocumentForm(AudienceForm):
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        validators=[no_passenger_data],
        help_text=gettext_lazy("As on the document, in its own language."),
        error_messages={"required": gettext_lazy("Give the document a title.")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[*Language.choices, ("", gettext_lazy("another language"))],
    )
    file = CheckedFileField(label=gettext_lazy("File"))
    field_order = ["title", "language", "file", "audience"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors and "file" in cleaned:
            self.add_error("file", _("Choose the file again: a browser does not keep it."))
        return cleaned


class VersionForm(forms.Form):
    file = CheckedFileField(label=gettext_lazy("New version"))


class WithdrawForm(forms.Form):
    sure = forms.BooleanField(
        label=gettext_lazy("Delete the content of every version; it cannot be brought back"),
        error_messages={"required": gettext_lazy("Tick the box: the content cannot be brought back.")},
    )
