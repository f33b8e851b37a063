"""States, organisations, people and their terms of office."""

import datetime as dt
import re
from typing import Any

import factory
from django.conf import settings
from django.utils import timezone
from factory.django import DjangoModelFactory

from iwg_portal.base.uploads import check
from members import models
from members.access import Viewer
from members.actions.files import store_file
from members.enums import STATE_ROLES, OrganisationKind, ParticipationKind, Role
from members.sorting import fold_name

LONG_AGO = dt.date(2022, 1, 1)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def code(number: int, length: int) -> str:
    """The number in letters: 0 → ``AA``, 1 → ``AB``, …"""
    letters = ""
    for _ in range(length):
        number, rest = divmod(number, len(LETTERS))
        letters = LETTERS[rest] + letters
    return letters


# Those of the reference data are for the tests that load it or name a state; a code that begins with Z nobody has.
STATES = (settings.BASE_DIR / "members/data/states.yaml").read_text("utf-8")
REFERENCE = set(re.findall(r"""(?:alpha2|alpha3|m49): ["']?(\w+)""", STATES))
GIVEN = [found for found in (code(n, 2) for n in range(25 * 26)) if found not in REFERENCE]
GIVEN_THREE = [found for found in (code(n, 3) for n in range(25 * 26 * 26)) if found not in REFERENCE]
NUMBERS = [found for found in (f"{n:03}" for n in range(1000)) if found not in REFERENCE]


class WorkingGroupFactory(DjangoModelFactory):
    class Meta:
        model = models.WorkingGroup
        django_get_or_create = ("id",)

    id = 1
    name_en = name_fr = name_pt = "Test working group"
    short_name_en = short_name_fr = short_name_pt = "Test IWG"
    subtitle_en = subtitle_fr = subtitle_pt = "API & PNR"
    zone = "Africa/Abidjan"
    languages = factory.LazyFunction(lambda: ["en", "fr", "pt"])
    founded_on = dt.date(2021, 12, 1)


class StateFactory(DjangoModelFactory):
    """A state that takes no part in the group. ``label`` is its name in each language."""

    class Meta:
        model = models.State

    class Params:
        label = factory.LazyAttribute(lambda o: f"State {o.alpha2}")

    alpha2 = factory.Sequence(lambda n: GIVEN[n % len(GIVEN)])
    alpha3 = factory.Sequence(lambda n: GIVEN_THREE[n % len(GIVEN_THREE)])
    m49 = factory.Sequence(lambda n: NUMBERS[n % len(NUMBERS)])
    name_en = name_fr = name_pt = factory.SelfAttribute("label")
    formal_name_en = formal_name_fr = formal_name_pt = factory.LazyAttribute(lambda o: f"Republic of {o.label}")
    sort_name_en = sort_name_fr = sort_name_pt = factory.LazyAttribute(lambda o: fold_name(o.label))
    ui_language = "en"


class ParticipationFactory(DjangoModelFactory):
    class Meta:
        model = models.Participation

    state = factory.SubFactory(StateFactory)
    kind = ParticipationKind.MEMBER
    starts_on = LONG_AGO


class MemberStateFactory(StateFactory):
    class Meta:
        skip_postgeneration_save = True

    membership = factory.RelatedFactory(ParticipationFactory, "state", kind=ParticipationKind.MEMBER)


class ObserverStateFactory(StateFactory):
    class Meta:
        skip_postgeneration_save = True

    membership = factory.RelatedFactory(ParticipationFactory, "state", kind=ParticipationKind.OBSERVER)


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = models.Organisation

    key = factory.Sequence(lambda n: f"org-{n}")
    kind = OrganisationKind.ORGANISATION
    name_en = name_fr = name_pt = factory.LazyAttribute(lambda o: f"Organisation {o.key}")
    acronym_en = acronym_fr = acronym_pt = factory.LazyAttribute(lambda o: o.key.upper())


class PersonFactory(DjangoModelFactory):
    """A person without office or passphrase; ``password="…"`` sets one (slow: it is hashed)."""

    class Meta:
        model = models.Person
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person-{n}@test.invalid")
    full_name = factory.Sequence(lambda n: f"Person {n}")
    language = "en"

    @classmethod
    def _create(cls, model_class: type, *args: Any, password: str | None = None, **kwargs: Any) -> models.Person:
        person = model_class(*args, **kwargs)
        person.set_password(password)
        person.save()
        return person


class TermFactory(DjangoModelFactory):
    """A term of office since ``LONG_AGO``; a role of a state gets a member (observer: an observer state)."""

    class Meta:
        model = models.Term

    person = factory.SubFactory(PersonFactory)
    role = Role.DELEGATE
    state = factory.LazyAttribute(
        lambda o: (
            (ObserverStateFactory() if o.role == Role.OBSERVER else MemberStateFactory())
            if o.role in STATE_ROLES
            else None
        )
    )
    organisation = factory.LazyAttribute(lambda o: OrganisationFactory() if o.role == Role.PARTNER else None)
    starts_on = LONG_AGO


def person_with(role: str, *, person: dict[str, Any] | None = None, **term: Any) -> models.Person:
    """A new person holding one office: ``person_with(Role.FOCAL_POINT, state=state)``."""
    return TermFactory(role=role, person=PersonFactory(**(person or {})), **term).person


class ProposalFactory(DjangoModelFactory):
    """An open proposal for a delegate of a member state, made by that state's focal point."""

    class Meta:
        model = models.Proposal

    email = factory.Sequence(lambda n: f"proposed-{n}@test.invalid")
    full_name = factory.Sequence(lambda n: f"Proposed {n}")
    role = Role.DELEGATE
    state = factory.SubFactory(MemberStateFactory)
    language = "en"
    starts_on = factory.LazyFunction(timezone.localdate)
    proposed_by = factory.LazyAttribute(lambda o: person_with(Role.FOCAL_POINT, state=o.state))


def stored_file(state: models.State | None, by: Viewer, content: bytes = b"A draft", **row: Any) -> models.StoredFile:
    """A text file that ``by`` has stored: real bytes on the disk. ``row``: title, audience, parent, name."""
    checked = check(content, row.pop("name", "draft.txt"))
    return store_file(checked=checked, state=state, by=by, **{"title": "A draft", **row})
