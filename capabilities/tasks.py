"""Entry points for Celery."""

from django.utils import timezone

from capabilities.actions import imports
from iwg_portal.celery import app


@app.task(name="capabilities.discard_old_imports")
def discard_old_imports() -> int:
    """Uploaded workbooks hold levels: those that nobody confirms within a week are dropped."""
    return imports.discard_old(now=timezone.now())
