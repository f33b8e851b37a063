"""A lost second factor: two administrators, neither of them the person, and then she begins anew."""

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.mail.models import OutboxMail
from members import actions
from members.access import viewer_for
from members.models import FactorReset
from tests.cast import sign_in
from tests.factories import WorkingGroupFactory, person_with
from tests.members.factors import PASSPHRASE, give_app, give_codes, is_in, passphrase

pytestmark = pytest.mark.django_db
PAGE = "/people/factor-resets/"


@pytest.fixture(autouse=True)
def _quick(settings):
    from django.core.cache import cache

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    WorkingGroupFactory()


@pytest.fixture
def two():
    """Two administrators."""
    return [person_with("administrator", person={"full_name": name}) for name in ("First", "Second")]


@pytest.fixture
def lost():
    person = person_with("focal_point", person={"email": "lost@test.invalid", "password": PASSPHRASE})
    give_app(person)
    give_codes(person)
    return person


def client_of(person):
    client = Client()
    sign_in(client, person)
    return client


def test_the_whole_way(two, lost):
    first, second = map(client_of, two)
    hers = client_of(lost)
    assert first.post(PAGE, {"email": "LOST@test.invalid"}).status_code == 302
    row = FactorReset.objects.get()
    assert 'value="confirm"' not in first.get(PAGE).content.decode()
    assert 'value="confirm"' in second.get(PAGE).content.decode()
    assert hers.get("/region/").status_code == 200
    assert second.post(f"{PAGE}{row.pk}/", {"do": "confirm"}).status_code == 302
    assert not Authenticator.objects.filter(user=lost).exists()
    assert hers.get("/region/").status_code == 302
    client = Client()
    passphrase(client, lost)
    assert is_in(client)
    assert client.get("/region/").url.startswith("/account/factor/")
    kinds = list(Event.objects.order_by("id").values_list("kind", flat=True))
    assert [kind for kind in kinds if kind.startswith("factor_reset")] == [
        "factor_reset.asked",
        "factor_reset.confirmed",
    ]
    assert OutboxMail.objects.filter(kind="members.factor_reset", recipient=lost).count() == 1


def test_who_asked_cannot_confirm(two, lost):
    first = client_of(two[0])
    first.post(PAGE, {"email": lost.email})
    row = FactorReset.objects.get()
    assert first.post(f"{PAGE}{row.pk}/", {"do": "confirm"}).status_code == 403
    with pytest.raises(PermissionDenied):
        actions.confirm_factor_reset(by=viewer_for(two[0]), reset=row)
    with pytest.raises(IntegrityError), transaction.atomic():
        FactorReset.objects.filter(pk=row.pk).update(state="confirmed", settled_by=two[0], settled_at=timezone.now())
    assert Authenticator.objects.filter(user=lost).exists()


def test_nobody_resets_her_own(two):
    give_app(two[0])
    with pytest.raises(ValidationError):
        actions.ask_factor_reset(by=viewer_for(two[0]), person=two[0])
    row = actions.ask_factor_reset(by=viewer_for(two[1]), person=two[0])
    with pytest.raises(PermissionDenied):
        actions.confirm_factor_reset(by=viewer_for(two[0]), reset=row)
    with pytest.raises(PermissionDenied):
        actions.withdraw_factor_reset(by=viewer_for(two[0]), reset=row)


def test_others_neither_ask_nor_confirm(cast, two, lost):
    row = actions.ask_factor_reset(by=viewer_for(two[0]), person=lost)
    for part in ("secretariat", "chair", "own_focal_point", "own_delegate", "observer", "partner", "stranger"):
        viewer = cast.viewer(part)
        with pytest.raises(PermissionDenied):
            actions.ask_factor_reset(by=viewer, person=cast.person("administrator"))
        with pytest.raises(PermissionDenied):
            actions.confirm_factor_reset(by=viewer, reset=row)
        with pytest.raises(PermissionDenied):
            actions.withdraw_factor_reset(by=viewer, reset=row)


def test_an_administrator_without_her_own_factor_does_nothing(two, lost):
    with pytest.raises(PermissionDenied):
        actions.ask_factor_reset(by=viewer_for(two[0]).without_proof(), person=lost)


def test_it_lapses_after_three_days_and_may_be_asked_for_again(two, lost):
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
        row = actions.ask_factor_reset(by=viewer_for(two[0]), person=lost)
        with pytest.raises(ValidationError):
            actions.ask_factor_reset(by=viewer_for(two[1]), person=lost)
        clock.shift(72 * 3600)
        with pytest.raises(PermissionDenied):
            actions.confirm_factor_reset(by=viewer_for(two[1]), reset=row)
        again = actions.ask_factor_reset(by=viewer_for(two[1]), person=lost)
        actions.confirm_factor_reset(by=viewer_for(two[0]), reset=again)
    assert sorted(FactorReset.objects.values_list("state", flat=True)) == ["confirmed", "withdrawn"]


def test_withdrawn_is_over(two, lost):
    row = actions.ask_factor_reset(by=viewer_for(two[0]), person=lost)
    assert client_of(two[0]).post(f"{PAGE}{row.pk}/", {"do": "withdraw"}).status_code == 302
    assert client_of(two[1]).post(f"{PAGE}{row.pk}/", {"do": "confirm"}).status_code == 403
    assert Authenticator.objects.filter(user=lost).exists()


def test_an_unknown_address_is_said(two):
    page = client_of(two[0]).post(PAGE, {"email": "nobody@test.invalid"})
    assert "Nobody with an open account has this address." in page.content.decode()


def test_same_queries_for_one_request_and_for_three(two):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, counts = client_of(two[0]), []
    for number in (1, 2):
        for _ in range(number):
            actions.ask_factor_reset(by=viewer_for(two[1]), person=person_with("delegate"))
        with CaptureQueriesContext(connection) as found:
            client.get(PAGE)
        counts.append(len(found))
    assert counts[0] == counts[1]
