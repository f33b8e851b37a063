"""The catalogues are complete, and the check that says so can fail."""

import os
import shutil

import polib
import pytest
from django.conf import settings

from iwg_portal.base import translations

TEXTS = {("", "Region", ""), ("", "%(count)s state", "%(count)s states"), ("", "Round %(year)s", "")}


@pytest.fixture
def root(tmp_path):
    """Complete catalogues of ``TEXTS``."""
    for language in translations.LANGUAGES:
        catalogue = polib.POFile()
        for context, msgid, plural in sorted(TEXTS):
            entry = polib.POEntry(msgid=msgid, msgid_plural=plural, msgctxt=context or None)
            if language != "en":
                entry.msgstr = "" if plural else f"¡{msgid}"
                entry.msgstr_plural = {0: f"¡{msgid}", 1: f"¡{plural}"} if plural else {}
            catalogue.append(entry)
        file = translations.path(tmp_path, language)
        file.parent.mkdir(parents=True)
        catalogue.save(str(file))
    return tmp_path


def change(root, text, **values):
    file = str(translations.path(root, "fr"))
    catalogue = polib.pofile(file)
    entry = catalogue.find(text)
    for name, value in values.items():
        setattr(entry, name, value)
    catalogue.save(file)


def test_complete_catalogues_have_no_problem(root):
    assert translations.problems(root, TEXTS) == []


def test_english_texts_need_no_translation(root):
    assert polib.pofile(str(translations.path(root, "en"))).find("Region").msgstr == ""


@pytest.mark.parametrize(
    ("msgid", "values", "problem"),
    [
        ("Region", {"msgstr": ""}, "not translated"),
        ("Region", {"flags": ["fuzzy"]}, "fuzzy"),
        ("%(count)s state", {"msgstr_plural": {0: "un état", 1: ""}}, "not translated"),
        ("Round %(year)s", {"msgstr": "Cycle %(annee)s"}, "other placeholders in the translation"),
        ("Round %(year)s", {"msgstr": "Cycle"}, "other placeholders in the translation"),
        ("Region", {"msgid": "Regions"}, "stale (no source says this any more)"),
    ],
)
def test_each_fault_is_named(root, msgid, values, problem):
    change(root, msgid, **values)
    assert f"fr: {problem}: {values.get('msgid', msgid)!r}" in translations.problems(root, TEXTS)


@pytest.mark.parametrize(
    "words", ["Région !", "Région\u00a0?", "Région;", "«Région\u202f»", "Région : une", "Région\u202f: une"]
)
def test_french_spaces_are_asked_for(root, words):
    change(root, "Region", msgstr=words)
    assert ["not the French space at" in line for line in translations.problems(root, TEXTS)] == [True]


@pytest.mark.parametrize("words", ["Région\u202f; «\u202fune\u202f»\u00a0: 10:42", "NA: motif, https://example.org"])
def test_french_spaces_as_they_should_be(root, words):
    change(root, "Region", msgstr=words)
    assert translations.problems(root, TEXTS) == []


def test_a_text_that_is_in_no_catalogue(root):
    assert translations.problems(root, TEXTS | {("", "New", "")}) == [
        f"{language}: missing: 'New'" for language in translations.LANGUAGES
    ]


def test_a_missing_catalogue(root):
    translations.path(root, "pt").unlink()
    assert translations.problems(root, TEXTS) == ["pt: iwg_portal/locale/pt/LC_MESSAGES/django.po does not exist"]


def test_the_singular_may_leave_its_number_out(root):
    change(root, "%(count)s state", msgstr_plural={0: "un état", 1: "%(count)s états"})
    assert "other placeholders" not in " ".join(translations.problems(root, {("", "Region", "")}))


def test_gettext_missing_is_said(monkeypatch):
    monkeypatch.setattr(translations.shutil, "which", lambda program: None)
    with pytest.raises(translations.MissingGettext, match="apt-get install gettext"):
        translations.require_gettext()


def test_every_text_of_the_portal_is_translated():
    if shutil.which("xgettext") is None:
        if os.environ.get("CI"):
            pytest.fail("GNU gettext is missing.")
        pytest.skip("GNU gettext is not installed.")
    wanted = translations.texts_in_sources(settings.BASE_DIR, os.environ)
    assert len(wanted) > 100
    assert translations.problems(settings.BASE_DIR, wanted) == []
