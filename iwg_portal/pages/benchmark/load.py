"""The web servers under test, and one client that asks again as soon as it has its answer."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

START_SECONDS = 60
BATCH = 10  # requests to one page before the next page has its turn


@dataclass(frozen=True)
class Server:
    """``pid`` leads everything that runs: the supervisor of the portal, or the web server's parent."""

    port: int
    pid: int


@dataclass
class Asked:
    """One page on one server, and how long each answer took (seconds, from request to last byte)."""

    server: Server
    path: str
    before: Callable[[], None] = lambda: None  # called before each request, outside the clock
    seconds: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return 1000 * sorted(self.seconds)[len(self.seconds) // 2]

    @property
    def p95(self) -> float:
        return 1000 * sorted(self.seconds)[int(len(self.seconds) * 0.95)]


@contextlib.contextmanager
def portal(database_url: str, redis_url: str) -> Iterator[Server]:
    """The portal as ``manage.py serve`` runs it, on a free port and a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="iwg-bench-") as folder:
        environment = _environment(folder, database_url, redis_url) | {"PORT": "0"}
        command = [sys.executable, "manage.py", "serve"]
        with _running(command, environment, Path(folder)) as process:
            yield Server(_port(process, Path(folder)), process.pid)


@contextlib.contextmanager
def bare(database_url: str, redis_url: str) -> Iterator[Server]:
    """The bare page on the same web server with the same configuration."""
    with tempfile.TemporaryDirectory(prefix="iwg-bench-") as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        environment = _environment(folder, database_url, redis_url) | {
            "DJANGO_SETTINGS_MODULE": "iwg_portal.pages.benchmark.bare_settings",
            "IWG_LISTENER": str(listener.fileno()),
        }
        configuration = str(settings.BASE_DIR / "iwg_portal" / "base" / "gunicorn_conf.py")
        command = [
            sys.executable, "-m", "gunicorn", "--no-control-socket", "-c", configuration, "iwg_portal.wsgi:application",
        ]  # fmt: skip
        with _running(command, environment, Path(folder), (listener.fileno(),)) as process:
            server = Server(listener.getsockname()[1], process.pid)
            _wait_for(process, Path(folder), lambda: _status(server.port, "/bare/") is not None)
            yield server


def _environment(folder: str, database_url: str, redis_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "IWG_MODE": "demo",
        "SECRET_KEY": settings.SECRET_KEY,  # one session for every server
        "FACTOR_KEYS": ",".join(settings.FACTOR_KEYS),
        "DATA_DIR": folder,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MALLOC_ARENA_MAX": "2",
        "LOG_LEVEL": "WARNING",
    }


@contextlib.contextmanager
def _running(
    command: list[str], environment: dict[str, str], folder: Path, handed: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=handed,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _port(process: subprocess.Popen[bytes], folder: Path) -> int:
    """Of the portal: where its lock says that it listens, once it answers that it is ready."""
    found = 0

    def ready() -> bool:
        nonlocal found
        with contextlib.suppress(OSError, ValueError, KeyError):
            found = int(json.loads((folder / "serve.lock").read_text())["address"].rstrip("/").rpartition(":")[2])
        return bool(found) and _status(found, "/healthz") == 200

    _wait_for(process, folder, ready)
    return found


def _wait_for(process: subprocess.Popen[bytes], folder: Path, ready: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            said = (folder / "output").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"The web server does not answer:\n{said}")
        time.sleep(0.1)


def _status(port: int, path: str) -> int | None:
    try:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        client.request("GET", path)
        return client.getresponse().status
    except OSError:
        return None


class Client:
    """Keeps one connection to each server open, as a browser does."""

    def __init__(self, cookie: str) -> None:
        self.cookie = cookie
        self.connections: dict[int, http.client.HTTPConnection] = {}

    def get(self, server: Server, path: str, coding: str = "br") -> tuple[float, int]:
        """(seconds, bytes of the answer with its head). Raises RuntimeError unless the answer is 200."""
        headers = {"Cookie": self.cookie, "Accept-Encoding": coding, "Accept-Language": "en"}
        connection = self.connections.setdefault(
            server.port, http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        )
        start = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - start
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}")
        head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders()) + 19
        return seconds, len(body) + head

    def measure(self, asked: list[Asked], requests: int) -> None:
        by_turns([(self, page) for page in asked], requests)


def by_turns(asked: list[tuple[Client, Asked]], requests: int) -> None:
    """``requests`` answers of each page, a few at a time, so that whatever else the machine does hits all alike."""

    def ask(client: Client, page: Asked) -> float:
        page.before()
        return client.get(page.server, page.path)[0]

    for client, page in asked:
        for _ in range(2 * BATCH):
            ask(client, page)
    for _ in range(-(-requests // BATCH)):
        for client, page in asked:
            ask(client, page)  # the processor's caches turn to this page
            page.seconds += [ask(client, page) for _ in range(BATCH)]
