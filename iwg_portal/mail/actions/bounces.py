"""What a mail server says later of a mail that it had taken: from the mailbox for it, or from a mail service's call.

Whoever can make us believe that an address is dead silences somebody. So a report counts only for the mail that it
names by its Message-ID, which only its recipient and the servers on the way know, and only for that recipient.
"""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from iwg_portal.mail import letterbox, unreachable
from iwg_portal.mail.bounces import Bounce, read
from iwg_portal.mail.enums import MailState, before
from iwg_portal.mail.models import OutboxMail


@transaction.atomic
def note_bounce(bounce: Bounce, *, trusted: bool = False) -> bool:
    """The mail has bounced, and where the status speaks of the address, the address is marked. Whether it was news.

    Nothing happens for a temporary status, a mail that we do not know, that was never given to a server, or whose
    recipient is another one by now. A second report of the same mail is no news. ``trusted``: from somebody who has
    proved that he may say so, and who need not name the recipient.
    """
    if not bounce.is_final:
        return False
    rows = OutboxMail.objects.select_for_update(of=("self",)).filter(message_id=bounce.message_id, attempts__gt=0)
    mail = rows.select_related("recipient").first()
    if mail is None or mail.state not in before(MailState.BOUNCED):
        return False
    address = unreachable.address_of(mail)
    if address not in bounce.addresses and (bounce.addresses or not trusted):
        return False
    reason = f"bounce {bounce.status}"
    mail.state, mail.problem, mail.settled_at = MailState.BOUNCED, reason, timezone.now()
    mail.lease = mail.leased_until = None
    mail.save(update_fields=["state", "problem", "settled_at", "lease", "leased_until"])
    if unreachable.refuses_the_address(bounce.status):
        unreachable.mark(address, reason=reason, because=mail)
    return True


@transaction.atomic
def note_bad_address(*, address: str, status: str) -> bool:
    """From somebody who has proved that he may say so, and who knows the address alone. Whether it was news.

    Nothing happens for a status that does not speak of the address, for an address to which we do not write, and for
    one that is marked already.
    """
    is_ours = (
        get_user_model()._default_manager.filter(email__iexact=address, is_active=True).exists()
        or OutboxMail.objects.filter(address__iexact=address, attempts__gt=0).exists()
    )
    if not is_ours or not unreachable.refuses_the_address(status) or unreachable.mark_of(address):
        return False
    unreachable.mark(address, reason=f"bounce {status}")
    return True


def collect_bounces() -> int:
    """Read the reports in the mailbox for them; how many were news. 0 at once where there is no such mailbox.

    Each is put away (marked as read) once what it says is committed; one that nobody can read, too. Called by the task;
    harmless to call at any time. Raises MailboxAway.
    """
    if not letterbox.is_set():
        return 0
    news = 0
    with letterbox.letterbox() as box:
        for uid in box.reports():
            found = read(box.beginning(uid))
            news += sum(note_bounce(bounce) for bounce in found)
            box.put_away(uid)
    return news
