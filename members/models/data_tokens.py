"""The secret with which a program reads data for one person."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.enums import Audience, Dataset

TOKEN_LIFE = dt.timedelta(days=90)  # at most
# No second factor stands behind each reading, so it never reaches what a state shares with the secretariat alone.
CEILINGS = (Audience.MEMBERS, Audience.GROUP)


class DataToken(models.Model):
    """All times are UTC. The row keeps the SHA-256 of the secret, which is shown once, when it is made.

    ``ceiling``: the narrowest audience that it reaches, if its person still does. When it was last used stands in the
    log alone: reading writes no row.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=60)
    datasets = ArrayField(models.CharField(max_length=20, choices=Dataset.choices))
    ceiling = models.CharField(max_length=11, choices=Audience.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="data_token_keeps_a_hash", condition=Q(token_hash__regex="^[0-9a-f]{64}$")),
            models.CheckConstraint(
                name="data_token_for_no_fewer_than_the_members", condition=Q(ceiling__in=list(CEILINGS))
            ),
            models.CheckConstraint(
                name="data_token_reads_something",
                condition=Q(datasets__len__gt=0),
                violation_error_message=_("Choose at least one kind of data."),
            ),
            models.CheckConstraint(
                name="data_token_ends_in_time",
                condition=Q(expires_at__gt=F("made_at"), expires_at__lte=F("made_at") + TOKEN_LIFE),
                violation_error_message=_("A token works for 90 days at most."),
            ),
            models.UniqueConstraint(
                fields=["person", "label"],
                condition=Q(ended_at__isnull=True),
                name="data_token_label_once",
                violation_error_message=_("You have a token of this name. End it first, or choose another name."),
            ),
        ]

    def __str__(self) -> str:
        """Without the person and her word for it: this may stand in a log."""
        return f"data token {self.pk}"

    @property
    def works(self) -> bool:
        """Of itself; whether its person still holds an office is for the rights of the day."""
        return self.ended_at is None and timezone.now() < self.expires_at

    @property
    def datasets_in_words(self) -> list[str]:
        return [str(Dataset(name).label) for name in self.datasets if name in Dataset.values]
