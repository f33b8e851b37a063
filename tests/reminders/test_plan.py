"""One mail a day for each reader, each step once, and nothing that was done, moved or handed over meanwhile."""

import datetime as dt

import pytest
import time_machine
from django.db import connections

from iwg_portal.mail import compose, outbox, unreachable
from iwg_portal.mail.actions.sweep import keep_house
from iwg_portal.mail.enums import STOPPED_AFTER_DATA, MailState
from iwg_portal.mail.models import OutboxMail, UnreachableAddress
from iwg_portal.reminders import actions, ledger, tasks
from iwg_portal.reminders.models import Reminded
from iwg_portal.reminders.registry import REMINDERS
from meetings.models import ActionReport
from members.enums import Role
from members.models import StateHoliday, Term
from tests.factories import MemberStateFactory, PersonFactory, person_with
from tests.reminders.world import action, at, days, sweep, tick

pytestmark = pytest.mark.django_db
DUE = dt.date(2026, 6, 30)  # a Tuesday
MORNING = at(2026, 6, 30, 6, 30)


@pytest.fixture(autouse=True)
def _confirmed(cast):
    """Nothing else of the cast's is due: these tests are about action points."""
    with time_machine.travel(MORNING, tick=False):
        for part in ("own_delegate", "own_focal_point", "secretariat"):
            cast.person(part)
    return cast


@pytest.fixture
def holder(cast):
    return cast.person("own_delegate")


def plan(now):
    with time_machine.travel(now, tick=False):
        return actions.plan(now=now)


def test_two_things_are_one_mail(cast, holder):
    for _ in range(2):
        action(DUE, holder, cast.own)
    assert plan(MORNING) == 2
    assert plan(MORNING + dt.timedelta(minutes=15)) == 0
    mail = OutboxMail.objects.get()
    assert (mail.kind, mail.recipient, mail.occurrence) == (ledger.DAILY, holder, "2026-06-30")
    assert at(2026, 6, 30, 8) <= mail.not_before < at(2026, 6, 30, 9)
    ((reader, subject, text),) = tick(at(2026, 6, 30, 9))
    assert reader == holder
    assert subject == "A reminder: 2 things wait for you"
    assert text.count("An action point that you hold is due on 30 June 2026.") == 2
    assert "Secret words" not in text


def test_what_comes_up_before_it_leaves_joins_it_and_what_comes_later_waits_for_the_next_day(cast, holder):
    action(DUE, holder, cast.own)
    plan(MORNING)
    action(DUE, holder, cast.own)
    assert plan(MORNING + dt.timedelta(minutes=30)) == 1
    assert OutboxMail.objects.count() == 1
    assert len(tick(at(2026, 6, 30, 9))) == 1
    action(DUE, holder, cast.own)
    assert tick(at(2026, 6, 30, 9, 15)) == []
    assert len(tick(at(2026, 7, 1, 9))) == 1
    assert sorted(Reminded.objects.values_list("included", flat=True)) == [True, True, True]


def test_every_step_once_through_weeks(cast, holder):
    row = action(DUE, holder, cast.own)
    year = days(dt.date(2026, 6, 10), 120)
    sent = [(now.date(), text) for now in year for who, _subject, text in tick(now) if who == holder]
    assert [day for day, _text in sent] == [
        dt.date(2026, 6, 16), dt.date(2026, 6, 29), dt.date(2026, 6, 30), dt.date(2026, 7, 7), dt.date(2026, 7, 14),
        dt.date(2026, 7, 21), dt.date(2026, 7, 28), dt.date(2026, 8, 27), dt.date(2026, 9, 28),
    ]  # fmt: skip  # -3 falls on a Saturday, +88 on a Saturday: the Mondays after
    assert "due on 30 June" in sent[2][1]
    assert "overdue since 30 June" in sent[3][1]
    with time_machine.travel(at(2026, 10, 9)):
        assert ledger.reminded_on("meetings.action", [row])[str(row.pk)].date() == dt.date(2026, 9, 28)


def test_what_is_overdue_for_long_is_one_reminder(cast, holder):
    action(dt.date(2025, 1, 1), holder, cast.own)
    assert [len(tick(now)) for now in days(DUE, 3, (9,))] == [1, 0, 0]


def test_days_missed_are_caught_up(cast, holder):
    """The planner did not run on the day and the two days after."""
    action(DUE, holder, cast.own)
    assert len(tick(at(2026, 7, 3, 9))) == 1


@pytest.mark.parametrize("change", ["done", "moved", "handed over", "removed", "left"])
def test_what_changed_before_it_leaves_is_not_said(cast, holder, change):
    row = action(DUE, holder, cast.own)
    plan(MORNING)
    match change:
        case "done":
            row.status = "done"
        case "moved":
            row.due_on = dt.date(2026, 9, 30)
        case "handed over":
            row.holder = cast.person("own_focal_point")
        case "removed":
            row.is_removed = True
        case "left":
            Term.objects.filter(person=holder).update(ends_on=dt.date(2026, 6, 30))
    row.save()
    with time_machine.travel(at(2026, 6, 30, 9), tick=False):
        assert [who for who, _s, _t in sweep(at(2026, 6, 30, 9))] == []
    assert OutboxMail.objects.get(recipient=holder).state == MailState.CANCELLED
    assert Reminded.objects.get(person=holder).included is False


def test_a_record_that_is_not_the_members_reminds_nobody(cast, holder):
    action(DUE, holder, cast.own, shared=False)
    plan(MORNING)
    assert not Reminded.objects.filter(kind="meetings.action").exists()


def test_where_nobody_holds_it_the_focal_point_is_reminded(cast):
    action(DUE, None, cast.own)
    ((who, _subject, text),) = tick(at(2026, 6, 30, 9))
    assert who == cast.person("own_focal_point")
    assert "your state or organisation owns is due on 30 June 2026" in text


def test_a_holder_who_left_her_delegation_holds_it_no_more(cast, holder):
    action(DUE, PersonFactory(), cast.own)
    assert [who for who, _s, _t in tick(at(2026, 6, 30, 9))] == [cast.person("own_focal_point")]


def test_observers_and_partners_have_no_focal_point_and_are_all_asked(cast):
    partner = cast.person("partner")
    # A record for members alone is not hers to read: planned, and cancelled when it is composed.
    row = action(DUE, None, organisation=partner.terms.get().organisation)
    assert plan(MORNING) == 1
    assert tick(at(2026, 6, 30, 9)) == []
    assert OutboxMail.objects.get().state == MailState.CANCELLED
    type(row.action.record.meeting).objects.update(audience="group")
    row.action.record.audience = "group"
    row.action.record.save()
    assert [who for who, _s, _t in tick(at(2026, 7, 7, 9))] == [partner]


def test_after_two_silences_the_focal_point_too_until_there_is_a_report(cast, holder):
    row = action(DUE, holder, cast.own)
    focal = cast.person("own_focal_point")
    assert {who for now in days(DUE, 7, (9,)) for who, _s, _t in tick(now)} == {holder}
    assert {who for now in days(dt.date(2026, 7, 7), 7, (9,)) for who, _s, _t in tick(now)} == {holder}
    assert {who for now in days(dt.date(2026, 7, 14), 7, (9,)) for who, _s, _t in tick(now)} == {holder, focal}
    ActionReport.objects.create(owner=row, status="in_progress", text="We are at it", by=holder, at=at(2026, 7, 20, 12))
    assert {who for now in days(dt.date(2026, 7, 21), 7, (9,)) for who, _s, _t in tick(now)} == {holder}


def test_no_mail_on_a_holiday_of_her_state(cast, holder):
    StateHoliday.objects.create(state=cast.own, on=DUE)
    action(DUE, holder, cast.own)
    assert tick(at(2026, 6, 30, 9)) == []
    assert len(tick(at(2026, 7, 1, 9))) == 1


def test_by_her_clocks_and_in_her_language(cast, holder):
    holder.zone, holder.language = "America/New_York", "fr"
    holder.save()
    action(DUE, holder, cast.own)
    assert tick(at(2026, 6, 30, 9)) == []
    ((_who, _subject, text),) = tick(at(2026, 6, 30, 13))
    assert "30 juin 2026" in text


@pytest.mark.parametrize("zone", ["", "No/Such_Zone", "../etc"])
def test_without_a_zone_that_exists_by_the_groups(cast, holder, zone):
    holder.zone = zone
    holder.save()
    action(DUE, holder, cast.own)
    assert len(tick(at(2026, 6, 30, 9))) == 1


def test_a_mail_that_came_to_nothing_by_no_fault_of_hers_is_planned_again(cast, holder):
    """The mail server was away for a day; then for a moment while somebody else composed."""
    action(DUE, holder, cast.own)
    plan(MORNING)
    OutboxMail.objects.update(state=MailState.CANCELLED)
    plan(at(2026, 7, 1, 6, 30))
    row = Reminded.objects.get()
    assert row.mail.occurrence == "2026-07-01"
    OutboxMail.objects.filter(pk=row.mail_id).update(state=MailState.SENT)  # composed just before the row joined it
    assert len(tick(at(2026, 7, 2, 9))) == 1
    assert tick(at(2026, 7, 3, 9)) == []


def test_what_a_mail_may_not_say_any_more_or_no_kind_knows_is_left_out(cast, holder, monkeypatch):
    action(DUE, holder, cast.own)
    plan(MORNING)
    monkeypatch.delitem(REMINDERS, "meetings.action")
    with time_machine.travel(at(2026, 6, 30, 9), tick=False):
        assert compose.message(OutboxMail.objects.get()) is None


def test_a_mail_without_recipient_says_nothing(cast, holder):
    action(DUE, holder, cast.own)
    plan(MORNING)
    mail = OutboxMail.objects.get()
    mail.recipient = None
    with time_machine.travel(at(2026, 6, 30, 9), tick=False):
        assert compose.message(mail) is None


def test_whoever_leaves_gets_nothing(cast, holder):
    action(DUE, holder, cast.own)
    plan(MORNING)
    outbox.cancel_for(holder)
    assert tick(at(2026, 6, 30, 9)) == []


def test_nobody_in_office_nothing_to_do(db):
    assert actions.plan(now=MORNING) == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_planners_at_once_one_does_nothing(cast, holder):
    action(DUE, holder, cast.own)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [actions.PLANNING])
            assert plan(MORNING) == 0
            cursor.execute("SELECT pg_advisory_unlock(%s)", [actions.PLANNING])
    finally:
        other.close()
    assert plan(MORNING) == 1


def test_of_a_state_that_left_the_group_nobody_is_reminded(cast):
    action(DUE, None, MemberStateFactory())
    assert plan(MORNING) == 0


def test_the_task_plans(cast, holder):
    action(DUE, holder, cast.own)
    with time_machine.travel(MORNING, tick=False):
        tasks.plan()
        tasks.plan()
    assert str(Reminded.objects.get()).startswith("meetings.action ")


def test_a_second_focal_point_is_told_too(cast):
    action(DUE, None, cast.own)
    second = person_with(Role.FOCAL_POINT, state=cast.own)
    assert {who for who, _s, _t in tick(at(2026, 6, 30, 9))} == {cast.person("own_focal_point"), second}


def test_the_page_says_when_it_was_reminded(cast, holder):
    row = action(DUE, holder, cast.own)
    tick(at(2026, 6, 30, 9))
    page = cast.client("other_delegate").get(f"/actions/{row.action_id}/").content.decode()
    assert "Reminded on" in page
    assert "30 June 2026" in page


def test_planning_asks_as_many_questions_for_ten_as_for_one(cast, holder, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def questions(now):
        with CaptureQueriesContext(connection) as seen:
            plan(now)
        return len(seen)

    action(DUE, holder, cast.own)
    one = questions(MORNING)
    for _ in range(10):
        action(dt.date(2026, 7, 1), holder, cast.own)
    assert questions(at(2026, 7, 1, 6, 30)) <= one


# -- What was composed and never left --------------------------------------------------------------------------------


def _tried(until, problem):
    """The mail of the morning is composed, as the sender does before each attempt, and it is in vain till ``until``."""
    mail = OutboxMail.objects.get(state=MailState.DUE)
    with time_machine.travel(mail.not_before, tick=False):
        assert compose.message(mail)
    OutboxMail.objects.filter(pk=mail.pk).update(problem=problem)
    with time_machine.travel(until, tick=False):
        keep_house()
    mail.refresh_from_db()
    assert mail.state == MailState.CANCELLED


def test_what_a_server_refused_all_day_is_said_the_next_morning(cast, holder):
    action(DUE, holder, cast.own)
    plan(MORNING)
    _tried(at(2026, 6, 30, 22), "RCPT 451")
    ((reader, _subject, text),) = tick(at(2026, 7, 1, 9))
    assert reader == holder
    assert "An action point that you hold" in text


def test_what_may_have_arrived_is_not_said_twice(cast, holder):
    action(DUE, holder, cast.own)
    plan(MORNING)
    _tried(at(2026, 6, 30, 22), STOPPED_AFTER_DATA)
    assert tick(at(2026, 7, 1, 9)) == []


def test_whom_mail_does_not_reach_is_planned_for_when_it_does(cast, holder):
    action(DUE, holder, cast.own)
    with time_machine.travel(MORNING, tick=False):
        unreachable.mark(holder.email, reason="RCPT 550")
    for hours in range(4):
        plan(MORNING + dt.timedelta(hours=hours))
    assert not OutboxMail.objects.filter(recipient=holder).exists()
    UnreachableAddress.objects.all().delete()
    assert holder in {reader for reader, _subject, _text in tick(at(2026, 7, 1, 9))}
