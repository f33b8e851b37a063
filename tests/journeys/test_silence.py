"""The silence procedure in French: close, circulate, comment, object; a new version; and silence adopts it."""

import re
import time

import pytest
from celery import Celery
from playwright.sync_api import expect

from iwg_portal.base.embedded.paths import broker_url
from iwg_portal.pages.benchmark import databases
from tests.browser import PORTALS, WIDTHS, clipped, overflow, press

pytestmark = pytest.mark.browser

MEETING = """
    INSERT INTO meetings_group (key, kind, theme, name, name_en, name_fr, name_pt, position)
    VALUES ('{key}', 'plenary', '', 'Plenary', 'Plenary', 'Plénière', 'Plenária', 0) ON CONFLICT DO NOTHING;
    INSERT INTO meetings_meeting (id, group_id, number, title, language, state, starts_at, ends_at, zone, place, link,
        languages, interpretation, chatham_house, audience, created_at, version)
    SELECT {id}, id, {id}, 'Troisième plénière (inventée)', 'fr', 'running', now() - interval '2 days',
        now() - interval '1 day', 'Africa/Abidjan', 'Praia', '', ARRAY['en', 'fr', 'pt'], true, false, 'group',
        now(), 1 FROM meetings_group WHERE key = '{key}';
    INSERT INTO meetings_record (id, meeting_id, audience, language) VALUES ({id}, {id}, 'secretariat', 'fr');
    INSERT INTO meetings_agendaitem (id, meeting_id, position, title, note, language, theme, minutes, lead, status,
        is_open, decline_reason, created_at)
    SELECT {id} * 10 + n, {id}, n, 'Point inventé ' || n, '', 'fr', '', 30, '', 'accepted', false, '', now()
    FROM generate_series(1, 3) n;
    INSERT INTO meetings_block (id, record_id, item_id, kind, position, text, version, is_removed, updated_by_id,
        updated_at)
    SELECT gen_random_uuid(), {id}, {id} * 10 + 1 + n / 3, kind, n, words, 1, false,
        (SELECT min(id) FROM members_person), now()
    FROM (VALUES (0, 'text', 'Le **secrétariat** a présenté une année inventée.'),
        (1, 'decision', 'Le groupe tiendra chaque trimestre un essai régional.'),
        (3, 'action', 'Rédiger le guide commun.')) AS told (n, kind, words);
    INSERT INTO meetings_decision (block_id, record_id, kind, status, to_all)
    SELECT id, {id}, 'operational', 'active', true FROM meetings_block WHERE record_id = {id} AND kind = 'decision';
    INSERT INTO meetings_actionpoint (block_id, record_id, each_member)
    SELECT id, {id}, false FROM meetings_block WHERE record_id = {id} AND kind = 'action';
"""


def fits(page):
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) == []
        assert clipped(page) == []


def circulate(page, meeting):
    """From the closed draft to the mail, after a look at who is concerned."""
    page.goto(f"/meetings/{meeting}/silence/circulate/")
    page.locator('[name="days"]').first.fill("3")
    press(page, 'form[method="get"] button')
    preview = page.locator(".iwg-facts").inner_text()
    assert re.search(r"17:00 GMT", preview)
    assert re.search(r"16 États, \d+ personnes", preview)
    press(page, 'form:has([name="until"]) button')
    page.wait_for_url(re.compile(rf"/meetings/{meeting}/silence/$"))
    expect(page.locator(".iwg-banner")).to_contain_text("procédure d’approbation tacite jusqu’au", use_inner_text=True)


def test_from_the_draft_to_the_adopted_record(visit, empty_portal, secretariat_in_french):
    meeting, width = 7001, 360
    empty_portal.execute(MEETING.format(id=meeting, key="journey"))
    at = f"/meetings/{meeting}/silence/"
    secretariat = visit(empty_portal, "secretariat", width, java_script_enabled=False)

    secretariat.goto(f"{at}close/")
    said = secretariat.locator("main").inner_text()
    for words in ("Rien n’est consigné", "n’a pas de responsable", "n’a pas d’échéance"):
        assert words in said
    fits(secretariat)
    press(secretariat, 'button[value="close"]')
    circulate(secretariat, meeting)

    # A delegate comments beside a paragraph, and cannot object.
    delegate = visit(empty_portal, "delegate-sn", width, java_script_enabled=False)
    delegate.goto(at)
    fits(delegate)
    expect(delegate.locator("#position")).to_have_count(0)
    delegate.locator("#p2 a", has_text="Commenter").click()
    delegate.locator('#p2 [name="text"]').fill("Plutôt deux fois par an.")
    press(delegate, "#p2 form button")
    expect(delegate.locator("#p2 .iwg-remarks")).to_contain_text("Plutôt deux fois par an.", use_inner_text=True)

    # A focal point objects: without a reason not, with a reason at once.
    focal = visit(empty_portal, "focal-gh", width)
    focal.goto(at)
    press(focal, 'button[value="object"]')
    focal.locator("#position .iwg-errors").wait_for()
    focal.locator('#position [name="text"]').fill("Le paragraphe 2 n’a pas été dit ainsi.")
    press(focal, 'button[value="object"]')
    expect(focal.locator("#positions")).to_contain_text("n’a pas été dit ainsi", use_inner_text=True)

    # The secretariat amends, and the next version says what has changed.
    empty_portal.execute(
        f"UPDATE meetings_block SET text = 'Le groupe tiendra deux essais par an.' "
        f"WHERE record_id = {meeting} AND kind = 'decision'"
    )
    circulate(secretariat, meeting)
    delegate.goto(at)
    expect(delegate.locator(".iwg-changes ins").first).to_contain_text("deux essais par an", use_inner_text=True)

    # Its hour comes; what is typed after it is kept, and silence adopts.
    empty_portal.execute(
        "UPDATE meetings_circulation SET opened_at = now() - interval '1 hour', deadline = now() "
        f"WHERE record_id = {meeting} AND state = 'open'"
    )
    delegate.locator('#comment [name="text"]').fill("Trop tard.")
    press(delegate, "#comment button")
    expect(delegate.locator(".iwg-message")).to_contain_text("Il est conservé", use_inner_text=True)
    Celery(broker=broker_url(databases.redis_url(PORTALS[1]))).send_task("meetings.adopt_due")
    end = time.monotonic() + 240  # the worker may be busy with mail
    while time.monotonic() < end:
        delegate.goto(at)
        if "adopté tacitement" in delegate.locator(".iwg-banner").inner_text():
            break
    expect(delegate.locator(".iwg-banner")).to_contain_text("Compte rendu n°", use_inner_text=True)
    assert re.search(r"\b[0-9a-f]{64}\b", delegate.locator("main").inner_text())
    expect(delegate.locator("#comment")).to_have_count(0)
    fits(delegate)


def test_axe_finds_nothing(visit, empty_portal):
    from axe_playwright_python.sync_playwright import Axe

    def look(page):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert [violation["id"] for violation in Axe().run(page).response["violations"]] == [], (page.url, scheme)

    meeting = 7002
    empty_portal.execute(MEETING.format(id=meeting, key="journey"))
    page = visit(empty_portal, "secretariat")
    page.goto(f"/meetings/{meeting}/silence/close/")
    look(page)
    press(page, 'button[value="close"]')
    page.goto(f"/meetings/{meeting}/silence/circulate/")
    look(page)
    press(page, 'form:has([name="until"]) button')
    focal = visit(empty_portal, "focal-gh")
    focal.goto(f"/meetings/{meeting}/silence/?on=1")
    look(focal)
