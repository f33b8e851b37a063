"""An address that mail does not reach: what marks it, what is not sent there any more, what lifts the mark."""

import datetime as dt

import pytest
import time_machine
from django.core import checks
from django.db import IntegrityError, transaction
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.mail import unreachable
from iwg_portal.mail.actions import decisions, sweep
from iwg_portal.mail.checks import settings_of_mail
from iwg_portal.mail.kinds import KINDS, Kind
from iwg_portal.mail.models import OutboxMail, UnreachableAddress
from iwg_portal.mail.outbox import queue
from members import actions
from members.models import KEPT_FOR, Kept
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dull(monkeypatch):
    """A kind of mail that does not insist; plan one for a person."""
    monkeypatch.setitem(KINDS, "test.dull", Kind("test.dull", lambda mail: {}, dict))
    monkeypatch.setattr("iwg_portal.mail.compose._fill", lambda template, values: "words")

    def _dull(person, occurrence=""):
        queue("test.dull", target=person, to=person, occurrence=occurrence)
        return OutboxMail.objects.get(kind="test.dull", recipient=person, occurrence=occurrence)

    return _dull


@pytest.fixture
def person():
    return PersonFactory(email="ama@test.invalid")


def after_a_sweep(mail):
    sweep.sweep()
    mail.refresh_from_db()
    return mail.state


def marked(address="ama@test.invalid"):
    return UnreachableAddress.objects.filter(address=address).first()


# -- What marks an address -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [550, 551, 553, 554, "550 5.1.1", "550 5.1.10", "550 5.0.0", "554 5.4.1", "550 5.2.1", "512 5.1.2", "550 no 5.7.1"],
)
def test_a_server_that_knows_nobody_there_marks_it(sink, dull, person, answer):
    sink.rcpt = lambda address: answer
    assert after_a_sweep(dull(person)) == "bounced"
    assert marked().reason == f"RCPT {str(answer)[:3]}"
    assert Event.objects.filter(kind="mail.address_failed").count() == 1
    assert "ama@" not in Event.objects.get(kind="mail.address_failed").target_label


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (250, "sent"),
        (450, "due"),
        ("452 4.2.2", "due"),
        (552, "due"),
        ("550 5.7.1", "bounced"),  # our server stands on a list
        ("550 5.7.26", "bounced"),
        ("550 5.2.2", "bounced"),  # the mailbox is full
        ("550 5.1.8", "bounced"),  # the sender's address
        ("554 5.6.0", "bounced"),
    ],
)
def test_what_is_not_about_the_address_does_not(sink, dull, person, answer, state):
    sink.rcpt = lambda address: answer
    assert after_a_sweep(dull(person)) == state
    assert marked() is None


@pytest.mark.parametrize("code", [550, 554, 451])
def test_a_text_that_is_refused_does_not(sink, dull, person, code):
    sink.text = lambda address: code
    after_a_sweep(dull(person))
    assert marked() is None


def test_a_refused_sender_does_not(sink, dull, person):
    sink.mail = lambda: 550
    after_a_sweep(dull(person))
    assert marked() is None


def test_an_address_that_no_server_takes_is_marked(sink, dull):
    person = PersonFactory(email="amá@test.invalid")
    assert after_a_sweep(dull(person)) == "bounced"
    assert marked("amá@test.invalid").reason == "address not ASCII"


def test_a_late_answer_to_an_earlier_attempt_marks_nothing(dull, person):
    dull(person)
    (first,) = sweep.claim()
    OutboxMail.objects.filter(pk=first.pk).update(attempts=2)
    sweep.settle(first, sweep.Answer(sweep.Outcome.BOUNCED, "RCPT 550", address_is_bad=True))
    assert marked() is None


def test_the_first_day_stays_when_it_is_marked_again(person):
    for day in (1, 2):
        with time_machine.travel(dt.datetime(2026, 3, day, tzinfo=dt.UTC), tick=False):
            unreachable.mark("Ama@Test.invalid", reason=f"RCPT 55{day}")
    found = UnreachableAddress.objects.get()
    assert (found.address, found.first_at.day, found.last_at.day, found.reason) == (
        "ama@test.invalid",
        1,
        2,
        "RCPT 552",
    )


def test_the_database_keeps_small_letters_and_one_row():
    now = timezone.now()
    for address in ("Ama@test.invalid", ""):
        with pytest.raises(IntegrityError), transaction.atomic():
            UnreachableAddress.objects.create(address=address, reason="x", first_at=now, last_at=now)


# -- What is not sent any more ---------------------------------------------------------------------------------------


def test_nothing_more_is_sent_there(sink, dull, person):
    unreachable.mark(person.email, reason="RCPT 550")
    mail = dull(person)
    assert after_a_sweep(mail) == "cancelled"
    assert mail.problem == "address unreachable"
    assert sink.connections == 0


def test_nor_is_what_was_claimed_together_with_the_mail_that_showed_it(sink, dull, person):
    asked = []
    sink.rcpt = lambda address: asked.append(address) or 550
    first, second = dull(person, "1"), dull(person, "2")
    sweep.sweep()
    assert sorted(row.state for row in OutboxMail.objects.filter(pk__in=[first.pk, second.pk])) == [
        "bounced",
        "cancelled",
    ]
    assert asked == [person.email]


def test_others_get_their_mail(sink, dull, person):
    unreachable.mark(person.email, reason="RCPT 550")
    assert after_a_sweep(dull(PersonFactory(email="kofi@test.invalid"))) == "sent"


def test_a_corrected_address_gets_its_mail(sink, dull, person):
    unreachable.mark(person.email, reason="RCPT 550")
    mail = dull(person)
    person.email = "ama.right@test.invalid"
    person.save()
    assert after_a_sweep(mail) == "sent"
    assert sink.accepted[0].recipient == "ama.right@test.invalid"


def test_what_is_asked_for_now_and_what_warns_her_goes_all_the_same():
    assert {name for name, kind in KINDS.items() if kind.insists} == {
        "mail.test",
        "members.invitation",
        "members.passphrase",
        "members.passphrase_changed",
        "members.new_device",
        "members.factor_changed",
        "members.factor_reset",
        "members.data_token_made",
    }


@pytest.mark.parametrize(("reason", "stands"), [("RCPT 550", False), ("bounce 5.1.1", True)])
def test_a_server_that_takes_it_after_all_lifts_what_it_said_itself(sink, plan, person, reason, stands):
    unreachable.mark(person.email, reason=reason)
    assert after_a_sweep(plan(person)) == "sent"
    assert (marked() is not None) is stands


def test_to_send_again_by_hand_lifts_it(cast, sink, dull, person):
    sink.rcpt = lambda address: 550
    mail = dull(person)
    assert after_a_sweep(mail) == "bounced"
    sink.rcpt = lambda address: 250
    decisions.send_again(mail=mail.pk, by=cast.viewer("secretariat"))
    assert after_a_sweep(mail) == "sent"
    assert marked() is None


def test_after_another_try_mail_reaches_her(cast, sink, dull, person):
    unreachable.mark(person.email, reason="bounce 5.1.1")
    assert after_a_sweep(dull(person, "before")) == "cancelled"
    actions.try_address_again(person=person, by=cast.viewer("secretariat"))
    assert after_a_sweep(dull(person, "after")) == "sent"


def test_after_half_a_year_it_is_tried_again():
    with time_machine.travel(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), tick=False) as clock:
        unreachable.mark("ama@test.invalid", reason="RCPT 550")
        clock.shift(KEPT_FOR[Kept.UNREACHABLE] - dt.timedelta(seconds=1))
        assert actions.apply_retention()[Kept.UNREACHABLE] == 0
        clock.shift(dt.timedelta(seconds=1))
        assert actions.apply_retention()[Kept.UNREACHABLE] == 1


# -- Where answers go ------------------------------------------------------------------------------------------------


def test_an_answer_goes_to_the_secretariat(settings, sink, dull, person):
    settings.MAIL_REPLY_TO = "Secretariat <secretariat@test.invalid>"
    after_a_sweep(dull(person))
    assert b"\r\nReply-To: Secretariat <secretariat@test.invalid>\r\n" in sink.accepted[0].content


@pytest.mark.parametrize("value", ["", "secretariat@test.example", "The Secretariat <secretariat@test.example>"])
def test_a_good_address_for_answers_starts(settings, value):
    settings.MAIL_REPLY_TO = value
    assert settings_of_mail() == []


@pytest.mark.parametrize(
    "value",
    ["secretariat", "a@test.example, b@test.example", "a@test.example\nBcc: b@test.example", "a@test.example\x85"],
)
def test_a_bad_one_is_refused_at_the_start(settings, value):
    settings.MAIL_REPLY_TO = value
    found = [error for error in checks.run_checks() if error.id == "mail.E001"]
    assert len(found) == 1
    assert "test.example" not in found[0].msg
