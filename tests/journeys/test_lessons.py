"""From an item of an agenda to an approved lesson, in French: a delegate writes, the secretariat edits and approves."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import overflow, press

pytestmark = pytest.mark.browser

MEETING = """
    INSERT INTO meetings_group (key, kind, theme, name, name_en, name_fr, name_pt, position)
    VALUES ('lessons', 'plenary', '', 'Plenary', 'Plenary', 'Plénière', 'Plenária', 0) ON CONFLICT DO NOTHING;
    INSERT INTO meetings_meeting (id, group_id, number, title, language, state, starts_at, ends_at, zone, place, link,
        languages, interpretation, chatham_house, audience, created_at, version)
    SELECT 7101, id, 7101, 'Plénière inventée', 'fr', 'announced', now() - interval '1 day', now(), 'Africa/Abidjan',
        'Praia', '', ARRAY['fr'], false, false, 'group', now(), 1 FROM meetings_group WHERE key = 'lessons';
    INSERT INTO meetings_record (meeting_id, audience, language) VALUES (7101, 'secretariat', 'fr');
    INSERT INTO meetings_agendaitem (id, meeting_id, position, title, note, language, theme, minutes, lead, status,
        is_open, decline_reason, created_at)
    VALUES (7101, 7101, 1, 'Le décret qui manquait (inventé)', '', 'fr', 'legal', 30, '', 'accepted', false, '', now());
"""


def pressed(page, selector):
    press(page, selector)
    assert overflow(page) == []


def test_from_item_to_approved_lesson_in_french(visit, empty_portal, secretariat_in_french):
    empty_portal.execute(MEETING)
    page = visit(empty_portal, "delegate-sn", 360)
    page.goto("/lessons/new/?item=7101")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator('[name="title"]')).to_have_value("Le décret qui manquait (inventé)")
    expect(page.locator('[name="item"]')).to_have_value("7101")
    # The title of the item would tell who spoke; the lesson does not name its state.
    page.locator('[name="title"]').fill("Le décret sans lequel la loi ne sert pas (inventé)")
    page.locator('[name="problem"]').fill("Au Sénégal (inventé), la loi existait, le décret non.")
    page.locator('[name="done"]').fill("Un **groupe de travail** a rédigé le décret.")
    page.locator(".iwg-details summary").first.click()
    page.locator('[name="indicators"]').first.check()
    pressed(page, 'button[name="do"][value="submit"]')
    lesson = re.search(r"/lessons/\d+/$", page.url)[0]
    expect(page.locator(".iwg-message")).to_contain_text("Sur le serveur", use_inner_text=True)

    secretariat = visit(empty_portal, "secretariat", java_script_enabled=False)
    secretariat.goto("/lessons/?stage=open")
    pressed(secretariat, f'.iwg-rows a[href="{lesson}"]')
    pressed(secretariat, f'.iwg-head a[href="{lesson}review/"]')
    expect(secretariat.locator("main")).to_contain_text("n’a pas dit qu’il pouvait être nommé", use_inner_text=True)
    secretariat.locator('[name="problem"]').fill("La loi existait, le décret non.")
    pressed(secretariat, 'button[name="do"][value="approve"]')
    expect(secretariat.locator("main")).to_contain_text("Tel que partagé", use_inner_text=True)
    assert secretariat.locator(".iwg-lesson-diff del").first.inner_text().startswith("Au")

    observer = visit(empty_portal, "observer", 360)
    observer.goto("/lessons/?q=decret")
    expect(observer.locator("html")).to_have_attribute("lang", "fr")
    pressed(observer, f'.iwg-rows a[href="{lesson}"]')
    words = observer.locator("main").inner_text()
    assert "Partagé par : un État membre." in words.replace("\u00a0", " ")
    assert "La loi existait, le décret non." in words
    assert "Sénégal" not in words
    assert "Plénière inventée" in words
    expect(observer.locator(".iwg-lesson strong")).to_have_text("groupe de travail", use_inner_text=True)
