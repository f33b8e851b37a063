"""The audience rule against the table that a person typed (tests/policy/read.csv), as filter and as predicate."""

import csv
import datetime as dt
import itertools
from pathlib import Path

import pytest
import time_machine
from django.db.models import Value

from capabilities.models import StatusReport
from members import access
from members.access import ANONYMOUS, Viewer, may_read, readable, status_only, viewer_for
from members.enums import Audience, ParticipationKind, Role
from members.models import Participation, Term
from tests.cast import PARTS
from tests.factories import (
    MemberStateFactory,
    ObserverStateFactory,
    OrganisationFactory,
    ParticipationFactory,
    PersonFactory,
    StateFactory,
    StatusReportFactory,
    TermFactory,
    person_with,
)

TABLE = Path(__file__).resolve().parent.parent / "policy" / "read.csv"
with TABLE.open(newline="") as file:
    POLICY = [(row["audience"], row["role"], row["expected"]) for row in csv.DictReader(file)]
# Of another state's records the own delegation knows what any other delegation knows.
NOT_OWN = {"own_delegate": "other_delegate", "own_focal_point": "other_delegate"}


def test_table_is_complete():
    parts = set(PARTS) - {"stranger"}
    assert {(audience, role) for audience, role, _expected in POLICY} == set(itertools.product(Audience.values, parts))
    assert {expected for _audience, _role, expected in POLICY} == {"0", "1", "s"}


def outcome(viewer: Viewer, record: StatusReport) -> str:
    """``1``, ``s`` or ``0`` by the filters; the predicate must say the same."""
    rows = StatusReport.objects.filter(pk=record.pk)
    reads = rows.filter(readable(viewer)).exists()
    knows = rows.filter(status_only(viewer)).exists()
    assert may_read(viewer, record.audience, record.state_id) == reads
    assert not (reads and knows)
    return "1" if reads else "s" if knows else "0"


@pytest.mark.parametrize("part", PARTS)
def test_records_of_the_own_state(cast, part):
    expected = {a: e for a, role, e in POLICY if role == (part if part != "stranger" else "ex_member")}
    viewer = cast.viewer(part)
    records = {a: StatusReportFactory(state=cast.own, audience=a) for a in Audience.values}
    assert {a: outcome(viewer, record) for a, record in records.items()} == expected


@pytest.mark.parametrize("part", PARTS)
def test_records_of_another_state(cast, part):
    role = NOT_OWN.get(part, part if part != "stranger" else "ex_member")
    expected = {a: e for a, r, e in POLICY if r == role}
    viewer = cast.viewer(part)
    third = MemberStateFactory()
    records = {a: StatusReportFactory(state=third, audience=a) for a in Audience.values}
    assert {a: outcome(viewer, record) for a, record in records.items()} == expected


@pytest.mark.parametrize("part", PARTS)
def test_records_without_a_state(cast, part):
    """What the group itself owns is nobody's own."""
    role = NOT_OWN.get(part, part if part != "stranger" else "ex_member")
    viewer = cast.viewer(part)
    for audience, policy_role, expected in POLICY:
        if policy_role == role:
            assert may_read(viewer, audience, None) == (expected == "1")


@pytest.mark.parametrize("part", PARTS)
def test_an_audience_that_nobody_knows_is_read_by_nobody(cast, part):
    """Default deny, for one's own delegation too."""
    record, viewer = StatusReportFactory(state=cast.own), cast.viewer(part)
    rows = StatusReport.objects.filter(pk=record.pk).annotate(odd=Value("everybody"))
    assert not rows.filter(readable(viewer, "odd")).exists()
    assert not may_read(viewer, "everybody", cast.own.pk)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(Role.values, 2)))
def test_several_roles_are_the_union(one, other):
    both, first, second = (Viewer(roles=frozenset(roles)) for roles in ({one, other}, {one}, {other}))
    assert both.reads == first.reads | second.reads
    assert both.reads_status_only == (first.reads_status_only | second.reads_status_only) - both.reads
    assert both.in_group


def test_the_chair_sees_no_drafts_of_any_state_but_her_delegation_does(cast):
    draft = StatusReportFactory(state=cast.chairing, audience=Audience.DELEGATION)
    assert outcome(cast.viewer("chair"), draft) == "s"
    TermFactory(person=cast.person("chair"), role=Role.DELEGATE, state=cast.chairing)
    assert outcome(cast.viewer("chair"), draft) == "1"


# -- Terms, participation, accounts ----------------------------------------------------------------------------------


@pytest.mark.django_db
class TestDates:
    first, last_and_one = dt.date(2024, 3, 1), dt.date(2024, 6, 1)

    def test_a_term_holds_from_its_first_day_until_before_its_end(self):
        person = person_with(Role.SECRETARIAT, starts_on=self.first, ends_on=self.last_and_one)
        held = {
            day: viewer_for(person, day).in_secretariat
            for day in (
                self.first - dt.timedelta(1),
                self.first,
                self.last_and_one - dt.timedelta(1),
                self.last_and_one,
            )
        }
        assert list(held.values()) == [False, True, True, False]

    def test_a_right_ends_with_its_term_at_the_next_look(self):
        state = MemberStateFactory()
        person = person_with(Role.FOCAL_POINT, state=state)
        assert viewer_for(person).focal_states == {state.pk}
        Term.objects.update(ends_on=dt.date(2024, 1, 1))
        viewer = viewer_for(person)
        assert (viewer.focal_states, viewer.own_states, viewer.roles) == (frozenset(),) * 3
        assert viewer.reads == {Audience.PUBLIC}

    def test_midnight_is_utc(self):
        person = person_with(Role.SECRETARIAT, starts_on=self.first, ends_on=self.last_and_one)
        with time_machine.travel("2024-05-31T23:59:59Z", tick=False):
            assert viewer_for(person).in_secretariat
        with time_machine.travel("2024-06-01T00:00:00Z", tick=False):
            assert not viewer_for(person).in_secretariat

    def test_an_office_needs_the_state_to_take_part_in_the_matching_way(self):
        outside, observing, member = StateFactory(), ObserverStateFactory(), MemberStateFactory()
        for role in (Role.DELEGATE, Role.FOCAL_POINT):
            for state in (outside, observing):
                assert viewer_for(person_with(role, state=state)).roles == frozenset()
        assert viewer_for(person_with(Role.CHAIR, state=observing)).roles == frozenset()
        for state in (outside, member):
            assert viewer_for(person_with(Role.OBSERVER, state=state)).roles == frozenset()
        assert viewer_for(person_with(Role.OBSERVER, state=observing)).observed_states == {observing.pk}

    def test_a_state_that_leaves_takes_its_delegation_along(self):
        state = MemberStateFactory()
        person = person_with(Role.DELEGATE, state=state)
        Participation.objects.filter(state=state).update(ends_on=dt.date(2025, 1, 29))
        assert viewer_for(person, dt.date(2025, 1, 28)).own_states == {state.pk}
        assert viewer_for(person, dt.date(2025, 1, 29)) == Viewer(person)

    def test_a_member_that_becomes_an_observer_reads_as_one(self):
        state = MemberStateFactory()
        delegate = person_with(Role.DELEGATE, state=state)
        observer = person_with(Role.OBSERVER, state=state)
        change = dt.date(2024, 1, 1)
        Participation.objects.filter(state=state).update(ends_on=change)
        ParticipationFactory(state=state, kind=ParticipationKind.OBSERVER, starts_on=change)
        assert viewer_for(delegate).roles == frozenset()
        assert viewer_for(observer).roles == {Role.OBSERVER}

    def test_a_deactivated_person_is_anonymous(self):
        person = person_with(Role.SECRETARIAT)
        person.is_active = False
        assert viewer_for(person) is ANONYMOUS
        assert viewer_for(None) is ANONYMOUS

    def test_a_partner_belongs_to_its_organisation(self):
        organisation = OrganisationFactory()
        viewer = viewer_for(person_with(Role.PARTNER, organisation=organisation))
        assert viewer.organisations == {organisation.pk}
        assert not viewer.own_states

    def test_one_query(self, django_assert_num_queries):
        person = PersonFactory()
        for _ in range(3):
            TermFactory(person=person)
        with django_assert_num_queries(1):
            assert len(viewer_for(person).own_states) == 3


def test_rights_key_differs_by_what_is_readable(cast):
    keys = {part: cast.viewer(part).rights_key for part in PARTS}
    assert keys["anonymous"] == keys["stranger"] == keys["ex_member"]
    distinct = ("anonymous", "observer", "own_delegate", "other_delegate", "chair", "secretariat", "administrator")
    assert len({keys[part] for part in distinct}) == len(distinct)


# -- Rows ------------------------------------------------------------------------------------------------------------


class TestRows:
    def test_states_are_known_to_the_group_only(self, cast):
        member, observing, outside = cast.own, cast.observing, StateFactory()
        for part in PARTS:
            viewer = cast.viewer(part)
            seen = set(access.visible_states(viewer).values_list("pk", flat=True))
            assert outside.pk not in seen
            assert ({member.pk, observing.pk} <= seen) == viewer.in_group
            assert bool(seen) == viewer.in_group

    def test_member_and_observer_states(self, cast):
        viewer = cast.viewer("secretariat")
        last, first = MemberStateFactory(label="Zedland"), MemberStateFactory(label="The Abeland")
        watching = cast.observing
        assert list(access.visible_member_states(viewer)) == [first, last]
        assert list(access.visible_observer_states(viewer)) == [watching]
        assert not access.visible_member_states(cast.viewer("ex_member"))

    def test_organisations(self, cast):
        OrganisationFactory()
        for part in PARTS:
            viewer = cast.viewer(part)
            assert access.visible_organisations(viewer).exists() == viewer.in_group

    def test_the_groups_name_is_public(self, cast):
        assert access.visible_group() == cast.group

    def test_contacts_are_for_members_and_the_secretariat(self, cast):
        cast.person("own_delegate")
        focal_point = cast.person("own_focal_point")
        TermFactory(role=Role.FOCAL_POINT, state=cast.own, ends_on=dt.date(2023, 1, 1))
        TermFactory(role=Role.FOCAL_POINT, state=cast.own, person__is_active=False)
        allowed = {"own_delegate", "own_focal_point", "other_delegate", "chair", "secretariat"}
        for part in PARTS:
            contacts = access.visible_contacts(cast.viewer(part), cast.own)
            people = [term.person for term in contacts]
            assert people == ([focal_point] if part in allowed else [])

    def test_phones_are_for_the_own_delegation_and_the_secretariat(self, cast):
        seen = {part for part in PARTS if access.can_see_phones(cast.viewer(part), cast.own)}
        assert seen == {"own_delegate", "own_focal_point", "secretariat"}


# -- A session without second factor -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS[1:])
def test_without_the_factor_everybody_reads_as_the_anonymous(cast, part):
    viewer = cast.viewer(part).without_proof()
    assert viewer.person == cast.person(part)
    assert (viewer.reads, viewer.reads_status_only) == (ANONYMOUS.reads, ANONYMOUS.reads_status_only)
    assert viewer.rights_key == ANONYMOUS.rights_key
    fields = ("roles", "own_states", "focal_states", "observed_states", "organisations")
    assert {getattr(viewer, field) for field in fields} == {frozenset()}
    assert viewer.unproven is (part not in ("stranger", "ex_member"))
    assert viewer.owed_for == cast.viewer(part).roles
    assert viewer.without_proof() == viewer
