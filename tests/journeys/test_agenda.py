"""From a delegate's proposal to the announced agenda on paper, in French, on a telephone and without JavaScript."""

import io
import re

import pikepdf
import pytest
from playwright.sync_api import expect

from tests.browser import clipped, overflow, press

pytestmark = pytest.mark.browser

MEETING = """
    INSERT INTO meetings_group (key, kind, theme, name, name_en, name_fr, name_pt, position)
    VALUES ('agenda', 'plenary', '', 'Plenary', 'Plenary', 'Plénière', 'Plenária', 0) ON CONFLICT DO NOTHING;
    INSERT INTO meetings_meeting (id, group_id, number, title, language, state, starts_at, ends_at, announced_at, zone,
        place, link, languages, interpretation, chatham_house, audience, created_at, version)
    SELECT {id}, id, {id}, 'Quatrième plénière (inventée)', 'fr', 'announced',
        date_trunc('day', now()) + interval '30 days 9 hours', date_trunc('day', now()) + interval '30 days 12 hours',
        now(), 'Africa/Abidjan', 'Praia', '', ARRAY['fr', 'pt'], true, false, 'group', now(), 1
    FROM meetings_group WHERE key = 'agenda';
    INSERT INTO meetings_record (meeting_id, audience, language) VALUES ({id}, 'secretariat', 'fr');
    INSERT INTO meetings_agendaitem (meeting_id, position, title, note, language, theme, minutes, lead, status,
        is_open, decline_reason, created_at)
    VALUES ({id}, 1, 'Ouverture (inventée)', '', 'fr', '', 30, '', 'accepted', false, '', now());
"""
TITLE = "Relier les transporteurs « à bas coût » (inventé)"
OTHER = "Un point qui attendra (inventé)"


def fits(page):
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert overflow(page) == []
    assert clipped(page) == []


def go(page, address):
    page.goto(address)
    fits(page)


def pressed(page, selector):
    press(page, selector)
    fits(page)


def said(page, selector="main"):
    return page.locator(selector).first.inner_text().replace("\u00a0", " ").replace("\u202f", " ")


def propose(page, meeting, title):
    go(page, f"/meetings/{meeting}/")
    pressed(page, f'a[href="/meetings/{meeting}/agenda/propose/"]')
    page.locator('[name="title"]').fill(title)
    page.locator('[name="note"]').fill("Trois transporteurs **inventés** demandent un seul point d’accès.")
    page.locator('[name="minutes"]').fill("45")
    pressed(page, "main form .iwg-btn-primary")
    assert page.url.endswith(f"/meetings/{meeting}/")
    assert "Proposition enregistrée" in said(page, ".iwg-message")
    assert title in said(page)


def test_from_a_proposal_to_the_agenda_on_paper_in_french(visit, empty_portal, secretariat_in_french):
    meeting = 7201
    empty_portal.execute(MEETING.format(id=meeting))
    phone = {"width": 360, "java_script_enabled": False}
    delegate = visit(empty_portal, "delegate-sn", **phone)
    propose(delegate, meeting, TITLE)
    propose(delegate, meeting, OTHER)
    observer = visit(empty_portal, "observer", **phone)
    observer.goto(f"/meetings/{meeting}/")
    assert TITLE not in said(observer)

    # The secretariat takes one, and says in a sentence why not the other.
    secretariat = visit(empty_portal, "secretariat", **phone)
    go(secretariat, f"/meetings/{meeting}/agenda/")
    assert "Sénégal" in said(secretariat, "#proposals")
    pressed(secretariat, f'#proposals li:has-text("{TITLE}") button[value="accept"]')
    assert "à l’ordre du jour" in said(secretariat, ".iwg-message")
    secretariat.locator("#proposals summary").click()
    secretariat.locator('#proposals [name="reason"]').fill("Le sous-groupe en parle d’abord.")
    pressed(secretariat, '#proposals button[value="decline"]')
    assert "Refusé" in said(secretariat, ".iwg-message")
    accepted = secretariat.locator(f'.iwg-order li:has-text("{TITLE}")')
    expect(accepted).to_contain_text("09:30–10:15", use_inner_text=True)

    # Whoever proposed reads both answers; everybody else reads the item alone.
    go(delegate, f"/meetings/{meeting}/")
    words = said(delegate)
    assert re.search(rf"2\s+{re.escape(TITLE)}", words)
    assert "Le sous-groupe en parle d’abord." in words
    go(observer, f"/meetings/{meeting}/")
    words = said(observer)
    assert TITLE in words
    assert OTHER not in words
    assert "Le sous-groupe" not in words

    # On paper, as a page and as a PDF.
    go(observer, f"/meetings/{meeting}/agenda/print/?lang=fr")
    printed = said(observer)
    assert "09:30" in printed
    assert TITLE in printed
    assert OTHER not in printed
    expect(observer.locator("main strong", has_text="inventés")).to_have_count(1)
    pdf = observer.request.get(f"/meetings/{meeting}/agenda/pdf/?lang=fr")
    assert pdf.headers["content-language"] == "fr"
    with pikepdf.open(io.BytesIO(pdf.body())) as paper:
        assert str(paper.docinfo["/Title"]) == "Quatrième plénière (inventée)"
        assert (str(paper.Root["/Lang"]), len(paper.pages)) == ("fr", 1)
