"""What a worker leaves in the ledger of jobs; and that the ledger is never in a job's way."""

import datetime as dt

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from iwg_portal.base import tasks as base
from iwg_portal.celery import app
from iwg_portal.jobs import ledger
from iwg_portal.jobs.models import JobRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(monkeypatch):
    """A task of the portal that does what the test says; as a worker runs it."""

    def _task(does, times=1):
        monkeypatch.setattr(base.heartbeat, "run", does)
        for _ in range(times):
            base.heartbeat.apply()

    return _task


def refuse():
    raise ValueError("the mail of ama@test.invalid")


def test_every_task_of_the_portal_is_kept():
    app.loader.import_default_modules()
    ours = [t for name, t in app.tasks.items() if not name.startswith("celery.")]
    assert len(ours) >= len({entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()})
    assert all(isinstance(t, ledger.LedgerTask) for t in ours)


def test_a_run_leaves_its_times_and_what_it_dealt_with(task):
    task(lambda: 3)
    run = JobRun.objects.get()
    assert (run.task, run.outcome, run.count, run.problem) == ("base.heartbeat", "done", 3, "")
    assert run.started_at <= run.finished_at <= timezone.now()


@pytest.mark.parametrize(
    ("result", "kept"), [(None, None), ("many", None), (True, None), (-1, 0), (10**12, ledger.MOST)]
)
def test_only_a_number_is_a_count(task, result, kept):
    task(lambda: result)
    assert JobRun.objects.get().count == kept


def test_a_failure_names_kind_and_place_and_no_text(task):
    task(refuse)
    run = JobRun.objects.get()
    assert run.outcome == "failed"
    assert run.problem.startswith("ValueError at tests/jobs/test_ledger.py:")
    assert "ama" not in run.problem


def test_a_function_that_is_called_is_no_run():
    base.heartbeat()
    assert not JobRun.objects.exists()


def test_few_runs_are_kept_and_the_last_that_went_well(task):
    task(lambda: None)
    well = JobRun.objects.get()
    JobRun.objects.create(task="mail.sweep", outcome="running", started_at=timezone.now())
    task(refuse, times=ledger.KEPT + 5)
    kept = JobRun.objects.filter(task="base.heartbeat")
    assert kept.filter(outcome="failed").count() == ledger.KEPT
    assert kept.filter(pk=well.pk).exists()
    assert JobRun.objects.filter(task="mail.sweep").exists()


@pytest.mark.parametrize("broken", ["_begin", "_end"])
def test_a_ledger_that_cannot_be_written_stops_no_job(task, monkeypatch, caplog, broken):
    done = []
    original, calls = ledger._runs, []

    def runs():
        calls.append(1)
        if (len(calls) == 1) == (broken == "_begin"):
            raise IntegrityError("no such table")
        return original()

    monkeypatch.setattr(ledger, "_runs", runs)
    task(lambda: done.append(1))
    assert done == [1]
    assert "is not in the ledger" in caplog.text
    assert "no such table" not in caplog.text


def test_the_next_run_takes_the_wish(task):
    asked = JobRun.objects.create(task="base.heartbeat", outcome="asked", asked_at=timezone.now())
    task(lambda: None, times=2)
    asked.refresh_from_db()
    assert asked.outcome == "done"
    assert JobRun.objects.count() == 2


def test_a_killed_run_did_not_end():
    now = timezone.now()
    run = JobRun(task="x", outcome="running", started_at=now - dt.timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT))
    assert not run.did_not_end(now)
    assert run.did_not_end(now + dt.timedelta(seconds=1))
    assert run.seconds is None


@pytest.mark.parametrize(
    "row",
    [
        {"outcome": "done"},
        {"outcome": "running"},
        {"outcome": "asked"},
        {"outcome": "failed", "started": True},
        {"outcome": "done", "started": True, "finished": True, "problem": "ValueError"},
        {"outcome": "lost", "started": True},
    ],
)
def test_the_database_refuses_what_is_no_run(row):
    now = timezone.now()
    times = {f"{name}_at": now for name in ("started", "finished") if row.pop(name, False)}
    with pytest.raises(IntegrityError), transaction.atomic():
        JobRun.objects.create(task="mail.sweep", **row, **times)
