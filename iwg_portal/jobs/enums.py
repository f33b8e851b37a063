"""What became of a run of a job, and how the job stands by it. Values are stored or used in addresses and metrics."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """``ASKED``: somebody wants it to run; the next run of the job takes the row."""

    ASKED = "asked", _("asked for")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Standing(models.TextChoices):
    """Of a job; never stored. ``LATE`` and below need somebody's attention."""

    ON_TIME = "on_time", _("on time")
    RUNNING = "running", _("running")
    WAITING = "waiting", _("has not run yet")
    LATE = "late", _("behind schedule")
    FAILED = "failed", _("failed")
    NOT_ENDED = "not_ended", _("did not end")


NEEDS_YOU = frozenset({Standing.LATE, Standing.FAILED, Standing.NOT_ENDED})
