"""Decisions: a block of a record that lives on until it is carried out or superseded."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from meetings import enums
from meetings.models.records import Block, Record
from members.models import Organisation, State


class Decision(models.Model):
    """What the group decided. Its text is that of its block; ``number`` (in the register, over all meetings) is given
    when the record is first circulated, and kept. Addressed to the states and organisations named; to all members where
    ``to_all``."""

    block = models.OneToOneField(Block, on_delete=models.PROTECT, related_name="decision")
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField(null=True, blank=True, unique=True)
    kind = models.CharField(max_length=13, choices=enums.DecisionKind.choices, default=enums.DecisionKind.OPERATIONAL)
    status = models.CharField(max_length=11, choices=enums.DecisionState.choices, default=enums.DecisionState.ACTIVE)
    superseded_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes"
    )
    to_all = models.BooleanField(default=True)
    states = models.ManyToManyField(State, related_name="+", blank=True)
    organisations = models.ManyToManyField(Organisation, related_name="+", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="superseded_names_its_successor",
                condition=Q(status="superseded", superseded_by__isnull=False)
                | (~Q(status="superseded") & Q(superseded_by__isnull=True)),
                violation_error_message=_("Say which decision takes its place."),
            )
        ]

    def __str__(self) -> str:
        return f"decision {self.number or self.pk}"

    @property
    def code(self) -> str:
        """As it is named in the register: D-12. Empty until the record was circulated."""
        return f"D-{self.number}" if self.number else ""
