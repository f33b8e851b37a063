"""Region, profile and comparison as a reader walks them: two widths, three languages."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import SPEAKERS, WIDTHS, clipped, overflow, press

pytestmark = pytest.mark.browser
GHANA = {"en": "Ghana", "fr": "Ghana", "pt": "Gana"}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", SPEAKERS)
def test_from_the_region_to_a_state_and_a_comparison(visit, portal, language, width):
    page = visit(portal, SPEAKERS[language], width)
    page.goto("/region/")
    expect(page.locator("html")).to_have_attribute("lang", language)
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
    expect(page.locator("h1")).to_have_text(heading, use_inner_text=True)

    page.locator("#states-card tbody tr a").first.click()
    page.wait_for_url(re.compile(r"/states/[a-z]{2}/$"))
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(".iwg-areas > li")).to_have_count(5)
    expect(page.locator(".iwg-indicators > li")).to_have_count(32)
    assert overflow(page) == []
    summaries = page.locator("details.iwg-details > summary")
    for number in range(summaries.count()):
        if page.locator("details.iwg-details").nth(number).get_attribute("open") is None:
            summaries.nth(number).click()
    assert overflow(page) == []
    assert clipped(page) == []

    page.goto("/compare/?state=GH&state=SN&state=CV&state=NG")
    expect(page.locator("html")).to_have_attribute("lang", language)
    text = page.locator("main").inner_text()
    assert GHANA[language] in text
    assert "Cabo Verde" in text
    assert overflow(page) == []
    assert clipped(page) == []


def test_on_paper_every_section_is_open_and_no_control_is_left(visit, portal):
    page = visit(portal, SPEAKERS["fr"])
    page.goto("/states/gh/")
    last = page.locator(".iwg-indicators > li").last
    expect(last).to_be_hidden()
    page.emulate_media(media="print")
    expect(last).to_be_visible()
    assert last.bounding_box()["height"] > 20
    expect(page.locator(".iwg-btn:visible")).to_have_count(0)
    page.goto("/compare/?state=GH&state=SN")
    expect(page.locator("input:visible")).to_have_count(0)


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
    press(page, f'.iwg-languages button[value="{other}"]')
    expect(page.locator("html")).to_have_attribute("lang", other)
    page.wait_for_url(re.compile(r"/states/\?q=gh"))
    press(page, f'.iwg-languages button[value="{before}"]')
    expect(page.locator("html")).to_have_attribute("lang", before)


def test_an_observer_sees_status_and_no_level(visit, portal):
    page = visit(portal, "observer")
    page.goto("/region/")
    expect(page.locator("#states-card tbody tr")).to_have_count(16)
    expect(page.locator("#states-card thead th")).to_have_count(3)
    page.goto("/states/gh/")
    expect(page.locator(".iwg-indicators")).to_have_count(0)


def test_without_script(visit, portal):
    page = visit(portal, "focal-gh", java_script_enabled=False)
    page.goto("/region/")
    page.locator('select[name="round"]').select_option("2023")
    page.locator('form:has(select[name="round"]) button').click()
    page.wait_for_url(re.compile(r"round=2023"))
    page.locator("#states-card nav a").nth(1).click()
    page.wait_for_url(re.compile(r"area="))
    page.wait_for_url(re.compile(r"round=2023"))
    expect(page.locator("h1")).to_have_count(1)
    page.locator("#states-card tbody tr a").first.click()
    page.locator("details.iwg-details > summary").last.click()
    expect(page.locator("details.iwg-details").last.locator("li").first).to_be_visible()
    page.goto("/compare/?state=GH&state=SN")
    expect(page.locator("main")).to_contain_text("Ghana", use_inner_text=True)
    page.goto("/glossary/")
    page.locator('main input[type="search"], main input[name="q"]').first.fill("passenger")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=passenger"))


def test_by_keyboard(visit, portal):
    page = visit(portal, "focal-gh")
    page.goto("/region/")
    page.keyboard.press("Tab")
    expect(page.locator(".iwg-skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
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
    expect(page.locator(f"#{definition}")).to_be_visible()


LARGE = ["/region/", "/states/gh/", "/compare/?state=GH&state=SN", "/states/", "/glossary/"]


@pytest.mark.parametrize("address", LARGE)
@pytest.mark.parametrize("width", [1280, 640])
def test_text_twice_as_large(visit, portal, address, width):
    page = visit(portal, "focal-gh", width)
    page.goto(address)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert overflow(page) == []
    assert clipped(page) == []
