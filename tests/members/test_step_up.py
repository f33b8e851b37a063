"""Asked again: what is hard to undo needs a proof of the last five minutes; what was sent waits for it."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from iwg_portal.base import step_up
from members.models import FactorReset
from tests.cast import sign_in
from tests.factories import PersonFactory, WorkingGroupFactory, person_with
from tests.members.factors import PASSPHRASE, code_at, forget_step, give_app

pytestmark = pytest.mark.django_db
ASKED = "/people/factor-resets/"
CONFIRM = "/account/confirm/"


@pytest.fixture(autouse=True)
def _quick(settings):
    from django.core.cache import cache

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    WorkingGroupFactory()


@pytest.fixture
def administrator():
    person = person_with("administrator", person={"password": PASSPHRASE})
    give_app(person)
    return person


@pytest.fixture
def late(administrator, client):
    """A client of the administrator who signed in six minutes ago."""
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
        sign_in(client, administrator)
        clock.shift(360)
        yield client


@pytest.fixture
def lost():
    return PersonFactory(email="lost@test.invalid")


def test_within_five_minutes_nothing_is_asked(administrator, lost, client):
    sign_in(client, administrator)
    assert client.post(ASKED, {"email": lost.email}).url == ASKED
    assert FactorReset.objects.count() == 1


def test_later_the_form_waits_and_is_carried_out_after_the_proof(late, lost):
    answer = late.post(ASKED, {"email": lost.email})
    assert answer.url == f"{CONFIRM}?next=%2Fpeople%2Ffactor-resets%2F"
    assert not FactorReset.objects.exists()
    assert "What you have sent waits" in late.get(answer.url).content.decode()
    # One request: no second form, no JavaScript.
    assert late.post(CONFIRM, {"code": code_at(), "next": ASKED}).url == ASKED
    assert FactorReset.objects.get().person == lost
    assert step_up.WAITING not in late.session


@pytest.mark.parametrize("proof", ["code", "password"])
def test_each_kind_of_proof(late, lost, proof):
    late.post(ASKED, {"email": lost.email})
    late.post(CONFIRM, {proof: code_at() if proof == "code" else PASSPHRASE, "next": ASKED})
    assert FactorReset.objects.count() == 1


@pytest.mark.parametrize("proof", [{"code": "000000"}, {"password": "wrong"}, {"demo": "1"}, {"credential": "{}"}, {}])
def test_no_proof_no_deed(late, lost, proof):
    late.post(ASKED, {"email": lost.email})
    answer = late.post(CONFIRM, {**proof, "next": ASKED})
    assert answer.status_code == 200
    assert not FactorReset.objects.exists()


def test_a_proof_for_another_page_does_not_carry_it_out(late, lost):
    late.post(ASKED, {"email": lost.email})
    assert late.post(CONFIRM, {"code": code_at(), "next": "/region/"}).url == "/region/"
    assert not FactorReset.objects.exists()


def test_what_waits_is_forgotten_after_a_quarter_of_an_hour(administrator, lost, client):
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
        sign_in(client, administrator)
        clock.shift(360)
        client.post(ASKED, {"email": lost.email})
        clock.shift(step_up.PATIENCE + 1)
        assert client.post(CONFIRM, {"code": code_at(), "next": ASKED}).url == ASKED
    assert not FactorReset.objects.exists()


def test_neither_secrets_nor_the_token_wait(late):
    late.post(ASKED, {"email": "x@y.invalid", "password": "p", "csrfmiddlewaretoken": "t", "code": "1"})
    assert late.session[step_up.WAITING]["fields"] == [["email", "x@y.invalid"]]


def test_in_a_fragment_the_whole_page_goes(late, lost):
    answer = late.post(ASKED, {"email": lost.email}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith(CONFIRM)


def test_the_right_is_asked_again_when_it_is_carried_out(late, lost, administrator):
    late.post(ASKED, {"email": lost.email})
    administrator.terms.update(ends_on="2024-01-01")
    assert late.post(CONFIRM, {"code": code_at(), "next": ASKED}).status_code == 404
    assert not FactorReset.objects.exists()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil"])
def test_never_leads_to_another_host(late, target):
    assert late.post(CONFIRM, {"code": code_at(), "next": target}).url == "/"
    assert "evil" not in late.get(CONFIRM, {"next": target}).content.decode().split("<main")[1].split("</main")[0]


def test_a_code_counts_once_here_as_well(late, administrator):
    digits = code_at()
    assert late.post(CONFIRM, {"code": digits, "next": "/region/"}).status_code == 302
    assert late.post(CONFIRM, {"code": digits, "next": "/region/"}).status_code == 200
    forget_step(administrator)


def test_needs_the_token(administrator):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, administrator)
    assert client.post(CONFIRM, {"code": code_at()}).status_code == 403


def test_in_the_demonstration_one_button(lost, client, settings):
    settings.DEMO = True
    person = person_with("administrator")
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
        sign_in(client, person)
        clock.shift(360)
        assert client.post(ASKED, {"email": lost.email}).url.startswith(CONFIRM)
        assert 'name="demo"' in client.get(reverse("step_up")).content.decode()
        client.post(CONFIRM, {"demo": "1", "next": ASKED})
    assert FactorReset.objects.count() == 1


def test_an_account_opens_again_only_after_a_proof_and_closes_without(late, administrator):
    """Opening gives offices back, as a grant does; closing must never wait."""
    person = person_with("delegate")
    change = reverse("person_change", args=[person.pk])
    assert late.post(change, {"do": "deactivate"}).url == reverse("person", args=[person.pk])
    person.refresh_from_db()
    assert not person.is_active
    asked = late.post(change, {"do": "reactivate"})
    assert asked.url.startswith(CONFIRM)
    person.refresh_from_db()
    assert not person.is_active
    late.post(CONFIRM, {"code": code_at(), "next": change})
    person.refresh_from_db()
    assert person.is_active
