"""Tokens: who makes one, what it opens, and that it ends with everything that ends."""

import datetime as dt
import hashlib
from importlib import import_module

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.data.answers import BUDGET, PATIENCE
from iwg_portal.mail.models import OutboxMail
from members.access import viewer_for
from members.actions import (
    apply_retention,
    ask_factor_reset,
    confirm_factor_reset,
    deactivate,
    end_data_token,
    end_term,
)
from members.actions.data_tokens import MOST
from members.models import DataToken, Term
from tests.cast import sign_in, sign_in_with
from tests.data.reading import Program, program_for, token_for
from tests.factories import person_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_budget(settings):
    """But for the tests of the budget, which set their own."""
    settings.ACCOUNT_RATE_LIMITS = False


STATES = "/data/v1/states.json"
FORM = {"label": "Laptop", "datasets": ["states", "glossary"], "ceiling": "group", "days": "30"}


def status(program):
    return program.ask(STATES).status_code


# -- Making ------------------------------------------------------------------------------------------------------------


def test_the_secret_is_shown_once_and_only_its_hash_is_kept(cast):
    client = cast.client("observer")
    answer = client.post("/data/tokens/", FORM)
    assert answer.status_code == 200
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    row = DataToken.objects.get()
    assert row.token_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(DataToken.objects.values())
    assert secret not in client.get("/data/").content.decode()
    assert status(Program(secret)) == 200
    assert Event.objects.filter(kind="data_token.made", actor_id=cast.person("observer").pk).count() == 1
    assert secret not in str(Event.objects.values())


def test_she_is_told_by_mail_without_the_secret(cast):
    token, _secret = token_for(cast, "observer")
    mail = OutboxMail.objects.get(kind="members.data_token_made")
    assert (mail.recipient, mail.target_id) == (cast.person("observer"), str(token.pk))


def test_making_one_asks_again_who_is_there(cast, settings):
    person = cast.person("observer")
    with time_machine.travel(timezone.now() - dt.timedelta(seconds=settings.STEP_UP_SECONDS + 60)):
        client = Client()
        sign_in(client, person)
    answer = client.post("/data/tokens/", FORM)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/confirm/")
    assert not DataToken.objects.exists()


def test_a_session_without_second_factor_makes_none(cast):
    client = Client()
    sign_in_with(client, cast.person("secretariat"), {"method": "password"})
    assert client.post("/data/tokens/", FORM).status_code == 302
    assert not DataToken.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"datasets": ["people"]}, {"datasets": []}, {"ceiling": "secretariat"}, {"days": "91"}, {"label": ""}],
)
def test_what_cannot_be_chosen_makes_none(cast, wrong):
    assert cast.client("secretariat").post("/data/tokens/", FORM | wrong).status_code == 422
    assert not DataToken.objects.exists()


@pytest.mark.parametrize("part", ["observer", "partner", "administrator"])
def test_nobody_chooses_more_than_she_reads(cast, part):
    assert cast.client(part).post("/data/tokens/", FORM | {"ceiling": "members"}).status_code == 422
    with pytest.raises(PermissionDenied):
        token_for(cast, part, ceiling="members")


@pytest.mark.parametrize("part", ["anonymous", "stranger", "ex_member"])
def test_without_an_office_nobody_makes_one(cast, part):
    with pytest.raises(PermissionDenied):
        token_for(cast, part, ceiling="group")


def test_a_form_sent_twice_makes_one(cast):
    client = cast.client("observer")
    client.post("/data/tokens/", FORM)
    again = client.post("/data/tokens/", FORM)
    assert again.status_code == 422
    assert "You have a token of this name." in again.content.decode()
    assert DataToken.objects.count() == 1


def test_there_are_never_many(cast):
    for n in range(MOST):
        token_for(cast, "observer", label=f"T{n}")
    with pytest.raises(ValidationError):
        token_for(cast, "observer", label="one more")


def test_an_expired_one_leaves_its_name(cast):
    with time_machine.travel(timezone.now() - dt.timedelta(days=40)):
        token_for(cast, "observer")
    assert token_for(cast, "observer")[0].works


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": dt.timedelta(days=91)},
        {"expires_at": dt.timedelta(days=-1)},
        {"ceiling": "secretariat"},
        {"ceiling": "public"},
        {"datasets": []},
        {"token_hash": "plain"},
    ],
)
def test_the_database_refuses_what_no_form_allows(cast, change):
    token, _secret = token_for(cast, "observer")
    values = {
        name: token.made_at + value if isinstance(value, dt.timedelta) else value for name, value in change.items()
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        DataToken.objects.filter(pk=token.pk).update(**values)


# -- Using -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer iwg_unknownunknownunknown", "Basic dXNlcjpwYXNz"])
def test_without_a_token_that_works_nothing_is_read(cast, header):
    token_for(cast, "observer")
    answer = Client().get(STATES, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_session_opens_nothing_and_no_address_carries_a_token(cast):
    _row, secret = token_for(cast, "observer")
    assert cast.client("observer").get(STATES).status_code == 401
    assert Client().get(f"{STATES}?access_token={secret}").status_code == 401
    assert Program(secret).ask(f"{STATES}?key={secret}").status_code == 400


def test_it_reads_what_was_chosen_and_nothing_else(cast):
    program = program_for(cast, "observer", datasets=["glossary"])
    assert program.ask("/data/v1/glossary.json").status_code == 200
    answer = program.ask(STATES)
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert program.ask("/data/v1/nothing.json").status_code == 404
    denied = Event.objects.filter(kind="access.denied", actor_id=cast.person("observer").pk)
    assert sorted(event.data["status"] for event in denied) == [403, 404]


def test_it_expires(cast):
    program = program_for(cast, "observer", days=7)
    with time_machine.travel(timezone.now() + dt.timedelta(days=6, hours=23)):
        assert status(program) == 200
    with time_machine.travel(timezone.now() + dt.timedelta(days=7, minutes=1)):
        assert status(program) == 401


def test_she_ends_it(cast):
    token, secret = token_for(cast, "observer")
    assert cast.client("observer").post(f"/data/tokens/{token.pk}/end/").status_code == 302
    assert status(Program(secret)) == 401
    assert Event.objects.filter(kind="data_token.ended").count() == 1
    assert end_data_token(by=cast.viewer("observer"), token=token) is False


def test_an_administrator_ends_it_and_nobody_else(cast):
    token, secret = token_for(cast, "observer")
    for part in ("secretariat", "chair", "own_focal_point"):
        assert cast.client(part).post(f"/data/tokens/{token.pk}/end/").status_code == 404
        with pytest.raises(PermissionDenied):
            end_data_token(by=cast.viewer(part), token=token)
    assert status(Program(secret)) == 200
    assert cast.client("administrator").post(f"/data/tokens/{token.pk}/end/").status_code == 302
    assert status(Program(secret)) == 401


def test_whose_token_it_is_others_do_not_see(cast):
    token_for(cast, "observer", label="Kestrel")
    assert "Kestrel" in cast.client("observer").get("/data/").content.decode()
    assert "Kestrel" in cast.client("administrator").get("/data/").content.decode()
    for part in ("partner", "secretariat", "chair"):
        assert "Kestrel" not in cast.client(part).get("/data/").content.decode()


def test_it_ends_with_the_office(cast):
    program = program_for(cast, "other_delegate")
    term = Term.objects.get(person=cast.person("other_delegate"))
    end_term(term=term, by=cast.viewer("administrator"))
    assert status(program) == 401
    Term.objects.filter(pk=term.pk).update(ends_on=None)
    assert status(program) == 401, "another office does not bring it back"


def test_it_rests_while_a_dated_office_is_over(cast):
    program = program_for(cast, "other_delegate")
    Term.objects.filter(person=cast.person("other_delegate")).update(ends_on="2024-01-01")
    assert status(program) == 401


def test_it_ends_with_the_account_and_with_the_second_factor(cast):
    program, person = program_for(cast, "observer"), cast.person("observer")
    deactivate(person=person, by=cast.viewer("administrator"))
    assert status(program) == 401
    person.is_active = True
    person.save()
    assert status(program) == 401
    other = program_for(cast, "partner")
    reset = ask_factor_reset(by=cast.viewer("administrator"), person=cast.person("partner"))
    confirm_factor_reset(by=viewer_for(person_with("administrator")), reset=reset)
    assert status(other) == 401


def test_rights_are_those_of_today(cast):
    """Somebody who becomes an observer reads as one, whatever she chose when she was a delegate."""
    program = program_for(cast, "other_delegate", ceiling="members")
    assert program.read("answers")["audience"] == "members"
    term = Term.objects.get(person=cast.person("other_delegate"))
    Term.objects.filter(pk=term.pk).update(role="observer", state=cast.observing)
    assert program.read("answers")["audience"] == "group"


def test_what_has_ended_is_removed_after_a_month(cast):
    now = timezone.now()
    with time_machine.travel(now - dt.timedelta(days=70)):
        token_for(cast, "observer", label="expired 40 days ago")
    with time_machine.travel(now - dt.timedelta(days=50)):
        token_for(cast, "observer", label="expired 20 days ago")
    token_for(cast, "observer", label="works")
    apply_retention()
    assert sorted(DataToken.objects.values_list("label", flat=True)) == ["expired 20 days ago", "works"]
    apply_retention()
    assert DataToken.objects.count() == 2


# -- Often -------------------------------------------------------------------------------------------------------------


def test_too_many_requests_are_asked_to_wait(cast, settings):
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = {"read_data": "50/5m/ip,3/5m/key"}
    program, other = program_for(cast, "observer"), program_for(cast, "partner")
    assert [status(program) for _n in range(4)] == [200, 200, 200, 429]
    answer = program.ask(STATES)
    assert answer["Retry-After"] == "300"
    assert answer["Content-Type"] == "application/problem+json"
    assert status(other) == 200, "each token has a budget of its own"


def test_guessing_from_one_address_comes_to_an_end(cast, settings):
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = {"read_data": "5/5m/ip,3/5m/key"}
    guesses = [status(Program(f"iwg_guess-number-{n:06}")) for n in range(7)]
    assert guesses == [401] * 5 + [429] * 2


def test_the_page_says_the_budget_that_holds():
    limits = import_module("iwg_portal.settings").ACCOUNT_RATE_LIMITS["read_data"]
    assert f"{BUDGET}/{PATIENCE // 60}m/key" in limits.split(",")
