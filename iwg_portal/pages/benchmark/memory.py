"""How much memory the portal's processes take. Linux: from /proc."""

from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Process:
    """Megabytes (10^6). ``pss``: its own pages, and its share of those that it shares; sums are honest."""

    role: str
    rss: float
    pss: float


def of(pid: int) -> list[Process]:
    """The process ``pid`` and everything below it. Raises OSError where /proc does not tell."""
    leader = psutil.Process(pid)
    return [_measured(process, leader) for process in [leader, *leader.children(recursive=True)]]


def _measured(process: psutil.Process, leader: psutil.Process) -> Process:
    rollup = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:])
    kilobytes = {name: int(value.split()[0]) for name, value in rollup.items()}
    return Process(_role(process, leader), kilobytes["Rss"] * 1.024e-3, kilobytes["Pss"] * 1.024e-3)


def _role(process: psutil.Process, leader: psutil.Process) -> str:
    if process.pid == leader.pid:
        return "supervisor"
    words = " ".join(process.cmdline())
    parent = process.parent()
    first = parent is not None and parent.pid == leader.pid
    if "gunicorn" in words or "iwg-portal" in words:
        return "web parent" if first else "web worker"
    if " beat" in words:
        return "beat"
    return "worker parent" if first else "worker"
