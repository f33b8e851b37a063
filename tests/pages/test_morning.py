"""The secretariat's morning page: what is stuck stands there with its next step, and nothing else does."""

import datetime as dt

import pytest
from django.utils import timezone, translation

from iwg_portal.jobs.models import JobRun
from iwg_portal.jobs.schedule import jobs
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from iwg_portal.pages.morning import MorningPage
from tests.factories import (
    ActionFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    MemberStateFactory,
    OrganisationFactory,
    OwnerFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
    person_with,
)
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db
URL = "/morning/"
DAY = dt.timedelta(days=1)


def parts(cast, part="secretariat"):
    """Title → the part of the page."""
    found = MorningPage(cast.viewer(part), timezone.now(), timezone.localdate()).parts
    return {part.title: part for part in found}


def names(part):
    return [line.title for line in part.lines]


def overdue(words="It is to be done.", **owner):
    made = ActionFactory(
        block__item=ItemFactory(meeting=MeetingFactory(state="adopted")), block__text=words, due_on=dt.date(2024, 6, 30)
    )
    return OwnerFactory(action=made, **owner)


def test_who_may_open_it(cast):
    for part in ("secretariat", "chair"):
        assert cast.client(part).get(URL).status_code == 200
    for part in ("administrator", "own_focal_point", "observer"):
        assert cast.client(part).get(URL).status_code == 404


def test_the_chair_reads_what_is_the_groups_work(cast):
    LessonFactory(state=cast.own, status="submitted", approved_at=None)
    assert set(parts(cast)) - set(parts(cast, "chair")) == {
        "Lessons waiting for approval",
        "Mail not delivered",
        "Mails to many that are held",
        "People whom mail does not reach",
        "Jobs late or failed",
        "Terms of office that end within 60 days",
    }


def test_a_state_is_silent_without_status_and_without_answer(cast):
    today, round_ = timezone.localdate(), RoundFactory(year=2024, edition=framework())
    reported, answered = MemberStateFactory(label="Fresh"), MemberStateFactory(label="Answered")
    StatusReportFactory(state=reported, as_of=today - 300 * DAY)
    StatusReportFactory(state=answered, as_of=today - 500 * DAY)
    declare(answered, round_, 2)
    StatusReportFactory(state=cast.own, as_of=dt.date(2023, 5, 4))
    assert cast.other
    found = parts(cast)
    silent = next(part for title, part in found.items() if title.startswith("Silent"))
    assert [(line.title, line.detail) for line in silent.lines] == [
        ("Otherland", "Nothing reported yet"),
        ("Ownland", "Last report: 4 May 2023"),
    ]
    missing = found["The round 2024: states without data"]
    assert names(missing) == [f"There is no round for {today.year} yet", "Fresh", "Otherland", "Ownland"]
    assert missing.count == 4


def test_of_a_state_that_did_not_share_the_chair_learns_nothing(cast):
    round_ = RoundFactory(year=2024, edition=framework())
    declare(cast.own, round_, 2, audience="secretariat")
    title = "The round 2024: states without data"
    assert "Ownland" in names(parts(cast, "chair")[title])
    assert "Ownland" not in names(parts(cast)[title])


def test_records_that_were_not_circulated_lead_to_their_next_step(cast):
    now = timezone.now()
    drafted = MeetingFactory(state="drafted", title="Drafted", ends_at=now - 5 * DAY, starts_at=now - 6 * DAY)
    running = MeetingFactory(state="running", title="Running", ends_at=now - DAY, starts_at=now - 2 * DAY)
    MeetingFactory(state="circulated", title="Out", ends_at=now - 5 * DAY, starts_at=now - 6 * DAY)
    MeetingFactory(title="To come", starts_at=now + DAY, ends_at=now + 2 * DAY)
    found = parts(cast)["Records not circulated"]
    assert [(line.title, line.url, line.is_pressing) for line in found.lines] == [
        ("Drafted", f"/meetings/{drafted.pk}/silence/circulate/", True),
        ("Running", f"/meetings/{running.pk}/silence/close/", False),
    ]
    assert found.lines[0].due == "ended 5 days ago"
    assert parts(cast, "chair")["Records not circulated"].lines[0].url == f"/meetings/{drafted.pk}/"


def test_overdue_action_points_stand_by_owner(cast):
    body = OrganisationFactory(key="body")
    overdue(state=cast.own)
    overdue(state=cast.own)
    overdue(state=cast.other, status="done")
    overdue(organisation=body)
    found = parts(cast)["Action points overdue, by owner"]
    assert (found.count, found.more) == (3, 0)
    assert [(line.title, line.detail) for line in found.lines] == [("Ownland", "2 overdue"), (str(body), "1 overdue")]
    assert found.lines[0].url == f"/actions/?tab=all&owner=s-{cast.own.alpha2}&due=overdue"
    assert found.lines[1].url == "/actions/?tab=all&owner=o-body&due=overdue"


def test_lessons_mail_jobs_and_terms(cast):
    today, now = timezone.localdate(), timezone.now()
    lesson = LessonFactory(state=cast.own, status="submitted", approved_at=None)
    LessonFactory(state=cast.own, status="draft", approved_at=None)
    reader = cast.person("own_delegate")
    queue("mail.test", target=reader, to=reader, not_before=now - dt.timedelta(hours=1))
    queue("mail.test", target=reader, to=reader, occurrence="soon")
    queue("mail.test", target=reader, to=reader, occurrence="back")
    OutboxMail.objects.filter(occurrence="back").update(state="bounced", settled_at=now)
    for job in jobs():
        JobRun.objects.create(task=job.task, outcome="done", started_at=now, finished_at=now)
    JobRun.objects.create(
        task="mail.sweep", outcome="failed", started_at=now + DAY, finished_at=now + DAY, problem="OSError"
    )
    leaving = person_with("delegate", state=cast.own, ends_on=today + 10 * DAY)
    person_with("delegate", state=cast.own, ends_on=today + 61 * DAY)
    person_with("delegate", state=cast.own, ends_on=today - DAY)
    found = parts(cast)
    assert [line.url for line in found["Lessons waiting for approval"].lines] == [f"/lessons/{lesson.pk}/review/"]
    assert sorted(line.due for line in found["Mail not delivered"].lines) == ["bounced", "due"]
    assert names(found["Jobs late or failed"]) == ["Sends the mail that is due."]
    terms = found["Terms of office that end within 60 days"]
    assert [(line.title, line.is_pressing) for line in terms.lines] == [(str(leaving), True)]
    page = cast.client("secretariat").get(URL).content.decode()
    assert reader.email not in page


def test_what_is_in_order_stands_last_and_what_is_more_is_counted(cast):
    for number in range(6):
        MemberStateFactory(label=f"Silent {number}")
    found = list(parts(cast).values())
    assert [part.count > 0 for part in found] == sorted((part.count > 0 for part in found), reverse=True)
    silent = next(part for part in found if part.title.startswith("Silent"))
    assert (silent.count, silent.more, len(silent.lines)) == (6, 2, 4)
    page = text(cast.client("secretariat").get(URL))
    assert "and 2 more" in page
    assert "matters need you" in page


def test_the_chairs_own_term_leads_to_the_hand_over(cast):
    chair = cast.person("chair")
    chair.terms.update(ends_on=timezone.localdate() + 30 * DAY)
    assert [line.url for line in parts(cast)["Terms of office that end within 60 days"].lines] == [
        "/meetings/hand-over/"
    ]


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_it_can_be_read_in_each_language(cast, language):
    with translation.override(language):
        assert parts(cast)


def test_at_most_seventeen_queries_however_much_is_stuck(cast, django_assert_max_num_queries):
    client, now = cast.client("secretariat"), timezone.now()
    numbers = []
    for number in range(3):
        RoundFactory(year=2021 + number)
        MemberStateFactory(label=f"Silent {number}")
        overdue(state=cast.own)
        LessonFactory(state=cast.own, status="submitted", approved_at=None)
        MeetingFactory(state="drafted")
        person_with("delegate", state=cast.own, ends_on=timezone.localdate() + 10 * DAY)
        for job in jobs():
            JobRun.objects.create(task=job.task, outcome="done", started_at=now, finished_at=now)
        client.get(URL)
        with django_assert_max_num_queries(17) as found:
            client.get(URL)
        numbers.append(len(found))
    assert len(set(numbers)) == 1
