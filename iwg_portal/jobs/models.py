"""The ledger of jobs: the last runs of each, written by ``ledger`` around whatever the worker runs."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from iwg_portal.jobs.enums import Outcome


class JobRun(models.Model):
    """One run of a task, or the wish for one (``asked``). Times are UTC.

    Only few are kept of each task. A run that was killed stays ``running`` for ever: ``did_not_end`` tells.
    """

    task = models.CharField(max_length=80)
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    asked_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=120, blank=True, help_text="kind and place of an error, never its text")
    count = models.PositiveIntegerField(null=True, blank=True, help_text="how many things it dealt with, if it says")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="job_run_has_its_times",
                condition=Q(outcome=Outcome.ASKED, asked_at__isnull=False, started_at=None, finished_at=None)
                | Q(outcome=Outcome.RUNNING, started_at__isnull=False, finished_at=None)
                | Q(outcome__in=(Outcome.DONE, Outcome.FAILED), started_at__isnull=False, finished_at__isnull=False),
            ),
            models.CheckConstraint(
                name="job_run_problem_when_failed",
                condition=Q(outcome=Outcome.FAILED) | Q(problem=""),
            ),
            models.UniqueConstraint(
                fields=["task"],
                condition=Q(outcome=Outcome.ASKED),
                name="job_asked_once",
                violation_error_message=_("This job is asked for already; it runs within the next minutes."),
            ),
        ]
        indexes = [models.Index(fields=["task", "-started_at"], name="job_run_newest")]

    def __str__(self) -> str:
        return self.task

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0.0, (self.finished_at - self.started_at).total_seconds())

    def did_not_end(self, now: dt.datetime) -> bool:
        """Still ``running`` after the worker would have killed it: it was killed, or its worker was."""
        limit = dt.timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)
        return self.outcome == Outcome.RUNNING and self.started_at is not None and now - self.started_at > limit
