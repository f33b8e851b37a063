"""``@Ghana 30 Sep``: owners and days in three languages, and what is none of both."""

import datetime as dt
import time
from types import SimpleNamespace

import pytest

from meetings.queries.mentions import EACH_MEMBER, Directory, Owner, find, summary, unknown, without

TODAY = dt.date(2026, 3, 10)
NAMES = [
    ("Ghana", "Ghana", "Gana", "GH", "GHA"),
    ("Guinea", "Guinée", "Guiné", "GN", "GIN"),
    ("Guinea-Bissau", "Guinée-Bissau", "Guiné-Bissau", "GW", "GNB"),
    ("Côte d’Ivoire", "Côte d’Ivoire", "Côte d’Ivoire", "CI", "CIV"),
    ("Niger (the)", "Niger (le)", "Níger", "NE", "NER"),
    ("Nigeria", "Nigéria", "Nigéria", "NG", "NGA"),
    ("Gambia (the)", "Gambie (la)", "Gâmbia", "GM", "GMB"),
]
STATES = [
    SimpleNamespace(pk=pk, name_en=en, name_fr=fr, name_pt=pt, alpha2=two, alpha3=three)
    for pk, (en, fr, pt, two, three) in enumerate(NAMES, start=1)
]
GHANA, GUINEA, BISSAU, IVOIRE, NIGER, NIGERIA, GAMBIA = (Owner("state", state.pk) for state in STATES)
OFFICE = SimpleNamespace(
    pk=1, acronym_en="UNODC", acronym_fr="ONUDC", acronym_pt="UNODC", name_en="Office on Drugs", name_fr="", name_pt=""
)
UNODC = Owner("organisation", 1)
DIRECTORY = Directory(STATES, [OFFICE])


def read(text, today=TODAY):
    mentions = find(text, DIRECTORY, today)
    found = summary(mentions)
    return set(found.owners), found.due_on, without(text, mentions)


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("Ghana", GHANA), ("ghana", GHANA), ("Gana", GHANA), ("GH", GHANA), ("gha", GHANA),
        ("Guinea", GUINEA), ("Guinée", GUINEA), ("guinee", GUINEA),
        ("Guinea-Bissau", BISSAU), ("Guinea Bissau", BISSAU), ("Guiné-Bissau", BISSAU), ("a Guiné-Bissau", BISSAU),
        ("Côte d’Ivoire", IVOIRE), ("Cote d'Ivoire", IVOIRE), ("COTE D IVOIRE", IVOIRE), ("la Côte d’Ivoire", IVOIRE),
        ("Niger", NIGER), ("le Niger", NIGER), ("Nigeria", NIGERIA), ("Nigéria", NIGERIA),
        ("Gambia", GAMBIA), ("The Gambia", GAMBIA), ("la Gambie", GAMBIA),
        ("UNODC", UNODC), ("onudc", UNODC), ("Office on Drugs", UNODC),
        ("all", EACH_MEMBER), ("each", EACH_MEMBER), ("each member state", EACH_MEMBER), ("tous", EACH_MEMBER),
        ("todos os Estados-Membros", EACH_MEMBER),
    ],
)  # fmt: skip
def test_owners_by_name_code_and_acronym(name, owner):
    assert read(f"Send it. @{name}")[0] == {owner}


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("30 Sep", "2026-09-30"), ("30 sept.", "2026-09-30"), ("30 September 2027", "2027-09-30"),
        ("by 30 Sep", "2026-09-30"), ("September 30, 2027", "2027-09-30"), ("30/09/2026", "2026-09-30"),
        ("30.9.26", "2026-09-30"), ("30/09", "2026-09-30"), ("2026-09-30", "2026-09-30"),
        ("30 septembre", "2026-09-30"), ("avant le 1er mars", "2027-03-01"), ("d’ici au 3 août", "2026-08-03"),
        ("30 de setembro", "2026-09-30"), ("até 30 de setembro de 2027", "2027-09-30"), ("1º de março", "2027-03-01"),
        ("10 March", "2026-03-10"), ("9 March", "2027-03-09"), ("29 Feb", "2028-02-29"), ("5 dez", "2026-12-05"),
        ("1 January 2020", "2020-01-01"),
    ],
)  # fmt: skip
def test_days_in_three_languages(words, day):
    """Without a year it is the next such day; a day that is past is a day, and a warning elsewhere."""
    owners, due_on, rest = read(f"Send it. @Ghana {words}")
    assert owners == {GHANA}
    assert due_on == dt.date.fromisoformat(day)
    assert rest in ("Send it.", "Send it")


@pytest.mark.parametrize("words", ["31 Feb", "45/09/2026", "30 jui", "2026-13-01", "30 Sepia", "30/09/20261", "1 9999"])
def test_what_is_no_day_stays_in_the_text(words):
    owners, due_on, rest = read(f"Send it @Ghana {words}")
    assert (owners, due_on) == ({GHANA}, None)
    assert rest.endswith(words)


def test_several_owners_and_what_joins_them():
    assert read("Draft it. @Ghana, @Nigeria and @UNODC 30 Sep") == (
        {GHANA, NIGERIA, UNODC},
        dt.date(2026, 9, 30),
        "Draft it.",
    )
    assert read("(@Ghana 30 Sep) Draft it")[2] == "Draft it"
    assert read("Draft (@Ghana, 30/09/2026) the guide.")[2] == "Draft the guide."
    assert read("Draft the guide, @Ghana 30/09, and print it ; soon.\n @Niger")[2] == (
        "Draft the guide, and print it ; soon."
    )
    assert read("Draft it @2026-09-30")[:2] == (set(), dt.date(2026, 9, 30))


@pytest.mark.parametrize(
    "text", ["Write to a@ghana.example", "Ghana 30 Sep", "@Ghanaian food", "@", "@@", "@ Ghana", "x@GH", "@Farland 1"]
)
def test_what_is_no_mention(text):
    assert read(text) == (set(), None, text)


def test_names_that_nobody_has_are_reported():
    text = "Do @Gahna and @Nigeria, a@b.example, @Atlantis"
    assert unknown(text, find(text, DIRECTORY, TODAY)) == ["Gahna", "Atlantis"]


@pytest.mark.parametrize("text", ["‮@Ghana‬", "@Gһana", "<b>@Ghana</b>", "@Ghana'; DROP TABLE", "@Ghana\x00"])
def test_hostile_text_is_only_text(text):
    owners, _due_on, rest = read(text)
    assert owners <= {GHANA}
    assert "DROP" in rest or "DROP" not in text


@pytest.mark.parametrize("piece", ["@", "@a ", "@ghana ", "@ghana 1 ", "@ghana,", " @the ", "@d'", "@2026-09-30 ("])
def test_long_texts_take_no_time(piece):
    text = (piece * 20_000)[:20_000]
    started = time.perf_counter()
    read(text)
    assert time.perf_counter() - started < 2
