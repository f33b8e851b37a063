"""Sign in and out through allauth: passphrase, then the second factor, or a passkey for both; no sign-up."""

from typing import Any

from allauth.account import views
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.internal import auth as passkeys
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required
from members.actions import show_code
from members.forms import CodeForm, SignInForm


class SignInView(views.LoginView):
    """allauth's view: rate limits, safe ``next``, one answer for an unknown address and a wrong passphrase."""

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"demo": settings.DEMO}


class SecondFactorView(AuthenticateView):
    """Between passphrase and portal: nobody is signed in yet. A code or a passkey; without it this stage never ends."""

    form_class = CodeForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "begin" in request.POST:
            return JsonResponse(passkeys.begin_authentication(self.stage.login.user))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        if isinstance(form, CodeForm):
            shown = show_code(by=self.stage.login.user, code=form.cleaned_data["code"])
            if shown.factor is None:
                form.add_error("code", shown.problem)
                return self.form_invalid(form)
            shown.factor.user = self.stage.login.user
            post_authentication(self.request, shown.factor)
        else:
            form.save()
        return self.stage.exit()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Without allauth's question to a passkey, which would write to the session: the page asks for it by POST."""
        factors = self.stage.login.user.authenticator_set.values_list("type", flat=True)
        return {
            "form": self.auth_form,
            "passkey_form": self.webauthn_form if "webauthn" in factors else None,
            "has_app": "totp" in factors,
        }


class PasskeySignInView(LoginWebAuthnView):
    """A passkey alone: the browser has asked for a finger, a face or a PIN, so it stands for both factors."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("account_login")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "begin" in request.POST:
            return JsonResponse(passkeys.begin_authentication(user=None))
        return super().post(request, *args, **kwargs)


sign_in = factor_not_required(SignInView.as_view())
second_factor = factor_not_required(SecondFactorView.as_view())
passkey_sign_in = factor_not_required(PasskeySignInView.as_view())
sign_out = factor_not_required(views.LogoutView.as_view())


@login_not_required
@factor_not_required
@require_safe
def sign_up(request: HttpRequest) -> HttpResponse:
    return render(request, "account/signup_closed.html", {})
