"""The demonstration's own sign-in page; outside demo mode there is no trace of it."""

import pytest
from django.test import Client
from django.urls import reverse

from members.access import viewer_for
from members.actions import load_group, load_states
from members.actions.demonstration import load_people
from members.enums import Role
from members.models import Person
from members.queries import PERSONAS, persona, personas
from tests.factories import WorkingGroupFactory, person_with

ADDRESS = "/demo/sign-in/"


ROLES = {
    "delegate-sn": Role.DELEGATE,
    "focal-gh": Role.FOCAL_POINT,
    "focal-cv": Role.FOCAL_POINT,
    "chair": Role.CHAIR,
    "secretariat": Role.SECRETARIAT,
    "observer": Role.OBSERVER,
    "partner": Role.PARTNER,
    "admin": Role.ADMINISTRATOR,
}


@pytest.fixture
def demo(settings, db):
    """Demo mode with the personas alone."""
    settings.DEMO = True
    WorkingGroupFactory()
    for key, role in ROLES.items():
        person_with(role, person={"email": PERSONAS[key], "full_name": key, "language": "fr"})


@pytest.fixture
def loaded(settings, db):
    """Demo mode with the people of the demonstration."""
    settings.DEMO = True
    load_group(by=None)
    load_states(by=None)
    load_people(by=None, seed=1)


@pytest.fixture
def elsewhere(settings, db):
    settings.DEMO = False
    WorkingGroupFactory()


class TestOutsideDemoMode:
    def test_the_page_does_not_exist(self, elsewhere, client):
        missing = client.get("/demo/sign-inn/")
        for response in (client.get(ADDRESS), client.post(ADDRESS, {"persona": "admin"}), client.put(ADDRESS)):
            assert response.status_code == missing.status_code == 404
        assert "_auth_user_id" not in client.session

    def test_a_post_without_token_is_told_the_same(self, elsewhere):
        client = Client(enforce_csrf_checks=True)
        assert client.post(ADDRESS, {"persona": "admin"}).status_code == 404

    def test_people_of_a_demonstration_cannot_come_in(self, loaded, settings, client):
        settings.DEMO = False
        assert client.post(ADDRESS, {"persona": "admin"}).status_code == 404
        assert not any(person.has_usable_password() for person in Person.objects.all())


class TestDemoMode:
    def test_one_button_for_each_persona(self, demo, client):
        page = client.get(ADDRESS).content.decode()
        for key in PERSONAS:
            assert page.count(f'name="persona" value="{key}"') == 1
        assert page.count('name="persona"') == 8
        assert "demonstration data" in page

    def test_buttons_speak_the_readers_language(self, loaded, client):
        client.cookies["language"] = "fr"
        page = client.get(ADDRESS).content.decode()
        assert "Sénégal" in page
        assert "Gambie" in page

    @pytest.mark.parametrize("key", PERSONAS)
    def test_signs_in_and_lands_on_a_page(self, demo, client, key):
        response = client.post(ADDRESS, {"persona": key})
        assert response.status_code == 302
        assert response.url == reverse("home")
        person = Person.objects.get(pk=client.session["_auth_user_id"])
        assert person.email == PERSONAS[key]
        landed = client.get(reverse("region"))
        assert landed.status_code == 200
        assert landed.headers["Content-Language"] == person.language
        assert person.full_name in landed.content.decode()

    def test_what_the_personas_are(self, loaded):
        offices = {}
        for key in PERSONAS:
            person = persona(key)
            viewer = viewer_for(person)
            (role,) = viewer.roles
            (term,) = person.terms.all()
            place = term.state.alpha2 if term.state else term.organisation.key if term.organisation else ""
            offices[key] = (role, place, person.language)
        assert offices == {
            "delegate-sn": ("delegate", "SN", "fr"),
            "focal-gh": ("focal_point", "GH", "en"),
            "focal-cv": ("focal_point", "CV", "pt"),
            "chair": ("chair", "GM", "en"),
            "secretariat": ("secretariat", "", "en"),
            "observer": ("observer", "GA", "fr"),
            "partner": ("partner", "unodc", "en"),
            "admin": ("administrator", "", "en"),
        }

    def test_the_session_is_a_fresh_one(self, demo, client):
        client.post(ADDRESS, {"persona": "secretariat"})
        session = client.session
        session["left behind"] = "yes"
        session.save()
        client.post(ADDRESS, {"persona": "observer"})
        assert "left behind" not in client.session
        assert client.session.session_key != session.session_key

    @pytest.mark.parametrize("key", ["", "nobody", "ADMIN", "secretariat-2@iwg.demo.invalid"])
    def test_an_unknown_persona_gets_the_page_with_an_error(self, demo, client, key):
        response = client.post(ADDRESS, {"persona": key})
        assert response.status_code == 400
        page = response.content.decode()
        assert "There is no such person in the demonstration." in page
        assert page.count('name="persona"') == 8
        assert "_auth_user_id" not in client.session

    def test_a_deactivated_persona_is_none(self, demo, client):
        Person.objects.filter(email=PERSONAS["admin"]).update(is_active=False)
        assert client.post(ADDRESS, {"persona": "admin"}).status_code == 400
        assert "admin" not in [entry.key for entry in personas()]

    def test_leads_on_to_a_page_of_ours_only(self, demo, client):
        asked = f"{ADDRESS}?next=/compare/%3Fstate%3Dgh"
        page = client.get(asked).content.decode()
        assert 'action="/demo/sign-in/?next=%2Fcompare%2F%3Fstate%3Dgh"' in page
        assert client.post(asked, {"persona": "chair"}).url == "/compare/?state=gh"
        assert client.post(ADDRESS, {"persona": "chair", "next": "/states/"}).url == "/states/"
        for target in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "profile", "?q=1", ".."):
            assert client.post(ADDRESS, {"persona": "chair", "next": target}).url == reverse("home")

    def test_needs_the_token(self, demo):
        client = Client(enforce_csrf_checks=True)
        assert client.post(ADDRESS, {"persona": "admin"}).status_code == 403
        client.get(ADDRESS)
        token = client.cookies["csrftoken"].value
        response = client.post(ADDRESS, {"persona": "admin", "csrfmiddlewaretoken": token})
        assert response.status_code == 302

    def test_other_methods_are_refused(self, demo, client):
        assert client.put(ADDRESS).status_code == 405

    def test_the_ordinary_page_shows_the_way(self, demo, client):
        page = client.get(f"{reverse('account_login')}?next=/region/").content.decode()
        assert 'href="/demo/sign-in/?next=/region/"' in page

    def test_without_people_the_page_says_so(self, settings, db, client):
        settings.DEMO = True
        WorkingGroupFactory()
        page = client.get(ADDRESS).content.decode()
        assert "The demonstration data are not loaded" in page
        assert client.post(ADDRESS, {"persona": "admin"}).status_code == 400
