"""Tell the worker that something is due. It may be lost: beat orders the same sweep every minute."""

from __future__ import annotations

import logging
import time

from django.db import transaction

from iwg_portal.celery import app

logger = logging.getLogger(__name__)

# After a failure nobody waits for Redis again before beat's next order would have come anyway.
PAUSE = 60.0
# One attempt, with the two seconds of CELERY_BROKER_TRANSPORT_OPTIONS: by itself the client would try for ever.
ONCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "connect_retries_timeout": 2}


class Breaker:
    """Of the process: until when no poke is tried."""

    open_until = 0.0


def poke_after_commit() -> None:
    """One poke for the whole transaction, however many mails it plans; at once outside of one."""
    if not any(entry[1] is poke for entry in transaction.get_connection().run_on_commit):
        transaction.on_commit(poke, robust=True)


def poke() -> None:
    """Ask for a sweep. Never fails; waits two seconds at most, and that once a minute while Redis is silent."""
    order("mail.sweep")


def order(task: str, *, expires: int = 60) -> bool:
    """Put one task into the queue, to be forgotten after ``expires`` seconds. False when it was not: nobody is told.

    Never fails; waits two seconds at most, and that once a minute while Redis is silent.
    """
    if time.monotonic() < Breaker.open_until:
        return False
    options = {**app.conf.broker_transport_options, **ONCE}
    try:
        with app.connection_for_write(transport_options=options) as connection:
            app.send_task(task, connection=connection, retry=False, expires=expires)
    except Exception as error:  # whatever the transport raises: the request has been answered already
        Breaker.open_until = time.monotonic() + PAUSE
        logger.warning("The task %s was not ordered (%s); beat orders it.", task, type(error).__name__)
        return False
    return True
