"""The second factor in a real browser: an app, a passkey, and a lost one that two administrators reset."""

import re

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import expect

from tests.browser import WIDTHS, clipped, enter_code, overflow, press
from tests.members.factors import PASSPHRASE, code_at

pytestmark = pytest.mark.browser


def newcomer(portal, like: str, name: str) -> str:
    """A person with a passphrase and the offices of the persona ``like``; her address."""
    email = f"{name}@journey.demo.invalid"
    hashed = make_password(PASSPHRASE, hasher="pbkdf2_sha256")
    portal.execute(
        f"""
        CREATE TEMP TABLE someone AS SELECT * FROM members_person WHERE email = '{like}';
        CREATE TEMP TABLE office AS SELECT * FROM members_term WHERE person_id = (SELECT id FROM someone);
        UPDATE someone SET id = nextval(pg_get_serial_sequence('members_person', 'id')), email = '{email}',
            full_name = 'Journey {name}', language = 'en', password = '{hashed}';
        UPDATE office SET id = nextval(pg_get_serial_sequence('members_term', 'id')),
            person_id = (SELECT id FROM someone);
        INSERT INTO members_person SELECT * FROM someone;
        INSERT INTO members_term SELECT * FROM office;
        DROP TABLE someone, office;
        """
    )
    return email


def near(portal, path: str) -> str:
    """A passkey belongs to a name, not to a number."""
    return portal.address.replace("127.0.0.1", "localhost") + path


def give_passphrase(page, address: str, email: str) -> None:
    page.goto(address)
    page.locator('[name="login"]').fill(email)
    page.locator('[name="password"]').fill(PASSPHRASE)
    press(page, "form:has([name=password]) button.iwg-btn-primary")


def set_up_app(page) -> str:
    """From the page of the second factor to the page where she was going; returns the secret."""
    page.wait_for_url(re.compile(r"/account/factor/"))
    assert overflow(page) == []
    page.locator('a[href^="/account/factor/app/"]').click()
    secret = page.locator(".iwg-key").inner_text().replace(" ", "")
    page.locator(".iwg-qr svg").wait_for()
    assert overflow(page) == []
    enter_code(page, lambda: code_at(secret=secret))
    page.wait_for_url(re.compile(r"/account/factor/codes/"))
    page.locator('button[value="show"]').click()
    page.locator(".iwg-codes li").last.wait_for()
    expect(page.locator(".iwg-codes li")).to_have_count(10)
    assert overflow(page) == []
    return secret


def sign_out(page) -> None:
    page.locator(".iwg-user summary").click()
    press(page, ".iwg-user form button")


def next_code(portal, page, secret: str) -> None:
    """As if thirty seconds had passed since the last one."""
    portal.execute("UPDATE members_factorstate SET last_step = 0")
    enter_code(page, lambda: code_at(secret=secret))


@pytest.mark.parametrize("width", WIDTHS)
def test_an_app_from_set_up_to_sign_in(visit, empty_portal, width):
    page = visit(empty_portal, width=width, java_script_enabled=False)
    email = newcomer(empty_portal, "focal-gh@gh.demo.invalid", f"app-{width}")
    give_passphrase(page, "/sign-in/?next=/states/", email)
    secret = set_up_app(page)
    codes = page.locator(".iwg-codes li").all_inner_texts()
    with page.expect_download() as download:
        page.locator('button[value="download"]').click()
    text = download.value.path().read_text()
    assert all(word in text for word in codes)
    page.locator('a.iwg-btn-primary[href="/states/"]').click()
    page.wait_for_url(re.compile(r"/states/$"))
    sign_out(page)

    give_passphrase(page, "/sign-in/?next=/states/", email)
    page.wait_for_url(re.compile(r"/sign-in/code/$"))
    page.locator('[name="code"]').fill("000000")
    page.locator("form:has([name=code]) button.iwg-btn-primary").click()
    expect(page.locator(".iwg-errors")).to_have_count(1)
    assert overflow(page) == []
    assert clipped(page) == []
    next_code(empty_portal, page, secret)
    page.wait_for_url(re.compile(r"/states/$"))
    sign_out(page)

    give_passphrase(page, "/sign-in/", email)
    page.locator('[name="code"]').fill(codes[0])
    page.locator("form:has([name=code]) button.iwg-btn-primary").click()
    page.wait_for_url(re.compile(r"/region/$"))


def test_a_passkey_as_second_factor_and_alone(visit, empty_portal):
    page = visit(empty_portal)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    email = newcomer(empty_portal, "focal-gh@gh.demo.invalid", "passkey")
    give_passphrase(page, near(empty_portal, "/sign-in/?next=/states/"), email)
    page.wait_for_url(re.compile(r"/account/factor/"))
    page.locator('a[href^="/account/factor/passkey/"]').click()
    page.locator('[name="name"]').fill("telephone")
    page.locator("[data-passkey-go]").click()
    page.wait_for_url(re.compile(r"/account/factor/codes/"))
    page.goto(near(empty_portal, "/account/factor/"))
    expect(page.locator("table")).to_contain_text("telephone", use_inner_text=True)
    sign_out(page)

    give_passphrase(page, near(empty_portal, "/sign-in/?next=/states/"), email)
    page.wait_for_url(re.compile(r"/sign-in/code/$"))
    page.locator("[data-passkey-go]").click()
    page.wait_for_url(re.compile(r"/states/$"))
    sign_out(page)

    page.goto(near(empty_portal, "/sign-in/?next=/states/"))
    page.locator("[data-passkey-go]").click()
    page.wait_for_url(re.compile(r"/states/$"))


def test_a_lost_factor_is_reset_by_two_administrators(visit, empty_portal):
    lost = newcomer(empty_portal, "focal-gh@gh.demo.invalid", "lost")
    colleague = newcomer(empty_portal, "admin@iwg.demo.invalid", "colleague")
    hers = visit(empty_portal)
    give_passphrase(hers, "/sign-in/", lost)
    set_up_app(hers)
    hers.goto("/region/")
    hers.wait_for_url(re.compile(r"/region/$"))

    asking = visit(empty_portal)
    give_passphrase(asking, "/sign-in/?next=/people/factor-resets/", colleague)
    set_up_app(asking)
    asking.locator('a.iwg-btn-primary[href="/people/factor-resets/"]').click()
    asking.locator('[name="email"]').fill(lost)
    press(asking, "form:has([name=email]) button.iwg-btn-primary")
    mine = asking.locator("tr", has_text="Journey lost")
    expect(mine.locator('button[value="withdraw"]')).to_have_count(1)
    expect(mine.locator('button[value="confirm"]')).to_have_count(0)

    confirming = visit(empty_portal, "admin")
    confirming.goto("/people/factor-resets/")
    press(confirming, confirming.locator("tr", has_text="Journey lost").locator('button[value="confirm"]'))
    if "/account/confirm/" in confirming.url:
        confirming.locator('button[name="demo"]').click()
    confirming.wait_for_url(re.compile(r"/people/factor-resets/$"))
    expect(confirming.locator("tr", has_text="Journey lost").locator("button")).to_have_count(0)

    hers.goto("/region/")
    hers.wait_for_url(re.compile(r"/sign\-in/"))
    give_passphrase(hers, "/sign-in/?next=/region/", lost)
    set_up_app(hers)
    hers.locator('a.iwg-btn-primary[href="/region/"]').click()
    hers.wait_for_url(re.compile(r"/region/$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages(visit, empty_portal, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(empty_portal, "admin", color_scheme=scheme, reduced_motion="reduce")
    for path in (
        "/account/factor/",
        "/account/confirm/",
        "/account/sessions/",
        "/account/kept/",
        "/people/factor-resets/",
    ):
        page.goto(path)
        assert [violation["id"] for violation in Axe().run(page).response["violations"]] == [], path
