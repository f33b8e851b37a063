"""What the ledger knows: which steps are taken, and when something was reminded."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Max, Model, Q, QuerySet

from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders.models import Reminded

DAILY = "reminders.daily"


def taken(kind: str, steps: Collection[str]) -> set[tuple[str, int, str]]:
    """(target, person, step) of what was told, was found to be told no more, or is under way. One query.

    Not taken is a row whose mail came to its end without saying it: cancelled before it was composed (too late, she
    left), or composed just before the row joined it.
    """
    under_way = Q(mail__state__in=(MailState.DUE, MailState.LEASED, MailState.UNKNOWN))
    rows = Reminded.objects.filter(Q(included__isnull=False) | under_way, kind=kind, step__in=sorted(steps))
    return set(rows.order_by().values_list("target_id", "person_id", "step"))


def mails_of(occurrences: dict[int, str]) -> dict[int, OutboxMail]:
    """The mail of each person (id) with the occurrence that is given for her, where there is one. One query."""
    rows = OutboxMail.objects.filter(
        kind=DAILY, recipient__in=list(occurrences), occurrence__in=set(occurrences.values())
    )
    return {
        mail.recipient_id: mail
        for mail in rows.order_by("pk")
        if mail.recipient_id is not None and occurrences[mail.recipient_id] == mail.occurrence
    }


def told(kind: str) -> QuerySet[Reminded]:
    """Rows of one kind that a mail said and that was sent."""
    return Reminded.objects.filter(kind=kind, included=True, mail__state=MailState.SENT)


def named(mails: Collection[int]) -> QuerySet[Reminded]:
    """What these mails (ids) said; of one that has not left, what it may say. In the order of planning."""
    return Reminded.objects.filter(mail__in=mails).exclude(included=False).order_by("pk")


def reminded_on(kind: str, targets: Iterable[Model]) -> dict[str, dt.datetime]:
    """When each of ``targets`` was last reminded, by anybody's mail; keys are ids as text. One query.

    Whoever may see a thing may know that it was reminded, not who got the mail: give rows that came through access.
    """
    rows = told(kind).filter(target_id__in=[str(target.pk) for target in targets])
    return dict(rows.values("target_id").annotate(at=Max("mail__settled_at")).values_list("target_id", "at"))


def times_told(kind: str, since: dt.datetime) -> dict[str, list[tuple[str, dt.datetime]]]:
    """Each step of which a thing was reminded since then, with its moment, the oldest first. One query."""
    rows: QuerySet[Any] = told(kind).filter(planned_at__gte=since).values("target_id", "step")
    found: dict[str, list[tuple[str, dt.datetime]]] = defaultdict(list)
    for target, step, at in (
        rows.annotate(at=Max("mail__settled_at")).order_by("at").values_list("target_id", "step", "at")
    ):
        found[target].append((step, at))
    return found
