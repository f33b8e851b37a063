"""The cast: one person per way of looking at the records of one state, the *own* state.

``cast.viewer("own_focal_point")``, ``cast.client("partner")``, ``cast.person("chair")``; the parts: ``PARTS``.
"""

import datetime as dt
from functools import cached_property
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from members.access import ANONYMOUS, Viewer, viewer_for
from members.enums import Role
from members.models import Person, State
from members.sign_in import note_sign_in
from tests.factories import (
    MemberStateFactory,
    ObserverStateFactory,
    OrganisationFactory,
    PersonFactory,
    WorkingGroupFactory,
    person_with,
)

PARTS = (
    "anonymous",
    "stranger",
    "ex_member",
    "observer",
    "partner",
    "other_delegate",
    "own_delegate",
    "own_focal_point",
    "chair",
    "secretariat",
    "administrator",
)
ENDED = dt.date(2023, 1, 1)


def sign_in(client: Client, person: Person) -> None:
    """Sign in as somebody who has shown all that her role asks for; every test signs in through here."""
    sign_in_with(client, person, {"method": "password"}, {"method": "mfa", "type": "totp"})


def sign_in_with(client: Client, person: Person, *steps: dict[str, Any]) -> None:
    """Sign in as somebody who has shown ``steps`` alone: ``{"method": "password"}`` is a passphrase."""
    client.force_login(person)
    session = client.session
    note_sign_in(session, person, *steps)
    session.save()
    listed = {"user": person, "ip": "127.0.0.0", "user_agent": "Test"}
    UserSession.objects.update_or_create(session_key=session.session_key, defaults=listed)


class Cast:
    """People are made when first asked for; ``own`` owns the records, the chair comes from a third state."""

    def __init__(self) -> None:
        self.group = WorkingGroupFactory()
        self._people: dict[str, Person] = {}
        self._clients: dict[str, Client] = {}

    @cached_property
    def own(self) -> State:
        return MemberStateFactory(label="Ownland")

    @cached_property
    def other(self) -> State:
        return MemberStateFactory(label="Otherland")

    @cached_property
    def chairing(self) -> State:
        return MemberStateFactory(label="Chairland")

    @cached_property
    def observing(self) -> State:
        return ObserverStateFactory(label="Watchland")

    def person(self, part: str) -> Person | None:
        """The person who plays the part, None for ``anonymous``."""
        if part == "anonymous":
            return None
        if part not in self._people:
            self._people[part] = self._make(part)
        return self._people[part]

    def viewer(self, part: str) -> Viewer:
        person = self.person(part)
        return viewer_for(person) if person else ANONYMOUS

    def client(self, part: str) -> Client:
        """A signed-in test client; the same one for the same part."""
        if part not in self._clients:
            client = Client()
            person = self.person(part)
            if person:
                sign_in(client, person)
            self._clients[part] = client
        return self._clients[part]

    def _make(self, part: str) -> Person:
        row = {"full_name": part.replace("_", " ").title(), "email": f"{part.replace('_', '-')}@cast.invalid"}
        match part:
            case "stranger":
                return PersonFactory(**row)
            case "ex_member":
                return person_with(Role.DELEGATE, person=row, state=self.own, ends_on=ENDED)
            case "observer":
                return person_with(Role.OBSERVER, person=row, state=self.observing)
            case "partner":
                return person_with(Role.PARTNER, person=row, organisation=OrganisationFactory(key="cast"))
            case "other_delegate":
                return person_with(Role.DELEGATE, person=row, state=self.other)
            case "own_delegate":
                return person_with(Role.DELEGATE, person=row, state=self.own)
            case "own_focal_point":
                return person_with(Role.FOCAL_POINT, person=row, state=self.own)
            case "chair":
                return person_with(Role.CHAIR, person=row, state=self.chairing)
            case "secretariat" | "administrator":
                return person_with(part, person=row)
        raise ValueError(part)


@pytest.fixture
def cast(db) -> Cast:
    return Cast()
