"""Meetings: what is to be announced, circulated, and sent in by when."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy

from iwg_portal.base.dates import date_format
from iwg_portal.reminders import clock, plans
from iwg_portal.reminders.registry import Due, Line, Steps, reminds, steps_of
from meetings.access.meetings import visible_items, visible_meetings
from meetings.enums import WRITABLE, ItemState, MeetingState
from meetings.models import AgendaItem, Meeting, Paper
from meetings.notices.meetings import address
from members.access import Viewer, viewer_for
from members.access.viewer import viewers
from members.models import Person

TO_ANNOUNCE, TO_CIRCULATE, PAPERS = "meetings.to_announce", "meetings.to_circulate", "meetings.papers"


def _day(on: dt.date) -> dict[str, str]:
    return {"day": date_format(on, "DATE_FORMAT")}


def _secretariat(now: dt.datetime) -> list[int]:
    everybody = viewers(clock.today(now))
    return sorted(viewer.person.pk for viewer, _sent_by in everybody if viewer.person and viewer.in_secretariat)


# -- For the secretariat ---------------------------------------------------------------------------------------------


def announce_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    found, say = {}, plans.sayings(TO_ANNOUNCE)
    for row in visible_meetings(viewer_for(person)).filter(pk__in=targets).order_by("pk"):
        on = row.starts_at.astimezone(row.tz).date()
        text = say("begins", **_day(on))
        found[str(row.pk)] = Line(text, address("meeting", row.pk), on)
    return found


@reminds(
    TO_ANNOUNCE,
    about=Meeting,
    lines=announce_lines,
    says={"begins": gettext_lazy("A meeting begins on %(day)s and is not announced yet.")},
    title=gettext_lazy("Meeting that is not announced"),
    rule=gettext_lazy("To the secretariat; counted from the first day of the meeting."),
    steps=Steps((-30, -14, -7), highest=-1),
)
def to_announce(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """Drafts of which the group knows nothing, as their day comes nearer. Three queries."""
    steps = plans.steps(TO_ANNOUNCE)
    soon = now - dt.timedelta(days=steps.offsets[0] - 1)
    rows = Meeting.objects.filter(state=MeetingState.DRAFT, starts_at__gt=now, starts_at__lt=soon).order_by("pk")
    yield from _of_meetings(rows if only is None else rows.filter(pk__in=only), "starts_at", steps, now)


def circulate_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    found, say = {}, plans.sayings(TO_CIRCULATE)
    for row in visible_meetings(viewer_for(person)).filter(pk__in=targets).order_by("pk"):
        on = row.ends_at.astimezone(row.tz).date()
        text = say("ended", **_day(on))
        found[str(row.pk)] = Line(text, address("record", row.pk), on)
    return found


@reminds(
    TO_CIRCULATE,
    about=Meeting,
    lines=circulate_lines,
    says={"ended": gettext_lazy("The record of a meeting that ended on %(day)s is not circulated yet.")},
    title=gettext_lazy("Record that is not circulated"),
    rule=gettext_lazy("To the secretariat; counted from the last day of the meeting."),
    steps=Steps((3, 7), lowest=1, highest=90),
)
def to_circulate(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """Meetings that are over and whose record the members have not got. Three queries."""
    rows = Meeting.objects.filter(state__in=sorted(WRITABLE), ends_at__lt=now).order_by("pk")
    yield from _of_meetings(
        rows if only is None else rows.filter(pk__in=only), "ends_at", plans.steps(TO_CIRCULATE), now
    )


def _of_meetings(rows: QuerySet[Meeting], field: str, steps: Steps, now: dt.datetime) -> Iterator[Due]:
    """For everybody in the secretariat, by the days of the place where a meeting is held."""
    found = [(row.pk, getattr(row, field).astimezone(row.tz).date()) for row in rows]
    people = _secretariat(now) if found else []
    for pk, day in found:
        yield from steps_of(pk, people, day, clock.today(now), steps)


# -- Papers ----------------------------------------------------------------------------------------------------------


def paper_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """It names neither the meeting nor the item."""
    found, say = {}, plans.sayings(PAPERS)
    rows = visible_items(viewer_for(person)).filter(pk__in=targets, meeting__papers_due_on__isnull=False)
    for row in rows.select_related("meeting"):
        on = row.meeting.papers_due_on
        text = say("due", **_day(on))
        found[str(row.pk)] = Line(text, address("papers", row.meeting_id), on)
    return found


@reminds(
    PAPERS,
    about=AgendaItem,
    lines=paper_lines,
    says={"due": gettext_lazy("Papers of a meeting are due on %(day)s; there is none yet for an item that you lead.")},
    title=gettext_lazy("Papers for an item"),
    rule=gettext_lazy("To who sees to papers of the lead of an item without any; counted from the day for papers."),
    steps=Steps((-7, -1)),
)
def papers(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """To the focal points of the state, or the people of the organisation, that leads an item without a paper."""
    today, steps = clock.today(now), plans.steps(PAPERS)
    there = Paper.objects.filter(item=OuterRef("pk"), is_withdrawn=False)
    rows = AgendaItem.objects.filter(
        ~Exists(there),
        status=ItemState.ACCEPTED,
        meeting__state=MeetingState.ANNOUNCED,
        meeting__papers_due_on__range=(today, today - dt.timedelta(days=steps.offsets[0])),
    )
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = list(rows.select_related("meeting").order_by("pk"))
    if not found:
        return
    leads: dict[tuple[int | None, int | None], list[int]] = defaultdict(list)
    for viewer, _sent_by in viewers(today):
        for place in _leads(viewer):
            leads[place] += [viewer.person.pk] if viewer.person else []
    for row in found:
        assert row.meeting.papers_due_on is not None  # it was asked for
        people = leads.get((row.lead_state_id, row.lead_organisation_id), [])
        yield from steps_of(row.pk, people, row.meeting.papers_due_on, today, steps)


def _leads(viewer: Viewer) -> list[tuple[int | None, int | None]]:
    """For which states and organisations she sees to papers."""
    return [(state, None) for state in viewer.focal_states] + [(None, place) for place in viewer.organisations]
