"""Region, profile and comparison as a reader walks them: two widths, three languages."""

import re

import pytest

from tests.browser import SPEAKERS, WIDTHS, clipped, overflow

pytestmark = pytest.mark.browser
GHANA = {"en": "Ghana", "fr": "Ghana", "pt": "Gana"}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", SPEAKERS)
def test_from_the_region_to_a_state_and_a_comparison(visit, portal, language, width):
    page = visit(portal, SPEAKERS[language], width)
    page.goto("/region/")
    assert page.locator("html").get_attribute("lang") == language
    heading = page.locator("h1").inner_text()
    assert overflow(page) == []

    area = page.locator("#states-card nav a").nth(1)
    area.click()
    page.wait_for_url(re.compile(r"area="))
    page.locator("#states-card .iwg-details summary").wait_for()
    columns = page.locator("#states-card thead th").all_inner_texts()
    assert any(re.match(r"[A-Z]+-\d", column) for column in columns), columns
    assert overflow(page) == []
    page.go_back()
    page.wait_for_url(re.compile(r"/region/$"))
    # After Back it is a whole page again, not a fragment.
    assert page.locator("h1").inner_text() == heading

    page.locator("#states-card tbody tr a").first.click()
    page.wait_for_url(re.compile(r"/states/[a-z]{2}/$"))
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator(".iwg-areas > li").count() == 5
    assert page.locator(".iwg-indicators > li").count() == 32
    assert overflow(page) == []
    summaries = page.locator("details.iwg-details > summary")
    for number in range(summaries.count()):
        if page.locator("details.iwg-details").nth(number).get_attribute("open") is None:
            summaries.nth(number).click()
    assert overflow(page) == []
    assert clipped(page) == []

    page.goto("/compare/?state=GH&state=SN&state=CV&state=NG")
    assert page.locator("html").get_attribute("lang") == language
    text = page.locator("main").inner_text()
    assert GHANA[language] in text
    assert "Cabo Verde" in text
    assert overflow(page) == []
    assert clipped(page) == []


def test_on_paper_every_section_is_open_and_no_control_is_left(visit, portal):
    page = visit(portal, SPEAKERS["fr"])
    page.goto("/states/gh/")
    last = page.locator(".iwg-indicators > li").last
    assert not last.is_visible()
    page.emulate_media(media="print")
    assert last.is_visible()
    assert last.bounding_box()["height"] > 20
    assert page.locator(".iwg-btn:visible").count() == 0
    page.goto("/compare/?state=GH&state=SN")
    assert page.locator("input:visible").count() == 0


def test_the_three_languages_say_different_things(visit, portal):
    headings = set()
    for persona in SPEAKERS.values():
        page = visit(portal, persona)
        page.goto("/region/")
        headings.add(page.locator("h1").inner_text())
    assert len(headings) == 3


def test_the_language_switch_keeps_the_page(visit, portal):
    page = visit(portal, "partner")
    page.goto("/states/?q=gh")
    before = page.locator("html").get_attribute("lang")
    other = "fr" if before != "fr" else "pt"
    page.locator(f'.iwg-languages button[value="{other}"]').first.click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == other
    assert "/states/?q=gh" in page.url
    page.locator(f'.iwg-languages button[value="{before}"]').first.click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == before


def test_an_observer_sees_status_and_no_level(visit, portal):
    page = visit(portal, "observer")
    page.goto("/region/")
    assert page.locator("#states-card tbody tr").count() == 16
    assert page.locator("#states-card thead th").count() == 3
    page.goto("/states/gh/")
    assert page.locator(".iwg-indicators").count() == 0


def test_without_script(visit, portal):
    page = visit(portal, "focal-gh", java_script_enabled=False)
    page.goto("/region/")
    page.locator('select[name="round"]').select_option("2023")
    page.locator('form:has(select[name="round"]) button').click()
    page.wait_for_url(re.compile(r"round=2023"))
    page.locator("#states-card nav a").nth(1).click()
    page.wait_for_url(re.compile(r"area="))
    assert "round=2023" in page.url
    assert page.locator("h1").count() == 1
    page.locator("#states-card tbody tr a").first.click()
    page.locator("details.iwg-details > summary").last.click()
    assert page.locator("details.iwg-details").last.locator("li").first.is_visible()
    page.goto("/compare/?state=GH&state=SN")
    assert "Ghana" in page.locator("main").inner_text()
    page.goto("/glossary/")
    page.locator('main input[type="search"], main input[name="q"]').first.fill("passenger")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=passenger"))


def test_by_keyboard(visit, portal):
    page = visit(portal, "focal-gh")
    page.goto("/region/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "iwg-skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => {
              const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
              return {inNav: !!e.closest('#states-card nav'), href: e.getAttribute('href') || '',
                      seen: box.width > 0 && style.outlineStyle !== 'none' || style.boxShadow !== 'none'};
            }"""
        )
        if focused["inNav"] and "area=" in focused["href"]:
            break
    else:
        pytest.fail("the areas are not reached by Tab")
    assert focused["seen"], "focus is not visible"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"area="))

    page.goto("/states/gh/")
    term = page.locator("main .iwg-term").first
    term.focus()
    definition = term.get_attribute("aria-describedby") or ""
    assert definition
    assert page.locator(f"#{definition}").is_visible()


LARGE = ["/region/", "/states/gh/", "/compare/?state=GH&state=SN", "/states/", "/glossary/"]


@pytest.mark.parametrize("address", LARGE)
@pytest.mark.parametrize("width", [1280, 640])
def test_text_twice_as_large(visit, portal, address, width):
    page = visit(portal, "focal-gh", width)
    page.goto(address)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert overflow(page) == []
    assert clipped(page) == []
