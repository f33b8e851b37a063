"""The registers as files: the rows of the page, nothing that runs, and for whom and when they were made."""

import csv
import datetime as dt
import io

import openpyxl
import pytest
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.base import extracts
from tests.cast import PARTS
from tests.factories import ActionFactory, DecisionFactory, ItemFactory, MeetingFactory, OwnerFactory

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
        assert sheet.oddFooter.left.text == about["As of"]
        assert sheet.oddFooter.right.text == "&P / &N"
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
    assert (event.actor_id, event.data["rows"]) == (person.pk, 1)


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


# -- Action points ----------------------------------------------------------------------------------------------------

ACTIONS = "/actions/export/"


def asked(number, *owners, audience="members", words="Send the list.", **values):
    item = ItemFactory(meeting=MeetingFactory(state="adopted", record__audience=audience))
    point = ActionFactory(block__item=item, block__text=words, number=number, **values)
    for state in owners:
        OwnerFactory(action=point, state=state, status="open")
    return point


@pytest.mark.parametrize("part", [part for part in PARTS if part not in ("anonymous", "stranger", "ex_member")])
def test_the_register_of_action_points_has_those_of_the_page(cast, part):
    for number, audience in enumerate(["secretariat", "members", "group"], start=1):
        asked(number, cast.own, cast.other, audience=audience)
    client = cast.client(part)
    listed = [line.action.code for line in client.get("/actions/?tab=all").context["lines"]]
    rows = table(client.get(f"{ACTIONS}csv/?tab=all"))
    assert [row["number"] for row in rows] == [code for code in listed for _owner in range(2)]
    assert {row["owner"] for row in rows} <= {"Ownland", "Otherland"}


def test_a_row_for_each_owner_with_its_own_date_and_nobodys_holder(cast):
    today = timezone.localdate()
    point = asked(1, cast.other, due_on=today - dt.timedelta(days=3))
    holder = cast.person("own_delegate")
    OwnerFactory(action=point, state=cast.own, due_on=today + dt.timedelta(days=3), holder=holder)
    asked(2, due_on=None, words="Nobody owns it yet.")
    answer = cast.client("secretariat").get(f"{ACTIONS}csv/?tab=all")
    rows = {(row["number"], row["owner"]): row for row in table(answer)}
    assert set(rows) == {("A-1", "Otherland"), ("A-1", "Ownland"), ("A-2", "")}
    assert rows["A-1", "Otherland"]["overdue_days"] == "3"
    assert rows["A-1", "Ownland"]["overdue_days"] == ""
    assert rows["A-1", "Ownland"]["due_on"] == (today + dt.timedelta(days=3)).isoformat()
    assert holder.full_name not in answer.content.decode("utf-8-sig")


def test_tab_and_owner_hold_for_the_file(cast):
    asked(1, cast.own, cast.other)
    asked(2, cast.other)
    client = cast.client("own_delegate")
    assert [row["number"] for row in table(client.get(f"{ACTIONS}csv/?tab=state"))] == ["A-1"]
    address = f"{ACTIONS}csv/?tab=all&owner=s-{cast.own.alpha2}"
    assert [(row["number"], row["owner"]) for row in table(client.get(address))] == [("A-1", "Ownland")]
    about = book(client.get(address.replace("csv", "xlsx"))).worksheets[1]
    assert ("Owner", "Ownland") in list(about.iter_rows(values_only=True))


def test_invented_rows_say_so_in_every_file(cast, settings):
    settings.DEMO = True
    asked(1, cast.own)
    client = cast.client("secretariat")
    assert table(client.get(f"{ACTIONS}csv/?tab=all"))[0]["demonstration"] == "invented"
    about = book(client.get(f"{ACTIONS}xlsx/?tab=all")).worksheets[1]
    assert "Demonstration data, invented" in [row[0] for row in about.iter_rows(values_only=True)]


def test_too_many_owners_are_refused_on_the_page(cast, monkeypatch):
    monkeypatch.setattr("meetings.views.action_points.MAX_ROWS", 1)
    asked(1, cast.own, cast.other)
    answer = cast.client("secretariat").get(f"{ACTIONS}csv/?tab=all")
    assert answer.status_code == 400
    assert "filter the list first" in answer.content.decode()


def test_a_text_table_without_rows_says_for_whom_it_is_too(settings):
    settings.DEMO = True
    columns = [extracts.Column("code", "Code", "Its number.")]
    made = extracts.Extract("decisions", "Decisions", "members", "Ada Sample", timezone.now(), columns, [])
    (row,) = csv.DictReader(io.StringIO(made.content("csv").decode("utf-8-sig"), newline=""))
    assert row == {"code": "", "label": "TLP:AMBER", "exported_for": "Ada Sample", "demonstration": "invented"}
