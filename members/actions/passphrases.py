"""A new passphrase: by a link in a mail, or by somebody who knows the old one. Neither touches the second factor."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied
from django.db import transaction

from iwg_portal.activity.log import record
from members import notices, queries
from members.actions.sessions import end_sessions
from members.enums import LinkPurpose, LinkStatus
from members.models import AccountLink, Person


@transaction.atomic
def ask_for_passphrase(*, email: str, language: str) -> None:
    """Plan a mail with a link to this address, whoever has it, or nobody.

    Known and unknown addresses cost the same statements, so that neither the answer nor its time tells them apart;
    only when the mail would leave is it looked up whether there is an account. Side effects: an event, a mail.
    """
    link = AccountLink(purpose=LinkPurpose.PASSPHRASE, address=email.lower())
    link.renew()
    link.full_clean()
    link.save()
    record("passphrase.link_asked", by=None, target=link)
    notices.passphrase_link(link, language)


@transaction.atomic
def set_passphrase_by_link(*, token: str, passphrase: str) -> Person:
    """Raises ``queries.DeadLink``, ``ValidationError`` for a poor passphrase. Ends every session of the person and
    every other link to a new passphrase; the second factor stays as it is."""
    link = queries.find_link(token, LinkPurpose.PASSPHRASE, lock=True)
    person = queries.person_of(link)
    if person is None:
        raise queries.DeadLink
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
    validate_password(passphrase, person)
    person.set_password(passphrase)
    person.save(update_fields=["password"])
    link.status, link.used_by = LinkStatus.USED, person
    link.save(update_fields=["status", "used_by"])
    others = AccountLink.objects.filter(purpose=LinkPurpose.PASSPHRASE, address__iexact=person.email)
    others.filter(status=LinkStatus.OPEN).update(status=LinkStatus.REVOKED)
    end_sessions(person=person)
    record("passphrase.set_by_link", by=person, target=person)
    notices.passphrase_changed(person, link.occurrence)
    return person


@transaction.atomic
def change_passphrase(*, by: Person, old: str, passphrase: str, session_key: str) -> Person:
    """Her own. Ends every other session; the caller keeps the session ``session_key`` signed in. Side effects: an
    event, a mail that says so."""
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
    if not person.check_password(old):
        raise PermissionDenied
    validate_password(passphrase, person)
    person.set_password(passphrase)
    person.save(update_fields=["password"])
    end_sessions(person=person, but=session_key)
    event = record("passphrase.changed", by=person, target=person)
    notices.passphrase_changed(person, str(event.pk))
    return person
