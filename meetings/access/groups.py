"""Who leads a group, whose turn it is, and what a chair hands over. Source: the group's access table, §3."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from meetings.access.meetings import runs_meetings, visible_groups
from meetings.models import CoChair
from members.access import Viewer
from members.enums import Role
from members.models import Person, Term, current


def visible_co_chairs(viewer: Viewer) -> QuerySet[CoChair]:
    """Which state or organisation leads a group: known to the whole group. Past ones stay, newest first."""
    rows = CoChair.objects.filter(group__in=visible_groups(viewer)).select_related("state", "organisation", "person")
    return rows.order_by("-starts_on", "-id")


def names_people(viewer: Viewer) -> bool:
    """The persons behind an office are contacts: for the delegations of member states and the secretariat."""
    return viewer.reads_members


def can_edit_group(viewer: Viewer) -> bool:
    return viewer.in_secretariat


def can_plan(viewer: Viewer) -> bool:
    """Change the rotation as planned."""
    return viewer.in_secretariat


def can_hand_over(viewer: Viewer) -> bool:
    """Chair and secretariat: what the next chair takes over."""
    return runs_meetings(viewer)


def eligible_people(viewer: Viewer, on: dt.date) -> QuerySet[Person]:
    """Who may act for a state or organisation that leads a group: whoever holds one of its offices on that day."""
    if not can_edit_group(viewer):
        return Person.objects.none()
    offices = Term.objects.filter(current(on), role__in=(Role.DELEGATE, Role.FOCAL_POINT, Role.OBSERVER, Role.PARTNER))
    return Person.objects.filter(pk__in=offices.values("person"), is_active=True).order_by("full_name", "pk")


def visible_focal_points(viewer: Viewer, on: dt.date) -> QuerySet[Term]:
    """The contacts of every state, by state: for who hands over."""
    if not (can_hand_over(viewer) and viewer.reads_members):
        return Term.objects.none()
    rows = Term.objects.filter(current(on), role__in=(Role.FOCAL_POINT, Role.CHAIR), person__is_active=True)
    return rows.select_related("state", "person").order_by("state__sort_name", "role", "person__full_name", "id")
