"""Owners and due date of an action point, kept in step with the mentions in its text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils import timezone

from meetings.models import ActionOwner, ActionPoint, Block
from meetings.queries.mentions import EACH_MEMBER, Directory, Found, Owner
from members.access import Viewer, visible_member_states, visible_organisations, visible_states

DUE = "due"  # a chip that is not an owner


def directory(by: Viewer) -> Directory:
    """All states and organisations that may own an action point. Two queries."""
    return Directory(visible_states(by).order_by("pk"), visible_organisations(by))


def keep_in_step(*, block: Block, by: Viewer, before: Found, after: Found, dropped: Iterable[str] = ()) -> None:
    """What the text mentions now and did not mention ``before`` is added, what it mentions no more goes.

    ``dropped`` are chips that were taken away: ``state:12``, ``organisation:3``, ``each``, ``due``. What was confirmed
    long ago and stands in no text is not touched. For actions: the caller has checked the right and holds the
    transaction. An owner's row stays when it goes (it may have reports), marked as removed.
    """
    action, _made = ActionPoint.objects.get_or_create(block=block, defaults={"record_id": block.record_id})
    taken = {_owner(word) for word in dropped if word != DUE}
    new = [owner for owner in after.owners if owner not in before.owners and owner not in taken]
    gone = taken | (set(before.owners) - set(after.owners))
    if after.due_on != before.due_on:
        action.due_on = after.due_on
    if DUE in dropped:
        action.due_on = None
    if EACH_MEMBER in new:
        action.each_member = True
        new += [Owner("state", state.pk) for state in visible_member_states(by, timezone.localdate())]
    elif EACH_MEMBER in gone:
        action.each_member = False
        held = ActionOwner.objects.filter(action=action, state__isnull=False).values_list("state", flat=True)
        gone |= {Owner("state", pk) for pk in held.order_by("pk")} - set(after.owners)
    action.save(update_fields=["due_on", "each_member"])
    _write(action, [owner for owner in dict.fromkeys(new) if owner != EACH_MEMBER], gone - set(new) - {EACH_MEMBER})


def _write(action: ActionPoint, new: Sequence[Owner], gone: Iterable[Owner]) -> None:
    rows = ActionOwner.objects.filter(action=action).order_by("id")
    held = {(row.state_id, row.organisation_id): row for row in rows}
    out = [row.pk for key in map(_key, gone) if (row := held.get(key)) and not row.is_removed]
    back = [row.pk for key in map(_key, new) if (row := held.get(key)) and row.is_removed]
    if out:
        ActionOwner.objects.filter(pk__in=out).update(is_removed=True)
    if back:
        ActionOwner.objects.filter(pk__in=back).update(is_removed=False)
    # In the order in which they are named: the first one leads.
    missing = [key for key in map(_key, new) if key not in held]
    ActionOwner.objects.bulk_create(
        ActionOwner(action=action, state_id=state, organisation_id=organisation) for state, organisation in missing
    )


def _owner(word: str) -> Owner:
    kind, _, number = word.partition(":")
    return Owner(kind, int(number)) if number.isascii() and number.isdigit() else Owner(kind)


def _key(owner: Owner) -> tuple[int | None, int | None]:
    """State and organisation, one of them."""
    return (owner.pk, None) if owner.kind == "state" else (None, owner.pk)
