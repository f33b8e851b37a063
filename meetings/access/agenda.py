"""Who changes the agenda, who proposes an item, and what goes over to the next meeting."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from meetings.access.meetings import can_edit_agenda, visible_items
from meetings.access.records import visible_records
from meetings.enums import SHARED, UNFINISHED, DecisionState, ItemState, MeetingState
from meetings.models import ActionOwner, AgendaItem, Decision, Meeting
from members.access import Viewer, visible_member_states
from members.enums import Audience, is_wider
from members.models import State


def can_propose_item(viewer: Viewer, meeting: Meeting) -> bool:
    """Delegates and focal points, between the announcement and the beginning."""
    return bool(viewer.own_states) and meeting.state == MeetingState.ANNOUNCED


def own_states(viewer: Viewer) -> QuerySet[State]:
    """For which she proposes."""
    return visible_member_states(viewer).filter(pk__in=viewer.own_states)


def can_decide_item(viewer: Viewer, item: AgendaItem) -> bool:
    return item.status == ItemState.PROPOSED and can_edit_agenda(viewer, item.meeting)


def can_change_item(viewer: Viewer, item: AgendaItem) -> bool:
    """What stands on the agenda: who edits it. A proposal: its state, and nobody else puts words into its mouth."""
    if item.status == ItemState.PROPOSED:
        return item.state_proposing_id in viewer.own_states and can_propose_item(viewer, item.meeting)
    return item.status == ItemState.ACCEPTED and can_edit_agenda(viewer, item.meeting)


def can_withdraw_item(viewer: Viewer, item: AgendaItem) -> bool:
    """Off the agenda: who edits it. A proposal: its state, as long as nobody has decided."""
    if item.status == ItemState.PROPOSED:
        return item.state_proposing_id in viewer.own_states and item.meeting.state != MeetingState.CANCELLED
    return item.status == ItemState.ACCEPTED and can_edit_agenda(viewer, item.meeting)


def can_bring_back_item(viewer: Viewer, item: AgendaItem) -> bool:
    """What was taken off, or declined. A proposal that its own state withdrew stays withdrawn."""
    if not can_edit_agenda(viewer, item.meeting):
        return False
    return item.status == ItemState.DECLINED or (item.status == ItemState.WITHDRAWN and item.state_proposing_id is None)


def carryable_items(viewer: Viewer, meeting: Meeting) -> QuerySet[AgendaItem]:
    """Not concluded at earlier meetings of the same group, and on no later agenda yet.

    Of meetings that at least as many read: the agenda of a wider one would tell their items to more people.
    """
    if not can_edit_agenda(viewer, meeting):
        return AgendaItem.objects.none()
    as_wide = [audience for audience in Audience if not is_wider(meeting.audience, audience)]
    later = AgendaItem.objects.filter(carried_from=OuterRef("pk"), status=ItemState.ACCEPTED).exclude(
        meeting__state=MeetingState.CANCELLED
    )
    return (
        visible_items(viewer)
        .filter(
            ~Exists(later),
            is_open=True,
            status=ItemState.ACCEPTED,
            meeting__group=meeting.group_id,
            meeting__starts_at__lt=meeting.starts_at,
            meeting__audience__in=as_wide,
        )
        .exclude(meeting=meeting)
        .exclude(meeting__state=MeetingState.CANCELLED)
        .select_related("meeting__group")
        .order_by("meeting__starts_at", "meeting_id", "position", "id")
    )


def standing_decisions(viewer: Viewer) -> QuerySet[Decision]:
    """Decisions of shared records that are neither carried out nor superseded, for those who read the record."""
    return (
        Decision.objects.filter(
            record__in=visible_records(viewer),
            record__meeting__state__in=sorted(SHARED),
            block__is_removed=False,
            status=DecisionState.ACTIVE,
        )
        .select_related("block", "record__meeting__group")
        .order_by("record__meeting__starts_at", "number", "id")
    )


def standing_owners(viewer: Viewer) -> QuerySet[ActionOwner]:
    """What owners still have to do, soonest due first, for those who read the record."""
    return (
        ActionOwner.objects.filter(
            action__record__in=visible_records(viewer),
            action__record__meeting__state__in=sorted(SHARED),
            action__block__is_removed=False,
            is_removed=False,
            status__in=UNFINISHED,
        )
        .select_related("action__block", "action__record__meeting__group", "state", "organisation")
        .order_by("action__due_on", "action_id", "id")
    )
