"""Mail to many about a meeting that has not left yet, for who decides of it: on the page of the meeting and of its
record."""

from __future__ import annotations

from django.db.models import CharField, Q
from django.db.models.functions import Cast

from iwg_portal.mail import access, queries
from iwg_portal.mail.kinds import title_of
from iwg_portal.mail.models import MailBatch
from meetings.access.silence import visible_circulations
from meetings.models import Circulation, Meeting
from members.access import Viewer


def mass_mails(viewer: Viewer, meeting: Meeting) -> list[tuple[MailBatch, str]]:
    """Each with the title of its kind. One query; none for those who decide of no mail."""
    if not access.can_decide(viewer):
        return []
    records = visible_circulations(viewer).filter(record__meeting=meeting).order_by()
    ids = records.annotate(text=Cast("pk", CharField())).values("text")
    about = Q(target_type=Meeting._meta.label_lower, target_id=str(meeting.pk))
    about |= Q(target_type=Circulation._meta.label_lower, target_id__in=ids)
    rows = queries.open_about(access.visible_batches(viewer), about)
    return [(row, title_of(row.kind)) for row in rows]
