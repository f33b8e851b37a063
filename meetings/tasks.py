"""Entry points for Celery: each calls one action."""

import logging

from django.utils import timezone

from iwg_portal.celery import app
from meetings.actions import silence

logger = logging.getLogger(__name__)


@app.task(name="meetings.adopt_due", expires=60)
def adopt_due() -> int:
    """Every minute by beat: records that nobody has objected to by their hour are adopted."""
    count = silence.adopt_due(now=timezone.now())
    if count:
        logger.info("Records adopted by silence: %s", count)
    return count
