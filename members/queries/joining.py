"""Proposals and the links that they lead to."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from members.enums import LinkPurpose, ProposalStatus
from members.models import AccountLink, Person, Proposal, Term, current


class DeadLink(Exception):
    """The link is unknown, used, revoked or too old; the reader is never told which."""


def find_link(token: str, purpose: LinkPurpose, *, lock: bool = False) -> AccountLink:
    """The open link with this token. One look at an index whatever the token is; raises ``DeadLink``."""
    rows = AccountLink.objects.select_related("proposal__state", "proposal__organisation")
    if lock:
        rows = rows.select_for_update(of=("self",))
    link = rows.filter(token_hash=AccountLink.hash_of(token), purpose=purpose).first()
    if link is None or not link.works:
        raise DeadLink
    if link.proposal and (link.proposal.status != ProposalStatus.GRANTED or is_over(link.proposal)):
        raise DeadLink
    return link


def signs_in(person: Person) -> bool:
    """She can sign in by herself: a link must not do it for her."""
    return person.is_active and person.has_usable_password()


def held_terms(proposal: Proposal) -> QuerySet[Term]:
    """Terms of this office, whoever holds them, on the day on which it would begin."""
    return Term.objects.filter(
        current(max(proposal.starts_on, timezone.localdate())),
        role=proposal.role,
        state=proposal.state,
        organisation=proposal.organisation,
    )


def is_over(proposal: Proposal) -> bool:
    return proposal.ends_on is not None and proposal.ends_on <= timezone.localdate()


def person_of(link: AccountLink) -> Person | None:
    """Whoever has the link's address and an open account."""
    return Person.objects.filter(email__iexact=link.address, is_active=True).first()


def account_of(link: AccountLink) -> Person | None:
    """Whoever has the link's address and can sign in by herself."""
    person = person_of(link)
    return person if person is not None and signs_in(person) else None
