"""A Word template as it is sent in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.base.uploads import Checked
from iwg_portal.summaries.vetting import MAX_BYTES
from members.forms.documents import CheckedFileField

ALL = "all"


class TemplateForm(forms.Form):
    """``cleaned_data``: ``languages`` (a list of codes) and ``file``, a ``Checked``."""

    languages = forms.ChoiceField(
        label=gettext_lazy("For the documents in"),
        widget=forms.RadioSelect,
        initial=ALL,
        error_messages={"required": gettext_lazy("Choose the language of the documents.")},
    )
    file = CheckedFileField(label=gettext_lazy("Word template"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["languages"]
        choices.choices = [(ALL, _("all three languages")), *settings.LANGUAGES]
        self.fields["file"].widget.attrs["accept"] = ".docx"
        self.fields["file"].help_text = _("A Word document (.docx) without macros, up to %(megabytes)s MB.") % {
            "megabytes": MAX_BYTES // 1024**2
        }

    def clean_languages(self) -> list[str]:
        chosen = self.cleaned_data["languages"]
        return [code for code, _name in settings.LANGUAGES] if chosen == ALL else [chosen]

    def clean_file(self) -> Checked:
        checked: Checked = self.cleaned_data["file"]
        if checked.kind.extension != "docx":
            raise ValidationError(_("A template is a Word document (.docx)."))
        return checked
