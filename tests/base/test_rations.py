"""One person has so many files made within a time, of all lists and documents together, and is told when to return."""

import re

import pytest
from django.core.cache import cache

from iwg_portal.activity.models import Event
from iwg_portal.summaries import actions
from iwg_portal.summaries.models import Summary
from members.enums import Audience
from members.models import Person
from tests.factories import RoundFactory, framework
from tests.factories.members import stored_file
from tests.summaries.test_summaries import plain

pytestmark = pytest.mark.django_db
LISTS = ("/glossary/export/csv/", "/decisions/export/xlsx/", "/actions/export/csv/")


@pytest.fixture(autouse=True)
def few(settings):
    cache.clear()
    settings.FILE_RATES = {
        "made": "3/10m/user",
        "stored": "2/10m/user",
        "ordered": "2/10m/user",
        "anonymous": "2/10m/ip",
    }


def test_lists_of_all_rooms_count_together_and_the_next_waits(cast):
    client = cast.client("own_delegate")
    assert [client.get(each).status_code for each in LISTS] == [200, 200, 200]
    before = Event.objects.filter(kind="file.exported").count()
    answer = client.get("/glossary/export/xlsx/")
    assert answer.status_code == 429
    assert "Content-Disposition" not in answer
    assert 590 <= int(answer["Retry-After"]) <= 600
    page = plain(answer)
    assert "The next one can be had in 10 minutes." in page
    assert 'href="/glossary/export/xlsx/"' in answer.content.decode()
    assert Event.objects.filter(kind="file.exported").count() == before
    assert client.get("/glossary/").status_code == 200  # pages go on


def test_a_neighbour_is_not_held_up(cast):
    for _again in range(4):
        last = cast.client("own_delegate").get(LISTS[0])
    assert last.status_code == 429
    assert cast.client("own_focal_point").get(LISTS[0]).status_code == 200


@pytest.mark.parametrize(
    ("language", "title"), [("fr", "Trop de documents à la fois"), ("pt", "Demasiados documentos de uma só vez")]
)
def test_it_is_told_in_the_readers_language(cast, language, title):
    Person.objects.filter(pk=cast.person("own_delegate").pk).update(language=language)
    client = cast.client("own_delegate")
    for _again in range(4):
        answer = client.get(LISTS[0], headers={"Accept-Language": language})
    assert answer.status_code == 429
    assert title in plain(answer)
    assert re.search(r'<html[^>]* lang="(fr|pt)"', answer.content.decode())


def test_what_is_not_handed_out_does_not_count(cast):
    client = cast.client("own_delegate")
    assert {client.get("/glossary/export/pdf/").status_code for _again in range(5)} == {404}
    assert client.get(LISTS[0]).status_code == 200


def test_when_the_time_is_over_there_is_more(cast, settings):
    settings.FILE_RATES = {"made": "1/0.001s/user"}
    client = cast.client("own_delegate")
    assert {client.get(LISTS[0]).status_code for _again in range(3)} == {200}


def test_without_a_cache_nobody_is_refused(cast, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    client = cast.client("own_delegate")
    assert {client.get(LISTS[0]).status_code for _again in range(5)} == {200}


def test_orders_of_summaries_have_a_ration_of_their_own(cast):
    RoundFactory(edition=framework())
    client = cast.client("chair")
    for _again in range(2):
        assert client.post("/summaries/", {"scope": "both"}).status_code == 302
        actions.build_waiting()
    answer = client.post("/summaries/", {"scope": "both"})
    assert answer.status_code == 429
    assert "Too many documents at once" in plain(answer)
    assert Summary.objects.count() == 2
    assert client.get("/summaries/").status_code == 200


def test_stored_files_and_strangers_have_rations_of_their_own(cast):
    """Many papers at once are no reason to make no list; and what is public is fetched by whoever comes along."""
    paper = stored_file(cast.own, cast.viewer("own_focal_point"), audience=Audience.PUBLIC)
    client = cast.client("own_delegate")
    assert [client.get(f"/files/{paper.pk}/").status_code for _again in range(3)] == [200, 200, 429]
    assert client.get(LISTS[0]).status_code == 200
    stranger = cast.client("anonymous")
    assert [stranger.get(f"/files/{paper.pk}/").status_code for _again in range(3)] == [200, 200, 429]
