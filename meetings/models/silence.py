"""Silence procedure: what was circulated, until when, and what the members said. Silence is consent."""

from __future__ import annotations

import datetime as dt
import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from meetings import enums
from meetings.models.records import Block, Record
from members.models import State


class RecordVersion(models.Model):
    """The record as it was circulated. Never changes: ``sha256`` is that of the canonical JSON of ``content``."""

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record", "number"], name="record_version_once"),
            models.CheckConstraint(name="record_version_hashed", condition=Q(sha256__regex="^[0-9a-f]{64}$")),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.record_id} v{self.number}"


class Circulation(models.Model):
    """One silence procedure about one version. ``adopted_number`` is the number under which the record was adopted.

    The chair may say that the text is right (``approved_at``); that neither replaces the silence of the states nor
    shortens it.
    """

    version = models.OneToOneField(RecordVersion, on_delete=models.PROTECT, related_name="circulation")
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="circulations")
    state = models.CharField(max_length=9, choices=enums.CirculationState.choices, default=enums.CirculationState.OPEN)
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    adopted_number = models.PositiveIntegerField(null=True, blank=True, unique=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        triggers = [
            pgtrigger.Protect(
                name="ended_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__df="open"),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["record"],
                condition=Q(state="open"),
                name="one_open_circulation",
                violation_error_message=_("This record is under silence procedure already."),
            ),
            models.UniqueConstraint(
                fields=["record"],
                condition=Q(state="adopted"),
                name="adopted_once",
                violation_error_message=_("This record is adopted already."),
            ),
            models.CheckConstraint(
                name="silence_ends_after_start",
                condition=Q(deadline__gt=F("opened_at")),
                violation_error_message=_("The deadline must lie in the future."),
            ),
            models.CheckConstraint(
                name="silence_ended_or_open",
                condition=Q(state="open", ended_at__isnull=True) | (~Q(state="open") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="adopted_has_its_number",
                condition=Q(state="adopted", adopted_number__isnull=False)
                | (~Q(state="adopted") & Q(adopted_number__isnull=True)),
            ),
            models.CheckConstraint(
                name="approved_by_somebody",
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"silence {self.record_id} {self.opened_at:%Y-%m-%d}"

    def takes_words(self, at: dt.datetime) -> bool:
        """What arrives at ``at`` counts: it is open and its hour has not come."""
        return self.state == enums.CirculationState.OPEN and at < self.deadline


class Position(models.Model):
    """What a member state says to a circulated record; the latest row of a state holds. Append-only."""

    circulation = models.ForeignKey(Circulation, on_delete=models.PROTECT, related_name="positions")
    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="+")
    stance = models.CharField(max_length=6, choices=enums.Stance.choices)
    text = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    from_mail = models.BooleanField(default=False, help_text="by the link in a mail, without signing in")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="objection_has_a_reason",
                condition=~Q(stance="object") | ~Q(text=""),
                violation_error_message=_("Say what your state objects to, and how it could be mended."),
            )
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.circulation_id} {self.state_id} {self.stance}"


class Comment(models.Model):
    """A remark beside a paragraph of a circulated record (``block`` null: on the whole).

    ``is_late``: it came after the deadline; it is kept and shown to the secretariat and its author alone.
    """

    # Made by the page, so that a form sent twice is one comment.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    circulation = models.ForeignKey(Circulation, on_delete=models.PROTECT, related_name="comments")
    block = models.ForeignKey(Block, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    is_late = models.BooleanField(default=False)
    is_settled = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="comment_says_something", condition=~Q(text=""))]

    def __str__(self) -> str:
        return f"comment {self.pk.hex[:8]}"
