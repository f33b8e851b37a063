"""What belongs to a second factor besides the factor itself, which is allauth's ``Authenticator``."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.enums import FactorResetState


class FactorState(models.Model):
    """One row per person who has ever signed in: the guard of "once" and of "not too often", in the database.

    The cache may be away and then accepts everything, so neither may stand there alone.
    """

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="factor_state")
    # The week in which delegates, observers and partners may do without a factor begins here.
    first_signed_in_at = models.DateTimeField(null=True, blank=True)
    # The time step (of 30 s, since 1970) of the newest code that was accepted: an older or equal one never is.
    last_step = models.BigIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    closed_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.person_id)


class FactorReset(models.Model):
    """A lost factor: one administrator asks, another confirms, and then the person's factors are forgotten."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="factor_resets")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=FactorResetState.choices, default=FactorResetState.ASKED)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(state=FactorResetState.ASKED),
                name="one_factor_reset_at_a_time",
                violation_error_message=_("Somebody has asked for this already."),
            ),
            models.CheckConstraint(
                name="factor_reset_not_by_herself",
                condition=~Q(asked_by=F("person")) & (Q(settled_by__isnull=True) | ~Q(settled_by=F("person"))),
                violation_error_message=_("Nobody resets a second factor of her own."),
            ),
            models.CheckConstraint(
                name="factor_reset_by_two",
                condition=~Q(state=FactorResetState.CONFIRMED) | ~Q(settled_by=F("asked_by")),
                violation_error_message=_("Another administrator than the one who asked must confirm."),
            ),
            models.CheckConstraint(
                name="factor_reset_settled_with_name",
                condition=(
                    Q(state=FactorResetState.ASKED, settled_by__isnull=True, settled_at__isnull=True)
                    | (~Q(state=FactorResetState.ASKED) & Q(settled_by__isnull=False, settled_at__isnull=False))
                ),
                violation_error_message=_("A settled request names who settled it and when."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.state}"
