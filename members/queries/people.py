"""The list of people and what the page about one of them shows."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from members.models import Person, Term, current

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@dataclass(frozen=True)
class Choice:
    """What the list is filtered by; empty: everything."""

    role: str = ""
    state: str = ""
    status: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return any((self.role, self.state, self.status, self.text))


def directory(people: QuerySet[Person], terms: QuerySet[Term], choice: Choice) -> QuerySet[Person]:
    """``people`` that fit the choice, each with ``offices`` (of ``terms``, the current ones) and ``has_factor``."""
    today = timezone.localdate()
    here = terms.filter(current(today))
    held = here.filter(person=OuterRef("pk"))
    if choice.role:
        people = people.filter(Exists(held.filter(role=choice.role)))
    if choice.state:
        people = people.filter(Exists(held.filter(state__alpha2=choice.state)))
    if choice.text:
        people = people.filter(full_name__icontains=choice.text)
    if choice.status == "closed":
        people = people.filter(is_active=False)
    elif choice.status == "active":
        people = people.filter(Exists(held), is_active=True)
    elif choice.status == "no_office":
        people = people.filter(~Exists(held), is_active=True)
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
    return people.annotate(has_factor=Exists(factor)).prefetch_related(Prefetch("terms", here, to_attr="offices"))


def has_factor(person: Person) -> bool:
    return Authenticator.objects.filter(user=person, type__in=FACTORS).exists()


def status_words(person: Person, holds_office: bool) -> str:
    if not person.is_active:
        return _("account closed")
    return _("in office") if holds_office else _("no office today")


def active_person(email: str) -> Person | None:
    """The open account with this address, in whatever case."""
    return Person.objects.filter(email__iexact=email.strip(), is_active=True).first()


def active_person_by_id(pk: int) -> Person | None:
    return Person.objects.filter(pk=pk, is_active=True).first()
