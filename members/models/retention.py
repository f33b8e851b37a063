"""How long what is kept. The daily task applies these figures and the page about data says them: one place for both."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

# An office is confirmed once a year; what is not confirmed in the month after that lapses.
CONFIRM_EVERY = dt.timedelta(days=365)
CONFIRM_GRACE = dt.timedelta(days=30)
# What somebody had typed when her session ended waits for her as long as this.
PARKED_FOR = dt.timedelta(days=7)


class Kept(StrEnum):
    """What the daily task removes, each from a day that the task knows."""

    ACCOUNT = "account"  # of somebody without office: telephone, zone, passphrase, factors, sessions, devices
    PROPOSAL = "proposal"  # that came to nothing, with name and address
    LINK = "link"  # in a mail about a new passphrase, with the address that was typed
    ANSWER = "answer"  # a link that answers from a mail: who had it, about what, and whether it was used
    TOKEN = "token"  # with which a program read data, with the name that she gave it
    UNREACHABLE = "unreachable"  # an address that mail does not reach; after that it is tried again
    MAIL = "mail"  # the row that says who was sent which kind of mail


KEPT_FOR = {
    Kept.ACCOUNT: dt.timedelta(days=730),
    Kept.PROPOSAL: dt.timedelta(days=183),
    Kept.LINK: dt.timedelta(days=7),
    # From its use or its end: so long the link says that it works no more, and not that there was none.
    Kept.ANSWER: dt.timedelta(days=30),
    Kept.TOKEN: dt.timedelta(days=30),
    Kept.UNREACHABLE: dt.timedelta(days=183),
    Kept.MAIL: dt.timedelta(days=365),
}
