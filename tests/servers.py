"""Loaded with ``-p tests.servers`` before Django's settings: the tests' own PostgreSQL and Valkey.

In a temporary folder with Unix sockets only, unless DATABASE_URL / REDIS_URL name other servers. With pytest-xdist
only the controller starts them; the workers inherit its environment.
"""

import atexit
import os
import secrets
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from iwg_portal.base.embedded import servers
from iwg_portal.base.embedded.programs import ServerProblem

MARK = "IWG_TEST_SERVERS"  # set for xdist's workers: they are users, not owners
_owner = os.getpid()
_started: servers.Servers | None = None


def _start() -> None:
    global _started
    # A short name: the path of a Unix socket is limited to about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="iwg-test-")).resolve()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iwg_portal.settings")
    os.environ.update(
        {"IWG_MODE": "test", "DATA_DIR": str(folder), "SECRET_KEY": secrets.token_urlsafe(48), MARK: str(_owner)}
    )
    os.environ["DATABASE_AS_OWNER"] = "1"  # to make the tests' database; conftest.py changes to the portal's role
    for name in ("DEBUG", "DEMO", "DATABASE_ROLE", "LOG_LEVEL", "STATIC_ROOT", "HASHED_STATIC"):
        os.environ.pop(name, None)
    _started = servers.Servers(folder, not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL"), fast=True)
    atexit.register(stop)
    # pytest ends by an exception on Ctrl-C, but SIGTERM (a cancelled CI job) would skip every clean-up.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        _started.enter()
    except ServerProblem as problem:
        stop()
        pytest.exit(str(problem), returncode=2)
    from iwg_portal.base import catalogues  # reads the settings, so only now

    catalogues.compile_all()


def stop() -> None:
    """Stop the servers and delete their folder; safe to call twice and in a forked child."""
    global _started
    if _started is not None and os.getpid() == _owner:
        ended, _started = _started, None
        ended.leave()
        ended.discard()


if MARK not in os.environ:
    _start()


def pytest_unconfigure(config: pytest.Config) -> None:
    stop()
