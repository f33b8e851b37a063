"""Second factors: who must have one by when, and who resets whose lost one."""

from __future__ import annotations

import datetime as dt

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from members.access.viewer import Viewer
from members.enums import FACTOR_AT_ONCE, FactorResetState, Role
from members.models import FactorReset, FactorState, Person

GRACE = dt.timedelta(days=7)  # after the first sign-in, for those who need no factor at once
FACTOR_RESET_LIFE = dt.timedelta(hours=72)


def factor_due_at(viewer: Viewer) -> dt.datetime | None:
    """Until when an unproven viewer may look at public pages and her own account; None: no longer. One query.

    Only for a viewer without proof: whoever has shown her factor owes nothing.
    """
    if viewer.owed_for & FACTOR_AT_ONCE or viewer.person is None:
        return None
    state = FactorState.objects.filter(person=viewer.person).first()
    first = state.first_signed_in_at if state else None
    until = (first or timezone.now()) + GRACE
    return until if timezone.now() < until else None


def has_factor(person: Person) -> bool:
    """She has a passkey or an app, whether or not it was shown in a session. In the demonstration everybody has one: a
    persona's button counts as a factor. One query."""
    rows = Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return settings.DEMO or rows.exists()


def can_ask_factor_reset(viewer: Viewer) -> bool:
    return Role.ADMINISTRATOR in viewer.roles


def visible_factor_resets(viewer: Viewer) -> QuerySet[FactorReset]:
    """Newest first, to administrators alone."""
    if not can_ask_factor_reset(viewer):
        return FactorReset.objects.none()
    return FactorReset.objects.select_related("person", "asked_by", "settled_by").order_by("-asked_at", "-id")


def is_open_reset(reset: FactorReset) -> bool:
    """Asked for and not lapsed."""
    return reset.state == FactorResetState.ASKED and timezone.now() < reset.asked_at + FACTOR_RESET_LIFE


def can_confirm_factor_reset(viewer: Viewer, reset: FactorReset) -> bool:
    """An administrator who neither asked nor is the person."""
    return (
        can_ask_factor_reset(viewer)
        and viewer.person is not None
        and is_open_reset(reset)
        and viewer.person.pk not in (reset.asked_by_id, reset.person_id)
    )


def can_withdraw_factor_reset(viewer: Viewer, reset: FactorReset) -> bool:
    return (
        can_ask_factor_reset(viewer)
        and viewer.person is not None
        and reset.state == FactorResetState.ASKED
        and viewer.person.pk != reset.person_id
    )
