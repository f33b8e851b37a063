"""The profile of a state: the verdict by rule, ladders, areas, indicators, history, contacts, and who sees what."""

import datetime as dt

import pytest

from capabilities.models import RoundNote
from iwg_portal.base import kept
from tests.factories import (
    MemberStateFactory,
    RoundFactory,
    StateFactory,
    StatusReportFactory,
    declare,
    framework,
)
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(cast):
    edition = framework()
    earlier, newest = (RoundFactory(year=year, edition=edition) for year in (2023, 2024))
    StatusReportFactory(state=cast.own, delivery="development", as_of=earlier.reference_date)
    StatusReportFactory(
        state=cast.own,
        delivery="pilot",
        legal="in_force",
        as_of=newest.reference_date,
        since=dt.date(2024, 3, 1),
        source="Decree 12",
    )
    declare(cast.own, earlier, 1)
    declare(cast.own, newest, {"AR1-1": 2, "AR1-2": 4, "AR2-1": "na", "AR2-2": 1})
    cast.url = f"/states/{cast.own.alpha2.lower()}/"
    return cast


def test_the_verdict_follows_from_the_data(world):
    page = text(world.client("other_delegate").get(world.url))
    assert "API is in pilot. The PNR status has not been declared." in page
    assert "the state sees most room in “Area AR2” (1.0 of 4 in 2024)" in page


def test_ladder_shows_both_dates_and_the_legal_axis(world):
    page = text(world.client("other_delegate").get(world.url))
    assert "Holds since 1 March 2024. Stated as of 31 December 2024." in page
    assert "Legal basis: in_force." in page  # the test framework has no words for it
    assert "The state has not reported this status." in page


def test_a_legal_basis_that_is_not_in_force_is_no_step_reached(world):
    """Technology may run ahead of the law; the ladder then shows the gap and claims nothing."""
    page = text(world.client("other_delegate").get(world.url))
    assert "legal_basis (reached) development (reached) pilot (where the state stands now)" in page
    day = dt.date(2025, 1, 1)
    StatusReportFactory(state=world.own, delivery="pilot", legal="adopted", as_of=day)
    page = text(world.client("other_delegate").get(world.url))
    assert "legal_basis (not reached) development (reached) pilot (where the state stands now)" in page


def test_indicators_say_what_is_reached_what_comes_next_and_why_not(world):
    page = text(world.client("other_delegate").get(world.url))
    assert "AR1-1 level 2 Next: AR1-1 level 3" in page
    assert "AR1-2 level 4 Next:" not in page
    assert "Reason: Test reason" in page
    assert "▲ 1 since 2023" in page


def test_history_keeps_every_report(world):
    page = text(world.client("other_delegate").get(world.url))
    assert "API: development → pilot 31 December 2024 · Decree 12" in page
    assert "API: development 31 December 2023" in page


def test_history_says_what_changed_to_everybody_who_reads_the_status(world):
    StatusReportFactory(state=world.own, kind="pnr", reason="The decree\nwas <signed>.", source="Letter 7")
    for part in ("own_delegate", "other_delegate", "observer", "partner"):
        page = world.client(part).get(world.url).content.decode()
        assert "· The decree was &lt;signed&gt;. · Letter 7" in page


def test_pages_are_read_and_nothing_else(world):
    client = world.client("own_focal_point")
    for page in (world.url, "/region/", "/states/", "/compare/", "/glossary/"):
        assert client.post(page).status_code == 405


def test_an_observer_reads_status_and_no_level_and_no_contact(world):
    focal = world.person("own_focal_point")
    page = world.client("observer").get(world.url).content.decode()
    assert "API is in pilot." in page
    for hidden in ("AR1-1", "most room", "self-assessment", "Test reason", focal.email, focal.full_name):
        assert hidden not in page


def test_contacts_for_members_and_phones_only_for_own_delegation_and_secretariat(world):
    focal = world.person("own_focal_point")
    focal.phone = "+000 111"
    focal.save()
    for part, phone in (("other_delegate", False), ("chair", False), ("own_delegate", True), ("secretariat", True)):
        page = world.client(part).get(world.url).content.decode()
        assert focal.email in page
        assert (focal.phone in page) is phone


def test_a_note_is_for_its_delegation_and_the_secretariat(world):
    RoundNote.objects.create(state=world.own, round=RoundFactory(year=2024), text="gap-4711")
    for part in ("own_delegate", "own_focal_point", "secretariat"):
        assert "gap-4711" in world.client(part).get(world.url).content.decode()
    for part in ("other_delegate", "chair", "observer", "partner", "administrator"):
        assert "gap-4711" not in world.client(part).get(world.url).content.decode()


def test_only_who_may_report_is_offered_it(world):
    for part in ("own_focal_point", "secretariat"):
        assert "Update API" in world.client(part).get(world.url).content.decode()
    for part in ("own_delegate", "other_delegate", "chair", "observer", "administrator"):
        assert "Update API" not in world.client(part).get(world.url).content.decode()


def test_a_state_outside_the_group_and_one_that_does_not_exist_answer_alike(world):
    stranger = StateFactory(label="Farland")
    client = world.client("own_delegate")
    outside = client.get(f"/states/{stranger.alpha2.lower()}/")
    missing = client.get("/states/zz/")
    assert outside.status_code == missing.status_code == 404
    assert b"Farland" not in outside.content


def test_an_observer_state_has_no_assessment(world):
    page = text(world.client("own_delegate").get(f"/states/{world.observing.alpha2.lower()}/"))
    assert "it takes part in meetings and has no assessment" in page


def test_an_old_fact_looks_old(world):
    old = MemberStateFactory(label="Oldland")
    StatusReportFactory(state=old, as_of=dt.date(2020, 12, 31))
    page = text(world.client("own_delegate").get(f"/states/{old.alpha2.lower()}/"))
    assert "older than 24 months" in page


def test_queries_stay_the_same_as_history_grows(world, django_assert_max_num_queries, django_assert_num_queries):
    client = world.client("secretariat")
    client.get(world.url)
    kept.forget()
    with django_assert_max_num_queries(15) as first:
        client.get(world.url)
    for year in range(2010, 2022):
        StatusReportFactory(state=world.own, as_of=dt.date(year, 12, 31), delivery="planned")
        declare(world.own, RoundFactory(year=year), 2, refresh=False)
    kept.forget()
    with django_assert_num_queries(len(first)):
        client.get(world.url)


def test_a_changed_telephone_number_or_name_is_seen_at_once(world):
    focal = world.person("own_focal_point")
    client = world.client("secretariat")
    client.get(world.url)
    focal.full_name, focal.phone = "Renamed Person", "+000 222"
    focal.save()
    page = client.get(world.url).content.decode()
    assert "Renamed Person" in page
    assert "+000 222" in page
