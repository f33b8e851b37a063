"""A form that arrives too late: what she typed waits for her, behind the sign-in where her session has ended."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from iwg_portal.base import typed
from iwg_portal.base.uploads import detector
from members import actions, queries
from members.models import Person
from members.sign_in.devices import people_of


def park(request: HttpRequest, person: Person) -> str:
    """Keep what ``person`` has just sent, if it holds words, without what looks like passenger data. Returns where to
    go on after the sign-in.

    The caller knows that she sent it herself: by the token of her form, or by ``typed.from_ourselves``.
    """
    fields = [(name, value) for name, value in typed.keepable(request.POST) if not detector.find(value)]
    path = request.get_full_path()
    if not typed.has_words(fields) or len(path) > 500:
        return ""
    return reverse("parked_text", args=[actions.park_text(by=person, path=path, fields=fields).pk])


def answer(request: HttpRequest) -> HttpResponse | None:
    """For a form without valid token from a browser in which nobody is signed in any more: keep it, then sign in.

    Only what a page of ours has sent, and only for the person who was the last to sign in with this browser.
    """
    view = request.resolver_match.func if request.resolver_match else None
    people = people_of(request)
    if (
        request.method != "POST"
        or request.user.is_authenticated
        or not people
        or not getattr(view, "login_required", True)
        or not typed.from_ourselves(request)
    ):
        return None
    person = queries.active_person_by_id(people[-1])
    onward = park(request, person) if person else ""
    return to_sign_in(request, onward) if onward else None


def to_sign_in(request: HttpRequest, onward: str) -> HttpResponse:
    address = reverse("account_login") + (f"?{urlencode({'next': onward})}" if onward else "")
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", None) else redirect(address)
