"""The ledger of reminders: one row for each thing, reader and step, so that nobody is told of a step twice."""

from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from iwg_portal.base import secret_links
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders.enums import Cadence

MOST_STEPS = 12  # of one kind of reminder: whoever is asked more often stops reading


def new_nonce() -> str:
    return secrets.token_urlsafe(32)


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


class ReminderPlan(models.Model):
    """When one kind reminds and what the secretariat adds to its mail. No row: as the portal has it.

    ``offsets`` and ``every`` as in ``registry.Steps``, in days; empty for a kind whose thing itself says when.
    The notes stand in a mail to whoever is reminded, under the portal's own sentences: all three languages, or none.
    """

    kind = models.CharField(max_length=60, unique=True)
    offsets = ArrayField(models.SmallIntegerField(), size=MOST_STEPS)
    every = models.PositiveSmallIntegerField(default=0)
    note_en = models.CharField(max_length=300, blank=True)
    note_fr = models.CharField(max_length=300, blank=True)
    note_pt = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="reminder_note_in_all_languages",
                condition=models.Q(note_en="", note_fr="", note_pt="")
                | ~(models.Q(note_en="") | models.Q(note_fr="") | models.Q(note_pt="")),
            ),
            models.CheckConstraint(name="reminder_again_within_a_year", condition=models.Q(every__lte=365)),
            models.CheckConstraint(
                name="reminder_steps_at_most_twelve", condition=models.Q(offsets__len__lte=MOST_STEPS)
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class ReminderSentence(models.Model):
    """A sentence that the secretariat keeps in place of one of the portal's own (``registry.Reminder.says``), in all
    three languages. ``{day}`` and the like stand where the portal puts a date, a year, a name."""

    plan = models.ForeignKey(ReminderPlan, on_delete=models.CASCADE, related_name="sentences")
    name = models.CharField(max_length=30)
    text_en = models.CharField(max_length=300)
    text_fr = models.CharField(max_length=300)
    text_pt = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "name"], name="reminder_sentence_once"),
            models.CheckConstraint(
                name="reminder_sentence_in_all_languages",
                condition=~(models.Q(text_en="") | models.Q(text_fr="") | models.Q(text_pt="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AnswerLink(models.Model):
    """The link by which one person answers for one thing from a mail, without signing in. Works once and for a while.

    Bound to the kind of reminder, the row and the person; ``mail`` is the one that carries it. The token is no column
    (see ``base.secret_links``): the row keeps its SHA-256. Another mail about the same thing makes the row anew, so of
    all links about a thing that one person has, the newest works. All times are UTC.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=60)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    mail = models.ForeignKey(OutboxMail, on_delete=models.PROTECT, related_name="+")
    nonce = models.CharField(max_length=43, default=new_nonce)
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "target_type", "target_id"],
                condition=models.Q(used_at__isnull=True),
                name="one_open_answer_link",
                violation_error_message=_("There is a link for this already."),
            ),
            models.CheckConstraint(
                name="answer_link_ends_after_start", condition=models.Q(expires_at__gt=models.F("made_at"))
            ),
            models.CheckConstraint(
                name="answer_link_keeps_a_hash", condition=models.Q(token_hash__regex="^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        """Without the token: this may stand in a log."""
        return f"{self.kind} {self.target_id}"

    @property
    def token(self) -> str:
        return secret_links.token_of("reminders.answer-link", f"{self.kind}:{self.target_id}:{self.pk}:{self.nonce}")


class DigestChoice(models.Model):
    """Whether somebody wants a digest, how often, and of which topics (names of ``digests.TOPICS``). No row: none.

    ``followed``: what she follows alone, as ``digests.Follow.key``; of a kind of thing that is not in it, everything.

    ``since``: from when on she wants to be told of things. ``chosen_at``: when she last chose how often; the first
    digest is that of the week or month which begins after it. Both UTC. ``nonce`` makes the link that ends it.
    """

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    cadence = models.CharField(max_length=7, choices=Cadence.choices, default=Cadence.NONE)
    topics = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    followed = ArrayField(models.CharField(max_length=90), default=list, blank=True)
    since = models.DateTimeField()
    chosen_at = models.DateTimeField()
    nonce = models.CharField(max_length=43, default=new_nonce)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="digest_cadence_known", condition=models.Q(cadence__in=[str(value) for value in Cadence])
            ),
            models.CheckConstraint(
                name="digest_has_a_topic",
                condition=models.Q(cadence="none") | models.Q(topics__len__gte=1),
                violation_error_message=_("Choose at least one topic: without any, there is nothing to tell."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.cadence}"

    @property
    def token(self) -> str:
        """Of the link that ends her digests, and does nothing else. It works as often as it is used and is the same
        in all of them, so that an old mail's works too. Bound to the person, and by its salt to this kind of mail."""
        secret = secret_links.token_of("digests.periodic.unsubscribe", f"{self.person_id}:{self.nonce}")
        return f"{self.person_id}.{secret}"


class DigestSent(models.Model):
    """The digest of one week or month for one person: what it covers, and the mail that carries it.

    Tells of what became new after ``since`` and up to ``until`` (UTC). ``included``: null until the mail is composed;
    then whether there was something to say. Whether it was sent is the state of the mail.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=10)
    since = models.DateTimeField()
    until = models.DateTimeField()
    mail = models.ForeignKey(OutboxMail, on_delete=models.PROTECT, related_name="+")
    included = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "period"],
                name="one_digest_a_period",
                violation_error_message=_("This digest is planned already."),
            ),
            models.CheckConstraint(name="digest_ends_after_start", condition=models.Q(until__gt=models.F("since"))),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.period}"
