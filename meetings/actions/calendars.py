"""Make, renew and end the address of a personal calendar."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from iwg_portal.activity.log import record
from iwg_portal.base import secret_links
from meetings.access import calendars as access
from meetings.models import CalendarFeed
from meetings.models.calendars import new_nonce
from members.access import Viewer
from members.models import Person


@transaction.atomic
def make_feed(*, by: Viewer, anew: bool = False) -> CalendarFeed:
    """Her address. One that there is stays, unless it is to be made ``anew``: then the old one is dead.

    Raises PermissionDenied. Side effects: an event where something was made.
    """
    if not access.can_keep_feed(by) or by.person is None:
        raise PermissionDenied
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=by.person.pk)
    feed = CalendarFeed.objects.filter(person=person).first()
    if feed is not None and not anew:
        return feed
    made = feed is None
    feed = feed or CalendarFeed(person=person)
    feed.nonce, feed.made_at = new_nonce(), timezone.now()
    feed.token_hash = secret_links.hash_of(feed.token)
    feed.full_clean()
    feed.save()
    if made:
        record("calendar.made", by=person, target=person)
    else:
        record("calendar.renewed", by=person, target=person)
    return feed


@transaction.atomic
def end_feed(*, by: Viewer) -> bool:
    """From now on her address gives nothing; False where there was none. Side effects: an event."""
    if by.person is None:
        raise PermissionDenied
    count, _rows = CalendarFeed.objects.filter(person=by.person).delete()
    if count:
        record("calendar.ended", by=by.person, target=by.person)
    return bool(count)
