"""Entry points for Celery: each calls one action."""

import datetime as dt
import logging

from django.utils import timezone

from iwg_portal.celery import app
from meetings.actions import silence

# What was sent before the hour is heard before silence is taken for consent: a request is answered within this time.
UNDER_WAY = dt.timedelta(seconds=30)
logger = logging.getLogger(__name__)


@app.task(name="meetings.adopt_due", expires=60)
def adopt_due() -> int:
    """Every minute by beat: records that nobody has objected to by their hour are adopted."""
    count = silence.adopt_due(now=timezone.now() - UNDER_WAY)
    if count:
        logger.info("Records adopted by silence: %s", count)
    return count
