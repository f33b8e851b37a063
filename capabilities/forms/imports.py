"""The upload of a workbook, and its confirmation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from capabilities.forms.workbooks import read_workbook
from iwg_portal.base.spreadsheets import too_large
from iwg_portal.base.uploads import PASSENGER_DATA

FIRST_YEAR = 2000


class UploadForm(forms.Form):
    """A file and a year. Valid: the file is a table (its rows may still have problems, which the preview lists)."""

    file = forms.FileField(
        label=_("Workbook"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("Choose a file.")},
    )
    year = forms.IntegerField(
        label=_("Round"),
        help_text=_("The year to which the workbook refers, such as 2025."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.content = b""
        year = self.fields["year"]
        newest = timezone.localdate().year
        year.widget.attrs |= {"min": FIRST_YEAR, "max": newest}
        year.initial = newest

    def clean_year(self) -> int:
        year = self.cleaned_data["year"]
        check_year(year)
        return year

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file, year = data.get("file"), data.get("year")
        if file is None or year is None:
            return data
        if file.size > settings.MAX_UPLOAD_BYTES:
            self.add_error("file", too_large())
            return data
        self.content = file.read()
        book = read_workbook(self.content, file_name=self.file_name, year=year)
        if book.detector:
            detector = {"detector": book.detector}
            self.add_error("file", forms.ValidationError(str(book.problems[0]), PASSENGER_DATA, detector))
        elif not book.readable or book.vocabulary is None:
            self.add_error("file", str(book.problems[0]))
        return data

    @property
    def file_name(self) -> str:
        """The name without a path or anything that cannot be printed, at most 200 characters, with its ending."""
        name = "".join(c for c in self.cleaned_data["file"].name if c.isprintable())
        return name[-200:]


class ConfirmForm(forms.Form):
    """``digest`` names the plan that was shown; ``replace`` is the tick that allows overwriting."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    replace = forms.BooleanField(
        required=False,
        label=_("Replace these values"),
        help_text=_("The old values stay in history."),
    )


def check_year(year: int) -> None:
    """Errors: ValidationError for a year before 2000 or after the current one."""
    newest = timezone.localdate().year
    if not FIRST_YEAR <= year <= newest:
        raise forms.ValidationError(
            _("A round has a year from %(first)s to %(newest)s."),
            "year",
            {"first": FIRST_YEAR, "newest": newest},
        )
