"""The glossary: three languages side by side, found by any of them."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from capabilities.actions.reference import load_framework
from capabilities.models import GlossaryTerm
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db
URL = "/glossary/"


def term(key, en, fr, pt, **more):
    row = {"key": key, "term_en": en, "term_fr": fr, "term_pt": pt}
    row |= {f"definition_{language}": f"{key} defined" for language in ("en", "fr", "pt")}
    return GlossaryTerm.objects.create(**row | more)


@pytest.fixture
def world(cast):
    term("unit", "Unit", "Unité", "Unidade", abbreviation_fr="UIP", see_also=["record", "gone"])
    term("record", "Record", "Dossier", "Registo", definition_fr="Reçu par l’unité.")
    term("agreement", "Agreement", "Protocole d’accord", "Acordo", note_pt="O uso varia.")
    return cast


def keys(page):
    return re.findall(r'<article class="iwg-entry" id="([a-z0-9-]+)">', page.content.decode())


def test_all_terms_side_by_side_in_the_order_of_the_readers_language(world):
    page = world.client("observer").get(URL)
    assert keys(page) == ["agreement", "record", "unit"]
    assert "EN Unit" in text(page)
    assert "FR Unité (UIP)" in text(page)
    assert 'lang="pt"' in page.content.decode()
    reader = world.person("observer")
    reader.language = "fr"
    reader.save()
    assert keys(world.client("observer").get(URL)) == ["record", "agreement", "unit"]


def test_see_also_leads_to_terms_that_exist(world):
    page = world.client("observer").get(URL).content.decode()
    assert 'href="#record">Record</a>' in page
    assert "gone" not in page
    found = world.client("observer").get(URL, {"q": "unidade"}).content.decode()
    assert 'href="/glossary/#record">Record</a>' in found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("unité", ["unit", "record"]),  # the term itself, then where it is mentioned
        ("UNITE", ["unit", "record"]),
        ("uip", ["unit"]),
        ("protocole d'accord", ["agreement"]),
        ("uso varia", ["agreement"]),
        ("nowhere", []),
        ("’'-", []),
    ],
)
def test_search_in_every_language_with_or_without_accents(world, asked, found):
    page = world.client("observer").get(URL, {"q": asked})
    assert keys(page) == found
    assert f"{len(found)} of 3 terms match" in text(page)


def test_what_was_asked_is_shown_as_text(world):
    page = world.client("observer").get(URL, {"q": '"><script>'}).content.decode()
    assert "<script>" not in page
    assert "&quot;&gt;&lt;script&gt;" in page


@pytest.mark.parametrize("part", ["stranger", "ex_member"])
def test_without_an_office_there_is_no_glossary(world, part):
    assert world.client(part).get(URL).status_code == 404


def test_same_number_of_queries_at_one_and_at_more_terms(world):
    client = world.client("partner")
    counts = []
    for number in range(2):
        client.get(URL)
        with CaptureQueriesContext(connection) as seen:
            client.get(URL)
        counts.append(len(seen))
        term(f"more-{number}", "More", "Plus", "Mais")
    assert counts[0] == counts[1] <= 6


def test_the_groups_own_terms_are_all_there(cast):
    load_framework(by=None)
    page = cast.client("own_delegate").get(URL)
    assert len(keys(page)) == 46
    assert "46 terms in English, French and Portuguese" in text(page)
    assert len(keys(cast.client("own_delegate").get(URL, {"q": "RPCV"}))) >= 3
