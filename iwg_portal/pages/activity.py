"""Pages of the log: one's own, one's state's, everybody's; and the table to take away."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from iwg_portal.activity.models import Event
from iwg_portal.activity.sentences import kinds, sentence
from iwg_portal.base.text_tables import write_csv
from iwg_portal.mail.kinds import KINDS
from iwg_portal.reminders.registry import REMINDERS
from meetings.access.events import to_read
from meetings.access.meetings import visible_groups
from meetings.enums import TurnKind
from members.access import Viewer, events_of_people, known_actors, visible_group, visible_states
from members.enums import LinkPurpose, Role
from members.models import State

PAGE = 50
MOST_ROWS = 50_000  # of one download
LARGEST = 2**63 - 1


def reading_zone(viewer: Viewer) -> zoneinfo.ZoneInfo:
    """The reader's own zone, else the group's."""
    group = visible_group()
    for name in (viewer.person.zone if viewer.person else "", group.zone if group else ""):
        try:
            return zoneinfo.ZoneInfo(name)
        except (ValueError, zoneinfo.ZoneInfoNotFoundError):  # empty, or taken out of the tables since
            continue
    return zoneinfo.ZoneInfo("UTC")


@dataclass(frozen=True)
class Choice:
    """What the reader asked for. Days are those of her zone; what cannot be read means "all"."""

    person: str = ""
    state: str = ""
    kind: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    before: int | None = None

    @classmethod
    def of(cls, asked: Any) -> Choice:
        kind, before = asked.get("kind", ""), asked.get("before", "")
        return cls(
            asked.get("person", "").replace("\0", "").strip()[:100],
            asked.get("state", "")[:2].upper(),
            kind if kind in dict(kinds()) else "",
            _day(asked.get("since", "")),
            _day(asked.get("until", "")),
            min(int(before), LARGEST) if before.isascii() and before.isdigit() else None,
        )

    @property
    def query(self) -> str:
        """The filter as part of an address, without the place in the list."""
        asked = {
            "person": self.person,
            "state": self.state,
            "kind": self.kind,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return urlencode({name: value for name, value in asked.items() if value})

    def __bool__(self) -> bool:
        return bool(self.query)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Row:
    """``refused``: the status of an answer that was a refusal, else 0."""

    at: dt.datetime
    sentence: str
    state: str
    refused: int


class ActivityPage:
    """Fifty of ``events``, the newest first, and where the older ones begin. At most five queries."""

    def __init__(self, viewer: Viewer, events: QuerySet[Event], choice: Choice) -> None:
        self.viewer, self.choice = viewer, choice
        self.all_states: list[State] = list(visible_states(viewer).order_by("sort_name", "alpha2"))
        self.known = known_actors(viewer)
        self.names = {state.pk: state.name for state in self.all_states}
        self.events = self._chosen(to_read(viewer, events))

    def _chosen(self, events: QuerySet[Event]) -> QuerySet[Event]:
        choice = self.choice
        if choice.person:
            events = events.filter(events_of_people(self.viewer, choice.person))
        if choice.state:
            events = events.filter(state_id__in=[s.pk for s in self.all_states if s.alpha2 == choice.state])
        if choice.kind:
            events = events.filter(kind=choice.kind)
        if choice.since:
            events = events.filter(at__gte=_midnight(choice.since))
        if choice.until:
            events = events.filter(at__lt=_midnight(choice.until + dt.timedelta(days=1)))
        return events.order_by("-id")

    @cached_property
    def _found(self) -> list[Event]:
        events = self.events.filter(id__lt=self.choice.before) if self.choice.before is not None else self.events
        return list(events[: PAGE + 1])

    @property
    def rows(self) -> list[Row]:
        return [self._row(event) for event in self._found[:PAGE]]

    def _row(self, event: Event) -> Row:
        refused = event.data.get("status", 0) if event.kind == "access.denied" else 0
        return Row(event.at, self._sentence(event), self.names.get(event.state_id or 0, ""), refused)

    def _sentence(self, event: Event) -> str:
        named = self.known is None or event.actor_id is None or event.actor_id in self.known
        return sentence(event, named=named, target=self._target(event))

    def _target(self, event: Event) -> str:
        """The frozen label, its known words in the reader's language. A person's name is never a word."""
        if event.target_type == "members.person":
            return event.target_label
        return ", ".join(self._in_words(piece) for piece in event.target_label.split(", "))

    def _in_words(self, piece: str) -> str:
        head, _space, last = piece.rpartition(" ")
        if piece in self._words or head not in self._words:
            return self._words.get(piece, piece)
        return f"{self._words[head]} {self._words.get(last, last)}"

    @cached_property
    def _words(self) -> dict[str, str]:
        """Of the words that actions leave in labels, in whatever language they were working, the reader's own."""
        words = {"file": _("file"), "lesson": _("lesson"), "groups": _("groups")}
        words["states and partners"] = _("states and partners")
        words.update({reminder.name: str(reminder.title) for reminder in REMINDERS.values()})
        words.update({kind.name: str(kind.title) for kind in KINDS.values()})
        words.update({group.key: group.name for group in visible_groups(self.viewer)})
        words.update({str(choice.value): str(choice.label) for choice in (*Role, *TurnKind, *LinkPurpose)})
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                said = [(str(choice.label), choice) for choice in (*Role, *LinkPurpose)]
            words.update({word: str(choice.label) for word, choice in said})
            words.update({getattr(state, f"name_{language}"): state.name for state in self.all_states})
        return words

    @property
    def older(self) -> str:
        """The address of what comes after this page; empty at the end."""
        if len(self._found) <= PAGE:
            return ""
        asked = self.choice.query
        return f"?{asked}{'&' if asked else ''}before={self._found[PAGE - 1].pk}"

    @property
    def newest(self) -> str:
        return (f"?{self.choice.query}" if self.choice else "?") if self.choice.before is not None else ""

    @property
    def states(self) -> list[tuple[str, str, bool]]:
        return [(state.alpha2, state.name, state.alpha2 == self.choice.state) for state in self.all_states]

    @property
    def kinds(self) -> list[tuple[str, str, bool]]:
        return [(kind, words, kind == self.choice.kind) for kind, words in kinds()]

    # -- To take away ----------------------------------------------------------------------------------------

    def table(self) -> tuple[bytes, int]:
        """The filtered log as a text table that spreadsheets open without running anything, and how many events."""
        rows = list(self._table_rows())
        head = [_("Number"), _("Time (UTC)"), _("State"), _("Kind"), _("What happened")]
        cut = [["", "", "", "", _("Older events are left out; choose dates to see them.")]] if self._is_cut else []
        return write_csv([head, *rows, *cut]), len(rows)

    @cached_property
    def _is_cut(self) -> bool:
        return len(self.events.values_list("pk")[MOST_ROWS : MOST_ROWS + 1]) > 0

    def _table_rows(self) -> Iterator[list[str]]:
        for event in self.events[:MOST_ROWS].iterator(2000):
            at = event.at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
            state = self.names.get(event.state_id or 0, "")
            yield [str(event.pk), at, state, event.kind, self._sentence(event)]


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
