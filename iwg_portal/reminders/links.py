"""Links that answer from a mail: made when the mail is composed, found when they are opened, spent once."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from iwg_portal.base import secret_links
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders.models import AnswerLink
from iwg_portal.reminders.registry import REMINDERS

LIFE = dt.timedelta(days=14)

Place = tuple[str, str]  # kind of reminder, id of the row


class DeadLink(Exception):
    """The link does not work, or not any more. ``known``: there was such a link."""

    def __init__(self, *, known: bool) -> None:
        super().__init__()
        self.known = known


@transaction.atomic
def make(mail: OutboxMail, until: dict[Place, dt.datetime | None], now: dt.datetime) -> dict[Place, str]:
    """The tokens with which the reader of ``mail`` answers, for each place that is still open at ``now``.

    ``until``: when the thing itself ends, None where it does not. Composed again, the same mail gets the same tokens; a
    link that an earlier mail carried works no more. What was answered from this very mail has none. Side effect: rows.
    """
    ends = {place: min(now + LIFE, end or now + LIFE) for place, end in until.items()}
    hers = AnswerLink.objects.filter(
        person=mail.recipient_id, kind__in={kind for kind, _id in ends}, target_id__in={pk for _kind, pk in ends}
    )
    spent = set(hers.filter(mail=mail, used_at__isnull=False).order_by().values_list("kind", "target_id"))
    ends = {place: end for place, end in ends.items() if end > now and place not in spent}
    AnswerLink.objects.bulk_create([_new(mail, place, now, end) for place, end in ends.items()], ignore_conflicts=True)
    found = {}
    for link in hers.filter(used_at=None).select_for_update(of=("self",)).order_by("pk"):
        place = (link.kind, link.target_id)
        if place not in ends:
            continue
        if link.mail_id != mail.pk:
            fresh = _new(mail, place, now, ends[place], pk=link.pk)
            fresh._state.adding = False
            fresh.save(update_fields=["mail", "nonce", "token_hash", "made_at", "expires_at"])
            link = fresh
        if link.expires_at > now:
            found[place] = link.token
    return found


def _new(mail: OutboxMail, place: Place, now: dt.datetime, end: dt.datetime, **row: object) -> AnswerLink:
    kind, target = place
    assert mail.recipient_id is not None  # the daily mail goes to people
    link = AnswerLink(
        kind=kind,
        target_type=REMINDERS[kind].target_type,
        target_id=target,
        person_id=mail.recipient_id,
        mail=mail,
        made_at=now,
        expires_at=end,
        **row,
    )
    link.token_hash = secret_links.hash_of(link.token)
    return link


def address(token: str) -> str:
    """A token travels in the query, which no log holds."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('act')}?key={token}"


def find(token: str, now: dt.datetime) -> AnswerLink:
    """The link with this token, if it works. One look at an index whatever the token is. Raises ``DeadLink``."""
    return _working(AnswerLink.objects.all(), token, now)


def spend(token: str, now: dt.datetime) -> AnswerLink:
    """The same, under lock, and it works no more: of two at once the second learns here that it is late. Call it in the
    transaction of what is done by it. Raises ``DeadLink``."""
    link = _working(AnswerLink.objects.select_for_update(of=("self",)), token, now)
    link.used_at = now
    link.save(update_fields=["used_at"])
    return link


def _working(rows: QuerySet[AnswerLink], token: str, now: dt.datetime) -> AnswerLink:
    link = rows.select_related("person").filter(token_hash=secret_links.hash_of(token)).first()
    if link is None:
        raise DeadLink(known=False)
    if link.used_at is not None or link.expires_at <= now or not link.person.is_active:
        raise DeadLink(known=True)
    return link
