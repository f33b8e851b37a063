"""A record written by two people at once: live, through a cut of the network and a clash, by keyboard, on a phone."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser import WIDTHS, clipped, overflow

pytestmark = pytest.mark.browser
SAM, INES = "Sam Placeholder", "Ines Template"  # the second writes in the secretariat for the time of a test
NUMBER = 9100
PERSON = "(SELECT id FROM members_person WHERE email = 'partner@unodc.demo.invalid')"


@pytest.fixture
def record(empty_portal):
    """The address of a running meeting with two items and one paragraph, all of it new."""
    global NUMBER
    NUMBER += 1
    empty_portal.execute(
        f"""
        INSERT INTO meetings_group (key, kind, theme, name, name_en, name_fr, name_pt, position)
            VALUES ('journey', 'plenary', '', 'Journey', 'Journey', 'Journey', 'Journey', 99)
            ON CONFLICT (key) DO NOTHING;
        INSERT INTO meetings_meeting (id, group_id, number, title, language, state, starts_at, ends_at, zone, place,
                link, languages, interpretation, chatham_house, audience, created_at, version)
            VALUES ({NUMBER}, (SELECT id FROM meetings_group WHERE key = 'journey'), {NUMBER}, 'A plenary', 'en',
                'running', now(), now() + interval '8 hours', 'Africa/Abidjan', 'Praia', '', '{{en}}', false, false,
                'group', now(), 1);
        INSERT INTO meetings_record (id, meeting_id, audience, language)
            VALUES ({NUMBER}, {NUMBER}, 'secretariat', 'en');
        INSERT INTO meetings_agendaitem (id, meeting_id, position, title, note, language, theme, minutes, lead, status,
                is_open, decline_reason, created_at)
            SELECT {NUMBER} * 10 + n, {NUMBER}, n, 'Item ' || n, '', 'en', '', 30, '', 'accepted', false, '', now()
            FROM generate_series(1, 2) AS n;
        """
    )
    empty_portal.execute(
        f"""INSERT INTO members_term (person_id, role, post, starts_on, confirmed_on)
            VALUES ({PERSON}, 'secretariat', '', current_date - 1, current_date)"""
    )
    yield f"/meetings/{NUMBER}/record/"
    empty_portal.execute(f"DELETE FROM members_term WHERE role = 'secretariat' AND person_id = {PERSON}")


def item(page, number):
    return page.locator(f'[data-number="{number}"]')


def fields(page, number=1):
    return item(page, number).locator("textarea:visible")


def saved(page, number=1, place=0):
    """Until the block has a receipt."""
    receipt = item(page, number).locator("[data-receipt]").nth(place)
    words = re.compile(r"On the server \d\d:\d\d:\d\d GMT, version \d+")
    expect(receipt).to_have_text(words, timeout=30_000)  # and says, if it does not come, what stands there instead


def texts(page, number=1):
    return fields(page, number).evaluate_all("all => all.map(field => field.value)")


def add(page, number, kind, text):
    item(page, number).locator(f'[data-add] button[value="{kind}"]').click()
    page.keyboard.type(text)


def until(page, true, milliseconds=12_000):
    for _ in range(milliseconds // 50):
        if true():
            return
        page.wait_for_timeout(50)
    pytest.fail("It did not come.")


def version(page, number):
    expect(item(page, 1).locator("[data-receipt]").first).to_contain_text(f", version {number}")


def drafts(page):
    return page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('record:')).length")


def test_two_people_write_at_once(visit, empty_portal, record):
    sam, ines = visit(empty_portal, "secretariat"), visit(empty_portal, "partner")
    for page in (sam, ines):
        page.goto(record)
    add(sam, 1, "text", "The agenda was adopted.\n\nNine states took the floor.")
    saved(sam)
    assert drafts(sam) == 0

    # Within ten seconds the other one has it, and knows who is there.
    expect(fields(ines)).to_have_value("The agenda was adopted.\n\nNine states took the floor.", timeout=10_000)
    ines.get_by_text(f"{SAM} is in item 1").wait_for(timeout=10_000)

    # Both change another paragraph of one block; what Ines is typing in is not touched before she saves.
    ines.context.set_offline(True)
    fields(ines).first.press("Control+End")
    ines.keyboard.type(" Two were absent.")
    ines.get_by_text("On this device only").first.wait_for()
    assert drafts(ines) == 1
    fields(sam).first.press("Control+Home")
    sam.keyboard.type("Morning. ")
    sam.keyboard.press("Tab")
    version(sam, 2)
    assert texts(ines) == ["The agenda was adopted.\n\nNine states took the floor. Two were absent."]
    ines.context.set_offline(False)
    both = "Morning. The agenda was adopted.\n\nNine states took the floor. Two were absent."
    for page in (ines, sam):
        expect(fields(page)).to_have_value(both, timeout=12_000)
    until(ines, lambda: not drafts(ines))

    # Both change the same line: both texts stand, with names.
    ines.context.set_offline(True)
    fields(ines).first.press("Control+End")
    ines.keyboard.type(" None objected.")
    fields(sam).first.press("Control+End")
    sam.keyboard.type(" One objected.")
    sam.keyboard.press("Tab")
    until(sam, lambda: not drafts(sam))
    ines.context.set_offline(False)
    fields(ines).first.press("Tab")
    ines.get_by_text("both texts stand there").first.wait_for(timeout=12_000)
    (text,) = texts(ines)
    assert f"Text of {SAM}:" in text
    assert f"Text of {INES}:" in text
    assert "Two were absent. None objected." in text
    assert "Two were absent. One objected." in text


def test_what_was_typed_without_network_survives_a_new_page(visit, empty_portal, record):
    page = visit(empty_portal, "secretariat")
    page.goto(record)
    page.context.set_offline(True)
    add(page, 2, "decision", "It is decided.")
    page.get_by_text("On this device only").first.wait_for()
    page.context.set_offline(False)
    page.goto("/account/")
    # Another person at the same device is not shown it, and it is not thrown away.
    assert drafts(page) == 1
    page.goto(record)
    until(page, lambda: not drafts(page))
    assert texts(page, 2) == ["It is decided."]
    page.reload()
    assert texts(page, 2) == ["It is decided."]


def test_a_save_that_is_refused_says_so_at_the_block(visit, empty_portal, record):
    page = visit(empty_portal, "secretariat")
    page.goto(record)
    add(page, 2, "text", "Before.")
    page.keyboard.press("Tab")
    saved(page, 2)
    page.context.clear_cookies()
    fields(page, 2).first.press("Control+End")
    page.keyboard.type(" After.")
    page.keyboard.press("Tab")
    expect(item(page, 2).locator("[data-words]").first).to_contain_text("What you typed is kept", timeout=12_000)
    expect(page.locator("[data-trouble] a")).to_be_visible()
    assert drafts(page) == 1


def test_text_typed_in_a_block_that_is_removed_comes_back(visit, empty_portal, record):
    sam, ines = visit(empty_portal, "secretariat"), visit(empty_portal, "partner")
    sam.goto(record)
    add(sam, 1, "text", "A paragraph.")
    sam.keyboard.press("Tab")
    saved(sam)
    ines.goto(record)
    fields(ines).first.press("Control+End")
    sam.locator("[data-block] summary").first.click()
    sam.locator('[data-block] button[value="remove"]').click()
    expect(fields(sam)).to_have_count(0)
    ines.keyboard.type(" Typed by Ines.")
    ines.locator("[data-revive]").first.click()
    saved(ines)
    expect(fields(sam)).to_have_value("A paragraph. Typed by Ines.", timeout=10_000)


def test_an_action_point_by_keyboard_in_eight_seconds(visit, empty_portal, record):
    page = visit(empty_portal, "secretariat")
    page.goto(record)
    item(page, 2).locator('[data-add] button[value="text"]').focus()
    started = time.monotonic()
    page.keyboard.press("Alt+a")
    page.keyboard.type("Send the list of carriers. @Ghana and @Sénégal 30 Sep", delay=40)
    chips = item(page, 2).locator("[data-chips] li")
    chips.nth(2).wait_for()
    page.keyboard.press("Tab")
    saved(page, 2)
    assert time.monotonic() - started < 8
    assert [text.split("\n")[0].rstrip(" ×") for text in chips.all_inner_texts()][:2] == ["Ghana", "Senegal"]
    expect(chips.nth(2)).to_contain_text("due 30 September", use_inner_text=True)
    expect(fields(page, 2)).to_have_value("Send the list of carriers.")
    expect(page.locator("[data-kind=action] [data-heading]")).to_have_text("Action 2.a")
    # A chip goes with one press.
    chips.nth(1).locator("button").press("Enter")
    expect(chips).to_have_count(2)
    until(page, lambda: not drafts(page))
    page.reload()
    expect(page.locator("[data-chips] li")).to_have_count(2)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways_and_axe_finds_nothing(visit, empty_portal, record, width):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(empty_portal, "secretariat", width, reduced_motion="reduce")
    page.goto(record)
    add(page, 1, "text", "x" * 300)
    add(page, 1, "action", "Do it @2020-01-01 @Guinea-Bissau @Côte d’Ivoire @UNODC")
    page.keyboard.press("Tab")
    page.locator("[data-chips] li").nth(3).wait_for()
    page.locator("[data-block] summary").first.click()
    for address in (record, f"{record}projector/"):
        if address != record:
            page.goto(address)
        assert overflow(page) == []
        assert clipped(page) == []
        assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
