"""The silence procedure as it is planned and shown: its deadline, what is still missing in a draft, how it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from iwg_portal.activity.models import Event
from meetings.enums import BlockKind, CirculationState, Stance
from meetings.models import Circulation, Comment, Position, Record, RecordVersion
from meetings.queries.versions import blocks_of, items_of
from members.models import Organisation, State

DEFAULT_DAYS = 5
MOST_DAYS = 60
DEFAULT_HOUR = 17
HOURS = tuple(range(7, 21))
SATURDAY = 5
OPENED = "record.opened"
STEPS = ("record.closed", "record.reopened", "record.circulated")


def deadline_after(start: dt.datetime, days: int, hour: int, zone: ZoneInfo) -> dt.datetime:
    """``days`` working days after the day of ``start``, at ``hour`` o'clock by the clocks of ``zone``; UTC.

    Monday to Friday are working days; the portal knows no public holidays. Wall-clock time: where clocks change in
    between, the hour stays and the number of hours until then does not.
    """
    day = start.astimezone(zone).date()
    while days:
        day += dt.timedelta(days=1)
        days -= day.weekday() < SATURDAY
    return dt.datetime.combine(day, dt.time(hour), zone).astimezone(dt.UTC)


def is_under_silence(record_id: int) -> bool:
    """A silence procedure about the record is open: its members agree to what stands there now."""
    return Circulation.objects.filter(record=record_id, state=CirculationState.OPEN).exists()


# -- What is still missing in a draft ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gap:
    """``kind``: empty_item, no_owner, no_date, no_text. ``item`` its number and title, ``label`` 3.1 or 3.a or ""."""

    kind: str
    item: str
    item_id: int
    label: str
    block: str


def gaps(record: Record) -> list[Gap]:
    """Notes for whoever closes a draft or circulates it; none of them is an obstacle. Five queries."""
    by_item: dict[int, list[Any]] = {}
    for block in blocks_of(record):
        by_item.setdefault(block.item_id, []).append(block)
    return [
        gap
        for place, item in enumerate(items_of(record), start=1)
        for gap in _gaps_of(f"{place} {item.title}", item.pk, by_item.get(item.pk, []))
    ]


def _gaps_of(title: str, item: int, blocks: list[Any]) -> Iterator[Gap]:
    if not any(block.text.strip() for block in blocks):
        yield Gap("empty_item", title, item, "", "")
    for block in blocks:
        words, key = " ".join(block.text.split())[:80], str(block.pk)
        if not block.text.strip() and block.kind != BlockKind.TEXT:
            yield Gap("no_text", title, item, "", key)
            continue
        action = getattr(block, "action", None)
        if block.kind == BlockKind.ACTION and action is not None:
            if not action.each_member and not action.owners.all():
                yield Gap("no_owner", title, item, words, key)
            if action.due_on is None:
                yield Gap("no_date", title, item, words, key)


# -- How it stands ----------------------------------------------------------------------------------------------------


def with_counts(circulations: QuerySet[Circulation]) -> QuerySet[Circulation]:
    """Each with ``comment_count`` (those in time), ``agree_count`` and ``object_count`` (states, by what holds); the
    text of a version is read only when it is asked for."""

    def counted(rows: QuerySet[Any]) -> Coalesce:
        grouped = rows.order_by().values("circulation").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(grouped), 0)

    comments = Comment.objects.filter(circulation=OuterRef("pk"), is_late=False)
    later = Position.objects.filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")),
        circulation=OuterRef("circulation"),
        state=OuterRef("state"),
    )
    holding = Position.objects.filter(~Exists(later), circulation=OuterRef("pk"))
    return circulations.defer("version__content").annotate(
        comment_count=counted(comments),
        agree_count=counted(holding.filter(stance=Stance.AGREE)),
        object_count=counted(holding.filter(stance=Stance.OBJECT)),
    )


def with_adopted_text(circulations: QuerySet[Circulation]) -> QuerySet[Circulation]:
    """``adopted_text``: the frozen document of the one that ended with the adoption, None of any other."""
    text = Case(When(state=CirculationState.ADOPTED, then=F("version__content")), default=None)
    return circulations.annotate(adopted_text=text)


def steps(record: Record) -> list[Event]:
    """When its draft was closed, opened again, circulated; the latest first."""
    rows = Event.objects.filter(target_type=Record._meta.label_lower, target_id=str(record.pk), kind__in=STEPS)
    return list(rows.order_by("-id")[:20])


def openers(version: RecordVersion) -> set[int]:
    """Ids of the people who opened this version while it was under silence procedure. One query."""
    rows = Event.objects.filter(target_type=version._meta.label_lower, target_id=str(version.pk), kind=OPENED)
    return {actor for actor in rows.order_by().values_list("actor_id", flat=True).distinct() if actor is not None}


def state_names(codes: set[str]) -> dict[str, str]:
    """Two letters → the name in the reader's language. One query, or none."""
    return {row.alpha2: row.name for row in State.objects.filter(alpha2__in=codes).order_by("pk")} if codes else {}


def organisation_names(keys: set[str]) -> dict[str, str]:
    """Key → acronym in the reader's language. One query, or none."""
    rows = Organisation.objects.filter(key__in=keys).order_by("pk") if keys else []
    return {row.key: row.acronym for row in rows}


def due(now: dt.datetime) -> list[int]:
    """Ids of the open circulations whose hour has come, the earliest first."""
    rows = Circulation.objects.filter(state="open", deadline__lte=now)
    return list(rows.order_by("deadline", "id").values_list("pk", flat=True))
