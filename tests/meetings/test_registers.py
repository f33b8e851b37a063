"""The registers as files: the rows of the page, nothing that runs, and for whom and when they were made."""

import csv
import io

import openpyxl
import pytest
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.base import extracts
from tests.cast import PARTS
from tests.factories import DecisionFactory, ItemFactory, MeetingFactory

pytestmark = pytest.mark.django_db
URL = "/decisions/export/"
FORMULA = '=HYPERLINK("http://example.org","x")'


def decided(number, audience="members", words="The group decides."):
    item = ItemFactory(meeting=MeetingFactory(state="adopted", record__audience=audience))
    return DecisionFactory(block__item=item, block__text=words, number=number)


def table(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join([answer.content]).decode("utf-8-sig"), newline="")))


def book(answer):
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(answer.content))


@pytest.mark.parametrize("part", [part for part in PARTS if part not in ("anonymous", "stranger", "ex_member")])
def test_both_files_have_the_rows_of_the_page_and_no_other(cast, part):
    for number, audience in enumerate(["secretariat", "members", "group", "members"], start=1):
        decided(number, audience)
    client = cast.client(part)
    listed = [line["decision"].code for line in client.get("/decisions/").context["lines"]]
    assert [row["number"] for row in table(client.get(f"{URL}csv/"))] == listed
    data = book(client.get(f"{URL}xlsx/")).worksheets[0]
    assert [row[0] for row in data.iter_rows(min_row=2, values_only=True)] == listed


def test_the_filter_of_the_page_holds_for_the_file(cast):
    decided(1, words="On boats.")
    decided(2, words="On trains.")
    answer = cast.client("secretariat").get(f"{URL}csv/?text=trains")
    assert [row["number"] for row in table(answer)] == ["D-2"]
    about = book(cast.client("secretariat").get(f"{URL}xlsx/?text=trains")).worksheets[1]
    assert ("Words or number", "trains") in list(about.iter_rows(values_only=True))


def test_a_successor_that_she_may_not_read_is_not_named(cast):
    hidden = decided(8, "secretariat")
    DecisionFactory(
        block__item=ItemFactory(meeting=MeetingFactory(state="adopted", record__audience="members")),
        number=7,
        status="superseded",
        superseded_by=hidden,
    )
    assert [row["superseded_by"] for row in table(cast.client("own_delegate").get(f"{URL}csv/"))] == [""]


def test_nothing_in_it_runs_and_every_script_survives(cast):
    words = f"{FORMULA} مرحبا 🛂"
    decided(1, words=words)
    client = cast.client("secretariat")
    assert table(client.get(f"{URL}csv/"))[0]["text"] == f"'{words}"
    cell = book(client.get(f"{URL}xlsx/")).worksheets[0]["B2"]
    assert (cell.data_type, cell.value) == ("s", words)


def test_above_the_group_it_bears_the_label_and_the_name_and_for_the_group_no_name(cast):
    person = cast.person("own_delegate")
    client = cast.client("own_delegate")
    open_one = decided(1, "group")
    row = table(client.get(f"{URL}csv/"))[0]
    assert (row["label"], row["exported_for"]) == ("TLP:GREEN", "")
    decided(2, "members")
    assert {(r["label"], r["exported_for"]) for r in table(client.get(f"{URL}csv/"))} == {
        ("TLP:AMBER", person.full_name)
    }
    found = book(client.get(f"{URL}xlsx/"))
    about = dict(row[:2] for row in found.worksheets[1].iter_rows(values_only=True) if row[0])
    assert (about["Label"], about["Made for"], about["Rows"]) == ("TLP:AMBER", person.full_name, 2)
    for sheet in found.worksheets:
        assert "TLP:AMBER" in sheet.oddHeader.left.text
        assert person.full_name in sheet.oddHeader.left.text
    assert found.properties.creator == person.full_name
    assert open_one.code in {row[0] for row in found.worksheets[0].iter_rows(values_only=True)}


def test_the_file_name_is_ascii_and_says_for_whom_and_the_export_is_logged(cast):
    person = cast.person("own_delegate")
    person.full_name = "Aïssatou 李 " + "x" * 120
    person.save()
    decided(1)
    answer = cast.client("own_delegate").get(f"{URL}xlsx/")
    header = answer["Content-Disposition"]
    assert header.isascii()
    assert "iwg-decisions_aissatou" in header
    assert header.rstrip('"').endswith(".xlsx")
    event = Event.objects.filter(kind="file.exported").latest("id")
    assert (event.actor_id, event.data["decisions"]) == (person.pk, 1)


def test_a_file_of_too_many_rows_is_refused_on_the_page(cast, monkeypatch):
    monkeypatch.setattr("meetings.views.decisions.MAX_ROWS", 1)
    decided(1)
    decided(2)
    answer = cast.client("secretariat").get(f"{URL}csv/?text=decides")
    assert answer.status_code == 400
    assert "at most 1 rows" in answer.content.decode()
    assert 'value="decides"' in answer.content.decode()
    assert not Event.objects.filter(kind="file.exported").exists()


def test_a_long_text_is_cut_where_a_cell_ends():
    columns = [extracts.Column("text", "Text", "")]
    made = extracts.Extract("x", "X", "group", "Ada", timezone.now(), columns, [["a" * 40_000]])
    cell = openpyxl.load_workbook(io.BytesIO(made.content("xlsx"))).worksheets[0]["A2"].value
    assert len(cell) == 32_767
    assert cell.endswith("…")
