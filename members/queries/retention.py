"""How long what is kept, in words: from the figures that the daily task applies."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.enums import LinkPurpose
from members.models import CONFIRM_EVERY, CONFIRM_GRACE, KEPT_FOR, LINK_LIFE, PARKED_FOR, Kept


@dataclass(frozen=True)
class Rule:
    """A row of the page about data: what, for how long, from when on."""

    what: str
    period: str
    counted: str


def rules() -> list[Rule]:
    """Every rule that the portal applies by itself, in the reader's language."""
    of_accounts = _(
        "Of somebody without office: telephone number, time zone, passphrase, second factors, sessions, devices, "
        "the choice of digests. The account is closed; the name stays beside what was done."
    )
    rows = [
        (of_accounts, KEPT_FOR[Kept.ACCOUNT], _("after the last office ended")),
        (_("A proposal that came to nothing, with its name and address"), KEPT_FOR[Kept.PROPOSAL], _("after its end")),
        (_("A request for a new passphrase, with the address that was typed"), KEPT_FOR[Kept.LINK], _("after its end")),
        (
            _("A link that answers from a mail: who had it, about what, whether it was used"),
            KEPT_FOR[Kept.ANSWER],
            _("after it was used, or its end"),
        ),
        (_("A token with which a program read data"), KEPT_FOR[Kept.TOKEN], _("after its end")),
        (
            _("An address that mail does not reach, and since when"),
            KEPT_FOR[Kept.UNREACHABLE],
            _("after the last mail that came back"),
        ),
        (_("Which kind of mail went to whom (never its text)"), KEPT_FOR[Kept.MAIL], _("after it was planned")),
        (_("What was typed when a session ended"), PARKED_FOR, _("after the session ended")),
        (
            _("An office that nobody confirms"),
            CONFIRM_EVERY + CONFIRM_GRACE,
            _("after the last confirmation, and a week after the first warning"),
        ),
    ]
    links = [
        (_("The link of an invitation"), LINK_LIFE[LinkPurpose.INVITATION], _("after it was sent")),
        (_("The link to a new passphrase"), LINK_LIFE[LinkPurpose.PASSPHRASE], _("after it was sent")),
    ]
    return [Rule(what, period(span), counted) for what, span, counted in [*rows, *links]]


def period(span: dt.timedelta) -> str:
    """In the largest unit that is whole: 24 months, 395 days, 4 hours, 30 minutes."""
    days = span.days
    if days and not days % 365:
        months = days // 365 * 12
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    if days and not days % 183:
        months = days // 183 * 6
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    if days > 3:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    hours = int(span.total_seconds() // 3600)
    if not hours:
        minutes = int(span.total_seconds() // 60)
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
