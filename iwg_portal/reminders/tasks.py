"""Entry point for Celery."""

import logging

from django.utils import timezone

from iwg_portal.celery import app
from iwg_portal.reminders import actions

logger = logging.getLogger(__name__)


@app.task(name="reminders.plan", expires=600)
def plan() -> None:
    """Every quarter of an hour by beat: the day's reminders, then digests, for whom it is morning."""
    now = timezone.now()
    count, digests = actions.plan(now=now), actions.plan_digests(now=now)
    if count or digests:
        logger.info("Reminders planned: %s; digests: %s", count, digests)
