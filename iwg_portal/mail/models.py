"""The ledger of mail: one row for each mail and recipient, written in the transaction of what causes it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from iwg_portal.mail.enums import OPEN_BATCH, BatchState, MailState

LONGEST_NOTE = 600  # characters of what the secretariat adds: more belongs into the portal, where it is read by right


class MailBatch(models.Model):
    """The mails that one act sends to many: they wait a while, and the secretariat may add words, hold or stop them.

    The row holds what is true of all of them; each mail says itself whether it has left. ``leaves_at`` (UTC): when they
    leave by themselves, and once released, when that was. The notes stand above the portal's own sentences: all three
    languages, or none; nothing that the whole group may not read. ``decided_by``: whose was the last decision, None
    while there was none, or where the clock decided.
    """

    kind = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=60)
    occurrence = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.WAITING)
    leaves_at = models.DateTimeField()
    note_en = models.CharField(max_length=LONGEST_NOTE, blank=True)
    note_fr = models.CharField(max_length=LONGEST_NOTE, blank=True)
    note_pt = models.CharField(max_length=LONGEST_NOTE, blank=True)
    version = models.PositiveIntegerField(default=1)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    planned_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["target_type", "target_id", "kind", "occurrence"],
                name="batch_once",
                violation_error_message=_("These mails are planned already."),
            ),
            models.CheckConstraint(name="batch_of_a_known_state", condition=Q(state__in=BatchState.values)),
            models.CheckConstraint(
                name="batch_note_in_all_languages",
                condition=Q(note_en="", note_fr="", note_pt="") | ~(Q(note_en="") | Q(note_fr="") | Q(note_pt="")),
            ),
            models.CheckConstraint(
                name="batch_open_until_settled",
                condition=Q(state__in=sorted(OPEN_BATCH), settled_at__isnull=True)
                | (~Q(state__in=sorted(OPEN_BATCH)) & Q(settled_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_BATCH

    def note_in(self, language: str) -> str:
        return str(getattr(self, f"note_{language}", ""))


class OutboxMail(models.Model):
    """One mail to one recipient. Holds ids only: text is composed when it leaves (see ``kinds``).

    All times are UTC. ``target_type`` and ``target_id`` name the row that the mail is about; no foreign key, because
    this app lies below all others. ``occurrence`` tells two mails of one kind about one target apart.
    """

    kind = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=60)
    occurrence = models.CharField(max_length=60, blank=True)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Only for somebody who has no account yet; a person's mail goes to the address that she has when it leaves.
    address = models.EmailField(max_length=254, blank=True)
    language = models.CharField(max_length=2, blank=True, help_text="empty: the recipient's")

    # Of many that one act plans; a mail to few has none.
    batch = models.ForeignKey(MailBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="mails")

    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.DUE)
    planned_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField()
    # The next attempt: ``not_before``, and after a temporary refusal later than that.
    try_at = models.DateTimeField()
    deadline = models.DateTimeField(help_text="after this the mail is of no use and is cancelled")
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    # Set and committed before the server is given the text: a lease that ends with it set is ``unknown``.
    handed_over = models.BooleanField(default=False)
    # Rises with each lease, so that a late answer is written down only for the attempt that it belongs to.
    attempts = models.PositiveIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(default=0, help_text="temporary ones; each makes the pause longer")
    problem = models.CharField(max_length=200, blank=True, help_text="the server's code, never an address or a text")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "kind",
                "target_type",
                "target_id",
                "recipient",
                "address",
                "occurrence",
                name="mail_once",
                nulls_distinct=False,
                violation_error_message=_("This mail is planned already."),
            ),
            models.CheckConstraint(
                name="mail_has_one_recipient",
                condition=Q(recipient__isnull=False, address="") | (Q(recipient__isnull=True) & ~Q(address="")),
            ),
            models.CheckConstraint(
                name="mail_lease_while_leased",
                condition=(
                    Q(state=MailState.LEASED, lease__isnull=False, leased_until__isnull=False)
                    | (~Q(state=MailState.LEASED) & Q(lease__isnull=True, leased_until__isnull=True))
                ),
            ),
            models.CheckConstraint(
                name="mail_held_with_its_batch", condition=~Q(state=MailState.HELD) | Q(batch__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["try_at", "id"], condition=Q(state=MailState.DUE), name="mail_due"),
            models.Index(fields=["leased_until"], condition=Q(state=MailState.LEASED), name="mail_leased"),
            models.Index(fields=["target_type", "target_id"], name="mail_by_target"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_type} {self.target_id}"


class UnreachableAddress(models.Model):
    """An address whose own server said for good that nobody is there. While the row stands, only what must go is sent.

    Lifted by hand, by a server that takes the address after all, or by time (see ``members.models.retention``). A
    corrected address is another one and has no row.
    """

    address = models.EmailField(max_length=254, unique=True, help_text="in small letters")
    reason = models.CharField(max_length=40, help_text="a step and a code, never the server's words")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="unreachable_in_small_letters",
                condition=Q(address=Lower("address")) & ~Q(address=""),
            ),
            models.CheckConstraint(name="unreachable_first_before_last", condition=Q(first_at__lte=F("last_at"))),
        ]

    def __str__(self) -> str:
        return f"address {self.pk}"


class DemoMail(models.Model):
    """A mail that the demonstration "sent": the whole message, for the mailbox page. Empty outside demo mode."""

    message_id = models.CharField(max_length=200, unique=True)
    address = models.EmailField(max_length=254, help_text="in small letters")
    at = models.DateTimeField(auto_now_add=True)
    content = models.BinaryField(help_text="the message as a mail server would get it (MIME)")

    class Meta:
        indexes = [models.Index(fields=["address", "-id"], name="demo_mail_by_address")]

    def __str__(self) -> str:
        return self.message_id
