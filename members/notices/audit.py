"""Mail with the head of the log's chain: kept outside the portal, it shows a chain that was computed anew."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.activity import chain
from iwg_portal.mail import kinds, outbox
from iwg_portal.mail.models import OutboxMail
from members.access import viewer_for
from members.enums import Role
from members.models import Person, current

READERS = frozenset({Role.SECRETARIAT, Role.CHAIR})
MORNING = dt.time(8)  # in the reader's own zone
WALKED = 10_000  # events, the newest: enough for a day; the daily task walks them all


def audit_head(day: dt.date) -> None:
    """To the secretariat and the chair, once a day each: in the morning of ``day``, of no use a day later."""
    holders = Person.objects.filter(current(day, "terms__"), terms__role__in=READERS, is_active=True)
    for person in holders.distinct().order_by("pk"):
        start = dt.datetime.combine(day, MORNING, ZoneInfo(person.zone or settings.TIME_ZONE))
        end = start + dt.timedelta(days=1)
        if timezone.now() < end:
            outbox.queue(
                "members.audit_head",
                target=person,
                to=person,
                occurrence=day.isoformat(),
                not_before=max(start, timezone.now()),
                deadline=end,
            )


def _sample() -> dict[str, Any]:
    return {"head": f"1204:{chain.FIRST.hex()}", "whole": True}


@kinds.kind("members.audit_head", title=gettext_lazy("Head of the log"), sample=_sample)
def audit_head_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """The head of the moment when it leaves, and whether the newest events form a chain; None: no office any more."""
    if mail.recipient is None or not viewer_for(mail.recipient).roles & READERS:
        return None
    head = chain.head()
    return {"head": str(head), "whole": not chain.verify(since=max(0, head.seq - WALKED)).problem}
