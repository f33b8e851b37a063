"""What a state released, per area and per use. Decided by its focal points; a state that never decided has no row."""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from iwg_portal.base.kept import NoteChange
from members.enums import Audience
from members.models import State
from members.models.audiences import known_audience

HEADLINE = ""


# Each earlier decision is kept: what was shared from when until when.
@pghistory.track(
    pghistory.UpdateEvent(row=pghistory.Old, condition=pghistory.AnyChange()),
    pghistory.DeleteEvent(),
    model_name="ReleaseHistory",
)
class Release(models.Model):
    """Who reads one area of a state's answers, whether it counts in the regional average, whether it is named.

    ``area_code`` is the code of the area, which later editions of the framework keep; ``HEADLINE`` stands for the API
    and PNR status. ``audience`` is the widest that any record of this area can have: an assessment or report may be
    narrower by itself (``no_wider_than``), never wider.
    """

    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="releases")
    area_code = models.CharField(max_length=8, blank=True)
    audience = models.CharField(max_length=11, choices=Audience.choices)
    in_average = models.BooleanField(default=True, help_text="counts in the regional medians")
    named = models.BooleanField(default=False, help_text="the summary may name the state with it")
    since = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            models.UniqueConstraint(fields=["state", "area_code"], name="one_release_per_area"),
            known_audience("release_audience_known"),
            models.CheckConstraint(
                name="headline_has_no_average",
                condition=~Q(area_code=HEADLINE) | Q(in_average=True),
                violation_error_message=_("A status is counted wherever it is shown; it has no average."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state_id} {self.area_code or 'status'}"
