"""What is answered from a mail about an action point. An invitation has the form of its page; a record one button."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meetings.enums import OwnerState
from meetings.forms.action_points import NEEDS_TIME, ReportForm

COMMENT = "comment"


class ReplyForm(ReportForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            (OwnerState.DONE, gettext_lazy("done")),
            (NEEDS_TIME, gettext_lazy("needs time until a later day")),
            (OwnerState.NOT_OURS, gettext_lazy("not ours")),
            (COMMENT, gettext_lazy("a comment only")),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("status") == COMMENT and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", _("Write your comment."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """For the action; a comment says nothing of how far it is."""
        found = self.report
        return {**found, "status": ""} if found["status"] == COMMENT else found


class AgreeForm(forms.Form):
    def values(self) -> dict[str, Any]:
        return {}
