"""One's own account: details, passphrase, and the ways to what belongs to it."""

from __future__ import annotations

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required
from iwg_portal.reminders import access as digests
from iwg_portal.reminders.enums import Cadence
from members import access, actions
from members.forms import AccountForm, ChangePassphraseForm
from members.queries import people as query
from members.views.factors import own_factor_first


@factor_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Open to every signed-in person, whatever her session has shown and whether or not she holds an office."""
    person = request.user
    form = AccountForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_own_details(by=person, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Saved."))
            return redirect("account")
    viewer = access.Viewer(person)
    context = {
        "form": form,
        "terms": list(access.visible_terms(viewer).filter(person=person)),
        "has_factor": query.has_factor(person),
        "unreachable": access.unreachable_mark(viewer, person),
    }
    if digests.can_choose_digest(request.viewer):
        choice = digests.own_digest(request.viewer).first()
        context["digest"] = Cadence(choice.cadence if choice else Cadence.NONE).label
    return render(request, "members/account/account.html", context)


@factor_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@own_factor_first
def passphrase(request: HttpRequest) -> HttpResponse:
    if not ratelimit.consume(request, action="change_passphrase", user=request.user):
        return ratelimit.respond_429(request)
    form = ChangePassphraseForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        person = actions.change_passphrase(
            by=request.user,
            old=form.cleaned_data["old_passphrase"],
            passphrase=form.cleaned_data["passphrase"],
            session_key=request.session.session_key or "",
        )
        before = request.session.session_key
        update_session_auth_hash(request, person)
        actions.follow_session(before=before, after=request.session.session_key)
        messages.success(request, _("The passphrase is changed. Every other session has ended."))
        return redirect("account")
    return render(request, "members/account/passphrase.html", {"form": form})
