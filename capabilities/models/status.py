"""API and PNR status: dated, append-only reports on two axes; a mistake is corrected by a new report."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from capabilities.enums import DELIVERY_CODES, DeliveryAxis, LegalAxis, StatusKind
from capabilities.models.rounds import Round
from iwg_portal.base.kept import NoteChange
from members.enums import Audience
from members.models import State
from members.models.audiences import known_audience, never_beyond


class StatusReport(models.Model):
    """Where a state stood on one ladder, as stated on ``as_of``.

    ``as_of`` is the day to which the statement refers (of an import: the round's reference date); ``since`` is the
    day from which the status holds, where stated. The later ``as_of`` wins, then the later report: ``is_current``
    marks that one. Nothing of the statement ever changes, and nothing is deleted: a trigger refuses both. Who reads it
    may change: ``audience`` is what the state released for its status, cut to ``no_wider_than``.
    """

    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="status_reports")
    kind = models.CharField(max_length=6, choices=StatusKind.choices)
    legal = models.CharField(max_length=10, choices=LegalAxis.choices)
    delivery = models.CharField(max_length=14, choices=DeliveryAxis.choices)
    label = models.GeneratedField(
        expression=Case(
            When(delivery__in=["none", "planned"], legal="in_force", then=Value("legal_basis")),
            default=F("delivery"),
        ),
        output_field=models.CharField(max_length=14),
        db_persist=True,
    )
    as_of = models.DateField()
    since = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True)
    source = models.CharField(max_length=300, blank=True)
    audience = models.CharField(max_length=11, choices=Audience.choices, default=Audience.GROUP)
    no_wider_than = models.CharField(max_length=11, choices=Audience.choices, null=True, blank=True)  # noqa: DJ001
    round = models.ForeignKey(Round, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    on_behalf = models.BooleanField(default=False, help_text="recorded by the secretariat for the state")
    recorded_at = models.DateTimeField(auto_now_add=True)
    is_current = models.BooleanField(default=False)

    class Meta:
        constraints = [
            known_audience("status_audience_known"),
            never_beyond("status_never_beyond"),
            models.UniqueConstraint(
                fields=["state", "kind"],
                condition=Q(is_current=True),
                name="one_current_status",
                violation_error_message=_("This state already has a current status of this kind."),
            ),
            models.CheckConstraint(
                name="delivery_fits_ladder",
                condition=Q(kind="advpax", delivery__in=DELIVERY_CODES["advpax"])
                | Q(kind="pnr", delivery__in=DELIVERY_CODES["pnr"]),
                violation_error_message=_("This step does not exist on this ladder."),
            ),
            models.CheckConstraint(
                name="status_since_not_after_statement",
                condition=Q(since__isnull=True) | Q(since__lte=F("as_of")),
                violation_error_message=_("A status cannot begin after the day to which the report refers."),
            ),
        ]
        indexes = [models.Index(fields=["state", "kind", "-as_of", "-id"], name="status_history")]
        triggers = [
            NoteChange(name="note_change"),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="only_current_moves", exclude=["is_current", "label", "audience", "no_wider_than"]),
        ]

    def __str__(self) -> str:
        return f"{self.state_id} {self.kind} {self.as_of}"
