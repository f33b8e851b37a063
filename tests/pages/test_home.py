"""The front door: public, giving nothing away; those with an office go on to the region."""

import pytest
from django.test import Client

from tests.factories import StatusReportFactory, WorkingGroupFactory
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db


def test_a_visitor_reads_what_the_portal_is_and_where_to_sign_in(cast):
    page = cast.client("anonymous").get("/")
    assert page.status_code == 200
    assert "Test working group" in text(page)
    assert "Accounts are by invitation only." in text(page)
    assert 'href="/sign-in/"' in page.content.decode()


def test_it_names_no_state_and_no_level(cast):
    StatusReportFactory(state=cast.own, delivery="pilot")
    for url in ("/", "/data-use/"):
        page = cast.client("anonymous").get(url).content.decode()
        for hidden in ("Ownland", "pilot", "iwg-chip", "iwg-lv", "/states/", "/region/"):
            assert hidden not in page


def test_only_the_demonstration_offers_its_people(cast, settings):
    assert b"/demo/sign-in/" not in cast.client("anonymous").get("/").content
    settings.DEMO = True
    assert b'href="/demo/sign-in/"' in cast.client("anonymous").get("/").content


@pytest.mark.parametrize("part", ["own_delegate", "observer", "partner", "administrator"])
def test_who_holds_an_office_goes_to_the_region(cast, part):
    answer = cast.client(part).get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/region/")


@pytest.mark.parametrize("part", ["ex_member", "stranger"])
def test_who_holds_none_is_told_so_and_whom_to_ask(cast, part):
    page = text(cast.client(part).get("/"))
    assert "You hold no office in the group today" in page
    assert "Ask the focal point of your state or the secretariat" in page
    assert "Ownland" not in page


def test_data_use_says_who_sees_what_with_its_label(cast):
    page = text(cast.client("anonymous").get("/data-use/"))
    for words in ("TLP:AMBER+STRICT", "TLP:CLEAR", "It never keeps passenger data", "demonstration data"):
        assert words in page


def test_an_empty_portal_has_a_front_door():
    assert Client().get("/").status_code == 200
    WorkingGroupFactory()
    assert b"Test working group" in Client().get("/").content
