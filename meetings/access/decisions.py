"""Who reads the register of decisions, and who says how far one has come. Source: the group's access table, §1 (a
decision is read as its record is) and §3."""

from __future__ import annotations

from django.db.models import QuerySet

from iwg_portal.activity.models import Event
from meetings.access.records import visible_records
from meetings.models import Decision
from members.access import Viewer

# What the history of a decision shows of the log.
KINDS = ("decision.changed", "decision.carried_out", "decision.superseded", "decision.reactivated")


def visible_decisions(viewer: Viewer) -> QuerySet[Decision]:
    """Of the records that she reads. A block that was taken out, or has no words yet, is no decision."""
    rows = Decision.objects.filter(record__in=visible_records(viewer), block__is_removed=False)
    return rows.exclude(number=None, block__text="")


def visible_history(viewer: Viewer, decision: Decision) -> QuerySet[Event]:
    """What was done with a decision, newest first, for whoever reads it: its status is no secret among them."""
    if not visible_decisions(viewer).filter(pk=decision.pk).exists():
        return Event.objects.none()
    rows = Event.objects.filter(target_type=Decision._meta.label_lower, target_id=str(decision.pk), kind__in=KINDS)
    return rows.order_by("-at", "-id")


def can_change_decision(viewer: Viewer) -> bool:
    """Type, addressee, status, successor: the secretariat."""
    return viewer.in_secretariat
