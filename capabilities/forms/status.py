"""A new status of one state on one ladder, as it is typed. Times of day play no part: all are calendar days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capabilities.enums import DELIVERY_CODES, DeliveryAxis, LegalAxis
from capabilities.queries.framework import Framework
from iwg_portal.base.uploads.detector import no_passenger_data

# Before the first system of this kind anywhere; an earlier date is a slip.
EARLIEST = dt.date(1990, 1, 1)


class DayInput(forms.DateInput):
    """The browser's own date picker, which wants ISO; what somebody typed otherwise is shown as typed."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day between 1990 and today, as ISO or in the reader's own order (31/12/2025)."""

    widget = DayInput
    default_error_messages = {
        "invalid": gettext_lazy("This is not a date. Write it like 2025-12-31 or 31/12/2025."),
        "required": gettext_lazy("Give the day."),
    }

    def clean(self, value: Any) -> dt.date | None:
        day = super().clean(value)
        if day is not None and day < EARLIEST:
            raise forms.ValidationError(_("The date lies before 1990. Check the year."), "too_early")
        if day is not None and day > timezone.localdate():
            raise forms.ValidationError(_("The date lies in the future."), "future")
        return day


class StatusForm(forms.Form):
    """``kind`` and the framework's words give the choices; what was typed stays typed until it is reported."""

    legal = forms.ChoiceField(
        label=gettext_lazy("Legal basis"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose where the law stands.")},
    )
    delivery = forms.ChoiceField(
        label=gettext_lazy("Delivery"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how far the system is.")},
    )
    as_of = DayField(label=gettext_lazy("Stated as of"), help_text=gettext_lazy("The day to which this report refers."))
    since = DayField(
        label=gettext_lazy("Holds since"),
        required=False,
        help_text=gettext_lazy("The day from which the status holds, where it is known."),
    )
    reason = forms.CharField(
        label=gettext_lazy("What changed"),
        max_length=2000,
        validators=[no_passenger_data],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "One or two sentences for everybody who reads it. No passenger data, no names on lists."
        ),
        error_messages={"required": gettext_lazy("Say in a sentence what changed.")},
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=300,
        validators=[no_passenger_data],
        required=False,
        help_text=gettext_lazy("A law, a decision or a letter on which this rests."),
    )

    audience = forms.ChoiceField(
        label=gettext_lazy("Who reads this"),
        required=False,  # as the state released its status
        help_text=gettext_lazy("At most those to whom the state released its status; narrower for this report alone."),
    )

    def __init__(
        self,
        *args: Any,
        kind: str,
        framework: Framework | None,
        audiences: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = audiences
        legal, delivery = self.fields["legal"], self.fields["delivery"]
        legal.choices = [
            (code, _choice(framework, "legal", code, str(LegalAxis(code).label))) for code in LegalAxis.values
        ]
        delivery.choices = [
            (code, _choice(framework, kind, code, str(DeliveryAxis(code).label))) for code in DELIVERY_CODES[kind]
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        as_of, since = cleaned.get("as_of"), cleaned.get("since")
        if as_of and since and since > as_of:
            self.add_error("since", _("A status cannot begin after the day to which the report refers."))
        return cleaned


def _choice(framework: Framework | None, ladder: str, code: str, otherwise: str) -> SafeString | str:
    """The words of the step with what they mean."""
    label = framework.labels.get((ladder, code), otherwise) if framework else otherwise
    meaning = framework.meanings.get((ladder, code), "") if framework else ""
    return format_html("<b>{}</b><br>{}", label, meaning) if meaning else label
