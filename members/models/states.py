"""States, and from when until when each takes part. Membership is rows with dates, never a constant."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from iwg_portal.base.kept import NoteChange
from members import enums
from members.models.dates import DateRange, SameRow


class State(models.Model):
    """A state known to the group, whether member, observer or neither. Names follow United Nations usage."""

    alpha2 = models.CharField(max_length=2, unique=True)
    alpha3 = models.CharField(max_length=3, unique=True)
    m49 = models.CharField(max_length=3, unique=True)
    name = models.CharField(max_length=100)
    formal_name = models.CharField(max_length=200)
    # Folded in Python (no ICU, no unaccent in the database), so that plain byte order is alphabetical order.
    sort_name = models.CharField(max_length=100, db_collation="C")
    ui_language = models.CharField(max_length=2, choices=enums.Language.choices, default="en")
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    languages_note = models.TextField(blank=True)

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            models.CheckConstraint(
                name="state_codes_well_formed",
                condition=Q(alpha2__regex="^[A-Z]{2}$", alpha3__regex="^[A-Z]{3}$", m49__regex="^[0-9]{3}$"),
                violation_error_message=_("The codes of a state are two letters, three letters and three digits."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class StateHoliday(models.Model):
    """A day on which the state's offices are closed: no reminder leaves. None is entered until a state names some."""

    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="holidays")
    on = models.DateField()

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            models.UniqueConstraint(
                fields=["state", "on"],
                name="holiday_once",
                violation_error_message=_("This holiday is entered already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.state_id} {self.on}"


class Participation(models.Model):
    """From when until when a state is a member or an observer of the group."""

    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="participations")
    kind = models.CharField(max_length=10, choices=enums.ParticipationKind.choices)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            models.CheckConstraint(
                name="participation_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                violation_error_message=_("The last day must be after the first day."),
            ),
            ExclusionConstraint(
                name="one_participation_at_a_time",
                expressions=[
                    (SameRow("state_id"), RangeOperators.OVERLAPS),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("This state already takes part in the group on some of these days."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state_id} {self.kind} {self.starts_on}"
