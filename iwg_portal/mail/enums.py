"""The states of a mail, and how it may go from one to the next."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    DUE = "due", _("due")
    HELD = "held", _("held")
    LEASED = "leased", _("being sent")
    SENT = "sent", _("sent")
    BOUNCED = "bounced", _("bounced")
    CANCELLED = "cancelled", _("cancelled")
    UNKNOWN = "unknown", _("unknown")


# From DUE to SENT or BOUNCED: a server's answer to an attempt whose lease had ended meanwhile.
TRANSITIONS = {
    MailState.DUE: {MailState.LEASED, MailState.HELD, MailState.CANCELLED, MailState.SENT, MailState.BOUNCED},
    # With its whole batch, by the secretariat: no sender takes it until it is let go.
    MailState.HELD: {MailState.DUE, MailState.CANCELLED},
    MailState.LEASED: {
        MailState.DUE,
        MailState.HELD,
        MailState.SENT,
        MailState.BOUNCED,
        MailState.CANCELLED,
        MailState.UNKNOWN,
    },
    # The lease ran out after the server may have accepted: sent again under the same Message-ID, or decided by hand.
    MailState.UNKNOWN: {MailState.DUE, MailState.SENT, MailState.BOUNCED, MailState.CANCELLED},
    MailState.SENT: {MailState.BOUNCED},
    # By hand: the address has been corrected, or somebody has taken note.
    MailState.BOUNCED: {MailState.DUE, MailState.CANCELLED},
    MailState.CANCELLED: set(),
}

# Why nobody's decision but the portal's own rules cancelled a mail (``OutboxMail.problem``).
TOO_LATE, NO_LONGER_DUE, UNREACHABLE = "too late", "no longer due", "address unreachable"
# What stands at a mail of which nobody knows whether it arrived.
STOPPED_AFTER_DATA, LOST_AFTER_DATA = "the sender stopped after DATA", "connection lost after DATA"


class BatchState(models.TextChoices):
    """WAITING leaves by itself at its hour; LAPSED was held until its mails were too late."""

    WAITING = "waiting", _("waits a while")
    HELD = "held", _("held")
    RELEASED = "released", _("on its way")
    STOPPED = "stopped", _("stopped")
    LAPSED = "lapsed", _("too late")


OPEN_BATCH = frozenset({BatchState.WAITING, BatchState.HELD})


def before(state: MailState) -> list[MailState]:
    """The states from which a mail may come to ``state``: for the filter of the update that takes it there."""
    return [source for source, targets in TRANSITIONS.items() if state in targets]
