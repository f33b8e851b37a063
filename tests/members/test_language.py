"""Language by account, else by this browser's choice, else by the browser; the same page stays."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from iwg_portal.activity.models import Event
from tests.cast import sign_in as sign_in_as
from tests.factories import PersonFactory, WorkingGroupFactory

COOKIE = settings.LANGUAGE_COOKIE_NAME


@pytest.fixture(autouse=True)
def _group(db):
    WorkingGroupFactory()


def choose(client, language, back="/sign-in/"):
    return client.post(reverse("set_language"), {"language": language, "next": back})


def language_of(client, **headers) -> str:
    response = client.get(reverse("account_signup"), headers=headers)
    language = response.headers["Content-Language"]
    assert f'<html lang="{language}">' in response.content.decode()
    assert {"Accept-Language", "Cookie"} <= {part.strip() for part in response.headers["Vary"].split(",")}
    return language


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-SN,fr;q=0.9,en;q=0.5", "fr"),
        ("pt-PT", "pt"),
        ("pt-br", "pt"),
        ("de,pt;q=0.4", "pt"),
        ("ar", "en"),
    ],
)
def test_the_browser_decides_first(client, browser, expected):
    assert language_of(client, **({"accept-language": browser} if browser else {})) == expected


def test_the_choice_in_this_browser_comes_before(client):
    choose(client, "pt")
    assert client.cookies[COOKIE].value == "pt"
    assert language_of(client, **{"accept-language": "fr"}) == "pt"


def test_the_account_comes_before_both():
    client = Client()
    sign_in_as(client, PersonFactory(language="fr"))
    client.cookies[COOKIE] = "pt"
    assert language_of(client, **{"accept-language": "en"}) == "fr"


def test_an_account_without_a_language_follows_the_browser():
    client = Client()
    sign_in_as(client, PersonFactory(language=""))
    assert language_of(client, **{"accept-language": "pt"}) == "pt"


def test_an_unknown_cookie_is_ignored(client):
    client.cookies[COOKIE] = "xx"
    assert language_of(client, **{"accept-language": "fr"}) == "fr"


def test_a_choice_is_kept_with_the_account():
    person = PersonFactory(language="en")
    client = Client()
    sign_in_as(client, person)
    choose(client, "fr")
    person.refresh_from_db()
    assert person.language == "fr"
    assert [event.kind for event in Event.objects.all()] == ["person.language_chosen"]
    choose(client, "fr")
    assert Event.objects.count() == 1
    other_device = Client()
    sign_in_as(other_device, person)
    assert language_of(other_device, **{"accept-language": "en"}) == "fr"


def test_nobody_signed_in_leaves_no_event(client):
    choose(client, "fr")
    assert not Event.objects.exists()


@pytest.mark.parametrize("page", ["/sign-in/", "/compare/?state=gh&state=sn&q=a%20b", "/glossary/?q=%C3%A9"])
def test_the_same_page_stays_query_included(client, page):
    response = choose(client, "fr", page)
    assert response.status_code == 302
    assert response.url == page


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "", "\x00//evil"]
)
def test_never_leads_to_another_host(client, target):
    response = choose(client, "fr", target)
    assert response.url == reverse("home")


@pytest.mark.parametrize("target", ["elsewhere", "profile", "region", "?q=1", "#top", "..", "/" + "x" * 9000])
def test_what_is_no_path_leads_home(client, target):
    response = choose(client, "fr", target)
    assert response.status_code == 302
    assert response.url == reverse("home")


def test_the_switch_of_an_error_page_leads_home():
    """An old token is refused by a page with a switch of its own, which must not lead to an address without a page."""
    client = Client(enforce_csrf_checks=True)
    page = choose(client, "fr").content.decode()
    token, back = (re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("csrfmiddlewaretoken", "next"))
    response = client.post(reverse("set_language"), {"language": "fr", "next": back, "csrfmiddlewaretoken": token})
    assert response.status_code == 302
    assert client.get(response.url).status_code == 200


@pytest.mark.parametrize("language", ["", "xx", "fr-FR", "en\r\nSet-Cookie: a=b"])
def test_an_unknown_language_is_a_bad_request(client, language):
    response = choose(client, language)
    assert response.status_code == 400
    assert COOKIE not in response.cookies


def test_only_by_post(client):
    assert client.get(reverse("set_language")).status_code == 405


def test_needs_the_token():
    client = Client(enforce_csrf_checks=True)
    assert choose(client, "fr").status_code == 403


def test_the_switch_returns_to_the_page_it_stands_on(client):
    page = client.get("/sign-in/?next=/region/").content.decode()
    assert '<input type="hidden" name="next" value="/sign-in/?next=/region/">' in page
