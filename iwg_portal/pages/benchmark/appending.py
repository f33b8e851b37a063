"""Writers who append to the log at the same time, each event in a transaction of its own as actions do it."""

from __future__ import annotations

import multiprocessing
import random
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from django.db import connection, transaction

from iwg_portal.activity.log import record
from members.models import Person

ROLLED_BACK = 0.02  # of the transactions: a change that was refused leaves no gap in the chain


@dataclass(frozen=True)
class Run:
    """``seconds``: from the common start to the end of the last writer; ``waits``: of each transaction, sorted."""

    events: int
    seconds: float
    waits: list[float]


def append(*, writers: int, each: int, seed: int) -> Run:
    """``writers`` processes append ``each`` events to the log of the default connection."""
    person = Person.objects.create(email="writer@bench.invalid", full_name="Ama Example")
    connection.close()
    context = multiprocessing.get_context("fork")
    start = context.Barrier(writers + 1)
    answers = context.Queue()
    processes = [
        context.Process(target=_write, args=(person.pk, each, seed + number, start, answers), daemon=True)
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    start.wait(60)
    begun = time.monotonic()
    waits = [wait for _process in processes for wait in answers.get(timeout=600)]
    seconds = time.monotonic() - begun
    for process in processes:
        process.join(10)
    return Run(writers * each, seconds, sorted(waits))


def _write(pk: int, each: int, seed: int, start: Barrier, answers: multiprocessing.Queue[list[float]]) -> None:
    person, chance = Person.objects.get(pk=pk), random.Random(seed)  # noqa: S311 (no secret)
    waits: list[float] = []
    start.wait(60)
    while len(waits) < each:
        begun, refused = time.monotonic(), chance.random() < ROLLED_BACK
        with transaction.atomic():
            record("mail.tested", by=person, target=person, place=len(waits))
            transaction.set_rollback(refused)
        if not refused:
            waits.append(time.monotonic() - begun)
    answers.put(waits)
    connection.close()
