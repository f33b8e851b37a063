"""Which people a viewer sees, what of them, and what she may do about their offices."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils import timezone

from iwg_portal.mail import unreachable
from iwg_portal.mail.models import UnreachableAddress
from members.access.audience import DEFAULT_AUDIENCE, may_read
from members.access.viewer import Viewer
from members.enums import GROUP_ROLES, Role
from members.models import Person, State, Term, current

_DELEGATION = (Role.DELEGATE, Role.FOCAL_POINT, Role.CHAIR)


def visible_contacts(viewer: Viewer, state: State, on: dt.date | None = None) -> QuerySet[Term]:
    """Current focal points of a state: for the delegations of member states and the secretariat."""
    if not may_read(viewer, DEFAULT_AUDIENCE["contact"], state.pk):
        return Term.objects.none()
    return (
        Term.objects.filter(
            current(on or timezone.localdate()),
            state=state,
            role__in=(Role.FOCAL_POINT, Role.CHAIR),
            person__is_active=True,
        )
        .select_related("person")
        .order_by("role", "person__full_name", "id")
    )


def can_see_phones(viewer: Viewer, state: State) -> bool:
    """Telephone numbers of contacts are for their own delegation and the secretariat."""
    return may_read(viewer, DEFAULT_AUDIENCE["phone"], state.pk)


def terms_with_phone(viewer: Viewer, state: State) -> QuerySet[Term]:
    """Offices of the state of whose holder she reads the number. Of whom the office has ended it is for nobody."""
    if not can_see_phones(viewer, state):
        return Term.objects.none()
    return Term.objects.filter(current(timezone.localdate()), state=state, person__is_active=True)


def can_take_all(viewer: Viewer, state: State) -> bool:
    """All that the portal holds of a state, as one archive: its own delegation alone; nobody else reads all of it."""
    return viewer.person is not None and state.pk in viewer.own_states


# -- The pages about people ------------------------------------------------------------------------------------------


def sees_people(viewer: Viewer) -> bool:
    """More people than herself: there is a list to look at."""
    return sees_everybody(viewer) or bool(viewer.own_states)


def visible_terms(viewer: Viewer) -> QuerySet[Term]:
    """Administrators and secretariat: all. A focal point: all of her delegation, ended ones too. A delegate: the
    current ones of her delegation. Everybody: her own."""
    terms = Term.objects.select_related("state", "organisation").order_by("-starts_on", "-id")
    if sees_everybody(viewer):
        return terms
    if viewer.person is None:
        return terms.none()
    rule = Q(person=viewer.person)
    if viewer.focal_states:
        rule |= Q(state__in=viewer.focal_states, role__in=_DELEGATION)
    if viewer.own_states:
        here = current(timezone.localdate())
        rule |= here & Q(state__in=viewer.own_states, role__in=_DELEGATION, person__is_active=True)
    return terms.filter(rule)


def visible_people(viewer: Viewer) -> QuerySet[Person]:
    """Herself, and whoever holds a term that she sees."""
    if sees_everybody(viewer):
        return Person.objects.order_by("full_name", "pk")
    if viewer.person is None:
        return Person.objects.none()
    held = Exists(visible_terms(viewer).filter(person=OuterRef("pk")))
    return Person.objects.filter(Q(pk=viewer.person.pk) | held).order_by("full_name", "pk")


def can_see_phone(viewer: Viewer, person: Person) -> bool:
    """Her own; the secretariat's view; the current members of one's own delegation."""
    if viewer.in_secretariat or person == viewer.person:
        return True
    ours = person.terms.filter(current(timezone.localdate()), state__in=viewer.own_states, role__in=_DELEGATION)
    return bool(viewer.own_states) and ours.exists()


def own_delegation(viewer: Viewer) -> QuerySet[Term]:
    """Who is in office today in her own delegation, by name: of all of them she sees the telephone too. None for those
    who have no delegation, whatever else they see."""
    here = visible_terms(viewer).filter(
        current(timezone.localdate()),
        state__in=sorted(viewer.own_states),
        role__in=_DELEGATION,
        person__is_active=True,
    )
    return here.select_related("person").order_by("state__alpha2", "person__full_name", "id")


def can_see_account(viewer: Viewer, person: Person) -> bool:
    """Second factor and day of the last sign-in: for those who manage accounts, and for herself."""
    return administers(viewer) or person == viewer.person


def visible_unreachable(viewer: Viewer) -> QuerySet[Person]:
    """People in office whom mail does not reach, with ``unreachable_since``: herself; for a focal point her delegation;
    for the secretariat and administrators everybody. The longest first."""
    today = timezone.localdate()
    marks = UnreachableAddress.objects.filter(address=Lower(OuterRef("email")))
    rows = Person.objects.annotate(unreachable_since=Subquery(marks.values("first_at")[:1]))
    rows = rows.filter(unreachable_since__isnull=False, is_active=True).order_by("unreachable_since", "pk")
    held = Term.objects.filter(current(today), person=OuterRef("pk"))
    if sees_everybody(viewer):
        return rows.filter(Exists(held))
    if viewer.person is None:
        return rows.none()
    rule = Q(pk=viewer.person.pk)
    if viewer.focal_states:
        rule |= Q(Exists(held.filter(state__in=sorted(viewer.focal_states), role__in=_DELEGATION)))
    return rows.filter(rule)


def unreachable_mark(viewer: Viewer, person: Person) -> UnreachableAddress | None:
    """That mail does not reach her, for whoever can do something about it; None also where it does."""
    knows = person == viewer.person or can_try_address_again(viewer, person)
    return unreachable.mark_of(person.email) if knows else None


def can_try_address_again(viewer: Viewer, person: Person) -> bool:
    """The secretariat, administrators, and the focal points of her state: they can ask her, or her server's people."""
    if sees_everybody(viewer):
        return True
    ours = person.terms.filter(
        current(timezone.localdate()), state__in=sorted(viewer.focal_states), role__in=_DELEGATION
    )
    return bool(viewer.focal_states) and ours.exists()


def can_end_term(viewer: Viewer, term: Term) -> bool:
    return administers(viewer) and not term.has_ended


def can_change_delegation(viewer: Viewer, term: Term) -> bool:
    return can_end_term(viewer, term) and term.role in (Role.DELEGATE, Role.FOCAL_POINT)


def can_deactivate(viewer: Viewer, person: Person) -> bool:
    """Never oneself: whoever closes an account must be there to open it again."""
    return administers(viewer) and person.is_active and person != viewer.person


def can_reactivate(viewer: Viewer, person: Person) -> bool:
    return administers(viewer) and not person.is_active


def confirmable_terms(viewer: Viewer) -> QuerySet[Term]:
    """The current offices of which she says once a year whether they still hold.

    A focal point for her delegation, the secretariat for observers and partners, an administrator for the
    secretariat and the administrators.
    """
    rule = Q(pk__in=[])
    if viewer.focal_states:
        rule |= Q(state__in=viewer.focal_states, role__in=_DELEGATION)
    if viewer.in_secretariat:
        rule |= Q(role__in=(Role.OBSERVER, Role.PARTNER))
    if administers(viewer):
        rule |= Q(role__in=GROUP_ROLES)
    terms = Term.objects.filter(current(timezone.localdate()), rule, person__is_active=True)
    return terms.select_related("person", "state", "organisation").order_by("confirmed_on", "person__full_name", "id")


def can_say_left(viewer: Viewer, term: Term) -> bool:
    """Whoever confirms an office may also say that it no longer holds; not her own, and not the chair's."""
    if term.person == viewer.person or term.role == Role.CHAIR:
        return False
    return confirmable_terms(viewer).filter(pk=term.pk).exists()


def administers(viewer: Viewer) -> bool:
    return Role.ADMINISTRATOR in viewer.roles


def sees_everybody(viewer: Viewer) -> bool:
    return bool(viewer.roles & set(GROUP_ROLES))
