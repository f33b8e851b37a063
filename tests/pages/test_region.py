"""The region page: what each reader sees, that it agrees with the rows, and that it stays flat."""

import datetime as dt
import re

import pytest
from django.utils import translation

from capabilities.models import GlossaryTerm, Indicator
from iwg_portal.base import kept
from tests.factories import (
    MemberStateFactory,
    RoundFactory,
    StateFactory,
    StatusReportFactory,
    declare,
    framework,
)

pytestmark = pytest.mark.django_db
URL = "/region/"
FOR_YOU, FOR_YOU_KEPT = 2, 0  # queries for the card that is the reader's own


@pytest.fixture
def world(cast):
    """Two rounds; the own state went from development to pilot, the other operates, a third is silent."""
    edition = framework()
    rounds = [RoundFactory(year=2023, edition=edition), RoundFactory(year=2024, edition=edition)]
    cast.silent = MemberStateFactory(label="Silentland")
    for state, steps, levels in (
        (cast.own, ("development", "pilot"), (1, 2)),
        (cast.other, ("op_batch", "op_batch"), (3, 3)),
    ):
        for round_, step, level in zip(rounds, steps, levels, strict=True):
            StatusReportFactory(state=state, delivery=step, as_of=round_.reference_date)
            declare(state, round_, level)
    return cast


def text(response):
    """The page as read: no tags, single spaces."""
    html = re.sub(r"<svg.*?</svg>", " ", response.content.decode(), flags=re.S)
    return re.sub(r" ([.,])", r"\1", " ".join(re.sub(r"<[^>]+>", " ", html).split()))


def row(response, name):
    rows = re.findall(r"<tr>.*?</tr>", response.content.decode(), flags=re.S)
    return next(" ".join(re.sub(r"<[^>]+>", " ", r).split()) for r in rows if f">{name}<" in r)


def test_opens_with_what_is_true(world):
    page = text(world.client("own_delegate").get(URL))
    assert "API is in operation in 1 of 3 member states, and PNR in 0 of 3." in page
    assert "The 2024 self-assessment was published by 2 of 3." in page


def test_each_state_has_its_status_and_means_with_the_change_since_the_round_before(world):
    page = world.client("own_delegate").get(URL)
    assert row(page, "Ownland").startswith(f"{world.own.alpha2} Ownland pilot")
    assert "2.0 2.0 2.0 ▲ up 1.0 since 2023" in row(page, "Ownland")
    assert "3.0 3.0 3.0" in row(page, "Otherland")
    assert "▲" not in row(page, "Otherland")


def test_a_step_up_or_down_names_the_step_before(world):
    page = world.client("own_delegate").get(URL)
    assert row(page, "Ownland").startswith(f"{world.own.alpha2} Ownland pilot ▲ further than in 2023 (development)")
    StatusReportFactory(state=world.own, delivery="planned", as_of=dt.date(2024, 12, 31))
    page = world.client("own_delegate").get(URL)
    assert "planned ▼ less far than in 2023 (development)" in row(page, "Ownland")


def test_a_silent_state_is_not_a_zero(world):
    page = world.client("own_delegate").get(URL)
    silent = row(page, "Silentland")
    assert "No report" in silent
    assert "not declared" in silent
    assert not re.search(r"\b0", silent)


def test_an_earlier_round_shows_status_and_levels_as_they_were(world):
    page = world.client("own_delegate").get(URL, {"round": "2023"})
    assert "development" in row(page, "Ownland")
    assert "1.0 1.0 1.0" in row(page, "Ownland")
    assert "31 December 2023" in text(page)


def test_median_and_middle_half_stand_with_n_of_n(world):
    page = text(world.client("own_delegate").get(URL))
    assert "2.5" in page
    assert "middle half 2.3 to 2.8" in page
    assert "2 of 3" in page


def test_an_area_opens_to_its_indicators(world):
    page = world.client("own_delegate").get(URL, {"area": "AR1"})
    head = re.search(r"<thead>.*?</thead>", page.content.decode(), flags=re.S).group(0)
    assert "AR1-1" in head
    assert "AR1-2" in head
    assert "AR2" not in head


def test_terms_in_what_the_indicators_ask_have_their_definition(world):
    Indicator.objects.filter(code="AR1-1").update(title_en="Has a single window <now>")
    GlossaryTerm.objects.create(key="window", term_en="Single window", definition_en="One door for all.")
    page = world.client("own_delegate").get(URL, {"area": "AR1"}).content.decode()
    assert re.search(r'Has a <span class="iwg-term" tabindex="0"[^>]*>single window<span[^>]*>One door for all\.', page)
    assert "&lt;now&gt;" in page


def test_htmx_gets_the_table_and_history_restore_the_page(world):
    client = world.client("own_delegate")
    fragment = client.get(URL, {"area": "AR1"}, headers={"HX-Request": "true"})
    assert fragment.content.lstrip().startswith(b'<section class="iwg-card" id="states-card">')
    assert "HX-Request" in fragment["Vary"]
    whole = client.get(URL, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<!doctype html>" in whole.content


def test_unknown_choices_fall_back_to_the_newest_round(world):
    for asked in ({"round": "1999"}, {"round": "²024"}, {"scope": "api"}, {"area": "<b>"}):
        page = world.client("own_delegate").get(URL, asked)
        assert page.status_code == 200
        assert "2.0 2.0 2.0" in row(page, "Ownland")


@pytest.mark.parametrize("asked", ["1999", "²024", "newest"])
def test_an_unknown_round_is_said(world, asked):
    page = text(world.client("own_delegate").get(URL, {"round": asked}))
    assert "There is no such round" in page
    assert "What follows is the newest one, 2024." in page


def test_a_known_round_and_none_at_all_need_no_word(world):
    for asked in ({"round": "2023"}, {"round": ""}, {}):
        assert "There is no such round" not in text(world.client("own_delegate").get(URL, asked))


@pytest.mark.parametrize("part", ["observer", "partner", "administrator"])
def test_those_outside_the_members_see_status_and_never_a_level(world, part):
    page = world.client(part).get(URL)
    assert "pilot" in row(page, "Ownland")
    assert "iwg-lv" not in page.content.decode()
    assert "self-assessment was published" not in text(page)
    opened = world.client(part).get(URL, {"area": "AR1"})
    assert "iwg-lv" not in opened.content.decode()


def test_the_administrator_sees_only_how_complete_an_answer_is(world):
    assert "4 of 4" in row(world.client("administrator").get(URL), "Ownland")
    assert "4 of 4" not in row(world.client("observer").get(URL), "Ownland")


def test_an_assessment_that_is_not_shared_looks_like_none(world):
    hidden = MemberStateFactory(label="Hiddenland")
    declare(hidden, RoundFactory(year=2024), 4, audience="secretariat")
    seen = row(world.client("other_delegate").get(URL), "Hiddenland").removeprefix(hidden.alpha2)
    silent = row(world.client("other_delegate").get(URL), "Silentland").removeprefix(world.silent.alpha2)
    assert seen.replace("Hiddenland", "") == silent.replace("Silentland", "")
    assert "4.0" in row(world.client("secretariat").get(URL), "Hiddenland")


def test_states_stand_in_the_order_of_the_readers_language(world):
    coast = StateFactory(
        name_en="Ivory", name_fr="Zvoire", name_pt="Ivory", sort_name_en="ivory", sort_name_fr="zvoire"
    )
    coast.participations.create(kind="member", starts_on=dt.date(2022, 1, 1))
    reader = world.person("own_delegate")
    orders = {}
    for language in ("en", "fr"):
        reader.language = language
        reader.save()
        with translation.override(None):
            page = world.client("own_delegate").get(URL).content.decode()
        orders[language] = re.findall(r'<a href="/states/[a-z]+/">([A-Za-z]+)</a></th>', page)
    assert orders["en"] == ["Ivory", "Otherland", "Ownland", "Silentland"]
    assert orders["fr"] == ["Otherland", "Ownland", "Silentland", "Zvoire"]


def test_a_state_that_left_is_gone_today_and_still_in_the_round_it_took_part_in(world):
    world.other.participations.update(ends_on=dt.date(2024, 6, 1))
    client = world.client("own_delegate")
    assert "Otherland" not in client.get(URL).content.decode()
    assert "Otherland" in client.get(URL, {"round": "2023"}).content.decode()


def test_an_empty_portal_says_so(cast):
    assert "API is in operation in 0 of 1 member states" in text(cast.client("own_delegate").get(URL))


def test_queries_stay_the_same_as_states_and_rounds_grow(world, django_assert_num_queries):
    client = world.client("own_delegate")

    def count(expected, **asked):
        kept.forget()
        with django_assert_num_queries(expected):
            client.get(URL, asked)

    client.get(URL, {"area": "AR1"})  # the words of framework and glossary are read once per process
    count(10 + FOR_YOU)
    for number in range(12):
        state = MemberStateFactory(label=f"More {number}")
        for year in (2021, 2022, 2023, 2024):
            StatusReportFactory(state=state, as_of=dt.date(year, 12, 31))
            declare(state, RoundFactory(year=year), number % 5, refresh=False)
    count(10 + FOR_YOU)
    count(11 + FOR_YOU, area="AR1")


def test_a_kept_page_is_read_with_few_queries_and_never_outlives_a_change(world, django_assert_num_queries):
    client = world.client("own_delegate")
    first = client.get(URL).content
    with django_assert_num_queries(5 + FOR_YOU_KEPT):
        again = client.get(URL).content
    assert first[first.index(b"<main") : first.index(b"</main")] in again
    StatusReportFactory(state=world.own, delivery="op_batch", as_of=dt.date(2025, 6, 1))
    assert "op_batch" in row(client.get(URL), "Ownland")


def test_a_kept_page_is_not_shared_between_rights(world):
    hidden = MemberStateFactory(label="Hiddenland")
    declare(hidden, RoundFactory(year=2024), 4, audience="secretariat")
    assert "4.0" in row(world.client("secretariat").get(URL), "Hiddenland")
    for part in ("own_delegate", "own_focal_point", "other_delegate", "chair", "observer", "administrator"):
        assert "4.0" not in row(world.client(part).get(URL), "Hiddenland")
