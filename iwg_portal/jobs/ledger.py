"""Every task of the portal is a ``LedgerTask`` (``iwg_portal.celery`` says so): around each run it keeps a ``JobRun``.

Nothing of this may make a job fail or wait: what goes wrong with the ledger is one line in the server's log.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery.contrib.django.task import DjangoTask
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from iwg_portal.jobs.enums import Outcome

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from iwg_portal.jobs.models import JobRun

logger = logging.getLogger(__name__)

KEPT = 20  # runs of each task
MOST = 2_000_000_000  # what the column holds


class LedgerTask(DjangoTask):
    """Called by a worker it leaves its run in the ledger; called as a function it is just that function.

    What a task returns, when it is a number, is how many things it dealt with.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        run = _begin(self.name)
        try:
            result = self.run(*args, **kwargs)
        except BaseException as error:
            _end(run, Outcome.FAILED, problem=problem_of(error))
            raise
        _end(run, Outcome.DONE, count=result if isinstance(result, int) and not isinstance(result, bool) else None)
        return result


def problem_of(error: BaseException) -> str:
    """The kind of error and the line of ours that met it: "OperationalError at members/actions/files.py:88".

    Never its text, which may hold names, addresses, or what somebody wrote.
    """
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts and path != Path(__file__):
            place = f" at {path.relative_to(settings.BASE_DIR).as_posix()}:{line}"
    return f"{type(error).__name__}{place}"[:120]


def _begin(task: str) -> JobRun | None:
    """Write that a run begins; it takes the row of whoever asked for one. None when the ledger cannot be written."""
    try:
        with transaction.atomic():
            now = timezone.now()
            rows = _runs().filter(task=task, outcome=Outcome.ASKED)
            asked = rows.select_for_update(skip_locked=True).first()
            if asked is None:
                return _runs().create(task=task, outcome=Outcome.RUNNING, started_at=now)
            asked.outcome, asked.started_at = Outcome.RUNNING, now
            asked.save(update_fields=["outcome", "started_at"])
            return asked
    except Exception as error:
        _complain(task, error)
        return None


def _end(run: JobRun | None, outcome: Outcome, *, problem: str = "", count: int | None = None) -> None:
    """Write how a run ended, and forget old ones: the newest are kept, and the newest that went well."""
    if run is None:
        return
    try:
        with transaction.atomic():
            _runs().filter(pk=run.pk).update(
                outcome=outcome,
                finished_at=timezone.now(),
                problem=problem,
                count=None if count is None else min(max(count, 0), MOST),
            )
            ours = _runs().filter(task=run.task).exclude(outcome=Outcome.ASKED).order_by("-started_at", "-id")
            well = ours.filter(outcome=Outcome.DONE)
            kept = [*ours.values_list("pk", flat=True)[:KEPT], *well.values_list("pk", flat=True)[:1]]
            ours.exclude(pk__in=kept).delete()
    except Exception as error:
        _complain(run.task, error)


def _runs() -> QuerySet[JobRun]:
    """Read late: Celery makes this module's class before Django has loaded its models."""
    from iwg_portal.jobs.models import JobRun

    return JobRun.objects.all()


def _complain(task: str, error: Exception) -> None:
    logger.warning("The run of %s is not in the ledger of jobs (%s).", task, type(error).__name__)
