"""A person's own second factor: what she has, an app, a passkey, recovery codes. Open before she has shown one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as passkeys
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required, step_up_required
from members import access, actions
from members.forms import NewAppForm, NewPasskeyForm
from members.sign_in import is_proven, note_proof

MAIN = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def next_page(request: HttpRequest) -> str:
    """Where she was going, when that is a page of ours; else empty."""
    back = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if safe else ""


def _with_next(name: str, back: str) -> str:
    return reverse(name) + (f"?{urlencode({'next': back})}" if back else "")


def own_factor_first(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Whoever has a factor shows it before she changes any: a passphrase that leaked must not replace the app."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        has_one = access.own_factors(request.viewer).filter(type__in=MAIN).exists()
        if has_one and not is_proven(request.session, request.viewer.person):
            return redirect(_with_next("step_up", request.get_full_path()))
        return view(request, *args, **kwargs)

    return guarded


@factor_not_required
@require_GET
def factor(request: HttpRequest) -> HttpResponse:
    """What she has, what her office asks for, and what she may add."""
    held = list(access.own_factors(request.viewer))
    main = [row for row in held if row.type in MAIN]
    back = next_page(request)
    if main and not is_proven(request.session, request.viewer.person):
        return redirect(_with_next("step_up", back or reverse("home")))
    context = {
        "factors": [(row, row.wrap().name if row.type == MAIN[1] else "") for row in main],
        "codes_left": sum(len(row.wrap().get_unused_codes()) for row in held if row.type not in MAIN),
        "has_app": any(row.type == MAIN[0] for row in main),
        "due_at": access.factor_due_at(request.viewer) if request.viewer.unproven else None,
        "app_url": _with_next("factor_app", back),
        "passkey_url": _with_next("factor_passkey", back),
        "back": back,
    }
    return render(request, "members/factors/factor.html", context)


@factor_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@own_factor_first
@step_up_required
def factor_app(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator app, or set it up anew."""
    person = request.viewer.person
    form = NewAppForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            added = actions.add_app(by=person, secret=form.secret, code=form.cleaned_data["code"])
        except ValidationError as error:
            form.add_error("code", error)
        else:
            return _added(request, added)
    adapter = get_adapter()
    address = adapter.build_totp_url(person, form.secret)
    context = {
        "form": form,
        # Made by us from our own address: an outline without script, style or text of anybody.
        "picture": mark_safe(adapter.build_totp_svg(address).partition("?>")[2]),  # noqa: S308
        "secret": " ".join(form.secret[at : at + 4] for at in range(0, len(form.secret), 4)),
        "back": next_page(request),
    }
    return render(request, "members/factors/app.html", context)


@factor_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@own_factor_first
@step_up_required
def factor_passkey(request: HttpRequest) -> HttpResponse:
    """Make a passkey. The browser asks for the question by POST (``begin``), because it is kept in the session."""
    person = request.viewer.person
    if "begin" in request.POST:
        return JsonResponse(passkeys.begin_registration(person, passwordless=True))
    form = NewPasskeyForm(request.POST or None, user=person)
    if request.method == "POST" and form.is_valid():
        credential = form.cleaned_data["credential"]
        return _added(request, actions.add_passkey(by=person, name=form.cleaned_data["name"], credential=credential))
    return render(request, "members/factors/passkey.html", {"form": form, "back": next_page(request)})


def _added(request: HttpRequest, added: Authenticator) -> HttpResponse:
    """Whoever has just set a factor up has shown it. Then the recovery codes, once."""
    note_proof(request.session, request.viewer.person, "mfa", id=added.pk, type=added.type)
    return redirect(_with_next("factor_codes", next_page(request)))


@factor_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@own_factor_first
@step_up_required
def factor_remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(access.own_factors(request.viewer).filter(type__in=MAIN), pk=pk)
    context = {"row": row, "name": row.wrap().name if row.type == MAIN[1] else "", "error": ""}
    if request.method == "POST":
        try:
            actions.remove_factor(by=request.viewer.person, factor=row)
        except ValidationError as error:
            context["error"] = error.messages[0]
            return render(request, "members/factors/remove.html", context, status=400)
        return redirect("factor")
    return render(request, "members/factors/remove.html", context)


@factor_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@own_factor_first
@step_up_required
def factor_codes(request: HttpRequest) -> HttpResponse:
    """Recovery codes: shown by POST, once; as a page or as a text to keep. New ones take the place of all earlier."""
    person, do = request.viewer.person, request.POST.get("do", "")
    row = get_object_or_404(access.own_factors(request.viewer), type=Authenticator.Type.RECOVERY_CODES)
    if do == "renew":
        actions.renew_codes(by=person)
        row = get_object_or_404(access.own_factors(request.viewer), type=Authenticator.Type.RECOVERY_CODES)
    codes = actions.reveal_codes(by=person) if do in ("show", "renew", "download") else []
    if do == "download" and codes:
        head = _("Recovery codes of %(person)s. Each works once.") % {"person": person.email}
        text = "\r\n".join([head, "", *codes, ""])
        name = {"Content-Disposition": 'attachment; filename="recovery-codes.txt"'}
        return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=name)
    context = {
        "codes": codes,
        "seen": row.wrap().did_view,
        "left": len(row.wrap().get_unused_codes()),
        "back": next_page(request) or reverse("home"),
        "next": next_page(request),
        "proven": is_proven(request.session, person),
    }
    return render(request, "members/factors/codes.html", context)
