"""Entry point for Celery."""

import logging

from django.utils import timezone

from iwg_portal.celery import app
from iwg_portal.reminders import actions

logger = logging.getLogger(__name__)


@app.task(name="reminders.plan", expires=600)
def plan() -> None:
    """Every quarter of an hour by beat: the day's reminders, for whom it is morning."""
    count = actions.plan(now=timezone.now())
    if count:
        logger.info("Reminders planned: %s", count)
