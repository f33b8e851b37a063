"""Digests: once a week or month, at her hour, never beside a reminder, nothing lost and nothing twice."""

import datetime as dt
from collections import Counter

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from iwg_portal.activity.models import Event
from iwg_portal.mail import compose, outbox
from iwg_portal.mail.enums import TOO_LATE, MailState
from iwg_portal.mail.kinds import KINDS
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders import actions, choosing, clock, digests, ledger
from iwg_portal.reminders.digests import TOPICS
from iwg_portal.reminders.models import DigestChoice, DigestSent
from members.access import viewer_for
from members.models import StateHoliday, Term
from tests.factories import LessonFactory, PersonFactory
from tests.reminders.world import action, at, days, sweep, tick

pytestmark = pytest.mark.django_db
THURSDAY, MONDAY = at(2026, 6, 25, 12), dt.date(2026, 6, 29)
NEW = "New on the portal: your weekly digest"


@pytest.fixture(autouse=True)
def _confirmed(cast):
    with time_machine.travel(THURSDAY, tick=False):
        for part in ("own_delegate", "own_focal_point", "other_delegate", "observer"):
            cast.person(part)


@pytest.fixture
def reader(cast):
    return choose(cast.person("own_delegate"))


def choose(person, cadence="weekly", topics=("meetings.lessons",), on=THURSDAY):
    with time_machine.travel(on, tick=False):
        row = DigestChoice.objects.filter(person=person).first()
        version = row.version if row else 0
        choosing.choose_digest(cadence=cadence, topics=topics, version=version, by=viewer_for(person))
    return person


def lesson(title, when, **row):
    return LessonFactory(approved_at=when, audience=row.pop("audience", "group"), words__title=title, **row)


def digests_in(sent):
    return [(who, text) for who, subject, text in sent if subject.startswith("New on the portal")]


def through(start, count, hours=(6, 7, 8, 9, 12)):
    """What is sent on ``count`` days: (day, reader, subject, text)."""
    return [(now.date(), who, subject, text) for now in days(start, count, hours) for who, subject, text in tick(now)]


# -- When ------------------------------------------------------------------------------------------------------------


def test_once_a_week_and_each_thing_once(reader):
    lesson("Before she chose", at(2026, 6, 25, 11))
    lesson("On Friday", at(2026, 6, 26, 12))
    lesson("On Wednesday", at(2026, 7, 1, 12))
    lesson("On the next Monday, after it left", at(2026, 7, 6, 12))
    sent = through(dt.date(2026, 6, 26), 20)
    assert [(day, who, subject) for day, who, subject, _text in sent] == [
        (dt.date(2026, 6, 29), reader, NEW), (dt.date(2026, 7, 6), reader, NEW), (dt.date(2026, 7, 13), reader, NEW),
    ]  # fmt: skip
    titles = [[title for title in ("Before", "On Friday", "On Wed", "On the next") if title in t] for *_, t in sent]
    assert titles == [["On Friday"], ["On Wed"], ["On the next"]]


def test_once_a_month_on_its_first_working_day(cast):
    reader = choose(cast.person("own_delegate"), "monthly")
    lesson("In June", at(2026, 6, 26, 12))
    lesson("In July", at(2026, 7, 20, 12))
    sent = through(dt.date(2026, 6, 26), 40)
    assert [(day, who) for day, who, _s, _t in sent] == [(dt.date(2026, 7, 1), reader), (dt.date(2026, 8, 3), reader)]
    assert sent[0][2] == "New on the portal: your monthly digest"


def test_not_in_the_week_in_which_she_chose(cast):
    choose(cast.person("own_delegate"), on=at(2026, 6, 29, 5))
    lesson("On Monday", at(2026, 6, 29, 5, 30))
    assert [day for day, *_ in through(MONDAY, 8)] == [dt.date(2026, 7, 6)]


def test_two_planners_and_a_second_run_make_one(reader):
    lesson("On Friday", at(2026, 6, 26, 12))
    assert actions.plan_digests(now=at(2026, 6, 29, 6, 30)) == 1
    assert actions.plan_digests(now=at(2026, 6, 29, 6, 45)) == 0
    assert len(digests_in(tick(at(2026, 6, 29, 9)))) == 1
    assert actions.plan_digests(now=at(2026, 6, 30, 6, 30)) == 0
    assert DigestSent.objects.get().person == reader
    assert str(DigestSent.objects.get()).endswith("2026-W27")


@pytest.mark.django_db(transaction=True)
def test_while_another_planner_is_at_work_nothing_is_planned(reader):
    lesson("On Friday", at(2026, 6, 26, 12))
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [actions.PLANNING])
            assert actions.plan_digests(now=at(2026, 6, 29, 6, 30)) == 0
            cursor.execute("SELECT pg_advisory_unlock(%s)", [actions.PLANNING])
    finally:
        other.close()
    assert actions.plan_digests(now=at(2026, 6, 29, 6, 30)) == 1


def test_by_her_clocks(cast):
    here, there = cast.person("own_delegate"), cast.person("other_delegate")
    there.zone = "America/New_York"
    there.save()
    for person in (here, there):
        choose(person)
    lesson("On Friday", at(2026, 6, 26, 12))
    assert [who for who, _text in digests_in(tick(at(2026, 6, 29, 9)))] == [here]
    assert tick(at(2026, 6, 29, 10)) == []
    assert [who for who, _text in digests_in(tick(at(2026, 6, 29, 13)))] == [there]


def test_a_holiday_of_her_state_moves_it_to_the_next_working_day(cast, reader):
    StateHoliday.objects.create(state=cast.own, on=MONDAY)
    lesson("On Friday", at(2026, 6, 26, 12))
    assert [day for day, *_ in through(MONDAY, 7)] == [dt.date(2026, 6, 30)]


def test_days_missed_are_caught_up_within_the_week_and_a_week_missed_in_the_next(reader):
    """The planner did not run."""
    lesson("On Friday", at(2026, 6, 26, 12))
    assert len(tick(at(2026, 7, 2, 9))) == 1
    lesson("A week later", at(2026, 7, 3, 12))
    ((_who, text),) = digests_in(tick(at(2026, 7, 14, 9)))
    assert "A week later" in text
    assert "On Friday" not in text


def test_what_a_mail_server_did_not_take_by_the_evening_is_said_the_next_day(reader):
    lesson("On Friday", at(2026, 6, 26, 12))
    actions.plan_digests(now=at(2026, 6, 29, 6, 30))
    with time_machine.travel(at(2026, 6, 29, 9), tick=False):
        assert compose.message(OutboxMail.objects.get())  # composed, and then refused until its deadline
    OutboxMail.objects.update(state=MailState.CANCELLED, problem=TOO_LATE)
    ((_day, _who, _subject, text),) = through(dt.date(2026, 6, 30), 6)
    assert "On Friday" in text


def test_nothing_new_is_no_mail_and_loses_nothing(reader):
    assert through(MONDAY, 7) == []
    assert DigestSent.objects.get().included is False
    lesson("Meanwhile", at(2026, 6, 29, 12))
    assert "Meanwhile" in through(dt.date(2026, 7, 6), 7)[0][3]


def test_more_than_ten_are_a_number(reader):
    for n in range(12):
        lesson(f"Lesson no. {n:02}", at(2026, 6, 26, 12, n))
    ((_who, text),) = digests_in(tick(at(2026, 6, 29, 9)))
    assert text.count("Lesson no.") == digests.MOST
    assert "and 2 more:\nhttp" in text


def test_another_cadence_tells_on_from_where_the_last_one_ended(cast, reader):
    lesson("Told by the week", at(2026, 6, 26, 12))
    assert len(through(MONDAY, 1)) == 1
    lesson("Told by the month", at(2026, 6, 29, 12))
    choose(reader, "monthly", on=at(2026, 6, 30, 12))
    ((day, _who, _subject, text),) = through(dt.date(2026, 7, 1), 8)
    assert day == dt.date(2026, 7, 1)
    assert "Told by the month" in text
    assert "Told by the week" not in text


def test_after_a_pause_the_pause_is_not_told(reader):
    choose(reader, "none", on=at(2026, 6, 26, 9))
    lesson("In the pause", at(2026, 6, 26, 12))
    choose(reader, "weekly", on=at(2026, 6, 27, 9))
    lesson("After it", at(2026, 6, 27, 12))
    ((_day, _who, _subject, text),) = through(MONDAY, 7)
    assert "After it" in text
    assert "In the pause" not in text


def test_after_years_only_what_is_news(reader):
    lesson("Long ago", at(2026, 6, 26, 12))
    lesson("Lately", at(2028, 1, 7, 12))
    Term.objects.update(confirmed_on=dt.date(2028, 1, 1))
    ((_who, text),) = digests_in(tick(at(2028, 1, 10, 9)))
    assert "Lately" in text
    assert "Long ago" not in text


# -- One mail a day --------------------------------------------------------------------------------------------------


def test_it_waits_for_a_day_without_reminder(cast, reader):
    action(dt.date(2026, 6, 29), reader, cast.own)
    action(dt.date(2026, 6, 30), reader, cast.own)
    lesson("On Friday", at(2026, 6, 26, 12))
    sent = through(MONDAY, 5)
    assert [(day, subject.partition(":")[0]) for day, _who, subject, _text in sent] == [
        (dt.date(2026, 6, 29), "A reminder"), (dt.date(2026, 6, 30), "A reminder"),
        (dt.date(2026, 7, 1), "New on the portal"),
    ]  # fmt: skip


def test_what_comes_up_before_it_leaves_goes_before_it(cast, reader):
    lesson("On Friday", at(2026, 6, 26, 12))
    actions.plan_digests(now=at(2026, 6, 29, 6, 30))
    action(MONDAY, reader, cast.own)
    assert [subject for _who, subject, _text in tick(at(2026, 6, 29, 9))] == ["A reminder: one thing waits for you"]
    assert tick(at(2026, 6, 29, 9, 15)) == []
    ((_who, text),) = digests_in(tick(at(2026, 6, 30, 9)))
    assert "On Friday" in text


def test_after_it_left_a_reminder_waits_for_the_next_morning(cast, reader):
    lesson("On Friday", at(2026, 6, 26, 12))
    assert len(digests_in(tick(at(2026, 6, 29, 9)))) == 1
    action(MONDAY, reader, cast.own)
    assert tick(at(2026, 6, 29, 9, 30)) == []
    assert [subject for _who, subject, _text in tick(at(2026, 6, 30, 9))] == ["A reminder: one thing waits for you"]


def test_one_that_is_being_handed_over_is_not_stopped(cast, reader, monkeypatch):
    """It leaves between two looks of the planner: the reminder waits, and nothing breaks."""
    lesson("On Friday", at(2026, 6, 26, 12))
    actions.plan_digests(now=at(2026, 6, 29, 6, 30))
    action(MONDAY, reader, cast.own)
    mornings = actions._mornings

    def then_it_leaves(now, found):
        slots = mornings(now, found)
        OutboxMail.objects.filter(kind=ledger.DIGEST).update(state=MailState.SENT, handed_over=True)
        return slots

    monkeypatch.setattr(actions, "_mornings", then_it_leaves)
    assert actions.plan(now=at(2026, 6, 29, 8, 30)) == 0
    monkeypatch.setattr(actions, "_mornings", mornings)
    assert actions.plan(now=at(2026, 6, 29, 8, 45)) == 0
    assert actions.plan(now=at(2026, 6, 30, 6, 30)) == 1


@pytest.mark.parametrize("every", [5, 20])
def test_never_two_mails_on_a_day_through_months(cast, reader, every):
    """Whoever is reminded on each day of a week is told in the week after; in the end everything once."""
    for n in range(0, 60, every):
        action(MONDAY + dt.timedelta(days=n), reader, cast.own)
    for n in range(0, 40, 4):
        lesson(f"Lesson no. {n:02}", at(2026, 6, 26, 12) + dt.timedelta(days=n))
    sent = [row for row in through(MONDAY, 60) if row[1] == reader]
    assert max(Counter(day for day, *_ in sent).values()) == 1
    told = [title for *_, text in sent for title in text.splitlines() if "Lesson no." in title]
    assert len(told) == len(set(told))
    if every == 20:
        assert sorted(told) == [f"“Lesson no. {n:02}”" for n in range(0, 40, 4)]


# -- To whom ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["closed", "out of office", "unsubscribed"])
def test_who_left_or_changed_her_mind_gets_none(cast, reader, change):
    lesson("On Friday", at(2026, 6, 26, 12))
    actions.plan_digests(now=at(2026, 6, 29, 6, 30))
    match change:
        case "closed":
            reader.is_active = False
            reader.save()
        case "out of office":
            Term.objects.filter(person=reader).update(ends_on=MONDAY)
        case "unsubscribed":
            choosing.stop_digests(choice=DigestChoice.objects.get())
    with time_machine.travel(at(2026, 6, 29, 9), tick=False):
        assert sweep(at(2026, 6, 29, 9)) == []
    assert through(dt.date(2026, 6, 30), 14) == []


def test_without_a_choice_there_is_none(cast):
    lesson("On Friday", at(2026, 6, 26, 12))
    assert through(MONDAY, 7) == []
    assert not DigestSent.objects.exists()


def test_in_her_language(cast, reader):
    reader.language = "fr"
    reader.save()
    lesson("On Friday", at(2026, 6, 26, 12))
    ((_who, subject, text),) = tick(at(2026, 6, 29, 9))
    assert subject == "Nouveautés du portail\u00a0: votre récapitulatif de la semaine"
    assert "«\u202fOn Friday\u202f»" in text


def test_only_of_the_topics_that_she_chose(cast):
    choose(cast.person("own_delegate"), topics=["meetings.meetings"])
    lesson("On Friday", at(2026, 6, 26, 12))
    assert through(MONDAY, 7) == []


def test_only_of_what_she_follows(reader):
    DigestChoice.objects.update(followed=["themes=units"])
    lesson("Of law", at(2026, 6, 26, 12))
    lesson("Of units", at(2026, 6, 26, 12), theme="units")
    ((_who, text),) = digests_in(tick(at(2026, 6, 29, 9)))
    assert "Of units" in text
    assert "Of law" not in text


def test_planning_asks_as_many_questions_for_many_as_for_one(cast, reader):
    def questions(now):
        with CaptureQueriesContext(connection) as seen:
            actions.plan_digests(now=now)
        return len([one for one in seen if not one["sql"].startswith("INSERT")])

    one = questions(at(2026, 6, 29, 6, 30))
    for part in ("own_focal_point", "other_delegate", "observer"):
        choose(cast.person(part))
    assert questions(at(2026, 7, 6, 6, 30)) <= one


# -- Headers and the link --------------------------------------------------------------------------------------------


def test_the_mail_programs_own_button_ends_it(cast, reader, client, settings):
    settings.PUBLIC_URL = "https://portal.example.org"
    lesson("On Friday", at(2026, 6, 26, 12))
    actions.plan_digests(now=at(2026, 6, 29, 6, 30))
    with time_machine.travel(at(2026, 6, 29, 9), tick=False):
        sent = compose.message(OutboxMail.objects.get()).message()
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = sent["List-Unsubscribe"].replace("\n", "").strip()
    assert address.startswith("<https://portal.example.org/digest/unsubscribe/?key=")
    assert address.endswith(">")
    assert address.strip("<>") in compose_text(sent)
    path = address.strip("<>").removeprefix("https://portal.example.org")
    answer = client.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert DigestChoice.objects.get().cadence == "none"


def compose_text(message):
    (text, *_rest) = message.get_payload()
    return text.get_payload(decode=True).decode()


def test_nobody_unsubscribes_from_anything_else():
    with_headers = {name for name, kind in KINDS.items() if kind.own_headers(kind.sample())}
    assert with_headers == {ledger.DIGEST}


def test_a_duty_has_no_such_header(cast, reader):
    action(MONDAY, reader, cast.own)
    actions.plan(now=at(2026, 6, 29, 6, 30))
    with time_machine.travel(at(2026, 6, 29, 9), tick=False):
        sent = compose.message(OutboxMail.objects.get(kind=ledger.DAILY)).message()
    assert "List-Unsubscribe" not in sent
    assert "List-Unsubscribe-Post" not in sent


def test_reminders_go_on_after_it(cast, reader):
    choosing.stop_digests(choice=DigestChoice.objects.get())
    action(MONDAY, reader, cast.own)
    assert len(tick(at(2026, 6, 29, 9))) == 1


def test_the_link_is_hers_alone_and_cannot_be_made_up(cast, reader):
    other = choose(cast.person("other_delegate"))
    hers = DigestChoice.objects.get(person=reader)
    others = DigestChoice.objects.get(person=other)
    assert choosing.holder(hers.token) == hers
    secret = hers.token.partition(".")[2]
    for forged in (
        f"{other.pk}.{secret}", hers.token[:-1], f"{hers.token}x", f"{reader.pk}.", f"{reader.pk}", "", ".", "x.y",
        f"{10**30}.{secret}", f"0{hers.token}x", "²." + secret, f"{PersonFactory().pk}.{secret}",
    ):  # fmt: skip
        assert choosing.holder(forged) is None, forged
    others.nonce = "another"
    assert others.token != DigestChoice.objects.get(person=other).token


# -- The choice ------------------------------------------------------------------------------------------------------


def test_a_choice_is_written_down_with_who_made_it(reader):
    event = Event.objects.get(kind="digest.chosen")
    assert (event.actor_id, event.data) == (reader.pk, {"cadence": "weekly"})


def test_whoever_holds_no_office_chooses_none(cast):
    with pytest.raises(PermissionDenied):
        choose(cast.person("stranger"))


def test_a_topic_that_does_not_exist_and_an_old_version_are_refused(cast, reader):
    viewer = viewer_for(reader)
    with pytest.raises(ValueError, match="no topics named"):
        choosing.choose_digest(cadence="weekly", topics=["no.such"], version=1, by=viewer)
    with pytest.raises(ValidationError, match="another window"):
        choosing.choose_digest(cadence="none", topics=[], version=0, by=viewer)
    with pytest.raises(ValidationError, match="at least one topic"):
        choosing.choose_digest(cadence="monthly", topics=[], version=1, by=viewer)
    assert DigestChoice.objects.get().cadence == "weekly"


@pytest.mark.parametrize("values", [{"cadence": "daily"}, {"topics": []}])
def test_the_database_refuses_what_means_nothing(reader, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        DigestChoice.objects.update(**values)


def test_the_database_keeps_one_digest_for_each_period(reader):
    lesson("On Friday", at(2026, 6, 26, 12))
    actions.plan_digests(now=at(2026, 6, 29, 6, 30))
    row = DigestSent.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_name_is_given_to_one_topic():
    name, found = next(iter(TOPICS.items()))
    with pytest.raises(ValueError, match="two topics"):
        digests.topic(name, title="", order=1, page="home")(found.lines)
    with pytest.raises(ValueError, match="two things to follow"):
        digests.followable("themes", title="", order=1)(list)


@pytest.mark.parametrize(
    ("cadence", "day", "key", "first"),
    [
        ("weekly", dt.date(2027, 1, 3), "2026-W53", dt.date(2026, 12, 28)),  # a Sunday
        ("weekly", dt.date(2027, 1, 4), "2027-W01", dt.date(2027, 1, 4)),
        ("monthly", dt.date(2026, 2, 28), "2026-02", dt.date(2026, 2, 1)),
    ],
)
def test_weeks_begin_on_monday_and_months_on_the_first(cadence, day, key, first):
    assert clock.period(cadence, day) == clock.Period(key, first)


def test_nothing_is_withdrawn_that_was_handed_over(reader):
    lesson("On Friday", at(2026, 6, 26, 12))
    actions.plan_digests(now=at(2026, 6, 29, 6, 30))
    OutboxMail.objects.update(state=MailState.SENT, handed_over=True)
    assert outbox.withdraw(ledger.DIGEST, [reader.pk]) == 0


def test_none_goes_to_somebody_whose_office_ended_since_it_was_planned(cast, reader):
    lesson("For everybody", THURSDAY + dt.timedelta(days=1), audience="public")
    with time_machine.travel(at(2026, 6, 29, 6, 30), tick=False):
        assert actions.plan_digests(now=at(2026, 6, 29, 6, 30)) == 1
    Term.objects.filter(person=reader).update(ends_on=dt.date(2026, 6, 29))
    assert digests_in(sweep(at(2026, 6, 29, 9, 30))) == []
