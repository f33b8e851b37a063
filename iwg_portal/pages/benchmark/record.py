"""Two people write one record for an hour, while the network is cut and web workers are killed: is a character lost?

The editors do what ``static/js/record.js`` does: one save of a block at a time, sent again as it was until there is a
receipt; drafts that survive a reload of the page; what others wrote is asked for, and never put into a block that holds
unsaved text. Each word that they type is unlike any other, so that it can be looked for at the end.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import random
import re
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import psutil
from django.conf import settings
from django.core.management import call_command
from django.test import Client as DjangoClient
from django.utils import timezone

from iwg_portal.pages.benchmark.figures import Figures
from iwg_portal.pages.benchmark.load import Server
from meetings.models import AgendaItem, Block, BlockRevision, Group, Meeting, Record
from members.actions import add_person
from members.enums import Role
from members.models import ParkedText, Person
from members.sign_in import note_sign_in

ITEMS = 10
BURST = 3.0  # seconds between two saves of somebody who writes
PAUSE, LONGEST_PAUSE = 0.05, 0.8  # seconds before a retry, doubled each time; a browser waits 1 to 30
END_SECONDS = 600
CUT = 0.02  # of the bursts begin a cut of the network, which lasts for some of the next
LOST_ANSWER = 0.02  # of the saves arrive, and their receipt does not
RELOAD = 0.01  # of the bursts begin with a new page
NEVER = "\0"  # as the text that the server is known to hold: nobody types it


@dataclass
class Field:
    """A block in one browser: what stands in its field, on which version, and what is on its way."""

    item: int
    text: str = ""
    saved: str = ""
    base: int = 0
    sent: dict[str, str] | None = None

    @property
    def is_dirty(self) -> bool:
        return self.text != self.saved


@dataclass
class Desk:
    """What both share; the moments of the kills are counted in receipts."""

    server: Server
    meeting: int
    items: list[int]
    blocks: int
    seconds: list[float] = field(default_factory=list)
    receipts: dict[str, int] = field(default_factory=dict)
    made: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def makes_another(self) -> bool:
        """Count a new block, unless there are enough."""
        with self.lock:
            enough = self.made >= self.blocks
            self.made += not enough
        return not enough


class Editor(threading.Thread):
    def __init__(self, name: str, desk: Desk, cookie: str, seed: int, bursts: int) -> None:
        super().__init__(name=name)
        self.desk, self.cookie, self.bursts = desk, cookie, bursts
        self.dice = random.Random(f"{seed}:{name}")  # noqa: S311
        self.fields: dict[str, Field] = {}
        self.typed: list[str] = []
        self.cut = self.cuts = self.reloads = 0
        self.problem = self.token = ""
        self.cursor = "0"
        self.connection = http.client.HTTPConnection("127.0.0.1", desk.server.port, timeout=30)

    def run(self) -> None:
        try:
            self._open()
            for number in range(self.bursts):
                self.cut -= self.cut > 0
                if not self.cut and self.dice.random() < CUT:
                    self.cut = self.dice.randrange(2, 12)
                    self.cuts += 1
                if not self.cut and self.dice.random() < RELOAD:
                    self._reload()
                self._type(number)
                if number % 2:
                    self._news()
            self.cut = 0
            self._finish()
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"

    # -- What a person does --------------------------------------------------------------------------------------------

    def _type(self, number: int) -> None:
        """A word into a new block, or into one that is there: at the end of a line, or as a new paragraph."""
        pk = self.dice.choice(sorted(self.fields)) if self.fields else ""
        if (not pk or self.dice.random() < 0.3) and self.desk.makes_another():
            pk = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
            self.fields[pk] = Field(self.dice.choice(self.desk.items))
        held = self.fields[pk]
        word = f"{self.name}{number}x{self.dice.getrandbits(24):06x}"
        self.typed.append(word)
        lines = held.text.split("\n")
        place = self.dice.randrange(len(lines))
        if self.dice.random() < 0.3:
            lines[place + 1 : place + 1] = ["", word]
        else:
            lines[place] = f"{lines[place]} {word}".strip()
        held.text = "\n".join(lines)
        self._save(pk)

    def _reload(self) -> None:
        """A new page: what stands on the server, and over it the drafts of this device."""
        self.reloads += 1
        drafts = {pk: held for pk, held in self.fields.items() if held.is_dirty or held.sent}
        self.fields, self.cursor = {}, "0"
        self._open()
        for pk, draft in drafts.items():
            draft.saved = NEVER
            self.fields[pk] = draft

    # -- What the page does --------------------------------------------------------------------------------------------

    def _save(self, pk: str) -> bool:
        """Save until there is a receipt for all that stands in the field; False at the first answer that is missing."""
        held = self.fields[pk]
        while held.sent or held.is_dirty:
            if held.sent is None:
                client_id = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
                held.sent = {
                    "block": pk, "base": str(held.base), "client_id": client_id, "kind": "text",
                    "item": str(held.item), "text": held.text,
                }  # fmt: skip
            answer = self._ask("save", held.sent, timed=True)
            if answer is None:
                return False
            if answer["outcome"] != "saved":
                raise RuntimeError(f"a save was answered {answer['outcome']} {answer['reason']}")
            self.desk.receipts[held.sent["client_id"]] = answer["version"]
            if held.text == held.sent["text"]:
                held.text = held.saved = answer["text"]
                held.base = answer["version"]
            else:
                held.base, held.saved = answer["own"], held.sent["text"]
            held.sent = None
        return True

    def _news(self) -> None:
        answer = self._ask("news", {"since": self.cursor, "item": str(self.dice.choice(self.desk.items))})
        if answer is None:
            return
        self.cursor = answer["cursor"]
        for change in answer["blocks"]:
            held = self.fields.setdefault(change["id"], Field(change["item"]))
            if change["version"] > held.base and not held.is_dirty and not held.sent:
                held.text = held.saved = change["text"]
                held.base = change["version"]

    def _finish(self) -> None:
        pauses = _pauses()
        for pk in sorted(self.fields):
            while not self._save(pk):
                time.sleep(next(pauses))

    # -- The line ------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        page = ""
        for pause in _pauses():
            try:
                status, page = self._request("GET", "")
                if status == 200:
                    break
            except (OSError, http.client.HTTPException):
                self.connection.close()
            time.sleep(pause)
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        if found is None:
            raise RuntimeError("the page of the record has no form")
        self.token = found[1]
        self._news()

    def _ask(self, word: str, values: dict[str, str], *, timed: bool = False) -> dict[str, Any] | None:
        """The answer; None where there is none: the network is cut, a worker was killed, the receipt was lost."""
        if self.cut:
            return None
        started = time.perf_counter()
        try:
            lost = timed and self.dice.random() < LOST_ANSWER
            status, body = self._request("POST", f"{word}/", values, lost=lost)
        except (OSError, http.client.HTTPException):
            self.connection.close()
            time.sleep(PAUSE)
            return None
        seconds = time.perf_counter() - started
        if status >= 500:
            time.sleep(PAUSE)
            return None
        if status != 200:
            raise RuntimeError(f"{word} was answered {status}: {body[:200]}")
        if timed:
            self.desk.seconds.append(seconds)
        found: dict[str, Any] = json.loads(body)
        return found

    def _request(
        self, method: str, word: str, values: dict[str, str] | None = None, *, lost: bool = False
    ) -> tuple[int, str]:
        path = f"/meetings/{self.desk.meeting}/record/{word}"
        headers = {"Cookie": self.cookie, "Accept": "text/html", "Accept-Language": "en"}
        body = None
        if values is not None:
            body = urlencode({"csrfmiddlewaretoken": self.token, **values})
            headers |= {"Accept": "application/json", "HX-Request": "true"}
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        if lost:
            time.sleep(PAUSE)  # it arrives, and the line breaks before the answer
            raise ConnectionResetError
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()


def _pauses() -> Iterator[float]:
    """Growing, until the portal has been silent for so long that it will not come back. Raises RuntimeError then."""
    end, pause = time.monotonic() + END_SECONDS, PAUSE
    while time.monotonic() < end:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE)
    raise RuntimeError("the portal does not answer any more")


# -- One run -----------------------------------------------------------------------------------------------------------


def fill() -> tuple[int, list[int], list[str]]:
    """A running meeting with its items, and two people of the secretariat; returns (meeting, items, cookies)."""
    call_command("load_reference", verbosity=0)
    people = []
    for number in (1, 2):
        email, since = f"editor-{number}@bench.invalid", dt.date(2022, 1, 1)
        name = f"Editor {number}"
        add_person(email=email, full_name=name, role=Role.SECRETARIAT, starts_on=since, language="en", by=None)
        people.append(Person.objects.get(email=email))
    group, _made = Group.objects.get_or_create(key="bench", defaults={"kind": "plenary", "name": "Benchmark"})
    now = timezone.now()
    meeting = Meeting.objects.create(
        group=group, number=1, title="A meeting", state="running", zone="Africa/Abidjan",
        starts_at=now, ends_at=now + dt.timedelta(hours=8),
    )  # fmt: skip
    Record.objects.create(meeting=meeting)
    items = AgendaItem.objects.bulk_create(
        AgendaItem(meeting=meeting, position=number, title=f"Item {number}") for number in range(1, ITEMS + 1)
    )
    return meeting.pk, [item.pk for item in items], [_cookie(person) for person in people]


def _cookie(person: Person) -> str:
    client = DjangoClient(SERVER_NAME="localhost")
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    note_sign_in(session, person, {"method": "password"}, {"method": "mfa", "type": "totp"})
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def write(desk: Desk, cookies: list[str], *, minutes: float, kills: int, seed: int) -> list[Editor]:
    """Let both write what takes ``minutes`` of a meeting, and kill a web worker ``kills`` times in between."""
    bursts = int(minutes * 60 / BURST)
    editors = [Editor(name, desk, cookie, seed, bursts) for name, cookie in zip("AB", cookies, strict=True)]
    dice = random.Random(f"{seed}:kills")  # noqa: S311
    # Before the end, so that each falls into the work: cuts leave some of the bursts without a save of their own.
    moments = sorted(dice.randrange(bursts // 20, bursts * 3 // 2) for _ in range(kills))
    for editor in editors:
        editor.start()
    for moment in moments:
        while len(desk.seconds) < moment and any(editor.is_alive() for editor in editors):
            time.sleep(0.01)
        _kill_a_worker(desk.server, dice)
    for editor in editors:
        editor.join()
    return editors


def _kill_a_worker(server: Server, dice: random.Random) -> None:
    """kill -9, in the midst of whatever it does; the web server starts another."""
    for _ in range(500):
        running = psutil.Process(server.pid).children(recursive=True)
        workers = [process for process in running if _is_web(process) and _is_web(process.parent())]
        if workers:
            dice.choice(sorted(workers, key=lambda process: process.pid)).send_signal(signal.SIGKILL)
            return
        time.sleep(0.02)
    raise RuntimeError("there is no web worker to kill")


def _is_web(process: psutil.Process | None) -> bool:
    try:
        return process is not None and "gunicorn" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def judge(desk: Desk, editors: list[Editor], figures: Figures) -> None:
    """Look for every word that was typed, and for everything that must not be there twice."""
    standing = "\n".join(Block.objects.filter(is_removed=False).order_by("pk").values_list("text", flat=True))
    there = set(standing.split())
    lost = [word for editor in editors for word in editor.typed if word not in there]
    kept = {str(found) for found in BlockRevision.objects.order_by("pk").values_list("client_id", flat=True)}
    known = {pk for editor in editors for pk in editor.fields}
    seconds = sorted(desk.seconds)
    add = figures.add
    add("cuts of the network", sum(editor.cuts for editor in editors), "")
    add("reloads of the page", sum(editor.reloads for editor in editors), "")
    add("characters typed", sum(len(word) for editor in editors for word in editor.typed), "")
    add("characters lost", sum(map(len, lost)), "", 0)
    add("texts kept aside instead of written", ParkedText.objects.count(), "", 0)
    add("receipts for what is not there", len(set(desk.receipts) - kept), "", 0)
    add("blocks", Block.objects.count(), "", at_least=desk.blocks)
    add("blocks that nobody made", Block.objects.exclude(pk__in=known).count(), "", 0)
    add("places where both had changed the same lines", standing.count("Text of ") // 2, "")
    add("saves with a receipt", len(seconds), "")
    add("save: p50", 1000 * seconds[len(seconds) // 2], "ms")
    add("save: p95", 1000 * seconds[int(len(seconds) * 0.95)], "ms", 150)
    add("save: longest", 1000 * seconds[-1], "ms")
