"""Who may start and stop the embedded servers of a data folder.

Whoever uses them holds a shared lock on ``DATA_DIR/servers.lock``. Whoever leaves tries to make it exclusive: that
succeeds for the last one only, and she stops the servers. Locks end with their process, even one that was killed.
"""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from iwg_portal.base.embedded import paths, processes
from iwg_portal.base.embedded.postgres import Postgres
from iwg_portal.base.embedded.programs import ServerProblem, owner_name, private_dir
from iwg_portal.base.embedded.valkey import Valkey

GATE_SECONDS = 60


class Servers:
    """The embedded servers of one data folder, as far as the environment asks for them."""

    def __init__(self, data_dir: Path, database: bool = True, redis: bool = True, fast: bool = False) -> None:
        self.data_dir = data_dir
        self.parts: list[Postgres | Valkey] = []
        self.lock: IO[bytes] | None = None
        self.wanted = (database, redis)
        self.fast = fast

    def enter(self) -> None:
        """Find the running servers or start them, and hold them. Raises ServerProblem with one sentence."""
        if not any(self.wanted) or self.lock is not None:
            return
        self._prepare_folder()
        with self._gate():
            self.lock = self._open("servers.lock")
            try:
                fcntl.flock(self.lock, fcntl.LOCK_SH)
                for part in self._parts():
                    part.start()
            except BaseException:
                self._leave_within_gate()
                raise

    def adopt(self, number: int) -> None:
        """Take over the lock that the process held before it became another program by exec."""
        os.set_inheritable(number, False)
        self.lock = os.fdopen(number, "ab")

    def ensure(self) -> None:
        """Start again what has died while we hold it."""
        if self.lock is not None and any(part.pid() is None for part in self._parts()):
            with self._gate():
                for part in self._parts():
                    part.start()

    def leave(self) -> None:
        """Let go; the last one out stops the servers."""
        if self.lock is not None:
            with self._gate():
                self._leave_within_gate()

    def _leave_within_gate(self) -> None:
        if self.lock is None:
            return
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # others are still working
        else:
            for part in reversed(self._parts()):
                part.stop()
        finally:
            self.lock.close()
            self.lock = None

    def _parts(self) -> list[Postgres | Valkey]:
        if not self.parts:
            database, redis = self.wanted
            if database:
                self.parts.append(Postgres(self.data_dir, self.fast))
            if redis:
                self.parts.append(Valkey(self.data_dir, self.fast))
        return self.parts

    def _prepare_folder(self) -> None:
        try:
            paths.make_data_dir(self.data_dir)
            owner = self.data_dir.stat()
        except OSError as error:
            raise ServerProblem(paths.cannot_write(self.data_dir, error)) from None
        if owner.st_uid != os.geteuid():
            raise ServerProblem(
                f"The data folder {self.data_dir} belongs to another user ({owner_name(owner.st_uid)}); "
                "run as that user or choose another DATA_DIR."
            )
        user = paths.service_user(self.data_dir)
        if user is None:
            return
        if paths.home(self.data_dir) == self.data_dir:
            # Only our own folder, never one above it, and only for passing through.
            if not paths.can_pass(self.data_dir, user):
                os.chown(self.data_dir, -1, user.pw_gid)
                self.data_dir.chmod(owner.st_mode & 0o777 | 0o010)
        else:
            self._prepare_spare_home(paths.home(self.data_dir))

    def _prepare_spare_home(self, home: Path) -> None:
        """Below /root the database lives elsewhere; a note in the data folder says where and keeps the two together."""
        private_dir(paths.shared_dir(), os.geteuid(), mode=0o755)
        note = self.data_dir / "database-is-elsewhere.txt"
        if home.exists() and not note.exists():
            # Of a data folder that was deleted: a new one starts empty, and nothing is thrown away.
            home.rename(home.with_name(f"{home.name}-left-{int(time.time())}"))
        private_dir(home, os.geteuid(), mode=0o711)
        if not note.exists():
            note.write_text(f"The servers’ user cannot reach this folder; its database is in {home}\n")

    def discard(self) -> None:
        """Delete everything of a data folder that nobody uses any more (for temporary ones)."""
        home, sockets = paths.home(self.data_dir), paths.socket_dir(self.data_dir)
        for folder in (sockets, home, self.data_dir):
            shutil.rmtree(folder, ignore_errors=True)

    def _open(self, name: str) -> IO[bytes]:
        try:
            return (self.data_dir / name).open("ab")
        except OSError as error:
            raise ServerProblem(paths.cannot_write(self.data_dir, error)) from None

    @contextlib.contextmanager
    def _gate(self) -> Iterator[None]:
        """One process at a time starts or stops."""
        with self._open("servers.gate") as gate:

            def taken() -> bool:
                try:
                    fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                return True

            if not processes.until(taken, GATE_SECONDS, 0.05):
                raise ServerProblem(f"Another command has been starting the servers of {self.data_dir} for too long.")
            yield


@contextlib.contextmanager
def running(data_dir: Path, database: bool = True, redis: bool = True, fast: bool = False) -> Iterator[Servers]:
    """The servers for as long as the block runs."""
    servers = Servers(data_dir, database, redis, fast)
    servers.enter()
    try:
        yield servers
    finally:
        servers.leave()
