"""Who meets: the bodies of the working group, who chairs them together, and whose turn it is."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from meetings import enums
from members.models import Organisation, State
from members.models.dates import DateRange


class Group(models.Model):
    """A series of meetings: the plenary, a sub-group with its theme, webinars. Names in three languages."""

    key = models.SlugField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, choices=enums.GroupKind.choices)
    theme = models.CharField(max_length=12, choices=enums.Theme.choices, blank=True)
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="sub_group_has_a_theme",
                condition=~Q(kind=enums.GroupKind.SUB_GROUP) | ~Q(theme=""),
                violation_error_message=_("A sub-group works on a theme: choose one."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class CoChair(models.Model):
    """From when until when a state or organisation leads a group together with others; a person may act for it."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="co_chairs")
    state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="co_chair_is_a_state_or_an_organisation",
                condition=Q(state__isnull=False, organisation__isnull=True)
                | Q(state__isnull=True, organisation__isnull=False),
                violation_error_message=_("Choose a state or an organisation, not both."),
            ),
            models.CheckConstraint(
                name="co_chair_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                violation_error_message=_("The last day must be after the first day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.state_id or self.organisation_id} {self.starts_on}"

    @property
    def last_day(self) -> dt.date | None:
        return self.ends_on - dt.timedelta(days=1) if self.ends_on else None


class Turn(models.Model):
    """The rotation as planned: whose turn to chair or to host, from when until when. A plan gives no right:
    who chairs is a term of office (``members.Term``)."""

    kind = models.CharField(max_length=5, choices=enums.TurnKind.choices)
    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="turn_ends_after_start",
                condition=Q(ends_on__gt=F("starts_on")),
                violation_error_message=_("The last day must be after the first day."),
            ),
            ExclusionConstraint(
                name="one_chair_planned_at_a_time",
                expressions=[(DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS)],
                condition=Q(kind="chair"),
                violation_error_message=_("Another state is planned as chair for some of these days."),
            ),
            ExclusionConstraint(
                name="one_host_planned_at_a_time",
                expressions=[(DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS)],
                condition=Q(kind="host"),
                violation_error_message=_("Another state is planned as host for some of these days."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state_id} {self.starts_on}"

    @property
    def last_day(self) -> dt.date:
        return self.ends_on - dt.timedelta(days=1)
