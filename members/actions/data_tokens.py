"""Make and end the token with which a program reads data for a person."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.base import secret_links
from members import access, notices
from members.access import Viewer
from members.models import DataToken, Person

PREFIX = "iwg_"  # so that programs that look for lost secrets know one
MOST = 10  # of one person at a time


@transaction.atomic
def make_data_token(
    *, by: Viewer, label: str, datasets: Iterable[str], ceiling: str, days: int
) -> tuple[DataToken, str]:
    """The row and its secret, which nobody can read again. Raises PermissionDenied and ValidationError.

    Side effects: an event, and a mail that tells its person.
    """
    if not access.can_make_data_token(by) or by.person is None or ceiling not in access.ceilings_to_choose(by):
        raise PermissionDenied
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=by.person.pk)
    now = timezone.now()
    DataToken.objects.filter(person=person, ended_at=None, expires_at__lte=now).update(ended_at=F("expires_at"))
    if access.live_data_tokens(person).count() >= MOST:
        raise ValidationError(_("At most %(most)s tokens at a time. End one first.") % {"most": MOST})
    secret = PREFIX + secrets.token_urlsafe(32)
    token = DataToken(
        person=person,
        label=label,
        datasets=sorted(set(datasets)),
        ceiling=ceiling,
        token_hash=secret_links.hash_of(secret),
        made_at=now,
        expires_at=now + dt.timedelta(days=days),
    )
    token.full_clean()
    token.save()
    reach = {"datasets": token.datasets, "ceiling": ceiling}
    record("data_token.made", by=person, target=person, token=token.pk, days=days, reach=reach)
    notices.data_token_made(token)
    return token, secret


@transaction.atomic
def end_data_token(*, by: Viewer, token: DataToken) -> bool:
    """It works no more; False where it had ended. Hers, or anybody's by an administrator. Raises PermissionDenied."""
    token = DataToken.objects.select_for_update(of=("self",)).select_related("person").get(pk=token.pk)
    if not access.can_end_data_token(by, token):
        raise PermissionDenied
    if token.ended_at is not None:
        return False
    token.ended_at = timezone.now()
    token.save(update_fields=["ended_at"])
    record("data_token.ended", by=by.person, target=token.person, token=token.pk)
    return True


def end_data_tokens(person: Person) -> int:
    """For actions only, which write the event: with her account, her last office or her second factor."""
    return access.live_data_tokens(person).update(ended_at=timezone.now())
