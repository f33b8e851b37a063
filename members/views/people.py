"""People and their offices: the list, one person, what an administrator does, the yearly confirmation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from iwg_portal.activity import log
from iwg_portal.activity.views import hand_out
from iwg_portal.base.extracts import CONTENT_TYPES
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from iwg_portal.base.step_up import step_up_required
from iwg_portal.reminders import ledger
from members import access, actions, exports, reminders
from members.access import Viewer
from members.enums import Role
from members.forms import ConfirmForm, MoveForm
from members.models import Person
from members.queries import people as query

PAGE = 50


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    viewer = request.viewer
    if not access.sees_people(viewer):
        raise Http404
    choice = query.Choice(**{field: request.GET.get(field, "")[:100] for field in ("role", "state", "status", "text")})
    rows = query.directory(access.visible_people(viewer), access.visible_terms(viewer), choice)
    found = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    for person in found:
        person.words = query.status_words(person, bool(person.offices))
    context = {
        "found": found,
        "choice": choice,
        "query": urlencode({key: value for key, value in vars(choice).items() if value}) + "&" if choice else "",
        "roles": Role.choices,
        "states": access.proposable_states(viewer),
        "statuses": [("active", _("in office")), ("no_office", _("no office today")), ("closed", _("account closed"))],
        "wide": access.sees_everybody(viewer),
        "accounts": access.administers(viewer),
        "head_actions": _ways(viewer),
        "files": _files(viewer, choice),
        "sentence": ngettext("%(n)d person.", "%(n)d people.", found.paginator.count) % {"n": found.paginator.count},
    }
    return render(request, "members/people/people.html", context)


@require_safe
@rationed
def people_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The contacts of her own delegation as ``xlsx`` or ``csv``; name and office of the page's filter hold."""
    viewer = request.viewer
    if viewer.person is None or not viewer.own_states or kind not in CONTENT_TYPES:
        raise Http404
    text, role = request.GET.get("text", "").replace("\0", "")[:100], request.GET.get("role", "")
    rows = access.own_delegation(viewer)
    if text:
        rows = rows.filter(person__full_name__icontains=text)
    if role in Role.values:
        rows = rows.filter(role=role)
    states = list(access.visible_states(viewer).filter(pk__in=sorted(viewer.own_states)).order_by("alpha2"))
    chosen = [(_("Name"), text), (_("Office"), str(dict(Role.choices).get(role, "")))]
    filters = [(label, value) for label, value in chosen if value]
    file = exports.contact_list(list(rows), states, person=str(viewer.person), filters=filters)
    return hand_out(request, file, kind, state=states[0] if states else None)


def _files(viewer: Viewer, choice: query.Choice) -> list[tuple[str, str]]:
    """Address and kind of the contacts of her own delegation, for a person who has one."""
    if viewer.person is None or not viewer.own_states:
        return []
    asked = urlencode({key: getattr(choice, key) for key in ("text", "role") if getattr(choice, key)})
    return [
        (reverse("people_export", args=[kind]) + (f"?{asked}" if asked else ""), kind.upper()) for kind in CONTENT_TYPES
    ]


def _ways(viewer: Viewer) -> list[dict[str, Any]]:
    ways = []
    if access.proposable_roles(viewer):
        ways.append({"url": reverse("propose"), "label": _("Propose a person"), "primary": True})
        ways.append({"url": reverse("proposals"), "label": _("Who is joining")})
    if access.confirmable_terms(viewer).exists():
        ways.append({"url": reverse("confirm_people"), "label": _("Confirm people")})
    return ways


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(access.visible_people(request.viewer), pk=pk)
    return _person_page(request, found)


def _person_page(request: HttpRequest, found: Person, problems: list[str] | None = None) -> HttpResponse:
    viewer = request.viewer
    terms = list(access.visible_terms(viewer).filter(person=found))
    accounts = access.can_see_account(viewer, found)
    phone = found.phone if access.can_see_phone(viewer, found) else None
    if phone and found != viewer.person:
        log.was_read(request, found, state=next((term.state for term in terms if not term.has_ended), None))
    reminded = ledger.reminded_on(reminders.CONFIRMING, terms) | ledger.reminded_on(reminders.ENDING, terms)
    unreachable = access.unreachable_mark(viewer, found)
    context = {
        "found": found,
        "terms": [
            {
                "term": term,
                "end": access.can_end_term(viewer, term),
                "move": access.can_change_delegation(viewer, term),
                "reminded": reminded.get(str(term.pk)),
            }
            for term in terms
        ],
        "words": query.status_words(found, any(not term.has_ended for term in terms)),
        "phone": phone,
        "accounts": accounts,
        "has_factor": accounts and query.has_factor(found),
        "deactivate": access.can_deactivate(viewer, found),
        "reactivate": access.can_reactivate(viewer, found),
        "unreachable": unreachable,
        "told_of_address": unreachable and ledger.reminded_on(reminders.UNREACHABLE, [found]).get(str(found.pk)),
        "try_again": access.can_try_address_again(viewer, found),
        "propose": bool(access.proposable_roles(viewer)),
        "problems": problems or [],
        "crumbs": [{"url": reverse("people"), "label": _("People")}] if access.sees_people(viewer) else [],
    }
    return render(request, "members/people/person.html", context, status=422 if problems else 200)


@require_POST
def person_change(request: HttpRequest, pk: int) -> HttpResponse:
    """``do``: ``deactivate``, ``reactivate``, ``try_again``."""
    found = get_object_or_404(access.visible_people(request.viewer), pk=pk)
    verbs: dict[str, tuple[Callable[..., object], str]] = {
        "deactivate": (actions.deactivate, _("The account is closed, and every session of it has ended.")),
        "reactivate": (actions.reactivate, _("The account is open again.")),
        "try_again": (actions.try_address_again, _("The next mail is sent to this address again.")),
    }
    if request.POST.get("do") not in verbs:
        raise BadRequest("unknown verb")
    act, words = verbs[request.POST["do"]]

    def change(request: HttpRequest) -> HttpResponse:
        try:
            act(person=found, by=request.viewer)
        except ValidationError as error:
            return _person_page(request, found, error.messages)
        messages.success(request, words)
        return redirect("person", pk=found.pk)

    # An account that opens again brings its offices back, as a grant does; closing one must never wait.
    asks = request.POST["do"] == "reactivate" and access.can_reactivate(request.viewer, found)
    return (step_up_required(change) if asks else change)(request)


@require_POST
def term_end(request: HttpRequest, pk: int) -> HttpResponse:
    term = get_object_or_404(access.visible_terms(request.viewer).select_related("person"), pk=pk)
    try:
        actions.end_term(term=term, by=request.viewer)
    except ValidationError as error:
        return _person_page(request, term.person, error.messages)
    messages.success(request, _("The office has ended. It gives no right any more."))
    return redirect("person", pk=term.person_id)


@require_http_methods(["GET", "HEAD", "POST"])
def term_move(request: HttpRequest, pk: int) -> HttpResponse:
    """To another delegation: one office ends, another is proposed."""
    term = get_object_or_404(access.visible_terms(request.viewer).select_related("person"), pk=pk)
    if not access.can_change_delegation(request.viewer, term):
        raise PermissionDenied
    form = MoveForm(request.POST or None, viewer=request.viewer, term=term)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.change_delegation(term=term, by=request.viewer, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("The office has ended. Another administrator decides about the new one."))
            return redirect("proposal", pk=made.pk)
    crumbs = [{"url": reverse("person", args=[term.person_id]), "label": str(term.person)}]
    return render(request, "members/people/move.html", {"form": form, "term": term, "crumbs": crumbs})


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_people(request: HttpRequest) -> HttpResponse:
    """Once a year: who is still there. What is not answered waits."""
    terms = access.confirmable_terms(request.viewer)
    if not terms.exists():
        raise Http404
    form = ConfirmForm(request.POST or None, terms=terms, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        try:
            stay, left = actions.confirm_people(
                by=request.viewer, stay=form.chosen(form.STAY), left=form.chosen(form.LEFT)
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            words = ngettext("%(n)d office confirmed", "%(n)d offices confirmed", stay) % {"n": stay}
            ended = ngettext("%(n)d office ended", "%(n)d offices ended", left) % {"n": left}
            messages.success(request, f"{words}; {ended}.")
            return redirect("confirm_people" if access.confirmable_terms(request.viewer).exists() else "home")
    reminded, lapses = ledger.reminded_on(reminders.CONFIRMING, form.terms), reminders.lapse_days(form.terms)
    rows = [
        {
            "term": term,
            "field": form[f"term-{term.pk}"],
            "reminded": reminded.get(str(term.pk)),
            "until": lapses[term.pk],
        }
        for term in form.terms
    ]
    return render(request, "members/people/confirm.html", {"form": form, "rows": rows})
