"""Send what is due. Any number of sweeps may run at once, and any of them may be killed at any moment.

A mail is claimed (FOR UPDATE SKIP LOCKED) with a lease. Just before the server is given the text, ``handed_over`` is
committed: so a lease that ends without it is simply due again, and one that ends with it is ``unknown``: perhaps the
server accepted. What a mail server answered is written down for the attempt that it belongs to, however late.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from iwg_portal.base.models import Heartbeat
from iwg_portal.mail import unreachable
from iwg_portal.mail.actions.batches import close_ended, instead_of_due
from iwg_portal.mail.carrier import Answer, Carrier, Outcome, ServerAway, carrier
from iwg_portal.mail.compose import message
from iwg_portal.mail.enums import (
    LOST_AFTER_DATA,
    NO_LONGER_DUE,
    STOPPED_AFTER_DATA,
    TOO_LATE,
    UNREACHABLE,
    BatchState,
    MailState,
    before,
)
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.queries import HEARTBEAT

logger = logging.getLogger(__name__)

BATCH = 10
SECONDS = 150  # well below the soft limit of a task: one slow server may hold the last mail for 100 more
PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (2, 5, 15, 60, 180))
# A recipient that says "later" may mean hours; a server that recovers is to have the first mail within five minutes.
SERVERS_PAUSE = dt.timedelta(minutes=3)
# An unknown mail is sent again by itself only when waiting for somebody's decision would make it useless, and not
# for ever: a server that always hangs up after the text would give its reader a copy each time.
DECIDE_WITHIN = dt.timedelta(hours=24)
MOST_REFUSALS_OF_UNKNOWN = 3
PATIENCE = 60.0  # seconds for which PostgreSQL may be away while an answer waits to be written down
HOUSEKEEPING = 0x1_0B0C5  # the advisory lock's number; any that nobody else uses


def sweep(*, seconds: float = SECONDS) -> Counter[str]:
    """Put the ledger in order, then send what is due, for ``seconds`` at most.

    Returns how many mails ended in which state, and ``more`` when the time was over before the work. Called by the
    task; harmless to call at any time. Side effects: mail is sent; the heartbeat ``mail``.
    """
    keep_house()
    done = send_due(seconds=seconds)
    Heartbeat.objects.beat(HEARTBEAT)
    return done


@transaction.atomic
def keep_house() -> bool:
    """Free or judge leases that have ended, send again what would come too late, cancel what did.

    False, and nothing is done, while another process does it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [HOUSEKEEPING])
        if not cursor.fetchone()[0]:
            return False
    now = timezone.now()
    ended: dict[str, Any] = {"state": MailState.LEASED, "leased_until__lte": Now()}
    _rows(**ended, handed_over=False).update(state=MailState.DUE, lease=None, leased_until=None)
    _rows(**ended, handed_over=True).update(
        state=MailState.UNKNOWN,
        lease=None,
        leased_until=None,
        refusals=F("refusals") + 1,
        problem=STOPPED_AFTER_DATA,
        settled_at=now,
    )
    hurried = _rows(
        state=MailState.UNKNOWN,
        deadline__gt=now,
        deadline__lt=now + DECIDE_WITHIN,
        refusals__lte=MOST_REFUSALS_OF_UNKNOWN,
    ).exclude(batch__state__in=(BatchState.HELD, BatchState.STOPPED))
    for refusals in range(1, MOST_REFUSALS_OF_UNKNOWN + 1):
        # The first time at once: nobody knows yet that anything is wrong with this one.
        pause = PAUSES[refusals - 2] if refusals > 1 else dt.timedelta(0)
        hurried.filter(refusals=refusals).update(
            state=MailState.DUE, handed_over=False, try_at=now + pause, settled_at=None
        )
    late = _rows(state__in=(MailState.DUE, MailState.HELD), deadline__lte=now)
    # Of one that may have arrived, the word for that stays: whoever plans anew must not say it a second time.
    late.filter(problem__in=(STOPPED_AFTER_DATA, LOST_AFTER_DATA)).update(state=MailState.CANCELLED, settled_at=now)
    late.update(state=MailState.CANCELLED, problem=TOO_LATE, settled_at=now)
    close_ended(now)
    return True


def _rows(**which: Any) -> QuerySet[OutboxMail]:
    """For an update that never waits for a sender's lock: it will find the row the next time."""
    found = OutboxMail.objects.select_for_update(skip_locked=True).filter(**which)
    return OutboxMail.objects.filter(pk__in=found.values("pk"))


def send_due(*, seconds: float = SECONDS) -> Counter[str]:
    """Claim and send, a small batch at a time. Ends early, without a word to any mail, when the server is away."""
    until = time.monotonic() + seconds
    done: Counter[str] = Counter()
    with carrier() as line:
        while batch := claim():
            for mail in batch:
                try:
                    state = _deliver(mail, line)
                except ServerAway as away:
                    logger.warning("The mail server takes nothing now (%s); mail waits.", away)
                    _release(batch)
                    return done
                if state:
                    done[state] += 1
            if time.monotonic() > until:
                done["more"] = 1
                return done
    return done


@transaction.atomic
def claim(*, most: int = BATCH) -> list[OutboxMail]:
    """Lease mails that are due, oldest first, passing over those that another sender is claiming."""
    now = timezone.now()
    found = list(
        OutboxMail.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state=MailState.DUE, try_at__lte=now, deadline__gt=now)
        .order_by("try_at", "id")
        .values_list("pk", flat=True)[:most]
    )
    if not found:
        return []
    lease = uuid.uuid4()
    OutboxMail.objects.filter(pk__in=found, state=MailState.DUE).update(
        state=MailState.LEASED,
        lease=lease,
        leased_until=Now() + _lease(),
        handed_over=False,
        attempts=F("attempts") + 1,
    )
    return list(OutboxMail.objects.filter(lease=lease).select_related("recipient", "batch").order_by("try_at", "id"))


def _lease() -> dt.timedelta:
    return dt.timedelta(seconds=settings.MAIL_LEASE_SECONDS)


def _deliver(mail: OutboxMail, line: Carrier) -> MailState | None:
    """Compose, send and settle one mail; its new state, None when it is no longer ours. Raises ServerAway."""
    address = unreachable.address_of(mail)
    mark = unreachable.mark_of(address)
    if mark and not unreachable.insists(mail):
        return _write(mail, state=MailState.CANCELLED, problem=UNREACHABLE, settled_at=timezone.now())
    try:
        built = message(mail)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # of one kind's code or template: the others go on, and this one shows why it waits
        logger.exception("A mail of the kind %s could not be composed.", mail.kind)
        return settle(mail, Answer(Outcome.LATER, f"not composed: {type(error).__name__}"))
    if built is None:
        return _write(mail, state=MailState.CANCELLED, problem=NO_LONGER_DUE, settled_at=timezone.now())
    try:
        answer = line.send(built, lambda: hand_over(mail))
    except (OperationalError, InterfaceError):
        # Whether ``handed_over`` was committed nobody can say now; that nothing was given, we can.
        _write(mail, state=MailState.DUE, handed_over=False)
        raise
    if answer is None:
        return None
    if mark and answer.outcome == Outcome.SENT:
        unreachable.lift_what_a_server_said(address)
    return settle(mail, answer)


def hand_over(mail: OutboxMail) -> bool:
    """Commit that the text is being given to the server. False when the lease has ended or the mail was cancelled."""
    return bool(
        OutboxMail.objects.filter(pk=mail.pk, lease=mail.lease, state=MailState.LEASED, leased_until__gt=Now()).update(
            handed_over=True, leased_until=Now() + _lease()
        )
    )


def settle(mail: OutboxMail, answer: Answer) -> MailState | None:
    """Write down what became of this attempt; None when somebody has decided otherwise meanwhile."""
    now = timezone.now()
    match answer.outcome:
        case Outcome.SENT:
            return _write(mail, state=MailState.SENT, problem="", settled_at=now)
        case Outcome.BOUNCED:
            bad = answer.problem if answer.address_is_bad else ""
            return _write(mail, bad, state=MailState.BOUNCED, problem=answer.problem, settled_at=now)
        case Outcome.UNKNOWN:
            return _write(
                mail, state=MailState.UNKNOWN, problem=answer.problem, settled_at=now, refusals=mail.refusals + 1
            )
        case _:
            pause = PAUSES[min(mail.refusals, len(PAUSES) - 1)]
            if answer.server_is_bad:
                pause = min(pause, SERVERS_PAUSE)
            state = instead_of_due(mail)
            return _write(
                mail,
                state=state,
                settled_at=now if state == MailState.CANCELLED else None,
                problem=answer.problem,
                handed_over=False,
                refusals=mail.refusals + 1,
                try_at=now + pause,
            )


def _write(mail: OutboxMail, bad: str = "", *, state: MailState, **values: Any) -> MailState | None:
    """``bad``: what its server has against the address; marked with the mail, or not at all."""
    rows = OutboxMail.objects.filter(pk=mail.pk, attempts=mail.attempts, state__in=[*before(state), state])

    def write() -> int:
        if not bad:
            return rows.update(state=state, lease=None, leased_until=None, **values)
        with transaction.atomic():
            changed = rows.update(state=state, lease=None, leased_until=None, **values)
            if changed:
                unreachable.mark(unreachable.address_of(mail), reason=bad, because=mail)
        return changed

    return state if _insist(write) else None


def _release(batch: list[OutboxMail]) -> None:
    """Give back what was not handed over: the server is away, which is nobody's refusal."""
    OutboxMail.objects.filter(lease=batch[0].lease, state=MailState.LEASED, handed_over=False).update(
        state=MailState.DUE, lease=None, leased_until=None, problem="the mail server is away"
    )


def _insist(write: Callable[[], int]) -> int:
    """PostgreSQL may be starting anew at this very moment; the server's answer would be lost, and nobody could tell."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            connection.close()
            time.sleep(0.25)
