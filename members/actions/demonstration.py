"""The people of the demonstration: invented, named as such, the same for the same seed."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone

from iwg_portal.activity.log import record
from members.access import Viewer, viewer_for
from members.actions.factor_resets import ask_factor_reset
from members.actions.joining import grant, propose
from members.actions.people import add_person
from members.enums import ParticipationKind, Role
from members.models import Organisation, Participation, Person, State, Term, WorkingGroup, current
from members.queries import PERSONAS

DATA = Path(__file__).resolve().parent.parent / "data" / "demonstration.yaml"
DOMAIN = ".demo.invalid"


@transaction.atomic
def load_people(*, by: Person | None, seed: int) -> int:
    """Delegations of the member states, observers, partners, secretariat, an administrator, a former delegate.

    Returns how many people were added: none where the demonstration's people are there already, so what somebody
    changed since stays. Needs the reference data. Side effects: observer states take part; events.
    """
    if Person.objects.filter(email__endswith=DOMAIN).exists():
        return 0
    data = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return _Crowd(data, by=by, seed=seed).add()


class _Crowd:
    """Builds the people in a fixed order from one seeded generator."""

    def __init__(self, data: dict[str, Any], *, by: Person | None, seed: int) -> None:
        self.data, self.by = data, by
        self.random = random.Random(f"{seed}:people")
        self.states = {state.alpha2: state for state in State.objects.all()}
        self.organisations = {row.key: row for row in Organisation.objects.all()}
        self.names = {language: self._shuffled_names(parts) for language, parts in data["names"].items()}
        self.phones = itertools.count(1)
        self.taken = {
            (entry["state"], entry["role"]): key
            for key, entry in data["personas"].items()
            if "state" in entry and "since" not in entry
        }
        self.added: set[str] = set()

    def _shuffled_names(self, parts: dict[str, list[str]]) -> list[str]:
        names = [f"{first} {family}" for first in parts["first"] for family in parts["family"]]
        taken = {entry["name"] for entry in self.data["personas"].values()}
        names = [name for name in names if name not in taken]
        self.random.shuffle(names)
        return names

    def add(self) -> int:
        self._observer_states()
        self._delegations()
        self._chairs()
        for key, entry in self.data["personas"].items():
            if "since" in entry:
                self._persona(key, entry)
        for entry in self.data["observers"]:
            code = entry["state"]
            self._person(f"observer-1@{code.lower()}", Role.OBSERVER, entry["language"], entry["since"], state=code)
        group = WorkingGroup.objects.get(id=1)
        for entry in self.data["partners"]:
            key = entry["organisation"]
            self._person(f"partner-1@{key}", Role.PARTNER, entry["language"], group.founded_on, organisation=key)
        for number, entry in enumerate(self.data["secretariat"], start=2):
            self._person(f"secretariat-{number}@iwg", Role.SECRETARIAT, entry["language"], group.founded_on)
        gone = self.data["former"]
        self._person(
            f"former-delegate@{gone['state'].lower()}",
            Role.DELEGATE,
            gone["language"],
            gone["since"],
            state=gone["state"],
            until=gone["until"],
        )
        for number, entry in enumerate(self.data["administrators"], start=2):
            self._person(f"administrator-{number}@iwg", Role.ADMINISTRATOR, entry["language"], group.founded_on)
        self._coming_and_going()
        record("demonstration.loaded", by=self.by, target=group, people=len(self.added))
        return len(self.added)

    def _observer_states(self) -> None:
        for entry in self.data["observers"]:
            state = self.states[entry["state"]]
            if not state.participations.exists():
                Participation.objects.create(state=state, kind=ParticipationKind.OBSERVER, starts_on=entry["since"])

    def _delegations(self) -> None:
        plan = self.data["delegations"]
        members = Participation.objects.filter(current(plan["since"]), kind=ParticipationKind.MEMBER)
        codes = sorted(members.values_list("state__alpha2", flat=True))
        with_deputy = set(self.random.sample(codes, min(plan["deputies"], len(codes))))
        for code in codes:
            language = self.states[code].ui_language
            focal_points = plan["focal_points"] + (code in with_deputy)
            for role, word, count in (
                (Role.DELEGATE, "delegate", plan["delegates"]),
                (Role.FOCAL_POINT, "focal", focal_points),
            ):
                for number in range(1, count + 1):
                    persona = self.taken.get((code, role)) if number == 1 else None
                    if persona:
                        self._persona(persona, self.data["personas"][persona])
                        continue
                    address = f"{word}-{number}@{code.lower()}"
                    post = number if role == Role.FOCAL_POINT else None
                    self._person(address, role, language, plan["since"], state=code, number=post)

    def _chairs(self) -> None:
        """Former chairs: a further term of a delegate of the state."""
        for entry in self.data["chairs"]:
            state = self.states[entry["state"]]
            self._person(
                f"delegate-2@{entry['state'].lower()}",
                Role.CHAIR,
                state.ui_language,
                entry["since"],
                state=entry["state"],
                until=entry["until"],
            )

    def _coming_and_going(self) -> None:
        """Somebody proposed, somebody invited, somebody who should be confirmed: the mails go to the mailbox page."""
        today = timezone.localdate()
        for key in ("proposed", "invited"):
            entry = self.data[key]
            made = propose(
                by=self._viewer(entry["by"]),
                email=f"{entry['address']}@{entry['state'].lower()}{DOMAIN}",
                full_name=entry["name"],
                role=Role.DELEGATE,
                state=self.states[entry["state"]],
                language=entry["language"],
                starts_on=today,
                post=f"{self.data['posts']['delegate'][entry['language']][0]} "
                f"{self.data['invented'][entry['language']]}",
            )
            if key == "invited":
                grant(proposal=made, by=self._viewer("admin"))
        entry = self.data["unconfirmed"]
        late = Term.objects.filter(current(today), state=self.states[entry["state"]], role=Role.DELEGATE)
        late.update(confirmed_on=today - dt.timedelta(days=entry["days"]))
        # One administrator has asked for somebody's lost second factor; the persona may confirm.
        lost = Person.objects.get(email__iexact=PERSONAS[self.data["lost_factor"]["person"]])
        asking = Person.objects.get(email=f"administrator-2@iwg{DOMAIN}")
        ask_factor_reset(by=viewer_for(asking), person=lost)

    @staticmethod
    def _viewer(key: str) -> Viewer:
        return viewer_for(Person.objects.get(email__iexact=PERSONAS[key]))

    def _persona(self, key: str, entry: dict[str, Any]) -> None:
        state = entry.get("state")
        self._person(
            PERSONAS[key].removesuffix(DOMAIN),
            entry["role"],
            entry.get("language") or self.states[entry["state"]].ui_language,
            entry.get("since") or self.data["delegations"]["since"],
            state=state,
            organisation=entry.get("organisation"),
            name=entry["name"],
            number=1,
        )

    def _person(
        self,
        address: str,
        role: str,
        language: str,
        since: dt.date,
        *,
        state: str | None = None,
        organisation: str | None = None,
        until: dt.date | None = None,
        name: str = "",
        number: int | None = None,
    ) -> None:
        posts = self.data["posts"][role][language]
        post = posts[(number - 1) % len(posts)] if number else self.random.choice(posts)
        add_person(
            email=address + DOMAIN,
            full_name=name or self.names[language].pop(),
            role=role,
            by=self.by,
            state=self.states[state] if state else None,
            organisation=self.organisations[organisation] if organisation else None,
            starts_on=since,
            ends_on=until,
            post=f"{post} {self.data['invented'][language]}",
            language=language,
            phone=f"+000 000 {next(self.phones):03}",
        )
        self.added.add(address)
