"""The embedded Valkey (speaks Redis) of one data folder: cache and queue."""

import contextlib
import os
import signal
import socket
from pathlib import Path

from iwg_portal.base.embedded import launch, paths, processes
from iwg_portal.base.embedded.programs import ServerProblem, private_dir, valkey_program

START_SECONDS = 15
STOP_SECONDS = 10


class Valkey:
    """``fast`` is for tests: the server ends with its starter."""

    def __init__(self, data_dir: Path, fast: bool = False) -> None:
        self.data_dir = data_dir
        self.fast = fast
        self.folder = paths.home(data_dir) / "valkey"
        self.sockets = paths.socket_dir(data_dir)
        self.socket = self.sockets / paths.VALKEY_SOCKET
        self.user = paths.service_user(data_dir)
        self.uid = self.user.pw_uid if self.user else os.geteuid()
        self.pid_file = self.folder / "valkey.pid"
        self.log = data_dir / "valkey.log"

    def pid(self) -> int | None:
        """The running server's process; None when it does not run, also after kill -9."""
        try:
            number = int(self.pid_file.read_text())
        except (OSError, ValueError):
            return None
        return number if processes.alive(number) and "valkey" in processes.command_line(number) else None

    def answers(self) -> bool:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as client, contextlib.suppress(OSError):
            client.settimeout(2)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False

    def start(self) -> None:
        """Return when the server answers. Raises ServerProblem. The caller holds the gate of ``servers.py``."""
        private_dir(self.sockets, self.uid)
        private_dir(self.folder, self.uid)
        if self.pid() is not None:
            if processes.until(self.answers, START_SECONDS, 0.05):
                return
            raise ServerProblem(f"Valkey runs and does not answer (see {self.log}).")
        for stale in (self.pid_file, self.socket):
            with contextlib.suppress(OSError):
                stale.unlink()
        process = launch.spawn(
            [
                str(valkey_program(self.data_dir)), "--port", "0", "--unixsocket", str(self.socket),
                "--unixsocketperm", "700", "--dir", str(self.folder), "--pidfile", str(self.pid_file),
                # What is in it may be lost: the rows in the database are the truth, a message only a poke.
                "--save", "", "--appendonly", "no", "--maxmemory", "128mb", "--maxmemory-policy", "volatile-lru",
                "--daemonize", "no", "--logfile", "", "--loglevel", "warning",
            ],
            self.user,
            self.log,
            signal.SIGTERM if self.fast else None,
        )  # fmt: skip
        processes.until(lambda: process.poll() is not None or self.answers(), START_SECONDS, 0.02)
        if process.poll() is not None or not self.answers():
            raise ServerProblem(f"Valkey did not start: {launch.last_line(launch.tail(self.log))} (see {self.log})")
        process.returncode = 0  # it outlives this object, on purpose

    def stop(self) -> None:
        """Does nothing when the server does not run."""
        number = self.pid()
        if number is None:
            return
        for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
            processes.send(number, sign)
            if processes.until(lambda: not processes.alive(number), seconds):
                return
