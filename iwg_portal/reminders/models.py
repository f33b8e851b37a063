"""The ledger of reminders: one row for each thing, reader and step, so that nobody is told of a step twice."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from iwg_portal.mail.models import OutboxMail


class Reminded(models.Model):
    """One step of one thing, for one person, and the mail that carries it. Ids only, like the outbox.

    ``included``: null until the mail is composed; then whether it still had something to say of this. Whether it was
    sent is the state of the mail, and is stored nowhere else. All times are UTC.
    """

    kind = models.CharField(max_length=60)
    step = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=60)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    mail = models.ForeignKey(OutboxMail, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    included = models.BooleanField(null=True)

    class Meta:
        constraints = [
            # In this order its index also finds what is known of a kind's steps.
            models.UniqueConstraint(
                fields=["kind", "step", "target_type", "target_id", "person"],
                name="reminded_once",
                violation_error_message=_("This reminder is planned already."),
            )
        ]
        indexes = [models.Index(fields=["target_type", "target_id"], name="reminded_by_target")]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_id} {self.step}"
