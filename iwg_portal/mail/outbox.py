"""Plan and cancel mail. Called by ``notices`` and actions, inside the transaction of the change."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from django.conf import settings
from django.core.validators import validate_email
from django.db.models import Model, Q
from django.utils import timezone

from iwg_portal.mail.enums import NO_LONGER_DUE, MailState
from iwg_portal.mail.kinds import KINDS
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.poke import poke_after_commit

LIFE = dt.timedelta(days=7)


def queue(
    kind: str,
    *,
    target: Model,
    to: Model | None = None,
    address: str = "",
    occurrence: str = "",
    language: str = "",
    not_before: dt.datetime | None = None,
    deadline: dt.datetime | None = None,
) -> None:
    """Plan one mail of a registered ``kind`` about ``target``, ``to`` a person or to a bare ``address``.

    Planned once: a second call with the same kind, target, recipient and occurrence does nothing (INSERT … ON
    CONFLICT DO NOTHING), also when the first one was cancelled meanwhile. The Message-ID is fixed here. Times are
    aware; ``deadline`` defaults to seven days after ``not_before``. Raises ValueError for an unknown kind and
    ValidationError for a bare address that is none. Side effect after commit: a poke to the sweep, which may be lost.
    """
    if kind not in KINDS:
        raise ValueError(f"No kind of mail is named {kind!r}.")
    if to is None:
        validate_email(address)
    start = not_before or timezone.now()
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    OutboxMail.objects.bulk_create(
        [
            OutboxMail(
                kind=kind,
                target_type=target._meta.label_lower,
                target_id=str(target.pk),
                recipient_id=to.pk if to else None,
                address="" if to else address,
                occurrence=occurrence,
                language=language,
                message_id=f"<{uuid.uuid4().hex}@{domain}>",
                not_before=start,
                try_at=start,
                deadline=deadline or start + LIFE,
            )
        ],
        ignore_conflicts=True,
    )
    poke_after_commit()


def cancel(*, target: Model, kind: str = "", to: Model | None = None, address: str = "") -> int:
    """Cancel what is planned about ``target`` and was not given to a mail server yet; returns how many rows."""
    rows = OutboxMail.objects.filter(
        Q(state=MailState.DUE) | Q(state=MailState.LEASED, handed_over=False),
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
    )
    if kind:
        rows = rows.filter(kind=kind)
    if to is not None:
        rows = rows.filter(recipient_id=to.pk)
    if address:
        rows = rows.filter(address__iexact=address)
    return rows.update(state=MailState.CANCELLED, settled_at=timezone.now(), lease=None, leased_until=None)


def cancel_for(person: Model) -> int:
    """Cancel everything planned for somebody who leaves; returns how many rows."""
    rows = OutboxMail.objects.filter(
        Q(state=MailState.DUE) | Q(state=MailState.LEASED, handed_over=False), recipient_id=person.pk
    )
    return rows.update(state=MailState.CANCELLED, settled_at=timezone.now(), lease=None, leased_until=None)


def withdraw(kind: str, people: Collection[int]) -> int:
    """Cancel what of one kind is planned for these people (ids) and was not given to a mail server yet; returns how
    many rows. Holds them until the transaction ends: no sender can hand one of them over meanwhile."""
    rows = OutboxMail.objects.filter(
        Q(state=MailState.DUE) | Q(state=MailState.LEASED, handed_over=False), kind=kind, recipient__in=people
    )
    now = timezone.now()
    return rows.update(state=MailState.CANCELLED, problem=NO_LONGER_DUE, settled_at=now, lease=None, leased_until=None)
