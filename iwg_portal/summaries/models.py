"""The regional summary: figures of one moment, frozen and numbered, from which every document is made; and what a Word
document is made with."""

from __future__ import annotations

import datetime as dt

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from capabilities.enums import Scope
from iwg_portal.summaries.enums import FROZEN, SummaryForm, SummaryState
from members.enums import Audience, Language
from members.models import StoredFile
from members.models.audiences import known_audience

HASHED = Q(sha256__regex="^[0-9a-f]{64}$")


class Summary(models.Model):
    """One snapshot, with what became of it. All times are UTC.

    ``content`` holds the figures with every name and word that a document needs, in the three languages, so that the
    document of a year later says the same (see ``figures``); ``sha256`` is that of its canonical JSON. ``check_code``
    stands on each page and can be confirmed by anybody. ``audience`` follows from ``form``: where states are named, it
    is for the members. ``basis`` is nobody's to read, and no page or document is made from it: of an aggregated one it
    holds what each state contributed to each figure as it was said last (see ``aggregates``), of a named one the facts
    that it tells (see ``consents``; one from before these were kept has none, and goes no further than it has come).
    """

    year = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    scope = models.CharField(max_length=6, choices=Scope.choices, default=Scope.BOTH)
    form = models.CharField(max_length=10, choices=SummaryForm.choices, default=SummaryForm.NAMED)
    audience = models.CharField(max_length=11, choices=Audience.choices, default=Audience.MEMBERS)
    state = models.CharField(max_length=9, choices=SummaryState.choices, default=SummaryState.QUEUED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True, help_text="the moment of all figures")
    content = models.JSONField(null=True, blank=True)
    basis = models.JSONField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    check_code = models.CharField(max_length=12, blank=True)
    # Each try to build it: one that kills its worker must not keep the others waiting for ever.
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True, help_text="why it could not be built; no figure")
    # Of the try that is being made: how far it is, and until when its worker may be silent before another one begins.
    steps_done = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    # The document says when the chair approved it.
    approved_at = models.DateTimeField(null=True, blank=True)
    # A later one says which one it follows: that every member could read by then.
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "summaries"
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="summary_numbered_once"),
            models.UniqueConstraint(
                fields=["asked_by", "scope", "form"],
                condition=Q(state=SummaryState.QUEUED),
                name="summary_asked_once",
                violation_error_message=_("This summary is being built already."),
            ),
            models.UniqueConstraint(fields=["check_code"], condition=~Q(check_code=""), name="summary_code_once"),
            models.CheckConstraint(
                name="summary_frozen_has_figures",
                condition=(
                    Q(state__in=FROZEN, content__isnull=False, taken_at__isnull=False) & ~Q(check_code="") & HASHED
                )
                | (~Q(state__in=FROZEN) & Q(content__isnull=True, taken_at__isnull=True, sha256="", check_code="")),
            ),
            models.CheckConstraint(
                name="summary_leased_while_queued",
                condition=Q(state=SummaryState.QUEUED, leased_until__isnull=False, steps_done__lte=F("steps"))
                | Q(leased_until__isnull=True, steps_done=0, steps=0),
            ),
            models.CheckConstraint(
                name="summary_approved_before_release",
                condition=~Q(state__in=[SummaryState.APPROVED, SummaryState.RELEASED]) | Q(approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="summary_released_at_a_time",
                condition=~Q(state=SummaryState.RELEASED) | Q(released_at__isnull=False),
            ),
            models.CheckConstraint(
                name="summary_named_for_members",
                condition=Q(form=SummaryForm.NAMED, audience=Audience.MEMBERS)
                | Q(form=SummaryForm.AGGREGATED, audience=Audience.GROUP),
            ),
            models.CheckConstraint(
                name="summary_aggregated_has_basis",
                condition=Q(form=SummaryForm.AGGREGATED, state__in=FROZEN, basis__isnull=False)
                | Q(form=SummaryForm.NAMED, state__in=FROZEN)
                | (~Q(state__in=FROZEN) & Q(basis__isnull=True)),
            ),
            known_audience("summary_audience_known"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="figures_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__content__isnull=False)
                & (
                    pgtrigger.Q(old__content__df=pgtrigger.F("new__content"))
                    | pgtrigger.Q(old__sha256__df=pgtrigger.F("new__sha256"))
                    | pgtrigger.Q(old__check_code__df=pgtrigger.F("new__check_code"))
                    | pgtrigger.Q(old__taken_at__df=pgtrigger.F("new__taken_at"))
                    | pgtrigger.Q(old__year__df=pgtrigger.F("new__year"))
                    | pgtrigger.Q(old__number__df=pgtrigger.F("new__number"))
                    | pgtrigger.Q(old__scope__df=pgtrigger.F("new__scope"))
                    | pgtrigger.Q(old__form__df=pgtrigger.F("new__form"))
                    | pgtrigger.Q(old__audience__df=pgtrigger.F("new__audience"))
                    | pgtrigger.Q(old__basis__df=pgtrigger.F("new__basis"))
                ),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """As it is named: 2026-03."""
        return f"{self.year}-{self.number:02}"

    def percent(self, now: dt.datetime) -> int | None:
        """How far its worker is; None while none holds it, or since the one that did has been silent too long."""
        if self.leased_until is None or self.leased_until <= now:
            return None
        return 100 * self.steps_done // max(1, self.steps)

    def standing(self, now: dt.datetime) -> str:
        """Where it stands, in words; ``now`` is aware."""
        if self.state != SummaryState.QUEUED:
            return str(self.get_state_display())
        percent = self.percent(now)
        return gettext("queued") if percent is None else gettext("being built, %(n)s %%") % {"n": percent}

    @property
    def address(self) -> tuple[int, str]:
        """What stands in its address: the year, and the number as it is written."""
        return self.year, f"{self.number:02}"


class WordTemplate(models.Model):
    """A Word template that the secretariat put in the place of the portal's own, for the summaries in one language.

    ``file`` holds the bytes as they were accepted; one file may serve several languages. At most one is in force for
    each language (``ended_at`` empty); what is over stays, so that it can be said what a document was made with. Times
    are UTC.
    """

    language = models.CharField(max_length=2, choices=Language.choices)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["language"],
                condition=Q(ended_at__isnull=True),
                name="word_template_one_in_force",
                violation_error_message=_("Somebody has put another template in force meanwhile. Look at it first."),
            ),
            models.CheckConstraint(name="word_template_language_known", condition=Q(language__in=Language.values)),
            models.CheckConstraint(
                name="word_template_ended_by_somebody",
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False, ended_at__gte=F("accepted_at")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="only_its_end", exclude=["ended_at", "ended_by"]),
        ]

    def __str__(self) -> str:
        return f"{self.language} {self.file_id.hex[:8]}"
