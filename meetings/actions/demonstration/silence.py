"""How far the demonstration's records have come: some adopted a while ago, one under silence procedure."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.utils import timezone

from iwg_portal.activity.log import record
from meetings.access.silence import concerned
from meetings.actions.demonstration.rows import People
from meetings.actions.records import label
from meetings.actions.silence import circulate, comment, give_numbers, take_position
from meetings.enums import CirculationState, MeetingState, Stance
from meetings.models import Circulation, Meeting, RecordVersion
from meetings.queries import versions
from meetings.queries.silence import DEFAULT_HOUR, deadline_after
from members.access import viewer_for
from members.enums import Audience

CIRCULATED_AFTER, SILENT_FOR = dt.timedelta(days=8), dt.timedelta(days=7)


def circulate_as_planned(meeting: Meeting, entry: dict[str, Any], people: People) -> None:
    """Side effects: versions, circulations, comments; mail about the open one."""
    if entry["state"] == MeetingState.ADOPTED:
        _adopted_long_ago(meeting, people)
    if entry["state"] == MeetingState.CIRCULATED:
        _open(meeting, entry, people)


def _open(meeting: Meeting, entry: dict[str, Any], people: People) -> None:
    deadline = deadline_after(timezone.now(), entry["deadline"], DEFAULT_HOUR, ZoneInfo(meeting.zone))
    circulation = circulate(meeting=meeting, deadline=deadline, by=viewer_for(people.secretariat))
    items = circulation.version.content["items"]
    for said in entry.get("comments", []):
        block = items[said["item"] - 1]["blocks"][0]["id"]
        author = viewer_for(people.delegate(people.states[said["state"]]))
        comment(circulation=circulation, text=next(iter(said["text"].values())), block=block, by=author)
    for code in entry.get("agrees", []):
        state = people.states[code]
        by = viewer_for(people.focal_point(state))
        take_position(circulation=circulation, state=state, stance=Stance.AGREE, text="", by=by)
    for person in concerned(meeting).people[::3]:  # some of them
        record("record.opened", by=person, target=circulation.version, label=label(meeting))


def _adopted_long_ago(meeting: Meeting, people: People) -> None:
    """The rows that a silence procedure of that time has left."""
    record = meeting.record
    opened = meeting.ends_at + CIRCULATED_AFTER
    give_numbers(of=record)
    content = versions.content_of(record, 1)
    version = RecordVersion.objects.create(
        record=record, number=1, content=content, sha256=versions.sha256_of(content), by=people.secretariat, at=opened
    )
    last = Circulation.objects.aggregate(last=Max("adopted_number"))["last"] or 0
    Circulation.objects.create(
        version=version,
        record=record,
        state=CirculationState.ADOPTED,
        opened_at=opened,
        deadline=opened + SILENT_FOR,
        ended_at=opened + SILENT_FOR,
        adopted_number=last + 1,
    )
    meeting.state = MeetingState.ADOPTED
    meeting.save(update_fields=["state"])
    record.audience = Audience.MEMBERS
    record.save(update_fields=["audience"])
