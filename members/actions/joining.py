"""Propose a person, decide, invite, accept. Nobody joins in another way, except by ``manage.py add_person``."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.mail import outbox
from members import access, notices, queries
from members.access import Viewer
from members.enums import LinkPurpose, LinkStatus, ProposalStatus
from members.models import AccountLink, Organisation, Person, Proposal, State, Term


@transaction.atomic
def propose(
    *,
    email: str,
    full_name: str,
    role: str,
    by: Viewer,
    language: str,
    starts_on: dt.date,
    state: State | None = None,
    organisation: Organisation | None = None,
    ends_on: dt.date | None = None,
    post: str = "",
) -> Proposal:
    """Propose somebody for an office; an administrator decides.

    Raises ``PermissionDenied`` where she may not propose for this office, ``ValidationError`` for bad values, for an
    office that the person holds already, and for a second proposal. Side effects: an event, mail to administrators.
    """
    if not access.can_propose(by, role, state):
        raise PermissionDenied
    proposal = Proposal(
        email=email.lower(),
        full_name=full_name,
        role=role,
        state=state,
        organisation=organisation,
        post=post,
        language=language,
        starts_on=starts_on,
        ends_on=ends_on,
        proposed_by=by.person,
    )
    proposal.full_clean()
    _refuse_what_cannot_be_held(proposal)
    proposal.save()
    record("proposal.made", by=by.person, target=proposal, state=state)
    notices.proposed(proposal)
    return proposal


@transaction.atomic
def withdraw(*, proposal: Proposal, by: Viewer) -> None:
    proposal = _locked(proposal)
    if not access.can_withdraw(by, proposal):
        raise PermissionDenied
    _close(proposal, ProposalStatus.WITHDRAWN, by.person)
    record("proposal.withdrawn", by=by.person, target=proposal, state=proposal.state)


@transaction.atomic
def decline(*, proposal: Proposal, by: Viewer, reason: str) -> None:
    """``reason`` is read by whoever may see the proposal. Raises ``ValidationError`` without one."""
    proposal = _locked(proposal)
    if not access.can_decide(by, proposal):
        raise PermissionDenied
    _close(proposal, ProposalStatus.DECLINED, by.person, reason.strip())
    record("proposal.declined", by=by.person, target=proposal, state=proposal.state)
    notices.decided(proposal)


@transaction.atomic
def grant(*, proposal: Proposal, by: Viewer) -> AccountLink:
    """Grant and invite: a link goes to the address. The office begins only when the link is accepted.

    Raises ``PermissionDenied`` (also for one's own proposal) and ``ValidationError`` where the office cannot be held.
    Side effects: an event, two mails.
    """
    proposal = _locked(proposal)
    if not access.can_decide(by, proposal):
        raise PermissionDenied
    _refuse_what_cannot_be_held(proposal)
    _close(proposal, ProposalStatus.GRANTED, by.person)
    link = AccountLink(purpose=LinkPurpose.INVITATION, proposal=proposal, address=proposal.email)
    link.renew()
    link.full_clean()
    link.save()
    record("proposal.granted", by=by.person, target=proposal, state=proposal.state)
    notices.invited(link)
    notices.decided(proposal)
    return link


@transaction.atomic
def send_again(*, proposal: Proposal, by: Viewer) -> AccountLink:
    """A new link to the same address; the old one is dead from now on, even if its mail arrives later."""
    proposal = _locked(proposal)
    if not access.can_send_again(by, proposal):
        raise PermissionDenied
    link = AccountLink.objects.select_for_update(of=("self",)).get(proposal=proposal)
    link.renew()
    link.full_clean()
    link.save(update_fields=["nonce", "token_hash", "status", "expires_at"])
    record("invitation.sent_again", by=by.person, target=proposal, state=proposal.state)
    notices.invited(link)
    return link


@transaction.atomic
def revoke(*, proposal: Proposal, by: Viewer) -> None:
    proposal = _locked(proposal)
    if not access.can_revoke(by, proposal):
        raise PermissionDenied
    revoke_link(proposal.link)
    record("invitation.revoked", by=by.person, target=proposal, state=proposal.state)


def revoke_link(link: AccountLink) -> None:
    """For actions only, which have checked the right and write the event."""
    link.status = LinkStatus.REVOKED
    link.save(update_fields=["status"])
    outbox.cancel(target=link)


@transaction.atomic
def accept_invitation(
    *, token: str, by: Person | None, passphrase: str = "", language: str = "", zone: str = ""
) -> Person:
    """Take up the office of the invitation: person and term are made here, once, whoever presses first.

    Somebody who can sign in already (she moves, or takes a further office) must be signed in: ``by``. A link alone
    never changes the passphrase of an account that has one. Raises ``queries.DeadLink``, ``PermissionDenied`` (the
    link is for another account, or she is not signed in) and ``ValidationError``. Side effect: events.
    """
    link = queries.find_link(token, LinkPurpose.INVITATION, lock=True)
    proposal = link.proposal
    assert proposal is not None
    person = Person.objects.select_for_update(of=("self",), no_key=True).filter(email__iexact=link.address).first()
    if person is not None and queries.signs_in(person):
        if by is None or by.pk != person.pk:
            raise PermissionDenied
    elif by is not None:
        raise PermissionDenied
    else:
        person = _enter(person, proposal, passphrase, language, zone)
    if not queries.held_terms(proposal).filter(person=person).exists():
        _begin_term(person, proposal)
    link.status, link.used_by = LinkStatus.USED, person
    link.save(update_fields=["status", "used_by"])
    record("invitation.accepted", by=person, target=proposal, state=proposal.state)
    return person


def _enter(person: Person | None, proposal: Proposal, passphrase: str, language: str, zone: str) -> Person:
    """A new account, or one that was closed and is opened again."""
    new = person is None
    person = person or Person(email=proposal.email, full_name=proposal.full_name)
    person.language, person.zone, person.is_active = language, zone, True
    validate_password(passphrase, person)
    person.set_password(passphrase)
    person.full_clean()
    person.save()
    record("person.added" if new else "person.reactivated", by=person, target=person, state=proposal.state)
    return person


def _begin_term(person: Person, proposal: Proposal) -> None:
    office = {"person": person, "role": proposal.role, "state": proposal.state, "organisation": proposal.organisation}
    starts_on = proposal.starts_on
    if Term.objects.filter(**office, starts_on=starts_on).exists():
        starts_on = timezone.localdate()  # she held it from that day once, and it ended
    # Ended today and begun again today: the same row, because a day has one beginning.
    term = Term.objects.filter(**office, starts_on=starts_on).first() or Term(**office, starts_on=starts_on)
    term.ends_on, term.post, term.confirmed_on = proposal.ends_on, proposal.post, timezone.localdate()
    term.full_clean()
    term.save()


def _locked(proposal: Proposal) -> Proposal:
    return (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("state", "organisation", "link")
        .get(pk=proposal.pk)
    )


def _close(proposal: Proposal, status: ProposalStatus, by: Person | None, reason: str = "") -> None:
    proposal.status, proposal.decided_by, proposal.decided_at = status, by, timezone.now()
    proposal.reason = reason
    proposal.full_clean()
    proposal.save(update_fields=["status", "decided_by", "decided_at", "reason"])


def close_silently(proposal: Proposal, by: Person | None) -> None:
    """Withdraw because of something else that happened; the caller writes the event of that."""
    _close(proposal, ProposalStatus.WITHDRAWN, by)


def _refuse_what_cannot_be_held(proposal: Proposal) -> None:
    """Say it now and not to the invited person."""
    if queries.is_over(proposal):
        raise ValidationError({"ends_on": _("This office would be over already.")})
    if queries.held_terms(proposal).filter(person__email__iexact=proposal.email, person__is_active=True).exists():
        raise ValidationError({"email": _("This person holds this office already.")})
    term = Term(
        role=proposal.role,
        state=proposal.state,
        organisation=proposal.organisation,
        starts_on=proposal.starts_on,
        ends_on=proposal.ends_on,
    )
    term.validate_constraints(exclude={"person"})
