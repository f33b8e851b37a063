"""What must work before this portal may be sent visitors. No secret and no address appears in an answer."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from redis.backoff import NoBackoff
from redis.retry import Retry

from iwg_portal.base.models import Heartbeat

REDIS_SECONDS = 2
MAX_HEARTBEAT_AGE = 180  # three missed beats


def report() -> tuple[bool, dict[str, dict[str, Any]]]:
    """Whether every part works, and each part's state as ``{"ok": bool, …}``."""
    parts = {name: _checked(check) for name, check in PARTS.items()}
    return all(part["ok"] for part in parts.values()), parts


def _checked(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError) as error:
        # Only the kind: the text of a connection error holds host and user names.
        return {"ok": False, "error": type(error).__name__}


def _database() -> dict[str, Any]:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def _migrations() -> dict[str, Any]:
    missing = missing_migrations()
    return {"ok": not missing, "missing": missing}


def missing_migrations() -> int:
    """How many migrations the database lacks. Raises ProgrammingError on a database that never had one."""
    return len(_written_migrations() - _applied_migrations())


def newer_migrations() -> list[str]:
    """Migrations of ours in the database that are newer than any on disk: a later portal has worked on it.

    By number, because a row stays in the database when old migrations are squashed. Raises ProgrammingError on a
    database that never had one.
    """
    folders = {app.label: Path(app.path) for app in apps.get_app_configs()}
    ours = {a for a, f in folders.items() if settings.BASE_DIR in f.parents and "site-packages" not in f.parts}
    newest: dict[str, int] = {}
    for app, name in _written_migrations():
        newest[app] = max(newest.get(app, 0), *_numbers(name))
    found = _applied_migrations() - _written_migrations()
    return sorted(f"{app}.{name}" for app, name in found if app in ours and _numbers(name)[0] > newest.get(app, 0))


def _numbers(name: str) -> list[int]:
    """``0001_squashed_0017_terms`` → 1, 17."""
    return [int(number) for number in re.findall(r"(?<![0-9])[0-9]{4}(?![0-9])", name)] or [0]


def _written_migrations() -> set[tuple[str, str]]:
    """(app, name) of every migration on disk. By file name: importing them all would cost every web worker memory."""
    return {
        (app.label, file.stem)
        for app in apps.get_app_configs()
        for file in Path(app.path, "migrations").glob("[!_]*.py")
    }


def _applied_migrations() -> set[tuple[str, str]]:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return set(cursor.fetchall())


def _cache() -> dict[str, Any]:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    with client:
        return {"ok": bool(client.ping())}


def _beat() -> dict[str, Any]:
    age = Heartbeat.objects.age()
    return {
        "ok": age is not None and age <= MAX_HEARTBEAT_AGE,
        "age_seconds": None if age is None else round(age),
    }


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
    "beat": _beat,
}
