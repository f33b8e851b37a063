"""How a program of the wheels is run: as the servers' user, with a clean environment, in a session of its own."""

import functools
import os
import pwd
import signal
import subprocess
from pathlib import Path
from typing import IO, Any

from iwg_portal.base.embedded import processes
from iwg_portal.base.embedded.programs import ServerProblem

LOG_BYTES = 5_000_000


def run(command: list[str], user: pwd.struct_passwd | None) -> subprocess.CompletedProcess[str]:
    """Run to the end and return what it printed; the exit code is for the caller to judge."""
    try:
        return subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **_as(user)
        )
    except OSError as error:
        raise ServerProblem(_cannot(command, user, error)) from None


def spawn(
    command: list[str], user: pwd.struct_passwd | None, log: Path, end_with_us: signal.Signals | None = None
) -> subprocess.Popen[bytes]:
    """Start a server that outlives us, or is sent ``end_with_us`` when we die (Linux only).

    Its output is appended to ``log``, which starts anew past 5 MB.
    """
    options = _as(user)
    if end_with_us is not None:
        options["preexec_fn"] = functools.partial(processes.end_with_parent, end_with_us)
    with _open(log) as output:
        try:
            # A session of its own: Ctrl-C in the terminal is for the command, which stops the servers afterwards.
            return subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, **options
            )
        except OSError as error:
            raise ServerProblem(_cannot(command, user, error)) from None


def last_line(text: str) -> str:
    """The last line that says something, for the end of a sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"


def tail(log: Path) -> str:
    """The last 4 KB of a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def _open(log: Path) -> IO[bytes]:
    try:
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.unlink()
        return log.open("ab")
    except OSError as error:
        raise ServerProblem(f"The log {log} cannot be written ({error.strerror}).") from None


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    # Nothing of ours reaches the servers: a PGDATA or PGHOST of the person at the keyboard would lead them astray.
    options: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}}
    if user is not None:
        options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return options


def _cannot(command: list[str], user: pwd.struct_passwd | None, error: OSError) -> str:
    who = f" as the user {user.pw_name}" if user else ""
    return f"{command[0]} cannot be run{who} ({error.strerror}); set DATABASE_URL and REDIS_URL to use other servers."
