"""Who reads which part of the log. It holds no content; whose affair an event was decides the rest."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from iwg_portal.activity.models import Event
from members.access.viewer import Viewer
from members.enums import GROUP_ROLES, Role
from members.models import Person, State, Term, current
from members.sorting import fold


def own_events(viewer: Viewer) -> QuerySet[Event]:
    """What she did, and what was done to her account."""
    return Event.objects.filter(_about([viewer.person.pk])) if viewer.person else Event.objects.none()


def state_events(viewer: Viewer, state: State) -> QuerySet[Event]:
    """The affairs of her own state, for its delegation."""
    return Event.objects.filter(state_id=state.pk) if can_see_state_events(viewer, state) else Event.objects.none()


def visible_events(viewer: Viewer) -> QuerySet[Event]:
    """Everything that she may read of the log; all of it for the secretariat and administrators."""
    if can_see_all_events(viewer):
        return Event.objects.all()
    if viewer.person is None:
        return Event.objects.none()
    return Event.objects.filter(_about([viewer.person.pk]) | Q(state_id__in=sorted(viewer.own_states)))


def can_see_state_events(viewer: Viewer, state: State) -> bool:
    return state.pk in viewer.own_states


def can_see_all_events(viewer: Viewer) -> bool:
    return bool(viewer.roles & {Role.SECRETARIAT, Role.ADMINISTRATOR})


def known_actors(viewer: Viewer) -> frozenset[int] | None:
    """Whose names she may read in the log; None: everybody's. One query, or none.

    Her own delegation (its focal point: past members too), the secretariat and administrators; a member also the
    contacts of the others.
    """
    if can_see_all_events(viewer):
        return None
    if viewer.person is None:
        return frozenset()
    today = current(timezone.localdate())
    known = Q(role__in=GROUP_ROLES) | Q(state__in=sorted(viewer.focal_states))
    known |= Q(today, state__in=sorted(viewer.own_states))
    if viewer.reads_members:
        known |= Q(today, role__in=(Role.FOCAL_POINT, Role.CHAIR))
    people = Term.objects.filter(known).order_by("pk").values_list("person_id", flat=True)
    return frozenset(people) | {viewer.person.pk}


def events_of_people(viewer: Viewer, text: str) -> Q:
    """Events by or about people whose name or address holds ``text``, accents or not. One query, over the people."""
    if not can_see_all_events(viewer):
        return Q(pk__in=[])
    wanted = fold(text)
    people = Person.objects.order_by("pk").values_list("pk", "full_name", "email")
    return _about([pk for pk, name, email in people if wanted in fold(name) or wanted in fold(email)])


def _about(people: list[int]) -> Q:
    about = Q(target_type=Person._meta.label_lower, target_id__in=[str(pk) for pk in people])
    return Q(actor_id__in=people) | about
