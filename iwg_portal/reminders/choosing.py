"""A person's own word on her digests: on the page, and by the link in one of them."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.mail.access import Viewer
from iwg_portal.reminders import access
from iwg_portal.reminders.digests import TOPICS, follows
from iwg_portal.reminders.enums import Cadence
from iwg_portal.reminders.models import DigestChoice

LONGEST = 18  # digits of an id


@transaction.atomic
def choose_digest(
    *, cadence: str, topics: Collection[str], version: int, by: Viewer, followed: Collection[str] = ()
) -> None:
    """How often ``by`` wants a digest, and of which topics (names); ``followed``: what she follows alone (keys of
    ``digests.Follow``). ``version`` is the one that was read, 0 for none.

    Raises ``PermissionDenied``, ``ValueError`` for a topic or a thing to follow that there is not for her, or
    ``ValidationError``: no topic, or changed meanwhile. What is planned and not sent goes by what holds when it leaves.
    Side effect: an event.
    """
    if by.person is None or not access.can_choose_digest(by):
        raise PermissionDenied
    known = {one.key(value) for one in follows() for value, _words in one.choices(by.person)} if followed else set()
    unknown = set(topics) - set(TOPICS) | set(followed) - known
    if unknown:
        raise ValueError(f"There are no topics named {sorted(unknown)}.")
    now = timezone.now()
    row = access.own_digest(by).select_for_update(of=("self",)).first()
    if version != (row.version if row else 0):
        raise ValidationError(
            _("You changed this in another window meanwhile. What you chose here stands below; save it again."),
            "clash",
        )
    if row is None:
        row = DigestChoice(person_id=by.person.pk, since=now, chosen_at=now, version=0)
    elif cadence != row.cadence:
        row.since = now if row.cadence == Cadence.NONE else row.since
        row.chosen_at = now
    row.cadence, row.topics, row.followed = cadence, sorted(topics), sorted(followed)
    row.version += 1
    row.full_clean(exclude=["person"])
    row.save()
    record("digest.chosen", by=by.person, target=by.person, cadence=cadence)


def holder(token: str) -> DigestChoice | None:
    """Whose link this is; None for one that this portal did not make. One look at an index. Reads only."""
    number, _dot, _secret = token.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) <= LONGEST):
        return None
    row = DigestChoice.objects.select_related("person").filter(person=int(number)).first()
    return row if row is not None and constant_time_compare(row.token, token) else None


@transaction.atomic
def stop_digests(*, choice: DigestChoice) -> None:
    """No digest any more, by the link in one (see ``holder``). What is not sent yet is not sent. Reminders of duties
    are no digest and go on. A second time nothing happens. Side effect: an event, in the name of whose link it is.
    """
    row = DigestChoice.objects.select_for_update(of=("self",)).select_related("person").get(pk=choice.pk)
    if row.cadence == Cadence.NONE:
        return
    row.cadence, row.chosen_at, row.version = Cadence.NONE, timezone.now(), row.version + 1
    row.save(update_fields=["cadence", "chosen_at", "version"])
    record("digest.stopped_from_mail", by=row.person, target=row.person)
