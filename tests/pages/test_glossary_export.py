"""The glossary as a file: the terms of the page, three languages side by side."""

import csv
import io

import openpyxl
import pytest

from capabilities.models import GlossaryTerm
from iwg_portal.activity.models import Event

pytestmark = pytest.mark.django_db
URL = "/glossary/export/"


@pytest.fixture(autouse=True)
def terms(db):
    for key, name in (("unit", "Unit"), ("carrier", "Carrier")):
        GlossaryTerm.objects.create(
            key=key,
            **{f"term_{code}": f"{name} {code}" for code in ("en", "fr", "pt")},
            **{f"definition_{code}": f"=1+1 <b>{name}</b> {code}" for code in ("en", "fr", "pt")},
        )


def table(answer):
    assert answer.status_code == 200, answer.status_code
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_each_term_is_a_row_with_its_three_languages(cast):
    rows = table(cast.client("observer").get(f"{URL}csv/"))
    assert [row["key"] for row in rows] == ["carrier", "unit"]
    assert (rows[0]["term_en"], rows[0]["term_fr"], rows[0]["term_pt"]) == ("Carrier en", "Carrier fr", "Carrier pt")
    assert rows[0]["definition_fr"] == "'=1+1 <b>Carrier</b> fr"
    assert (rows[0]["label"], rows[0]["exported_for"]) == ("TLP:GREEN", "")
    sheet = openpyxl.load_workbook(io.BytesIO(cast.client("observer").get(f"{URL}xlsx/").content)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value} == {"s"}


def test_the_search_of_the_page_holds_and_the_page_leads_there(cast):
    client = cast.client("observer")
    assert [row["key"] for row in table(client.get(f"{URL}csv/?q=carrier"))] == ["carrier"]
    assert [row["key"] for row in table(client.get(f"{URL}csv/?q=nothing"))] == [""]
    assert f'href="{URL}csv/?q=carrier"' in client.get("/glossary/?q=carrier").content.decode()
    assert URL not in client.get("/glossary/?q=nothing").content.decode()


def test_it_is_logged_and_named(cast):
    answer = cast.client("observer").get(f"{URL}xlsx/?q=unit")
    assert 'filename="iwg-glossary_observer_' in answer["Content-Disposition"]
    event = Event.objects.filter(kind="file.exported").latest("id")
    assert event.data == {"rows": 1, "label": "TLP:GREEN"}
