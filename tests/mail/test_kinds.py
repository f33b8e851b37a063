"""Every kind of mail that is registered: three templates, three languages, nothing that a mail may not say."""

import csv
import re
from pathlib import Path

import pytest
from django.conf import settings

from iwg_portal.mail.compose import envelope, write
from iwg_portal.mail.kinds import KINDS
from tests.factories import WorkingGroupFactory

pytestmark = pytest.mark.django_db

LANGUAGES = [code for code, _name in settings.LANGUAGES]
POLICY = Path(__file__).parent.parent / "policy" / "mail.csv"
# What a mail may carry: what anyone or the whole group may read, and what concerns only the one who gets it.
MAY_TRAVEL = {"public", "group", "recipient"}

each = pytest.mark.parametrize("name", sorted(KINDS))
in_each_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(autouse=True)
def _portal(settings):
    """With the address that samples use when they do not ask the settings."""
    settings.PUBLIC_URL = "https://portal.example.org"
    WorkingGroupFactory()


def policy():
    with POLICY.open(newline="") as file:
        return list(csv.DictReader(file))


@each
@in_each_language
@pytest.mark.parametrize("demo", [False, True], ids=["real", "demo"])
def test_it_can_be_written(name, language, demo, settings):
    """Undefined variables fail by themselves (FAIL_INVALID_TEMPLATE_VARS)."""
    settings.DEMO = demo
    letter = write(name, KINDS[name].sample(), language=language, name="Ama Example")
    assert 0 < len(letter.subject) <= 78
    assert "\n" not in letter.subject
    assert f'<html lang="{language}">' in letter.html
    for part in (letter.text, letter.html):
        assert len(part) > 100
        assert settings.PUBLIC_URL in part
        assert "Test IWG" in part
        assert ("invent" in part) == demo
    assert "<" not in re.sub(r"<https?://[^>]*>", "", letter.text), "plain text has no markup"
    assert "&#" not in letter.text
    envelope(letter, to="somebody@test.invalid", message_id="<1@test.invalid>").message()


@each
def test_each_language_has_words_of_its_own(name):
    letters = [write(name, KINDS[name].sample(), language=language) for language in LANGUAGES]
    assert len({letter.text for letter in letters}) == len(LANGUAGES)
    assert len({letter.html for letter in letters}) == len(LANGUAGES)
    assert len({letter.subject for letter in letters}) == len(LANGUAGES)


@each
@in_each_language
def test_nothing_is_fetched_when_it_is_opened(name, language):
    """A picture from elsewhere tells its owner who read the mail, when and where."""
    html = write(name, KINDS[name].sample(), language=language).html
    elements = r"<(img|link|script|iframe|video|audio|object|embed|form|base)\b"
    assert not re.search(rf"{elements}|url\(|@import|\ssrc\s*=", html)


@each
@in_each_language
def test_links_lead_to_the_portal(name, language):
    letter = write(name, KINDS[name].sample(), language=language)
    links = re.findall(r'href="([^"]*)"', letter.html) + re.findall(r"https?://[^\s>]+", letter.text)
    assert links
    for link in links:
        assert link.startswith((f"{settings.PUBLIC_URL}/", settings.PUBLIC_URL)), link
        assert "@" not in link


@each
def test_text_and_html_lead_to_the_same_places(name):
    letter = write(name, KINDS[name].sample(), language="en")
    in_html = set(re.findall(r'href="([^"]*)"', letter.html)) - {f"{settings.PUBLIC_URL}/"}
    in_text = set(re.findall(r"https?://[^\s>]+", letter.text))
    assert in_html <= in_text | {link.rstrip("/") for link in in_text}


@each
def test_what_it_says_may_travel_by_mail(name):
    """tests/policy/mail.csv is typed by hand: who may read each thing that a kind of mail says. A new kind, or a new
    variable in its context, needs a row there (kind,variable,audience), and the audience may not be narrower than
    ``group`` unless it concerns the recipient alone."""
    listed = {row["variable"]: row["audience"] for row in policy() if row["kind"] == name}
    assert listed.keys() == KINDS[name].sample().keys(), f"add or remove rows of {name} in tests/policy/mail.csv"
    assert set(listed.values()) <= MAY_TRAVEL


def test_the_policy_speaks_of_no_other_kind():
    assert {row["kind"] for row in policy()} <= set(KINDS)


def test_there_is_no_template_without_a_kind():
    folders = {path.name for path in (settings.BASE_DIR / "templates" / "mail").iterdir() if path.is_dir()}
    assert folders == set(KINDS)
    for name in folders:
        files = {path.name for path in (settings.BASE_DIR / "templates" / "mail" / name).iterdir()}
        assert files == {"subject.txt", "text.txt", "html.html"}
