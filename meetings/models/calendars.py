"""The personal address under which a calendar program fetches the meetings."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q

from iwg_portal.base import secret_links


def new_nonce() -> str:
    return secrets.token_urlsafe(32)


class CalendarFeed(models.Model):
    """One person's feed. The token is no column (see ``base.secret_links``): the row keeps its SHA-256.

    Made anew, it has another token and the old address is dead. ``made_at`` is UTC.
    """

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    nonce = models.CharField(max_length=43, default=new_nonce)
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="calendar_feed_keeps_a_hash", condition=Q(token_hash__regex="^[0-9a-f]{64}$"))
        ]

    def __str__(self) -> str:
        """Without the token: this may stand in a log."""
        return f"calendar of {self.person_id}"

    @property
    def token(self) -> str:
        return secret_links.token_of("meetings.calendar-feed", f"{self.person_id}:{self.nonce}")
