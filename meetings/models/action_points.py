"""Action points: owned by states or organisations, held by persons. When the person leaves, the owner still owns."""

from __future__ import annotations

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from meetings import enums
from meetings.models.decisions import Decision
from meetings.models.records import Block, Record
from members.models import Organisation, State, StoredFile


class ActionPoint(models.Model):
    """What is to be done by when. Its text is that of its block. ``each_member``: every member state owns it, each with
    a row of its own, and progress is shown over all of them."""

    block = models.OneToOneField(Block, on_delete=models.PROTECT, related_name="action")
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="actions")
    number = models.PositiveIntegerField(null=True, blank=True, unique=True)
    due_on = models.DateField(null=True, blank=True)
    each_member = models.BooleanField(default=False)
    decision = models.ForeignKey(Decision, null=True, blank=True, on_delete=models.PROTECT, related_name="actions")

    class Meta:
        indexes = [models.Index(fields=["due_on"], name="action_by_due_date")]

    def __str__(self) -> str:
        return f"action point {self.number or self.pk}"

    @property
    def code(self) -> str:
        """As it is named in the register: A-12. Empty until the record was circulated."""
        return f"A-{self.number}" if self.number else ""


class ActionOwner(models.Model):
    """One owner of an action point, who holds it there, and how far it has come (the word of the latest report)."""

    action = models.ForeignKey(ActionPoint, on_delete=models.PROTECT, related_name="owners")
    state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=11, choices=enums.OwnerState.choices, default=enums.OwnerState.OPEN)
    # Asked for by the owner and granted by the secretariat; null: the date of the action point holds.
    due_on = models.DateField(null=True, blank=True)
    is_removed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="action_owner_is_a_state_or_an_organisation",
                condition=Q(state__isnull=False, organisation__isnull=True)
                | Q(state__isnull=True, organisation__isnull=False),
                violation_error_message=_("Choose a state or an organisation, not both."),
            ),
            models.UniqueConstraint(
                "action",
                "state",
                "organisation",
                name="action_owner_once",
                nulls_distinct=False,
                violation_error_message=_("This owner is named already."),
            ),
        ]
        indexes = [models.Index(fields=["state", "status"], name="owner_by_state")]

    def __str__(self) -> str:
        return f"{self.action_id} {self.state_id or self.organisation_id}"


class ActionReport(models.Model):
    """What an owner reports: how far, in words, and until when it needs time. Append-only."""

    # Made by the page, so that a form sent twice is one report.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(ActionOwner, on_delete=models.PROTECT, related_name="reports")
    status = models.CharField(max_length=11, choices=enums.OwnerState.choices)
    text = models.TextField(blank=True)
    needs_until = models.DateField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    from_mail = models.BooleanField(default=False, help_text="by the link in a mail, without signing in")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="not_ours_has_a_reason",
                condition=~Q(status="not_ours") | ~Q(text=""),
                violation_error_message=_("Say why this is not for you, and for whom it is."),
            )
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"report {self.pk.hex[:8]}"


class ActionEvidence(models.Model):
    """A file by which an owner shows what it has done. The file is attached to the record, so that it is never read by
    more people than that; this row says whose evidence it is."""

    owner = models.ForeignKey(ActionOwner, on_delete=models.PROTECT, related_name="evidence")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "evidence"
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"evidence {self.file_id}"
