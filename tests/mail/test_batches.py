"""A mail to many before it leaves: the pause, what the secretariat decides of it, and the words that it adds."""

import datetime as dt
import email
import email.policy
import re
import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.mail.actions import batches, sweep
from iwg_portal.mail.models import MailBatch, OutboxMail
from iwg_portal.mail.outbox import MANY, PAUSE, cancel, queue_all
from tests.base.uploading import PAXLST
from tests.factories import MeetingFactory, PersonFactory
from tests.mail.test_sweep import at_once
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
WORDS = {"en": "Bring your papers.", "fr": "Apportez vos documents.", "pt": "Tragam os documentos."}


@pytest.fixture
def many():
    """Plan the same mail to that many people; its batch, or None."""

    def _many(count=MANY, target=None, **values):
        target = target or PersonFactory()
        people = [PersonFactory() for _ in range(count)]
        with transaction.atomic():
            queue_all("mail.test", target=target, to=people, **values)
        return MailBatch.objects.filter(target_id=str(target.pk)).first()

    return _many


@pytest.fixture
def secretariat(cast):
    return cast.viewer("secretariat")


def states(batch):
    return sorted(batch.mails.values_list("state", flat=True))


def its_hour_comes():
    past = timezone.now() - dt.timedelta(seconds=1)
    MailBatch.objects.update(leaves_at=past)
    OutboxMail.objects.filter(state="due").update(not_before=past, try_at=past)


def fresh(batch):
    batch.refresh_from_db()
    return batch


def given(batch, by):
    batch.refresh_from_db()
    return {"batch": batch.pk, "version": batch.version, "by": by}


# -- The pause -----------------------------------------------------------------------------------------------------


def test_a_mail_to_twelve_waits_ten_minutes(sink, many):
    batch = many(12)
    assert batch.mails.count() == 12
    assert abs(batch.leaves_at - timezone.now() - dt.timedelta(minutes=10)) < dt.timedelta(minutes=1)
    sweep.sweep()
    assert sink.accepted == []
    its_hour_comes()
    sweep.sweep()
    assert len(sink.accepted) == 12
    assert fresh(batch).state == "released"


def test_a_mail_to_eleven_leaves_at_once(sink, many):
    assert many(11) is None
    sweep.sweep()
    assert len(sink.accepted) == 11


@pytest.mark.parametrize("how", [{"urgent": True}, {"deadline": "soon"}])
def test_what_is_urgent_or_soon_of_no_use_leaves_at_once(sink, many, how):
    if "deadline" in how:
        how = {"deadline": timezone.now() + PAUSE}
    assert many(12, **how) is None
    sweep.sweep()
    assert len(sink.accepted) == 12


def test_somebody_who_is_named_twice_is_one_reader(many):
    people = [PersonFactory() for _ in range(11)]
    target = PersonFactory()
    queue_all("mail.test", target=target, to=[*people, people[0]])
    assert not MailBatch.objects.exists()
    assert OutboxMail.objects.count() == 11


def test_planned_twice_it_is_one_mail_to_each_and_one_batch(sink):
    people, target = [PersonFactory() for _ in range(12)], PersonFactory()
    for _ in range(2):
        queue_all("mail.test", target=target, to=people)
    assert OutboxMail.objects.count() == 12
    assert MailBatch.objects.count() == 1


@pytest.mark.parametrize(("verb", "planned", "state"), [("hold", 13, "held"), ("stop", 12, "cancelled")])
def test_who_comes_later_shares_what_was_decided(secretariat, many, verb, planned, state):
    target = PersonFactory()
    batch = many(12, target=target)
    getattr(batches, verb)(**given(batch, secretariat))
    everybody = [mail.recipient for mail in batch.mails.select_related("recipient")]
    queue_all("mail.test", target=target, to=[*everybody, PersonFactory()])
    assert batch.mails.count() == planned
    assert set(states(batch)) == {state}


@pytest.mark.django_db(transaction=True)
def test_two_acts_at_once_plan_one_batch():
    people, target = [PersonFactory() for _ in range(12)], PersonFactory()
    at_once(4, lambda: transaction.atomic()(queue_all)("mail.test", target=target, to=people))
    assert OutboxMail.objects.count() == 12
    assert MailBatch.objects.count() == 1


def test_a_mail_cannot_be_held_alone(plan):
    mail = plan()
    with pytest.raises(IntegrityError):
        OutboxMail.objects.filter(pk=mail.pk).update(state="held")


def test_the_claim_finds_what_is_due_by_its_index(many, secretariat):
    """Also with mails that are held: they are not in it."""
    batch = many()
    batches.hold(**given(batch, secretariat))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM mail_outboxmail WHERE state = 'due' AND try_at <= now() AND deadline > now()"
            " ORDER BY try_at, id LIMIT 10 FOR UPDATE SKIP LOCKED"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "mail_due" in plan
    assert sweep.claim() == []


# -- Hold, send, stop ----------------------------------------------------------------------------------------------


def test_what_is_held_does_not_leave_however_often_the_sweep_runs(sink, many, secretariat):
    batch = many()
    assert batches.hold(**given(batch, secretariat)) == MANY
    its_hour_comes()
    for _ in range(3):
        sweep.sweep()
    assert sink.accepted == []
    assert set(states(batch)) == {"held"}
    assert fresh(batch).state == "held"
    assert Event.objects.filter(kind="mail.batch_held", actor_id=secretariat.person.pk).count() == 1


@pytest.mark.parametrize("held", [False, True])
def test_what_is_let_go_leaves_at_once_and_once(sink, many, secretariat, held):
    batch = many()
    if held:
        batches.hold(**given(batch, secretariat))
    assert batches.release(**given(batch, secretariat)) == MANY
    for _ in range(2):
        sweep.sweep()
    assert len(sink.accepted) == MANY
    assert len({accepted.recipient for accepted in sink.accepted}) == MANY
    assert Event.objects.filter(kind="mail.batch_released").count() == 1


def test_what_was_held_for_long_is_not_called_late(many, secretariat):
    from iwg_portal.mail.queries import readiness

    batch = many()
    batches.hold(**given(batch, secretariat))
    OutboxMail.objects.update(not_before=timezone.now() - HOUR, try_at=timezone.now() - HOUR)
    assert readiness()["degraded"] is False
    batches.release(**given(batch, secretariat))
    assert readiness()["degraded"] is False


def test_stopped_nobody_gets_it(sink, many, secretariat):
    batch = many()
    assert batches.stop(**given(batch, secretariat)) == MANY
    its_hour_comes()
    sweep.sweep()
    assert sink.accepted == []
    assert set(states(batch)) == {"cancelled"}
    with pytest.raises(ValidationError):
        batches.release(**given(batch, secretariat))


def test_a_claimed_mail_is_held_too_and_its_sender_gives_nothing_away(many, secretariat):
    batch = many()
    its_hour_comes()
    claimed = sweep.claim()
    assert batches.hold(**given(batch, secretariat)) == MANY
    assert not any(sweep.hand_over(mail) for mail in claimed)
    sweep.settle(claimed[0], sweep.Answer(sweep.Outcome.LATER, "RCPT 450"))
    assert set(states(batch)) == {"held"}, "a late answer to what was broken off is not written down"


@pytest.mark.parametrize(("verb", "state"), [("hold", "held"), ("stop", "cancelled")])
def test_a_mail_that_the_server_does_not_take_now_follows_its_batch(many, secretariat, verb, state):
    """The text was being given when the decision came, and the server asks to come again."""
    batch = many()
    its_hour_comes()
    (first, *_others) = sweep.claim()
    assert sweep.hand_over(first)
    assert getattr(batches, verb)(**given(batch, secretariat)) == MANY - 1
    sweep.settle(first, sweep.Answer(sweep.Outcome.LATER, "text 451"))
    assert set(states(batch)) == {state}


def test_when_all_have_left_there_is_nothing_to_hold(sink, many, secretariat):
    batch = many()
    its_hour_comes()
    sweep.send_due()  # without the housekeeping, which another process may be doing
    with pytest.raises(ValidationError, match="have left"):
        batches.hold(**given(batch, secretariat))
    assert set(states(batch)) == {"sent"}


def test_the_second_of_two_decisions_is_told(many, secretariat):
    batch = many()
    seen = given(batch, secretariat)
    batches.release(**seen)
    for verb in (batches.release, batches.hold, batches.stop):
        with pytest.raises(ValidationError, match="nothing was changed"):
            verb(**seen)
    assert set(states(batch)) == {"due"}


def test_a_decision_about_what_looks_otherwise_by_now_is_refused(many, secretariat):
    batch = many()
    seen = given(batch, secretariat)
    batches.keep_words(**seen, notes=WORDS)
    with pytest.raises(ValidationError, match="Somebody was faster"):
        batches.release(**seen)


@pytest.mark.django_db(transaction=True)
def test_let_go_by_several_at_once_during_sweeps_each_gets_one_mail(sink, many, secretariat):
    batch = many(20)
    batches.hold(**given(batch, secretariat))
    seen, released = given(batch, secretariat), []

    def work():
        sweep.sweep()
        try:
            released.append(batches.release(**seen))
        except ValidationError:
            released.append(0)
        sweep.sweep()

    at_once(4, work)
    sweep.sweep()
    assert sorted(released) == [0, 0, 0, 20]
    assert sorted(accepted.message_id for accepted in sink.accepted) == sorted(
        batch.mails.values_list("message_id", flat=True)
    )
    assert Event.objects.filter(kind="mail.batch_released").count() == 1


@pytest.mark.django_db(transaction=True)
def test_held_while_a_sweep_sends_what_is_sent_is_sent_and_the_rest_waits(sink, many, secretariat):
    batch = many(20)
    its_hour_comes()
    seen, begun = given(batch, secretariat), threading.Event()

    def answer(address):
        begun.set()
        return 250

    sink.text = answer

    def hold():
        assert begun.wait(30)
        batches.hold(**{**seen, "version": MailBatch.objects.get().version})

    def work():
        try:
            (sweep.send_due if threading.current_thread().name == "sender" else hold)()
        except ValidationError:
            pass  # all had left
        finally:
            connection.close()

    threads = [threading.Thread(target=work, name=name) for name in ("sender", "holder")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {mail.message_id: mail.state for mail in batch.mails.all()}
    assert set(found.values()) <= {"sent", "held"}
    assert sorted(accepted.message_id for accepted in sink.accepted) == sorted(
        message for message, state in found.items() if state == "sent"
    )


# -- The end of it -------------------------------------------------------------------------------------------------


def test_held_until_its_deadline_it_is_cancelled_and_said(cast, sink, many, secretariat):
    batch = many()
    batches.hold(**given(batch, secretariat))
    OutboxMail.objects.update(deadline=timezone.now() - HOUR)
    for _ in range(2):
        sweep.sweep()
    assert sink.accepted == []
    assert set(batch.mails.values_list("state", "problem")) == {("cancelled", "too late")}
    assert fresh(batch).state == "lapsed"
    assert Event.objects.filter(kind="mail.batch_lapsed", actor_id=None).count() == 1
    assert "Held until it was too late" in text(cast.client("secretariat").get("/mail/"))


def test_what_is_cancelled_with_its_matter_is_over(cast, many, secretariat):
    target = PersonFactory()
    batch = many(target=target)
    batches.hold(**given(batch, secretariat))
    assert cancel(target=target) == MANY
    sweep.sweep()
    assert fresh(batch).state == "stopped"
    assert "or is no longer due" in text(cast.client("secretariat").get("/mail/"))


def test_two_who_close_what_has_ended_close_it_once(many, secretariat):
    batch = many()
    batches.hold(**given(batch, secretariat))
    OutboxMail.objects.update(state="cancelled", problem="too late", settled_at=timezone.now())
    for _ in range(2):
        batches.close_ended(timezone.now())
    assert Event.objects.filter(kind="mail.batch_lapsed").count() == 1


def test_who_leaves_while_it_is_held_gets_nothing(sink, many, secretariat):
    batch = many()
    gone = batch.mails.first().recipient
    batches.hold(**given(batch, secretariat))
    gone.is_active = False
    gone.save()
    batches.release(**given(batch, secretariat))
    sweep.sweep()
    assert len(sink.accepted) == MANY - 1
    assert gone.email not in {accepted.recipient for accepted in sink.accepted}


# -- Words ---------------------------------------------------------------------------------------------------------


def parts(accepted):
    message = email.message_from_bytes(accepted.content, policy=email.policy.default)
    return message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()


def test_the_words_stand_in_text_and_html_in_the_language_of_each_reader(sink, secretariat):
    people = [PersonFactory(language=language) for language in ("en", "fr", "pt") for _ in range(4)]
    queue_all("mail.test", target=PersonFactory(), to=people)
    batch = MailBatch.objects.get()
    batches.keep_words(**given(batch, secretariat), notes=WORDS)
    batches.release(**given(batch, secretariat))
    sweep.sweep()
    language = {person.email: person.language for person in people}
    assert len(sink.accepted) == 12
    for accepted in sink.accepted:
        for part in parts(accepted):
            said = {code for code, words in WORDS.items() if words in part}
            assert said == {language[accepted.recipient]}


def test_words_are_plain_text_whatever_is_typed(sink, many, secretariat):
    typed = "Côte d'Ivoire <b>bold</b> {{ secret }} {% now 'Y' %}\n<a href=https://evil.test>here</a>"
    batch = many()
    batches.keep_words(**given(batch, secretariat), notes=dict.fromkeys(WORDS, typed))
    batches.release(**given(batch, secretariat))
    sweep.sweep()
    plain, html = parts(sink.accepted[0])
    assert typed in plain.replace("\r\n", "\n")
    assert "<b>bold" not in html
    assert "evil.test>" not in html
    assert "&lt;b&gt;bold&lt;/b&gt; {{ secret }} {% now &#x27;Y&#x27; %}<br>&lt;a href" in html


def test_new_words_make_it_wait_anew_and_held_it_stays_held(many, secretariat):
    batch = many()
    soon = timezone.now() + dt.timedelta(seconds=20)
    MailBatch.objects.update(leaves_at=soon)
    OutboxMail.objects.update(not_before=soon, try_at=soon)
    batches.keep_words(**given(batch, secretariat), notes=WORDS)
    assert fresh(batch).leaves_at > timezone.now() + PAUSE - dt.timedelta(minutes=1)
    assert set(batch.mails.values_list("try_at", "not_before")) == {(batch.leaves_at, batch.leaves_at)}
    batches.hold(**given(batch, secretariat))
    batches.keep_words(**given(batch, secretariat), notes=dict.fromkeys(WORDS, ""))
    assert set(states(batch)) == {"held"}
    assert fresh(batch).note_fr == ""


def test_new_words_do_not_make_it_wait_beyond_its_use(many, secretariat):
    end = timezone.now() + 3 * PAUSE
    batch = many(deadline=end)
    soon = end - dt.timedelta(minutes=12)
    MailBatch.objects.update(leaves_at=soon)
    batches.keep_words(**given(batch, secretariat), notes=WORDS)
    assert fresh(batch).leaves_at < end - PAUSE + dt.timedelta(minutes=1)


def test_all_readers_read_the_same_so_when_one_has_left_no_words_are_added(many, secretariat):
    batch = many()
    its_hour_comes()
    sweep.claim(most=1)
    with pytest.raises(ValidationError, match="leaving already"):
        batches.keep_words(**given(batch, secretariat), notes=WORDS)
    assert fresh(batch).note_en == ""
    assert states(batch) == ["due"] * (MANY - 1) + ["leased"]
    assert not batch.mails.filter(not_before__gt=timezone.now()).exists()


@pytest.mark.parametrize("notes", [{"en": "x", "fr": "", "pt": ""}, {"en": "", "fr": "x", "pt": "x"}])
def test_the_database_refuses_words_in_some_languages_alone(many, notes):
    batch = many()
    with pytest.raises(IntegrityError):
        MailBatch.objects.filter(pk=batch.pk).update(**{f"note_{code}": words for code, words in notes.items()})


# -- Who decides ---------------------------------------------------------------------------------------------------

NOT_SHE = ["own_delegate", "own_focal_point", "chair", "observer", "stranger", "administrator"]


@pytest.mark.parametrize("part", NOT_SHE)
@pytest.mark.parametrize("verb", ["release", "hold", "stop", "keep_words"])
def test_nobody_else_decides(cast, many, part, verb):
    batch = many()
    values = {"notes": WORDS} if verb == "keep_words" else {}
    with pytest.raises(PermissionDenied):
        getattr(batches, verb)(**given(batch, cast.viewer(part)), **values)


@pytest.mark.parametrize("part", NOT_SHE)
@pytest.mark.parametrize("verb", ["send", "hold", "stop", "keep"])
def test_nobody_else_decides_on_the_page(cast, many, part, verb):
    batch = many()
    answer = cast.client(part).post(f"/mail/batches/{batch.pk}/", {"do": verb, "version": batch.version})
    assert answer.status_code == (403 if part == "administrator" else 404)
    assert set(states(batch)) == {"due"}
    assert fresh(batch).version == 1


# -- The page ------------------------------------------------------------------------------------------------------


@pytest.fixture
def announced():
    """A meeting that the group may read, with a mail to many about it."""
    start = timezone.now() + dt.timedelta(days=30)
    meeting = MeetingFactory(title="Plenary", audience="group", starts_at=start, ends_at=start + HOUR)
    queue_all("meetings.announced", target=meeting, to=[PersonFactory() for _ in range(12)])
    return MailBatch.objects.get(target_id=str(meeting.pk)), meeting


def url(batch):
    return f"/mail/batches/{batch.pk}/"


def test_it_is_seen_where_it_was_caused_and_on_the_page_of_mail(cast, announced):
    batch, meeting = announced
    client = cast.client("secretariat")
    for page in (f"/meetings/{meeting.pk}/", "/mail/", url(batch)):
        found = client.get(page).content.decode()
        assert "This goes to 12 people on" in found
        assert f'action="{url(batch)}"' in found
    assert "This goes to" not in cast.client("own_delegate").get(f"/meetings/{meeting.pk}/").content.decode()
    assert "This goes to" in cast.client("administrator").get("/mail/").content.decode()
    assert url(batch) + '"><input' not in cast.client("administrator").get("/mail/").content.decode()


def test_the_morning_page_shows_what_is_held_with_the_next_step(cast, announced, secretariat):
    batch, _meeting = announced
    client = cast.client("secretariat")
    assert url(batch) not in client.get("/morning/").content.decode()
    batches.hold(**given(batch, secretariat))
    page = client.get("/morning/").content.decode()
    assert url(batch) in page
    assert "12 people are not told" in page


def test_it_is_read_in_each_language_before_it_leaves(cast, announced):
    batch, _meeting = announced
    client = cast.client("secretariat")
    saved = client.post(
        url(batch),
        {"do": "keep", "version": 1, **{f"note_{code}": words for code, words in WORDS.items()}},
        follow=True,
    )
    page = saved.content.decode()
    assert "Read the mail once more" in page
    for code, words in WORDS.items():
        assert words in page
        framed = client.get(f"{url(batch)}{code}/html/")
        assert words in framed.content.decode()
        assert "sandbox" in framed["Content-Security-Policy"]
    assert "Une réunion est annoncée" in client.get(f"{url(batch)}fr/html/").content.decode()


def test_reading_changes_nothing(cast, announced):
    """The client of the tests refuses every statement of a GET that is no SELECT."""
    batch, meeting = announced
    before = list(MailBatch.objects.values()), list(OutboxMail.objects.order_by("pk").values())
    its = (url(batch), f"{url(batch)}pt/html/", "/mail/", f"/meetings/{meeting.pk}/", "/morning/")
    for page in its:
        assert cast.client("secretariat").get(page).status_code == 200
    assert (list(MailBatch.objects.values()), list(OutboxMail.objects.order_by("pk").values())) == before


@pytest.mark.parametrize(
    ("verb", "said", "state"),
    [
        ("send", "12 mails leave now.", "due"),
        ("hold", "12 mails are held until you let them go.", "held"),
        ("stop", "12 mails are not sent.", "cancelled"),
    ],
)
def test_a_button_does_what_it_says(cast, announced, verb, said, state):
    batch, _meeting = announced
    page = cast.client("secretariat").post(url(batch), {"do": verb, "version": 1}, follow=True).content.decode()
    assert said in page
    assert set(states(batch)) == {state}
    again = cast.client("secretariat").post(url(batch), {"do": verb, "version": 1}, follow=True).content.decode()
    assert "nothing was changed" in again


def test_what_was_typed_stays_when_somebody_was_faster(cast, announced, secretariat):
    batch, _meeting = announced
    batches.keep_words(**given(batch, secretariat), notes=WORDS)
    mine = {f"note_{code}": f"Mine, {code}." for code in WORDS}
    client = cast.client("secretariat")
    clash = client.post(url(batch), {"do": "keep", "version": 1, **mine})
    page = clash.content.decode()
    assert clash.status_code == 422
    assert "Somebody was faster" in page
    assert "Mine, fr." in page
    assert WORDS["fr"] in page
    assert fresh(batch).note_fr == WORDS["fr"]
    version = re.search(r'name="version" value="(\d+)" id="id_version"|id="id_version"[^>]*value="(\d+)"', page)
    again = {"do": "keep", "version": version[1] or version[2], **mine}
    assert client.post(url(batch), again).status_code == 302
    assert fresh(batch).note_fr == "Mine, fr."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"note_en": "Only this."}, "Write it in all three languages, or in none."),
        ({f"note_{code}": "x" * 601 for code in WORDS}, "601"),
        ({f"note_{code}": PAXLST for code in WORDS}, "passenger"),
    ],
)
def test_what_cannot_stand_is_said_at_its_field_and_kept(cast, announced, typed, said):
    batch, _meeting = announced
    answer = cast.client("secretariat").post(url(batch), {"do": "keep", "version": 1, **typed})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert fresh(batch).note_en == ""


def test_six_hundred_characters_with_line_breaks_fit(cast, announced):
    batch, _meeting = announced
    typed = "\r\n".join(["x" * 9] * 60)
    values = {f"note_{code}": typed for code in WORDS}
    assert cast.client("secretariat").post(url(batch), {"do": "keep", "version": 1, **values}).status_code == 302
    assert len(fresh(batch).note_pt) == 599


@pytest.mark.parametrize("typed", [{}, {"do": "send"}, {"do": "send", "version": "x"}, {"do": "eat", "version": "1"}])
def test_an_odd_form_is_refused(cast, announced, typed):
    batch, _meeting = announced
    assert cast.client("secretariat").post(url(batch), typed).status_code == 400
    assert set(states(batch)) == {"due"}


def test_as_many_queries_for_many_batches_as_for_one(cast, announced, django_assert_num_queries):
    from django.test.utils import CaptureQueriesContext

    client = cast.client("secretariat")
    client.get("/mail/")
    with CaptureQueriesContext(connection) as one:
        client.get("/mail/")
    for _ in range(2):
        queue_all("mail.test", target=PersonFactory(), to=[PersonFactory() for _ in range(12)])
    with django_assert_num_queries(len(one)):
        client.get("/mail/")
