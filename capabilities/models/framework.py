"""The group's framework as data: editions, areas, indicators, level texts, ladders, their legal basis, terms.

An edition is frozen once a round uses it; a change of wording that changes meaning is a new edition.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from capabilities.enums import Scope
from iwg_portal.base.kept import NoteChange


class Edition(models.Model):
    number = models.PositiveSmallIntegerField(unique=True)
    title = models.CharField(max_length=200)
    # Digest of the loaded framework and glossary: the key under which a process keeps them in memory.
    content_version = models.CharField(max_length=64, blank=True)

    class Meta:
        triggers = [NoteChange(name="note_change")]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"


class Area(models.Model):
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="areas")
    code = models.CharField(max_length=8)
    order = models.PositiveSmallIntegerField()
    theme = models.CharField(max_length=20)
    title = models.CharField(max_length=120)
    short_title = models.CharField(max_length=30, help_text="one word where possible: head of a narrow column")
    description = models.TextField()

    class Meta:
        ordering = ["edition", "order"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "code"], name="area_code_once"),
            models.UniqueConstraint(fields=["edition", "order"], name="area_order_once"),
        ]

    def __str__(self) -> str:
        return self.title


class Indicator(models.Model):
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="indicators")
    code = models.CharField(max_length=12)
    order = models.PositiveSmallIntegerField()
    scope = models.CharField(max_length=6, choices=Scope.choices)
    title = models.CharField(max_length=200)
    question = models.TextField()
    # Stable keys of Instrument; never a treaty's paragraph number, those move between editions.
    basis = ArrayField(models.CharField(max_length=30), default=list)

    class Meta:
        ordering = ["area__order", "order"]
        constraints = [
            models.UniqueConstraint(fields=["area", "code"], name="indicator_code_once"),
            models.UniqueConstraint(fields=["area", "order"], name="indicator_order_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class Level(models.Model):
    """What level 0–4 of an indicator means. Cumulative: a level holds only if all lower ones hold."""

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="levels")
    level = models.PositiveSmallIntegerField()
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["indicator", "level"], name="level_once"),
            models.CheckConstraint(name="level_0_to_4", condition=Q(level__lte=4)),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.level}"


class LadderStep(models.Model):
    """The words of a step: of a headline ladder (``advpax``, ``pnr``), the legal axis (``legal``), or the levels
    0–4 in general (``level``)."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="ladder_steps")
    ladder = models.CharField(
        max_length=6, choices=[("advpax", "API"), ("pnr", "PNR"), ("legal", "legal"), ("level", "level")]
    )
    code = models.CharField(max_length=14)
    order = models.SmallIntegerField(null=True, help_text="null: stands beside the ladder")
    label = models.CharField(max_length=80)
    meaning = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "ladder", "code"], name="ladder_step_once")]

    def __str__(self) -> str:
        return self.label


class Instrument(models.Model):
    """A resolution, Annex 9 provision, guideline or law on which an indicator rests."""

    key = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=30)
    title = models.CharField(max_length=300)
    issuer = models.CharField(max_length=200, blank=True)
    edition_label = models.CharField(max_length=120, blank=True)
    year = models.PositiveSmallIntegerField(null=True)
    number = models.CharField(max_length=40, blank=True)
    number_verified = models.BooleanField(default=False, help_text="no: show “number to be confirmed”")
    summary = models.TextField()

    def __str__(self) -> str:
        return self.title


class GlossaryTerm(models.Model):
    """A term of the group in three languages, with a definition in the group's own words."""

    key = models.SlugField(max_length=60, unique=True)
    term = models.CharField(max_length=120)
    abbreviation = models.CharField(max_length=30, blank=True)
    definition = models.TextField()
    note = models.TextField(blank=True)
    see_also = ArrayField(models.CharField(max_length=60), default=list)

    def __str__(self) -> str:
        return self.term
