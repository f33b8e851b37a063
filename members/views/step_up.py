"""Prove again who is there: by a code, a passkey or the passphrase; in the demonstration by a button."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth as passkeys
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from iwg_portal.base import step_up as base
from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required
from members import access
from members.actions import show_code
from members.forms import CodeForm, PassphraseAgainForm
from members.sign_in import is_proven, note_proof
from members.views.factors import next_page


@factor_not_required
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def step_up(request: HttpRequest) -> HttpResponse:
    """Asks with what she has. A session that has not shown her factor needs that: the passphrase is not enough."""
    person = request.viewer.person
    types = set(access.own_factors(request.viewer).values_list("type", flat=True))
    by_demo = settings.DEMO and person is not None and not person.has_usable_password()
    forms = {}
    if types & {Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES}:
        forms["code"] = CodeForm(auto_id="code_%s")
    if Authenticator.Type.WEBAUTHN in types:
        forms["credential"] = ReauthenticateWebAuthnForm(user=person, auto_id="passkey_%s")
    if person.has_usable_password() and (not types or is_proven(request.session, person)):
        forms["password"] = PassphraseAgainForm(user=person, auto_id="passphrase_%s")
    if request.method == "POST":
        if "begin" in request.POST and "credential" in forms:
            return JsonResponse(passkeys.begin_authentication(person))
        if by_demo and "demo" in request.POST:
            note_proof(request.session, person, "demo")
            return _onward(request)
        for name in forms:
            if name in request.POST:
                forms[name] = form = type(forms[name])(request.POST, user=person, auto_id=forms[name].auto_id)
                if _proves(request, name, form):
                    return _onward(request)
    back = next_page(request)
    context = {"forms": forms, "by_demo": by_demo, "next": back, "waits": base.waits(request, back)}
    return render(request, "members/factors/step_up.html", context)


def _proves(request: HttpRequest, name: str, form: CodeForm | PassphraseAgainForm | ReauthenticateWebAuthnForm) -> bool:
    person = request.viewer.person
    if not form.is_valid():
        return False
    if name == "code":
        shown = show_code(by=person, code=form.cleaned_data["code"])
        if shown.factor is None:
            form.add_error("code", shown.problem)
            return False
        note_proof(request.session, person, "mfa", id=shown.factor.pk, type=shown.factor.type)
    elif name == "credential":
        form.save()
    else:
        note_proof(request.session, person, "password")
    return True


def _onward(request: HttpRequest) -> HttpResponse:
    """What she had sent is carried out now; else the page where she was going."""
    back = next_page(request)
    return base.resume(request, back) or redirect(back or reverse("home"))
