"""Mail about meetings: announced, moved, cancelled; and the answer to who proposed an item.

A mail says what the whole group may read. Of a meeting for fewer readers it says only that there is one, and a link.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from iwg_portal.mail import kinds, outbox
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import OutboxMail
from meetings.access.meetings import audience_announced, audience_invited, visible_items, visible_meetings
from meetings.enums import ItemState, MeetingState
from meetings.models import AgendaItem, Meeting, Registration
from meetings.queries.meetings import place_words, when, zone_of
from members.access import viewer_for, visible_group
from members.enums import Audience
from members.models import KEPT_FOR, Kept, Person

TOLD = "meetings.announced"
MOVED = "meetings.moved"
# What makes somebody travel at the wrong time or to the wrong place.
MOVES = frozenset({"starts_at", "ends_at", "zone", "place", "link"})
NEAR = dt.timedelta(hours=24)
# While somebody may still set out for it.
BEFORE_ITS_END = frozenset({MeetingState.ANNOUNCED, MeetingState.RUNNING})


def announced(meeting: Meeting) -> None:
    """To each who is to know, once; of no use after the meeting."""
    if meeting.ends_at <= timezone.now():
        return
    deadline = min(meeting.ends_at, timezone.now() + outbox.LIFE)
    outbox.queue_all(TOLD, target=meeting, to=audience_announced(meeting), deadline=deadline, urgent=_is_near(meeting))


def moved(meeting: Meeting) -> None:
    """Its days, hours, place or link are others than were announced: to everybody invited, once for each change that
    is saved; of two that follow each other at once the last alone, with the words that the secretariat gave to the
    first. Whose announcement has not left yet reads the new facts there."""
    if meeting.state not in BEFORE_ITS_END or meeting.ends_at <= timezone.now():
        outbox.cancel(target=meeting, kind=MOVED)
        return
    about = OutboxMail.objects.filter(target_type=meeting._meta.label_lower, target_id=str(meeting.pk))
    unsaid = about.filter(kind=TOLD, state__in=(MailState.DUE, MailState.HELD))
    waiting = set(unsaid.values_list("recipient_id", flat=True))
    people = [person for person in audience_invited(meeting) if person.pk not in waiting]
    values: dict[str, Any] = {"occurrence": str(meeting.version), "urgent": _is_near(meeting), "instead": True}
    values |= {"deadline": min(meeting.ends_at, timezone.now() + outbox.LIFE)}
    outbox.queue_all(MOVED, target=meeting, to=people, **values)


def cancelled(meeting: Meeting) -> None:
    """To whoever was told of it or is registered, and once some were told also to who took office since then and is
    invited. Announcements and changes that have not left do not leave, and whose they were hears nothing."""
    outbox.cancel(target=meeting, kind=TOLD)
    outbox.cancel(target=meeting, kind=MOVED)
    if meeting.ends_at <= timezone.now():
        return
    about = OutboxMail.objects.filter(kind__in=(TOLD, MOVED), target_id=str(meeting.pk))
    about = about.filter(target_type=meeting._meta.label_lower)
    told = set(about.exclude(state=MailState.CANCELLED).values_list("recipient_id", flat=True))
    untold = set(about.values_list("recipient_id", flat=True)) - told
    coming = Registration.objects.filter(meeting=meeting).exclude(answer="no").values_list("person_id", flat=True)
    # Of one that was announced longer ago than the ledger keeps its rows, nobody can be found there any more.
    forgotten = meeting.announced_at is not None and meeting.announced_at < timezone.now() - KEPT_FOR[Kept.MAIL]
    invited = {person.pk for person in audience_invited(meeting)} - untold if told or forgotten else set()
    people = Person.objects.filter(pk__in=told | set(coming) | invited, is_active=True).order_by("pk")
    outbox.queue_all("meetings.cancelled", target=meeting, to=people, urgent=_is_near(meeting))


def _is_near(meeting: Meeting) -> bool:
    """Somebody may be setting out for it already: no mail about it waits to be looked at once more."""
    return meeting.starts_at - timezone.now() < NEAR


def item_decided(item: AgendaItem) -> None:
    """To who proposed it: one mail for each answer. Nothing where nobody proposed it."""
    if item.proposed_by is not None:
        outbox.queue("meetings.item_decided", target=item, to=item.proposed_by, occurrence=item.status)


def address(name: str, *args: object) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse(name, args=args)}"


def _facts(meeting: Meeting, reader: Person | None) -> dict[str, Any]:
    """Title, days and place, where the whole group may read them; else empty."""
    link = address("meeting", meeting.pk)
    if meeting.audience not in (Audience.GROUP, Audience.PUBLIC):
        return {"title": "", "series": "", "when": "", "own_when": "", "place": "", "link": link}
    times = when(meeting, zone_of(reader, visible_group()))
    return {
        "title": meeting.title,
        "series": meeting.group.name,
        "when": times.words,
        "own_when": times.own,
        "place": place_words(meeting),
        "link": link,
    }


def _sample() -> dict[str, Any]:
    return {
        "title": "Sample meeting",
        "series": "Sample series",
        "when": _sample_when(),
        "own_when": "10:00–18:00 WAT",
        "place": "Praia",
        "link": address("meeting", 1),
    }


def _sample_when() -> str:
    return {"fr": "10–12 novembre 2026, 09:00–17:00 GMT", "pt": "10–12 de novembro de 2026, 09:00–17:00 GMT"}.get(
        translation.get_language() or "", "10–12 November 2026, 09:00–17:00 GMT"
    )


@kinds.kind("meetings.announced", title=gettext_lazy("A meeting is announced"), sample=_sample)
def announced_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """Not due any more where it was cancelled, is over, or is not hers to read."""
    meeting = _meeting(mail)
    if meeting is None or meeting.state in (MeetingState.DRAFT, MeetingState.CANCELLED):
        return None
    return None if meeting.ends_at <= timezone.now() else _facts(meeting, mail.recipient)


@kinds.kind(
    MOVED,
    title=gettext_lazy("A meeting takes place at another time or place"),
    sample=lambda: {"link": address("meeting", 1)},
)
def moved_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """Which meeting, and what of it, is read in the portal. Not due where the meeting is over or cancelled."""
    meeting = _meeting(mail)
    if meeting is None or meeting.state not in BEFORE_ITS_END:
        return None
    return None if meeting.ends_at <= timezone.now() else {"link": address("meeting", meeting.pk)}


@kinds.kind("meetings.cancelled", title=gettext_lazy("A meeting is cancelled"), sample=_sample)
def cancelled_mail(mail: OutboxMail) -> dict[str, Any] | None:
    meeting = _meeting(mail)
    if meeting is None or meeting.state != MeetingState.CANCELLED:
        return None
    return _facts(meeting, mail.recipient)


def _meeting(mail: OutboxMail) -> Meeting | None:
    """As far as its reader may read it now."""
    rows = visible_meetings(viewer_for(mail.recipient)).select_related("group", "host")
    return rows.filter(pk=mail.target_id).first()


@kinds.kind(
    "meetings.item_decided",
    title=gettext_lazy("Your proposal for an agenda is answered"),
    sample=lambda: {"accepted": True, "link": address("meeting", 1)},
)
def item_decided_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """Which item it was is read in the portal. Not due where the answer has changed since."""
    item = visible_items(viewer_for(mail.recipient)).filter(pk=mail.target_id, status=mail.occurrence).first()
    if item is None:
        return None
    return {"accepted": item.status == ItemState.ACCEPTED, "link": address("meeting", item.meeting_id)}
