"""How people leave: an office ends, somebody moves, an account is closed. All of it holds at the next request."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.mail import outbox
from members import access, reminders
from members.access import Viewer, viewer_for
from members.actions.data_tokens import end_data_tokens
from members.actions.joining import close_silently, propose, revoke_link
from members.actions.sessions import end_sessions
from members.enums import LinkStatus, ProposalStatus, Role
from members.models import AccountLink, Person, Proposal, State, Term, current


@transaction.atomic
def end_term(*, term: Term, by: Viewer) -> None:
    """The office holds no longer, from this moment on. Raises ``PermissionDenied``, and ``ValidationError`` for the
    last administrator. Side effects: what depends on the office is closed, an event."""
    term = _locked_term(term)
    if not access.can_end_term(by, term):
        raise PermissionDenied
    _end(term, by.person)
    record("term.ended", by=by.person, target=term.person, state=term.state)


@transaction.atomic
def change_delegation(*, term: Term, state: State, role: str, by: Viewer) -> Proposal:
    """She moves: the office ends now, and another administrator decides about the proposed one."""
    term = _locked_term(term)
    if not access.can_change_delegation(by, term):
        raise PermissionDenied
    _end(term, by.person)
    record("term.ended", by=by.person, target=term.person, state=term.state)
    return propose(
        email=term.person.email,
        full_name=term.person.full_name,
        role=role,
        state=state,
        by=by,
        language=term.person.mail_language or state.ui_language,
        starts_on=timezone.localdate(),
    )


@transaction.atomic
def deactivate(*, person: Person, by: Viewer) -> None:
    """Close the account: signed out everywhere, nothing sent to her, no link works. Her offices stay as they are."""
    lock_administrators()
    person = _locked_person(person)
    if not access.can_deactivate(by, person):
        raise PermissionDenied
    close_account(person, by.person)
    record("person.deactivated", by=by.person, target=person)


@transaction.atomic
def reactivate(*, person: Person, by: Viewer) -> None:
    """Open the account again; what ended with it (sessions, links) does not come back."""
    person = _locked_person(person)
    if not access.can_reactivate(by, person):
        raise PermissionDenied
    person.is_active = True
    person.save(update_fields=["is_active"])
    record("person.reactivated", by=by.person, target=person)


@transaction.atomic
def confirm_people(*, by: Viewer, stay: Iterable[int], left: Iterable[int]) -> tuple[int, int]:
    """Once a year: these offices (ids) still hold, those do not and end now. Returns how many of each.

    Raises ``PermissionDenied`` for an office that is not hers to confirm; then nothing is changed.
    """
    lock_administrators()
    wanted_stay, wanted_left = set(stay), set(left)
    ids = access.confirmable_terms(by).filter(pk__in=wanted_stay | wanted_left).values_list("pk", flat=True)
    terms = [_locked_term(Term(pk=pk)) for pk in sorted(ids)]
    if {term.pk for term in terms} != wanted_stay | wanted_left or wanted_stay & wanted_left:
        raise PermissionDenied
    for term in terms:
        if term.pk in wanted_stay:
            term.confirmed_on = timezone.localdate()
            term.save(update_fields=["confirmed_on"])
            record("term.confirmed", by=by.person, target=term.person, state=term.state)
            continue
        if not access.can_say_left(by, term):
            raise PermissionDenied
        _end(term, by.person)
        record("term.ended", by=by.person, target=term.person, state=term.state)
    return len(wanted_stay), len(wanted_left)


@transaction.atomic
def lapse_unconfirmed() -> int:
    """End the offices that nobody has confirmed in time although somebody was warned (see ``reminders.lapsed``);
    returns how many. Daily; a second run finds none.

    The last administrator stays: somebody must be able to grant the next one.
    """
    lock_administrators()
    lapsed = 0
    for pk in reminders.lapsed(timezone.localdate()):
        term = _locked_term(Term(pk=pk))
        try:
            _end(term, None)
        except ValidationError:
            continue
        record("term.lapsed", by=None, target=term.person, state=term.state)
        lapsed += 1
    return lapsed


def close_account(person: Person, by: Person | None) -> None:
    """For actions only, which hold the locks and write the event."""
    _refuse_last_administrator(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_sessions(person=person)
    end_data_tokens(person)
    outbox.cancel_for(person)
    for link in AccountLink.objects.select_for_update(of=("self",)).filter(
        address__iexact=person.email, status=LinkStatus.OPEN
    ):
        revoke_link(link)
    _withdraw(Q(proposed_by=person) | Q(email__iexact=person.email), by)


def lock_administrators() -> None:
    """Two who remove each other at once: the second waits, and finds herself the last."""
    rows = Term.objects.select_for_update(of=("self",), no_key=True).filter(role=Role.ADMINISTRATOR)
    list(rows.order_by("pk").values_list("pk"))


def _end(term: Term, by: Person | None) -> None:
    if term.role == Role.ADMINISTRATOR:
        _refuse_last_administrator(term.person, term)
    term.ends_on = max(timezone.localdate(), term.starts_on)
    term.full_clean()
    term.save(update_fields=["ends_on"])
    person = term.person
    left = viewer_for(person)
    if not left.roles:
        outbox.cancel_for(person)
        end_data_tokens(person)
    # What she proposed by this office, and what would bring her back into it by an old link.
    for proposal in Proposal.objects.filter(proposed_by=person, status=ProposalStatus.OPEN):
        if not access.can_propose(left, proposal.role, proposal.state):
            _withdraw(Q(pk=proposal.pk), by)
    same = {"role": term.role, "state": term.state, "organisation": term.organisation}
    _withdraw(Q(email__iexact=person.email, **same), by)
    invitations = Q(address__iexact=person.email, **{f"proposal__{field}": value for field, value in same.items()})
    for link in AccountLink.objects.select_for_update(of=("self",)).filter(invitations, status=LinkStatus.OPEN):
        revoke_link(link)


def _withdraw(which: Q, by: Person | None) -> None:
    open_ones = Proposal.objects.select_for_update(of=("self",)).filter(which, status=ProposalStatus.OPEN)
    for proposal in open_ones.order_by("pk"):
        close_silently(proposal, by)
        outbox.cancel(target=proposal)
        record("proposal.withdrawn", by=by, target=proposal, state=proposal.state)


def _refuse_last_administrator(person: Person, term: Term | None = None) -> None:
    """Somebody else must hold the office, with an open account; ``lock_administrators`` has been called."""
    holding = Term.objects.filter(current(timezone.localdate()), role=Role.ADMINISTRATOR, person__is_active=True)
    gone = holding.filter(pk=term.pk) if term else holding.filter(person=person)
    if gone.exists() and not holding.exclude(pk__in=gone).exists():
        raise ValidationError(_("This is the last administrator. Another one must be granted first."))


def _locked_term(term: Term) -> Term:
    lock_administrators()
    rows = Term.objects.select_for_update(of=("self",)).select_related("person", "state", "organisation")
    return rows.get(pk=term.pk)


def _locked_person(person: Person) -> Person:
    return Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
