"""What goes into a calendar. Source: the group's access table, §4: nothing above ``group`` goes into a feed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from iwg_portal.base import secret_links
from meetings.access.meetings import visible_groups, visible_meetings
from meetings.enums import MeetingState
from meetings.models import CalendarFeed, Meeting
from members.access import Viewer, viewer_for
from members.enums import Audience

# A calendar is copied to servers that the portal does not know, and told to whoever may see somebody's day.
TOLD = frozenset({Audience.GROUP, Audience.PUBLIC})
BACK = dt.timedelta(days=366)
MOST = 1000  # events


def visible_feed(viewer: Viewer) -> CalendarFeed | None:
    """Her own."""
    return CalendarFeed.objects.filter(person=viewer.person).first() if viewer.person else None


def can_keep_feed(viewer: Viewer) -> bool:
    """Whoever holds an office, in a session that has shown what the office asks for."""
    return viewer.person is not None and viewer.in_group


def viewer_of_token(token: str) -> Viewer | None:
    """For whom an address works, with the rights of today; None for one that does not.

    No session and no second factor stand behind it, so it gives no more than the whole group reads (``is_told``).
    """
    feed = CalendarFeed.objects.select_related("person").filter(token_hash=secret_links.hash_of(token)).first()
    if feed is None:
        return None
    viewer = viewer_for(feed.person)
    return viewer if viewer.in_group else None


def meetings_in_feed(viewer: Viewer, on: dt.date) -> QuerySet[Meeting]:
    """Announced ones of the year before the day ``on`` and all to come, soonest last; cancelled ones too, so that they
    go away where they were copied to. On one day the clock changes nothing in it."""
    rows = visible_meetings(viewer).exclude(state=MeetingState.DRAFT).exclude(announced_at=None)
    since = dt.datetime.combine(on, dt.time.min, dt.UTC) - BACK
    return rows.filter(ends_at__gte=since).select_related("group", "host").order_by("-starts_at", "-id")[:MOST]


def names_in_feed(viewer: Viewer) -> tuple[Any, ...]:
    """What a feed says and no ``Change`` tells: how the groups are called. One query."""
    languages = [f"name_{code}" for code, _name in settings.LANGUAGES]
    return tuple(visible_groups(viewer).values_list("pk", *languages))


def is_told(meeting: Meeting) -> bool:
    """With its title and place; of every other one, and of one under the Chatham House Rule, a calendar says only that
    she is busy."""
    return meeting.audience in TOLD and not meeting.chatham_house
