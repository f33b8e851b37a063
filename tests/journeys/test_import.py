"""The secretariat's workbooks, from upload to the region page, in an empty portal."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import SPEAKERS, WIDTHS, overflow, press

pytestmark = pytest.mark.browser
DATA = Path(__file__).resolve().parent.parent / "capabilities" / "data"


@pytest.fixture
def nothing_imported(empty_portal):
    """TRUNCATE passes by the triggers that note a change, so the change is noted here."""
    empty_portal.execute(
        "TRUNCATE capabilities_round, capabilities_statusimport CASCADE; INSERT INTO base_change DEFAULT VALUES"
    )
    return empty_portal


def speak(page, language):
    page.goto("/import/")
    press(page, f'.iwg-languages button[value="{language}"]')
    expect(page.locator("html")).to_have_attribute("lang", language)


def upload(page, year):
    page.goto("/import/")
    page.locator('input[type="file"]').set_input_files(DATA / f"status-{year}.xlsx")
    page.locator('[name="year"]').fill(str(year))
    assert overflow(page) == []
    page.locator("form:has(input[type=file]) button.iwg-btn-primary").click()
    page.wait_for_url(re.compile(r"/import/[0-9a-f-]{36}/$"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", SPEAKERS)
def test_two_years_from_workbook_to_region(visit, nothing_imported, language, width):
    page = visit(nothing_imported, "secretariat", width)
    speak(page, language)
    page.goto("/region/")
    expect(page.locator('select[name="round"]')).to_have_count(0)
    for year in (2024, 2025):
        upload(page, year)
        expect(page.locator("#added")).to_have_count(1)
        assert overflow(page) == []
        press(page, 'button[name="do"][value="confirm"]')
        expect(page.locator('button[name="do"]')).to_have_count(0)
    page.goto("/region/")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator('select[name="round"] option')).to_have_count(2)
    expect(page.locator("#states-card tbody tr")).to_have_count(16)
    expect(page.locator("#states-card h2")).to_contain_text(
        "2024", use_inner_text=True
    )  # change since the round before
    assert overflow(page) == []


def test_the_same_workbook_again_changes_nothing(visit, nothing_imported):
    page = visit(nothing_imported, "secretariat", java_script_enabled=False)
    speak(page, "en")
    upload(page, 2024)
    press(page, 'button[name="do"][value="confirm"]')
    upload(page, 2024)
    expect(page.locator('button[name="do"][value="confirm"]')).to_have_count(0)
    expect(page.locator("#added, #replaced")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_preview(visit, nothing_imported, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(nothing_imported, "secretariat", color_scheme=scheme, reduced_motion="reduce")
    upload(page, 2025)
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []


def test_a_file_that_is_no_workbook(visit, nothing_imported):
    page = visit(nothing_imported, "secretariat")
    speak(page, "en")
    page.goto("/import/")
    page.locator('input[type="file"]').set_input_files(
        {"name": "status.xlsx", "mimeType": "application/zip", "buffer": b"not a workbook"}
    )
    page.locator('[name="year"]').fill("2024")
    press(page, "form:has(input[type=file]) button.iwg-btn-primary")
    page.locator(".iwg-error, .iwg-errors, [role=alert], .iwg-field-error").first.wait_for()
    expect(page.locator('button[name="do"][value="confirm"]')).to_have_count(0)
