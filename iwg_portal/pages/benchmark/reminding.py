"""A year of reminders, hour by hour, for delegations in six zones; and one run over very many action points."""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from django.utils import timezone

from iwg_portal.mail import compose
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders import actions, clock
from iwg_portal.reminders.models import Reminded
from meetings.models import ActionOwner, ActionPoint, AgendaItem, Block, Group, Meeting, Record
from meetings.reminders.action_points import KIND, STEPS
from members.enums import Role
from members.models import Participation, Person, State, StateHoliday, Term, WorkingGroup
from members.reminders import working_days

YEAR = 2026
# One west of Greenwich, one on it, three east of it, one across the sea; four of them move their clocks.
ZONES = (
    "Atlantic/Cape_Verde",
    "Africa/Abidjan",
    "Africa/Lagos",
    "Africa/Casablanca",
    "Europe/Vienna",
    "America/New_York",
)
LANGUAGES = ("en", "fr", "pt")
IN_A_DELEGATION = 6
HOLIDAYS = 10
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class Year:
    """What was seen. ``lost`` and ``extra`` are steps, against what the calendar alone says."""

    mails: int = 0
    second_mails: int = 0
    wrong_hours: int = 0
    wrong_languages: int = 0
    reminders: int = 0
    lost: int = 0
    extra: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    by_day: Counter[tuple[int, dt.date]] = field(default_factory=Counter)


def fill(people: int, seed: int) -> None:
    """``people`` in delegations of six, the first of each its focal point; holidays; one adopted record."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    WorkingGroup.objects.create(
        id=1, name="Benchmark", short_name="Benchmark", subtitle="", zone="Africa/Abidjan", languages=list(LANGUAGES),
        founded_on=dt.date(2021, 12, 1),
    )  # fmt: skip
    long_ago, year = dt.date(2022, 1, 1), dt.date(YEAR, 1, 1)
    for number in range(-(-people // IN_A_DELEGATION)):
        letters = LETTERS[number // 26] + LETTERS[number % 26]
        state = State.objects.create(
            alpha2=letters, alpha3=letters + "X", m49=f"{number:03}", name=f"State {letters}",
            formal_name=f"State {letters}", sort_name=letters, ui_language=LANGUAGES[number % len(LANGUAGES)],
        )  # fmt: skip
        Participation.objects.create(state=state, kind="member", starts_on=long_ago)
        off = {year + dt.timedelta(days=chance.randrange(365)) for _ in range(HOLIDAYS)}
        StateHoliday.objects.bulk_create(StateHoliday(state=state, on=day) for day in off)
        for place in range(min(IN_A_DELEGATION, people - number * IN_A_DELEGATION)):
            person = Person.objects.create(
                email=f"{letters}{place}@bench.invalid".lower(), full_name=f"Person {letters}{place}",
                zone=ZONES[number % len(ZONES)],
            )  # fmt: skip
            role = Role.DELEGATE if place else Role.FOCAL_POINT
            Term.objects.create(
                person=person, role=role, state=state, starts_on=long_ago, confirmed_on=dt.date(YEAR, 12, 31)
            )


def add_actions(count: int, seed: int, due: dt.date | None = None, *, each_state: bool = False) -> None:
    """``count`` action points of a new record, each held by somebody (``each_state``: by one in each state)."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    writer = Person.objects.order_by("pk")[0]
    group, _made = Group.objects.get_or_create(key="plenary", defaults={"kind": "plenary", "name": "Plenary"})
    start = dt.datetime(YEAR - 1, 12, 1, 9, tzinfo=dt.UTC)
    meeting = Meeting.objects.create(
        group=group, number=Meeting.objects.count() + 1, title="Benchmark", state="drafted", starts_at=start,
        ends_at=start + dt.timedelta(hours=8), zone="Africa/Abidjan", announced_at=start,
    )  # fmt: skip
    record = Record.objects.create(meeting=meeting)
    item = AgendaItem.objects.create(meeting=meeting, title="Item", position=1)
    blocks = Block.objects.bulk_create(
        [
            Block(
                pk=uuid.uuid4(), record=record, item=item, kind="action", position=n, text="What is to be done",
                updated_by=writer, updated_at=start,
            )
            for n in range(count)
        ]
    )  # fmt: skip
    year = dt.date(YEAR, 1, 1)
    points = ActionPoint.objects.bulk_create(
        [
            ActionPoint(block=block, record=record, due_on=due or year + dt.timedelta(days=chance.randrange(-20, 350)))
            for block in blocks
        ]
    )
    held: dict[int, list[int]] = {}
    for state, person in Term.objects.order_by("pk").values_list("state", "person"):
        held.setdefault(state, []).append(person)
    states = sorted(held)
    ActionOwner.objects.bulk_create(
        [
            ActionOwner(action=point, state_id=state, holder_id=chance.choice(held[state]))
            for n, point in enumerate(points)
            for state in (states if each_state else [states[n % len(states)]])
        ],
        batch_size=5000,
    )
    Meeting.objects.filter(pk=meeting.pk).update(state="adopted")
    Record.objects.filter(pk=record.pk).update(audience="members")


def through_the_year(days: int = 365) -> Year:
    """Plan and send at each hour, as the task and the sweep do; then compare with the calendar."""
    seen, begun = Year(), time.monotonic()
    speaks = dict(Term.objects.values_list("person", "state__ui_language"))
    now = dt.datetime(YEAR, 1, 1, tzinfo=dt.UTC)
    until = now + dt.timedelta(days=days)
    while now < until:
        moment = now
        with mock.patch.object(timezone, "now", lambda moment=moment: moment):
            started = time.monotonic()
            actions.plan(now=now)
            seen.longest = max(seen.longest, time.monotonic() - started)
            _send(now, seen, speaks)
        now += dt.timedelta(hours=1)
    seen.second_mails = sum(count - 1 for count in seen.by_day.values())
    # The last hour of the year may come before the mail of its last day has left in the far west.
    sure, expected = _expected(days - 1), _expected(days)
    told = Reminded.objects.filter(kind=KIND, included=True, mail__state=MailState.SENT)
    got = set(told.values_list("target_id", "person", "step"))
    holders = {(str(pk), holder) for pk, holder in ActionOwner.objects.values_list("pk", "holder")}
    seen.reminders, seen.lost = len(got), len(sure - got)
    # Focal points are told of what holders left unanswered; of holders the calendar alone decides.
    seen.extra = len({one for one in got - expected if one[:2] in holders})
    seen.seconds = time.monotonic() - begun
    return seen


def _send(now: dt.datetime, seen: Year, speaks: dict[int, str]) -> None:
    rows = OutboxMail.objects.filter(state=MailState.DUE, try_at__lte=now).select_related("recipient")
    for mail in rows.order_by("try_at", "pk"):
        built = compose.message(mail)
        state = MailState.SENT if built else MailState.CANCELLED
        OutboxMail.objects.filter(pk=mail.pk).update(state=state, settled_at=now)
        person: Any = mail.recipient
        if built is None:
            continue
        local = now.astimezone(ZoneInfo(person.zone))
        seen.mails += 1
        seen.by_day[person.pk, local.date()] += 1
        seen.wrong_hours += not (clock.OPENS <= local.time() < clock.CLOSES)
        seen.wrong_languages += built.extra_headers["Content-Language"] != speaks[person.pk]


def _expected(days: int) -> set[tuple[str, int, str]]:
    """Every step that stood on some working day of the holder, by the calendar alone."""
    calendar: dict[int, list[dt.date]] = {}
    year = [dt.date(YEAR, 1, 1) + dt.timedelta(days=n) for n in range(days)]
    for day in year:
        for person, hers in working_days(day).items():
            if hers.is_working(day):
                calendar.setdefault(person, []).append(day)
    found = set()
    rows: Any = ActionOwner.objects.values_list("pk", "holder", "action__due_on")
    for pk, holder, due in rows:
        for day in calendar.get(holder, []):
            offset = clock.reached(due, day, STEPS.offsets, STEPS.every)
            if offset is not None:
                found.add((str(pk), holder, clock.step_key(due, offset)))
    return found


@dataclass(frozen=True)
class Run:
    candidates: int
    first: float
    again: float


def over_many(candidates: int, seed: int) -> Run:
    """One run that plans for every candidate, and one that finds that all is planned; seconds of each."""
    states = State.objects.count()
    Reminded.objects.all().delete()
    ActionOwner.objects.all().delete()
    day = dt.date(YEAR, 6, 30)
    add_actions(-(-candidates // states), seed, day, each_state=True)
    now = dt.datetime(YEAR, 6, 30, 8, 30, tzinfo=dt.UTC)  # morning in every zone but New York's
    times = []
    with mock.patch.object(timezone, "now", return_value=now):
        for _again in range(2):
            started = time.monotonic()
            actions.plan(now=now)
            times.append(time.monotonic() - started)
    return Run(ActionOwner.objects.count(), *times)
