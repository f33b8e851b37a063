"""Sign-in by e-mail address, sign-out, and the closed sign-up."""

import re

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import NoReverseMatch, reverse

from iwg_portal.base.hashing import PortalArgon2Hasher
from members.enums import Role
from members.models import Term
from tests.cast import sign_in as sign_in_as
from tests.factories import PersonFactory, WorkingGroupFactory, person_with

PASSPHRASE = "correct horse battery"
ADDRESS = "delegate@test.invalid"


@pytest.fixture(autouse=True)
def _quick(settings, db):
    """One round of hashing instead of a million, and counters of this test alone."""
    from django.core.cache import cache

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    WorkingGroupFactory()


@pytest.fixture
def delegate():
    return person_with(Role.DELEGATE, person={"email": ADDRESS, "password": PASSPHRASE})


def sign_in(client, address=ADDRESS, passphrase=PASSPHRASE, **more):
    return client.post(reverse("account_login"), {"login": address, "password": passphrase, **more})


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def plain(response) -> str:
    """The page without what differs between any two answers: tokens, times, the address that was typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode())
    text = re.sub(r"<time.*?</time>", "", text)
    return re.sub(r"[\w.-]+@test\.invalid", "", text)


class TestSignIn:
    def test_opens_the_portal(self, client, delegate):
        response = sign_in(client)
        assert response.status_code == 302
        assert response.url == reverse("home")
        assert client.session["_auth_user_id"] == str(delegate.pk)

    def test_address_in_any_case_and_with_spaces(self, client, delegate):
        sign_in(client, address=" Delegate@Test.invalid ")
        assert signed_in(client)

    def test_the_page_asked_for_comes_after(self, client, delegate):
        asked = client.get(reverse("region"))
        assert asked.status_code == 302
        assert asked.url == f"{reverse('account_login')}?next={reverse('region')}"
        page = client.get(asked.url).content.decode()
        assert f'name="next" value="{reverse("region")}"' in page
        assert sign_in(client, next=reverse("region")).url == reverse("region")

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil"])
    def test_never_leads_to_another_host(self, client, delegate, target):
        assert sign_in(client, next=target).url == reverse("home")

    def test_a_new_session_key(self, client, delegate):
        client.session["before"] = "yes"
        before = client.session.session_key
        sign_in(client)
        assert client.session.session_key != before

    def test_needs_the_token(self, delegate):
        client = Client(enforce_csrf_checks=True)
        assert sign_in(client).status_code == 403
        assert not signed_in(client)

    def test_one_answer_for_unknown_wrong_unusable_and_deactivated(self, client, delegate):
        PersonFactory(email="closed@test.invalid", password=PASSPHRASE, is_active=False)
        PersonFactory(email="without@test.invalid")
        answers = {
            plain(sign_in(client, address, passphrase))
            for address, passphrase in (
                ("nobody@test.invalid", PASSPHRASE),
                (ADDRESS, "wrong passphrase"),
                ("without@test.invalid", "wrong passphrase"),
                ("closed@test.invalid", PASSPHRASE),
                ("closed@test.invalid", "wrong passphrase"),
            )
        }
        assert len(answers) == 1
        assert "The e-mail address or the passphrase is not correct." in answers.pop()
        assert not signed_in(client)

    def test_unknown_addresses_cost_a_hash_too(self, client, monkeypatch):
        hashed = []
        monkeypatch.setattr("members.models.Person.set_password", lambda self, raw: hashed.append(raw))
        sign_in(client, "nobody@test.invalid")
        assert hashed == [PASSPHRASE]

    @pytest.mark.parametrize(
        ("address", "passphrase"),
        [
            ("nobody@test.invalid", PASSPHRASE),
            (ADDRESS, "wrong passphrase"),
            ("without@test.invalid", PASSPHRASE),
            ("closed@test.invalid", PASSPHRASE),
            ("closed@test.invalid", "wrong passphrase"),
            (ADDRESS, PASSPHRASE),
        ],
    )
    def test_each_attempt_costs_one_hash_whoever_it_names(self, client, settings, monkeypatch, address, passphrase):
        """A hash takes a hundred times as long as all the rest: one for each means the same time."""
        settings.PASSWORD_HASHERS = ["iwg_portal.base.hashing.PortalArgon2Hasher"]
        person_with(Role.DELEGATE, person={"email": ADDRESS, "password": PASSPHRASE})
        PersonFactory(email="closed@test.invalid", password=PASSPHRASE, is_active=False)
        PersonFactory(email="without@test.invalid")
        hashed = []
        for name in ("encode", "verify"):
            original = getattr(PortalArgon2Hasher, name)
            monkeypatch.setattr(
                PortalArgon2Hasher, name, lambda self, *args, at=original: hashed.append(1) or at(self, *args)
            )
        sign_in(client, address, passphrase)
        assert len(hashed) == 1

    def test_many_failures_close_the_address_for_a_while(self, client, delegate):
        for _ in range(10):
            sign_in(client, passphrase="wrong passphrase")
        response = sign_in(client)
        assert "Too many failed attempts." in response.content.decode()
        assert not signed_in(client)

    def test_a_flood_from_one_network_gets_a_page_of_ours(self, client, settings, monkeypatch):
        monkeypatch.setattr("allauth.account.app_settings.AppSettings.RATE_LIMITS", {"login": "2/m/ip"})
        answers = [sign_in(client, f"{number}@test.invalid") for number in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "Wait a minute and try again." in answers[-1].content.decode()

    def test_the_page_offers_nothing_that_does_not_work(self, client):
        page = client.get(reverse("account_login")).content.decode()
        assert "password/reset" not in page
        assert reverse("account_signup") not in page
        assert "Ask the focal point of your state or the secretariat." in page
        assert "<script>" not in page
        assert " style=" not in page
        for name in ("account_reset_password", "account_email", "account_change_password", "account_inactive"):
            with pytest.raises(NoReverseMatch):
                reverse(name)

    def test_no_trace_of_the_demonstration(self, client):
        assert "/demo/" not in client.get(reverse("account_login")).content.decode()

    @pytest.mark.parametrize("language", ["en", "fr", "pt"])
    def test_in_three_languages(self, client, language):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        response = client.get(reverse("account_login"))
        assert f'<html lang="{language}">' in response.content.decode()

    def test_a_signed_in_person_is_sent_on(self, client, delegate):
        sign_in(client)
        assert client.get(reverse("account_login")).status_code == 302


class TestSignOut:
    def test_ends_the_session(self, client, delegate):
        sign_in(client)
        key = client.session.session_key
        assert client.get(reverse("account_logout")).status_code == 200
        assert signed_in(client)
        assert client.post(reverse("account_logout")).status_code == 302
        assert not signed_in(client)
        assert not Session.objects.filter(session_key=key).exists()
        assert client.get(reverse("region")).status_code == 302

    def test_needs_the_token(self, delegate):
        client = Client(enforce_csrf_checks=True)
        sign_in_as(client, delegate)
        assert client.post(reverse("account_logout")).status_code == 403
        assert signed_in(client)


class TestSignUp:
    def test_is_closed(self, client):
        response = client.get(reverse("account_signup"))
        assert response.status_code == 200
        page = response.content.decode()
        assert "By invitation only" in page
        assert 'type="password"' not in page

    def test_takes_nothing(self, client, django_user_model):
        data = {"email": "new@test.invalid", "password1": PASSPHRASE}
        assert client.post(reverse("account_signup"), data).status_code == 405
        assert not django_user_model.objects.exists()


def test_a_term_that_ends_takes_effect_at_the_next_request(client, delegate):
    sign_in_as(client, delegate)
    assert client.get(reverse("region")).status_code == 200
    Term.objects.update(ends_on="2024-01-01")
    assert client.get(reverse("region")).status_code == 404


def test_a_deactivated_person_is_signed_out_at_the_next_request(client, delegate):
    sign_in_as(client, delegate)
    delegate.is_active = False
    delegate.save()
    assert client.get(reverse("region")).status_code == 302
