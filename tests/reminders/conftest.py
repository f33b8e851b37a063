import pytest

from tests.reminders.world import without_scheduled_reports


@pytest.fixture(autouse=True)
def _other_kinds(monkeypatch):
    without_scheduled_reports(monkeypatch)
