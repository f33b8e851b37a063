"""Codes as a telephone would show them, and the steps of a sign-in."""

import re
import time
from threading import Event

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse

from iwg_portal.base import sealing
from members import actions
from members.models import FactorState, Person

PASSPHRASE = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LEAST = 1.0  # second that a code must still hold


def code_at(seconds: float = 0.0, secret: str = SECRET) -> str:
    """What the app shows so many seconds from now. A present code that is about to change is not given: nobody could
    type it in time, and the portal takes no other than the present one."""
    left = 30 - time.time() % 30
    if not seconds and left < LEAST:
        Event().wait(left)
    step = int(time.time() + seconds) // 30
    return totp.format_hotp_value(totp.hotp_value(secret, step))


def give_app(person: Person, secret: str = SECRET) -> Authenticator:
    return Authenticator.objects.create(user=person, type="totp", data={"secret": sealing.seal(secret)})


def give_codes(person: Person) -> list[str]:
    """Recovery codes, as they are shown."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    RecoveryCodes.activate(person)
    return actions.reveal_codes(by=person)


def forget_step(person: Person) -> None:
    """As if the next thirty seconds had begun."""
    FactorState.objects.filter(person=person).update(last_step=0, failures=0, closed_until=None)


def passphrase(client: Client, person: Person, word: str = PASSPHRASE, **more: str):
    return client.post(reverse("account_login"), {"login": person.email, "password": word, **more})


def code(client: Client, digits: str):
    return client.post(reverse("mfa_authenticate"), {"code": digits})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def sealed_in(page: str) -> tuple[str, str]:
    """The hidden field of the set-up page, and the secret that it shows."""
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    shown = re.search(r'class="iwg-key">([^<]+)<', page)
    return sealed[1], shown[1].replace(" ", "")
