"""Who learns that mail does not reach somebody, and who may have the address tried again."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from iwg_portal.activity.models import Event
from iwg_portal.mail import unreachable
from iwg_portal.mail.models import UnreachableAddress
from iwg_portal.pages.for_you import ForYou
from members import actions
from members.access import visible_unreachable
from members.enums import Role
from tests.cast import PARTS
from tests.cast import sign_in as sign_in_as
from tests.factories import person_with
from tests.reminders.world import at, days, sweep, tick, without_scheduled_reports

pytestmark = pytest.mark.django_db

NOW = at(2026, 6, 30, 9)
SINCE = at(2026, 6, 29, 9)
KNOW = {"own_focal_point", "secretariat", "administrator"}
ACCOUNT_PAGE = {
    "en": "Mail does not reach you",
    "fr": "Le courrier ne vous parvient pas",
    "pt": "O correio não lhe chega",
}


@pytest.fixture(autouse=True)
def no_report(monkeypatch):
    without_scheduled_reports(monkeypatch)


@pytest.fixture
def ama(cast):
    """A delegate of the own state whom mail does not reach; so that each part of the cast exists."""
    for part in PARTS:
        cast.person(part)
    person = person_with(Role.DELEGATE, state=cast.own, person={"full_name": "Ama Lost", "email": "ama@lost.invalid"})
    with time_machine.travel(SINCE, tick=False):
        unreachable.mark(person.email, reason="RCPT 550")
    return person


def names(told, cast):
    return {part for part in PARTS for who, _subject, _text in told if cast.person(part) == who}


# -- Who is told -----------------------------------------------------------------------------------------------------


def test_the_focal_point_is_told_once_and_nobody_else(cast, ama):
    elsewhere = person_with(Role.FOCAL_POINT, state=cast.other)
    told = [mail for now in days(NOW.date(), 10) for mail in tick(now)]
    assert names(told, cast) == {"own_focal_point"}
    assert len(told) == 1
    assert elsewhere not in {who for who, _subject, _text in told}
    text = told[0][2]
    assert "Since 29 June 2026 mail has not reached a person for whom you answer" in text
    assert f"/people/{ama.pk}/" in text
    assert "Ama" not in text
    assert "ama@" not in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "le courrier n’arrive plus à une personne dont vous répondez"),
        ("pt", "o correio não chega a uma pessoa por quem responde"),
    ],
)
def test_it_is_told_in_her_language(cast, ama, language, words):
    focal = cast.person("own_focal_point")
    focal.language = language
    focal.save()
    ((_who, _subject, text),) = tick(NOW)
    assert words in text.replace("\n", " ")


def test_a_new_mark_after_a_lifted_one_is_told_again(cast, ama):
    assert len(tick(NOW)) == 1
    actions.try_address_again(person=ama, by=cast.viewer("own_focal_point"))
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        unreachable.mark(ama.email, reason="RCPT 550")
    assert len(tick(at(2026, 7, 1, 9))) == 1


def test_a_mark_that_is_lifted_before_the_mail_leaves_is_not_told(cast, ama):
    from iwg_portal.reminders import actions as planner

    with time_machine.travel(NOW, tick=False):
        planner.plan(now=NOW)
        actions.try_address_again(person=ama, by=cast.viewer("own_focal_point"))
        assert sweep(NOW) == []


def test_of_the_focal_point_herself_the_secretariat_is_told(cast, ama):
    UnreachableAddress.objects.all().delete()
    unreachable.mark(cast.person("own_focal_point").email, reason="RCPT 550")
    assert names(tick(NOW), cast) == {"secretariat"}


@pytest.mark.parametrize("part", ["observer", "partner"])
def test_of_who_belongs_to_no_delegation_too(cast, ama, part):
    UnreachableAddress.objects.all().delete()
    unreachable.mark(cast.person(part).email, reason="RCPT 550")
    assert names(tick(NOW), cast) == {"secretariat"}


@pytest.mark.parametrize("part", ["ex_member", "stranger"])
def test_of_who_holds_no_office_nobody(cast, ama, part):
    UnreachableAddress.objects.all().delete()
    unreachable.mark(cast.person(part).email, reason="RCPT 550")
    assert tick(NOW) == []


# -- Who sees it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_who_sees_it(cast, ama, part):
    if part == "anonymous":
        assert list(visible_unreachable(cast.viewer(part))) == []
        return
    page = cast.client(part).get(f"/people/{ama.pk}/")
    assert ("Mail does not reach this address" in page.content.decode()) is (part in KNOW)
    assert ("Try this address again" in page.content.decode()) is (part in KNOW)
    assert (ama in visible_unreachable(cast.viewer(part))) is (part in KNOW)
    lines = [line.title for line in ForYou(cast.viewer(part), NOW, NOW.date()).waiting]
    assert ("Ama Lost" in lines) is (part == "own_focal_point")


@pytest.mark.parametrize("language", ACCOUNT_PAGE)
def test_she_sees_it_on_her_own_account_page(cast, ama, language):
    client, other = Client(), cast.client("own_delegate")
    for person in (ama, cast.person("own_delegate")):
        person.language = language
        person.save()
    sign_in_as(client, ama)
    assert ACCOUNT_PAGE[language] in client.get("/account/").content.decode()
    assert f"/people/{ama.pk}/" not in client.get("/account/").content.decode()
    assert ACCOUNT_PAGE[language] not in other.get("/account/").content.decode()


def test_the_morning_page_names_her(cast, ama):
    page = cast.client("secretariat").get("/morning/").content.decode()
    assert "People whom mail does not reach" in page
    assert "Ama Lost" in page
    assert "People whom mail does not reach" not in cast.client("chair").get("/morning/").content.decode()


def test_the_page_of_the_ledger_names_a_number(cast, ama):
    unreachable.mark("invited@lost.invalid", reason="RCPT 551")
    page = cast.client("secretariat").get("/mail/").content.decode()
    assert f"person {ama.pk}" in page
    assert "an address without an account" in page
    assert "RCPT 551" in page
    for secret in ("ama@", "invited@", "Ama Lost"):
        assert secret not in page


# -- To try it again -------------------------------------------------------------------------------------------------


def test_to_try_it_again(cast, ama):
    client = cast.client("own_focal_point")
    answer = client.post(f"/people/{ama.pk}/change/", {"do": "try_again"}, follow=True)
    assert "The next mail is sent to this address again." in answer.content.decode()
    assert not UnreachableAddress.objects.exists()
    event = Event.objects.get(kind="mail.address_tried_again")
    assert (event.actor_id, event.target_id) == (cast.person("own_focal_point").pk, str(ama.pk))
    again = client.post(f"/people/{ama.pk}/change/", {"do": "try_again"})
    assert again.status_code == 422
    assert "Mail goes to this address already; nothing was changed." in again.content.decode()


@pytest.mark.parametrize("part", sorted(set(PARTS) - KNOW))
def test_nobody_else_may(cast, ama, part):
    with pytest.raises(PermissionDenied):
        actions.try_address_again(person=ama, by=cast.viewer(part))
    assert UnreachableAddress.objects.exists()


def test_to_look_changes_nothing(cast, ama):
    for path in (f"/people/{ama.pk}/", f"/people/{ama.pk}/change/", "/morning/", "/mail/", "/account/"):
        cast.client("secretariat").get(path)
    assert UnreachableAddress.objects.count() == 1
    assert not Event.objects.filter(kind="mail.address_tried_again").exists()


def test_an_address_that_was_never_marked(cast):
    with pytest.raises(ValidationError):
        actions.try_address_again(person=cast.person("own_delegate"), by=cast.viewer("secretariat"))
