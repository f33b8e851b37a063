"""Note who is in the room, state by state; a delegation that comes late says so itself.

No event names a state under the Chatham House Rule, and none names the delegate who declared.
"""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from meetings.access.attendance import can_declare, can_mark
from meetings.access.meetings import visible_meetings
from meetings.enums import MeetingState, Presence
from meetings.models import Attendance, Meeting
from meetings.queries.attendance import IN_THE_ROOM
from members.access import Viewer
from members.models import Organisation, State


@transaction.atomic
def mark_attendance(
    *,
    meeting: Meeting,
    presence: str,
    by: Viewer,
    state: State | None = None,
    organisation: Organisation | None = None,
    since: dt.datetime | None = None,
) -> Attendance:
    """The secretariat notes, corrects, or confirms what a delegation declared. ``since``: for who came later; now,
    where nothing is given and the meeting is going on.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event, unless nothing changed.
    """
    meeting = _locked(meeting, by)
    if by.person is None or not can_mark(by, meeting):
        raise PermissionDenied
    row = Attendance.objects.filter(meeting=meeting, state=state, organisation=organisation).first()
    row = row or Attendance(meeting=meeting, state=state, organisation=organisation)
    before = (row.presence, row.since, row.self_declared)
    row.presence, row.self_declared = presence, False
    row.since = _came(meeting, since) if presence == Presence.LATE else None
    if row.pk and before == (row.presence, row.since, row.self_declared):
        return row
    row.by = by.person
    row.full_clean()
    row.save()
    shown = None if meeting.chatham_house else state
    record("attendance.noted", by=by.person, target=meeting, label=_label(meeting), state=shown)
    return row


@transaction.atomic
def declare_attendance(*, meeting: Meeting, state: State, by: Viewer, since: dt.datetime | None = None) -> Attendance:
    """ "We have been here since …", said by a delegate for her own state; marked so until the secretariat confirms it.
    What the secretariat has noted as present stays.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event.
    """
    meeting = _locked(meeting, by)
    if by.person is None or not can_declare(by, meeting) or state.pk not in by.own_states:
        raise PermissionDenied
    row = Attendance.objects.filter(meeting=meeting, state=state, organisation=None).first()
    if row and row.presence in IN_THE_ROOM and not row.self_declared:
        raise ValidationError(_("The secretariat has noted your delegation already."), "noted")
    row = row or Attendance(meeting=meeting, state=state)
    row.presence, row.since, row.self_declared, row.by = Presence.LATE, _came(meeting, since), True, by.person
    row.full_clean()
    row.save()
    if meeting.chatham_house:
        record("attendance.declared_by_one", by=None, target=meeting, label=_label(meeting))
    else:
        record("attendance.declared", by=by.person, target=meeting, label=_label(meeting), state=state)
    return row


def _came(meeting: Meeting, since: dt.datetime | None) -> dt.datetime:
    """To the minute, within the meeting (which may last longer than planned) and not in the future."""
    now = timezone.now()
    is_over = now > meeting.ends_at and meeting.state != MeetingState.RUNNING
    if since is None:
        if is_over:
            raise ValidationError({"since": _("Say from what time the delegation was there.")})
        since = now
    since = since.replace(second=0, microsecond=0)
    if since < meeting.starts_at:
        raise ValidationError({"since": _("This is before the meeting begins.")})
    if since > now:
        raise ValidationError({"since": _("This time lies in the future.")})
    if is_over and since > meeting.ends_at:
        raise ValidationError({"since": _("This is after the meeting.")})
    return since


def _locked(meeting: Meeting, by: Viewer) -> Meeting:
    if not visible_meetings(by).filter(pk=meeting.pk).exists():
        raise PermissionDenied
    return Meeting.objects.select_for_update(of=("self",)).select_related("group").get(pk=meeting.pk)


def _label(meeting: Meeting) -> str:
    return f"{meeting.group.key} {meeting.number}"
