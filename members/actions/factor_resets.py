"""A lost second factor: one administrator asks, another confirms. Both have just proved again who they are."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from iwg_portal.activity.log import record
from members import access, notices
from members.access import Viewer
from members.actions.data_tokens import end_data_tokens
from members.actions.sessions import end_sessions
from members.enums import FactorResetState
from members.models import FactorReset, FactorState, Person


@transaction.atomic
def ask_factor_reset(*, by: Viewer, person: Person) -> FactorReset:
    """Raises ValidationError where it is her own factor or somebody has asked already."""
    if not access.can_ask_factor_reset(by) or by.person is None:
        raise PermissionDenied
    reset = FactorReset(person=person, asked_by=by.person, asked_at=timezone.now())
    _let_lapse(person)
    reset.full_clean()
    reset.save()
    record("factor_reset.asked", by=by.person, target=person)
    return reset


@transaction.atomic
def confirm_factor_reset(*, by: Viewer, reset: FactorReset) -> None:
    """Forget every factor of the person and end her sessions and tokens; she sets up anew at her next sign-in."""
    reset = FactorReset.objects.select_for_update(of=("self",)).select_related("person").get(pk=reset.pk)
    if not access.can_confirm_factor_reset(by, reset) or by.person is None:
        raise PermissionDenied
    reset.state, reset.settled_by, reset.settled_at = FactorResetState.CONFIRMED, by.person, timezone.now()
    reset.full_clean()
    reset.save(update_fields=["state", "settled_by", "settled_at"])
    Authenticator.objects.filter(user=reset.person).delete()
    FactorState.objects.filter(person=reset.person).update(failures=0, closed_until=None)
    end_sessions(person=reset.person)
    end_data_tokens(reset.person)
    record("factor_reset.confirmed", by=by.person, target=reset.person)
    notices.factor_reset(reset)


@transaction.atomic
def withdraw_factor_reset(*, by: Viewer, reset: FactorReset) -> None:
    """Any administrator may stop it, also the one who asked."""
    reset = FactorReset.objects.select_for_update(of=("self",)).select_related("person").get(pk=reset.pk)
    if not access.can_withdraw_factor_reset(by, reset) or by.person is None:
        raise PermissionDenied
    _withdraw(reset, by.person)
    record("factor_reset.withdrawn", by=by.person, target=reset.person)


def _let_lapse(person: Person) -> None:
    """A request that nobody confirmed in time makes room for a new one."""
    lapsed = FactorReset.objects.select_for_update(of=("self",)).filter(person=person, state=FactorResetState.ASKED)
    for reset in lapsed:
        if reset.asked_at <= timezone.now() - access.FACTOR_RESET_LIFE:
            _withdraw(reset, reset.asked_by)


def _withdraw(reset: FactorReset, person: Person) -> None:
    reset.state, reset.settled_by, reset.settled_at = FactorResetState.WITHDRAWN, person, timezone.now()
    reset.save(update_fields=["state", "settled_by", "settled_at"])
