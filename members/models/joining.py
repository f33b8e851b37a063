"""How a person joins: somebody proposes, an administrator grants, a link in a mail is accepted once."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from iwg_portal.base import secret_links
from members import enums
from members.models.groups import Organisation
from members.models.people import Person
from members.models.states import State

# How long a link in a mail works, by purpose.
LINK_LIFE = {
    enums.LinkPurpose.INVITATION: dt.timedelta(hours=72),
    enums.LinkPurpose.PASSPHRASE: dt.timedelta(hours=4),
}

_STAGES = {
    enums.ProposalStatus.OPEN: enums.JoiningStage.PROPOSED,
    enums.ProposalStatus.DECLINED: enums.JoiningStage.DECLINED,
    enums.ProposalStatus.WITHDRAWN: enums.JoiningStage.WITHDRAWN,
}


class Proposal(models.Model):
    """Somebody is proposed for an office. Dates are calendar days; ``ends_on`` is the first day without the office."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254)
    full_name = models.CharField(max_length=150)
    role = models.CharField(max_length=14, choices=enums.Role.choices)
    state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    post = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=2, choices=enums.Language.choices)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=9, choices=enums.ProposalStatus.choices, default=enums.ProposalStatus.OPEN)
    # In the row and not in the log alone, because the database itself refuses one person in both places.
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="why it was declined")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="proposal_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                violation_error_message=_("The last day must be after the first day."),
            ),
            models.CheckConstraint(
                name="proposal_names_its_owner",
                condition=(
                    Q(role__in=enums.STATE_ROLES, state__isnull=False, organisation__isnull=True)
                    | Q(role__in=enums.ORGANISATION_ROLES, state__isnull=True, organisation__isnull=False)
                    | Q(role__in=enums.GROUP_ROLES, state__isnull=True, organisation__isnull=True)
                ),
                violation_error_message=_(
                    "Delegates, focal points, chairs and observers belong to a state, partners to an "
                    "organisation, the secretariat and administrators to neither."
                ),
            ),
            models.UniqueConstraint(
                Lower("email"),
                F("role"),
                Coalesce(F("state"), Value(0)),
                Coalesce(F("organisation"), Value(0)),
                condition=Q(status=enums.ProposalStatus.OPEN),
                name="proposal_once",
                violation_error_message=_("This person is proposed for this office already."),
            ),
            models.CheckConstraint(
                name="proposal_decided_with_its_time",
                condition=Q(status=enums.ProposalStatus.OPEN, decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(status=enums.ProposalStatus.OPEN) & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="proposal_granted_by_another",
                condition=~Q(status=enums.ProposalStatus.GRANTED)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                violation_error_message=_("Nobody grants her own proposal."),
            ),
            models.CheckConstraint(
                name="proposal_declined_with_reason",
                condition=~Q(status=enums.ProposalStatus.DECLINED) | ~Q(reason=""),
                violation_error_message=_("Say in a sentence why."),
            ),
        ]
        indexes = [models.Index(fields=["status", "proposed_at"], name="proposal_by_status")]

    @property
    def last_day(self) -> dt.date | None:
        return self.ends_on - dt.timedelta(days=1) if self.ends_on else None

    @property
    def stage(self) -> enums.JoiningStage:
        """Reads the link of a granted proposal: fetch it along."""
        if self.status != enums.ProposalStatus.GRANTED:
            return _STAGES[enums.ProposalStatus(self.status)]
        if self.link.status == enums.LinkStatus.USED:
            return enums.JoiningStage.ACCEPTED
        if self.link.status == enums.LinkStatus.REVOKED:
            return enums.JoiningStage.REVOKED
        return enums.JoiningStage.INVITED if self.link.works else enums.JoiningStage.EXPIRED

    def __str__(self) -> str:
        """The office, never the person: this stands in the log, where a name would outlive a declined proposal."""
        place = self.state or self.organisation
        return f"{self.get_role_display()}, {place}" if place else str(self.get_role_display())


class AccountLink(models.Model):
    """A secret link in a mail: bound to one address, works once and for a while. All times are UTC.

    The token is derived from the server's key, the row and its ``nonce`` whenever the mail is composed; the row keeps
    its SHA-256 only. A new nonce kills the link that was sent before.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=10, choices=enums.LinkPurpose.choices)
    proposal = models.OneToOneField(Proposal, null=True, blank=True, on_delete=models.CASCADE, related_name="link")
    address = models.EmailField(max_length=254)
    nonce = models.CharField(max_length=32)
    token_hash = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=7, choices=enums.LinkStatus.choices, default=enums.LinkStatus.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="link_invites_for_a_proposal",
                condition=Q(purpose=enums.LinkPurpose.INVITATION, proposal__isnull=False)
                | Q(purpose=enums.LinkPurpose.PASSPHRASE, proposal__isnull=True),
            ),
            models.CheckConstraint(
                name="link_used_by_somebody",
                condition=Q(status=enums.LinkStatus.USED, used_by__isnull=False)
                | (~Q(status=enums.LinkStatus.USED) & Q(used_by__isnull=True)),
            ),
        ]
        indexes = [models.Index(Lower("address"), name="link_by_address")]

    def __str__(self) -> str:
        """Without the address: this stands in the log."""
        return str(self.proposal) if self.proposal_id else str(self.get_purpose_display())

    @staticmethod
    def hash_of(token: str) -> str:
        return secret_links.hash_of(token)

    @property
    def token(self) -> str:
        return secret_links.token_of("members.account-link", f"{self.purpose}:{self.pk}:{self.nonce}")

    @property
    def occurrence(self) -> str:
        """Tells the mail with this link from the mails with links before it; says nothing about the token."""
        return hashlib.sha256(f"sent:{self.nonce}".encode()).hexdigest()[:16]

    @property
    def works(self) -> bool:
        return self.status == enums.LinkStatus.OPEN and timezone.now() < self.expires_at

    def renew(self) -> None:
        """A new token and a new end; not saved. Whatever was sent before no longer fits."""
        self.nonce = secrets.token_hex(16)
        self.token_hash = self.hash_of(self.token)
        self.status = enums.LinkStatus.OPEN
        self.expires_at = timezone.now() + LINK_LIFE[enums.LinkPurpose(self.purpose)]
