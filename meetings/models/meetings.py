"""Meetings and their agenda."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from iwg_portal.base.kept import NoteChange
from meetings import enums
from meetings.models.groups import Group
from members.enums import Audience, Language
from members.models import Organisation, State
from members.models.audiences import known_audience, never_narrower


class Meeting(models.Model):
    """One meeting of a group. Times are aware; ``zone`` is where it takes place, and how its times are shown.

    ``title`` is one text in ``language``. ``link`` leads into a video conference: shown to those who read the meeting.
    ``chatham_house``: who was there and who said what is shown only to those who were in the room.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="meetings")
    number = models.PositiveSmallIntegerField(help_text="in its series")
    title = models.CharField(max_length=200)
    language = models.CharField(max_length=2, choices=Language.choices, default="en")
    state = models.CharField(max_length=10, choices=enums.MeetingState.choices, default=enums.MeetingState.DRAFT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    zone = models.CharField(max_length=60, help_text="IANA time zone")
    place = models.CharField(max_length=200, blank=True)
    link = models.URLField(max_length=500, blank=True)
    host = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    chair = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    languages = ArrayField(models.CharField(max_length=2, choices=Language.choices), default=list, blank=True)
    interpretation = models.BooleanField(default=False)
    chatham_house = models.BooleanField(default=False)
    papers_due_on = models.DateField(null=True, blank=True)
    register_by = models.DateField(null=True, blank=True)
    # Null: told to nobody so far, also where it was cancelled since.
    announced_at = models.DateTimeField(null=True, blank=True)
    audience = models.CharField(max_length=11, choices=Audience.choices, default=Audience.GROUP)
    cloned_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        triggers = [
            NoteChange(name="note_change"),
            never_narrower("meetings_paper", "meeting_id", "papers_never_wider"),
            never_narrower("meetings_record", "meeting_id", "record_never_wider"),
        ]
        constraints = [
            known_audience("meeting_audience_known"),
            models.UniqueConstraint(
                fields=["group", "number"],
                name="meeting_number_once",
                violation_error_message=_("A meeting of this group has this number already."),
            ),
            models.CheckConstraint(
                name="meeting_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("A meeting cannot end before it begins."),
            ),
            models.CheckConstraint(
                name="meeting_of_the_group_is_no_delegations_own",
                condition=~Q(audience=Audience.DELEGATION),
                violation_error_message=_("A meeting belongs to the group, not to one delegation."),
            ),
        ]
        indexes = [models.Index(fields=["-starts_at", "-id"], name="meeting_newest")]

    def __str__(self) -> str:
        return f"{self.group_id}/{self.number} {self.title}"

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def is_writable(self) -> bool:
        """Its record may be written."""
        return self.state in enums.WRITABLE


class AgendaItem(models.Model):
    """A point of the agenda, and the place of its part of the record.

    ``starts_at`` is set only where a time is fixed (first item of a day); else it follows from the item before.
    ``position`` orders the accepted items and gives their number. ``state_proposing`` is set on what a member proposed.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=200)
    note = models.TextField(blank=True)
    language = models.CharField(max_length=2, choices=Language.choices, default="en")
    theme = models.CharField(max_length=12, choices=enums.Theme.choices, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(default=30)
    lead_state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lead_organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lead = models.CharField(max_length=150, blank=True, help_text="a person or office, as free text")
    status = models.CharField(max_length=9, choices=enums.ItemState.choices, default=enums.ItemState.ACCEPTED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state_proposing = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # Why a proposal was declined, in one sentence: read by whoever reads the proposal.
    decline_reason = models.CharField(max_length=500, blank=True)
    carried_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="carried_to")
    is_open = models.BooleanField(default=False, help_text="not concluded: carried over to the next meeting")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            models.CheckConstraint(
                name="item_lasts_some_time",
                condition=Q(minutes__gte=1, minutes__lte=1440),
                violation_error_message=_("An item lasts between one minute and one day."),
            ),
            models.CheckConstraint(
                name="item_has_one_lead_at_most",
                condition=Q(lead_state__isnull=True) | Q(lead_organisation__isnull=True),
                violation_error_message=_("Choose a state or an organisation, not both."),
            ),
            models.CheckConstraint(
                name="item_declined_for_a_reason",
                condition=Q(status="declined") & ~Q(decline_reason="") | ~Q(status="declined") & Q(decline_reason=""),
                violation_error_message=_("Say in a sentence why."),
            ),
        ]
        indexes = [models.Index(fields=["meeting", "position", "id"], name="item_in_order")]

    def __str__(self) -> str:
        return f"{self.meeting_id}/{self.position}"
