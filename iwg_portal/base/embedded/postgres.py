"""The embedded PostgreSQL of one data folder: made, started and stopped by its own programs."""

import contextlib
import os
import shutil
import signal
from functools import cached_property
from pathlib import Path

from iwg_portal.base.embedded import launch, paths, processes
from iwg_portal.base.embedded.programs import PG_MAJOR, ServerProblem, owner_name, postgres_bin, private_dir

START_SECONDS = 30  # a start after a crash replays the log first
STOP_SECONDS = 20

# For one machine and a small group.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "jit": "off",  # our queries take milliseconds, compiling one takes a hundred
    "max_wal_size": "256MB",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """``fast`` is for tests: it gives up safety against power cuts, and the server ends with its starter."""

    def __init__(self, data_dir: Path, fast: bool = False) -> None:
        self.data_dir = data_dir
        self.fast = fast
        self.home = paths.home(data_dir)
        self.folder = self.home / "postgres"
        self.sockets = paths.socket_dir(data_dir)
        self.user = paths.service_user(data_dir)
        self.uid = self.user.pw_uid if self.user else os.geteuid()
        self.log = data_dir / "postgres.log"

    @cached_property
    def programs(self) -> Path:
        return postgres_bin(self.data_dir)

    def pid(self) -> int | None:
        """The running server's process; None when it does not run, also after kill -9."""
        number = self._recorded_pid()
        return number if number and processes.alive(number) and self._is_ours(number) else None

    def answers(self) -> bool:
        command = [str(self.programs / "pg_isready"), "-q", "-t", "2", "-h", str(self.sockets)]
        return launch.run(command, self.user).returncode == 0

    def start(self) -> None:
        """Return when the server answers; the first time after making its folder, role and database.

        Raises ServerProblem with one sentence. The caller holds the gate of ``servers.py``.
        """
        self._check_folder()
        private_dir(self.sockets, self.uid)
        if self.pid() is not None:
            if processes.until(self.answers, START_SECONDS, 0.05):
                return
            raise ServerProblem(f"PostgreSQL runs and does not answer (see {self.log}).")
        if not (self.folder / "PG_VERSION").exists():
            self._make_folder()
        self._forget_strangers()
        self._launch()
        self._make_database()

    def stop(self) -> None:
        """Disconnect everybody, write everything down, end. Does nothing when the server does not run."""
        number = self.pid()
        if number is None:
            return
        for sign, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            processes.send(number, sign)
            if processes.until(lambda: not processes.alive(number), seconds):
                return

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.folder / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _is_ours(self, number: int) -> bool:
        return str(self.folder) in processes.command_line(number)

    def _check_folder(self) -> None:
        try:
            owner = self.folder.stat().st_uid
            if owner != self.uid:
                raise ServerProblem(
                    f"The data folder {self.folder} belongs to another user ({owner_name(owner)}); "
                    "run as that user or choose another DATA_DIR."
                )
            version = (self.folder / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        except OSError as error:
            raise ServerProblem(paths.cannot_write(self.folder, error)) from None
        if version != str(PG_MAJOR):
            raise ServerProblem(
                f"The data folder {self.folder} was made by PostgreSQL {version} and this portal brings "
                f"PostgreSQL {PG_MAJOR}; choose another DATA_DIR or set DATABASE_URL."
            )

    def _make_folder(self) -> None:
        """In a draft folder first: an initdb that was killed half-way must not look like a database."""
        draft = self.home / "postgres-draft"
        shutil.rmtree(draft, ignore_errors=True)
        private_dir(draft, self.uid)
        command = [
            str(self.programs / "initdb"), "-D", str(draft), "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        ]  # fmt: skip
        done = launch.run([*command, "--no-sync"] if self.fast else command, self.user)
        if done.returncode:
            reason = launch.last_line(done.stderr)
            shutil.rmtree(draft, ignore_errors=True)
            raise ServerProblem(f"PostgreSQL could not make its folder {self.folder}: {reason}")
        try:
            draft.rename(self.folder)
        except OSError:
            raise ServerProblem(
                f"{self.folder} exists and is not a database folder; move it away or choose another DATA_DIR."
            ) from None

    def _forget_strangers(self) -> None:
        """After a crash the recorded number may belong to somebody else by now, or still to the dead server that
        nobody has collected, and PostgreSQL would not start.

        The record itself stays: with it PostgreSQL notices its own children who outlived it.
        """
        record = self.folder / "postmaster.pid"
        number = self._recorded_pid()
        if number and processes.in_use(number):
            lines = record.read_text().splitlines()
            free = next(n for n in range(4_000_000, 1, -1) if not processes.in_use(n))
            record.write_text("\n".join([str(free), *lines[1:]]) + "\n")
        for name in (paths.PG_SOCKET, f"{paths.PG_SOCKET}.lock"):
            with contextlib.suppress(OSError):
                (self.sockets / name).unlink()

    def _launch(self) -> None:
        options = {**SETTINGS, "unix_socket_directories": str(self.sockets), **(FAST if self.fast else {})}
        command = [str(self.programs / "postgres"), "-D", str(self.folder)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        for attempt in range(20):
            process = launch.spawn(command, self.user, self.log, signal.SIGINT if self.fast else None)
            processes.until(lambda p=process: p.poll() is not None or self.answers(), START_SECONDS, 0.05)
            if process.poll() is None and self.answers():
                process.returncode = 0  # it outlives this object, on purpose
                return
            # Children of a server that was killed with -9 need a moment to notice.
            if attempt == 19 or "still in use" not in launch.tail(self.log):
                break
            processes.until(lambda: False, 0.5)
        reason = launch.last_line(launch.tail(self.log))
        raise ServerProblem(f"PostgreSQL did not start: {reason} (see {self.log})")

    def _make_database(self) -> None:
        names = f"'{paths.USER}', '{paths.APP_ROLE}'"
        roles = self._sql(f"SELECT rolname FROM pg_roles WHERE rolname IN ({names})").splitlines()  # noqa: S608
        if paths.USER not in roles:
            self._sql(f"CREATE ROLE {paths.USER} LOGIN CREATEDB")
        if paths.APP_ROLE not in roles:
            self._sql(f"CREATE ROLE {paths.APP_ROLE} NOLOGIN; GRANT {paths.APP_ROLE} TO {paths.USER}")
        if self._sql(f"SELECT count(*) FROM pg_database WHERE datname = '{paths.DATABASE}'") == "0":  # noqa: S608
            self._sql(f"CREATE DATABASE {paths.DATABASE} OWNER {paths.USER}")

    def _sql(self, statement: str) -> str:
        command = [str(self.programs / "psql"), "-XAtq", "-h", str(self.sockets), "-U", "postgres", "-d", "postgres"]
        done = launch.run([*command, "-c", statement], self.user)
        if done.returncode:
            raise ServerProblem(f"PostgreSQL does not answer: {launch.last_line(done.stderr)}")
        return done.stdout.strip()
