"""Who reads and writes a record. Source: the group's access table, §1 (a draft is group-owned: the secretariat and the
chair; circulated and adopted: the members) and §3."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from meetings.access.meetings import runs_meetings, visible_meetings
from meetings.enums import SHARED
from meetings.models import Block, BlockRevision, Here, Meeting, Record
from members.access import Viewer
from members.enums import Audience


def reads_drafts(viewer: Viewer) -> bool:
    return runs_meetings(viewer)


def visible_records(viewer: Viewer) -> QuerySet[Record]:
    """By the audience, once shared; before that only who writes or approves it."""
    rule = Q(audience__in=sorted(viewer.reads), meeting__state__in=sorted(SHARED))
    if reads_drafts(viewer):
        rule |= Q(audience__in=[Audience.SECRETARIAT, Audience.MEMBERS, Audience.GROUP, Audience.PUBLIC])
    return Record.objects.filter(rule, meeting__in=visible_meetings(viewer))


def reads_record(viewer: Viewer, meeting: Meeting) -> bool:
    """The same rule for the record of a meeting that she sees (with its record)."""
    audience = meeting.record.audience
    if reads_drafts(viewer) and audience != Audience.DELEGATION:
        return True
    return meeting.state in SHARED and audience in viewer.reads


def visible_blocks(viewer: Viewer) -> QuerySet[Block]:
    """What stands in the records that she reads, in order; removed blocks are not there."""
    blocks = Block.objects.filter(record__in=visible_records(viewer), is_removed=False)
    return blocks.order_by("item__position", "item_id", "position", "id")


def visible_removed_blocks(viewer: Viewer) -> QuerySet[Block]:
    """What was taken out of the records, for who reads drafts."""
    if not reads_drafts(viewer):
        return Block.objects.none()
    blocks = Block.objects.filter(record__in=visible_records(viewer), is_removed=True)
    return blocks.order_by("item__position", "item_id", "-updated_at", "id")


def visible_revisions(viewer: Viewer) -> QuerySet[BlockRevision]:
    """How a block came about, newest first: part of the draft, also once the record is shared."""
    if not reads_drafts(viewer):
        return BlockRevision.objects.none()
    revisions = BlockRevision.objects.filter(block__record__in=visible_records(viewer))
    return revisions.order_by("-number", "-id")


def visible_here(viewer: Viewer) -> QuerySet[Here]:
    """Who else has a record open, for those who write in it."""
    if not writes_records(viewer):
        return Here.objects.none()
    here = Here.objects.filter(record__in=visible_records(viewer)).exclude(person=viewer.person)
    return here.select_related("person", "item").order_by("person__full_name", "id")


def writes_records(viewer: Viewer) -> bool:
    """The secretariat; what arrives while a record is not open for writing is kept for its author."""
    return viewer.in_secretariat


def can_write(viewer: Viewer, meeting: Meeting) -> bool:
    """The secretariat, until the record is circulated."""
    return writes_records(viewer) and meeting.is_writable


def can_close(viewer: Viewer, meeting: Meeting) -> bool:
    """Close the draft, circulate, bring back: the secretariat."""
    return viewer.in_secretariat
