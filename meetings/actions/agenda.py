"""Change the agenda: add, change, order, withdraw; what members propose; what goes over from earlier meetings.

Every action locks the meeting first, so that two who order the agenda at once wait for each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from meetings import notices
from meetings.access import agenda as access
from meetings.access.meetings import can_edit_agenda
from meetings.actions.meetings import label_of, lock_meeting
from meetings.enums import ItemState
from meetings.models import AgendaItem, Meeting
from meetings.queries.agenda import fingerprint
from members.access import Viewer
from members.models import State

MOST_ITEMS = 200
MOST_PROPOSALS = 20  # of one state for one meeting, waiting for an answer
# A form that is sent twice makes one item.
TWICE_WITHIN = dt.timedelta(minutes=5)
_COPIED = ("title", "note", "language", "theme", "minutes", "lead_state_id", "lead_organisation_id", "lead")


@transaction.atomic
def add_item(*, meeting: Meeting, by: Viewer, **values: Any) -> AgendaItem:
    """At the end of the agenda. Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event."""
    meeting = lock_meeting(meeting)
    if not can_edit_agenda(by, meeting):
        raise PermissionDenied
    item = AgendaItem(meeting=meeting, position=_end(meeting), **values)
    _save_new(item)
    record("agenda.item_added", by=by.person, target=item, label=label_of(meeting))
    return item


@transaction.atomic
def change_item(*, item: AgendaItem, by: Viewer, seen: str, **values: Any) -> AgendaItem:
    """``seen``: the fingerprint of what she had before her. Where somebody has changed the item since, nothing is
    written and a ``ValidationError`` with code ``overtaken`` asks her to look again; the same change twice is one.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event that names the fields.
    """
    item = _locked(item)
    if not access.can_change_item(by, item):
        raise PermissionDenied
    now = fingerprint(item)
    changed = [field for field, value in values.items() if getattr(item, field) != value]
    if not changed:
        return item
    if seen != now:
        raise ValidationError(
            _("Somebody changed this item meanwhile. Compare it with yours and save again."), "overtaken"
        )
    for field in changed:
        setattr(item, field, values[field])
    _check(item)
    item.full_clean()
    item.save(update_fields=changed)
    record(
        "agenda.item_changed", by=by.person, target=item, label=label_of(item.meeting), state=item.state_proposing,
        fields=changed,
    )  # fmt: skip
    return item


@transaction.atomic
def move_item(*, item: AgendaItem, by: Viewer, up: bool) -> None:
    """One place up or down among what stands on the agenda; at its end nothing happens. Side effects: an event."""
    item = _locked(item)
    if not can_edit_agenda(by, item.meeting) or item.status != ItemState.ACCEPTED:
        raise PermissionDenied
    order = list(_accepted(item.meeting).select_for_update(of=("self",)))
    place = order.index(item)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    _number(order)
    record("agenda.item_moved", by=by.person, target=item, label=label_of(item.meeting))


@transaction.atomic
def withdraw_item(*, item: AgendaItem, by: Viewer) -> None:
    """Off the agenda; it stays in the database and can be brought back. Not where the record says something below it.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event."""
    item = _locked(item)
    if not access.can_withdraw_item(by, item):
        raise PermissionDenied
    if item.blocks.filter(is_removed=False).exclude(text="").exists():
        raise ValidationError(_("The record says something below this item: empty it there first."))
    item.status = ItemState.WITHDRAWN
    item.save(update_fields=["status"])
    _number(list(_accepted(item.meeting)))
    record("agenda.item_withdrawn", by=by.person, target=item, label=label_of(item.meeting), state=item.state_proposing)


@transaction.atomic
def bring_back_item(*, item: AgendaItem, by: Viewer) -> None:
    """What was taken off or declined, to the end of the agenda. Raises ``PermissionDenied``, ``ValidationError``.
    Side effects: an event; who had proposed it is told."""
    item = _locked(item)
    if not access.can_bring_back_item(by, item):
        raise PermissionDenied
    _put_on(item)
    record(
        "agenda.item_brought_back", by=by.person, target=item, label=label_of(item.meeting), state=item.state_proposing
    )
    notices.meetings.item_decided(item)


@transaction.atomic
def mark_open(*, item: AgendaItem, by: Viewer, is_open: bool) -> None:
    """Not concluded, so that the next meeting takes it over; or concluded after all. Side effects: an event."""
    item = _locked(item)
    if not can_edit_agenda(by, item.meeting) or item.status != ItemState.ACCEPTED:
        raise PermissionDenied
    if item.is_open == is_open:
        return
    item.is_open = is_open
    item.save(update_fields=["is_open"])
    record(
        "agenda.item_left_open" if is_open else "agenda.item_concluded",
        by=by.person, target=item, label=label_of(item.meeting),
    )  # fmt: skip


# -- What members propose ---------------------------------------------------------------------------------------------


@transaction.atomic
def propose_item(*, meeting: Meeting, by: Viewer, state: State, **values: Any) -> AgendaItem:
    """A delegate or focal point proposes for her ``state``; it waits until who runs the meeting decides.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event of that state.
    """
    meeting = lock_meeting(meeting)
    if not access.can_propose_item(by, meeting) or state.pk not in by.own_states:
        raise PermissionDenied
    waiting = meeting.items.filter(state_proposing=state, status=ItemState.PROPOSED)
    since = timezone.now() - TWICE_WITHIN
    twin = waiting.filter(title=values.get("title", ""), proposed_by=by.person, created_at__gt=since).order_by("-pk")
    if twin:
        return twin[0]
    if waiting.count() >= MOST_PROPOSALS:
        raise ValidationError(_("Your state has proposed enough for this meeting: wait for the answers."))
    item = AgendaItem(
        meeting=meeting, status=ItemState.PROPOSED, proposed_by=by.person, state_proposing=state, **values
    )
    _save_new(item)
    record("agenda.item_proposed", by=by.person, target=item, label=label_of(meeting), state=state)
    return item


@transaction.atomic
def accept_item(*, item: AgendaItem, by: Viewer) -> None:
    """To the end of the agenda. Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event; who proposed
    is told."""
    item = _locked(item)
    if not access.can_decide_item(by, item):
        raise PermissionDenied
    _put_on(item)
    record("agenda.item_accepted", by=by.person, target=item, label=label_of(item.meeting), state=item.state_proposing)
    notices.meetings.item_decided(item)


@transaction.atomic
def decline_item(*, item: AgendaItem, reason: str, by: Viewer) -> None:
    """``reason``: a sentence that its delegation reads in the portal; it goes into no mail and no log. Raises
    ``PermissionDenied``, ``ValidationError`` (no reason). Side effects: an event; who proposed is told."""
    item = _locked(item)
    if not access.can_decide_item(by, item):
        raise PermissionDenied
    item.status, item.decline_reason = ItemState.DECLINED, reason.strip()
    item.full_clean()
    item.save(update_fields=["status", "decline_reason"])
    record("agenda.item_declined", by=by.person, target=item, label=label_of(item.meeting), state=item.state_proposing)
    notices.meetings.item_decided(item)


# -- What goes over ---------------------------------------------------------------------------------------------------


@transaction.atomic
def carry_over(*, meeting: Meeting, by: Viewer, items: Iterable[int], decisions: bool = False) -> int:
    """Take over ``items`` (ids) that earlier meetings left open, in their order; ``decisions``: put an item at the
    head that goes through the decisions still open. What is carried already, or is not hers to carry, is passed over.

    Returns how many items were added. Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event.
    """
    meeting = lock_meeting(meeting)
    if not can_edit_agenda(by, meeting):
        raise PermissionDenied
    added = 0
    if decisions and access.standing_decisions(by).exists():
        added += _head_with_decisions(meeting)
    for old in access.carryable_items(by, meeting).filter(pk__in=list(items)):
        values = {field: getattr(old, field) for field in _COPIED}
        _save_new(AgendaItem(meeting=meeting, position=_end(meeting), carried_from=old, **values))
        added += 1
    if added:
        record("agenda.items_carried", by=by.person, target=meeting, label=label_of(meeting), items=added)
    return added


def _head_with_decisions(meeting: Meeting) -> int:
    """One item, without any content: which decisions they are is shown to those who read them."""
    with translation.override(meeting.language):
        title = _("Decisions still open")
    if meeting.items.filter(title=title, status=ItemState.ACCEPTED).exists():
        return 0
    meeting.items.filter(status=ItemState.ACCEPTED).update(position=F("position") + 1)
    _save_new(AgendaItem(meeting=meeting, position=1, title=title, language=meeting.language))
    return 1


# -- Small parts ------------------------------------------------------------------------------------------------------


def _locked(item: AgendaItem) -> AgendaItem:
    """The item as it is, once the row of its meeting is ours: every action here waits for that one row."""
    meeting = lock_meeting(item.meeting)
    found = AgendaItem.objects.select_for_update(of=("self",)).select_related("state_proposing").get(pk=item.pk)
    found.meeting = meeting
    return found


def _accepted(meeting: Meeting) -> Any:
    return AgendaItem.objects.filter(meeting=meeting, status=ItemState.ACCEPTED).order_by("position", "id")


def _end(meeting: Meeting) -> int:
    return (_accepted(meeting).aggregate(last=Max("position"))["last"] or 0) + 1


def _number(order: list[AgendaItem]) -> None:
    """1, 2, 3 … without gaps; only what changes is written."""
    for position, item in enumerate(order, start=1):
        if item.position != position:
            AgendaItem.objects.filter(pk=item.pk).update(position=position)


def _put_on(item: AgendaItem) -> None:
    item.status, item.position, item.decline_reason = ItemState.ACCEPTED, _end(item.meeting), ""
    _check(item)
    item.full_clean()
    item.save(update_fields=["status", "position", "decline_reason"])


def _save_new(item: AgendaItem) -> None:
    if item.status == ItemState.ACCEPTED and _accepted(item.meeting).count() >= MOST_ITEMS:
        raise ValidationError(_("An agenda holds %(most)s items at most."), "many", {"most": MOST_ITEMS})
    _check(item)
    item.full_clean()
    item.save()


def _check(item: AgendaItem) -> None:
    """A fixed time lies within the meeting. Raises ``ValidationError``."""
    meeting = item.meeting
    if item.starts_at and not meeting.starts_at <= item.starts_at < meeting.ends_at:
        raise ValidationError({"starts_at": _("This time lies outside the meeting.")})
