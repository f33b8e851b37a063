"""What the ledger knows: which steps are taken, and when something was reminded."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Max, Model, Q, QuerySet

from iwg_portal.mail.enums import NO_LONGER_DUE, TOO_LATE, UNREACHABLE, MailState
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders.models import DigestSent, Reminded

DAILY, DIGEST = "reminders.daily", "digests.periodic"


def taken(kind: str, steps: Collection[str]) -> set[tuple[str, int, str]]:
    """(target, person, step) of what was told, was found to be told no more, or is under way. One query.

    Not taken is a row whose mail came to its end without saying it: cancelled before it was composed (too late, she
    left), composed just before the row joined it, or composed and never given to her server (away until the evening;
    her address was marked).
    """
    under_way = Q(mail__state__in=(MailState.DUE, MailState.LEASED, MailState.UNKNOWN))
    never_left = Q(mail__state=MailState.CANCELLED, mail__problem__in=(TOO_LATE, UNREACHABLE))
    ended = Q(included=False) | (Q(included=True) & ~never_left)
    rows = Reminded.objects.filter(ended | under_way, kind=kind, step__in=sorted(steps))
    return set(rows.order_by().values_list("target_id", "person_id", "step"))


def mails_of(occurrences: dict[int, str], kind: str = DAILY) -> dict[int, OutboxMail]:
    """The mail of each person (id) with the occurrence that is given for her, where there is one. One query."""
    rows = OutboxMail.objects.filter(
        kind=kind, recipient__in=list(occurrences), occurrence__in=set(occurrences.values())
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


# -- Digests ---------------------------------------------------------------------------------------------------------


def digests_done() -> QuerySet[DigestSent]:
    """Digests that are under way, were sent, or had nothing to say. Not those that the portal's own rules held back:
    the server was away until the evening, a reminder went before, she did not want it at that moment."""
    held_back = Q(mail__state=MailState.CANCELLED, mail__problem__in=(TOO_LATE, NO_LONGER_DUE, UNREACHABLE))
    return DigestSent.objects.exclude(held_back & (Q(included=True) | Q(included=None)))


def told_until(people: Collection[int]) -> dict[int, dt.datetime]:
    """Up to which moment the digests of each person (id) have told her, where she had one. One query."""
    rows: QuerySet[Any] = digests_done().filter(person__in=people).order_by().values("person")
    return dict(rows.annotate(last=Max("until")).values_list("person", "last"))


def digests_of(periods: dict[int, str]) -> set[int]:
    """Whose digest of the period that is given for her is done. One query."""
    rows = digests_done().filter(person__in=list(periods), period__in=set(periods.values())).order_by()
    return {person for person, period in rows.values_list("person", "period") if periods[person] == period}


def mailed_on(kind: str, days: dict[int, str], which: Q) -> set[int]:
    """Who of these people (ids) has a mail of a kind, such as ``which``, on the local day that is given for her. One
    query. The day stands in the occurrence: see ``clock.Slot``; before that of a digest stands its period."""
    on_one = Q(pk__in=[])
    for day in set(days.values()):
        on_one |= Q(occurrence__contains=day)
    rows = OutboxMail.objects.filter(on_one, which, kind=kind, recipient__in=list(days)).order_by()
    found = rows.values_list("recipient_id", "occurrence")
    return {person for person, occurrence in found if person is not None and days[person] in occurrence}


def reminded_that_day(days: dict[int, str]) -> set[int]:
    """Who has a mail of reminders that day, sent or to be sent."""
    return mailed_on(DAILY, days, ~Q(state=MailState.CANCELLED))


def has_left(days: dict[int, str]) -> set[int]:
    """Whose digest of that day was given to a mail server."""
    gone = Q(handed_over=True) | Q(state__in=(MailState.SENT, MailState.UNKNOWN))
    return mailed_on(DIGEST, days, gone & ~Q(state=MailState.CANCELLED))
