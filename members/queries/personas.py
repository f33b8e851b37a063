"""The invented people as whom a visitor of the demonstration may sign in."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models.functions import Lower
from django.utils import timezone

from members.models import Person, Term, current

# The people of the demonstration that a visitor may be, in the order of the page: key → address.
PERSONAS = {
    "delegate-sn": "delegate-sn@sn.demo.invalid",
    "focal-gh": "focal-gh@gh.demo.invalid",
    "focal-cv": "focal-cv@cv.demo.invalid",
    "chair": "chair@gm.demo.invalid",
    "secretariat": "secretariat@iwg.demo.invalid",
    "observer": "observer@ga.demo.invalid",
    "partner": "partner@unodc.demo.invalid",
    "admin": "admin@iwg.demo.invalid",
}


@dataclass(frozen=True)
class Persona:
    """A button of the demonstration's sign-in page; texts in the reader's language."""

    key: str
    name: str
    role: str
    detail: str


def persona(key: str) -> Person | None:
    """The person behind the key, where the demonstration is loaded and she is active."""
    if key not in PERSONAS:
        return None
    return Person.objects.filter(email__iexact=PERSONAS[key], is_active=True).first()


def personas() -> list[Persona]:
    """Every persona that is loaded, with her office of today and her language, as "Ghana · English"."""
    terms = (
        Term.objects.filter(current(timezone.localdate()), person__is_active=True)
        .annotate(address=Lower("person__email"))
        .filter(address__in=PERSONAS.values())
        .select_related("person", "state", "organisation")
        .order_by("starts_on", "id")
    )
    by_address = {term.address: term for term in terms}
    found = [(key, by_address[address]) for key, address in PERSONAS.items() if address in by_address]
    return [Persona(key, term.person.full_name, term.get_role_display(), _detail(term)) for key, term in found]


def _detail(term: Term) -> str:
    place = term.state or term.organisation
    parts = [str(place)] if place else []
    return " · ".join([*parts, term.person.get_language_display()])
