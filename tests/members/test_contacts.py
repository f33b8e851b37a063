"""The contacts of one's own delegation as a file: who is in office there today, with telephones, and nobody else."""

import csv
import io

import openpyxl
import pytest

from iwg_portal.activity.models import Event
from members.enums import Role
from tests.documents import unpacked
from tests.factories import person_with

pytestmark = pytest.mark.django_db
URL = "/people/export/"


def table(answer):
    assert answer.status_code == 200, answer.status_code
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def world(cast):
    for part in ("own_delegate", "own_focal_point", "other_delegate", "ex_member", "chair", "secretariat", "observer"):
        person = cast.person(part)
        person.phone = f"+999 {part}"
        person.save()
    return cast


@pytest.mark.parametrize("part", ["own_delegate", "own_focal_point"])
def test_it_holds_who_is_in_office_in_the_own_delegation_today(world, part):
    """A focal point sees on the page who was there before; the file of contacts does not hold them."""
    closed = person_with(Role.DELEGATE, person={"full_name": "Closed Account"}, state=world.own)
    closed.is_active = False
    closed.save()
    rows = table(world.client(part).get(f"{URL}csv/"))
    assert {(row["name"], row["phone"]) for row in rows} == {
        ("Own Delegate", "'+999 own_delegate"),
        ("Own Focal Point", "'+999 own_focal_point"),
    }
    assert {row["state"] for row in rows} == {world.own.alpha2}
    text = unpacked(world.client(part).get(f"{URL}xlsx/").content)
    for other in ("Other Delegate", "Ex Member", "Closed Account", "Chair", "Secretariat", "Observer"):
        assert f">{other}<" not in text


def test_the_telephones_are_those_that_the_page_of_each_person_shows(world):
    client = world.client("own_delegate")
    for row in table(client.get(f"{URL}csv/")):
        person = next(p for p in map(world.person, ("own_delegate", "own_focal_point")) if p.full_name == row["name"])
        assert person.phone in client.get(f"/people/{person.pk}/").content.decode()


@pytest.mark.parametrize("part", ["secretariat", "administrator", "chair", "observer", "partner", "stranger"])
def test_who_has_no_delegation_has_no_such_file(world, part):
    assert world.client(part).get(f"{URL}csv/").status_code == 404


def test_it_is_labelled_as_narrowly_as_the_telephones_named_and_logged(world):
    answer = world.client("own_delegate").get(f"{URL}xlsx/")
    about = dict(
        row[:2]
        for row in openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[1].iter_rows(values_only=True)
        if row[0]
    )
    assert (about["Label"], about["Made for"], about["Rows"]) == ("TLP:AMBER+STRICT", "Own Delegate", 2)
    assert f"iwg-contacts-{world.own.alpha2.lower()}_own-delegate_" in answer["Content-Disposition"]
    event = Event.objects.filter(kind="file.exported").latest("id")
    assert event.data == {"rows": 2, "label": "TLP:AMBER+STRICT"}


def test_the_filter_of_the_page_holds_and_the_page_leads_there(world):
    client = world.client("own_focal_point")
    assert [row["name"] for row in table(client.get(f"{URL}csv/?role=delegate"))] == ["Own Delegate"]
    assert [row["name"] for row in table(client.get(f"{URL}csv/?text=nobody"))] == [""]
    assert f'href="{URL}csv/?role=delegate"' in client.get("/people/?role=delegate").content.decode()
    assert URL not in world.client("secretariat").get("/people/").content.decode()


def test_nothing_that_was_typed_runs(world):
    person = world.person("own_delegate")
    person.full_name = "=1+1 <b>x</b> مرحبا 🛂 " + "w" * 100
    person.save()
    book = openpyxl.load_workbook(io.BytesIO(world.client("own_focal_point").get(f"{URL}xlsx/").content))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert [cell.data_type for cell in cells] == ["s"]
    assert f"'{person.full_name}" in [row["name"] for row in table(world.client("own_focal_point").get(f"{URL}csv/"))]
