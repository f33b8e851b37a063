"""The import by page: upload, preview, confirmation, template; who may; and two confirmations at once."""

import datetime as dt
import io
import threading
import uuid

import openpyxl
import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from capabilities.actions import imports as actions
from capabilities.actions.assessments import Declared, publish_answers
from capabilities.forms.workbooks import read_workbook
from capabilities.models import Answer, Indicator, Round, StatusImport
from capabilities.queries.imports import plan
from capabilities.tasks import discard_old_imports
from iwg_portal.activity.models import Event
from members.access import viewer_for
from members.enums import Role
from members.models import State
from tests.capabilities import importing
from tests.capabilities.importing import DATA, NOTHING, held, one, workbook
from tests.cast import PARTS
from tests.cast import sign_in as sign_in_as
from tests.factories import person_with

URL = "/import/"


@pytest.fixture
def secretary(reference):
    return person_with(Role.SECRETARIAT)


@pytest.fixture
def client(secretary):
    client = Client()
    sign_in_as(client, secretary)
    return client


def upload(client, content, year=2024, name="status.xlsx"):
    return client.post(URL, {"file": SimpleUploadedFile(name, content), "year": year})


def uploaded(client, content, year=2024, name="status.xlsx"):
    """The address of the preview."""
    response = upload(client, content, year, name)
    assert response.status_code == 302, response.content.decode()
    assert response.url.startswith(URL), response.url
    return response.url


def confirm(client, url, **data):
    digest = client.get(url).context["found"].digest
    return client.post(url, {"do": "confirm", "digest": digest, **data}, follow=True)


def words(response):
    return " ".join(response.content.decode().split())


# -- The way through ---------------------------------------------------------------------------------------------------


def test_upload_preview_confirm(client, secretary):
    url = uploaded(client, (DATA / "status-2024.xlsx").read_bytes())
    kept = StatusImport.objects.get()
    assert (kept.state, kept.year, kept.file_name, kept.by) == ("pending", 2024, "status.xlsx", secretary)
    assert held() == NOTHING

    page = words(client.get(url))
    assert "New values: 518. Values to be replaced: 0. Unchanged: 0." in page
    assert "The round 2024 does not exist yet; it will be made with the reference date" in page
    assert "16 of 16" in page
    assert "Benin (row 4): " in page
    assert "LEG-1 API legal basis" in page
    assert "Replace these values" not in page
    assert held() == NOTHING, "a preview writes nothing"

    response = confirm(client, url)
    assert "Round 2024 is imported. New values: 518." in words(response)
    assert "Imported into the round 2024" in words(response)
    kept.refresh_from_db()
    assert (kept.state, bytes(kept.content)) == ("applied", b"")
    assert held()["Answer"] == 472
    kinds = list(Event.objects.filter(kind__startswith="workbook").order_by("id").values_list("kind", "actor_label"))
    assert kinds == [("workbook.uploaded", str(secretary)), ("workbook.imported", str(secretary))]
    assert "imported" in words(client.get(URL))


def test_replacing_needs_the_tick(both, client):
    url = uploaded(client, one(State="GH", **{"LEG-1": 4, "LEG-2": 2}))
    page = words(client.get(url))
    assert "Values to be replaced <small>1</small>" in page
    assert "<del>level 1</del>" in page
    assert "<ins>level 4</ins>" in page
    before = held()
    page = words(confirm(client, url))
    assert "1 value is already there and differs, so nothing was imported." in page
    assert held() == before
    assert "Replaced: 1. Unchanged: 1." in words(confirm(client, url, replace="on"))
    assert Answer.objects.get(
        assessment__state__alpha2="GH", assessment__round__year=2024, indicator__code="LEG-1"
    ).level == (4)


def test_a_workbook_with_problems_cannot_be_confirmed(client):
    url = uploaded(client, workbook(["State", "LEG-1"], ["GH", 7], ["XX", 1]))
    response = client.get(url)
    page = words(response)
    assert "2 problems: nothing can be imported until they are corrected." in page
    assert '<td class="iwg-num">4</td><td>B (LEG-1)</td><td>The level 7 does not exist' in page
    assert "Import everything" not in page
    assert "has 2 problems, so nothing was imported" in words(confirm(client, url))
    assert held() == NOTHING


def test_a_long_list_of_problems_is_cut_with_its_count(client):
    codes = [f"{area}-{n}" for area in ("LEG", "OPS", "IND") for n in range(1, 8)]
    rows = [[code, *["x"] * 21] for code in ("GH", "TG", "BJ", "SN", "ML")]
    response = client.get(uploaded(client, workbook(["State", *codes], *rows)))
    assert "the first 100 of 105" in words(response)
    assert len(response.context["problems"]) == 100


def test_a_file_that_is_no_table_is_refused_at_once_and_not_kept(client):
    response = upload(client, b"not a workbook")
    assert response.status_code == 200
    assert "This is not an Excel workbook" in words(response)
    assert not StatusImport.objects.exists()


@pytest.mark.parametrize(
    ("data", "words_"),
    [
        ({"year": 2024}, "Choose a file."),
        ({"year": 1999, "file": True}, "A round has a year from 2000 to 2026."),
        ({"year": 2027, "file": True}, "A round has a year from 2000 to 2026."),
        ({"year": "x", "file": True}, "Enter a whole number."),
    ],
)
def test_an_upload_needs_a_file_and_a_year(client, data, words_):
    if "file" in data:
        data = {**data, "file": SimpleUploadedFile("a.xlsx", one(State="GH"))}
    assert words_ in words(client.post(URL, data))
    assert not StatusImport.objects.exists()


def test_a_file_over_the_limit(client, settings):
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    assert "larger than 1 MB" in words(upload(client, b"x" * (1024 * 1024 + 1)))
    assert not StatusImport.objects.exists()


def test_the_same_file_again_says_so(both, client):
    page = words(client.get(uploaded(client, (DATA / "status-2024.xlsx").read_bytes())))
    assert "Nothing changes: the portal already holds all 518 values of this workbook." in page
    assert "Import everything" not in page


def test_states_without_a_row_are_named_and_another_year_in_the_title_is_said(client):
    page = words(client.get(uploaded(client, one(State="GH", **{"LEG-1": 1}), 2025)))
    assert "1 of 16" in page
    assert "Without a row: Benin, Burkina Faso, Cabo Verde" in page
    assert "The title of the sheet names 2024, but you are importing into the round 2025." in page


def test_discard(client):
    url = uploaded(client, one(State="GH", **{"LEG-1": 1}))
    assert "The workbook was discarded; nothing was imported." in words(
        client.post(url, {"do": "discard"}, follow=True)
    )
    kept = StatusImport.objects.get()
    assert (kept.state, bytes(kept.content)) == ("discarded", b"")
    assert "Nothing was imported." in words(client.get(url))
    assert "This workbook was discarded. Upload it again to import it." in words(
        client.post(url, {"do": "confirm", "digest": "x"}, follow=True)
    )
    assert "was discarded" in words(client.post(url, {"do": "discard"}, follow=True))
    assert Event.objects.filter(kind="workbook.discarded").count() == 1


def test_data_that_changed_since_the_preview_are_shown_first(both, client):
    url = uploaded(client, one(State="GH", **{"LEG-1": 4}))
    digest = client.get(url).context["found"].digest
    publish_answers(
        state=State.objects.get(alpha2="GH"),
        round=Round.objects.get(year=2024),
        answers={Indicator.objects.get(code="LEG-1").pk: Declared("level", 3)},
        by=None,
    )
    response = client.post(url, {"do": "confirm", "digest": digest, "replace": "on"}, follow=True)
    page = words(response)
    assert "The data changed since you looked, so nothing was imported." in page
    assert "<del>level 3</del>" in page
    assert StatusImport.objects.get().state == "pending"


def test_a_confirmation_without_a_digest_imports_nothing(client):
    url = uploaded(client, one(State="GH", **{"LEG-1": 4}))
    assert "nothing was imported" in words(client.post(url, {}, follow=True))
    assert held() == NOTHING


@pytest.mark.parametrize("language", ["fr", "pt"])
def test_pages_speak_the_language_of_the_reader(client, secretary, language):
    secretary.language = language
    secretary.save()
    url = uploaded(client, one(State="Cameroon", **{"LEG-1": 4}))
    response = client.get(url)
    assert response.headers["Content-Language"] == language
    assert {"fr": "Cameroun", "pt": "Camarões"}[language] in words(response)


def test_file_names_lose_what_cannot_be_printed(client):
    uploaded(client, one(State="GH"), name="a\u202eb\x07" + "c" * 240 + ".xlsx")
    name = StatusImport.objects.get().file_name
    assert name.isprintable()
    assert len(name) <= 200
    assert name.endswith(".xlsx")


# -- The template --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_the_template_can_be_imported_as_it_is_and_changes_nothing(client, secretary, kind, language, settings):
    settings.DEMO = True
    secretary.language = language
    secretary.save()
    response = client.get(reverse("import_template"), {"format": kind, "round": 2025})
    assert response.headers["Content-Disposition"] == f'attachment; filename="status-2025.{kind}"'
    url = uploaded(client, response.content, 2025, f"status-2025.{kind}")
    found = client.get(url).context["found"]
    assert (found.problems, found.changes) == ((), ())
    assert len(client.get(url).context["book"].rows) == 16


def test_what_the_template_holds(client, settings):
    settings.DEMO = True
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("import_template")).content))
    page, codes = book.worksheets
    assert page["A1"].value == ("Regional status of API and PNR, round 2026 — DEMONSTRATION DATA, invented values")
    assert [page.cell(3, column).value for column in (1, 2, 7, 8, 39, 40, 41)] == [
        "State",
        "API legal",
        "PNR since",
        "LEG-1",
        "COP-5",
        "Source",
        "Note",
    ]
    assert [page.cell(row, 1).value for row in (4, 19, 20)] == ["Benin", "Togo", None]
    listed = {(row[0].value, row[1].value) for row in codes.iter_rows()}
    assert {("API delivery", "op_interactive"), ("PNR legal", "ND"), ("Any indicator", "NA: reason")} <= listed
    settings.DEMO = False
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("import_template")).content))
    assert book.worksheets[0]["A1"].value == "Regional status of API and PNR, round 2026"


@pytest.mark.parametrize("year", ["1999", "9" * 5000, "٢٠٢٤", "x"])
def test_a_template_for_no_year_is_one_for_this_year(client, year):
    response = client.get(reverse("import_template"), {"round": year})
    assert 'filename="status-2026.xlsx"' in response.headers["Content-Disposition"]


# -- Who may ---------------------------------------------------------------------------------------------------------


def test_nobody_else_learns_that_the_pages_exist(reference, cast):
    kept = StatusImport.objects.create(
        year=2024, file_name="a.xlsx", content=one(State="GH"), sha256="0", by=cast.person("secretariat")
    )
    for part in PARTS:
        client = cast.client(part)
        expected = {"anonymous": 302, "secretariat": 200}.get(part, 404)
        for address in (URL, f"{URL}template/", f"{URL}{kept.pk}/"):
            assert client.get(address).status_code == expected, (part, address)
        if part != "secretariat":
            for address in (URL, f"{URL}{kept.pk}/"):
                assert client.post(address, {"do": "discard"}).status_code == expected, (part, address)
    kept.refresh_from_db()
    assert kept.state == "pending"
    assert cast.client("secretariat").get(f"{URL}{uuid.uuid4()}/").status_code == 404


def test_the_actions_ask_for_the_right_again(reference, cast):
    kept = StatusImport.objects.create(
        year=2024, file_name="a", content=b"x", sha256="0", by=cast.person("secretariat")
    )
    for part in set(PARTS) - {"secretariat"}:
        viewer = cast.viewer(part)
        with pytest.raises(PermissionDenied):
            actions.upload(content=b"x", file_name="a", year=2024, by=viewer)
        with pytest.raises(PermissionDenied):
            actions.apply(status_import=kept.pk, rows=[], problems=[], digest="", replace=False, by=viewer)
        with pytest.raises(PermissionDenied):
            actions.discard(status_import=kept.pk, by=viewer)


# -- Time ------------------------------------------------------------------------------------------------------------


def test_uploads_that_nobody_confirms_within_a_week_are_dropped(client, secretary):
    old = uploaded(client, one(State="GH", **{"LEG-1": 1}))
    with time_machine.travel(importing.NOW + dt.timedelta(days=6, hours=23)):
        discard_old_imports()
        assert StatusImport.objects.get().state == "pending"
        sign_in_as(client, secretary)
        uploaded(client, one(State="TG", **{"LEG-1": 1}))
    with time_machine.travel(importing.NOW + dt.timedelta(days=7, hours=1)):
        discard_old_imports()
    states = {str(kept.pk): (kept.state, bool(kept.content)) for kept in StatusImport.objects.all()}
    assert states.pop(old.split("/")[2]) == ("discarded", False)
    assert set(states.values()) == {("pending", True)}
    event = Event.objects.get(kind="workbook.discarded")
    assert event.actor_label == "system"


# -- Two at once -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_confirmations_at_once_one_wins():
    importing._kept.clear()  # rows made here carry new ids: what other tests put back must not meet them
    importing._load()
    viewer = viewer_for(person_with(Role.SECRETARIAT))
    content = one(State="GH", **{"LEG-1": 3, "API legal": "none", "API delivery": "none"})
    kept = actions.upload(content=content, file_name="status.xlsx", year=2024, by=viewer)
    book = read_workbook(content, file_name="status.xlsx", year=2024)
    digest = plan(book.rows, book.vocabulary).digest
    together = threading.Barrier(2)
    outcomes = []

    def confirm_now():
        try:
            together.wait(10)
            actions.apply(status_import=kept.pk, rows=book.rows, problems=[], digest=digest, replace=False, by=viewer)
            outcomes.append("imported")
        except ValidationError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm_now) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["closed", "imported"]
    assert held()["Answer"] == 1
    assert held()["StatusReport"] == 1
    assert Event.objects.filter(kind="workbook.imported").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_imports_into_a_new_round_run_one_after_the_other():
    importing._kept.clear()
    importing._load()
    together = threading.Barrier(2)
    outcomes = []

    def import_now(level):
        book = read_workbook(one(State="GH", **{"LEG-1": level}), file_name="a.xlsx", year=2024)
        try:
            together.wait(10)
            actions.import_rows(rows=book.rows, problems=[], year=2024, file_name="a.xlsx", replace=False, by=None)
            outcomes.append("imported")
        except ValidationError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=import_now, args=(level,)) for level in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["imported", "replace"]
    assert (Round.objects.count(), Answer.objects.count()) == (1, 1)


@pytest.fixture(autouse=True)
def _clean_shelf(request):
    yield
    if "transaction" in str(request.node.get_closest_marker("django_db") or ""):
        importing._kept.clear()
