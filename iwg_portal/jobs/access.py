"""Who sees how the jobs run, and has one run again: the secretariat and administrators."""

from __future__ import annotations

from django.db.models import QuerySet

from iwg_portal.jobs.models import JobRun
from iwg_portal.mail.access import Viewer

KEEPERS = frozenset({"secretariat", "administrator"})


def visible_runs(viewer: Viewer) -> QuerySet[JobRun]:
    return JobRun.objects.all() if can_see_jobs(viewer) else JobRun.objects.none()


def can_see_jobs(viewer: Viewer) -> bool:
    return bool(KEEPERS & viewer.roles)


def can_run_again(viewer: Viewer) -> bool:
    return can_see_jobs(viewer)
