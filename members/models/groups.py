"""The working group and the organisations that support it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members import enums


class WorkingGroup(models.Model):
    """The one group that this portal serves. A second region would be a second portal."""

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=60)
    subtitle = models.CharField(max_length=120)
    zone = models.CharField(max_length=60, help_text="IANA time zone, such as Africa/Abidjan")
    languages = ArrayField(models.CharField(max_length=2, choices=enums.Language.choices))
    quorum_numerator = models.PositiveSmallIntegerField(default=2)
    quorum_denominator = models.PositiveSmallIntegerField(default=3)
    founded_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_working_group", condition=Q(id=1)),
            models.CheckConstraint(
                name="quorum_is_a_share",
                condition=Q(quorum_numerator__gte=1, quorum_numerator__lte=F("quorum_denominator")),
                violation_error_message=_("The quorum must be a share of the member states, such as 2 of 3."),
            ),
        ]

    def __str__(self) -> str:
        return self.short_name


class Organisation(models.Model):
    """A partner organisation or programme; offers assistance, has no assessment."""

    key = models.SlugField(max_length=20, unique=True)
    kind = models.CharField(max_length=14, choices=enums.OrganisationKind.choices)
    name = models.CharField(max_length=200)
    acronym = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.acronym
