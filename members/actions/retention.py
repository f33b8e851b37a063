"""Remove what is no longer needed, by the figures of ``models.retention``. Names and offices stay: people are never
deleted."""

from __future__ import annotations

import datetime as dt

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from iwg_portal.activity.log import record
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import MailBatch, OutboxMail, UnreachableAddress
from iwg_portal.reminders.models import AnswerLink, DigestChoice, DigestSent, Reminded
from members.actions.leaving import close_account, lock_administrators
from members.enums import LinkPurpose, LinkStatus, ProposalStatus
from members.models import KEPT_FOR, AccountLink, DataToken, Kept, Person, Proposal, Term


@transaction.atomic
def apply_retention() -> dict[Kept, int]:
    """Remove what is due; returns how many rows of each. Daily; a second run on the same day finds nothing."""
    now = timezone.now()
    return {kept: REMOVALS[kept](now - KEPT_FOR[kept]) for kept in Kept}


def forgettable(before: dt.date) -> QuerySet[Person]:
    """People whose last office ended before that day (or who never held one and were added before it), and of whom
    something is kept that goes."""
    later = Term.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=before), person=OuterRef("pk"))
    devices = UserSession.objects.filter(user=OuterRef("pk"))
    factors = Authenticator.objects.filter(user=OuterRef("pk"))
    something = Q(is_active=True) | ~Q(phone="") | ~Q(zone="") | ~Q(password__startswith="!")
    rows = Person.objects.filter(~Exists(later), date_joined__date__lte=before)
    return rows.filter(something | Exists(devices) | Exists(factors)).order_by("pk")


def _accounts(before: dt.datetime) -> int:
    lock_administrators()
    gone = 0
    for person in forgettable(before.date()).select_for_update(of=("self",), no_key=True):
        try:
            close_account(person, None)
        except ValidationError:  # the last administrator
            continue
        person.phone = person.zone = ""
        person.set_unusable_password()
        person.save(update_fields=["phone", "zone", "password"])
        Authenticator.objects.filter(user=person).delete()
        DigestChoice.objects.filter(person=person).delete()
        record("person.forgotten", by=None, target=person)
        gone += 1
    return gone


def _proposals(before: dt.datetime) -> int:
    """Declined, withdrawn, or granted and never accepted. The link goes along."""
    ended = Q(status__in=(ProposalStatus.DECLINED, ProposalStatus.WITHDRAWN), decided_at__lte=before)
    ignored = Q(status=ProposalStatus.GRANTED, link__expires_at__lte=before) & ~Q(link__status=LinkStatus.USED)
    rows = Proposal.objects.filter(pk__in=Proposal.objects.filter(ended | ignored).values("pk"))
    return rows.delete()[1].get("members.Proposal", 0)


def _links(before: dt.datetime) -> int:
    return AccountLink.objects.filter(purpose=LinkPurpose.PASSPHRASE, expires_at__lte=before).delete()[0]


def _answers(before: dt.datetime) -> int:
    return AnswerLink.objects.filter(Q(used_at__lte=before) | Q(expires_at__lte=before)).delete()[0]


def _mails(before: dt.datetime) -> int:
    """What a mail reminded of goes with it: that, too, says who was told of what. What is still open after such a time
    is said once more."""
    open_states = (MailState.DUE, MailState.HELD, MailState.LEASED)
    rows = OutboxMail.objects.filter(planned_at__lte=before).exclude(state__in=open_states)
    # A link made anew may be younger than its mail; the mail waits for it.
    rows = rows.filter(~Exists(AnswerLink.objects.filter(mail=OuterRef("pk"))))
    gone = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    Reminded.objects.filter(mail__in=gone).delete()
    DigestSent.objects.filter(mail__in=gone).delete()
    count = OutboxMail.objects.filter(pk__in=gone).delete()[1].get("mail.OutboxMail", 0)
    # Of a mail to many the words go with the last of its mails.
    alone = ~Exists(OutboxMail.objects.filter(batch=OuterRef("pk")))
    MailBatch.objects.filter(alone, planned_at__lte=before).delete()
    return count


def _tokens(before: dt.datetime) -> int:
    return DataToken.objects.filter(Q(ended_at__lte=before) | Q(expires_at__lte=before)).delete()[0]


def _unreachable(before: dt.datetime) -> int:
    return UnreachableAddress.objects.filter(last_at__lte=before).delete()[0]


REMOVALS = {
    Kept.ACCOUNT: _accounts,
    Kept.PROPOSAL: _proposals,
    Kept.LINK: _links,
    Kept.ANSWER: _answers,
    Kept.TOKEN: _tokens,
    Kept.UNREACHABLE: _unreachable,
    Kept.MAIL: _mails,
}
