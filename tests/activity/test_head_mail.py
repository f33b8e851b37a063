"""Every day the head of the log leaves the portal: to the secretariat and the chair, once, in the morning."""

import datetime as dt
import logging
import re

import pytest
import time_machine

from iwg_portal.activity import chain
from iwg_portal.activity.log import record
from iwg_portal.activity.models import Event
from iwg_portal.mail.compose import message
from iwg_portal.mail.models import OutboxMail
from members import actions
from members.models import Term
from tests.activity.test_chain import seal, tamper
from tests.cast import PARTS

pytestmark = pytest.mark.django_db
MIDNIGHT = dt.datetime(2026, 3, 2, 0, 20, tzinfo=dt.UTC)
KIND = "members.audit_head"


@pytest.fixture
def clock(cast):
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        for part in PARTS:
            cast.person(part)
        for _ in range(3):
            record("mail.tested", by=None, target=cast.person("chair"))
        seal()
        yield clock


def sent():
    return OutboxMail.objects.filter(kind=KIND).order_by("pk")


def test_secretariat_and_chair_get_it_once_a_day_at_eight_in_their_zone(cast, clock):
    chair = cast.person("chair")
    chair.zone = "Atlantic/Cape_Verde"
    chair.save()
    for _ in range(3):
        actions.mail_audit_head()
    assert {mail.recipient for mail in sent()} == {chair, cast.person("secretariat")}
    assert {mail.recipient: mail.not_before.hour for mail in sent()}[chair] == 9  # 08:00 there
    assert sent().count() == 2
    clock.shift(86400)
    actions.mail_audit_head()
    assert sent().count() == 4


def test_it_carries_a_head_that_the_command_finds_again(cast, clock):
    actions.mail_audit_head()
    letter = message(sent().first())
    noted = chain.Seal.of(re.search(r"--expect (\S+)", letter.body)[1])
    assert noted == chain.head()
    record("mail.tested", by=None, target=cast.person("chair"))
    seal()
    assert not chain.verify(expect=noted).problem
    assert chain.verify(expect=chain.Seal(noted.seq, "00" * 32)).problem


def test_a_broken_chain_is_said_in_the_mail_and_in_the_servers_log(cast, clock, caplog):
    actions.mail_audit_head()
    changed = Event.objects.latest("pk").pk
    tamper(("UPDATE activity_event SET actor_label = 'nobody' WHERE id = %s", changed))
    letter = message(sent().first())
    assert letter.subject == "The log of the portal is broken"
    with caplog.at_level(logging.ERROR):
        assert "was changed" in actions.verify_log().problem
    assert "The log of events is broken" in caplog.text


def test_whoever_holds_the_office_no_longer_gets_none(cast, clock):
    actions.mail_audit_head()
    Term.objects.filter(person=cast.person("chair")).update(ends_on=MIDNIGHT.date())
    written = {mail.recipient: message(mail) for mail in sent()}
    assert written[cast.person("chair")] is None
    assert written[cast.person("secretariat")] is not None
