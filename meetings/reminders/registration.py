"""Registration: a state that has named nobody, and people who have not answered, before it closes."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from django.utils.translation import gettext_lazy

from iwg_portal.base.dates import date_format
from iwg_portal.reminders import clock, plans
from iwg_portal.reminders.registry import Due, Line, Steps, reminds, steps_of
from meetings.access import replies
from meetings.access.meetings import TOLD, sees_meeting, visible_meetings
from meetings.access.registration import can_answer
from meetings.enums import MeetingState
from meetings.models import Meeting, Registration
from meetings.notices.meetings import address
from members.access import Viewer, viewer_for
from members.access.viewer import viewers
from members.models import Person

STEPS = Steps((-14, -3))  # days from the last day of registration


def registration_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """It does not name the meeting, which may be for fewer readers than a mail has."""
    viewer, found = viewer_for(person), {}
    by_mail, say = replies.answers_by_mail(viewer), plans.sayings(replies.REGISTRATION)
    rows = visible_meetings(viewer).filter(pk__in=targets, register_by__isnull=False).order_by("pk")
    for row in rows:
        text = say("state" if viewer.focal_states else "own", day=date_format(row.register_by, "DATE_FORMAT"))
        found[str(row.pk)] = Line(
            text,
            address("registration", row.pk),
            row.register_by,
            answers=by_mail and can_answer(viewer, row),
            closes=replies.closes(row),
        )
    return found


@reminds(
    replies.REGISTRATION,
    about=Meeting,
    lines=registration_lines,
    says={
        "state": gettext_lazy("Registration for a meeting closes on %(day)s, and your state has named nobody yet."),
        "own": gettext_lazy("Registration for a meeting closes on %(day)s, and you have not answered yet."),
    },
    title=gettext_lazy("Registration and nomination for a meeting"),
    rule=gettext_lazy(
        "To focal points whose delegation is not named and to people who have not answered; counted from the last day "
        "of registration."
    ),
    steps=STEPS,
)
def registration(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """Focal points whose state has nobody on the list; observers, partners and whoever was nominated and has not said
    whether she comes. Three queries."""
    today = clock.today(now)
    steps = plans.steps(replies.REGISTRATION)
    last = today - dt.timedelta(days=steps.offsets[0])
    rows = Meeting.objects.filter(state=MeetingState.ANNOUNCED, register_by__range=(today, last)).order_by("pk")
    found = list(rows if only is None else rows.filter(pk__in=only))
    if not found:
        return
    lists: dict[int, list[Any]] = defaultdict(list)
    for row in Registration.objects.filter(meeting__in=found).order_by("pk"):
        lists[row.meeting_id].append(row)
    everybody = [(viewer, viewer.person) for viewer, _sent_by in viewers(today)]
    for meeting in found:
        owing = [
            person.pk
            for viewer, person in everybody
            if person and sees_meeting(viewer, meeting) and _owes_an_answer(viewer, lists[meeting.pk])
        ]
        assert meeting.register_by is not None  # it was asked for
        yield from steps_of(meeting.pk, owing, meeting.register_by, today, steps)


def _owes_an_answer(viewer: Viewer, rows: list[Any]) -> bool:
    if viewer.focal_states:
        return not viewer.focal_states <= {row.state_id for row in rows}
    own = next((row for row in rows if viewer.person and row.person_id == viewer.person.pk), None)
    return not own.answer if own else bool(viewer.roles & TOLD)
