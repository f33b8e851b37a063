"""Who may answer from a mail, without signing in: whoever answers for the thing at this moment, and still may see it.

Asked when the page is opened and again when it is sent. Narrower than the rules of each thing, never wider: nothing
that asks for another proof of the person elsewhere can be done so.
"""

from __future__ import annotations

import datetime as dt

from meetings.access.action_points import can_report, visible_owners, with_holding
from meetings.access.meetings import visible_meetings
from meetings.access.registration import can_answer
from meetings.access.silence import can_read_text, can_take_position, visible_circulations
from meetings.enums import UNFINISHED
from meetings.models import ActionOwner, Circulation, Meeting
from members.access import Viewer, has_factor
from members.enums import Audience

# The kinds of reminder that can be answered.
ACTION, REGISTRATION, SILENCE = "meetings.action", "meetings.registration", "meetings.silence"


def answers_by_mail(viewer: Viewer) -> bool:
    """Whoever has not set up a second factor yet reads what is public and nothing else, in the portal and from a mail.
    One query."""
    return viewer.person is not None and has_factor(viewer.person)


def owner_of(viewer: Viewer, pk: str) -> ActionOwner | None:
    """The row, with what its page names, while it is unfinished and she answers for it; else None."""
    rows = with_holding(visible_owners(viewer).filter(pk=pk, status__in=UNFINISHED))
    found = rows.select_related("state", "organisation", "action__block", "action__record__meeting").first()
    return found if found is not None and can_answer_for(viewer, found) and answers_by_mail(viewer) else None


def can_answer_for(viewer: Viewer, owner: ActionOwner) -> bool:
    """Its holder; the focal point; where nobody holds it, its delegation. ``owner`` has ``is_held``."""
    if viewer.person is None or not can_report(viewer, owner):
        return False
    held: bool = owner.is_held  # type: ignore[attr-defined]
    return not held or owner.holder_id == viewer.person.pk or owner.state_id in viewer.focal_states


def meeting_of(viewer: Viewer, pk: str, now: dt.datetime) -> Meeting | None:
    """The meeting, while she may say whether she comes."""
    found = visible_meetings(viewer).select_related("group").filter(pk=pk, register_by__isnull=False).first()
    if found is None or not can_answer(viewer, found) or now >= closes(found) or not answers_by_mail(viewer):
        return None
    return found


def closes(meeting: Meeting) -> dt.datetime:
    """The end of the last day of registration, where the meeting is held. It has one."""
    assert meeting.register_by is not None
    return dt.datetime.combine(meeting.register_by + dt.timedelta(days=1), dt.time(), meeting.tz)


def circulation_of(viewer: Viewer, pk: str, now: dt.datetime) -> Circulation | None:
    """The silence procedure, while it is open and she speaks for a state."""
    found = visible_circulations(viewer).select_related("record__meeting__group").filter(pk=pk).first()
    if found is None or speaks_for(viewer) is None or not answers_by_mail(viewer):
        return None
    return found if found.takes_words(now) and can_read_text(viewer, found) else None


def speaks_for(viewer: Viewer) -> int | None:
    """The id of the one state for which she takes positions; whoever has several says for which, signed in."""
    states = [state for state in viewer.focal_states if can_take_position(viewer, state)]
    return states[0] if len(states) == 1 else None


def may_be_named(meeting: Meeting, audience: str) -> bool:
    """A page that needs no sign-in names what is for the whole group, and under the Chatham House Rule nothing."""
    return audience in (Audience.GROUP, Audience.PUBLIC) and not meeting.chatham_house
