"""What a program reads with somebody's token, and who makes and ends one. Source: the group's access table, §4."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from iwg_portal.base import secret_links
from members.access.people import administers
from members.access.viewer import Viewer, viewer_for
from members.enums import Audience, Role
from members.models import CEILINGS, DataToken, Person

# As whom a program reads that may reach this audience: somebody with an office and without a state of her own. The one
# place where a token is narrowed; the filter and the predicate of the audience rule both follow from it.
_READS_AS = {Audience.MEMBERS: Role.DELEGATE, Audience.GROUP: Role.OBSERVER}


def reading_for(viewer: Viewer, ceiling: str) -> Viewer:
    """How a program looks for ``viewer``: at most ``ceiling``, and nothing that she has by an office of her own."""
    for audience in CEILINGS[CEILINGS.index(Audience(ceiling)) :]:
        if audience in viewer.reads:
            return Viewer(viewer.person, frozenset({_READS_AS[audience]}))
    return Viewer(viewer.person)


def token_of(secret: str) -> DataToken | None:
    """The token that works, if its person's account does; two queries at most."""
    row = DataToken.objects.select_related("person").filter(token_hash=secret_links.hash_of(secret)).first()
    return row if row and row.works and row.person.is_active else None


def viewer_of_data(token: DataToken) -> Viewer | None:
    """With the rights of today; None where her offices have ended. One query."""
    viewer = viewer_for(token.person)
    return reading_for(viewer, token.ceiling) if viewer.in_group else None


def can_make_data_token(viewer: Viewer) -> bool:
    """Whoever holds an office, in a session that has shown what the office asks for."""
    return viewer.person is not None and viewer.in_group and not viewer.looks_as


def ceilings_to_choose(viewer: Viewer) -> tuple[Audience, ...]:
    """Widest readers first: of what she reads herself."""
    return tuple(audience for audience in reversed(CEILINGS) if audience in viewer.reads)


def visible_data_tokens(viewer: Viewer) -> QuerySet[DataToken]:
    """Her own, newest first; an administrator sees everybody's that work."""
    if viewer.person is None:
        return DataToken.objects.none()
    own = DataToken.objects.filter(person=viewer.person)
    if administers(viewer):
        own = own | DataToken.objects.filter(ended_at=None, expires_at__gt=timezone.now())
    return own.select_related("person").order_by("-made_at", "-id")


def can_end_data_token(viewer: Viewer, token: DataToken) -> bool:
    return viewer.person is not None and (token.person_id == viewer.person.pk or administers(viewer))


def live_data_tokens(person: Person) -> QuerySet[DataToken]:
    return DataToken.objects.filter(person=person, ended_at=None, expires_at__gt=timezone.now())
