"""What the secretariat decides about a mail to many before it leaves: send now, hold, stop, add words.

The batch is locked first, then its mails are changed in one statement each: a sender that has claimed one of them, and
not yet begun to give it away, finds that it is not hers any more (``sweep.hand_over``).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.mail import access
from iwg_portal.mail.enums import OPEN_BATCH, TOO_LATE, BatchState, MailState
from iwg_portal.mail.models import MailBatch, OutboxMail
from iwg_portal.mail.outbox import PAUSE, still_here
from iwg_portal.mail.poke import poke_after_commit

STOPPED = "stopped"
UNDER_WAY = (MailState.DUE, MailState.HELD, MailState.LEASED)


@transaction.atomic
def release(*, batch: int, version: int, by: access.Viewer) -> int:
    """They leave now; returns how many. Of two at once the second is told that it is decided.

    ``version``: the one that she had before her. Raises PermissionDenied, or ValidationError (decided or changed
    meanwhile; nothing waits). Side effects: an event, a poke.
    """
    row, now = _open(batch, version, by), timezone.now()
    waiting = row.mails.filter(state__in=(MailState.DUE, MailState.HELD), deadline__gt=now)
    count = waiting.filter(state=MailState.HELD).update(state=MailState.DUE, not_before=now, try_at=now)
    count += waiting.filter(not_before__gt=now).update(not_before=now, try_at=now)
    _some(count)
    _settle(row, BatchState.RELEASED, by, now, leaves_at=now)
    record("mail.batch_released", by=by.person, target=row, mails=count)
    poke_after_commit()
    return count


@transaction.atomic
def hold(*, batch: int, version: int, by: access.Viewer) -> int:
    """None of those that have not left leaves before somebody lets them go; returns how many. Each is cancelled as too
    late at its deadline. Raises PermissionDenied, or ValidationError (decided or changed meanwhile; all have left).
    Side effect: an event."""
    row = _open(batch, version, by)
    if row.state == BatchState.HELD:
        raise _decided(row)
    count = _take_back(row).update(state=MailState.HELD, **_LET_GO)
    _some(count)
    _change(row, by, state=BatchState.HELD)
    record("mail.batch_held", by=by.person, target=row, mails=count)
    return count


@transaction.atomic
def stop(*, batch: int, version: int, by: access.Viewer) -> int:
    """None of those that have not left is ever sent; returns how many. Raises PermissionDenied, or ValidationError
    (decided or changed meanwhile; all have left). Side effect: an event."""
    row, now = _open(batch, version, by), timezone.now()
    count = _take_back(row).update(state=MailState.CANCELLED, problem=STOPPED, settled_at=now, **_LET_GO)
    _some(count)
    _settle(row, BatchState.STOPPED, by, now)
    record("mail.batch_stopped", by=by.person, target=row, mails=count)
    return count


@transaction.atomic
def keep_words(*, batch: int, version: int, notes: dict[str, str], by: access.Viewer) -> None:
    """Words above the portal's own, by language: all of ``en``, ``fr``, ``pt``, or none. What waits waits anew, so that
    the mail is looked at once more.

    Raises PermissionDenied, or ValidationError (decided or changed meanwhile; one of the mails has left, and all are to
    say the same; a constraint). Side effect: an event, without the words.
    """
    row, now = _open(batch, version, by), timezone.now()
    values: dict[str, Any] = {f"note_{language}": text for language, text in notes.items()}
    if row.state == BatchState.WAITING:
        soonest = row.mails.filter(still_here()).aggregate(at=Min("deadline"))["at"] or now
        at = max(row.leaves_at, min(now + PAUSE, soonest - PAUSE))
        # First, and under the locks of the mails: what a sender has claimed by now shows itself in the next query.
        row.mails.filter(state=MailState.DUE).update(not_before=at, try_at=at)
        values["leaves_at"] = at
    if row.mails.exclude(state__in=(MailState.DUE, MailState.HELD, MailState.CANCELLED)).exists():
        raise ValidationError(_("Some of these mails are leaving already: your words were not kept."), "left")
    _change(row, by, **values)
    record("mail.batch_worded", by=by.person, target=row)


def close_ended(now: dt.datetime) -> None:
    """What waited and whose hour has come is on its way; what has no mail left that could leave is over. Called with
    the other housekeeping; passes over a batch of which somebody is deciding."""
    mails = OutboxMail.objects.filter(batch=OuterRef("pk"))
    rows = MailBatch.objects.select_for_update(skip_locked=True, of=("self",)).filter(state__in=OPEN_BATCH)
    rows = rows.annotate(
        is_under_way=Exists(mails.filter(state__in=UNDER_WAY)),
        is_late=Exists(mails.filter(state=MailState.CANCELLED, problem=TOO_LATE)),
        has_left=Exists(mails.exclude(state__in=(*UNDER_WAY, MailState.CANCELLED))),
    )
    for row in rows.order_by("pk"):
        if row.is_under_way:
            if row.state == BatchState.WAITING and row.leaves_at <= now:
                _settle(row, BatchState.RELEASED, None, now)
        elif row.is_late:
            _settle(row, BatchState.LAPSED, None, now)
            record("mail.batch_lapsed", by=None, target=row)
        else:
            _settle(row, BatchState.RELEASED if row.has_left else BatchState.STOPPED, None, now)


def instead_of_due(mail: OutboxMail) -> MailState:
    """Where a mail goes that a server did not take for now: what was decided of its batch meanwhile holds for it."""
    if mail.batch_id is None:
        return MailState.DUE
    match MailBatch.objects.filter(pk=mail.batch_id).values_list("state", flat=True).first():
        case BatchState.HELD:
            return MailState.HELD
        case BatchState.STOPPED:
            return MailState.CANCELLED
        case _:
            return MailState.DUE


# -- Pieces ------------------------------------------------------------------------------------------------------------

# An attempt more, so that a late answer to the one that is broken off is not written down (see ``sweep``).
_LET_GO: dict[str, Any] = {"lease": None, "leased_until": None, "attempts": F("attempts") + 1}


def _open(pk: int, version: int, by: access.Viewer) -> MailBatch:
    """The row, locked."""
    if not access.can_decide(by):
        raise PermissionDenied
    row = MailBatch.objects.select_for_update(of=("self",)).get(pk=pk)
    if not row.is_open:
        raise _decided(row)
    if row.version != version:
        raise ValidationError(
            _("Somebody was faster: this mail is not as it stood before you. Look at it again; nothing was changed."),
            "clash",
        )
    return row


def _decided(row: MailBatch) -> ValidationError:
    text = _("This mail is %(state)s by now; nothing was changed.")
    return ValidationError(text % {"state": row.get_state_display()}, "decided")


def _some(count: int) -> None:
    if not count:
        raise ValidationError(_("All of these mails have left, or are cancelled; nothing was changed."), "left")


def _take_back(row: MailBatch) -> QuerySet[OutboxMail]:
    return row.mails.filter(still_here())


def _settle(row: MailBatch, state: BatchState, by: access.Viewer | None, now: dt.datetime, **values: Any) -> None:
    _change(row, by, state=state, settled_at=now, **values)


def _change(row: MailBatch, by: access.Viewer | None, **values: Any) -> None:
    values |= {"version": row.version + 1}
    if by is not None:
        values["decided_by"] = by.person
    for name, value in values.items():
        setattr(row, name, value)
    row.full_clean(exclude=["decided_by"])
    row.save(update_fields=list(values))
