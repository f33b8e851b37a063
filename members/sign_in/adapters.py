"""allauth's hooks: nobody signs up, a person is invited; seeds are encrypted; a session begins afresh."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from iwg_portal.base import sealing
from members import access, actions
from members.models import Person
from members.sign_in.devices import name_of, network_of, people_of, remember
from members.sign_in.proofs import STARTED


def begin(request: HttpRequest, response: HttpResponseBase, person: Person) -> None:
    """What follows every sign-in: the session stands in her list, and a browser that is new to her is announced.

    To be called after ``login`` and ``note_sign_in`` by whatever signs a person in without allauth.
    """
    adapter = ClosedSignUpAdapter(request)
    actions.begin_session(
        by=person,
        session_key=request.session.session_key or "",
        device=name_of(request.headers.get("User-Agent", "")),
        network=network_of(adapter.get_client_ip(request)),
        known_device=person.pk in people_of(request),
    )
    remember(request, response, person)


class ClosedSignUpAdapter(DefaultAccountAdapter):
    # In this portal's words, because allauth has no Portuguese that ``pt`` would find.
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address or the passphrase is not correct."),
        "incorrect_password": _("The passphrase is not correct."),
        "incorrect_code": _("This was not accepted. Try again."),
        "too_many_login_attempts": _("Too many failed attempts. Wait five minutes and try again."),
        "rate_limited": _("Too many requests. Wait a minute and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def respond_user_inactive(self, request: HttpRequest, user: Person) -> HttpResponse:
        """Only a passkey leads here; nobody is told that the account exists and is closed."""
        return redirect("account_login")

    def login(self, request: HttpRequest, user: Person) -> None:
        super().login(request, user)
        request.session[STARTED] = time.time()

    def post_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        begin(request, response, user)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Never by allauth: our own pages ask, by ``iwg_portal.base.step_up``."""
        return False


class FactorAdapter(DefaultMFAAdapter):
    # As above, in this portal's words.
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This was not accepted. Try again."),
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text)

    def get_totp_issuer(self) -> str:
        group = access.visible_group()
        return group.short_name if group else "IWG"

    def _get_site_name(self) -> str:
        return self.get_totp_issuer()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Never by allauth's own forms; ``actions.remove_factor`` decides."""
        return False
