"""From a proposal to the first page: mail, passphrase, second factor; and the pages about people as they are read."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser import SPEAKERS, WIDTHS, clipped, enter_code, overflow, press
from tests.members.factors import code_at
from tests.members.joining import PASSPHRASE

pytestmark = pytest.mark.browser


def open_mail(page, address: str, seconds: int = 90) -> str:
    """The newest mail in the demonstration's mailbox; returns the link that its plain text carries."""
    end = time.monotonic() + seconds
    while True:
        page.goto(f"/demo/mailbox/?address={address}")
        mails = page.locator('main .iwg-main a[href^="/demo/mailbox/"]')
        if mails.count():
            break
        assert time.monotonic() < end, "no mail has come"
        page.wait_for_timeout(1000)
    mails.first.click()
    page.wait_for_url(re.compile(r"/demo/mailbox/\d+/"))
    return re.search(r"https?://\S+[?]key=\S+", page.locator(".iwg-plain").inner_text())[0]


@pytest.mark.parametrize("width", WIDTHS)
def test_from_a_proposal_to_the_first_page(visit, empty_portal, width):
    address = f"adjoa.{width}@ministry.demo.invalid"
    focal = visit(empty_portal, "focal-gh", width)
    focal.goto("/people/propose/")
    assert overflow(focal) == []
    focal.locator('[name="full_name"]').fill(f"Adjoa Journey {width}")
    focal.locator('[name="email"]').fill(address)
    focal.locator('select[name="language"]').select_option("en")
    focal.locator("form:has([name=full_name]) button.iwg-btn-primary").click()
    focal.wait_for_url(re.compile(r"/people/proposals/$"))
    assert overflow(focal) == []

    administrator = visit(empty_portal, "admin", width)
    administrator.goto("/people/proposals/")
    administrator.get_by_text(f"Adjoa Journey {width}").click()
    administrator.locator('a[href$="/grant/"]').click()
    administrator.wait_for_url(re.compile(r"/grant/$"))
    assert overflow(administrator) == []
    administrator.locator("main form button.iwg-btn-primary").click()
    administrator.wait_for_url(re.compile(r"/people/proposals/[0-9a-f-]{36}/$"))
    expect(administrator.locator("main")).to_contain_text("invited, not accepted yet", use_inner_text=True)

    page = visit(empty_portal, width=width)
    link = open_mail(page, address)
    # A scanner opens the link first, twice; nothing happens.
    for _ in range(2):
        assert page.request.get(link).status == 200
    page.goto(link)
    assert overflow(page) == []
    expect(page.locator('[name="zone"]')).to_have_value("Africa/Accra")
    page.locator('[name="passphrase"]').fill("ghana ghana ghana")
    page.locator('[name="passphrase_again"]').fill("ghana ghana ghana")
    page.locator("main form button.iwg-btn-primary").click()
    page.locator(".iwg-errors").wait_for()
    assert clipped(page) == []
    page.locator('[name="passphrase"]').fill(PASSPHRASE)
    page.locator('[name="passphrase_again"]').fill(PASSPHRASE)
    press(page, "main form button.iwg-btn-primary")

    page.goto("/account/factor/app/")
    secret = page.locator(".iwg-key").inner_text().replace(" ", "")
    enter_code(page, lambda: code_at(secret=secret))
    page.wait_for_url(re.compile(r"/account/factor/codes/"))
    page.goto("/")
    page.wait_for_url(re.compile(r"/region/$"))
    page.goto(link)
    expect(page.locator('[name="passphrase"]')).to_have_count(0)

    # An administrator closes the account: signed out with the next page.
    administrator.goto(f"/people/?text=Journey+{width}")
    administrator.locator("tbody a").click()
    administrator.get_by_text("Close the account", exact=True).click()
    press(administrator, 'button[value="deactivate"]')
    page.goto("/region/")
    page.wait_for_url(re.compile(r"/sign\-in/"))


def test_a_forgotten_passphrase_without_script(visit, empty_portal):
    address = "secretariat@iwg.demo.invalid"
    page = visit(empty_portal, java_script_enabled=False)
    page.goto("/sign-in/")
    page.locator('a[href="/passphrase/forgotten/"]').click()
    page.locator('[name="email"]').fill(address)
    press(page, "main form button.iwg-btn-primary")
    page.goto(open_mail(page, address))
    page.locator('[name="passphrase"]').fill(PASSPHRASE)
    page.locator('[name="passphrase_again"]').fill(PASSPHRASE)
    page.locator("main form button.iwg-btn-primary").click()
    page.wait_for_url(re.compile(r"/sign-in/$"))


PAGES = ["/people/", "/people/propose/", "/people/proposals/", "/people/confirm/", "/account/", "/account/passphrase/"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("persona", ["focal-gh", "focal-cv", "admin"])
def test_the_pages_about_people_fit(visit, portal, persona, width):
    page = visit(portal, persona, width)
    addresses = [*PAGES, "/passphrase/forgotten/", "/data-use/", "/join/?key=none"]
    for address in addresses:
        page.goto(address)
        assert overflow(page) == [], address
        assert clipped(page) == [], address
    page.goto("/people/")
    page.locator("tbody a").first.click()
    page.wait_for_url(re.compile(r"/people/\d+/$"))
    assert overflow(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit, portal, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(portal, "admin", color_scheme=scheme, reduced_motion="reduce")
    for address in (*PAGES, "/passphrase/forgotten/", "/join/?key=none", "/data-use/"):
        page.goto(address)
        assert [violation["id"] for violation in Axe().run(page).response["violations"]] == [], address


def test_every_language_has_its_words(visit, portal):
    headings = set()
    for persona in SPEAKERS.values():
        page = visit(portal, persona)
        page.goto("/account/")
        headings.add(page.locator("h1").inner_text())
    assert len(headings) == 3
