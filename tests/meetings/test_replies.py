"""Answer from a mail: one thing, one person, once, no session; and what a scanner, a thief or a late reader gets."""

import datetime as dt
import logging
import re
import threading

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.activity.sentences import sentence
from iwg_portal.base.logs import JsonFormatter
from iwg_portal.mail import compose
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders import links
from iwg_portal.reminders.models import AnswerLink, Reminded
from meetings.access import replies as access
from meetings.actions import replies
from meetings.models import ActionReport, Position, Registration
from members.actions import apply_retention
from members.enums import Role
from members.models import KEPT_FOR, Kept, Term
from tests.cast import sign_in
from tests.factories import CirculationFactory, MeetingFactory, person_with
from tests.reminders.world import action, at, tick, without_scheduled_reports

pytestmark = pytest.mark.django_db
NOW = at(2026, 6, 30, 9)  # a Tuesday
DAY = dt.timedelta(days=1)
LINK = re.compile(r"/act/\?key=[\w-]{43}(?![\w-])")


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    without_scheduled_reports(monkeypatch)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def holder(cast):
    cast.person("own_focal_point")
    return cast.person("own_delegate")


@pytest.fixture
def owner(cast, holder):
    return action(NOW.date(), holder, cast.own)


def mailed(person, now=NOW, *, with_factor=True):
    """The addresses of her mail of the day at which she answers."""
    if with_factor:
        Authenticator.objects.get_or_create(user=person, type=Authenticator.Type.TOTP, defaults={"data": {}})
    texts = [text for who, _subject, text in tick(now) if who == person]
    assert len(texts) == 1
    return LINK.findall(texts[0])


def link_of(person, now=NOW):
    (found,) = mailed(person, now)
    return found


def post(address, **data):
    return Client(enforce_csrf_checks=True).post(address, data, headers={"Origin": "null"})


def done(address):
    return post(address, id="7d444840-9dc0-11d1-b245-5ffdce74fad2", status="done")


def refused(answer, status=410):
    """One calm page in three languages, that says what to do, and nothing of the thing."""
    page = answer.content.decode()
    for words in ("This link works no more", "Ce lien ne fonctionne plus", "Esta ligação já não funciona"):
        assert words in page
    assert reverse("account_login") in page
    assert "Ownland" not in page
    assert "Own Delegate" not in page
    return answer.status_code == status


# -- The mail ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Answer without signing in"),
        ("fr", "Répondre sans se connecter"),
        ("pt", "Responder sem iniciar sessão"),
    ],
)
def test_the_mail_carries_the_link_in_text_and_html(owner, holder, language, words):
    Authenticator.objects.create(user=holder, type=Authenticator.Type.TOTP, data={})
    holder.language = language
    holder.save(update_fields=["language"])
    tick(NOW)
    built = compose.message(OutboxMail.objects.get())
    html = str(built.alternatives[0][0])
    assert words in built.body
    assert words in html
    assert LINK.findall(built.body) == LINK.findall(html)
    assert len(LINK.findall(html)) == 1


def test_composed_again_the_mail_has_the_same_link_and_there_is_one(owner, holder):
    first = link_of(holder)
    again = compose.message(OutboxMail.objects.get()).body
    assert LINK.findall(again) == [first]
    assert AnswerLink.objects.count() == 1


def test_a_newer_mail_has_a_link_of_its_own_and_the_older_one_works_no_more(owner, holder):
    first = link_of(holder)
    with time_machine.travel(NOW + 7 * DAY, tick=False):
        second = link_of(holder, NOW + 7 * DAY)
        assert second != first
        assert AnswerLink.objects.count() == 1
        assert refused(done(first), 404)
        assert done(second).status_code == 200


def test_a_mail_that_is_not_composed_makes_no_link(owner, holder):
    owner.status = "done"
    owner.save(update_fields=["status"])
    tick(NOW)
    assert not AnswerLink.objects.exists()


def test_what_was_answered_from_a_mail_has_no_link_when_that_mail_is_composed_again(owner, holder):
    post(link_of(holder), id="7d444840-9dc0-11d1-b245-5ffdce74fad2", status="comment", text="We are at it.")
    built = compose.message(OutboxMail.objects.get())
    assert "An action point that you hold" in built.body
    assert not LINK.findall(built.body)


def test_the_database_keeps_a_hash_and_no_token(owner, holder):
    token = link_of(holder).partition("key=")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(l)::text FROM reminders_answerlink l")
        (row,) = cursor.fetchone()
    assert token not in row
    assert AnswerLink.objects.get().token_hash in row


# -- Reading -----------------------------------------------------------------------------------------------------------


def test_opening_it_changes_nothing_however_often(owner, holder):
    address = link_of(holder)
    events = Event.objects.count()
    for _n in range(10):
        scanner = Client()
        assert scanner.get(address).status_code == 200
        assert scanner.head(address).status_code == 200
        assert not scanner.cookies
    assert Event.objects.count() == events
    assert not ActionReport.objects.exists()
    assert AnswerLink.objects.get().used_at is None
    assert done(address).status_code == 200


def test_the_page_says_owner_and_date_and_not_a_word_of_the_record(owner, holder):
    owner.action.number = 12
    owner.action.save(update_fields=["number"])
    answer = Client().get(link_of(holder))
    page = answer.content.decode()
    assert "A-12" in page
    assert "Ownland" in page
    assert "30 June 2026" in page
    assert "Secret words" not in page
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert "<nav" not in page
    assert "<script" not in page


def test_words_that_the_whole_group_reads_are_shown_but_not_under_the_chatham_house_rule(owner, holder):
    record = owner.action.record
    record.audience = "group"
    record.save(update_fields=["audience"])
    address = link_of(holder)
    assert "Secret words" in Client().get(address).content.decode()
    record.meeting.chatham_house = True
    record.meeting.save(update_fields=["chatham_house"])
    assert "Secret words" not in Client().get(address).content.decode()


@pytest.mark.parametrize(("language", "words"), [("fr", "Envoyer"), ("pt", "Enviar")])
def test_the_page_speaks_her_language_whatever_the_browser_does(owner, holder, language, words):
    holder.language = language
    holder.save(update_fields=["language"])
    answer = Client().get(link_of(holder), headers={"Accept-Language": "en"})
    assert answer["Content-Language"] == language
    assert f'<html lang="{language}">' in answer.content.decode()
    assert words in answer.content.decode()


# -- Answering ---------------------------------------------------------------------------------------------------------


def test_done_once_by_her_from_a_mail(cast, owner, holder):
    address = link_of(holder)
    client = Client()
    answer = client.post(address, {"id": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "status": "done"})
    assert answer.status_code == 200
    assert not client.cookies
    assert client.get("/account/").status_code == 302
    report = ActionReport.objects.get()
    assert (report.owner, report.status, report.by, report.from_mail) == (owner, "done", holder, True)
    event = Event.objects.get(kind="action.reported")
    assert event.actor_id == holder.pk
    assert "From a mail" in sentence(event)
    assert "from a mail" in cast.client("own_delegate").get(reverse("action", args=[owner.action_id])).content.decode()
    assert refused(done(address))
    assert refused(Client().get(address))
    assert ActionReport.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"status": "needs_time", "until": "2026-08-01"}, ("in_progress", "", dt.date(2026, 8, 1))),
        ({"status": "not_ours", "text": "For the airports."}, ("not_ours", "For the airports.", None)),
        ({"status": "comment", "text": "We are at it."}, ("open", "We are at it.", None)),
    ],
)
def test_the_other_answers(owner, holder, typed, kept):
    assert post(link_of(holder), id="7d444840-9dc0-11d1-b245-5ffdce74fad2", **typed).status_code == 200
    report = ActionReport.objects.get()
    assert (report.status, report.text, report.needs_until) == kept


@pytest.mark.parametrize("typed", [{}, {"status": "needs_time"}, {"status": "comment"}, {"status": "in_progress"}])
def test_what_is_missing_is_said_and_the_link_goes_on_working(owner, holder, typed):
    address = link_of(holder)
    answer = post(address, id="7d444840-9dc0-11d1-b245-5ffdce74fad2", **typed)
    assert answer.status_code == 200
    assert "iwg-errors" in answer.content.decode()
    assert not ActionReport.objects.exists()
    assert done(address).status_code == 200


def test_the_invitation(cast):
    person = cast.person("partner")
    meeting = MeetingFactory(
        title="Plenary in Praia", audience="group", register_by=dt.date(2026, 7, 3), starts_at=NOW + 30 * DAY,
        ends_at=NOW + 31 * DAY,
    )  # fmt: skip
    address = link_of(person)
    assert "Plenary in Praia" in Client().get(address).content.decode()
    assert post(address, answer="perhaps").status_code == 200
    assert not Registration.objects.exists()
    assert post(address, answer="online").status_code == 200
    row = Registration.objects.get()
    assert (row.meeting, row.person, row.answer, row.from_mail) == (meeting, person, "online", True)
    assert "From a mail" in sentence(Event.objects.get(kind="registration.answered"))
    assert refused(post(address, answer="no"))


def test_the_link_to_an_invitation_ends_with_registration(cast):
    MeetingFactory(register_by=dt.date(2026, 7, 3), starts_at=NOW + 30 * DAY, ends_at=NOW + 31 * DAY)
    address = link_of(cast.person("partner"))
    with time_machine.travel(at(2026, 7, 3, 23, 59), tick=False):
        assert Client().get(address).status_code == 200
    with time_machine.travel(at(2026, 7, 4), tick=False):
        assert refused(Client().get(address))
        assert refused(post(address, answer="yes"))


def circulated(**row):
    meeting = MeetingFactory(state="circulated", title="Secret meeting", audience="members", **row)
    return CirculationFactory(meeting=meeting, opened_at=at(2026, 6, 22), deadline=at(2026, 7, 6))


def test_agree_to_a_record_and_an_objection_asks_for_a_sign_in(cast):
    circulation, person = circulated(), cast.person("own_focal_point")
    address = link_of(person)
    page = Client().get(address).content.decode()
    assert "Secret meeting" not in page
    assert "Ownland" in page
    assert reverse("silence", args=[circulation.record.meeting_id]) in page
    assert post(address, stance="object", text="No.").status_code == 200
    position = Position.objects.get()
    assert (position.state, position.stance, position.by, position.from_mail) == (cast.own, "agree", person, True)
    assert refused(post(address))


def test_who_does_not_speak_for_a_state_gets_no_link_to_agree(cast):
    circulated()
    assert mailed(cast.person("own_delegate")) == []


def test_under_the_chatham_house_rule_page_and_log_name_nobody(cast):
    circulated(chatham_house=True)
    address = link_of(cast.person("own_focal_point"))
    page = Client().get(address).content.decode()
    assert "Secret meeting" not in page
    assert "Plenary" not in page
    post(address)
    event = Event.objects.get(kind="record.agreed_unnamed")
    assert event.actor_id is None
    assert event.state_id is None
    assert event.data == {}


def test_what_a_mail_can_do_asks_for_no_new_proof_on_the_portal(cast, owner, holder):
    """Else the mail would be the way around it."""
    circulation, invitation = circulated(), MeetingFactory(starts_at=NOW + 30 * DAY, ends_at=NOW + 31 * DAY)
    client = cast.client("own_focal_point")
    asked = {
        reverse("action_report", args=[owner.pk]): {"status": "done"},
        reverse("silence_position", args=[circulation.record.meeting_id]): {"stance": "agree", "state": cast.own.pk},
        reverse("registration", args=[invitation.pk]): {"do": "answer", "answer": "yes"},
    }
    with time_machine.travel(NOW + dt.timedelta(seconds=settings.STEP_UP_SECONDS + 60), tick=False):
        for address, data in asked.items():
            onward = client.post(address, data).get("Location", "")
            assert reverse("step_up") not in onward, address
            assert reverse("account_login") not in onward, address
        assert set(replies.VERBS) == {access.ACTION, access.SILENCE, access.REGISTRATION}


# -- Refused -----------------------------------------------------------------------------------------------------------


def test_unknown(db):
    for address in ("/act/", "/act/?key=", "/act/?key=unknown", f"/act/?key={'x' * 5000}"):
        assert refused(Client().get(address), 404)
        assert refused(post(address), 404)


def test_too_old(owner, holder):
    address = link_of(holder)
    with time_machine.travel(NOW + links.LIFE, tick=False):
        assert refused(Client().get(address))
        assert refused(done(address))
    assert not ActionReport.objects.exists()


def _deactivated(cast, owner, holder):
    holder.is_active = False
    holder.save(update_fields=["is_active"])


def _office_ended(cast, owner, holder):
    Term.objects.filter(person=holder).update(ends_on=NOW.date())


def _handed_over(cast, owner, holder):
    owner.holder = person_with(Role.DELEGATE, state=cast.own)
    owner.save(update_fields=["holder"])


def _owner_removed(cast, owner, holder):
    owner.is_removed = True
    owner.save(update_fields=["is_removed"])


def _narrowed(cast, owner, holder):
    record = owner.action.record
    record.audience = "secretariat"
    record.save(update_fields=["audience"])


def _finished(cast, owner, holder):
    owner.status = "done"
    owner.save(update_fields=["status"])


@pytest.mark.parametrize("change", [_deactivated, _office_ended, _handed_over, _owner_removed, _narrowed, _finished])
def test_what_has_changed_since_kills_the_link(cast, owner, holder, change):
    address = link_of(holder)
    change(cast, owner, holder)
    assert refused(Client().get(address))
    assert refused(done(address))
    assert not ActionReport.objects.exists()


def test_somebody_else_who_is_signed_in_cannot_use_it(cast, owner, holder):
    address = link_of(holder)
    client = cast.client("own_focal_point")
    assert refused(client.get(address))
    assert refused(client.post(address, {"status": "done"}))
    assert not ActionReport.objects.exists()
    herself = Client()
    sign_in(herself, holder)
    assert herself.get(address).status_code == 200


def test_a_token_acts_on_its_own_thing_alone(cast, owner, holder):
    other = action(NOW.date(), holder, cast.own)
    first, second = mailed(holder)
    assert post(first, id="7d444840-9dc0-11d1-b245-5ffdce74fad2", status="done", owner=other.pk, pk=other.pk)
    link = AnswerLink.objects.get(used_at__isnull=False)
    assert ActionReport.objects.get().owner_id == int(link.target_id)
    assert Client().get(second).status_code == 200
    # A row that says another thing has another token: the old one is not its own.
    AnswerLink.objects.filter(used_at=None).update(kind=access.REGISTRATION)
    assert refused(done(second))


def test_guesses_are_limited():
    """By the token that is tried, and by where it comes from."""
    cache.clear()
    assert [post("/act/?key=guess").status_code for _n in range(21)] == [404] * 20 + [429]


def test_who_only_opens_a_link_uses_up_nothing_of_whoever_answers(owner, holder):
    cache.clear()
    address = link_of(holder)
    for _n in range(60):
        assert Client().get(address).status_code == 200
    assert Client().get(address).status_code == 429
    assert done(address).status_code == 200


@pytest.mark.parametrize("path", ["/act/", "/join/", "/calendar/meetings.ics", "/digest/unsubscribe/"])
def test_guesses_that_only_read_are_limited_too(path):
    cache.clear()
    asked = [Client().get(path, {"key": "guess"}).status_code for _n in range(61)]
    assert 429 not in asked[:60]
    assert asked[60] == 429
    assert Client().get(path, {"key": "another"}).status_code != 429


def test_no_log_holds_the_token(cast, owner, holder, caplog):
    caplog.set_level(logging.DEBUG)
    address = link_of(holder)
    token = address.partition("key=")[2]
    Client().get(address)
    cast.client("partner").get(address)
    done(address)
    formatter = JsonFormatter("%(message)s")
    lines = [formatter.format(record) for record in caplog.records if not record.name.startswith("django.db")]
    assert lines
    assert not [line for line in lines if token in line]
    assert not [event for event in Event.objects.all() if token in f"{event.target_label}{event.data}"]


# -- Without a second factor -------------------------------------------------------------------------------------------


def test_who_has_set_up_no_second_factor_is_reminded_and_answers_signed_in(owner, holder):
    """Recovery codes alone are none."""
    Authenticator.objects.create(user=holder, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert mailed(holder, with_factor=False) == []
    assert not AnswerLink.objects.exists()


def test_a_link_rests_while_her_factor_is_reset(owner, holder):
    address = link_of(holder)
    Authenticator.objects.filter(user=holder).delete()
    assert refused(Client().get(address), 410)
    assert refused(done(address), 410)
    assert not ActionReport.objects.exists()
    Authenticator.objects.create(user=holder, type=Authenticator.Type.TOTP, data={})
    assert done(address).status_code == 200


# -- How long it is kept -----------------------------------------------------------------------------------------------


def test_a_used_link_says_so_for_as_long_as_it_is_kept_and_then_there_was_none(owner, holder):
    address = link_of(holder)
    assert done(address).status_code == 200
    kept = KEPT_FOR[Kept.ANSWER]
    with time_machine.travel(NOW + kept - DAY, tick=False):
        assert apply_retention()[Kept.ANSWER] == 0
        assert refused(done(address), 410)
    with time_machine.travel(NOW + kept, tick=False):
        assert apply_retention()[Kept.ANSWER] == 1
        assert apply_retention()[Kept.ANSWER] == 0
        assert refused(done(address), 404)
    assert ActionReport.objects.count() == 1


def test_a_link_that_nobody_used_goes_as_long_after_its_end_and_one_that_works_stays(owner, holder):
    address = link_of(holder)
    end, kept = AnswerLink.objects.get().expires_at, KEPT_FOR[Kept.ANSWER]
    with time_machine.travel(end - DAY, tick=False):
        assert apply_retention()[Kept.ANSWER] == 0
        assert Client().get(address).status_code == 200
    with time_machine.travel(end + kept - DAY, tick=False):
        assert apply_retention()[Kept.ANSWER] == 0
        assert refused(done(address), 410)
    with time_machine.travel(end + kept, tick=False):
        assert apply_retention()[Kept.ANSWER] == 1
        assert refused(done(address), 404)


def test_the_row_of_a_mail_goes_after_its_time_with_what_it_reminded_of(owner, holder):
    link_of(holder)
    with time_machine.travel(NOW + KEPT_FOR[Kept.MAIL] - DAY, tick=False):
        assert apply_retention()[Kept.MAIL] == 0
        assert Reminded.objects.exists()
    with time_machine.travel(NOW + KEPT_FOR[Kept.MAIL], tick=False):
        assert apply_retention()[Kept.MAIL] == 1
        assert apply_retention()[Kept.MAIL] == 0
    assert not Reminded.objects.exists()
    assert not OutboxMail.objects.exists()


# -- At once -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_one_wins_and_the_other_is_told(cast, owner, holder):
    address, start, statuses = link_of(holder), threading.Barrier(2), []

    def send(status, text):
        start.wait()
        statuses.append(post(address, id=f"7d444840-9dc0-11d1-b245-5ffdce74fad{len(text)}", status=status, text=text))
        connection.close()

    threads = [threading.Thread(target=send, args=pair) for pair in (("done", ""), ("not_ours", "No"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in statuses) == [200, 410]
    assert ActionReport.objects.count() == 1
    assert timezone.now() >= AnswerLink.objects.get().used_at


@pytest.mark.django_db(transaction=True)
def test_composed_by_two_senders_at_once_there_is_one_link(owner, holder):
    link_of(holder)
    AnswerLink.objects.all().delete()
    start, found = threading.Barrier(2), []

    def build():
        mail = OutboxMail.objects.get()
        start.wait()
        found.append(LINK.findall(compose.message(mail).body))
        connection.close()

    threads = [threading.Thread(target=build) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert len(found[0]) == 1
    assert AnswerLink.objects.count() == 1
    assert OutboxMail.objects.get().state == MailState.SENT
