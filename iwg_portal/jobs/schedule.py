"""The schedule of beat as the pages speak of it: how often a job runs, and when it is late."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from iwg_portal.jobs.words import WORDS

MINUTE, HOUR, DAY = 60, 3600, 86400
# Two missed orders of a job that runs every minute; a quarter of the pause of one that runs seldom.
LEAST_GRACE = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Job:
    """``schedule``: a pause in seconds or as timedelta, or one of Celery's own schedules, such as ``crontab``."""

    task: str
    schedule: Any

    @property
    def words(self) -> str:
        return str(WORDS.get(self.task, self.task))

    @property
    def pause(self) -> dt.timedelta | None:
        """Between two runs; None where the clock decides."""
        found = self.schedule
        if isinstance(found, int | float):
            return dt.timedelta(seconds=found)
        return found if isinstance(found, dt.timedelta) else None

    @property
    def often(self) -> str:
        """In words."""
        if self.pause is None:
            return _("at set hours")
        seconds = round(self.pause.total_seconds())
        if seconds == DAY:
            return _("once a day")
        if seconds == HOUR:
            return _("once an hour")
        if seconds % HOUR == 0:
            return ngettext("every %(n)s hour", "every %(n)s hours", seconds // HOUR) % {"n": seconds // HOUR}
        minutes = max(1, round(seconds / MINUTE))
        return ngettext("every minute", "every %(n)s minutes", minutes) % {"n": minutes}

    def is_late(self, last: dt.datetime, now: dt.datetime) -> bool:
        """Whether the run after the one that started at ``last`` should have started by ``now``. Times are aware."""
        if self.pause is not None:
            return now > last + self.pause + max(LEAST_GRACE, self.pause / 4)
        return now > last + self.schedule.remaining_delta(last)[1] + LEAST_GRACE


def jobs() -> list[Job]:
    """Every task of beat's schedule, once, in the order of the schedule."""
    found: dict[str, Job] = {}
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        task = str(entry["task"])
        found.setdefault(task, Job(task, entry["schedule"]))
    return list(found.values())
