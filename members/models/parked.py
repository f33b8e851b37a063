"""What somebody had typed when her session ended."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ParkedText(models.Model):
    """The fields of a form that arrived too late, kept for its author alone until she takes them back (7 days).

    ``fields`` is a list of [name, value]; passphrases, codes, tokens and files are never in it.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="parked_texts")
    path = models.CharField(max_length=500)
    fields = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["person", "created_at"], name="parked_by_person")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.path}"
