"""What the secretariat decides about a mail of which nobody knows whether it arrived, or which came back."""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.mail import access, unreachable
from iwg_portal.mail.enums import TRANSITIONS, MailState
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from iwg_portal.mail.poke import poke_after_commit


@transaction.atomic
def send_again(*, mail: int, by: access.Viewer) -> None:
    """Due at once, under the same Message-ID: a mail program that has it already shows it once. To an address that is
    marked as unreachable, too: the mark is lifted, and this mail shows whether it deserves it.

    Raises PermissionDenied, or ValidationError (decided meanwhile; past its deadline). Side effects: an event, a poke.
    """
    row = _open(mail, MailState.DUE, by)
    now = timezone.now()
    if row.deadline <= now:
        raise ValidationError(_("It would come too late: its deadline has passed. Nothing was sent."), "late")
    row.state, row.try_at, row.handed_over, row.settled_at = MailState.DUE, now, False, None
    row.save(update_fields=["state", "try_at", "handed_over", "settled_at"])
    unreachable.lift(unreachable.address_of(row))
    record("mail.sent_again", by=by.person, target=row)
    poke_after_commit()


@transaction.atomic
def confirm_arrival(*, mail: int, by: access.Viewer) -> None:
    """The recipient has it. Raises PermissionDenied or ValidationError (decided meanwhile). Side effect: an event."""
    row = _open(mail, MailState.SENT, by)
    row.state, row.settled_at = MailState.SENT, timezone.now()
    row.save(update_fields=["state", "settled_at"])
    record("mail.arrived", by=by.person, target=row)


@transaction.atomic
def give_up(*, mail: int, by: access.Viewer) -> None:
    """It is not sent again. Raises PermissionDenied or ValidationError (decided meanwhile). Side effect: an event."""
    row = _open(mail, MailState.CANCELLED, by)
    row.state, row.settled_at = MailState.CANCELLED, timezone.now()
    row.save(update_fields=["state", "settled_at"])
    record("mail.given_up", by=by.person, target=row)


@transaction.atomic
def send_test(*, by: access.Viewer) -> None:
    """Plan a test mail to oneself. Raises PermissionDenied. Side effect: an event."""
    if by.person is None or not access.can_send_test(by):
        raise PermissionDenied
    queue("mail.test", target=by.person, to=by.person, occurrence=uuid.uuid4().hex)
    record("mail.tested", by=by.person, target=by.person)


def _open(pk: int, wanted: MailState, by: access.Viewer) -> OutboxMail:
    """The row, locked: of two decisions at once the second learns here that it is too late."""
    if not access.can_decide(by):
        raise PermissionDenied
    row = OutboxMail.objects.select_for_update(of=("self",)).get(pk=pk)
    if row.state not in (MailState.UNKNOWN, MailState.BOUNCED) or wanted not in TRANSITIONS[MailState(row.state)]:
        text = _("This mail is %(state)s by now; nothing was changed.")
        raise ValidationError(text % {"state": row.get_state_display()}, "decided")
    return row
