"""Comparison of two to four states: side by side, alphabetical, never a ranking."""

import re

import pytest

from tests.factories import (
    MemberStateFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
)
from tests.pages.test_region import row, text

pytestmark = pytest.mark.django_db
URL = "/compare/"


@pytest.fixture
def world(cast):
    cast.round = RoundFactory(year=2024, edition=framework())
    cast.third = MemberStateFactory(label="Thirdland")
    StatusReportFactory(state=cast.own, delivery="pilot", legal="in_force")
    StatusReportFactory(state=cast.other, delivery="suspended")
    StatusReportFactory(state=cast.own, kind="pnr", delivery="op_full", legal="drafting")
    declare(cast.own, cast.round, {"AR1-1": 4, "AR1-2": 2, "AR2-1": "na", "AR2-2": 1})
    declare(cast.other, cast.round, {"AR1-1": 1, "AR1-2": 2, "AR2-1": 3})
    return cast


def ask(world, part, *states, **more):
    return world.client(part).get(URL, {"state": [getattr(state, "alpha2", state) for state in states], **more})


def heads(page):
    return re.findall(r'<th scope="col"><a href="/states/[a-z]+/">([^<]+)</a>', page.content.decode())


def test_without_a_choice_it_offers_the_states(world):
    page = world.client("own_delegate").get(URL)
    assert page.content.decode().count('type="checkbox"') == 3
    assert "Choose two to four member states" in text(page)
    assert "iwg-errors" not in page.content.decode()


def test_states_stand_in_alphabetical_order_whatever_was_asked(world):
    page = ask(world, "own_delegate", world.third, world.own, world.other)
    assert "Otherland, Ownland and Thirdland side by side" in text(page)
    assert "No ranking." in text(page)
    assert heads(page)[:3] == ["Otherland", "Ownland", "Thirdland"]


def test_ladders_means_and_indicators(world):
    page = ask(world, "own_delegate", world.own, world.other)
    assert "suspended" in text(page)
    assert "pilot (where the state stands now)" in text(page)
    assert row(page, "Area AR1") == "Area AR1 1.5 2 of 2 3.0 2 of 2 2.3 2 of 3 states"
    assert row(page, "Indicator AR1-1") == "AR1-1 Indicator AR1-1 1 4 3"
    assert row(page, "Indicator AR1-2") == "AR1-2 Indicator AR1-2 2 2 same"
    assert "not applicable" in row(page, "Indicator AR2-1")
    assert row(page, "Indicator AR2-1").endswith("–")
    assert "1 of 2 differ" in text(page)


def test_the_law_is_said_beside_what_is_built(world):
    page = text(ask(world, "observer", world.own, world.other))
    assert "legal_basis (reached) development (reached) pilot (where the state stands now)" in page
    assert "legal_basis (not reached) development (reached) pilot (reached)" in page
    assert "Legal basis: in_force." in page
    assert "Legal basis: drafting." in page


def test_scope_leaves_one_ladder_and_its_indicators(world):
    page = ask(world, "own_delegate", world.own, world.other, scope="advpax")
    assert "<h2>API</h2>" in page.content.decode()
    assert "<h2>PNR</h2>" not in page.content.decode()
    assert ">Indicator AR2-2<" not in page.content.decode()  # speaks of PNR
    link = f"/compare/?state={world.other.alpha2}&amp;state={world.own.alpha2}&amp;scope=pnr"
    assert link in page.content.decode()


@pytest.mark.parametrize("part", ["observer", "partner", "administrator"])
def test_those_outside_the_members_see_status_and_never_a_level(world, part):
    page = ask(world, part, world.own, world.other)
    assert "pilot" in text(page)
    for hidden in ("iwg-lv", "AR1", "self-assessment", "median"):
        assert hidden not in page.content.decode()


def test_one_state_is_too_few_and_five_are_too_many_and_nothing_is_lost(world):
    page = ask(world, "own_delegate", world.own)
    assert "Choose at least 2 states." in text(page)
    assert page.content.decode().count(" checked>") == 1
    more = [MemberStateFactory() for _ in range(2)]
    page = ask(world, "own_delegate", world.own, world.other, world.third, *more)
    assert "You chose 5 states; at most 4 fit side by side." in text(page)
    assert page.content.decode().count(" checked>") == 5
    assert "iwg-ladder" not in page.content.decode()


def test_an_unknown_code_is_named_and_the_rest_compared(world):
    page = ask(world, "own_delegate", world.own, "zz", world.other.alpha2.lower(), "<b>")
    assert "“ZZ” and “&lt;B&gt;”: no member state of the group has this code." in text(page)
    assert heads(page)[:2] == ["Otherland", "Ownland"]


def test_an_observer_state_cannot_be_compared(world):
    page = ask(world, "own_delegate", world.own, world.observing)
    assert "no member state of the group has this code" in text(page)
    assert "Watchland" not in text(page)


def test_an_assessment_that_is_not_shared_looks_like_none(world):
    before = ask(world, "other_delegate", world.own, world.third)
    declare(world.third, world.round, 4, audience="secretariat")
    after = ask(world, "other_delegate", world.own, world.third)
    assert text(after) == text(before)
    assert "4.0" in row(ask(world, "secretariat", world.own, world.third), "Area AR1")


@pytest.mark.parametrize("part", ["stranger", "ex_member"])
def test_without_an_office_there_is_nothing_to_compare(world, part):
    assert ask(world, part, world.own, world.other).status_code == 404


def test_same_number_of_queries_at_two_and_at_four_states(world, django_assert_num_queries):
    more = [MemberStateFactory() for _ in range(2)]
    for state in more:
        declare(state, world.round, 2)
    ask(world, "own_delegate", world.own, world.other)
    with django_assert_num_queries(10):
        ask(world, "own_delegate", world.own, world.other)
    with django_assert_num_queries(10):
        ask(world, "own_delegate", world.own, world.other, *more)
