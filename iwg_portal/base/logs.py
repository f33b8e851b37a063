"""Log lines as JSON, each with the id of the request (or task) that caused it."""

import logging
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestIdFilter(logging.Filter):
    """Adds ``request_id`` to each record; empty outside a request and a task."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class JsonFormatter(BaseJsonFormatter):
    """One JSON object per line: time (UTC, ISO 8601), level, logger, message, request_id and the record's extras."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("timestamp", "time")
        options.setdefault("rename_fields", {"levelname": "level", "name": "logger"})
        super().__init__(*args, **options)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        # Django attaches the request; its text form holds the query string, where a secret link may stand.
        log_data.pop("request", None)
        return super().process_log_record(log_data)
