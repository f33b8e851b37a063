"""Lessons: what one state learned and others can take over. Raw and approved text are kept apart."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from capabilities.models import Indicator
from iwg_portal.base.kept import NoteChange
from meetings import enums
from meetings.models.meetings import AgendaItem
from members.enums import Audience, Language
from members.models import State
from members.models.audiences import known_audience


class Lesson(models.Model):
    """One lesson. ``state`` is the owner, null for the group's; ``names_origin``: readers may know which state it was
    (off unless the state says so). Drafts are read by the owner's delegation and the secretariat whatever ``audience``
    says; it holds from the approval on.
    """

    state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="lessons")
    names_origin = models.BooleanField(default=False)
    status = models.CharField(max_length=9, choices=enums.LessonState.choices, default=enums.LessonState.DRAFT)
    audience = models.CharField(max_length=11, choices=Audience.choices, default=Audience.GROUP)
    theme = models.CharField(max_length=12, choices=enums.Theme.choices)
    cost_band = models.CharField(max_length=7, choices=enums.CostBand.choices, default=enums.CostBand.UNKNOWN)
    transferable = models.CharField(
        max_length=7, choices=enums.Transferable.choices, default=enums.Transferable.UNKNOWN
    )
    item = models.ForeignKey(AgendaItem, null=True, blank=True, on_delete=models.PROTECT, related_name="lessons")
    indicators = models.ManyToManyField(Indicator, related_name="lessons", blank=True)
    shared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    shared_at = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            known_audience("lesson_audience_known"),
            models.CheckConstraint(
                name="approved_lesson_has_its_day",
                condition=Q(status__in=["draft", "submitted"], approved_at__isnull=True)
                | Q(status="approved", approved_at__isnull=False)
                | Q(status="withdrawn"),
            ),
        ]
        indexes = [models.Index(fields=["status", "-approved_at", "-id"], name="lesson_newest")]

    def __str__(self) -> str:
        return f"lesson {self.pk}"


class LessonText(models.Model):
    """A lesson in one language. One raw and one approved text; translations beside the approved one.

    ``is_machine`` marks a translation that no person made; it never takes the place of a human one.
    """

    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="texts")
    kind = models.CharField(max_length=11, choices=enums.TextKind.choices)
    language = models.CharField(max_length=2, choices=Language.choices)
    is_machine = models.BooleanField(default=False)
    title = models.CharField(max_length=200)
    problem = models.TextField()
    done = models.TextField()
    result = models.TextField(blank=True)
    prerequisites = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            models.UniqueConstraint(fields=["lesson"], condition=Q(kind="raw"), name="one_raw_text"),
            models.UniqueConstraint(fields=["lesson"], condition=Q(kind="approved"), name="one_approved_text"),
            models.UniqueConstraint(
                F("lesson"),
                F("language"),
                condition=Q(kind="translation"),
                name="one_translation_per_language",
                violation_error_message=_("There is a translation into this language already."),
            ),
            models.CheckConstraint(
                name="only_translations_by_machine", condition=Q(is_machine=False) | Q(kind="translation")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_id} {self.kind} {self.language}"


class LessonUse(models.Model):
    """A state says that a lesson is useful to it."""

    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="uses")
    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lesson", "state"], name="lesson_useful_once")]

    def __str__(self) -> str:
        return f"{self.lesson_id} {self.state_id}"
