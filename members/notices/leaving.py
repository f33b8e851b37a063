"""Mail about the yearly confirmation of people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.mail import kinds, outbox
from iwg_portal.mail.models import OutboxMail
from members.access import confirmable_terms, viewer_for
from members.models import CONFIRM_EVERY, CONFIRM_GRACE, Person
from members.notices.joining import address_of


def confirmation_due(*, target: Model, lapses_on: dt.date, readers: Iterable[Person]) -> None:
    """Once for each reader and day on which something lapses; of no use after that day."""
    end = timezone.make_aware(dt.datetime.combine(lapses_on, dt.time.min))
    if end <= timezone.now():
        return
    for person in readers:
        outbox.queue("members.confirmation", target=target, to=person, occurrence=lapses_on.isoformat(), deadline=end)


def _sample() -> dict[str, Any]:
    return {"count": 3, "until": dt.date(2026, 3, 1), "link": address_of("confirm_people")}


@kinds.kind("members.confirmation", title=gettext_lazy("Please confirm your people"), sample=_sample)
def confirmation(mail: OutboxMail) -> dict[str, Any] | None:
    """How many lapse on that day that she can still confirm; none: not due any more."""
    lapses_on = dt.date.fromisoformat(mail.occurrence)
    terms = confirmable_terms(viewer_for(mail.recipient))
    count = terms.filter(confirmed_on__lte=lapses_on - CONFIRM_EVERY - CONFIRM_GRACE).count()
    if not count:
        return None
    return {"count": count, "until": lapses_on, "link": address_of("confirm_people")}
