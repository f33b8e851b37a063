"""The record of a meeting: small blocks below the items of its agenda, each with all its versions."""

from __future__ import annotations

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from meetings import enums
from meetings.models.meetings import AgendaItem, Meeting
from members.enums import Audience
from members.models import State
from members.models.audiences import known_audience, never_wider


class Record(models.Model):
    """Of one meeting. ``secretariat`` while it is a draft (group-owned: the secretariat and the chair), then
    ``members``. Made with the meeting."""

    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="record")
    audience = models.CharField(max_length=11, choices=Audience.choices, default=Audience.SECRETARIAT)
    language = models.CharField(max_length=2, default="en")

    class Meta:
        constraints = [
            known_audience("record_audience_known"),
            models.CheckConstraint(name="record_is_no_delegations_own", condition=~Q(audience=Audience.DELEGATION)),
        ]
        triggers = never_wider("meetings_meeting", "meeting_id")

    def __str__(self) -> str:
        return f"record of {self.meeting_id}"


class Block(models.Model):
    """A paragraph, a decision or an action point below an item; the unit of editing.

    Written only by ``UPDATE … WHERE id = … AND version = …``; zero rows is a clash. ``position`` orders in the item.
    ``said_by`` names the state whose statement it is, where that is recorded; under the Chatham House Rule only those
    who were in the room read it. Removed blocks stay, so that they can be brought back.
    """

    # Made by the client, so that a retry after a lost answer makes no second block.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="blocks")
    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, related_name="blocks")
    kind = models.CharField(max_length=8, choices=enums.BlockKind.choices, default=enums.BlockKind.TEXT)
    position = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    said_by = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    is_removed = models.BooleanField(default=False)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="block_text_bounded",
                # In characters; a longer paragraph is several.
                condition=LessThanOrEqual(Length("text"), Value(20_000)),
                violation_error_message=_("A block holds at most 20,000 characters: split it."),
            )
        ]
        indexes = [models.Index(fields=["record", "item", "position"], name="block_in_order")]
        triggers = [
            pgtrigger.Trigger(
                name="frozen_when_adopted",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF EXISTS (
                        SELECT FROM meetings_record r JOIN meetings_meeting m ON m.id = r.meeting_id
                        WHERE r.id IN (NEW.record_id, OLD.record_id) AND m.state = 'adopted'
                    ) THEN
                        RAISE EXCEPTION 'the record of this meeting is adopted: nothing in it changes any more'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"block {self.pk.hex[:8]}"


class BlockRevision(models.Model):
    """A block as it was after one save. Append-only: the base of a merge, and what can be brought back.

    ``client_id`` is made by whoever sends the save: the same one again is the same save, and gets the same receipt.
    """

    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    is_removed = models.BooleanField(default=False)
    client_id = models.UUIDField(unique=True)
    # Somebody else had changed the block meanwhile and both texts were put together.
    merged = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["block", "number"], name="revision_once")]
        indexes = [models.Index(fields=["block", "-number"], name="revision_newest")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.block_id} v{self.number}"


class Here(models.Model):
    """Who looks at a record, at which item, and when she was last heard of. Never blocks anybody."""

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(AgendaItem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "person"], name="here_once")]

    def __str__(self) -> str:
        return f"{self.record_id} {self.person_id}"
