"""Entry points for Celery."""

from iwg_portal.celery import app
from iwg_portal.summaries import actions


@app.task(name="summaries.build", expires=60)
def build() -> int:
    """Every minute by beat, and after each order: the summaries that were asked for."""
    return actions.build_waiting()
