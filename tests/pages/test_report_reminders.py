"""When a scheduled report is ready: a line in the daily mail of whoever it is for, once for each period."""

import datetime as dt

import pytest
import time_machine

from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders import actions
from iwg_portal.reminders.models import Reminded
from members.enums import Role
from members.models import StateHoliday, Term
from tests.factories import LessonFactory, MeetingFactory, person_with
from tests.reminders.world import action, at, sweep, tick

pytestmark = pytest.mark.django_db
OCTOBER = at(2026, 10, 1, 9)  # a Thursday: month and quarter have begun; the week began on Monday
NOVEMBER = at(2026, 11, 2, 9)  # a Monday


@pytest.fixture(autouse=True)
def _people(cast):
    with time_machine.travel(OCTOBER, tick=False):
        for part in ("own_delegate", "own_focal_point", "other_delegate", "chair", "secretariat", "administrator"):
            cast.person(part)
        for part in ("observer", "partner", "ex_member", "stranger"):
            cast.person(part)


def told(now):
    """Who is told at ``now``, by her part, and the lines of her mail about reports."""
    return {
        person.email.partition("@")[0].replace("-", "_"): [
            line.strip() for line in text.splitlines() if "report" in line and "http" not in line
        ]
        for person, _subject, text in tick(now)
    }


STATUS, PROGRESS = "The monthly status report is ready: ", "The quarterly progress report is ready: "
OPERATIONS = "The weekly operations report is ready: "


def said(lines):
    """The lines without what counts or begins them in the mail."""
    return [line[line.index("The ") :] for line in lines if "The " in line]


def test_each_is_told_once_to_whom_it_is_for(cast):
    other = person_with(Role.FOCAL_POINT, state=cast.other, person={"email": "other-focal@cast.invalid"})
    assert other
    found = {who: said(lines) for who, lines in told(OCTOBER).items()}
    assert found == {
        "chair": [f"{STATUS}September 2026."],
        "own_focal_point": [f"{PROGRESS}third quarter of 2026."],
        "other_focal": [f"{PROGRESS}third quarter of 2026."],
        "secretariat": [f"{OPERATIONS}week 39 of 2026."],
    }
    assert told(at(2026, 10, 2, 9)) == {}
    assert set(told(at(2026, 10, 5, 9))) == {"secretariat"}, "a new week"
    assert told(at(2026, 11, 1, 9)) == {}, "a Sunday"
    assert set(told(NOVEMBER)) == {"chair", "secretariat"}
    assert Reminded.objects.filter(kind="pages.report_progress").count() == 2


def test_the_step_is_the_period(cast):
    tick(OCTOBER)
    steps = Reminded.objects.filter(included=True).order_by("kind").values_list("kind", "step", "target_type")
    assert list(steps) == [
        ("pages.report_operations", "2026-W39", "members.person"),
        ("pages.report_progress", "2026-Q3", "members.person"),
        ("pages.report_status", "2026-09", "members.person"),
    ]


def test_a_former_chair_is_told_nothing_and_the_new_one_the_newest(cast):
    Term.objects.filter(person=cast.person("chair")).update(ends_on=dt.date(2026, 10, 1))
    person_with(
        Role.CHAIR, state=cast.other, starts_on=dt.date(2026, 10, 1), person={"email": "new-chair@cast.invalid"}
    )
    found = told(OCTOBER)
    assert "chair" not in found
    assert said(found["new_chair"]) == [f"{STATUS}September 2026."]


def test_two_sweeps_make_one_mail_and_other_reminders_stand_in_it(cast):
    action(dt.date(2026, 10, 1), cast.person("own_focal_point"), cast.own)
    with time_machine.travel(at(2026, 10, 1, 6, 30), tick=False):
        planned = actions.plan(now=at(2026, 10, 1, 6, 30))
    with time_machine.travel(at(2026, 10, 1, 6, 45), tick=False):
        assert actions.plan(now=at(2026, 10, 1, 6, 45)) == 0
    assert planned == 4
    assert OutboxMail.objects.filter(recipient=cast.person("own_focal_point")).count() == 1
    ((_who, subject, text),) = [
        sent for sent in tick(at(2026, 10, 1, 9, 30)) if sent[0] == cast.person("own_focal_point")
    ]
    assert subject == "A reminder: 2 things wait for you"
    assert f"{PROGRESS}third quarter of 2026." in text
    assert "An action point that you hold" in text


def test_a_missed_day_is_caught_up_and_a_missed_week_collapses_into_the_newest(cast):
    """The planner did not run from Monday to Wednesday; later not for three weeks."""
    assert said(told(at(2026, 10, 8, 9))["secretariat"]) == [f"{OPERATIONS}week 40 of 2026."]
    assert said(told(at(2026, 10, 29, 9))["secretariat"]) == [f"{OPERATIONS}week 43 of 2026."]
    assert told(at(2026, 10, 30, 9)) == {}
    weeks = Reminded.objects.filter(kind="pages.report_operations").order_by("step").values_list("step", flat=True)
    assert list(weeks) == ["2026-W40", "2026-W43"]


def test_on_a_holiday_of_her_state_it_waits_for_the_next_working_day(cast):
    StateHoliday.objects.create(state=cast.own, on=dt.date(2026, 10, 1))
    assert "own_focal_point" not in told(OCTOBER)
    assert "own_focal_point" in told(at(2026, 10, 2, 9))


def test_whose_office_ended_before_it_leaves_gets_no_mail(cast):
    with time_machine.travel(at(2026, 10, 1, 6, 30), tick=False):
        actions.plan(now=at(2026, 10, 1, 6, 30))
        Term.objects.filter(person=cast.person("chair")).update(ends_on=dt.date(2026, 10, 1))
    with time_machine.travel(OCTOBER, tick=False):
        assert cast.person("chair") not in [who for who, _subject, _text in sweep(OCTOBER)]
    assert OutboxMail.objects.get(recipient=cast.person("chair")).state == "cancelled"


def test_the_mail_says_nothing_of_what_the_report_holds(cast):
    MeetingFactory(title="Secret meeting", state="drafted", starts_at=at(2026, 9, 10), ends_at=at(2026, 9, 11))
    LessonFactory(state=cast.own, words__title="Secret lesson", approved_at=at(2026, 9, 10), audience="members")
    action(dt.date(2026, 1, 1), cast.person("own_delegate"), cast.own)
    for person, subject, text in tick(OCTOBER):
        for secret in ("Secret", "Ownland", "Otherland", "Own Delegate"):
            assert secret not in text.replace(str(person), "") + subject


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "The monthly status report is ready: October 2026."),
        ("fr", "Le point mensuel est prêt\u00a0: octobre 2026."),
        ("pt", "O ponto de situação mensal está pronto: outubro de 2026."),
    ],
)
def test_in_her_language_with_a_link(cast, language, words):
    chair = cast.person("chair")
    chair.language = language
    chair.save()
    ((_who, _subject, text),) = [sent for sent in tick(NOVEMBER) if sent[0] == chair]
    assert words in " ".join(text.replace("\n", " ").split(" "))
    assert "/reports/status/2026-10/" in text


def test_the_page_of_steps_shows_when_and_to_whom(cast):
    page = cast.client("secretariat").get("/mail/reminders/").content.decode()
    for words in ("Monthly status report", "Quarterly progress report", "Weekly operations report"):
        assert words in page
    assert "To the chair, on the first working day after the month." in page
    page = cast.client("secretariat").get("/mail/reminders/pages.report_status/").content.decode()
    assert "Its days follow from the thing itself and are not changed here." in page
