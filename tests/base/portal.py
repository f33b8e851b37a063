"""Starting the portal's own commands in tests: with an environment, a data folder and a port of their own."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from iwg_portal.base.embedded import servers

OURS = re.compile(
    "IWG_|DATABASE_|REDIS_URL|SECRET_KEY|FACTOR_KEYS|DATA_DIR|DEBUG|DEMO|ALLOWED_|PUBLIC_|MAIL_|SMTP_|PORT|BIND|STATIC"
    "|HASHED|LOG_LEVEL"
)


def environment(**given: str) -> dict[str, str]:
    """The tests' environment without what steers the portal, and with ``given``."""
    return {name: value for name, value in os.environ.items() if not OURS.match(name)} | given


def command(*arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """``manage.py …`` to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment(**given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def poll(question: Callable[[], Any], seconds: float = 60) -> Any:
    """Ask until there is an answer; fails when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        if answer := question():
            return answer
        assert time.monotonic() < deadline, f"no answer in {seconds} s"
        time.sleep(0.05)


@contextmanager
def data_folder() -> Iterator[Path]:
    """A short temporary name (a socket's path is limited); whatever still runs in it is ended."""
    folder = Path(tempfile.mkdtemp(prefix="iwg-run-")).resolve()
    try:
        yield folder
    finally:
        for process in processes_of(folder):
            process.kill()
        servers.Servers(folder).discard()
        shutil.rmtree(folder, ignore_errors=True)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every living process that belongs to the data folder, by its command line or its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if str(folder) in " ".join(process.cmdline()) or process.environ().get("DATA_DIR") == str(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


class Portal:
    """``manage.py serve`` on a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.with_name(f"{folder.name}.log").open("a+")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=settings.BASE_DIR,
            env=environment(DATA_DIR=str(folder), PORT="0", IWG_MODE="demo"),
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def wait(self) -> str:
        """The address, once the portal has printed it."""

        def printed() -> str | None:
            assert self.process.poll() is None, f"serve ended:\n{self.output()}"
            found = re.search(r"The portal is at (http://\S+/)", self.output())
            return found and found[1]

        self.address = poll(printed, 120)
        return self.address

    def output(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def get(self, path: str) -> int:
        """The status of a page, 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def end(self, sign: int = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        code = self.process.wait(60)
        self.log.close()
        Path(self.log.name).unlink(missing_ok=True)
        return code
