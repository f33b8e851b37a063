"""Planning and cancelling, and the poke that follows a commit."""

import socket
import threading
import time

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from iwg_portal.celery import app
from iwg_portal.mail import poke
from iwg_portal.mail.actions import sweep
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import cancel, cancel_for, queue
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


def test_a_mail_is_planned_once(plan):
    first = plan()
    again = plan(first.recipient)
    assert again == first
    assert again.message_id == first.message_id
    plan(first.recipient, occurrence="another")
    assert OutboxMail.objects.count() == 2


def test_a_mail_for_an_address_is_planned_once_too():
    target = PersonFactory()
    for _ in range(2):
        queue("mail.test", target=target, address="new@test.invalid")
    assert OutboxMail.objects.get().address == "new@test.invalid"


@pytest.mark.parametrize("address", ["", "nobody", "a@b.cd\nBcc: e@f.gh", "a@b.cd, e@f.gh", "<a@b.cd>"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValidationError):
        queue("mail.test", target=PersonFactory(), address=address)


def test_a_kind_that_nobody_registered_is_refused():
    with pytest.raises(ValueError, match="No kind of mail"):
        queue("spam", target=PersonFactory(), address="a@test.invalid")


def test_what_rolls_back_plans_nothing(plan):
    with transaction.atomic():
        plan()
        transaction.set_rollback(True)
    assert not OutboxMail.objects.exists()


def test_cancelling_reaches_what_is_due_and_what_is_claimed_but_not_what_was_given_to_a_server(plan):
    person = PersonFactory()
    given = plan(person, occurrence="given")
    (claimed,) = sweep.claim()
    assert sweep.hand_over(claimed)
    plan(person, occurrence="claimed")
    sweep.claim()
    plan(person, occurrence="due")
    plan()
    assert cancel(target=person) == 2
    given.refresh_from_db()
    assert given.state == "leased"
    assert OutboxMail.objects.filter(state="due").count() == 1


def test_cancelling_can_be_for_one_kind_or_one_reader(plan):
    person = PersonFactory()
    plan(person)
    queue("mail.test", target=person, address="New@test.invalid")
    assert cancel(target=person, kind="other") == 0
    assert cancel(target=person, to=PersonFactory()) == 0
    assert cancel(target=person, address="new@test.invalid") == 1
    assert cancel(target=person, to=person) == 1


def test_everything_for_somebody_who_leaves_is_cancelled(plan):
    person = PersonFactory()
    plan(person)
    queue("mail.test", target=PersonFactory(), to=person)
    plan()
    assert cancel_for(person) == 2


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_plan_one_row():
    person = PersonFactory()
    start = threading.Barrier(4)

    def work():
        with transaction.atomic():
            start.wait(10)
            queue("mail.test", target=person, to=person, occurrence="x")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert OutboxMail.objects.count() == 1


# -- The poke ------------------------------------------------------------------------------------------------------


@pytest.fixture
def queue_of_pokes():
    """The names of the tasks that wait at the broker."""
    client = app.connection_for_read().channel().client
    client.delete("celery")
    yield lambda: client.llen("celery")
    client.delete("celery")
    client.close()


@pytest.mark.usefixtures("queue_of_pokes")
def test_a_transaction_pokes_once_however_many_mails_it_plans(plan, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=False) as callbacks:
        person = PersonFactory()
        for number in range(5):
            plan(person, occurrence=str(number))
    assert callbacks == [poke.poke]


def test_the_poke_reaches_the_broker(plan, queue_of_pokes, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        plan()
        assert queue_of_pokes() == 0, "not before the commit"
    assert queue_of_pokes() == 1


@pytest.fixture
def broker(monkeypatch):
    """Point the poke at another address."""

    def _broker(port):
        monkeypatch.setattr(app.conf, "broker_write_url", f"redis://127.0.0.1:{port}/0")
        monkeypatch.setattr(app.conf, "broker_url", f"redis://127.0.0.1:{port}/0")

    return _broker


@pytest.fixture
def refused():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        yield nobody.getsockname()[1]


@pytest.fixture
def silent():
    """Accepts every connection and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield listener.getsockname()[1]


@pytest.mark.parametrize("how", ["refused", "silent"])
def test_a_broker_that_is_away_costs_two_seconds_once_and_never_the_mail(
    how, request, broker, plan, sink, django_capture_on_commit_callbacks, caplog
):
    broker(request.getfixturevalue(how))
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        mail = plan()
    assert time.monotonic() - began < 3.5
    assert "beat orders it" in caplog.text
    began = time.monotonic()
    for _ in range(50):
        with django_capture_on_commit_callbacks(execute=True):
            plan()
    assert time.monotonic() - began < 2, "nobody waits a second time"
    sweep.sweep()
    mail.refresh_from_db()
    assert mail.state == "sent"


def test_a_broker_that_lost_everything_loses_no_mail(plan, sink, queue_of_pokes, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        mail = plan()
    client = app.connection_for_read().channel().client
    client.delete("celery")
    client.close()
    sweep.sweep()  # by beat
    mail.refresh_from_db()
    assert mail.state == "sent"
