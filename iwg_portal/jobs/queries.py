"""How the jobs stand: of each its last runs, held against its schedule."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from iwg_portal.jobs.enums import NEEDS_YOU, Outcome, Standing
from iwg_portal.jobs.models import JobRun
from iwg_portal.jobs.schedule import Job, jobs

SHOWN = 5  # runs of each job


@dataclass(frozen=True)
class Past:
    """One run in words. ``seconds``: how long it took, None while it runs or when nobody knows."""

    started_at: dt.datetime
    words: str
    seconds: float | None
    count: int | None
    problem: str
    is_bad: bool


@dataclass(frozen=True)
class Line:
    """A job and how it stands; ``past``: its last runs, the newest first."""

    job: Job
    standing: Standing
    is_asked: bool
    past: tuple[Past, ...]

    @property
    def last(self) -> Past | None:
        return self.past[0] if self.past else None

    @property
    def needs_you(self) -> bool:
        return self.standing in NEEDS_YOU


def board(runs: QuerySet[JobRun], now: dt.datetime) -> list[Line]:
    """Every job of the schedule, in its order. One query, two while some job has never run."""
    place = Window(
        RowNumber(), partition_by=["task"], order_by=[F("started_at").desc(nulls_first=True), F("id").desc()]
    )
    found: dict[str, list[JobRun]] = defaultdict(list)
    # One more than is shown: the wish for a run is a row too.
    for run in runs.annotate(place=place).filter(place__lte=SHOWN + 1).order_by("task", "place"):
        found[run.task].append(run)
    since = now if all(job.task in found for job in jobs()) else _upgraded_at() or now
    return [_line(job, found[job.task], since, now) for job in jobs()]


def _line(job: Job, runs: list[JobRun], since: dt.datetime, now: dt.datetime) -> Line:
    begun = [run for run in runs if run.outcome != Outcome.ASKED][:SHOWN]
    past = tuple(_past(run, now) for run in begun)
    is_asked = bool(runs) and runs[0].outcome == Outcome.ASKED
    return Line(job, _standing(job, begun, since, now), is_asked, past)


def _past(run: JobRun, now: dt.datetime) -> Past:
    assert run.started_at is not None  # job_run_has_its_times
    lost = run.did_not_end(now)
    words = str(Standing.NOT_ENDED.label if lost else Outcome(run.outcome).label)
    return Past(run.started_at, words, run.seconds, run.count, run.problem, lost or run.outcome == Outcome.FAILED)


def _standing(job: Job, begun: list[JobRun], since: dt.datetime, now: dt.datetime) -> Standing:
    """A run that was killed counts until another has begun and ended."""
    if not begun:
        return Standing.LATE if job.is_late(since, now) else Standing.WAITING
    last = begun[0]
    assert last.started_at is not None
    if last.outcome == Outcome.FAILED:
        return Standing.FAILED
    if last.did_not_end(now):
        return Standing.NOT_ENDED
    if job.is_late(last.started_at, now):
        return Standing.LATE
    return Standing.RUNNING if last.outcome == Outcome.RUNNING else Standing.ON_TIME


def _upgraded_at() -> dt.datetime | None:
    """When the database was last migrated: a job that has never run cannot be late before it was there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(applied) FROM django_migrations")
        (at,) = cursor.fetchone()
    return at if isinstance(at, dt.datetime) else None
