"""Pages behind the secret links in mails. Reading changes nothing: scanners of mail open every link."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required
from members import access, actions, queries
from members.enums import LinkPurpose
from members.forms import AcceptForm, ForgottenForm, NewPassphraseForm
from members.models import AccountLink, Person
from members.queries import zones

View = Callable[..., HttpResponse]
LONGEST = 100  # characters of a token; ours have 43


def behind_a_token(*, referrer: str) -> Callable[[Callable[[HttpRequest, str], HttpResponse]], View]:
    """For a page whose address holds a secret: not kept, not told to the next page, limited per address and token.
    ``referrer``: what a browser tells of the address."""

    def guard(view: Callable[[HttpRequest, str], HttpResponse]) -> View:
        @wraps(view)
        def page(request: HttpRequest) -> HttpResponse:
            token = request.GET.get("key", "")[:LONGEST]
            # Reading has a budget of its own: a scanner of mail that opens her link again and again must not use up
            # what she needs to answer. The library's public call would let every GET pass.
            action = "read_link" if request.method in ("GET", "HEAD") else "use_link"
            if not ratelimit.consume(request, app="allauth.account", action=action, key=token, limit_get=True):
                return ratelimit.respond_429(request)
            response = view(request, token)
            response.headers["Referrer-Policy"] = referrer
            return response

        return factor_not_required(login_not_required(never_cache(sensitive_post_parameters()(page))))

    return guard


def behind_a_link(view: Callable[[HttpRequest, str], HttpResponse]) -> View:
    """For the links that open an account."""

    # With "no-referrer" a browser sends "Origin: null" with the form, and the protection against forged forms would
    # refuse it. This one keeps path and query from everybody, this portal included.
    @behind_a_token(referrer="strict-origin")
    @wraps(view)
    def page(request: HttpRequest, token: str) -> HttpResponse:
        try:
            return view(request, token)
        except queries.DeadLink:
            return render(request, "members/links/dead.html", {}, status=404)

    return page


@behind_a_link
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation: one page, one form. Somebody with an account signs in first and presses one button."""
    link = queries.find_link(token, LinkPurpose.INVITATION)
    person = request.viewer.person
    account = queries.account_of(link)
    if person is not None and (account is None or account.pk != person.pk):
        return _page(request, link, "other")
    if account is not None:
        return _join_as(request, link, token, account)
    return _join_new(request, link, token)


def _join_as(request: HttpRequest, link: AccountLink, token: str, account: Person) -> HttpResponse:
    if request.viewer.person is None:
        return _page(request, link, "sign_in")
    problems: list[str] = []
    if request.method == "POST":
        try:
            actions.accept_invitation(token=token, by=account)
        except ValidationError as error:
            problems = error.messages
        else:
            return redirect("home")
    return _page(request, link, "accept", problems=problems)


def _join_new(request: HttpRequest, link: AccountLink, token: str) -> HttpResponse:
    group = access.visible_group()
    likely = zones.likely_zone(link.proposal.state, group.zone if group else settings.TIME_ZONE)
    draft = Person(email=link.address, full_name=link.proposal.full_name)
    form = AcceptForm(
        request.POST or None,
        person=draft,
        likely_zone=likely,
        initial={"language": link.proposal.language, "zone": likely},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            person = actions.accept_invitation(
                token=token,
                by=None,
                passphrase=given["passphrase"],
                language=given["language"],
                zone=given["zone"],
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        except PermissionDenied:  # the account was opened meanwhile by another invitation
            return _page(request, link, "sign_in")
        else:
            return sign_in_at_once(request, person, given["passphrase"])
    return _page(request, link, "new", form=form)


def sign_in_at_once(request: HttpRequest, person: Person, passphrase: str) -> HttpResponse:
    """As the sign-in page does it, with all that follows: what her role asks for comes next."""
    request.session.flush()
    login = Login(user=person, redirect_url=reverse("home"), email=person.email)
    return perform_password_login(request, {"email": person.email, "password": passphrase}, login)


def _page(request: HttpRequest, link: AccountLink, way: str, **more: object) -> HttpResponse:
    """``way``: ``new``, ``sign_in``, ``accept`` or ``other`` (signed in as somebody else)."""
    status = 403 if way == "other" else 200
    titles = {"new": _("Welcome"), "sign_in": _("Sign in to accept"), "accept": _("Accept"), "other": _("Not yours")}
    context = {"link": link, "proposal": link.proposal, "way": way, "title": titles[way], "problems": [], **more}
    return render(request, "members/links/join.html", context, status=status)


@factor_not_required
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def passphrase_forgotten(request: HttpRequest) -> HttpResponse:
    """One answer for every address, in the same time: whether there is an account is looked up by nobody here."""
    form = ForgottenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        if not ratelimit.consume(request, app="allauth.account", action="ask_link", key=email):
            return ratelimit.respond_429(request)
        actions.ask_for_passphrase(email=email, language=get_language() or "")
        return render(request, "members/links/asked.html", {})
    return render(request, "members/links/forgotten.html", {"form": form})


@behind_a_link
@require_http_methods(["GET", "HEAD", "POST"])
def passphrase_new(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link of the mail. Signs nobody in: the sign-in asks for the second factor too."""
    link = queries.find_link(token, LinkPurpose.PASSPHRASE)
    person = queries.person_of(link)
    if person is None:
        raise queries.DeadLink
    form = NewPassphraseForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_passphrase_by_link(token=token, passphrase=form.cleaned_data["passphrase"])
        except ValidationError as error:
            form.add_error("passphrase", error.messages)
        else:
            messages.success(request, _("The new passphrase is set. Sign in with it."))
            return redirect("account_login")
    return render(request, "members/links/passphrase.html", {"form": form, "link": link})
