"""Papers of a meeting. The bytes are stored files (one for each language), attached to the paper."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from meetings.models.meetings import AgendaItem, Meeting
from members.enums import Audience
from members.models.audiences import known_audience, never_wider


class Paper(models.Model):
    """One paper in one or more languages, for an item or for the whole meeting (``item`` null).

    Each language is a ``members.StoredFile`` whose parent is this row; its versions are that file's.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="papers")
    item = models.ForeignKey(AgendaItem, null=True, blank=True, on_delete=models.PROTECT, related_name="papers")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    audience = models.CharField(max_length=11, choices=Audience.choices, default=Audience.GROUP)
    due_on = models.DateField(null=True, blank=True, help_text="the day on which it is to be there")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    is_withdrawn = models.BooleanField(default=False)

    class Meta:
        constraints = [
            known_audience("paper_audience_known"),
            models.UniqueConstraint(
                fields=["meeting", "number"],
                name="paper_number_once",
                violation_error_message=_("Another paper of this meeting has this number."),
            ),
            models.CheckConstraint(
                name="paper_of_the_group_is_no_delegations_own", condition=~Q(audience=Audience.DELEGATION)
            ),
        ]
        triggers = never_wider("meetings_meeting", "meeting_id")

    def __str__(self) -> str:
        return f"{self.meeting_id}/{self.number}"


class PaperOpening(models.Model):
    """When a paper was opened to more readers than ``before``: to those who came in then it is as new as a paper that
    was stored at that moment. Append-only."""

    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="openings")
    before = models.CharField(max_length=11, choices=Audience.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="paper_opening_audience_known", condition=Q(before__in=Audience.values))
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.paper_id} {self.before}"


class PaperLook(models.Model):
    """When somebody last said that she knows the papers of a meeting: what came later is new to her."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "person"], name="paper_look_once")]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.person_id}"
