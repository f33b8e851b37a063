"""Who owns an action point and until when: edited by those who run the meetings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from meetings.access import action_points as access
from meetings.access.decisions import visible_decisions
from meetings.actions.records import refuse_under_silence
from meetings.models import ActionOwner, ActionPoint, Decision
from meetings.notices import action_points as notices
from members.access import Viewer, visible_member_states
from members.models import Organisation, State

UNCHANGED = object()


@transaction.atomic
def edit_action(
    *,
    action: ActionPoint,
    by: Viewer,
    due_on: dt.date | None | object = UNCHANGED,
    decision: Decision | None | object = UNCHANGED,
    each_member: bool | None = None,
    add: Iterable[State | Organisation] = (),
    remove: Iterable[State | Organisation] = (),
) -> bool:
    """Change what was changed on the page, and nothing else: of two who edit at once each keeps her part.

    ``each_member`` True gives every member state of today a row. A row that goes keeps its reports and comes back with
    them. Returns whether anything changed. Raises ``PermissionDenied``, ``ValidationError`` (a decision of another
    record; the record is under silence procedure). Side effects: an event; mail to holders of removed rows is not sent
    any more.
    """
    _refuse_others(by)
    refuse_under_silence(action.record)
    action = _locked(action, by)
    changed = set()
    if due_on is not UNCHANGED and due_on != action.due_on:
        action.due_on = due_on  # type: ignore[assignment]
        changed.add("due")
    if decision is not UNCHANGED and decision != action.decision:
        if isinstance(decision, Decision) and not _may_follow_from(action, decision, by):
            raise ValidationError({"decision": _("Choose a decision of the same record.")})
        action.decision = decision  # type: ignore[assignment]
        changed.add("decision")
    add = list(add)
    if each_member is not None and each_member != action.each_member:
        action.each_member = each_member
        changed.add("each_member")
    if each_member:
        add += list(visible_member_states(by))
    action.full_clean()
    action.save(update_fields=["due_on", "decision", "each_member"])
    if _set_owners(action, add, remove):
        changed.add("owners")
    if changed:
        record("action.edited", by=by.person, target=action, label=action.code, changed=sorted(changed))
    return bool(changed)


def _set_owners(
    action: ActionPoint, add: Iterable[State | Organisation], remove: Iterable[State | Organisation]
) -> bool:
    held = {_key(row): row for row in ActionOwner.objects.select_for_update(of=("self",)).filter(action=action)}
    wanted = {_key_of(place): place for place in add}
    changed = False
    for key, place in wanted.items():
        row = held.get(key)
        if row is None:
            field = "state" if isinstance(place, State) else "organisation"
            row = ActionOwner(action=action, **{field: place})
            row.full_clean()
            row.save()
        elif row.is_removed:
            row.is_removed = False
            row.save(update_fields=["is_removed"])
        else:
            continue
        changed = True
    for place in remove:
        row = held.get(_key_of(place))
        if row is not None and not row.is_removed and _key_of(place) not in wanted:
            row.is_removed = True
            row.save(update_fields=["is_removed"])
            notices.no_longer(row)
            changed = True
    return changed


def _may_follow_from(action: ActionPoint, decision: Decision, by: Viewer) -> bool:
    return visible_decisions(by).filter(pk=decision.pk, record=action.record_id).exists()


def _locked(action: ActionPoint, by: Viewer) -> ActionPoint:
    _refuse_others(by)
    found = access.visible_actions(by).select_for_update(of=("self",), no_key=True).filter(pk=action.pk).first()
    if found is None:
        raise PermissionDenied
    return found


def _refuse_others(by: Viewer) -> None:
    if not access.can_edit_actions(by):
        raise PermissionDenied


def _key(row: ActionOwner) -> tuple[int | None, int | None]:
    return row.state_id, row.organisation_id


def _key_of(place: State | Organisation) -> tuple[int | None, int | None]:
    return (place.pk, None) if isinstance(place, State) else (None, place.pk)
