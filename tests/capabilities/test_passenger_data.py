"""Passenger data in a report or a workbook: refused with a reason, noted by the detector alone, kept nowhere."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from capabilities.models import StatusImport, StatusReport
from iwg_portal.activity.models import Event
from members.enums import Role
from tests.base import uploading as make
from tests.capabilities.importing import workbook
from tests.cast import sign_in
from tests.factories import StatusReportFactory, framework, person_with

SENTENCE = "Passenger data do not belong here: nothing was kept."


def words(response):
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("field", ["reason", "source"])
@pytest.mark.parametrize("step", ["preview", "confirm", "back"])
def test_a_status_report(cast, field, step):
    framework()
    StatusReportFactory(state=cast.own)
    typed = {
        "legal": "in_force",
        "delivery": "pilot",
        "as_of": "2025-01-01",
        "reason": "The law is in force.",
        "source": "Law 12",
        "step": step,
    } | {field: make.td3()[1]}
    address = f"/states/{cast.own.alpha2.lower()}/status/advpax/"
    page = words(cast.client("own_focal_point").post(address, typed))
    assert SENTENCE in page
    assert ("The law is in force." if field == "source" else "Law 12") in page
    assert StatusReport.objects.count() == 1
    assert Event.objects.get(kind="passenger_data.refused").data == {"detectors": ["mrz"]}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (workbook(["State", "Note"], ["GH", make.td3()[1]]), "status.xlsx"),
        (make.xlsx(["State", "Note"], ["GH", "x"], hidden=[[number] for number in make.NUMBERS]), "status.xlsx"),
        (f"State;Note\nGH;{make.td3()[1]}\n".encode(), "status.csv"),
    ],
    ids=["a cell", "a hidden sheet", "text"],
)
def test_a_workbook(reference, content, name):
    client = Client()
    sign_in(client, person_with(Role.SECRETARIAT))
    page = words(client.post("/import/", {"file": SimpleUploadedFile(name, content), "year": 2025}))
    assert SENTENCE in page
    assert 'value="2025"' in page
    assert not StatusImport.objects.exists()
    event = Event.objects.get(kind="passenger_data.refused")
    assert set(event.data["detectors"]) <= {"mrz", "documents"}
    assert "X0000" not in f"{event.target_label}{event.data}"
