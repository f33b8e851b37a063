"""Entry points for Celery."""

import logging

from iwg_portal.celery import app
from iwg_portal.mail.actions import bounces
from iwg_portal.mail.actions import sweep as actions
from iwg_portal.mail.poke import poke

logger = logging.getLogger(__name__)


@app.task(name="mail.sweep", expires=60)
def sweep() -> int:
    """Every minute by beat, and after each commit that planned a mail."""
    done = actions.sweep()
    if done.pop("more", 0):
        poke()
    if done:
        logger.info("Mail: %s", ", ".join(f"{count} {state}" for state, count in sorted(done.items())))
    return sum(done.values())


@app.task(name="mail.collect_bounces", expires=240)
def collect_bounces() -> int:
    """Every five minutes by beat."""
    return bounces.collect_bounces()
