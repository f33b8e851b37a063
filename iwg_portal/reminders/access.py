"""Who keeps the steps of reminders. This floor is given the viewer of ``members.access``, as the floor of mail is."""

from __future__ import annotations

from django.db.models import QuerySet

from iwg_portal.mail.access import Viewer
from iwg_portal.reminders.models import ReminderPlan


def can_keep_plans(viewer: Viewer) -> bool:
    """The secretariat: it answers for what the portal asks of people."""
    return "secretariat" in viewer.roles


def visible_plans(viewer: Viewer) -> QuerySet[ReminderPlan]:
    return ReminderPlan.objects.all() if can_keep_plans(viewer) else ReminderPlan.objects.none()
