"""The comparison as a file: the page's rows, and as text what the import reads back unchanged."""

import csv
import datetime as dt
import io

import openpyxl
import pytest

from capabilities.actions.assessments import Declared, publish_answers, refresh_regional_scores
from capabilities.actions.releases import write_release
from capabilities.forms.workbooks import read_workbook
from capabilities.models import Indicator, StatusReport
from capabilities.queries.imports import plan
from capabilities.queries.releases import Uses
from iwg_portal.activity.models import Event
from members.enums import Audience
from tests.factories import MemberStateFactory, RoundFactory, StatusReportFactory, declare, framework

pytestmark = pytest.mark.django_db
URL = "/compare/export/"


@pytest.fixture
def world(cast):
    cast.round = RoundFactory(year=2024, edition=framework())
    cast.third = MemberStateFactory(label="Thirdland")
    since = dt.date(2023, 4, 5)
    for kind, delivery, state in (("advpax", "pilot", cast.own), ("pnr", "op_full", cast.own)):
        StatusReportFactory(state=state, kind=kind, delivery=delivery, legal="in_force", since=since, round=cast.round)
    StatusReportFactory(state=cast.other, delivery="suspended", reason="=1+1", round=cast.round)
    declare(cast.own, cast.round, {"AR1-1": 4, "AR1-2": 2, "AR2-2": 1})
    answers = {Indicator.objects.get(code="AR2-1").pk: Declared("na", reason="-2 of =1+1; <b>no</b> $x$ 🛂")}
    publish_answers(state=cast.own, round=cast.round, answers=answers, by=None)
    declare(cast.other, cast.round, {"AR1-1": 1, "AR1-2": 2, "AR2-1": 3})
    refresh_regional_scores(round=cast.round)
    return cast


def fetch(world, part, kind, *states, **more):
    answer = world.client(part).get(f"{URL}{kind}/", {"state": [state.alpha2 for state in states], **more})
    assert answer.status_code == 200, answer.status_code
    return answer


def table(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_as_text_it_is_a_row_for_each_state_under_the_headings_of_the_import(world):
    first, second = table(fetch(world, "other_delegate", "csv", world.own, world.other))
    by_state = {row["State"]: row for row in (first, second)}
    own, other = by_state[world.own.alpha2], by_state[world.other.alpha2]
    assert (own["API legal"], own["API delivery"], own["API since"]) == ("in_force", "pilot", "2023-04-05")
    assert (own["AR1-1"], own["AR2-1"]) == ("4", "NA: -2 of =1+1; <b>no</b> $x$ 🛂")
    assert (other["API delivery"], other["PNR legal"], other["AR2-2"]) == ("suspended", "", "")
    assert own["label"] == "TLP:AMBER"
    assert own["exported_for"] == "Other Delegate"


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_it_comes_back_in_unchanged(world, language):
    client = world.client("secretariat")
    client.cookies["django_language"] = language
    content = fetch(world, "secretariat", "csv", world.own, world.other).content
    book = read_workbook(content, file_name="comparison.csv", year=2024)
    assert [problem.text for problem in book.problems] == []
    assert len(book.rows) == 2
    assert book.rows[0].answers or book.rows[1].answers
    found = plan(book.rows, book.vocabulary)
    assert not found.problems
    assert not found.changes
    # What is changed in it is seen: the comparison above compares something.
    changed = read_workbook(content.replace(b",4,2,", b",3,2,"), file_name="comparison.csv", year=2024)
    assert len(plan(changed.rows, changed.vocabulary).changes) == 1


@pytest.mark.parametrize(
    "reason",
    ["No sea ports; -see law 12", "x;=1", "a\t-x", "'=mine", "two\nlines\tand a tab ", "'' @x;\t'+1", "-;-"],
)
def test_a_reason_comes_back_in_unchanged_whatever_it_looks_like(world, reason):
    answers = {Indicator.objects.get(code="AR2-1").pk: Declared("na", reason=reason)}
    publish_answers(state=world.third, round=world.round, answers=answers, by=None)
    content = fetch(world, "secretariat", "csv", world.own, world.third).content
    book = read_workbook(content, file_name="comparison.csv", year=2024)
    assert [problem.text for problem in book.problems] == []
    assert not plan(book.rows, book.vocabulary).changes


def test_what_is_withheld_is_empty_like_what_was_never_answered(world):
    by = world.person("own_focal_point")
    write_release(state=world.own, uses={"AR1": Uses(Audience.SECRETARIAT)}, by=by)
    StatusReportFactory(
        state=world.own, kind="pnr", delivery="none", audience="secretariat", as_of=dt.date(2025, 6, 1), source="hidden"
    )
    rows = {row["State"]: row for row in table(fetch(world, "other_delegate", "csv", world.own, world.other))}
    own = rows[world.own.alpha2]
    assert (own["AR1-1"], own["AR1-2"], own["AR2-2"]) == ("", "", "1")
    assert own["PNR delivery"] == "op_full"
    assert own["label"] == "TLP:AMBER"
    inside = {row["State"]: row for row in table(fetch(world, "secretariat", "csv", world.own, world.other))}
    assert inside[world.own.alpha2]["AR1-1"] == "4"
    assert inside[world.own.alpha2]["label"] == "TLP:AMBER+STRICT"


def test_the_workbook_holds_the_tables_of_the_page(world):
    answer = fetch(world, "other_delegate", "xlsx", world.own, world.other)
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Status", "Areas", "Indicators", "About this file"]
    head, *rows = book["Indicators"].iter_rows(values_only=True)
    assert set(head[2:4]) == {"Ownland", "Otherland"}
    levels = {row[0]: row[2:] for row in rows}
    assert set(levels["AR1-1"][:2]) == {4, 1}
    assert levels["AR1-1"][2] == 3
    assert "not applicable" in levels["AR2-1"]
    about = dict(row[:2] for row in book["About this file"].iter_rows(values_only=True) if row[0])
    assert about["Self-assessment"] == "2024"


def test_the_scope_of_the_page_holds_for_the_file(world):
    row = table(fetch(world, "other_delegate", "csv", world.own, world.other, scope="pnr"))[0]
    assert "PNR legal" in row
    assert "API legal" not in row


def test_to_the_group_without_levels_it_shows_status_alone(world):
    StatusReport.objects.filter(state=world.own, kind="advpax").update(audience="group")
    answer = fetch(world, "observer", "xlsx", world.own, world.other)
    assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames == ["Status", "About this file"]
    assert "AR1-1" not in table(fetch(world, "observer", "csv", world.own, world.other))[0]


def test_without_a_comparison_there_is_no_file_and_the_page_leads_to_it(world):
    client = world.client("own_delegate")
    assert client.get(f"{URL}csv/").status_code == 404
    assert client.get(f"{URL}csv/?state={world.own.alpha2}").status_code == 404
    asked = f"state={world.other.alpha2}&state={world.own.alpha2}&scope=pnr"
    page = client.get(f"/compare/?{asked}").content.decode()
    assert f'href="{URL}xlsx/?{asked}"'.replace("&", "&amp;") in page
    assert URL not in client.get("/compare/").content.decode()


def test_it_is_logged_and_named(world):
    answer = fetch(world, "own_delegate", "csv", world.own, world.other)
    codes = "-".join(state.alpha2.lower() for state in (world.other, world.own))
    assert f'filename="iwg-comparison-{codes}_own-delegate_' in answer["Content-Disposition"]
    event = Event.objects.filter(kind="file.exported").latest("id")
    assert event.data["rows"] == 2
    assert set(event.data["states"]) == {world.own.alpha2, world.other.alpha2}
