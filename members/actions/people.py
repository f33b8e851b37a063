"""Add people and their first term of office; a person's own choices."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.mail import unreachable
from members import access
from members.access import Viewer
from members.models import Organisation, Person, State, Term


@transaction.atomic
def add_person(
    *,
    email: str,
    full_name: str,
    role: str,
    by: Person | None,
    state: State | None = None,
    organisation: Organisation | None = None,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    post: str = "",
    language: str = "",
    zone: str = "",
    phone: str = "",
    password: str | None = None,
) -> Person:
    """Add a person (or find the one with this address) and give her one term of office.

    Without ``password`` the person cannot sign in by passphrase. Raises ``ValidationError`` in the reader's
    language where a constraint is broken. Safe to run again with the same values.
    """
    person = Person.objects.filter(email__iexact=email).first()
    known = person is not None
    if person is None:
        person = Person(email=email.lower(), full_name=full_name, language=language, zone=zone, phone=phone)
        if password:
            person.set_password(password)
        else:
            person.set_unusable_password()
        person.full_clean(exclude=["password"])
        person.save()
        record("person.added", by=by, target=person, state=state)
    starts_on = starts_on or timezone.localdate()
    held = Term.objects.filter(person=person, role=role, state=state, organisation=organisation, starts_on=starts_on)
    if not held.exists():
        term = Term(
            person=person,
            role=role,
            state=state,
            organisation=organisation,
            post=post,
            starts_on=starts_on,
            ends_on=ends_on,
        )
        term.full_clean()
        term.save()
        if known:
            record("term.added", by=by, target=person, state=state, role=role)
    return person


@transaction.atomic
def change_own_details(*, by: Person, full_name: str, language: str, zone: str, phone: str) -> None:
    """What she says of herself. Raises ``ValidationError``. Side effect: an event that names the fields."""
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
    given = {"full_name": full_name, "language": language, "zone": zone, "phone": phone}
    changed = [field for field, value in given.items() if getattr(person, field) != value]
    if not changed:
        return
    for field in changed:
        setattr(person, field, given[field])
    person.full_clean(exclude=["password"])
    person.save(update_fields=changed)
    record("person.details_changed", by=person, target=person, fields=changed)


@transaction.atomic
def try_address_again(*, person: Person, by: Viewer) -> None:
    """Mail goes to her address again; if its server still knows nobody there, the mark is back.

    What was not sent meanwhile stays unsent: the portal shows it. Raises PermissionDenied, or ValidationError (lifted
    meanwhile). Side effect: an event.
    """
    if not access.can_try_address_again(by, person):
        raise PermissionDenied
    if not unreachable.lift(person.email):
        raise ValidationError(_("Mail goes to this address already; nothing was changed."), "lifted")
    record("mail.address_tried_again", by=by.person, target=person)


@transaction.atomic
def choose_language(*, by: Person, language: str) -> None:
    """Keep the person's language with the account, so that it follows her to every device."""
    if by.language == language:
        return
    by.language = language
    by.save(update_fields=["language"])
    record("person.language_chosen", by=by, target=by)
