"""A page and its files bear the label of all that they say: of a change since an earlier round, and of a reason too."""

import datetime as dt
import re

import pytest

from iwg_portal.activity.models import Event
from tests.factories import MemberStateFactory, RoundFactory, StatusReportFactory, declare, framework

pytestmark = pytest.mark.django_db
STRICT, AMBER = "TLP:AMBER+STRICT", "TLP:AMBER"


@pytest.fixture
def world(cast):
    edition = framework()
    cast.before, cast.now = (RoundFactory(year=year, edition=edition) for year in (2023, 2024))
    cast.beside = MemberStateFactory()
    declare(cast.beside, cast.now, 2)
    return cast


def label(page):
    """The first after the title."""
    found = re.search(r"TLP:[A-Z]+(\+STRICT)?", page.content.decode().split("<h1", 1)[1])
    return found[0]


def addresses(cast):
    own, beside = cast.own.alpha2, cast.beside.alpha2
    return {
        "profile": f"/states/{own.lower()}/",
        "compare": f"/compare/?state={own}&state={beside}",
        "region": "/region/",
    }


@pytest.mark.parametrize("name", ["profile", "region"])
def test_a_change_since_levels_that_fewer_may_read_raises_the_label(world, name):
    declare(world.own, world.before, 1, audience="secretariat")
    declare(world.own, world.now, 3)
    page = world.client("secretariat").get(addresses(world)[name])
    assert "since 2023" in re.sub(r"<[^>]+>", " ", page.content.decode())
    assert label(page) == STRICT
    assert label(world.client("other_delegate").get(addresses(world)[name])) == AMBER


@pytest.mark.parametrize("name", ["profile", "compare", "region"])
def test_a_reason_that_fewer_may_read_raises_the_label_although_nothing_is_declared(world, name):
    codes = [i.code for i in world.now.edition.areas.first().indicators.all()]
    declare(world.own, world.now, dict.fromkeys(codes, "na"), audience="secretariat")
    assert label(world.client("secretariat").get(addresses(world)[name])) == STRICT
    page = world.client("other_delegate").get(addresses(world)[name])
    assert label(page) == AMBER
    assert "Test reason" not in page.content.decode()


def test_an_area_that_says_nothing_raises_no_label(world):
    declare(world.own, world.now, {}, audience="secretariat")
    for name, address in addresses(world).items():
        assert label(world.client("secretariat").get(address)) == AMBER, name


def test_a_movement_since_a_status_that_fewer_may_read_raises_the_label(world):
    report = {"state": world.own, "kind": "advpax"}
    StatusReportFactory(**report, delivery="none", as_of=dt.date(2023, 6, 1), audience="secretariat")
    StatusReportFactory(**report, delivery="pilot", as_of=dt.date(2024, 6, 1), audience="members")
    declare(world.beside, world.before, 2)
    assert label(world.client("secretariat").get("/region/")) == STRICT
    assert label(world.client("other_delegate").get("/region/")) == AMBER


@pytest.mark.parametrize(("part", "expected"), [("secretariat", STRICT), ("other_delegate", AMBER)])
def test_the_file_and_the_log_say_the_label_of_the_page(world, part, expected):
    codes = [i.code for i in world.now.edition.areas.first().indicators.all()]
    declare(world.own, world.now, dict.fromkeys(codes, "na"), audience="secretariat")
    answer = world.client(part).get(f"/states/{world.own.alpha2.lower()}/export/pdf/")
    assert answer.status_code == 200
    assert Event.objects.filter(kind="file.exported").latest("pk").data["label"] == expected
