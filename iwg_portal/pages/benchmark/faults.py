"""Nothing lost, nothing twice: thousands of due mails, and everything that may die dies.

Real workers and two real beats, as ``manage.py serve`` starts them, on an embedded PostgreSQL and Valkey of their own;
a mail server in a process of its own that writes down each Message-ID that it accepts. What happens when is drawn from
a seed; the moments themselves are counted in mails accepted, so that they fall into the work on any machine.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, transaction

from iwg_portal.base.embedded import processes
from iwg_portal.base.embedded.postgres import Postgres
from iwg_portal.base.embedded.valkey import Valkey
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from iwg_portal.mail.poke import Breaker
from iwg_portal.pages.benchmark.figures import Figures
from iwg_portal.pages.benchmark.outage import Outage

SENDERS = 3
BEATS = 2
PEOPLE = 100
FLUSHES = 3
RESTARTS = 2  # of PostgreSQL: once in good order, once as after a crash
END_SECONDS = 600  # on a busy machine; alone it takes about two minutes
PLANNED = 300  # transactions that are timed


class Process:
    """One worker, beat or sink, in a process group of its own; its words go to a file."""

    def __init__(self, name: str, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.name, self.command, self.folder, self.environment = name, command, folder, environment
        self.start()

    def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                self.command,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=processes.end_with_parent,
            )

    def kill(self, *, all_of_it: bool) -> None:
        """kill -9: the machine dies, or only the child that sends (as when memory runs out); then a new start."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        if children and not all_of_it:
            processes.send(children[-1].pid, signal.SIGKILL)
            return
        self.end(signal.SIGKILL)
        self.start()

    def end(self, sign: int = signal.SIGKILL) -> None:
        processes.send_group(self.process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        processes.send_group(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Faults:
    def __init__(self, folder: Path, figures: Figures, *, mails: int, kills: int, outage: int, seed: int) -> None:
        self.folder, self.figures, self.mails, self.kills = folder, figures, mails, kills
        self.outage = outage
        self.dice = random.Random(seed)
        self.seed = seed
        self.accepted = folder / "accepted"
        self.restarts = 0

    def run(self) -> None:
        with transaction.atomic():
            self.plan()
        self.plan_without_redis()
        started = time.monotonic()
        with self._everything() as senders:
            self.happen(senders)
            self.wait()
            self.figures.add("time until every mail was settled", time.monotonic() - started, "s")
        self.judge()
        Outage(self.figures, self._plan_one, mails=self.outage, first=self.mails + 2 * PLANNED).run()

    # -- Planning --------------------------------------------------------------------------------------------------

    def plan(self) -> None:
        from members.models import Person

        self.people = Person.objects.bulk_create(
            Person(email=f"person-{number}@bench.invalid", full_name=f"Person {number}", language="en", password="!")
            for number in range(PEOPLE)
        )
        started = time.monotonic()
        for number in range(self.mails):
            self._plan_one(number)
        self.figures.add("planning, in one transaction", self.mails / (time.monotonic() - started), "mails/s")

    def _plan_one(self, number: int) -> None:
        person = self.people[number % PEOPLE]
        queue("mail.test", target=person, to=person, occurrence=f"bench {number}")

    def plan_without_redis(self) -> None:
        """What a request waits that plans a mail, commit and poke included: Redis answers, then it is silent."""
        valkey = Valkey(settings.DATA_DIR)
        number = valkey.pid()
        assert number is not None
        first = self.mails
        usual = self._time_planning("Redis answers", first)
        os.kill(number, signal.SIGSTOP)  # accepts every connection, and never answers
        try:
            silent = self._time_planning("Redis silent", first + PLANNED)
            self.figures.add("planning one mail: p95 with Redis silent / answering", silent / usual, "ratio", 1.5)
        finally:
            os.kill(number, signal.SIGCONT)
            Breaker.open_until = 0.0
        self.mails += 2 * PLANNED

    def _time_planning(self, words: str, first: int) -> float:
        """The 95th percentile in milliseconds; one in sixty seconds waits its two for a silent Redis."""
        seconds = []
        for number in range(first, first + PLANNED):
            started = time.perf_counter()
            with transaction.atomic():
                self._plan_one(number)
            seconds.append(time.perf_counter() - started)
        seconds.sort()
        self.figures.add(f"planning one mail, {words}: longest", 1000 * seconds[-1], "ms", 2500)
        return self.figures.add(f"planning one mail, {words}: p95", 1000 * seconds[int(PLANNED * 0.95)], "ms")

    # -- What runs -------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _everything(self) -> Iterator[list[Process]]:
        running: list[Process] = []
        try:
            sink = Process(
                "sink",
                [sys.executable, "-m", "iwg_portal.mail.benchmark.sink", str(self.accepted), str(self.seed)],
                self.folder,
                dict(os.environ),
            )
            running.append(sink)
            environment = {name: value for name, value in os.environ.items() if name != "DATABASE_AS_OWNER"}
            environment["SMTP_PORT"] = self._port()
            python = [sys.executable, "-Wignore", "-m", "celery", "--quiet", "-A"]
            for number in range(BEATS):
                schedule = f"--schedule={self.folder / f'beat-{number}'}"
                command = [*python, "iwg_portal.celery:scheduler", "beat", "--pidfile=", schedule, "--loglevel=WARNING"]
                running.append(Process(f"beat-{number}", command, self.folder, environment))
            senders = []
            for number in range(SENDERS):
                name = f"sender-{number}"
                command = [
                    *python, "iwg_portal.celery:app", "worker", "--pool=prefork", "--concurrency=1", "--without-gossip",
                    "--without-mingle", "--without-heartbeat", "--loglevel=WARNING", f"--hostname={name}@bench",
                ]  # fmt: skip
                senders.append(Process(name, command, self.folder, environment))
                running.append(senders[-1])
            yield senders
        finally:
            for process in reversed(running):
                process.end(signal.SIGKILL if process.name.startswith("sender") else signal.SIGTERM)

    def _port(self) -> str:
        log = self.folder / "sink.log"
        if not processes.until(lambda: log.exists() and log.read_text().endswith("\n"), 20, 0.05):
            raise RuntimeError(f"The sink does not start: {log.read_text()}")
        return log.read_text().strip()

    # -- What happens ----------------------------------------------------------------------------------------------

    def happen(self, senders: list[Process]) -> None:
        """Each fault when so many mails have been accepted, and a moment later, as drawn from the seed."""
        events: list[tuple[int, Callable[[], None]]] = []
        for _ in range(self.kills):
            sender, all_of_it = self.dice.choice(senders), self.dice.random() < 0.5
            events.append((self._moment(), lambda s=sender, a=all_of_it: s.kill(all_of_it=a)))  # type: ignore[misc]
        events += [(self._moment(), self._flush) for _ in range(FLUSHES)]
        events += [(self._moment(), self._restart_postgres) for _ in range(RESTARTS)]
        end = time.monotonic() + END_SECONDS
        for moment, event in sorted(events, key=lambda pair: pair[0]):
            if not processes.until(lambda m=moment: self._count() >= m, end - time.monotonic(), 0.01):  # type: ignore[misc]
                raise RuntimeError(f"After {END_SECONDS} s only {self._count()} of {self.mails} mails have arrived.")
            time.sleep(self.dice.random() * 0.03)
            event()

    def _moment(self) -> int:
        return self.dice.randrange(self.mails // 50, self.mails * 9 // 10)

    def _count(self) -> int:
        with contextlib.suppress(FileNotFoundError):
            return self.accepted.read_bytes().count(b"\n")
        return 0

    def _flush(self) -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushall()

    def _restart_postgres(self) -> None:
        connection.close()
        server = Postgres(settings.DATA_DIR)
        number = server.pid()
        if self.restarts % 2 and number is not None:
            processes.send(number, signal.SIGQUIT)  # as it goes after a crash: the log is replayed
            processes.until(lambda: not processes.alive(number), 20)
        else:
            server.stop()
        server.start()
        self.restarts += 1

    def wait(self) -> None:
        """Until nothing is due or leased any more."""

        def settled() -> bool:
            try:
                return not OutboxMail.objects.filter(state__in=("due", "leased")).exists()
            except OperationalError:
                connection.close()
                return False

        processes.until(settled, END_SECONDS, 0.2)

    # -- What came of it -------------------------------------------------------------------------------------------

    def judge(self) -> None:
        got = Counter(self.accepted.read_text().split())
        state = dict(OutboxMail.objects.values_list("message_id", "state"))
        unknown = {name for name, word in state.items() if word == "unknown"}
        sent = {name for name, word in state.items() if word == "sent"}
        add = self.figures.add
        add("mails planned", len(state), "")
        add("senders killed with -9", self.kills, "")
        add("lost: neither accepted nor shown as unknown", len(set(state) - set(got) - unknown), "", 0)
        add("lost: sent in the ledger, never accepted", len(sent - set(got)), "", 0)
        add("duplicated: accepted twice under one Message-ID", sum(count - 1 for count in got.values()), "", 0)
        add("accepted, and not in the ledger", len(set(got) - set(state)), "", 0)
        add("unknown", len(unknown), "", self.kills)
        add("unknown that had arrived", len(unknown & set(got)), "")
        add("in any other state", len(set(state) - sent - unknown), "", 0)


def prepare() -> None:
    """Migrate the new database."""
    call_command("migrate", interactive=False, verbosity=0)
