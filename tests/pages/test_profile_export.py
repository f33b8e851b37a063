"""A state's profile as a file: what its page shows to this reader, never a draft, and nothing that runs."""

import datetime as dt
import io

import openpyxl
import pytest

from capabilities.actions.assessments import refresh_regional_scores
from capabilities.models import RoundNote
from iwg_portal.activity.models import Event
from tests.cast import PARTS
from tests.documents import unpacked, words_of
from tests.factories import LessonFactory, RoundFactory, StatusReportFactory, declare, framework

pytestmark = pytest.mark.django_db
NASTY = "=1+1 # * _ $x$ <b>bold</b> [[ \u202eesrever مرحبا 🛂 " + "w" * 200
IN_GROUP = [part for part in PARTS if part not in ("anonymous", "stranger", "ex_member")]


@pytest.fixture
def world(cast):
    edition = framework()
    cast.rounds = [RoundFactory(year=year, edition=edition) for year in (2023, 2024)]
    for round_ in cast.rounds:
        declare(cast.own, round_, 2)
        refresh_regional_scores(round=round_)
    report = {"state": cast.own, "kind": "advpax"}
    for day, audience in enumerate(["group", "members", "secretariat", "delegation"], start=1):
        words = {"reason": f"reason-{audience}", "source": f"source-{audience}"}
        StatusReportFactory(audience=audience, as_of=dt.date(2025, 1, day), delivery="pilot", **report, **words)
    RoundNote.objects.create(state=cast.own, round=cast.rounds[-1], text="note-secretariat")
    RoundNote.objects.create(state=cast.own, round=cast.rounds[0], text="note-delegation", audience="delegation")
    person = cast.person("own_focal_point")
    person.phone = "+999 1234567"
    person.save()
    return cast


def address(cast, kind):
    return f"/states/{cast.own.alpha2.lower()}/export/{kind}/"


def read(cast, part, kind):
    answer = cast.client(part).get(address(cast, kind))
    assert answer.status_code == 200, answer.status_code
    return unpacked(answer.content) if kind == "xlsx" else words_of(answer.content)


@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
@pytest.mark.parametrize("part", IN_GROUP)
def test_it_holds_no_more_than_the_page_and_no_draft(world, part, kind):
    page = world.client(part).get(f"/states/{world.own.alpha2.lower()}/").content.decode()
    words = read(world, part, kind)
    for audience in ("group", "members", "secretariat"):
        assert (f"source-{audience}" in words) is (f"source-{audience}" in page), audience
        assert (f"reason-{audience}" in words) is (f"reason-{audience}" in page), audience
    assert "source-delegation" not in words
    assert "note-delegation" not in words
    assert "+999" not in words
    mail = world.person("own_focal_point").email
    assert (mail in words) is (mail in page)


def test_to_its_own_delegation_the_page_shows_the_draft_that_the_file_leaves_out(world):
    assert (
        "source-delegation" in world.client("own_delegate").get(f"/states/{world.own.alpha2.lower()}/").content.decode()
    )
    words = read(world, "own_delegate", "pdf")
    assert "source-secretariat" in words
    assert "note-secretariat" in words
    assert "TLP:AMBER+STRICT" in words
    assert "handed to Own Delegate" in words


def test_answers_that_are_the_delegations_own_stay_out(cast):
    edition = framework()
    round_ = RoundFactory(year=2024, edition=edition)
    declare(cast.own, round_, 3, audience="delegation")
    words = read(cast, "own_focal_point", "pdf")
    assert "This is not a zero." in words
    book = openpyxl.load_workbook(io.BytesIO(cast.client("own_focal_point").get(address(cast, "xlsx")).content))
    assert book.sheetnames == ["Status", "Contacts", "About this file"]


def test_figures_are_numbers_and_what_is_not_declared_is_no_zero(world):
    book = openpyxl.load_workbook(io.BytesIO(world.client("other_delegate").get(address(world, "xlsx")).content))
    assert book.sheetnames[:3] == ["Status", "Areas", "Indicators"]
    area = list(book["Areas"].iter_rows(min_row=2, values_only=True))[0]
    assert area[1] == 2
    levels = {row[0]: row[2] for row in book["Indicators"].iter_rows(min_row=2, values_only=True)}
    assert levels["AR1-1"] == 2
    about = dict(row[:2] for row in book["About this file"].iter_rows(values_only=True) if row[0])
    assert about["Label"] == "TLP:AMBER"
    assert about["Made for"] == "Other Delegate"


def test_nothing_that_was_typed_runs(world):
    StatusReportFactory(
        state=world.own, kind="pnr", audience="group", as_of=dt.date(2025, 2, 1), reason=NASTY, delivery="pilot"
    )
    LessonFactory(state=world.own, names_origin=True, words__title=NASTY[:140])
    assert "$x$ <b>bold</b>" in read(world, "own_delegate", "pdf")
    book = openpyxl.load_workbook(io.BytesIO(world.client("own_delegate").get(address(world, "xlsx")).content))
    cells = [cell for row in book["Status"].iter_rows() for cell in row if str(cell.value).startswith("=1")]
    assert [cell.data_type for cell in cells] == ["s"]


@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
def test_it_is_logged_for_the_state_and_named(world, kind):
    answer = world.client("other_delegate").get(address(world, kind))
    header = answer["Content-Disposition"]
    assert header.isascii()
    assert f"iwg-profile-{world.own.alpha2.lower()}" in header
    assert "_other-delegate_" in header
    event = Event.objects.filter(kind="file.exported").latest("id")
    assert event.actor_id == world.person("other_delegate").pk
    assert event.data["label"] == "TLP:AMBER"


def test_the_page_leads_to_both_and_an_observer_state_has_a_short_one(world):
    page = world.client("partner").get(f"/states/{world.own.alpha2.lower()}/").content.decode()
    for kind in ("pdf", "xlsx"):
        assert f'href="{address(world, kind)}"' in page
    answer = world.client("partner").get(f"/states/{world.observing.alpha2.lower()}/export/pdf/")
    assert "An observer state" in words_of(answer.content)
