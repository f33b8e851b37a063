"""The list of states: alphabetical, filtered without accents, observers apart."""

import datetime as dt
import re

import pytest

from tests.factories import MemberStateFactory, StateFactory, StatusReportFactory
from tests.pages.test_region import row, text

pytestmark = pytest.mark.django_db
URL = "/states/"


@pytest.fixture
def world(cast):
    cast.coast = MemberStateFactory(label="Côte d’Essai", name_fr="Rivage d’Essai", sort_name_en="cote d essai")
    StatusReportFactory(state=cast.own, delivery="pilot", as_of=dt.date(2020, 5, 31))
    StatusReportFactory(state=cast.own, kind="pnr", delivery="planned", legal="in_force")
    StatusReportFactory(state=cast.other, delivery="op_batch")
    assert cast.observing
    return cast


def names(page):
    return re.findall(r'<a href="/states/[a-z]+/">([^<]+)</a>', page.content.decode())


def test_every_state_in_alphabetical_order_and_observers_apart(world):
    page = world.client("own_delegate").get(URL)
    assert names(page) == ["Côte d’Essai", "Otherland", "Ownland", "Watchland"]
    assert "3 member states take part in the group, with 1 observer state." in text(page)
    assert "Watchland observer state: no assessment" in text(page)


def test_each_status_stands_with_its_day_and_age(world):
    shown = row(world.client("observer").get(URL), "Ownland")
    assert "pilot 31 May 2020 older than 24 months legal_basis" in shown
    assert "No report –" in row(world.client("observer").get(URL), "Côte d’Essai")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "cote"}, ["Côte d’Essai"]),
        ({"q": "COTE D'ESSAI"}, ["Côte d’Essai"]),
        ({"q": "rivage"}, ["Côte d’Essai"]),
        ({"q": "land"}, ["Otherland", "Ownland", "Watchland"]),
        ({"kind": "observer"}, ["Watchland"]),
        ({"kind": "member"}, ["Côte d’Essai", "Otherland", "Ownland"]),
        ({"advpax": "pilot"}, ["Ownland"]),
        ({"advpax": "nd"}, ["Côte d’Essai"]),
        ({"pnr": "legal_basis"}, ["Ownland"]),
        ({"pnr": "nd", "q": "land"}, ["Otherland"]),
        ({"advpax": "pilot", "pnr": "op_full"}, []),
        ({"kind": "observer", "advpax": "pilot"}, []),
        ({"q": "nowhere"}, []),
        ({"q": "'’-"}, []),
        ({"advpax": "level 7", "kind": "<b>"}, ["Côte d’Essai", "Otherland", "Ownland", "Watchland"]),
    ],
)
def test_the_filter(world, asked, found):
    page = world.client("own_delegate").get(URL, asked)
    assert names(page) == found
    if not found:
        assert "No state matches" in text(page)


def test_a_code_finds_its_state_and_what_was_asked_stays_in_the_form(world):
    page = world.client("own_delegate").get(URL, {"q": world.own.alpha3.lower(), "advpax": "pilot"})
    assert names(page) == ["Ownland"]
    assert "1 of 4 states match." in text(page)
    assert f'value="{world.own.alpha3.lower()}"' in page.content.decode()
    assert '<option value="pilot" selected>' in page.content.decode()


def test_states_outside_the_group_are_not_listed(world):
    StateFactory(label="Farland")
    assert "Farland" not in text(world.client("secretariat").get(URL))


def test_a_status_that_is_not_shared_looks_like_none(world):
    hidden = MemberStateFactory(label="Hiddenland")
    before = row(world.client("observer").get(URL), "Hiddenland")
    StatusReportFactory(state=hidden, delivery="pilot", audience="secretariat")
    assert row(world.client("observer").get(URL), "Hiddenland") == before
    assert names(world.client("observer").get(URL, {"advpax": "pilot"})) == ["Ownland"]
    assert names(world.client("secretariat").get(URL, {"advpax": "pilot"})) == ["Hiddenland", "Ownland"]


@pytest.mark.parametrize("part", ["stranger", "ex_member"])
def test_without_an_office_there_is_no_list(world, part):
    assert world.client(part).get(URL).status_code == 404


def test_same_number_of_queries_at_one_and_at_more_states(cast, django_assert_num_queries):
    StatusReportFactory(state=cast.own)
    client = cast.client("own_delegate")
    client.get(URL)
    with django_assert_num_queries(7):
        client.get(URL)
    for _ in range(3):
        StatusReportFactory(state=MemberStateFactory())
    with django_assert_num_queries(7):
        client.get(URL)
