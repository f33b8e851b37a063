"""What is done with one owner's row of an action point: report, hand over, grant time, show what was done."""

from __future__ import annotations

import datetime as dt
import uuid

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.base.uploads import Checked
from meetings.access import action_points as access
from meetings.enums import UNFINISHED, OwnerState
from meetings.models import ActionEvidence, ActionOwner, ActionReport
from meetings.notices import action_points as notices
from members.access import Viewer
from members.actions.files import attach_file, withdraw_files_of
from members.enums import Audience
from members.models import Person


@transaction.atomic
def report(
    *,
    owner: ActionOwner,
    status: str,
    by: Viewer,
    text: str = "",
    needs_until: dt.date | None = None,
    id: uuid.UUID | None = None,
    from_mail: bool = False,
) -> ActionReport:
    """How far the owner has come; the latest report holds. ``needs_until``: it is in progress and asks for time.

    ``id`` is made by the page: the same one again is the same report, and comes back as it was kept. Raises
    ``PermissionDenied``, ``ValidationError`` (no reason, a day that has passed). Side effect: an event.
    """
    owner = _locked(owner, by)
    if by.person is None or not access.can_report(by, owner):
        raise PermissionDenied
    if id is not None:
        kept = ActionReport.objects.filter(pk=id).first()
        if kept is not None and (kept.owner_id, kept.by_id) == (owner.pk, by.person.pk):
            return kept
        if kept is not None:
            raise ValidationError(_("This form is out of date. Load the page again; what you typed is still here."))
    if needs_until is not None:
        status = OwnerState.IN_PROGRESS
        _not_past(needs_until)
    kept = ActionReport(
        id=id or uuid.uuid4(),
        owner=owner,
        status=status,
        text=text.strip(),
        needs_until=needs_until,
        by=by.person,
        at=timezone.now(),
        from_mail=from_mail,
    )
    kept.full_clean()
    kept.save(force_insert=True)
    if owner.status != status:
        owner.status = status
        owner.save(update_fields=["status"])
    via = {"via": "mail"} if from_mail else {}
    record("action.reported", by=by.person, target=owner.action, label=owner.action.code, state=owner.state, **via)
    return kept


@transaction.atomic
def hand_over(*, owner: ActionOwner, holder: Person | None, by: Viewer) -> bool:
    """``holder`` holds the row from now on; None: nobody. Returns whether anything changed. Raises
    ``PermissionDenied``, ``ValidationError`` (not one of the delegation). Side effects: an event; mail to the new
    holder, and none any more to the last one."""
    owner = _locked(owner, by)
    if not access.can_hand_over(by, owner):
        raise PermissionDenied
    if owner.holder == holder:
        return False
    if holder is not None and not access.holders_to_choose(by, owner).filter(pk=holder.pk).exists():
        raise ValidationError({"holder": _("Choose a person of this delegation or organisation who is in office.")})
    notices.no_longer(owner)
    owner.holder = holder
    owner.full_clean()
    owner.save(update_fields=["holder"])
    record("action.handed_over", by=by.person, target=owner.action, label=owner.action.code, state=owner.state)
    if holder is not None and holder != by.person:
        notices.assigned(owner)
    return True


@transaction.atomic
def grant_time(*, owner: ActionOwner, until: dt.date, by: Viewer) -> bool:
    """The row is due on ``until``. Returns whether anything changed. Raises ``PermissionDenied``, ``ValidationError``
    (a day that has passed, nothing left to do). Side effect: an event."""
    owner = _locked(owner, by)
    if not access.can_grant_time(by):
        raise PermissionDenied
    if owner.due_on == until:
        return False
    _not_past(until)
    if owner.status not in UNFINISHED:
        raise ValidationError(_("Nothing is left to do here: no time is needed."))
    owner.due_on = until
    owner.full_clean()
    owner.save(update_fields=["due_on"])
    record("action.time_granted", by=by.person, target=owner.action, label=owner.action.code, state=owner.state)
    return True


@transaction.atomic
def add_evidence(
    *, owner: ActionOwner, checked: Checked, title: str, by: Viewer, audience: str = Audience.SECRETARIAT
) -> ActionEvidence:
    """Keep a file that shows what was done, attached to the record. Raises ``PermissionDenied``, ``ValidationError``
    (wider than the record), ``OSError`` (disk). Side effects: a file on the disk; an event."""
    owner = _locked(owner, by)
    if not access.can_add_evidence(by, owner):
        raise PermissionDenied
    if audience not in dict(access.evidence_audiences(by, owner)):
        raise ValidationError({"audience": _("Choose who may read it.")})
    file = attach_file(
        checked=checked,
        title=title,
        audience=audience,
        state=access.evidence_state(by, owner),
        parent=owner.action.record,
        by=by,
    )
    return ActionEvidence.objects.create(owner=owner, file=file)


@transaction.atomic
def withdraw_evidence(*, evidence: ActionEvidence, by: Viewer) -> None:
    """Its bytes are deleted. Raises ``PermissionDenied``. Side effects: an event; the file leaves the disk."""
    owner = _locked(evidence.owner, by)
    if not access.can_withdraw_evidence(by, evidence):
        raise PermissionDenied
    withdraw_files_of(parent=owner.action.record, by=by, only=evidence.file_id)


def _locked(owner: ActionOwner, by: Viewer) -> ActionOwner:
    rows = access.visible_owners(by).select_related("state", "holder", "action__record__meeting")
    found = rows.select_for_update(of=("self",), no_key=True).filter(pk=owner.pk).first()
    if found is None:
        raise PermissionDenied
    return found


def _not_past(day: dt.date) -> None:
    if day < timezone.localdate():
        raise ValidationError({"until": _("This day has passed. Choose a day to come.")})
