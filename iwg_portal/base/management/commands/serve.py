"""``manage.py serve``: the servers, web, worker and beat under one command."""

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NoReturn

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import ProgrammingError, connections

from iwg_portal.base import catalogues, health, roles, supervisor
from iwg_portal.base.embedded import paths, servers
from iwg_portal.base.embedded.programs import ServerProblem


class Command(BaseCommand):
    help = "Runs web, worker and beat, and the embedded servers unless DATABASE_URL and REDIS_URL are set."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        run()


def run(prepare: Callable[[], str | None] | None = None) -> NoReturn:
    """Start the portal and stay until Ctrl-C or SIGTERM. Does not return.

    ``prepare`` is called when the database is migrated, before anything is served; a text that it returns is printed
    below the address. Raises ServerProblem (one sentence) for a taken port, a folder in use, and the like.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    signal.signal(signal.SIGHUP, lambda number, frame: sys.exit(128 + number))
    host, port = _host_and_port()
    data_dir = settings.DATA_DIR
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(_only_one(data_dir))
        supervisor.end_what_was_left(data_dir)
        listener = stack.enter_context(_listen(host, port))
        port = listener.getsockname()[1]
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::1", "::") else host
        address = f"http://{shown}:{port}/"
        _say_who(lock, address)
        held = stack.enter_context(servers.running(data_dir, settings.EMBEDDED_DATABASE, settings.EMBEDDED_REDIS))
        catalogues.compile_all()
        _migrate()
        _collect_static()
        text = (prepare() if prepare else None) or ""
        connections.close_all()
        supervisor.become(
            supervisor.Order(
                data_dir=str(data_dir),
                address=address,
                listener=listener.fileno(),
                serve_lock=lock.fileno(),
                servers_lock=held.lock.fileno() if held.lock else None,
                database=settings.EMBEDDED_DATABASE,
                redis=settings.EMBEDDED_REDIS,
                text=text and text.rstrip() + "\n",
                commands=_commands(data_dir),
            ),
            _environment(data_dir, listener.fileno(), address),
            settings.BASE_DIR,
        )


def _commands(data_dir: Path) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    if os.geteuid() == 0:
        # Celery's warning is about unpickling as root; tasks here are JSON.
        python.insert(1, "-Wignore:You're running the worker with superuser")
    configuration = str(settings.BASE_DIR / "iwg_portal" / "base" / "gunicorn_conf.py")
    level = "WARNING" if settings.DEMO else "INFO"
    return {
        "web": [*python, "gunicorn", "--no-control-socket", "-c", configuration, "iwg_portal.wsgi:application"],
        "worker": [
            *python, "celery", "--quiet", "-A", "iwg_portal.celery:app", "worker", "--pool=prefork", "--concurrency=1",
            "--without-gossip", "--without-mingle", "--without-heartbeat", f"--loglevel={level}",
        ],
        "beat": [
            *python, "celery", "--quiet", "-A", "iwg_portal.celery:scheduler", "beat", "--pidfile=",
            f"--schedule={data_dir / 'beat-schedule'}", f"--loglevel={level}",
        ],
    }  # fmt: skip


def _environment(data_dir: Path, listener: int, address: str) -> dict[str, str]:
    given = {
        # Resolved here, because the supervisor changes into the project's folder.
        "DATA_DIR": str(data_dir),
        "STATIC_ROOT": str(settings.STATIC_ROOT),
        "IWG_MODE": settings.MODE,
        "IWG_LISTENER": str(listener),
        "DJANGO_SETTINGS_MODULE": "iwg_portal.settings",
        "PYTHONUNBUFFERED": "1",
    }
    defaults = {
        # Threads otherwise get a heap of their own each, which costs tens of MB and gains nothing under the GIL.
        "MALLOC_ARENA_MAX": "2",
        "PUBLIC_URL": address.rstrip("/"),
        **({"LOG_LEVEL": "WARNING"} if settings.DEMO else {}),
    }
    ours = {name: value for name, value in os.environ.items() if name != "DATABASE_AS_OWNER"}
    return {**defaults, **ours, **given}


def _host_and_port() -> tuple[str, int]:
    given = os.environ.get("PORT", "").strip() or "8000"
    if not given.isdigit() or int(given) > 65535:
        raise ServerProblem(f"PORT must be a number from 1 to 65535 (or 0 for a free one), not {given!r}.")
    return os.environ.get("BIND", "").strip() or "127.0.0.1", int(given)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Not listening yet: a visitor is refused rather than kept waiting while the portal prepares itself.
    except OSError as error:
        listener.close()
        if error.errno in (48, 98):
            raise ServerProblem(
                f"Port {port} is taken by another program; stop that one or choose another port, "
                f"for example PORT={port + 1 if port < 65535 else 8001}."
            ) from None
        raise ServerProblem(f"The portal cannot use port {port} on {host} ({error.strerror}); set PORT.") from None
    return listener


def _only_one(data_dir: Path) -> IO[str]:
    """The lock of the one portal on this data folder; its file says who holds it."""
    try:
        paths.make_data_dir(data_dir)
        lock = (data_dir / supervisor.LOCK).open("a+")
    except OSError as error:
        raise ServerProblem(paths.cannot_write(data_dir, error)) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        with lock:
            try:
                who = json.loads(lock.read())
                known = f" (process {who['pid']}, {who['address']})"
            except (ValueError, KeyError):
                known = ""
        raise ServerProblem(
            f"The portal already runs on the data folder {data_dir}{known}; stop it or choose another DATA_DIR."
        ) from None
    return lock


def _say_who(lock: IO[str], address: str) -> None:
    lock.seek(0)
    lock.truncate()
    lock.write(json.dumps({"pid": os.getpid(), "address": address}))
    lock.flush()


def _migrate() -> None:
    try:
        if newer := health.newer_migrations():
            where = f"data folder {settings.DATA_DIR}" if settings.EMBEDDED_DATABASE else "database of DATABASE_URL"
            raise ServerProblem(
                f"The {where} was last used by a newer version of the portal ({newer[0]}); start that version, or "
                f"choose another {'DATA_DIR' if settings.EMBEDDED_DATABASE else 'DATABASE_URL'}."
            )
        missing = health.missing_migrations()
    except ProgrammingError:  # a new database has no list of migrations yet
        missing = 1
    if missing:
        call_command("migrate", interactive=False, verbosity=0)
    if problem := roles.grant():
        raise ServerProblem(problem)


def _collect_static() -> None:
    """Collect, hash and compress the static files, unless none has changed since the last time."""
    print_file = settings.DATA_DIR / "static-fingerprint"
    now = _static_fingerprint()
    root = settings.STATIC_ROOT
    if root.is_dir() and print_file.exists() and print_file.read_text() == now:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    print_file.write_text(now)


def _static_fingerprint() -> str:
    digest = hashlib.sha256(repr((settings.STORAGES["staticfiles"], str(settings.STATIC_ROOT))).encode())
    storage_code = settings.BASE_DIR / "iwg_portal" / "base" / "staticfiles.py"
    files = [Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([])]
    for file in sorted([*files, storage_code]):
        with contextlib.suppress(FileNotFoundError):
            info = file.stat()
            digest.update(f"{file}\0{info.st_size}\0{info.st_mtime_ns}\n".encode())
    return digest.hexdigest()
