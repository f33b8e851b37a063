"""Second factors: show one, add one, remove one, and forget all of somebody who has lost them.

The factors themselves are allauth's rows (``Authenticator``), with seeds encrypted by ``sign_in.FactorAdapter``. What
must hold across processes stands here under a lock of the person's ``FactorState``: a code counts once, and not too
many are tried. The cache may be away and then would accept everything.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.base.sealing import NotOpened
from members import notices
from members.models import FactorState, Person, Term, current

MOST_FAILURES = 5  # wrong codes in a row before the first pause
PAUSE = dt.timedelta(minutes=5)  # doubled for each further MOST_FAILURES
LONGEST_PAUSE = dt.timedelta(hours=1)
CODES_SHOWN = dt.timedelta(minutes=10)  # for which new recovery codes may be shown and downloaded

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shown:
    """What became of a code: the factor that it belongs to, or a sentence that says why it was not accepted."""

    factor: Authenticator | None = None
    problem: str = ""


@transaction.atomic
def show_code(*, by: Person, code: str) -> Shown:
    """Accept a code of her app or one of her recovery codes, once. A wrong one is counted.

    Returns instead of raising, so that the count is kept.
    """
    state = _locked_state(by)
    now = timezone.now()
    if state.closed_until and now < state.closed_until:
        minutes = max(1, round((state.closed_until - now).total_seconds() / 60))
        return Shown(problem=_("Too many wrong codes. Try again in %(minutes)s minutes.") % {"minutes": minutes})
    code = code.replace(" ", "").replace("-", "")
    problem = _("This code is not correct.")
    for factor in Authenticator.objects.filter(user=by).exclude(type=Authenticator.Type.WEBAUTHN).order_by("type"):
        try:
            if factor.type == Authenticator.Type.TOTP:
                step = matching_step(decrypt(factor.data["secret"]), code)
                if step is None:
                    continue
                if step <= state.last_step:
                    problem = _("This code has been used. Wait for the next one.")
                    continue
                state.last_step = step
            elif not factor.wrap().validate_code(code):
                continue
        except NotOpened:
            logger.error("A second factor cannot be read: FACTOR_KEYS lacks the key under which it was encrypted.")
            continue
        state.failures, state.closed_until = 0, None
        state.save(update_fields=["last_step", "failures", "closed_until"])
        if factor.type == Authenticator.Type.RECOVERY_CODES:
            record("factor.recovery_code_used", by=by, target=by)
        return Shown(factor=factor)
    state.failures += 1
    if state.failures % MOST_FAILURES == 0:
        doubled = min(state.failures // MOST_FAILURES - 1, 10)
        state.closed_until = now + min(PAUSE * 2**doubled, LONGEST_PAUSE)
        record("factor.closed", by=by, target=by)
    state.save(update_fields=["failures", "closed_until"])
    return Shown(problem=problem)


def matching_step(secret: str, code: str) -> int | None:
    """The present time step (of 30 s) if ``code`` is its code under ``secret``."""
    for step in totp.yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, step))):
            return step
    return None


@transaction.atomic
def add_app(*, by: Person, secret: str, code: str) -> Authenticator:
    """Keep an authenticator app that has just made a right code; it replaces an earlier one.

    Raises ValidationError for a wrong code. Side effect: recovery codes where she had none.
    """
    state = _locked_state(by)
    step = matching_step(secret, code.replace(" ", ""))
    if step is None:
        raise ValidationError(_("This code is not correct. Check the clock of your telephone."))
    Authenticator.objects.filter(user=by, type=Authenticator.Type.TOTP).delete()
    factor = totp.TOTP.activate(by, secret).instance
    state.last_step = max(step, state.last_step)
    state.save(update_fields=["last_step"])
    _added(by)
    return factor


@transaction.atomic
def add_passkey(*, by: Person, name: str, credential: dict[str, Any]) -> Authenticator:
    """Keep a passkey whose answer has been verified. Side effect: recovery codes where she had none."""
    _locked_state(by)
    factor = WebAuthn.add(by, name, credential).instance
    _added(by)
    return factor


def _added(by: Person) -> None:
    RecoveryCodes.activate(by)
    record("factor.added", by=by, target=by)
    notices.factor_changed(by)


@transaction.atomic
def remove_factor(*, by: Person, factor: Authenticator) -> None:
    """Forget one of her factors. Raises ValidationError for the last one of somebody who holds an office."""
    _locked_state(by)
    if factor.user_id != by.pk or factor.type == Authenticator.Type.RECOVERY_CODES:
        raise PermissionDenied
    others = Authenticator.objects.filter(user=by).exclude(type=Authenticator.Type.RECOVERY_CODES).exclude(pk=factor.pk)
    if not others.exists():
        if Term.objects.filter(current(timezone.localdate()), person=by).exists():
            raise ValidationError(_("Your office needs a second factor. Add another one first."))
        Authenticator.objects.filter(user=by, type=Authenticator.Type.RECOVERY_CODES).delete()
    factor.delete()
    record("factor.removed", by=by, target=by)
    notices.factor_changed(by)


@transaction.atomic
def renew_codes(*, by: Person) -> None:
    """Ten new recovery codes; the earlier ones are void. For somebody who has a factor."""
    _locked_state(by)
    rows = Authenticator.objects.filter(user=by)
    if not rows.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        raise PermissionDenied
    rows.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    RecoveryCodes.activate(by)
    record("factor.codes_renewed", by=by, target=by)
    notices.factor_changed(by)


@transaction.atomic
def reveal_codes(*, by: Person) -> list[str]:
    """Her recovery codes, in the ten minutes after they are first shown; afterwards an empty list, for ever."""
    row = (
        Authenticator.objects.select_for_update(of=("self",))
        .filter(user=by, type=Authenticator.Type.RECOVERY_CODES)
        .first()
    )
    if row is None:
        return []
    now = timezone.now().timestamp()
    shown = row.data.get("viewed_at")
    if shown and now - shown > CODES_SHOWN.total_seconds():
        return []
    if not shown:
        row.data["viewed_at"] = now
        row.save(update_fields=["data"])
    return row.wrap().get_unused_codes()


def _locked_state(person: Person) -> FactorState:
    FactorState.objects.get_or_create(person=person)
    return FactorState.objects.select_for_update(of=("self",)).get(person=person)
