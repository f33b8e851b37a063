"""The page of operations: what it says of each job, and having one run again."""

import datetime as dt
import socket
import time

import pytest
from celery.schedules import crontab
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.celery import app
from iwg_portal.jobs import actions, queries
from iwg_portal.jobs.models import JobRun
from iwg_portal.jobs.schedule import Job, jobs
from iwg_portal.jobs.words import WORDS
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db
URL = "/operations/"
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


def ran(task, ago=dt.timedelta(0), outcome="done", seconds=2.0, **values):
    start = timezone.now() - ago - dt.timedelta(seconds=seconds)
    end = None if outcome == "running" else start + dt.timedelta(seconds=seconds)
    return JobRun.objects.create(task=task, outcome=outcome, started_at=start, finished_at=end, **values)


def all_ran():
    for job in jobs():
        ran(job.task)


def line(task, now=None):
    found = queries.board(JobRun.objects.all(), now or timezone.now())
    return next(one for one in found if one.job.task == task)


# -- The schedule ------------------------------------------------------------------------------------------------------


def test_each_job_has_its_words_in_three_languages_and_none_else():
    assert set(WORDS) == {job.task for job in jobs()}


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (60.0, "every minute"),
        (300, "every 5 minutes"),
        (3600.0, "once an hour"),
        (7200.0, "every 2 hours"),
        (86400.0, "once a day"),
        (dt.timedelta(days=1), "once a day"),
        (crontab(hour=8, minute=0), "at set hours"),
    ],
)
def test_how_often_in_words(schedule, words):
    assert Job("mail.sweep", schedule).often == words


@pytest.mark.parametrize(
    ("schedule", "in_time", "late"),
    [
        (60.0, 179, 181),
        (3600.0, 4499, 4501),
        (86400.0, 107_999, 108_001),
        (crontab(hour=8, minute=0), 86400 + 119, 86400 + 121),
    ],
)
def test_when_it_is_late(schedule, in_time, late):
    job, last = Job("mail.sweep", schedule), dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
    assert not job.is_late(last, last + dt.timedelta(seconds=in_time))
    assert job.is_late(last, last + dt.timedelta(seconds=late))


# -- How a job stands --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "standing"),
    [
        ({}, "on_time"),
        ({"ago": 4 * MINUTE}, "late"),
        ({"outcome": "running"}, "running"),
        ({"outcome": "failed", "problem": "ValueError"}, "failed"),
        ({"outcome": "running", "ago": 30 * MINUTE}, "not_ended"),
    ],
)
def test_how_a_job_stands(values, standing):
    ran("mail.sweep", ago=10 * MINUTE)
    ran("mail.sweep", **{"ago": MINUTE, **values})
    found = line("mail.sweep") if values.get("ago", MINUTE) < 10 * MINUTE else None
    if found is None:  # the killed run is the newest there is
        JobRun.objects.exclude(outcome="running").delete()
        found = line("mail.sweep")
    assert found.standing == standing
    assert found.needs_you is (standing not in ("on_time", "running"))


def test_what_has_never_run_is_late_only_when_it_could_have():
    now = timezone.now()
    assert line("members.verify_log").standing == "waiting"
    assert line("members.verify_log", now + 2 * DAY).standing == "late"


def test_a_killed_run_is_forgotten_when_the_next_has_ended():
    ran("mail.sweep", ago=30 * MINUTE, outcome="running")
    ran("mail.sweep")
    found = line("mail.sweep")
    assert found.standing == "on_time"
    assert [past.words for past in found.past] == ["done", "did not end"]


# -- The page ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["secretariat", "administrator"])
def test_it_says_how_each_job_ran(cast, part):
    all_ran()
    page = text(cast.client(part).get(URL))
    assert f"All {len(jobs())} jobs run as they should." in page
    assert "Sends the mail that is due. every minute · last run" in page
    assert "took 2.0 s" in page
    ran("members.sweep_files", outcome="failed", problem="OSError at members/actions/files.py:9", count=None)
    page = text(cast.client(part).get(URL))
    assert f"1 of {len(jobs())} jobs needs you." in page
    assert "OSError at members/actions/files.py:9" in page


def test_it_has_the_same_number_of_queries_whatever_there_is(cast, django_assert_num_queries):
    client = cast.client("secretariat")
    all_ran()
    client.get(URL)
    with django_assert_num_queries(9) as few:
        client.get(URL)
    for _ in range(3):
        all_ran()
    with django_assert_num_queries(len(few)):
        client.get(URL)


# -- Run again ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting():
    """How many tasks wait at the broker."""
    client = app.connection_for_read().channel().client
    client.delete("celery")
    yield lambda: client.llen("celery")
    client.delete("celery")
    client.close()


def test_asked_for_it_is_a_row_an_event_and_a_word_to_the_queue(cast, waiting, django_capture_on_commit_callbacks):
    client = cast.client("administrator")
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(f"{URL}members.verify_log/run/", follow=True)
    assert "Asked for. It runs within the next minutes." in text(page)
    assert waiting() == 1
    assert JobRun.objects.get().outcome == "asked"
    event = Event.objects.get(kind="job.asked")
    assert (event.target_label, event.actor_id) == ("members.verify_log", cast.person("administrator").pk)
    assert "/operations/members.verify_log/run/" not in page.content.decode()


def test_twice_is_once(cast, monkeypatch):
    actions.run_again(task="mail.sweep", by=cast.viewer("secretariat"))
    assert "asked for already" in text(cast.client("secretariat").post(f"{URL}mail.sweep/run/", follow=True))
    monkeypatch.setattr(JobRun, "full_clean", lambda self: None)  # both at the same moment
    with pytest.raises(ValidationError, match="asked for already"):
        actions.run_again(task="mail.sweep", by=cast.viewer("secretariat"))
    assert JobRun.objects.count() == Event.objects.filter(kind="job.asked").count() == 1


def test_nobody_else_and_nothing_else(cast):
    with pytest.raises(PermissionDenied):
        actions.run_again(task="mail.sweep", by=cast.viewer("chair"))
    with pytest.raises(ValueError):
        actions.run_again(task="celery.backend_cleanup", by=cast.viewer("secretariat"))


def test_a_silent_redis_keeps_the_wish_and_nobody_waiting(cast, monkeypatch, django_capture_on_commit_callbacks):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        for name in ("broker_write_url", "broker_url"):  # the first falls back on the second
            monkeypatch.setattr(app.conf, name, f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        began = time.monotonic()
        with django_capture_on_commit_callbacks(execute=True):
            assert cast.client("secretariat").post(f"{URL}mail.sweep/run/").status_code == 302
        assert time.monotonic() - began < 3.5
        JobRun.objects.update(asked_at=timezone.now() - MINUTE)
        assert actions.run_asked() == 0
    assert JobRun.objects.get().outcome == "asked"


def test_the_queue_is_told_again_of_what_nobody_began(waiting):
    JobRun.objects.create(task="mail.sweep", outcome="asked", asked_at=timezone.now())
    JobRun.objects.create(task="members.verify_log", outcome="asked", asked_at=timezone.now() - MINUTE)
    JobRun.objects.create(task="no.longer.there", outcome="asked", asked_at=timezone.now() - MINUTE)
    assert actions.run_asked() == waiting() == 1


def test_one_wish_a_job():
    JobRun.objects.create(task="mail.sweep", outcome="asked", asked_at=timezone.now())
    with pytest.raises(IntegrityError):
        JobRun.objects.create(task="mail.sweep", outcome="asked", asked_at=timezone.now())
