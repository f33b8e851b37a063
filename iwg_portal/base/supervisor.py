"""The supervising process: web, worker and beat under one command, and nothing left behind.

``manage.py serve`` prepares everything and then becomes this program (exec), so that it does not carry Django's
memory while it only watches. Nothing here may import Django's applications.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NoReturn, TextIO

from iwg_portal.base.embedded import processes
from iwg_portal.base.embedded.programs import ServerProblem
from iwg_portal.base.embedded.servers import Servers

ORDER = "IWG_SUPERVISOR"  # the environment variable that carries the Order across exec
LOCK = "serve.lock"
RECORDS = "serve-processes.json"
GRACE = 10.0  # seconds for a process to end by itself
PATIENCE = 5  # failures in a row
HEAD_START = 15.0  # seconds that web has for its start before the others start in any case
FIRST_PAUSE = 0.5  # seconds before the first new start; doubled for each further one
STEADY = 60.0  # seconds after which earlier failures are forgotten


@dataclass
class Order:
    """What to supervise. The numbers are open files that survive exec."""

    data_dir: str
    address: str
    listener: int
    serve_lock: int
    servers_lock: int | None
    database: bool
    redis: bool
    text: str = ""
    commands: dict[str, list[str]] = field(default_factory=dict)


class Child:
    def __init__(self, name: str, command: list[str], listener: int) -> None:
        self.name, self.command, self.listener = name, command, listener
        self.process: subprocess.Popen[bytes] | None = None
        self.created: float | None = None
        self.started = self.due = 0.0
        self.failures = 0

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches only the supervisor, which ends the others in order; and the group can
        # be ended as a whole, with grandchildren.
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            stdin=subprocess.DEVNULL,
            pass_fds=[self.listener] if self.name == "web" else [],
            start_new_session=True,
            preexec_fn=processes.end_with_parent,
        )
        self.started = time.monotonic()
        self.created = processes.created(self.process.pid)

    def died(self) -> int | None:
        """The exit code of a process that has just ended; schedules the next start."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        processes.send_group(self.process.pid, signal.SIGKILL)
        now = time.monotonic()
        self.failures = 1 if now - self.started > STEADY else self.failures + 1
        self.due = now + min(FIRST_PAUSE * 2 ** (self.failures - 1), 30)
        self.process = None
        return code


class Supervisor:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.data_dir = Path(order.data_dir)
        self.servers = Servers(self.data_dir, order.database, order.redis)
        if order.servers_lock is not None:
            self.servers.adopt(order.servers_lock)
        for number in (order.serve_lock, order.listener):
            os.set_inheritable(number, False)
        self.children = [Child(name, command, order.listener) for name, command in order.commands.items()]
        self.stopping: float | None = None
        self.hurry = False
        self.announced = False
        self.server_failures = 0
        self.servers_due = 0.0

    def run(self) -> int:
        """Until a signal or a process that keeps failing; returns the exit code."""
        processes.adopt_orphans()
        wake, ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(ring, False)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        problem = ""
        # The first visitor before the first job: on two cores web would otherwise start half as fast.
        for child in self.children:
            child.due = 0.0 if child.name == "web" else time.monotonic() + HEAD_START
        try:
            while self.stopping is None and not problem:
                problem = self._start_due() or self._watch_servers()
                self._announce()
                ready, _, _ = select.select([wake], [], [], 0.2 if not self.announced else 1.0)
                if ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake, 4096)
                problem = problem or self._collect()
        finally:
            self.stop()
        if problem:
            _say(problem, sys.stderr)
            return 1
        return 0

    def stop(self) -> None:
        """End every process and its children, then the servers when nobody else uses them."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            processes.send(process.pid, signal.SIGTERM)
        processes.until(lambda: all(p.poll() is not None for p in running) or self.hurry, GRACE, 0.05)
        for process in running:
            processes.send_group(process.pid, signal.SIGKILL)
        for process in running:
            process.wait()
        processes.until(lambda: all(processes.group_gone(p.pid) for p in running), 3)
        with contextlib.suppress(OSError):
            (self.data_dir / RECORDS).unlink()
        self.servers.leave()

    def _asked_to_stop(self, number: int, frame: object) -> None:
        if self.stopping is None:
            self.stopping = time.monotonic()
        elif time.monotonic() - self.stopping > 1:
            # A second Ctrl-C means "now"; one signal that arrives twice, from make and from the terminal, does not.
            self.hurry = True

    def _start_due(self) -> str:
        now = time.monotonic()
        started = False
        for child in self.children:
            if child.process is None and now >= child.due:
                try:
                    child.start()
                except OSError as error:
                    return f"The {child.name} process cannot be started: {error}."
                started = True
        if started:
            self._record()
        return ""

    def _collect(self) -> str:
        for child in self.children:
            code = child.died()
            if code is None or self.stopping is not None:
                continue
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            if child.failures >= PATIENCE:
                return (
                    f"The {child.name} process ended {child.failures} times in a row (last: {how}); the messages "
                    "above say why. The portal has stopped."
                )
            _say(f"The {child.name} process ended ({how}) and is started again.", sys.stderr)
        processes.collect_orphans([c.process.pid for c in self.children if c.process is not None])
        return ""

    def _watch_servers(self) -> str:
        if time.monotonic() < self.servers_due:
            return ""
        try:
            self.servers.ensure()
        except ServerProblem as problem:
            self.server_failures += 1
            self.servers_due = time.monotonic() + FIRST_PAUSE * 2**self.server_failures
            return str(problem) if self.server_failures >= PATIENCE else ""
        self.server_failures = 0
        return ""

    def _announce(self) -> None:
        """Say where the portal is, once it answers."""
        if self.announced or not _answers(self.order.listener):
            return
        self.announced = True
        for child in self.children:
            child.due = min(child.due, time.monotonic())
        text = self.order.text or f"Data: {self.data_dir}\nStop: Ctrl-C, or kill {os.getpid()}\n"
        _say(f"\nThe portal is at {self.order.address}\n{text}")

    def _record(self) -> None:
        """Note who was started, for the next start after a kill -9 of this process."""
        rows = [
            {"pid": child.process.pid, "created": child.created}
            for child in self.children
            if child.process is not None and child.created is not None
        ]
        with contextlib.suppress(OSError):
            draft = self.data_dir / f"{RECORDS}.new"
            draft.write_text(json.dumps(rows))
            draft.replace(self.data_dir / RECORDS)


def _say(text: str, stream: TextIO | None = None) -> None:
    """A line for the person at the terminal, who may have closed it."""
    with contextlib.suppress(OSError):
        print(text, file=stream, flush=True)  # noqa: T201


def _answers(listener: int) -> bool:
    """Whether the web process answers on our own port."""
    with socket.socket(fileno=os.dup(listener)) as ours:
        host, port = ours.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1) as client:
        client.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return client.recv(16).startswith(b"HTTP/1.")
    return False


def end_what_was_left(data_dir: Path) -> None:
    """End the processes of a supervisor that was killed with -9 on this data folder."""
    try:
        rows = json.loads((data_dir / RECORDS).read_text())
    except (OSError, ValueError):
        return
    processes.end_strays(rows)
    with contextlib.suppress(OSError):
        (data_dir / RECORDS).unlink()


def become(order: Order, environment: dict[str, str], folder: Path) -> NoReturn:
    """Replace this process by the supervisor; it keeps its number, its terminal and the files named in the order."""
    for number in (order.listener, order.serve_lock, order.servers_lock):
        if number is not None:
            os.set_inheritable(number, True)
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(folder)
    os.execve(
        sys.executable,
        [sys.executable, "-m", "iwg_portal.base.supervisor"],
        {**environment, ORDER: json.dumps(asdict(order))},
    )


if __name__ == "__main__":
    sys.exit(Supervisor(Order(**json.loads(os.environ.pop(ORDER)))).run())
