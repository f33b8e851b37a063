"""What holds in every test: warnings are errors, no network, a GET never writes, no template names what it was not
given, and rows without an order come back shuffled."""

import os
import random
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models import QuerySet
from django.test import Client

from iwg_portal.activity import log
from iwg_portal.base.embedded.paths import broker_url
from iwg_portal.celery import app
from iwg_portal.pages.benchmark import databases
from tests.browser import PORTALS, copy_of_tests_database
from tests.cast import cast

__all__ = ["cast"]

# Of Valkey, which has 16; the others are those of the portals beside which browsers run.
DATABASES_OF_WORKERS = tuple(number for number in range(16) if number not in PORTALS)
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Statements that change no row: reads, and the brackets of a transaction.
HARMLESS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "WITH", "EXPLAIN", "SHOW", "SET")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "error")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker.startswith("gw"):
        _give_a_cache_and_a_queue(int(worker[2:]))


def _give_a_cache_and_a_queue(worker: int) -> None:
    """With pytest-xdist the workers share one Valkey: a test that empties its cache must not empty another's, and one
    that counts what waits in the queue must not find another's.

    Before anything is collected: pytest looks at each name of a test module, and one that is ``cache`` opens it.
    """
    own = databases.redis_url(DATABASES_OF_WORKERS[worker % len(DATABASES_OF_WORKERS)])
    place = settings.CACHES["default"]
    place["LOCATION"] = own
    # Two seconds are a page's patience. A machine that is busy with browsers may pause for longer, and a limit on
    # attempts that then counts nothing would look like a fault of the code under test.
    place["OPTIONS"] = {"socket_timeout": 60}
    app.conf.broker_url = broker_url(own)


# -- Network off ---------------------------------------------------------------------------------------------------


def _is_near(family: int, address: Any) -> bool:
    if family == socket.AF_UNIX:
        return True
    host = str(address[0]) if isinstance(address, tuple) else ""
    return host in ("localhost", "::1", "") or host.startswith("127.")


@pytest.fixture(scope="session", autouse=True)
def _network_off() -> Iterator[None]:
    """Only this machine answers in a test; whatever asks further away fails at once."""
    original, original_ex = socket.socket.connect, socket.socket.connect_ex

    def connect(self: socket.socket, address: Any) -> None:
        if not _is_near(self.family, address):
            raise AssertionError(f"a test asked the network for {address}")
        return original(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        if not _is_near(self.family, address):
            raise AssertionError(f"a test asked the network for {address}")
        return original_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        yield


# -- A GET never writes ------------------------------------------------------------------------------------------------


def _refuse_writes(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    words = str(sql).lstrip("( \n").upper()
    writes = not words.startswith(HARMLESS) or (
        words.startswith("WITH") and (" INSERT " in words or " UPDATE " in words)
    )
    if log.appending.get() and words.startswith("INSERT INTO ACTIVITY_EVENT ("):
        return execute(sql, params, many, context)  # the one exception: the log, after the answer was built
    if writes or " FOR UPDATE" in words or " FOR NO KEY UPDATE" in words:
        raise AssertionError(f"a page that is only read wrote to the database: {sql}")
    return execute(sql, params, many, context)


@pytest.fixture(scope="session", autouse=True)
def _reading_is_harmless() -> Iterator[None]:
    original = Client.request

    def request(self: Client, **environ: Any) -> Any:
        if environ.get("REQUEST_METHOD") not in READING:
            return original(self, **environ)
        with connections["default"].execute_wrapper(_refuse_writes):
            return original(self, **environ)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", request)
        yield


# -- Under the portal's own role --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[None]:
    """The tests' database is made by its owner; every test then has the rights of web and worker, and no more."""
    connection = connections["default"]
    options = connection.settings_dict["OPTIONS"]
    connection.close()
    if any(item.get_closest_marker("browser") for item in request.session.items):
        copy_of_tests_database(make=True)
    options["options"] = f"-c role={settings.DATABASE_ROLE}"
    yield
    connection.close()
    del options["options"]


# -- The log is append-only, also here ------------------------------------------------------------------------------

EMPTY_THE_LOG = """
SET ROLE NONE;
ALTER TABLE activity_event DISABLE TRIGGER USER;
ALTER TABLE activity_link DISABLE TRIGGER USER;
ALTER TABLE activity_head DISABLE TRIGGER USER;
{flush}
INSERT INTO activity_head (id, seq, hash) VALUES (1, 0, sha256('iwg-portal audit chain 1'));
ALTER TABLE activity_event
    ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER never_emptied, ENABLE ALWAYS TRIGGER sealed;
ALTER TABLE activity_link ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER never_emptied;
ALTER TABLE activity_head
    ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER never_emptied, ENABLE ALWAYS TRIGGER moves;
RESET ROLE;
"""


@pytest.fixture(scope="session", autouse=True)
def _the_log_may_be_emptied_between_tests() -> Iterator[None]:
    """A test whose transactions are real leaves rows, which Django removes by TRUNCATE. The log refuses that; the
    owner of its tables, who is who runs the tests, puts its triggers aside for that one statement."""
    original = DatabaseOperations.sql_flush

    def sql_flush(self: DatabaseOperations, style: Any, tables: Any, **options: Any) -> list[str]:
        statements = original(self, style, tables, **options)
        return [EMPTY_THE_LOG.format(flush="\n".join(statements))] if "activity_event" in tables else statements

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


# -- Rows without an order have none -----------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _unordered_rows_are_shuffled() -> Iterator[None]:
    """PostgreSQL promises no order either; a test must not pass by luck."""
    original = QuerySet._fetch_all
    dice = random.Random(20211201)  # the same shuffle in each run of the whole suite

    def fetch(self: QuerySet) -> None:
        fresh = self._result_cache is None
        original(self)
        if fresh and len(self._result_cache) > 1 and not self.ordered:
            dice.shuffle(self._result_cache)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QuerySet, "_fetch_all", fetch)
        yield


# -- Nothing remembered from the test before ---------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """The framework is kept in the process under its version, and so is the pause after a silent Redis."""
    from capabilities.queries import framework
    from iwg_portal.base.cache import PatientClient
    from iwg_portal.mail.poke import Breaker

    yield
    PatientClient._silent_until, PatientClient._warned = 0.0, False
    Breaker.open_until = 0.0
    log.forget()
    framework._framework.cache_clear()
    framework._definitions.cache_clear()
