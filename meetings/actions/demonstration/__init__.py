"""Load the demonstration's meetings and lessons: invented, marked so, and dated from the day of loading."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone

from iwg_portal.activity.log import record
from meetings import enums
from meetings.actions.demonstration.lessons import LessonLoader
from meetings.actions.demonstration.papers import add_papers
from meetings.actions.demonstration.registrations import nominate
from meetings.actions.demonstration.rows import People, days_of, in_zone
from meetings.actions.demonstration.silence import circulate_as_planned
from meetings.models import (
    ActionOwner,
    ActionPoint,
    ActionReport,
    AgendaItem,
    Attendance,
    Block,
    BlockRevision,
    CoChair,
    Decision,
    Group,
    Lesson,
    Meeting,
    Record,
    Turn,
)
from members.enums import Role
from members.models import Person, State, Term, WorkingGroup, current

DATA = Path(__file__).resolve().parent.parent.parent / "data" / "demonstration.yaml"
STEP = 100  # between the positions of two blocks: room for what is written in between


@transaction.atomic
def load_meetings(*, by: Person | None) -> tuple[int, int]:
    """Meetings with their records, papers and action points, and lessons. Needs the reference data and the
    demonstration's people.

    Returns how many meetings and lessons were added: none where the portal holds a meeting or a lesson already. Side
    effects: files on the disk; an event.
    """
    if Meeting.objects.exists() or Lesson.objects.exists():
        return 0, 0
    return _Loader(by=by).load()


class _Loader:
    def __init__(self, *, by: Person | None) -> None:
        self.by = by
        self.data: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
        self.today = timezone.localdate()
        self.people = People()
        self.groups = {group.key: group for group in Group.objects.all()}
        self.items: dict[str, AgendaItem] = {}  # "third/2" → the second item

    def load(self) -> tuple[int, int]:
        self._bodies()
        for entry in self.data["meetings"]:
            self._meeting(entry)
        lessons = LessonLoader(self.data, self.people, self.items).load()
        group = WorkingGroup.objects.get(id=1)
        meetings = len(self.data["meetings"])
        record("demonstration.loaded", by=self.by, target=group, meetings=meetings, lessons=lessons)
        return meetings, lessons

    def _bodies(self) -> None:
        for entry in self.data["co_chairs"]:
            CoChair.objects.create(
                group=self.groups[entry["group"]],
                state=self.people.states[entry["state"]] if "state" in entry else None,
                organisation=self.people.organisations[entry["organisation"]] if "organisation" in entry else None,
                starts_on=self.today + dt.timedelta(days=entry["since"]),
            )
        for plan in self.data["turns"]:
            first = self.today.year - 2
            for number, code in enumerate(plan["states"]):
                starts = dt.date(first + number, 6, 1)
                Turn.objects.create(
                    kind=plan["kind"],
                    state=self.people.states[code],
                    starts_on=starts,
                    ends_on=starts.replace(year=starts.year + 1),
                )

    # -- Meetings ----------------------------------------------------------------------------------------------------

    def _meeting(self, entry: dict[str, Any]) -> None:
        language, title = next(iter(entry["title"].items()))
        first, last = days_of(self.today, entry["days"], entry["length"])
        state = entry["state"]
        meeting = Meeting.objects.create(
            group=self.groups[entry["group"]],
            number=entry["number"],
            title=title + self.data["invented"][language],
            language=language,
            state=enums.MeetingState.DRAFTED if state in enums.SHARED else state,
            starts_at=in_zone(first, 9),
            ends_at=in_zone(last, 17),
            zone=self.people.zone,
            place=next(iter(entry.get("place", {"": ""}).values())),
            link="https://meet.demo.invalid/" + entry["key"] if entry.get("link") else "",
            host=self.people.states.get(entry.get("host", "")),
            chair=self._chair(first),
            languages=["en", "fr", "pt"] if entry["group"] == "plenary" else [language],
            interpretation=entry.get("interpretation", False),
            chatham_house=entry.get("chatham_house", False),
            papers_due_on=self._in(entry.get("papers_due")),
            register_by=self._in(entry.get("register_by")),
            announced_at=min(in_zone(first, 9) - dt.timedelta(days=60), timezone.now()),
            created_by=self.people.secretariat,
        )
        held = Record.objects.create(meeting=meeting, language=language)
        at = in_zone(last, 16)
        for position, item in enumerate(entry["items"], start=1):
            self._item(entry["key"], meeting, held, position, item, at)
        if "proposed" in entry:
            self._proposal(meeting, entry["proposed"])
        if "absent" in entry:
            self._attendance(meeting, entry)
        nominate(meeting, entry.get("coming", {}), self.people)
        add_papers(meeting, entry.get("papers", []), self.people, self.data["source"])
        circulate_as_planned(meeting, entry, self.people)

    def _in(self, days: int | None) -> dt.date | None:
        return self.today + dt.timedelta(days=days) if days is not None else None

    @staticmethod
    def _chair(on: dt.date) -> State | None:
        term = Term.objects.filter(current(on), role=Role.CHAIR).select_related("state").first()
        return term.state if term else None

    def _item(
        self, key: str, meeting: Meeting, held: Record, position: int, entry: dict[str, Any], at: dt.datetime
    ) -> None:
        item = AgendaItem.objects.create(
            meeting=meeting,
            position=position,
            title=entry["title"],
            language=meeting.language,
            theme=entry.get("theme", ""),
            starts_at=meeting.starts_at if position == 1 else None,
            minutes=entry["minutes"],
            lead_state=self.people.states.get(entry.get("lead_state", "")),
            carried_from=self.items.get(entry.get("carried", "")),
            is_open=entry.get("open", False),
        )
        self.items[f"{key}/{position}"] = item
        for number, written in enumerate(entry.get("blocks", []), start=1):
            self._block(item, held, number * STEP, {"text": written} if isinstance(written, str) else written, at)

    def _block(self, item: AgendaItem, held: Record, position: int, entry: dict[str, Any], at: dt.datetime) -> None:
        kind = next(kind for kind in ("decision", "action", "text") if kind in entry)
        block = Block.objects.create(
            record=held,
            item=item,
            kind=kind,
            position=position,
            text=entry[kind],
            updated_by=self.people.secretariat,
            updated_at=at,
        )
        BlockRevision.objects.create(
            block=block, number=1, text=block.text, client_id=uuid.uuid4(), by=self.people.secretariat, at=at
        )
        if kind == "decision":
            Decision.objects.create(
                block=block,
                record=held,
                kind=entry.get("kind", enums.DecisionKind.OPERATIONAL),
                status=entry.get("status", enums.DecisionState.ACTIVE),
            )
        if kind == "action":
            self._action(block, entry, at)

    def _action(self, block: Block, entry: dict[str, Any], at: dt.datetime) -> None:
        each = entry.get("each", False)
        action = ActionPoint.objects.create(
            block=block, record=block.record, due_on=self._in(entry["due"]), each_member=each
        )
        if each:
            codes = self.people.member_codes
            reports = dict.fromkeys(codes[: entry.get("done", 0)], "done")
        else:
            codes, reports = entry["owners"], entry.get("reports", {})
        for code in codes:
            kind, _colon, key = code.rpartition(":")
            organisation = self.people.organisations[key] if kind else None
            state = None if organisation else self.people.states[code]
            owner = ActionOwner.objects.create(
                action=action,
                state=state,
                organisation=organisation,
                holder=self.people.focal_point(state) if state else None,
                status=reports.get(code, enums.OwnerState.OPEN),
            )
            if code in reports:
                ActionReport.objects.create(
                    owner=owner,
                    status=reports[code],
                    by=owner.holder or self.people.secretariat,
                    at=min(at + dt.timedelta(days=20), timezone.now()),
                )

    def _proposal(self, meeting: Meeting, entry: dict[str, Any]) -> None:
        state = self.people.states[entry["by"]]
        AgendaItem.objects.create(
            meeting=meeting,
            title=entry["title"],
            language=entry["language"],
            minutes=entry["minutes"],
            status=enums.ItemState.PROPOSED,
            proposed_by=self.people.delegate(state),
            state_proposing=state,
        )

    def _attendance(self, meeting: Meeting, entry: dict[str, Any]) -> None:
        late = entry.get("late", {})
        for code in self.people.member_codes:
            presence = enums.Presence.LATE if code in late else enums.Presence.PRESENT
            if code in entry["absent"]:
                presence = enums.Presence.ABSENT
            Attendance.objects.create(
                meeting=meeting,
                state=self.people.states[code],
                presence=presence,
                since=meeting.starts_at + dt.timedelta(minutes=late[code]) if code in late else None,
                by=self.people.secretariat,
            )
        for code in self.people.observer_codes[:2]:
            Attendance.objects.create(
                meeting=meeting,
                state=self.people.states[code],
                presence=enums.Presence.PRESENT,
                by=self.people.secretariat,
            )
