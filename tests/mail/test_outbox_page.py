"""The page of the ledger: what it shows, what it keeps to itself, and the decisions that are taken on it."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.mail.actions import decisions, sweep
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def unsettled(plan):
    """A mail that waits for a decision: ``unknown`` unless said otherwise."""

    def _unsettled(state="unknown", **values):
        mail = plan(**values)
        OutboxMail.objects.filter(pk=mail.pk).update(
            state=state, problem="RCPT 550", settled_at=timezone.now(), handed_over=state == "unknown", attempts=1
        )
        mail.refresh_from_db()
        return mail

    return _unsettled


def decide(client, mail, verb):
    answer = client.post(f"/mail/{mail.pk}/", {"do": verb}, follow=True)
    mail.refresh_from_db()
    return answer.content.decode()


@pytest.mark.parametrize("part", ["secretariat", "administrator"])
def test_it_says_what_waits(cast, unsettled, plan, part):
    unknown, bounced = unsettled(), unsettled("bounced")
    plan()
    page = cast.client(part).get("/mail/").content.decode()
    assert "2 mails wait for a decision." in page
    assert unknown.message_id.strip("<>") in page
    assert bounced.message_id.strip("<>") in page
    assert "RCPT 550" in page


@pytest.mark.parametrize("part", ["secretariat", "administrator"])
def test_it_shows_ids_and_kinds_and_nothing_else(cast, unsettled, part):
    person = PersonFactory(full_name="Canary Name", email="canary@test.invalid")
    unsettled(person=person)
    queue("mail.test", target=person, address="invited@test.invalid")
    OutboxMail.objects.filter(address="invited@test.invalid").update(state="bounced")
    page = cast.client(part).get("/mail/").content.decode()
    assert "2 mails wait" in page
    for secret in ("Canary", "canary@", "invited@"):
        assert secret not in page


def test_only_the_secretariat_has_buttons(cast, unsettled):
    unsettled()
    assert 'value="arrived"' in cast.client("secretariat").get("/mail/").content.decode()
    assert 'value="arrived"' not in cast.client("administrator").get("/mail/").content.decode()


@pytest.mark.parametrize("state", ["unknown", "bounced"])
def test_send_again_keeps_the_message_id(cast, unsettled, sink, state):
    mail = unsettled(state)
    assert "sent again now" in decide(cast.client("secretariat"), mail, "again")
    assert mail.state == "due"
    sweep.sweep()
    assert [accepted.message_id for accepted in sink.accepted] == [mail.message_id]
    assert Event.objects.filter(kind="mail.sent_again", target_id=str(mail.pk)).count() == 1


def test_it_arrived(cast, unsettled, sink):
    mail = unsettled()
    decide(cast.client("secretariat"), mail, "arrived")
    sweep.sweep()
    mail.refresh_from_db()
    assert mail.state == "sent"
    assert sink.accepted == []
    assert Event.objects.filter(kind="mail.arrived").exists()


@pytest.mark.parametrize("state", ["unknown", "bounced"])
def test_do_not_send(cast, unsettled, state):
    mail = unsettled(state)
    decide(cast.client("secretariat"), mail, "cancel")
    assert mail.state == "cancelled"
    assert Event.objects.filter(kind="mail.given_up").exists()


def test_a_second_decision_is_told_that_it_is_too_late(cast, unsettled):
    mail = unsettled()
    decide(cast.client("secretariat"), mail, "arrived")
    assert "nothing was changed" in decide(cast.client("secretariat"), mail, "cancel")
    assert mail.state == "sent"


def test_what_bounced_did_not_arrive(cast, unsettled):
    mail = unsettled("bounced")
    assert "nothing was changed" in decide(cast.client("secretariat"), mail, "arrived")
    assert mail.state == "bounced"


def test_what_would_come_too_late_is_not_sent_again(cast, unsettled):
    mail = unsettled(deadline=timezone.now() - HOUR)
    assert 'value="again"' not in cast.client("secretariat").get("/mail/").content.decode()
    assert "deadline has passed" in decide(cast.client("secretariat"), mail, "again")
    assert mail.state == "unknown"


@pytest.mark.parametrize("part", ["administrator", "own_focal_point", "chair", "stranger"])
@pytest.mark.parametrize("action", [decisions.send_again, decisions.confirm_arrival, decisions.give_up])
def test_the_actions_ask_again_who_decides(cast, unsettled, part, action):
    mail = unsettled()
    with pytest.raises(PermissionDenied):
        action(mail=mail.pk, by=cast.viewer(part))


@pytest.mark.parametrize("part", ["anonymous", "own_focal_point", "chair", "ex_member"])
def test_the_test_mail_is_for_who_looks_after_mail(cast, part):
    with pytest.raises(PermissionDenied):
        decisions.send_test(by=cast.viewer(part))


def test_what_is_due_needs_no_decision(cast, plan):
    with pytest.raises(ValidationError):
        decisions.give_up(mail=plan().pk, by=cast.viewer("secretariat"))


@pytest.mark.parametrize("part", ["secretariat", "administrator"])
def test_a_test_mail_goes_to_oneself(cast, sink, part):
    for _ in range(2):
        cast.client(part).post("/mail/test/")
    sweep.sweep()
    assert [accepted.recipient for accepted in sink.accepted] == [cast.person(part).email] * 2
    assert Event.objects.filter(kind="mail.tested").count() == 2


def test_it_says_when_mail_does_not_leave(cast, plan):
    client = cast.client("administrator")
    plan()
    assert "Mail leaves on time." in client.get("/mail/").content.decode()
    plan(not_before=timezone.now() - HOUR)
    assert "Mail does not leave" in client.get("/mail/").content.decode()


def test_as_many_queries_for_three_rows_as_for_one(cast, unsettled, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = cast.client("secretariat")
    unsettled()
    client.get("/mail/")
    with CaptureQueriesContext(connection) as one:
        client.get("/mail/")
    unsettled()
    unsettled("bounced")
    with django_assert_num_queries(len(one)):
        client.get("/mail/")


# -- /readyz -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("transactional_heartbeat")
@pytest.mark.parametrize(("age", "degraded"), [(dt.timedelta(minutes=14), []), (dt.timedelta(minutes=16), ["outbox"])])
def test_readyz_names_an_outbox_that_does_not_empty(client, plan, age, degraded):
    plan(not_before=timezone.now() - age)
    plan(not_before=timezone.now() + HOUR)
    answer = client.get("/readyz")
    assert answer.status_code == 200, "visitors are still served"
    found = answer.json()
    assert found["degraded"] == degraded
    assert found["parts"]["outbox"]["oldest_due_seconds"] == pytest.approx(age.total_seconds(), abs=30)


@pytest.fixture
def transactional_heartbeat():
    from iwg_portal.base.models import Heartbeat

    Heartbeat.objects.beat()


def test_a_greylisted_mail_counts_since_it_was_first_due(client, plan):
    mail = plan(not_before=timezone.now() - HOUR)
    OutboxMail.objects.filter(pk=mail.pk).update(try_at=timezone.now() + HOUR)
    assert client.get("/readyz").json()["parts"]["outbox"]["degraded"] is True
