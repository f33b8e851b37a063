"""Around the writing of a record: what came too late is kept for its author, and who else is there is known."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.activity.log import record
from iwg_portal.activity.models import Event
from iwg_portal.base.typed import Fields
from meetings.access.records import writes_records
from meetings.models import AgendaItem, Here, Meeting, Record
from meetings.queries.silence import is_under_silence
from members.access import Viewer, own_parked_texts
from members.actions import discard_parked, park_text
from members.models import ParkedText

UNDER_SILENCE = gettext_lazy(
    "The record is under silence procedure: the members agree to the owners, dates and addressees that stand there. "
    "They can be changed once it is adopted, or after it was taken back."
)
# One event for all that a person writes in one record within this time: what was written when is in the revisions.
ONE_EVENT_IN = dt.timedelta(minutes=15)


def refuse_under_silence(record: Record) -> None:
    """For actions on what a circulated record tells besides its words; locks its meeting, so that nobody circulates it
    meanwhile. Raises ``ValidationError``."""
    Meeting.objects.select_for_update(of=("self",), no_key=True).get(pk=record.meeting_id)
    if is_under_silence(record.pk):
        raise ValidationError(UNDER_SILENCE, "under_silence")


def locked(meeting: Meeting, by: Viewer) -> Meeting:
    """For actions: the meeting under lock, so that nobody closes it meanwhile, and two saves never cross. Raises
    ``PermissionDenied``. Not ``can_write``: whether it may be written in decides where a text goes, not if."""
    found = Meeting.objects.select_for_update(of=("self",), no_key=True).select_related("record", "group")
    meeting = found.get(pk=meeting.pk)
    if by.person is None or not writes_records(by):
        raise PermissionDenied
    return meeting


def save_path(meeting: Meeting) -> str:
    """Where blocks of this record are sent, and so where a kept text goes when it is sent again."""
    return reverse("record_save", args=[meeting.pk])


def park(*, by: Viewer, meeting: Meeting, fields: Fields) -> ParkedText:
    """Keep a block that could not be written. What the same person kept of the same block before goes, when the new
    text holds it: it was on its way to this one. For actions: the caller holds the transaction."""
    assert by.person is not None
    path = save_path(meeting)
    new = dict(fields)
    for old in own_parked_texts(by).filter(path=path):
        kept = dict(old.fields)
        if kept.get("block") != new.get("block"):
            continue
        if kept.get("text") == new.get("text"):
            return old
        if kept.get("text", "") in new.get("text", ""):
            discard_parked(by=by.person, parked=old)
    return park_text(by=by.person, path=path, fields=fields)


@transaction.atomic
def park_late(*, by: Viewer, meeting: Meeting, fields: Fields) -> ParkedText:
    """The same for a form from which it cannot be seen where its text belongs. Raises ``PermissionDenied``."""
    return park(by=by, meeting=locked(meeting, by), fields=fields)


def note_written(*, by: Viewer, meeting: Meeting) -> None:
    """One event for a quarter of an hour of writing."""
    since = timezone.now() - ONE_EVENT_IN
    target = {"target_type": Record._meta.label_lower, "target_id": str(meeting.record.pk)}
    person = by.person
    assert person is not None
    if not Event.objects.filter(kind="record.written", actor_id=person.pk, at__gt=since, **target).exists():
        record("record.written", by=person, target=meeting.record, label=label(meeting))


def label(meeting: Meeting) -> str:
    """Series and number: the title may be for few."""
    return f"{meeting.group.key} {meeting.number}"


@transaction.atomic
def be_here(*, meeting: Meeting, by: Viewer, item: AgendaItem | None) -> None:
    """``by`` has the record open at ``item``. Every few seconds, so no event. Raises ``PermissionDenied``."""
    if by.person is None or not writes_records(by):
        raise PermissionDenied
    row = Here(record=meeting.record, person=by.person, item=item, at=timezone.now())
    Here.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["record", "person"], update_fields=["item", "at"]
    )
