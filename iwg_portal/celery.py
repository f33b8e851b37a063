"""The two Celery applications: ``app`` for web and worker, ``scheduler`` for beat. Imports nothing of ours.

Worker: ``celery -A iwg_portal worker``. Beat, exactly one: ``celery -A iwg_portal.celery:scheduler beat``.
"""

import logging.config
import os

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iwg_portal.settings")

# Each run of a task leaves a row: see iwg_portal.jobs.
app = Celery("iwg_portal", task_cls="iwg_portal.jobs.ledger:LedgerTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Beat only sends names to the queue. Without Django's fixup it loads no model and stays small.
scheduler = Celery("iwg_portal", set_as_current=False, fixups=[])
scheduler.config_from_object("django.conf:settings", namespace="CELERY")


@signals.setup_logging.connect
def configure_logging(**kwargs: object) -> None:
    """Use the portal's LOGGING in worker and beat instead of Celery's own."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@signals.beat_init.connect
def send_first_heartbeat(sender: object, **kwargs: object) -> None:
    """/readyz should not wait a whole interval after a start."""
    try:
        scheduler.send_task("base.heartbeat", retry=False)
    except Exception as error:  # whatever the transport raises: beat sends the next one by itself
        logging.getLogger(__name__).warning("The first heartbeat was not sent: %s", error)


@signals.task_prerun.connect
def name_log_lines(task_id: str = "", **kwargs: object) -> None:
    """Log lines of a task carry its id where those of a page carry the request's."""
    from iwg_portal.base.logs import request_id

    request_id.set(task_id)
