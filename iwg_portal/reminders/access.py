"""Who keeps the steps of reminders, and whose choice a digest is. This floor is given the viewer of ``members.access``,
as the floor of mail is."""

from __future__ import annotations

from django.db.models import QuerySet

from iwg_portal.mail.access import Viewer
from iwg_portal.reminders.models import DigestChoice, ReminderPlan


def can_keep_plans(viewer: Viewer) -> bool:
    """The secretariat: it answers for what the portal asks of people."""
    return "secretariat" in viewer.roles


def visible_plans(viewer: Viewer) -> QuerySet[ReminderPlan]:
    return ReminderPlan.objects.all() if can_keep_plans(viewer) else ReminderPlan.objects.none()


def can_choose_digest(viewer: Viewer) -> bool:
    """Whoever holds an office: to somebody else there is nothing to tell."""
    return viewer.person is not None and bool(viewer.roles)


def own_digest(viewer: Viewer) -> QuerySet[DigestChoice]:
    """Her own choice, if she has made one; nobody sees another's."""
    return DigestChoice.objects.filter(person=viewer.person.pk) if viewer.person else DigestChoice.objects.none()
