"""The states of a mail, and how it may go from one to the next."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    DUE = "due", _("due")
    LEASED = "leased", _("being sent")
    SENT = "sent", _("sent")
    BOUNCED = "bounced", _("bounced")
    CANCELLED = "cancelled", _("cancelled")
    UNKNOWN = "unknown", _("unknown")


# From DUE to SENT or BOUNCED: a server's answer to an attempt whose lease had ended meanwhile.
TRANSITIONS = {
    MailState.DUE: {MailState.LEASED, MailState.CANCELLED, MailState.SENT, MailState.BOUNCED},
    MailState.LEASED: {MailState.DUE, MailState.SENT, MailState.BOUNCED, MailState.CANCELLED, MailState.UNKNOWN},
    # The lease ran out after the server may have accepted: sent again under the same Message-ID, or decided by hand.
    MailState.UNKNOWN: {MailState.DUE, MailState.SENT, MailState.BOUNCED, MailState.CANCELLED},
    MailState.SENT: {MailState.BOUNCED},
    # By hand: the address has been corrected, or somebody has taken note.
    MailState.BOUNCED: {MailState.DUE, MailState.CANCELLED},
    MailState.CANCELLED: set(),
}

# Why nobody's decision but the portal's own rules cancelled a mail (``OutboxMail.problem``).
TOO_LATE, NO_LONGER_DUE = "too late", "no longer due"


def before(state: MailState) -> list[MailState]:
    """The states from which a mail may come to ``state``: for the filter of the update that takes it there."""
    return [source for source, targets in TRANSITIONS.items() if state in targets]
