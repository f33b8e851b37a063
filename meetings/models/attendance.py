"""Who comes, and who was there. Attendance and quorum are counted by state: three delegates count once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from meetings import enums
from meetings.models.meetings import Meeting
from members.models import Organisation, State


class Registration(models.Model):
    """One person and one meeting: nominated by her focal point, and what she answered (empty: not yet)."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="registrations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=6, choices=enums.Answer.choices, blank=True)
    nominated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(auto_now=True)
    from_mail = models.BooleanField(default=False, help_text="her answer came by the link in a mail")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "person"],
                name="registration_once",
                violation_error_message=_("This person is registered already."),
            ),
            models.CheckConstraint(
                name="registration_for_a_state_or_an_organisation",
                condition=Q(state__isnull=True) | Q(organisation__isnull=True),
            ),
            models.CheckConstraint(
                name="registration_answer_known",
                condition=Q(answer__in=["", *enums.Answer.values]),
                violation_error_message=_("Choose an answer."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.person_id}"


class Attendance(models.Model):
    """Whether one state or organisation was in the room. ``since`` is when it came, where it came later."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="attendance")
    state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    presence = models.CharField(max_length=7, choices=enums.Presence.choices)
    since = models.DateTimeField(null=True, blank=True)
    self_declared = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("meeting", "state", "organisation", name="attendance_once", nulls_distinct=False),
            models.CheckConstraint(
                name="attendance_of_a_state_or_an_organisation",
                condition=Q(state__isnull=False, organisation__isnull=True)
                | Q(state__isnull=True, organisation__isnull=False),
            ),
            models.CheckConstraint(
                name="late_has_its_time",
                condition=~Q(presence=enums.Presence.LATE) | Q(since__isnull=False),
                violation_error_message=_("Say from what time the delegation was there."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.state_id or self.organisation_id}"
