"""Answer from a mail, on a phone, without JavaScript and without signing in."""

import hashlib

import pytest
from playwright.sync_api import expect

from tests.browser import clipped, overflow, press

pytestmark = pytest.mark.browser

ROWS = """
    INSERT INTO meetings_group (key, kind, theme, name, name_en, name_fr, name_pt, position)
    VALUES ('replies', 'plenary', '', 'Plenary', 'Plenary', 'Plénière', 'Plenária', 0) ON CONFLICT DO NOTHING;
    INSERT INTO meetings_meeting (id, group_id, number, title, language, state, starts_at, ends_at, zone, place, link,
        languages, interpretation, chatham_house, audience, created_at, version, register_by)
    SELECT {id} + n, id, {id} + n, 'Invented plenary', 'en', state, now() + days, now() + days + interval '1 day',
        'Africa/Abidjan', 'Praia', '', ARRAY['en', 'fr', 'pt'], true, false, 'group', now(), 1,
        (now() + interval '5 days')::date
    FROM meetings_group, (VALUES (0, 'drafted', interval '-9 days'), (1, 'announced', interval '30 days'))
        AS told (n, state, days) WHERE key = 'replies';
    INSERT INTO meetings_record (id, meeting_id, audience, language) VALUES ({id}, {id}, 'members', 'en');
    INSERT INTO meetings_agendaitem (id, meeting_id, position, title, note, language, theme, minutes, lead, status,
        is_open, decline_reason, created_at)
    VALUES ({id}, {id}, 1, 'Invented item', '', 'en', '', 30, '', 'accepted', false, '', now());
    INSERT INTO meetings_block (id, record_id, item_id, kind, position, text, version, is_removed, updated_by_id,
        updated_at)
    SELECT gen_random_uuid(), {id}, {id}, 'action', 1, 'Secret words.', 1, false, min(id), now() FROM members_person;
    INSERT INTO meetings_actionpoint (id, block_id, record_id, number, due_on, each_member)
    SELECT {id}, id, {id}, NULL, now()::date, false FROM meetings_block WHERE record_id = {id};
    INSERT INTO meetings_actionowner (id, action_id, state_id, status, is_removed)
    SELECT {id}, {id}, id, 'open', false FROM members_state WHERE alpha2 = 'GH';
    UPDATE meetings_meeting SET state = 'adopted' WHERE id = {id};
    INSERT INTO mail_outboxmail (id, kind, target_type, target_id, occurrence, recipient_id, address, language,
        message_id, state, planned_at, not_before, try_at, deadline, handed_over, attempts, refusals, problem)
    SELECT {id}, 'reminders.daily', 'members.person', id::text, 'journey', id, '', '', '<journey@test.invalid>', 'sent',
        now(), now(), now(), now() + interval '1 day', true, 1, 0, ''
    FROM members_person WHERE email = 'focal-gh@gh.demo.invalid';
    INSERT INTO reminders_answerlink (id, kind, target_type, target_id, person_id, mail_id, nonce, token_hash, made_at,
        expires_at)
    SELECT gen_random_uuid(), about, type, target, recipient_id, {id}, about, hash, now(),
        now() + interval '3 days'
    FROM mail_outboxmail, (VALUES ('meetings.action', 'meetings.actionowner', '{id}', '{action}'),
        ('meetings.registration', 'meetings.meeting', ({id} + 1)::text, '{meeting}'))
        AS told (about, type, target, hash)
    WHERE mail_outboxmail.id = {id};
"""


def test_on_a_phone_without_javascript(visit, empty_portal):
    tokens = {"action": "journey-action", "meeting": "journey-meeting"}
    hashes = {name: hashlib.sha256(token.encode()).hexdigest() for name, token in tokens.items()}
    empty_portal.execute(ROWS.format(id=7801, **hashes))
    phone = visit(empty_portal, width=360, java_script_enabled=False)

    phone.goto(f"/act/?key={tokens['action']}")
    said = phone.locator("main").inner_text()
    assert "Ghana" in said
    assert "Secret words" not in said
    assert fits(phone)
    phone.locator('[value="comment"]').check()
    press(phone, "form button")
    expect(phone.locator(".iwg-errors")).to_contain_text("Write your comment.", use_inner_text=True)
    assert fits(phone)
    phone.locator('[name="text"]').fill("The text is with the minister.")
    press(phone, "form button")
    expect(phone.locator("h1")).to_contain_text("Your answer was received", use_inner_text=True)

    phone.goto(f"/act/?key={tokens['meeting']}")
    expect(phone.locator("main")).to_contain_text("Invented plenary", use_inner_text=True)
    assert fits(phone)
    press(phone, 'button[value="online"]')
    expect(phone.locator("h1")).to_contain_text("Your answer was received", use_inner_text=True)
    assert phone.context.cookies() == []
    assert phone.goto("/meetings/").url.endswith("/sign-in/?next=/meetings/")

    focal = visit(empty_portal, "focal-gh")
    focal.goto("/actions/7801/")
    expect(focal.locator("main")).to_contain_text("from a mail", use_inner_text=True)


def fits(page):
    return overflow(page) == [] and clipped(page) == []
