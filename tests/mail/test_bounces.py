"""Mail that came back: reports in a mailbox, read over a real line, and signed calls of a mail service."""

import datetime as dt
import hashlib
import hmac
import json
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.cache import cache
from django.db import transaction

from iwg_portal.activity.models import Event
from iwg_portal.mail import letterbox, tasks, unreachable
from iwg_portal.mail.actions import bounces as actions
from iwg_portal.mail.bounces import read
from iwg_portal.mail.checks import settings_of_mail
from iwg_portal.mail.models import OutboxMail, UnreachableAddress
from tests.factories import PersonFactory
from tests.mail.imap import Box
from tests.mail.reports import exchange, exim, postfix

pytestmark = pytest.mark.django_db

ADDRESS = "ama@lost.invalid"
SECRET = "a secret of thirty-two characters"
ALL_MAKES = pytest.mark.parametrize("make", [postfix, exim, exchange])


@pytest.fixture
def sent(plan):
    """A mail that a server took from us."""

    def _sent(address=ADDRESS, state="sent", attempts=1):
        mail = plan(PersonFactory(email=address))
        OutboxMail.objects.filter(pk=mail.pk).update(state=state, attempts=attempts)
        mail.refresh_from_db()
        return mail

    return _sent


@pytest.fixture
def box(settings):
    """A mailbox that the portal reads."""
    found = Box()
    settings.BOUNCE_IMAP_HOST, settings.BOUNCE_IMAP_PLAIN = "127.0.0.1", True
    settings.BOUNCE_IMAP_USER, settings.BOUNCE_IMAP_PASSWORD = "portal", found.passphrase
    settings.BOUNCE_IMAP_FOLDER = "Returned mail"
    with found.listening() as settings.BOUNCE_IMAP_PORT:
        yield found


def state(mail):
    mail.refresh_from_db()
    return mail.state


def marks():
    return {mark.address: mark.reason for mark in UnreachableAddress.objects.all()}


# -- The mailbox -----------------------------------------------------------------------------------------------------


@ALL_MAKES
def test_a_report_marks_the_address_and_is_put_away(box, sent, make):
    mail = sent()
    uid = box.put(make(ADDRESS, mail.message_id))
    assert tasks.collect_bounces() == 1
    assert state(mail) == "bounced"
    assert mail.problem.startswith("bounce 5.")
    assert marks() == {ADDRESS: mail.problem}
    assert box.seen == {uid}
    assert Event.objects.filter(kind="mail.address_failed").count() == 1
    assert tasks.collect_bounces() == 0


@ALL_MAKES
def test_a_second_report_after_another_try_of_the_address_changes_nothing(box, sent, make):
    mail = sent()
    box.put(make(ADDRESS, mail.message_id))
    tasks.collect_bounces()
    unreachable.lift(ADDRESS)
    box.put(make(ADDRESS, mail.message_id))
    assert tasks.collect_bounces() == 0
    assert marks() == {}


@ALL_MAKES
@pytest.mark.parametrize(
    ("status", "action"), [("4.2.2", "failed"), ("4.4.1", "delayed"), ("5.1.1", "delayed"), ("2.0.0", "delivered")]
)
def test_what_is_temporary_or_arrived_marks_nothing(box, sent, make, status, action):
    mail = sent()
    uid = box.put(make(ADDRESS, mail.message_id, status, action))
    assert tasks.collect_bounces() == 0
    assert (state(mail), marks(), box.seen) == ("sent", {}, {uid})


@ALL_MAKES
@pytest.mark.parametrize("status", ["5.7.1", "5.2.2", "5.6.0"])
def test_what_is_not_about_the_address_came_back_and_marks_nothing(box, sent, make, status):
    mail = sent()
    box.put(make(ADDRESS, mail.message_id, status))
    assert tasks.collect_bounces() == 1
    assert (state(mail), marks()) == ("bounced", {})


@ALL_MAKES
def test_a_forged_report_silences_nobody(box, sent, make):
    mail, other = sent(), sent("kofi@lost.invalid")
    box.put(make(ADDRESS, "<invented@demo.invalid>"))  # a mail that we never wrote
    box.put(make(ADDRESS, other.message_id))  # her own mail, and somebody else's address
    box.put(make(ADDRESS, ""))
    assert tasks.collect_bounces() == 0
    assert (state(mail), state(other), marks()) == ("sent", "sent", {})


def test_a_mail_that_was_never_given_to_a_server_cannot_come_back(box, sent):
    mail = sent(state="due", attempts=0)
    box.put(postfix(ADDRESS, mail.message_id))
    assert tasks.collect_bounces() == 0
    assert (state(mail), marks()) == ("due", {})


def test_the_address_that_she_had_before_is_not_hers(box, sent):
    mail = sent()
    mail.recipient.email = "ama@right.invalid"
    mail.recipient.save()
    box.put(postfix(ADDRESS, mail.message_id))
    assert tasks.collect_bounces() == 0
    assert marks() == {}


def test_one_report_about_two_recipients_counts_for_ours(box, sent):
    mail = sent()
    block = "\nFinal-Recipient: rfc822; other@test.invalid\nAction: failed\nStatus: 5.1.1\n"
    box.put(postfix(ADDRESS, mail.message_id, more=block))
    assert tasks.collect_bounces() == 1
    assert set(marks()) == {ADDRESS}


def test_a_large_report_is_read_at_its_beginning(box, sent):
    mail = sent()
    box.put(postfix(ADDRESS, mail.message_id, body="A line of the mail that came back.\n" * 300_000))
    assert max(map(len, box.letters.values())) > 10_000_000
    assert tasks.collect_bounces() == 1
    assert set(marks()) == {ADDRESS}
    assert box.sent_bytes < 300_000


def test_what_is_no_report_is_left_for_people(box, sent):
    sent()
    box.put(b"From: x@test.invalid\r\nSubject: Out of office\r\nContent-Type: text/plain\r\n\r\nBack on Monday.\r\n")
    forwarded = postfix(ADDRESS, sent("kofi@lost.invalid").message_id)
    box.put(b"Subject: Fwd\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + forwarded + b"\r\n--x--\r\n")
    assert tasks.collect_bounces() == 0
    assert box.seen == set()
    assert not [asked for asked in box.asked if "FETCH" in asked]


RUBBISH = {
    "cut off": lambda report: report[: report.index(b"Final-Recipient") + 20],
    "no boundary": lambda report: report.replace(b"boundary=", b"frontier="),
    "other boundary": lambda report: report.replace(b"\r\n--", b"\r\n++"),
    "nothing but its head": lambda report: report.partition(b"\r\n\r\n")[0] + b"\r\n\r\n",
    "bytes": lambda report: report.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + bytes(range(256)) * 40,
    "nested": lambda report: report.replace(
        b"message/delivery-status", b"multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822"
    ),
    "deep": lambda report: report.partition(b"\r\n\r\n")[0]
    + b"\r\n\r\n--4F1C2.1782723600/mx.test.invalid\r\n"
    + b"Content-Type: message/rfc822\r\n\r\n" * 5000,
    "no status": lambda report: report.replace(b"Status: 5", b"Status: x"),
    "no address": lambda report: report.replace(b"rfc822;", b"x400;").replace(ADDRESS.encode(), b"nobody"),
    "unknown charset": lambda report: report.replace(b"message/delivery-status", b"message/delivery-status; charset=x"),
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_is_put_away_and_the_next_one_read(box, sent, kind):
    mail, other = sent(), sent("kofi@lost.invalid")
    broken = RUBBISH[kind](postfix(ADDRESS, mail.message_id))
    if kind != "unknown charset":
        assert read(broken) == []
    first, second = box.put(broken), box.put(postfix("kofi@lost.invalid", other.message_id))
    tasks.collect_bounces()
    assert "kofi@lost.invalid" in marks()
    assert box.seen == {first, second}


def test_it_is_put_away_after_it_was_written_down(box, sent):
    mail = sent()
    box.put(postfix(ADDRESS, mail.message_id))
    box.refuse = {"STORE"}
    with pytest.raises(letterbox.MailboxAway, match="^STORE: error$"):
        tasks.collect_bounces()
    assert set(marks()) == {ADDRESS}
    assert box.seen == set()
    box.refuse = set()
    assert tasks.collect_bounces() == 0  # no news, and put away now
    assert len(box.seen) == 1


def test_what_could_not_be_written_down_is_read_again(box, sent, monkeypatch):
    mail = sent()
    box.put(postfix(ADDRESS, mail.message_id))
    with monkeypatch.context() as patch:

        def fail(*args, **kwargs):
            raise RuntimeError

        patch.setattr(unreachable, "mark", fail)
        with pytest.raises(RuntimeError), transaction.atomic():
            tasks.collect_bounces()
    assert (state(mail), box.seen) == ("sent", set())
    assert tasks.collect_bounces() == 1


@pytest.mark.parametrize("step", ["LOGIN", "SELECT", "SEARCH", "FETCH"])
def test_a_mailbox_that_refuses_is_a_failed_job_that_says_where(box, sent, step):
    box.put(postfix(ADDRESS, sent().message_id))
    box.refuse = {step}
    with pytest.raises(letterbox.MailboxAway, match=f"^{step}: error$"):
        tasks.collect_bounces()
    assert marks() == {}


def test_a_mailbox_that_is_away(settings, box):
    settings.BOUNCE_IMAP_PORT = 1
    with pytest.raises(letterbox.MailboxAway, match="^CONNECT: "):
        tasks.collect_bounces()


def test_without_a_mailbox_nothing_is_asked(settings):
    settings.BOUNCE_IMAP_HOST = ""
    assert tasks.collect_bounces() == 0


def test_a_server_with_a_certificate_of_its_own_making_is_told_nothing(settings, box, tmp_path):
    server = Box()
    settings.BOUNCE_IMAP_PLAIN = False
    with (
        server.listening(tls=own_certificate(tmp_path)) as settings.BOUNCE_IMAP_PORT,
        pytest.raises(letterbox.MailboxAway, match="^CONNECT: SSLCertVerificationError$"),
    ):
        tasks.collect_bounces()
    assert server.asked == []


def own_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    day = dt.timedelta(days=1)
    made = made.serial_number(1).not_valid_before(now - day).not_valid_after(now + day)
    file = folder / "own.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize(("name", "value"), [("USER", ""), ("PASSWORD", "a\nb"), ("FOLDER", ""), ("PASSWORD", "é")])
def test_half_a_mailbox_is_refused_at_the_start(settings, box, name, value):
    assert settings_of_mail() == []
    setattr(settings, f"BOUNCE_IMAP_{name}", value)
    assert [error.id for error in settings_of_mail()] == ["mail.E003"]


# -- The call of a mail service --------------------------------------------------------------------------------------


@pytest.fixture
def call(client, settings):
    """Tell the portal of a bounce, signed as it should be, unless said otherwise."""
    cache.clear()
    settings.MAIL_BOUNCE_SECRET = SECRET

    def _call(said, *, secret=SECRET, age=0, signature=None, stamp=None):
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        stamp = str(int(time.time()) - age) if stamp is None else stamp
        if signature is None:
            signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"X-Bounce-Timestamp": stamp, "X-Bounce-Signature": signature}
        answer = client.post("/mail/bounces/", body, content_type="application/json", headers=headers)
        assert answer.status_code == 404 or (answer.content, len(answer.cookies)) == (b"", 0)
        return answer.status_code

    return _call


def test_a_signed_call_marks_the_address(call, sent):
    mail = sent()
    assert call({"message_id": mail.message_id, "recipient": ADDRESS.upper(), "status": "5.1.1"}) == 202
    assert (state(mail), marks()) == ("bounced", {ADDRESS: "bounce 5.1.1"})


@pytest.mark.parametrize("said", [{"message_id": True}, {"recipient": True}], ids=["message_id", "recipient"])
def test_one_of_the_two_will_do(call, sent, said):
    mail = sent()
    known = {"message_id": mail.message_id, "recipient": ADDRESS}
    assert call({"status": "5.1.1", **{name: known[name] for name in said}}) == 202
    assert set(marks()) == {ADDRESS}


@pytest.mark.parametrize(
    "said",
    [
        {"recipient": "stranger@test.invalid"},
        {"message_id": "<invented@demo.invalid>"},
        {"message_id": "<invented@demo.invalid>", "recipient": ADDRESS},
        {"recipient": ADDRESS, "status": "4.2.2"},
        {"recipient": ADDRESS, "status": "5.7.1"},
    ],
)
def test_what_is_unknown_or_temporary_gets_the_same_answer_and_does_nothing(call, sent, said):
    mail = sent()
    assert call({"status": "5.1.1", **said}) == 202
    assert (state(mail), marks()) == ("sent", {})


def test_the_mail_of_somebody_else(call, sent):
    sent()
    other = sent("kofi@lost.invalid")
    assert call({"message_id": other.message_id, "recipient": ADDRESS, "status": "5.1.1"}) == 202
    assert marks() == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another secret of thirty-two characters"},
        {"signature": ""},
        {"signature": "é"},
        {"age": 301},
        {"age": -301},
        {"stamp": ""},
        {"stamp": "now"},
        {"stamp": "-5"},
    ],
    ids=str,
)
def test_what_is_not_signed_now_is_refused(call, sent, wrong):
    mail = sent()
    assert call({"message_id": mail.message_id, "status": "5.1.1"}, **wrong) == 403
    assert (state(mail), marks()) == ("sent", {})


def test_a_body_that_was_changed_is_refused(call, sent, client):
    mail = sent()
    stamp = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f'{stamp}.{{"status": "5.1.1"}}'.encode(), hashlib.sha256).hexdigest()
    assert call({"message_id": mail.message_id, "status": "5.1.1"}, stamp=stamp, signature=signature) == 403
    assert marks() == {}


def test_the_same_call_once_more_does_not_undo_what_was_decided_meanwhile(call, sent):
    sent()
    stamp = str(int(time.time()))
    for _ in range(2):
        assert call({"recipient": ADDRESS, "status": "5.1.1"}, stamp=stamp) == 202
        unreachable.lift(ADDRESS)
    assert marks() == {}


def test_ten_calls_leave_one_event(call, sent):
    mail = sent()
    for age in range(10):
        call({"message_id": mail.message_id, "recipient": ADDRESS, "status": "5.1.1"}, age=age)
    assert Event.objects.filter(kind="mail.address_failed").count() == 1


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        [],
        {},
        {"status": "5.1.1"},
        {"status": "gone", "recipient": ADDRESS},
        {"status": 5, "recipient": ADDRESS},
        {"status": "5.1.1", "recipient": "nobody"},
        {"status": "5.1.1", "recipient": [ADDRESS]},
        {"status": "5.1.1", "message_id": "no angle brackets"},
        {"status": "5.1.1", "message_id": "<a\x00b>"},
    ],
    ids=lambda said: str(said)[:40],
)
def test_what_is_no_bounce_is_refused(call, said):
    assert call(said) == 400


def test_a_large_body_is_refused(call):
    assert call(b'{"status": "5.1.1", "x": "' + b"x" * 262_144 + b'"}') == 413


@pytest.mark.parametrize("secret", ["", "thirty-one characters, no more."])
def test_without_a_secret_there_is_no_such_address(call, settings, client, secret):
    settings.MAIL_BOUNCE_SECRET = secret
    assert call({"recipient": ADDRESS, "status": "5.1.1"}, secret=secret) == 404
    assert client.get("/mail/bounces/").status_code == 404
    assert [error.id for error in settings_of_mail()] == (["mail.E002"] if secret else [])


def test_it_is_not_read(call, client):
    assert client.get("/mail/bounces/").status_code == 405


def test_another_writer_does_not_take_an_address_for_known(sent):
    sent(state="due", attempts=0)
    OutboxMail.objects.update(recipient=None, address="invited@test.invalid")
    assert not actions.note_bad_address(address="invited@test.invalid", status="5.1.1")
    OutboxMail.objects.update(attempts=1)
    assert actions.note_bad_address(address="invited@test.invalid", status="5.1.1")
