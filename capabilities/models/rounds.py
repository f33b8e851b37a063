"""A round: the yearly self-assessment, with the edition of the framework that it asks."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capabilities.models.framework import Edition
from iwg_portal.base.kept import NoteChange


class Round(models.Model):
    year = models.PositiveSmallIntegerField(unique=True)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="rounds")
    # The day to which the round's picture refers: membership and status are read as of this day.
    reference_date = models.DateField()
    is_published = models.BooleanField(default=False)
    is_demonstration = models.BooleanField(default=False)

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            models.CheckConstraint(
                name="round_year_plausible",
                condition=Q(year__gte=2000, year__lte=2200),
                violation_error_message=_("The year of a round lies between 2000 and 2200."),
            )
        ]

    def __str__(self) -> str:
        return str(self.year)
