"""Entry points for Celery. Tasks belong to our own application: whoever imports one has the right broker."""

import datetime as dt

from django.core.management import call_command
from django.utils import timezone

from iwg_portal.base.models import Change, Heartbeat
from iwg_portal.celery import app


@app.task(name="base.heartbeat", expires=60)
def heartbeat() -> None:
    """Proves that beat, broker, worker and database work together; /readyz reads the row."""
    Heartbeat.objects.beat()


@app.task(name="base.clear_sessions")
def clear_sessions() -> None:
    """Delete the sessions that have ended."""
    call_command("clearsessions")


@app.task(name="base.prune_changes")
def prune_changes() -> int:
    """Keep the table of changes short; processes build their kept pieces anew once."""
    return Change.objects.filter(at__lt=timezone.now() - dt.timedelta(days=1)).delete()[0]
