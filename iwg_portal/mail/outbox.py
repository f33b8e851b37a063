"""Plan and cancel mail. Called by ``notices`` and actions, inside the transaction of the change."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.core.validators import validate_email
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from iwg_portal.mail.enums import NO_LONGER_DUE, OPEN_BATCH, BatchState, MailState
from iwg_portal.mail.kinds import KINDS
from iwg_portal.mail.models import MailBatch, OutboxMail
from iwg_portal.mail.poke import poke_after_commit

LIFE = dt.timedelta(days=7)
# So many readers make a mail a mass mail. A wrong mail to fewer is put right by a word to each of them; twelve is more
# than any one delegation or the secretariat has people, so nothing that stays within one of them ever waits.
MANY = 12
# Long enough to read the mail once more in three languages and to write a sentence; short enough that nobody in the
# room is told of a meeting before its mail.
PAUSE = dt.timedelta(minutes=10)


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
    if to is None:
        validate_email(address)
    start = not_before or timezone.now()
    values = {"occurrence": occurrence, "language": language, "not_before": start, "try_at": start}
    _plan(kind, target, [(to, address)], deadline=deadline or start + LIFE, **values)


def queue_all(
    kind: str,
    *,
    target: Model,
    to: Iterable[Model],
    occurrence: str = "",
    deadline: dt.datetime | None = None,
    urgent: bool = False,
    instead: bool = False,
) -> None:
    """Plan the same mail to everybody in ``to``, each once, as ``queue`` does.

    To ``MANY`` or more it leaves after ``PAUSE`` (see ``MailBatch``); to fewer at once. At once also where it is
    ``urgent``, or of no use soon after the pause. A second call joins the first one's batch, whatever was decided of
    it: to a stopped one nothing is added. ``instead``: of what is planned of this kind about ``target``, and that has
    not left; it is cancelled, and its words go with the new mail. What somebody held stays held, also where the new
    mail is urgent: she said that it must not leave. Raises ValueError for an unknown kind. Side effect after commit: a
    poke.
    """
    people = list({person.pk: person for person in to}.values())
    now = timezone.now()
    values: dict[str, Any] = {"occurrence": occurrence, "not_before": now, "try_at": now}
    before = _take_place(kind, target, now) if instead else None
    waits = len(people) >= MANY and not urgent and (deadline is None or deadline > now + 2 * PAUSE)
    if people and (waits or (before is not None and (before.note_en or before.state == BatchState.HELD))):
        batch = _batch(kind, target, occurrence, _standing(before, now, waits))
        if batch.state in (BatchState.STOPPED, BatchState.LAPSED):
            return
        start = max(batch.leaves_at, now)
        state = MailState.HELD if batch.state == BatchState.HELD else MailState.DUE
        values |= {"batch": batch, "state": state, "not_before": start, "try_at": start}
    _plan(kind, target, [(person, "") for person in people], deadline=deadline or now + LIFE, **values)


def _take_place(kind: str, target: Model, now: dt.datetime) -> MailBatch | None:
    """Cancel what has not left; the batch whose words and standing the next one takes over, as it was: the newest that
    was open, or was on its way without a mail having left.

    Locked: what is being decided of it is decided before. Stopped, so that a mail which is being given away at this
    moment, and which its server does not take, does not come back beside the new one.
    """
    about = {"kind": kind, "target_type": target._meta.label_lower, "target_id": str(target.pk)}
    rows = MailBatch.objects.select_for_update(of=("self",)).filter(**about)
    found = list(rows.filter(state__in=(*OPEN_BATCH, BatchState.RELEASED)).order_by("-pk"))
    waited = set(OutboxMail.objects.filter(still_here(), batch__in=found).values_list("batch_id", flat=True))
    cancel(target=target, kind=kind)
    left = set(
        OutboxMail.objects.filter(~Q(state=MailState.CANCELLED), batch__in=found).values_list("batch_id", flat=True)
    )
    replaced = [row for row in found if row.is_open or (row.pk in waited and row.pk not in left)]
    for row in found:
        if row.is_open or row.pk in waited:
            changed = {"state": BatchState.STOPPED, "settled_at": now, "version": row.version + 1}
            MailBatch.objects.filter(pk=row.pk).update(**changed)
    return replaced[0] if replaced else None


def _standing(before: MailBatch | None, now: dt.datetime, waits: bool) -> dict[str, Any]:
    """How a new batch begins. One that does not wait is on its way at once, and is there for its words alone."""
    values: dict[str, Any] = {"leaves_at": now + PAUSE if waits else now}
    if before is not None:
        kept = ("note_en", "note_fr", "note_pt", "decided_by_id")
        values |= {name: getattr(before, name) for name in kept}
    if before is not None and before.state == BatchState.HELD:
        values["state"] = BatchState.HELD
    elif not waits:
        values |= {"state": BatchState.RELEASED, "settled_at": now}
    return values


def _batch(kind: str, target: Model, occurrence: str, values: dict[str, Any]) -> MailBatch:
    """Locked: nobody decides of it while mails join it."""
    which: dict[str, Any] = {"kind": kind, "occurrence": occurrence}
    which |= {"target_type": target._meta.label_lower, "target_id": str(target.pk)}
    MailBatch.objects.bulk_create([MailBatch(**which, **values)], ignore_conflicts=True)
    return MailBatch.objects.select_for_update(of=("self",)).get(**which)


def _plan(kind: str, target: Model, readers: list[tuple[Model | None, str]], **values: Any) -> None:
    if kind not in KINDS:
        raise ValueError(f"No kind of mail is named {kind!r}.")
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    OutboxMail.objects.bulk_create(
        [
            OutboxMail(
                kind=kind,
                target_type=target._meta.label_lower,
                target_id=str(target.pk),
                recipient_id=to.pk if to else None,
                address="" if to else address,
                message_id=f"<{uuid.uuid4().hex}@{domain}>",
                **values,
            )
            for to, address in readers
        ],
        ignore_conflicts=True,
    )
    poke_after_commit()


def still_here() -> Q:
    """Of mails: planned, and not given to a mail server yet."""
    return Q(state__in=(MailState.DUE, MailState.HELD)) | Q(state=MailState.LEASED, handed_over=False)


def cancel(*, target: Model, kind: str = "", to: Model | None = None, address: str = "") -> int:
    """Cancel what is planned about ``target`` and was not given to a mail server yet; returns how many rows."""
    rows = OutboxMail.objects.filter(
        still_here(),
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
    )
    if kind:
        rows = rows.filter(kind=kind)
    if to is not None:
        rows = rows.filter(recipient_id=to.pk)
    if address:
        rows = rows.filter(address__iexact=address)
    return _end(rows)


def cancel_for(person: Model) -> int:
    """Cancel everything planned for somebody who leaves; returns how many rows."""
    rows = OutboxMail.objects.filter(still_here(), recipient_id=person.pk)
    return _end(rows)


def withdraw(kind: str, people: Collection[int]) -> int:
    """Cancel what of one kind is planned for these people (ids) and was not given to a mail server yet; returns how
    many rows. Holds them until the transaction ends: no sender can hand one of them over meanwhile."""
    rows = OutboxMail.objects.filter(still_here(), kind=kind, recipient__in=people)
    return _end(rows)


def _end(rows: QuerySet[OutboxMail]) -> int:
    """What a server said of an earlier try is not the reason, and does not stay."""
    now = timezone.now()
    return rows.update(state=MailState.CANCELLED, problem=NO_LONGER_DUE, settled_at=now, lease=None, leased_until=None)
