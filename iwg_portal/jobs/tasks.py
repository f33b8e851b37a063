"""Entry points for Celery."""

from iwg_portal.celery import app
from iwg_portal.jobs import actions


@app.task(name="jobs.run_asked", expires=60)
def run_asked() -> int:
    """Every minute by beat: what somebody asked for while the queue was away."""
    return actions.run_asked()
