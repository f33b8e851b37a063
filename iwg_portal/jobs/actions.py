"""Have a job run again. The wish is a row; the queue is only told of it, and may lose what it was told."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.jobs import access
from iwg_portal.jobs.enums import Outcome
from iwg_portal.jobs.models import JobRun
from iwg_portal.jobs.schedule import jobs
from iwg_portal.mail.access import Viewer
from iwg_portal.mail.poke import order

PATIENCE = dt.timedelta(seconds=30)  # within which a worker that is there has begun
EXPIRES = 300  # seconds


@transaction.atomic
def run_again(*, task: str, by: Viewer) -> JobRun:
    """Wish for a run of ``task``, a job of the schedule; the next run of it takes the wish.

    Raises PermissionDenied; ValidationError when it is asked for already; ValueError for what is no job. Side effects:
    an event; after the commit the queue is told, which waits two seconds at most and may fail in silence.
    """
    if not access.can_run_again(by):
        raise PermissionDenied
    if task not in {job.task for job in jobs()}:
        raise ValueError(f"No job on the schedule runs {task!r}.")
    run = JobRun(task=task, outcome=Outcome.ASKED, asked_at=timezone.now())
    run.full_clean()  # job_asked_once
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as error:  # somebody else asked in this very moment
        raise ValidationError(_("This job is asked for already; it runs within the next minutes."), "asked") from error
    record("job.asked", by=by.person, target=run)
    transaction.on_commit(lambda: order(task, expires=EXPIRES), robust=True)
    return run


def run_asked() -> int:
    """Tell the queue again of what nobody has begun; returns of how many jobs. Every minute, by beat."""
    known = {job.task for job in jobs()}
    waiting = JobRun.objects.filter(outcome=Outcome.ASKED, asked_at__lt=timezone.now() - PATIENCE, task__in=known)
    return sum(order(task, expires=EXPIRES) for task in waiting.order_by("asked_at").values_list("task", flat=True))
