"""Starting, watching and ending processes. No Django: the supervising process stays small."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection


def until(test: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Ask until the answer is yes or the time is over; the last answer."""
    deadline = time.monotonic() + seconds
    while not test():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def alive(pid: int) -> bool:
    """Whether the process exists. Side effect: takes leave of our own child, so that no zombie counts as alive."""
    if pid <= 0:
        return False
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    return in_use(pid) and not _zombie(pid)


def in_use(pid: int) -> bool:
    """Whether the number is taken, be it by a dead process that its parent has not collected yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _zombie(pid: int) -> bool:
    """Dead already, and only not yet collected by a parent that is not us (Linux; False elsewhere)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return False


def send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def send_group(pid: int, number: int) -> None:
    """Signal every process of the group that ``pid`` leads or led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end_with_parent(sign: int = signal.SIGTERM) -> None:
    """In a new child, before exec: be sent ``sign`` when the parent dies, even by kill -9 (Linux only)."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(sign))


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose own parent dies, so that they do not stay as zombies (Linux only)."""
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1)


def collect_orphans(ours: Collection[int] = ()) -> None:
    """Take leave of the dead children other than ``ours``, whose exit codes are for their own objects."""
    with contextlib.suppress(ChildProcessError):
        while True:
            dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if dead is None or dead.si_pid in ours:
                return
            os.waitpid(dead.si_pid, os.WNOHANG)


def group_gone(pid: int) -> bool:
    """Whether no process is left in the group that ``pid`` led."""
    collect_orphans()
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return True
    return False


def command_line(pid: int) -> str:
    """The process's command line, empty when there is none or it is not ours to see."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode(errors="replace").replace("\0", " ")
    except OSError:
        if sys.platform == "linux":
            return ""
    import psutil  # here, because it is not small and Linux does without it

    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def created(pid: int) -> float | None:
    """When the process started (seconds since 1970): with the number it names one process for good."""
    import psutil

    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def end_strays(records: list[dict[str, float]], grace: float = 8.0) -> int:
    """End what a dead supervisor left behind: the process groups of ``{"pid": …, "created": …}``.

    A number that meanwhile belongs to another process is left alone. Returns how many processes were ended.
    """
    import psutil

    strays: list[psutil.Process] = []
    leaders = {int(record["pid"]): float(record["created"]) for record in records}
    for process in psutil.process_iter():
        try:
            group = os.getpgid(process.pid)
            started = process.create_time()
        except (psutil.Error, ProcessLookupError, PermissionError):
            continue
        if group in leaders and group != os.getpgrp():
            # A number in use as a group is not given to a new process, so only a leader can be a stranger.
            reused = (created(group) or leaders[group]) > leaders[group] + 1
            if not reused and started >= leaders[group] - 1:
                strays.append(process)
    for process in strays:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(strays, timeout=grace)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=grace)
    return len(strays)
