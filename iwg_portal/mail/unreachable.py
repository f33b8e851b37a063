"""Addresses that mail does not reach: what makes one, what lifts the mark, and what is sent to one all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower
from django.utils import timezone

from iwg_portal.activity.log import record
from iwg_portal.mail.kinds import KINDS
from iwg_portal.mail.models import OutboxMail, UnreachableAddress

# What an enhanced status (RFC 3463) says of the address itself: unknown, moved, closed, a domain that is none. Not
# among them: a full mailbox (5.2.2), a text too long or not liked (5.3.4, 5.6, 5.7), and a sender who is not wanted
# (5.1.7, 5.1.8, 5.7): a list that our own server got onto must not silence everybody. 5.4.1 is Exchange Online's word
# for a recipient that it does not know; 5.0.0 is said by servers that know no better.
OF_THE_ADDRESS = re.compile(r"5\.(0\.0|1\.(?![78]$)\d{1,3}|2\.[01]|4\.[14])")


def refuses_the_address(status: str) -> bool:
    """Of a refusal for good: whether it speaks of the address. ``status`` is empty where the server gave none."""
    return not status or bool(OF_THE_ADDRESS.fullmatch(status))


def address_of(mail: OutboxMail) -> str:
    """Where the mail goes if it leaves now, in small letters."""
    return str(mail.recipient.email if mail.recipient else mail.address).lower()


def insists(mail: OutboxMail) -> bool:
    kind = KINDS.get(mail.kind)
    return kind is not None and kind.insists


def mark_of(address: str) -> UnreachableAddress | None:
    return UnreachableAddress.objects.filter(address=address.lower()).first()


def is_marked(email: str = "email") -> Exists:
    """For a filter over rows with an address in the column ``email``."""
    return Exists(UnreachableAddress.objects.filter(address=Lower(OuterRef(email))))


def marks(addresses: Iterable[str]) -> dict[str, UnreachableAddress]:
    """The marks of some addresses, by address in small letters. One query."""
    wanted = [address.lower() for address in addresses]
    return {mark.address: mark for mark in UnreachableAddress.objects.filter(address__in=wanted)}


def mark(address: str, *, reason: str, because: OutboxMail | None = None) -> None:
    """Nobody is there. ``reason``: a step and a code; ``because``: the mail that came back, when it is known which.

    Called in the transaction of what says so. A second time moves ``last_at`` and the reason alone. Side effect: an
    event the first time, which names no address.
    """
    now = timezone.now()
    row = UnreachableAddress(address=address.lower(), reason=reason, first_at=now, last_at=now)
    known = UnreachableAddress.objects.filter(address=row.address).exists()
    UnreachableAddress.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["address"], update_fields=["reason", "last_at"]
    )
    if not known:
        record("mail.address_failed", by=None, target=because or UnreachableAddress.objects.get(address=row.address))


def lift(address: str) -> bool:
    """Mail is sent there again; whether a mark stood."""
    return bool(UnreachableAddress.objects.filter(address=address.lower()).delete()[0])


def lift_what_a_server_said(address: str) -> bool:
    """Its server has taken a mail for the address: of a refusal at RCPT that is the refutation. Of a mail that came
    back later it is none, because that one had been taken as well."""
    return bool(UnreachableAddress.objects.filter(address=address.lower(), reason__startswith="RCPT").delete()[0])
