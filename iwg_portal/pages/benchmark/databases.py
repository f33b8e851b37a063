"""Databases of the benchmark's own, beside the portal's on the same server, and gone afterwards."""

import contextlib
import os
from collections.abc import Iterator
from urllib.parse import quote

from django.conf import settings
from django.core.management import call_command
from django.db import connection

PREFIX = "iwg_bench"


def _on_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


@contextlib.contextmanager
def using(name: str) -> Iterator[None]:
    """The default connection goes to the database ``name`` for as long as the block runs."""
    held = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = held


@contextlib.contextmanager
def temporary() -> Iterator[str]:
    """The name of a migrated, empty database that other ones are made of. Every one of this run is dropped after."""
    base = f"{PREFIX}_{os.getpid()}"
    try:
        _on_server(f"CREATE DATABASE {base}")
        with using(base):
            call_command("migrate", interactive=False, verbosity=0)
        yield base
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [base + "%"])
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def copy_of(base: str, suffix: str) -> str:
    """A further database made of ``base``; its name."""
    name = f"{base}_{suffix}"
    _on_server(f"CREATE DATABASE {name} TEMPLATE {base}")
    return name


def url(name: str) -> str:
    """DATABASE_URL of a database on the same server."""
    held = settings.DATABASES["default"]
    who = quote(held["USER"] or "", safe="")
    secret = f":{quote(held['PASSWORD'], safe='')}" if held["PASSWORD"] else ""
    port = f":{held['PORT']}" if held["PORT"] else ""
    return f"postgres://{who}{secret}@{quote(held['HOST'] or '', safe='')}{port}/{name}"


def redis_url(number: int) -> str:
    """The same Redis, another of its databases: nothing cached here may reach the portal's own pages."""
    held = settings.REDIS_URL.partition("?")[0]
    if held.startswith("unix://"):
        return f"{held}?db={number}"
    scheme, _, rest = held.partition("://")
    return f"{scheme}://{rest.split('/')[0]}/{number}"
