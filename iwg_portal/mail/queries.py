"""Reads of the ledger for its page and for /readyz; and of the demonstration's mailbox."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from iwg_portal.base.models import Heartbeat
from iwg_portal.mail.enums import OPEN_BATCH, MailState
from iwg_portal.mail.models import DemoMail, MailBatch, OutboxMail

# The sweep's row among the signs of life.
HEARTBEAT = "mail"
# A mail that has been due for longer than this says that something is wrong: the server, the worker, or beat.
LATE = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Overview:
    """``counts``: state, its word, how many. ``oldest``: since when the oldest mail is due, None when none is."""

    counts: list[tuple[str, str, int]]
    oldest: dt.datetime | None
    is_late: bool
    hindered: int
    last_sweep: dt.datetime | None


def overview(mails: QuerySet[OutboxMail]) -> Overview:
    """Four short queries, however many mails there are."""
    counted = dict(mails.order_by().values_list("state").annotate(n=Count("pk")))
    oldest = _oldest(mails)
    return Overview(
        [(state.value, str(state.label), counted.get(state.value, 0)) for state in MailState],
        oldest,
        oldest is not None and timezone.now() - oldest > LATE,
        mails.filter(state=MailState.DUE).exclude(problem="").count(),
        Heartbeat.objects.filter(name=HEARTBEAT).values_list("at", flat=True).first(),
    )


def _oldest(mails: QuerySet[OutboxMail]) -> dt.datetime | None:
    """Since when the oldest mail has been due (temporary refusals included), None when none is."""
    due = mails.filter(state=MailState.DUE, not_before__lte=timezone.now())
    return due.aggregate(oldest=Min("not_before"))["oldest"]


def readiness() -> dict[str, Any]:
    """For /readyz. Mail that waits makes the portal degraded, never unready: its pages work, and taking it away from
    its visitors would bring no mail to anybody."""
    oldest = _oldest(OutboxMail.objects.all())
    age = dt.timedelta(0) if oldest is None else timezone.now() - oldest
    return {"ok": True, "degraded": age > LATE, "oldest_due_seconds": round(age.total_seconds())}


# -- Mails to many ---------------------------------------------------------------------------------------------------

RECENT = dt.timedelta(days=7)


def counted(batches: QuerySet[MailBatch]) -> QuerySet[Any]:
    """Each with ``people`` (how many mails it has), ``waiting`` (of these, how many have not left), ``dropped`` (how
    many were cancelled) and ``soonest`` (when the first of those that wait is of no use any more). Without those that
    have no mail."""
    waits = Q(mails__state__in=(MailState.DUE, MailState.HELD, MailState.LEASED))
    return batches.annotate(
        people=Count("mails"),
        waiting=Count("mails", filter=waits),
        dropped=Count("mails", filter=Q(mails__state=MailState.CANCELLED)),
        left=Count("mails", filter=~Q(mails__state=MailState.CANCELLED)),
        soonest=Min("mails__deadline", filter=waits),
    ).filter(people__gt=0)


def lately(batches: QuerySet[MailBatch]) -> QuerySet[Any]:
    """Those that can be decided of, and those of the last week."""
    return counted(batches).filter(Q(state__in=OPEN_BATCH) | Q(planned_at__gt=timezone.now() - RECENT))


def open_about(batches: QuerySet[MailBatch], rule: Q) -> QuerySet[Any]:
    """Those that can be decided of, about the things that ``rule`` (over ``target_type`` and ``target_id``) names."""
    return counted(batches.filter(rule, state__in=OPEN_BATCH)).filter(waiting__gt=0)


# -- Mailbox of the demonstration ------------------------------------------------------------------------------------

SHOWN = 50


@dataclass(frozen=True)
class Received:
    """A mail as its reader sees it."""

    pk: int
    address: str
    at: dt.datetime
    subject: str
    headers: list[tuple[str, str]]
    text: str
    html: str


def received(mail: DemoMail) -> Received:
    found = email.message_from_bytes(bytes(mail.content), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return Received(
        mail.pk,
        mail.address,
        mail.at,
        str(found["Subject"]),
        [(name, str(value)) for name, value in found.items() if name not in ("MIME-Version", "Content-Type")],
        _part(found, "plain"),
        _part(found, "html"),
    )


def _part(found: EmailMessage, kind: str) -> str:
    body = found.get_body((kind,))
    return "" if body is None else str(body.get_content())


def mailbox(address: str) -> list[Received]:
    """What came for the address, the newest first."""
    rows = DemoMail.objects.filter(address=address.strip().lower()).order_by("-id")[:SHOWN]
    return [received(row) for row in rows]


def mailboxes() -> list[tuple[str, int]]:
    """The addresses that mail came for lately, and how many."""
    rows = DemoMail.objects.values("address").annotate(n=Count("pk"), last=Max("pk")).order_by("-last")[:20]
    return [(row["address"], row["n"]) for row in rows]
