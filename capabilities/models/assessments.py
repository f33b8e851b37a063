"""A state's answers in a round, and the scores frozen from them when they were published.

*Not declared* and *not applicable* are not zero and enter no mean. Means are on the scale 0–4.
"""

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capabilities.enums import AnswerKind, AssessmentState, Scope
from capabilities.models.framework import Area, Indicator
from capabilities.models.rounds import Round
from iwg_portal.base.kept import NoteChange
from members.enums import Audience
from members.models import State
from members.models.audiences import known_audience, never_beyond, never_narrower, never_wider

ASSESSMENT = ("capabilities_assessment", "assessment_id")


class Assessment(models.Model):
    """What one state declared in one round.

    ``audience`` is the widest of its areas: what the state released (``Release``), cut to ``no_wider_than``, the
    audience to which it narrowed this one assessment. Answers and scores carry their own.
    """

    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="assessments")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="assessments")
    status = models.CharField(max_length=9, choices=AssessmentState.choices, default=AssessmentState.DRAFT)
    audience = models.CharField(max_length=11, choices=Audience.choices)
    no_wider_than = models.CharField(max_length=11, choices=Audience.choices, null=True, blank=True)  # noqa: DJ001
    source = models.CharField(max_length=300, blank=True)
    published_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, help_text="counts corrections after publication")

    class Meta:
        triggers = [
            NoteChange(name="note_change"),
            never_narrower("capabilities_answer", "assessment_id", "not_under_answers"),
            never_narrower("capabilities_areascore", "assessment_id", "not_under_scores"),
        ]
        constraints = [
            known_audience("assessment_audience_known"),
            never_beyond("assessment_never_beyond"),
            models.UniqueConstraint(
                fields=["state", "round"],
                name="one_assessment_per_round",
                violation_error_message=_("This state already has an assessment in this round."),
            ),
            models.CheckConstraint(
                name="published_has_its_moment",
                condition=Q(status="draft", published_at__isnull=True)
                | Q(status="published", published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="draft_stays_in_delegation",
                condition=Q(status="published") | Q(audience="delegation"),
                violation_error_message=_("A draft is seen by its own delegation only."),
            ),
        ]
        indexes = [models.Index(fields=["round", "state"], name="assessment_by_round", condition=Q(status="published"))]

    def __str__(self) -> str:
        return f"{self.state} {self.round}"


# Each old value is kept: an overwritten level stays in history, also after queryset.update(). Who may read it follows
# from the answer itself.
@pghistory.track(
    pghistory.UpdateEvent(row=pghistory.Old, condition=pghistory.AnyChange("kind", "level", "reason")),
    pghistory.DeleteEvent(),
    exclude=["audience"],
    model_name="AnswerHistory",
)
class Answer(models.Model):
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="answers")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=5, choices=AnswerKind.choices)
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="why the indicator does not apply")
    audience = models.CharField(max_length=11, choices=Audience.choices)

    class Meta:
        triggers = [NoteChange(name="note_change"), *never_wider(*ASSESSMENT)]
        constraints = [
            known_audience("answer_audience_known"),
            models.UniqueConstraint(
                fields=["assessment", "indicator"], name="one_answer_per_indicator", include=["kind", "level"]
            ),
            models.CheckConstraint(
                name="answer_is_level_or_reason",
                condition=(
                    Q(kind="level", level__gte=0, level__lte=4, level__isnull=False, reason="")
                    | Q(kind="nd", level__isnull=True, reason="")
                    | (Q(kind="na", level__isnull=True) & ~Q(reason=""))
                ),
                violation_error_message=_(
                    "An answer is a level from 0 to 4, “not declared”, or “not applicable” with its reason."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.indicator_id}"


class AreaScore(models.Model):
    """Mean level of one area of a published assessment, frozen, per scope.

    ``scope`` ``advpax`` takes the indicators of scope API or both, ``pnr`` likewise, ``both`` takes all. The mean over
    all areas is never stored: it is made of the areas that its reader may read.
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="scores")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=6, choices=Scope.choices)
    audience = models.CharField(max_length=11, choices=Audience.choices)
    mean = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    declared = models.PositiveSmallIntegerField()
    applicable = models.PositiveSmallIntegerField()

    class Meta:
        triggers = [NoteChange(name="note_change"), *never_wider(*ASSESSMENT)]
        constraints = [
            known_audience("score_audience_known"),
            models.UniqueConstraint(
                fields=["assessment", "scope", "area"],
                name="one_score_per_area",
                include=["mean", "declared", "applicable", "audience"],
            ),
            models.CheckConstraint(
                name="score_0_to_4",
                condition=Q(mean__isnull=True, declared=0) | Q(mean__gte=0, mean__lte=4, declared__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.area_id} {self.scope}"


class RegionalScore(models.Model):
    """Median and middle half over the member states of a round, frozen, so that the same numbers go to every viewer.

    ``shared`` states declared something that all members may read; ``contributing`` of them let it count.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="regional_scores")
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=6, choices=Scope.choices)
    lower = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    median = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    upper = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    contributing = models.PositiveSmallIntegerField()
    shared = models.PositiveSmallIntegerField()
    members = models.PositiveSmallIntegerField()

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            models.UniqueConstraint(fields=["round", "scope", "area"], name="one_regional_score", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.area_id} {self.scope}"


class RoundNote(models.Model):
    """Free text beside a state's row in a round ("No report received"): for its delegation and the secretariat."""

    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    audience = models.CharField(max_length=11, choices=Audience.choices, default=Audience.SECRETARIAT)

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            known_audience("note_audience_known"),
            models.UniqueConstraint(fields=["state", "round"], name="one_note_per_round"),
        ]

    def __str__(self) -> str:
        return f"{self.state_id} {self.round_id}"
