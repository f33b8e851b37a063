"""Days on which the offices of a state are closed, one per line."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")
MOST = 100  # lines at once: some years of holidays
AHEAD = 5  # years; further away it is a slip of the hand


class HolidaysForm(forms.Form):
    """``days``: sorted, each once, from today on."""

    days = forms.CharField(
        label=gettext_lazy("Days"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        help_text=gettext_lazy("One day per line, for instance 25/12/2027 or 2027-12-25."),
        error_messages={"required": gettext_lazy("Write at least one day.")},
    )

    def clean_days(self) -> list[dt.date]:
        lines = [(number, line.strip()) for number, line in enumerate(self.cleaned_data["days"].splitlines(), start=1)]
        lines = [(number, line) for number, line in lines if line]
        if len(lines) > MOST:
            raise ValidationError(_("At most %(most)s days at once; nothing was entered.") % {"most": MOST})
        found, wrong = set(), []
        for number, line in lines:
            try:
                found.add(_day(line))
            except ValueError as error:
                wrong.append(
                    _("Line %(number)s, “%(line)s”: %(reason)s")
                    % {"number": number, "line": line[:40], "reason": error}
                )
        if wrong:
            raise ValidationError(wrong)
        return sorted(found)


class HolidayForm(forms.Form):
    on = forms.DateField(input_formats=["%Y-%m-%d"])


def _day(text: str) -> dt.date:
    """Raises ``ValueError`` with a sentence."""
    today = timezone.localdate()
    for pattern in FORMATS:
        try:
            day = dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007
        except ValueError:
            continue
        if day < today:
            raise ValueError(_("this day is over."))
        if day.year > today.year + AHEAD:
            raise ValueError(_("this day is more than %(years)s years away.") % {"years": AHEAD})
        return day
    raise ValueError(_("this is not a day; write it as 25/12/2027 or 2027-12-25."))
