"""Sessions of a person: how one begins, and how they end by her own hand or because a right has ended.

The database holds them, so the very next request finds none.
"""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from iwg_portal.activity.log import record
from members import notices
from members.models import FactorState, Person


@transaction.atomic
def begin_session(*, by: Person, session_key: str, device: str, network: str, known_device: bool) -> None:
    """Put a session that has just begun into its person's list; tell her by mail of a browser that is new to her.

    ``network`` is the beginning of the address, as in ``members.sign_in.network_of``. The first sign-in of all is
    no news, and begins the week in which some may do without a second factor.
    """
    state, _created = FactorState.objects.get_or_create(person=by)
    first = state.first_signed_in_at is None
    if first:
        state.first_signed_in_at = timezone.now()
        state.save(update_fields=["first_signed_in_at"])
    held, _created = UserSession.objects.update_or_create(
        session_key=session_key, defaults={"user": by, "ip": network, "user_agent": device[:200]}
    )
    record("person.signed_in", by=by, target=by)
    if not known_device and not first:
        notices.new_device(by, held)


def follow_session(*, before: str, after: str) -> None:
    """A session has got a new key; its line in the list of devices stays the same."""
    UserSession.objects.filter(session_key=before).update(session_key=after)


@transaction.atomic
def end_session(*, by: Person, session: UserSession) -> None:
    """End one of her own sessions; it is over at that browser's next request."""
    if session.user_id != by.pk:
        raise PermissionDenied
    Session.objects.filter(session_key=session.session_key).delete()
    session.delete()
    record("person.sessions_ended", by=by, target=by, count=1)


@transaction.atomic
def end_other_sessions(*, by: Person, but: str) -> int:
    """End all of her own sessions except the one with the key ``but``; returns how many."""
    ended = end_sessions(person=by, but=but)
    if ended:
        record("person.sessions_ended", by=by, target=by, count=ended)
    return ended


@transaction.atomic
def end_sessions(*, person: Person, but: str = "") -> int:
    """Sign the person out everywhere, except in the session with the key ``but``. Returns how many sessions ended.

    For actions only: the caller has checked the right and writes the event. Side effect: the list of her devices is
    emptied too.
    """
    listed = set(UserSession.objects.filter(user=person).values_list("session_key", flat=True))
    # A session that no device is listed for must end as well, and only its own bytes say whose it is.
    others = Session.objects.filter(expire_date__gt=timezone.now()).exclude(session_key__in=listed).order_by("pk")
    hers = {row.session_key for row in others.iterator() if row.get_decoded().get(SESSION_KEY) == str(person.pk)}
    keys = (listed | hers) - {but}
    UserSession.objects.filter(user=person, session_key__in=keys).delete()
    ended, _rows = Session.objects.filter(session_key__in=keys).delete()
    return ended


def forget_ended_sessions() -> int:
    """Empty the lists of devices of sessions that are over; returns how many. Called once a day."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    return UserSession.objects.filter(~Exists(alive)).delete()[0]
