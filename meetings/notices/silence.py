"""Mail about a silence procedure. It names no meeting, no state and no word of a record: these are for the members,
and mail leaves the portal for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.base.marks import zone as zone_word
from iwg_portal.mail import kinds, outbox
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import OutboxMail
from meetings.access.silence import visible_circulations
from meetings.enums import CirculationState
from meetings.models import Circulation
from members.access import viewer_for
from members.models import Person


def circulated(circulation: Circulation, people: Iterable[Person]) -> None:
    """To the delegates and focal points concerned; of no use after the hour."""
    outbox.queue_all("meetings.circulated", target=circulation, to=people, deadline=circulation.deadline)


def taken_back(circulation: Circulation) -> None:
    """To whoever was told that it was circulated; what had not left is cancelled already."""
    outbox.queue_all("meetings.taken_back", target=circulation, to=_told_of(circulation))


def objected(circulation: Circulation, running: Collection[Person]) -> None:
    """To the secretariat and the chair, who act; and to whoever was told that it was circulated."""
    outbox.queue_all("meetings.objection", target=circulation, to=running)
    others = [person for person in _told_of(circulation) if person not in running]
    outbox.queue_all("meetings.stopped", target=circulation, to=others)


def _told_of(circulation: Circulation) -> QuerySet[Person]:
    told = OutboxMail.objects.filter(
        kind="meetings.circulated", target_type=circulation._meta.label_lower, target_id=str(circulation.pk)
    )
    people = told.exclude(state=MailState.CANCELLED).values("recipient_id")
    return Person.objects.filter(pk__in=people, is_active=True).order_by("pk")


def adopted(circulation: Circulation, people: Iterable[Person]) -> None:
    """To everybody concerned, the secretariat and the chair."""
    outbox.queue_all("meetings.adopted", target=circulation, to=people)


def _sample_circulated() -> dict[str, Any]:
    return _deadline(timezone.now() + dt.timedelta(days=7)) | {"link": _link(1)}


@kinds.kind("meetings.circulated", title=gettext_lazy("A record is under silence procedure"), sample=_sample_circulated)
def circulated_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """None when it has ended meanwhile, or she may not read it any more."""
    found = _circulation(mail)
    if found is None or not found.takes_words(timezone.now()):
        return None
    return _deadline(found.deadline) | {"link": _link(found.record.meeting_id)}


@kinds.kind(
    "meetings.taken_back",
    title=gettext_lazy("A record is no longer under silence procedure"),
    sample=lambda: {"link": _link(1)},
)
def taken_back_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """None where she may not read that there was one."""
    found = _circulation(mail)
    if found is None or found.state != CirculationState.WITHDRAWN:
        return None
    return {"link": _link(found.record.meeting_id)}


@kinds.kind(
    "meetings.objection", title=gettext_lazy("A silence procedure has stopped"), sample=lambda: {"link": _link(1)}
)
def objection_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """That it has stopped, which the state of the meeting tells the group; not why, and by whom."""
    found = _circulation(mail)
    if found is None or found.state != CirculationState.STOPPED:
        return None
    return {"link": _link(found.record.meeting_id)}


@kinds.kind(
    "meetings.stopped",
    title=gettext_lazy("A record is not adopted by silence"),
    sample=lambda: {"link": _link(1)},
)
def stopped_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """As ``objection_mail``, for the delegations."""
    return objection_mail(mail)


@kinds.kind("meetings.adopted", title=gettext_lazy("A record is adopted"), sample=lambda: {"link": _link(1)})
def adopted_mail(mail: OutboxMail) -> dict[str, Any] | None:
    found = _circulation(mail)
    if found is None or found.state != CirculationState.ADOPTED:
        return None
    return {"link": _link(found.record.meeting_id)}


def _circulation(mail: OutboxMail) -> Circulation | None:
    """What the mail is about, if its reader may read it today."""
    return visible_circulations(viewer_for(mail.recipient)).filter(pk=mail.target_id).first()


def _deadline(at: dt.datetime) -> dict[str, Any]:
    """By the reader's clocks, with the name of her zone."""
    local = timezone.localtime(at)
    return {"until": local, "zone": zone_word(local)}


def _link(meeting: int) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('silence', args=[meeting])}"
