"""The sweep against a real mail server that accepts, refuses, hesitates, and hangs up."""

import contextlib
import datetime as dt
import email
import email.policy
import socket
import threading
import uuid

import psycopg2
import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from iwg_portal.base.models import Heartbeat
from iwg_portal.mail.actions import sweep
from iwg_portal.mail.carrier import ENOUGH
from iwg_portal.mail.enums import TRANSITIONS, MailState
from iwg_portal.mail.kinds import KINDS, Kind
from iwg_portal.mail.models import OutboxMail
from tests.factories import MemberStateFactory, PersonFactory, person_with

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


def leased(mail, *, ended, handed_over=False):
    """As if a sender had claimed it, and its lease had ended (or not)."""
    mail.state, mail.lease, mail.handed_over, mail.attempts = MailState.LEASED, uuid.uuid4(), handed_over, 1
    mail.leased_until = timezone.now() + (-HOUR if ended else HOUR)
    mail.save()
    return mail


def state(mail):
    mail.refresh_from_db()
    return mail.state


def to(mail, answer, otherwise):
    """An answer of the server for this mail's recipient, and one for everybody else."""
    address = mail.recipient.email
    return lambda found: answer if found == address else otherwise


def due_now(mail):
    OutboxMail.objects.filter(pk=mail.pk).update(try_at=timezone.now() - HOUR)


# -- What the server answers ---------------------------------------------------------------------------------------


def test_what_is_due_is_sent_once(sink, plan):
    mail = plan()
    assert sweep.sweep() == {"sent": 1}
    sweep.sweep()
    assert state(mail) == "sent"
    assert [accepted.message_id for accepted in sink.accepted] == [mail.message_id]
    assert sink.accepted[0].recipient == mail.recipient.email
    assert Heartbeat.objects.age(sweep.HEARTBEAT) < 60


def test_many_mails_go_over_one_connection_each_to_one_recipient(sink, plan):
    mails = [plan() for _ in range(sweep.BATCH + 3)]
    sweep.sweep()
    assert {accepted.message_id for accepted in sink.accepted} == {mail.message_id for mail in mails}
    assert {accepted.recipient for accepted in sink.accepted} == {mail.recipient.email for mail in mails}
    assert sink.connections == 1


def test_a_refused_recipient_bounces_and_the_others_are_sent(sink, plan):
    gone, fine = plan(), plan()
    sink.rcpt = to(gone, 550, 250)
    sweep.sweep()
    assert state(gone) == "bounced"
    assert gone.problem == "RCPT 550"
    assert state(fine) == "sent"


def test_a_greylisted_mail_waits_and_arrives_later(sink, plan):
    slow, fine = plan(), plan()
    sink.rcpt = to(slow, 451, 250)
    sweep.sweep()
    assert state(slow) == "due"
    assert slow.problem == "RCPT 451"
    assert dt.timedelta(minutes=1) < slow.try_at - timezone.now() <= dt.timedelta(minutes=2)
    assert state(fine) == "sent"
    sweep.sweep()
    assert len(sink.accepted) == 1
    sink.rcpt = lambda address: 250
    due_now(slow)
    sweep.sweep()
    assert state(slow) == "sent"
    assert sink.accepted[1].message_id == slow.message_id


def test_each_refusal_makes_the_pause_longer(sink, plan):
    mail = plan()
    sink.rcpt = lambda address: 450
    minutes = []
    for _ in range(7):
        due_now(mail)
        sweep.sweep()
        mail.refresh_from_db()
        minutes.append(round((mail.try_at - timezone.now()).total_seconds() / 60))
    assert minutes == [2, 5, 15, 60, 180, 180, 180]


@pytest.mark.parametrize("code", [421, 530, 552])
def test_a_refusal_that_is_not_about_the_recipient_is_tried_again(sink, plan, code):
    mail = plan()
    sink.rcpt = lambda address: code
    sweep.sweep()
    assert state(mail) == "due"


def test_a_sender_who_is_refused_loses_no_mail(sink, plan):
    mail = plan()
    sink.mail = lambda: 550
    sweep.sweep()
    assert state(mail) == "due"
    assert mail.problem == "MAIL 550"


@pytest.mark.parametrize(("step", "code"), [("mail", "451"), ("rcpt", "452 4.3.1"), ("text", "452")])
def test_a_server_in_trouble_is_asked_again_within_five_minutes_however_long_it_lasts(sink, plan, step, code):
    mail = plan()
    setattr(sink, step, lambda *address: code)
    for _ in range(7):
        due_now(mail)
        sweep.sweep()
        mail.refresh_from_db()
        assert mail.try_at - timezone.now() < dt.timedelta(minutes=5)
    setattr(sink, step, lambda *address: 250)
    due_now(mail)
    sweep.sweep()
    assert state(mail) == "sent"


def test_a_server_that_takes_nothing_for_now_is_not_offered_everything(sink, plan):
    mails = [plan() for _ in range(45)]
    asked = []
    sink.mail = lambda: asked.append(1) or 451
    sweep.sweep()
    assert len(asked) == ENOUGH
    assert sorted({(state(mail), mail.refusals) for mail in mails}) == [("due", 0), ("due", 1)]
    sink.mail = lambda: 250
    sweep.sweep()
    assert len(sink.accepted) == len(mails) - ENOUGH
    for mail in mails:
        due_now(mail)
    sweep.sweep()
    assert {state(mail) for mail in mails} == {"sent"}
    assert len(sink.accepted) == len(mails)


def test_refusals_with_an_acceptance_between_them_hold_nobody_back(sink, plan):
    mails = [plan() for _ in range(30)]
    slow = {mail.recipient.email for mail in mails[::2]} | {mail.recipient.email for mail in mails[: ENOUGH - 1]}
    sink.rcpt = lambda address: 451 if address in slow else 250
    sweep.sweep()
    assert {accepted.recipient for accepted in sink.accepted} == {mail.recipient.email for mail in mails} - slow


@pytest.mark.parametrize(("code", "after"), [(451, "due"), (554, "bounced"), (250, "sent")])
def test_an_answer_to_the_text_settles_it(sink, plan, code, after):
    mail = plan()
    sink.text = lambda address: code
    sweep.sweep()
    assert state(mail) == after


@pytest.mark.parametrize("moment", ["RCPT", "DATA"])
def test_a_line_that_breaks_before_the_text_means_later(sink, plan, moment):
    broken, fine = plan(), plan()
    sink.drop = to(broken, moment, "")
    sweep.sweep()
    assert state(broken) == "due"
    assert broken.try_at > timezone.now()
    assert state(fine) == "sent"


@pytest.mark.parametrize("moment", ["text", "accepted"])
def test_a_line_that_breaks_after_the_text_means_unknown(sink, plan, moment):
    broken, fine = plan(), plan()
    sink.drop = to(broken, moment, "")
    sweep.sweep()
    assert state(broken) == "unknown"
    assert state(fine) == "sent"
    sink.drop = lambda address: ""
    sweep.sweep()
    assert state(broken) == "unknown", "nobody but the secretariat sends it again"


def test_a_line_that_breaks_after_the_answer_harms_nothing(sink, plan):
    mails = [plan(), plan(), plan()]
    sink.drop = lambda address: "250"
    sweep.sweep()
    assert [state(mail) for mail in mails] == ["sent"] * 3
    assert len(sink.accepted) == 3
    assert sink.connections == 3


def test_a_server_that_is_away_is_nobodys_refusal(settings, sink, plan):
    mails = [plan(), plan()]
    here = settings.EMAIL_PORT
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = nobody.getsockname()[1]
        sweep.sweep()
    for mail in mails:
        assert state(mail) == "due"
        assert (mail.refusals, mail.problem) == (0, "the mail server is away")
        assert mail.try_at <= timezone.now()
    settings.EMAIL_PORT = here
    sweep.sweep()
    assert [state(mail) for mail in mails] == ["sent", "sent"]


# -- Is it still right? --------------------------------------------------------------------------------------------


def test_nothing_is_sent_to_somebody_who_left_after_it_was_planned(sink, plan):
    mail = plan()
    mail.recipient.is_active = False
    mail.recipient.save()
    sweep.sweep()
    assert state(mail) == "cancelled"
    assert sink.accepted == []


@pytest.fixture
def kind(monkeypatch):
    """Register a kind for one test; it borrows the templates of the test mail."""

    def register(compose):
        monkeypatch.setitem(KINDS, "mail.test", Kind("mail.test", compose, dict))

    return register


def test_a_right_that_ended_between_planning_and_sending_cancels(sink, plan, kind):
    mail = plan()
    kind(lambda mail: None)
    sweep.sweep()
    assert state(mail) == "cancelled"
    assert mail.problem == "no longer due"
    assert sink.accepted == []


def test_one_kind_that_fails_does_not_stop_the_others(sink, plan, kind, caplog):
    broken, fine = plan(), plan()

    def compose(mail):
        if mail.pk == broken.pk:
            raise RuntimeError("secret words")
        return {}

    kind(compose)
    sweep.sweep()
    assert state(broken) == "due"
    assert broken.problem == "not composed: RuntimeError"
    assert state(fine) == "sent"
    assert "could not be composed" in caplog.text


def test_a_mail_past_its_deadline_is_cancelled(sink, plan):
    mail = plan(deadline=timezone.now() - HOUR)
    sweep.sweep()
    assert state(mail) == "cancelled"
    assert mail.problem == "too late"
    assert sink.accepted == []


def test_a_mail_waits_for_its_time(sink, plan):
    mail = plan(not_before=timezone.now() + HOUR)
    sweep.sweep()
    assert state(mail) == "due"
    assert sink.accepted == []


def test_a_mail_speaks_the_language_of_its_reader(sink, plan):
    state_ = MemberStateFactory(ui_language="pt")
    own = plan(person_with("delegate", state=state_, person={"language": "fr"}))
    of_state = plan(person_with("delegate", state=state_, person={"language": ""}))
    nobodys = plan(PersonFactory(language=""))
    asked = plan(own.recipient, occurrence="second", language="en")
    sweep.sweep()
    languages = {
        accepted.message_id: email.message_from_bytes(accepted.content, policy=email.policy.default)["Content-Language"]
        for accepted in sink.accepted
    }
    expected = {own: "fr", of_state: "pt", nobodys: "en", asked: "en"}
    assert languages == {mail.message_id: language for mail, language in expected.items()}


# -- Leases --------------------------------------------------------------------------------------------------------


def test_a_lease_that_ended_before_the_server_had_the_text_is_due_again(sink, plan):
    mail = leased(plan(), ended=True)
    sweep.sweep()
    assert state(mail) == "sent"


def test_a_lease_that_holds_is_left_alone(sink, plan):
    mail = leased(plan(), ended=False)
    sweep.sweep()
    assert state(mail) == "leased"


def test_a_lease_that_ended_after_the_text_is_unknown_and_waits_for_the_secretariat(sink, plan):
    mail = leased(plan(), ended=True, handed_over=True)
    sweep.sweep()
    assert state(mail) == "unknown"
    assert sink.accepted == []


def test_an_unknown_mail_is_sent_again_when_waiting_would_make_it_useless(sink, plan):
    mail = leased(plan(deadline=timezone.now() + 23 * HOUR), ended=True, handed_over=True)
    sweep.sweep()
    assert state(mail) == "sent"
    assert [accepted.message_id for accepted in sink.accepted] == [mail.message_id]


def test_a_server_that_always_hangs_up_does_not_give_the_reader_a_copy_each_minute(sink, plan):
    mail = plan(deadline=timezone.now() + 23 * HOUR)
    sink.drop = lambda address: "accepted"
    for _ in range(8):
        sweep.sweep()
        due_now(mail)
    assert state(mail) == "unknown"
    assert len(sink.accepted) == 4


def test_a_sender_whose_lease_has_ended_gives_nothing_to_the_server(plan):
    """Also before anybody has noticed: another sender may claim the mail at any moment now."""
    plan()
    (claimed,) = sweep.claim()
    OutboxMail.objects.update(leased_until=timezone.now() - HOUR)
    assert not sweep.hand_over(claimed)


def test_a_late_answer_is_written_down_for_its_own_attempt(plan):
    mail = plan()
    (claimed,) = sweep.claim()
    assert sweep.hand_over(claimed)
    OutboxMail.objects.update(leased_until=timezone.now() - HOUR)
    sweep.keep_house()
    assert state(mail) == "unknown"
    sweep.settle(claimed, sweep.Answer(sweep.Outcome.SENT))
    assert state(mail) == "sent"


def test_a_late_answer_to_an_earlier_attempt_changes_nothing(plan):
    mail = plan()
    (first,) = sweep.claim()
    OutboxMail.objects.update(leased_until=timezone.now() - HOUR)
    sweep.keep_house()
    (second,) = sweep.claim()
    assert not sweep.hand_over(first)
    assert sweep.settle(first, sweep.Answer(sweep.Outcome.BOUNCED, "RCPT 550")) is None
    assert state(mail) == "leased"
    assert sweep.hand_over(second)


def test_a_mail_cancelled_while_it_was_claimed_is_not_sent(sink, plan, kind):
    from iwg_portal.mail.outbox import cancel

    mail = plan()
    # At the last moment that there is: the kind has been asked already when the cancellation comes.
    kind(lambda row: {} if cancel(target=row.recipient) else None)
    sweep.sweep()
    assert state(mail) == "cancelled"
    assert sink.accepted == []
    assert sink.connections == 1


# -- PostgreSQL restarts in the middle ---------------------------------------------------------------------------------


@pytest.fixture
def hang_up():
    """End every other session of the database, as a restart of the server does."""
    own = connection.get_connection_params()
    own.pop("cursor_factory", None)
    own.pop("options", None)  # as the owner: the role of the web may not

    def _hang_up():
        with contextlib.closing(psycopg2.connect(**own)) as line, line.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    return _hang_up


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_written_down_although_the_database_restarts(sink, plan, hang_up):
    mails = [plan(), plan()]

    def text(address):
        if not sink.accepted:
            hang_up()
        return 250

    sink.text = text
    assert sweep.sweep() == {"sent": 2}
    assert [state(mail) for mail in mails] == ["sent", "sent"]
    assert len(sink.accepted) == 2


@pytest.mark.django_db(transaction=True)
def test_a_restart_before_the_text_leaves_nothing_unknown(sink, plan, hang_up):
    mail = plan()

    def rcpt(address):
        hang_up()
        return 250

    sink.rcpt = rcpt
    with pytest.raises((OperationalError, InterfaceError)):
        sweep.sweep()
    assert state(mail) == "due"
    assert sink.accepted == []
    sink.rcpt = lambda address: 250
    sweep.sweep()
    assert state(mail) == "sent"


# -- Several at once -----------------------------------------------------------------------------------------------


def at_once(count, work):
    """Run ``work`` in threads that start together, each with a connection of its own."""
    start, problems = threading.Barrier(count), []

    def run():
        try:
            start.wait(10)
            work()
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_send_each_mail_once(sink, plan):
    mails = [plan() for _ in range(40)]
    at_once(4, sweep.sweep)
    sweep.sweep()
    assert sorted(accepted.message_id for accepted in sink.accepted) == sorted(mail.message_id for mail in mails)
    assert set(OutboxMail.objects.values_list("state", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_a_sender_passes_over_what_another_is_claiming(plan):
    first, second = plan(), plan()
    locked, done = threading.Event(), threading.Event()

    def other():
        with transaction.atomic():
            list(OutboxMail.objects.select_for_update().filter(pk=first.pk))
            locked.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    locked.wait(10)
    claimed = sweep.claim()
    done.set()
    thread.join()
    assert claimed == [second]


@pytest.mark.django_db(transaction=True)
def test_only_one_process_keeps_house_at_a_time(plan):
    leased(plan(), ended=True)
    inside, done, answers = threading.Event(), threading.Event(), []

    def other():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [sweep.HOUSEKEEPING])
            inside.set()
            done.wait(60)
            # Said aloud: the server notices a closed connection only later, and the next line may come sooner.
            cursor.execute("SELECT pg_advisory_unlock(%s)", [sweep.HOUSEKEEPING])
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(60)
    answers.append(sweep.keep_house())
    done.set()
    thread.join()
    answers.append(sweep.keep_house())
    assert answers == [False, True]
    assert OutboxMail.objects.get().state == "due"


def test_the_table_of_transitions_is_complete():
    assert set(TRANSITIONS) == set(MailState)
