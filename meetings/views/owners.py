"""What is done with one owner's row of an action point: report, hand over, grant time, show what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from iwg_portal.base.render import render
from iwg_portal.base.uploads.handlers import receives_files
from meetings.access import action_points as access
from meetings.actions import owners as actions
from meetings.forms.action_points import EvidenceForm, HolderForm, ReportForm, TimeForm
from meetings.models import ActionOwner
from meetings.queries import action_points as query
from meetings.views.action_points import crumbs, title_of
from meetings.views.decisions import on_server, refused
from members.actions.files import note_refused_passenger_data
from members.forms.documents import WithdrawForm


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of the action point's own page, alone: where a mistake is shown."""
    owner = _owner(request, pk)
    if not access.can_report(request.viewer, owner):
        raise PermissionDenied
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            kept = actions.report(owner=owner, by=request.viewer, **form.report)
        except ValidationError as error:
            refused(form, error)
        else:
            return _done(request, owner, on_server(kept.at))
    _note(request, form, owner)
    return render(request, "meetings/action_points/report.html", {"form": form, **_context(owner)})


@require_http_methods(["GET", "HEAD", "POST"])
def holder(request: HttpRequest, pk: int) -> HttpResponse:
    owner = _owner(request, pk)
    if not access.can_hand_over(request.viewer, owner):
        raise PermissionDenied
    form = HolderForm(request.POST if request.method == "POST" else None, viewer=request.viewer, owner=owner)
    page = {
        "heading": _("Hand over"),
        "words": _("Who acts for %(name)s in this matter.") % {"name": query.owner_name(owner)},
        "button": _("Hand over"),
    }
    return _form(request, owner, form, page, lambda given: actions.hand_over(owner=owner, by=request.viewer, **given))


@require_http_methods(["GET", "HEAD", "POST"])
def time(request: HttpRequest, pk: int) -> HttpResponse:
    """The secretariat grants more time; what the owner asked for stands in the form."""
    owner = _owner(request, pk)
    if not access.can_grant_time(request.viewer):
        raise PermissionDenied
    newest = access.visible_reports(request.viewer).filter(owner=owner).first()
    asked = query.asked_until(owner, newest) or owner.due_on or owner.action.due_on
    form = TimeForm(request.POST if request.method == "POST" else None, initial={"until": asked})
    page = {
        "heading": _("Grant more time"),
        "words": _("The date holds for %(name)s alone.") % {"name": query.owner_name(owner)},
        "button": _("Grant the time"),
    }
    return _form(request, owner, form, page, lambda given: actions.grant_time(owner=owner, by=request.viewer, **given))


@receives_files
@require_http_methods(["GET", "HEAD", "POST"])
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    owner = _owner(request, pk)
    if not access.can_add_evidence(request.viewer, owner):
        raise PermissionDenied
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = EvidenceForm(*sent, viewer=request.viewer, owner=owner)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            actions.add_evidence(owner=owner, checked=given.pop("file"), by=request.viewer, **given)
        except ValidationError as error:
            refused(form, error)
        else:
            return _done(request, owner, on_server())
    _note(request, form, owner)
    return render(request, "meetings/action_points/evidence.html", {"form": form, **_context(owner)})


@require_POST
def evidence_withdraw(request: HttpRequest, pk: int, evidence_pk: int) -> HttpResponse:
    owner = _owner(request, pk)
    kept = get_object_or_404(access.visible_evidence(request.viewer).filter(owner=owner), pk=evidence_pk)
    if not access.can_withdraw_evidence(request.viewer, kept):
        raise PermissionDenied
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(form.errors["sure"]))
        return redirect(f"{reverse('action', args=[owner.action_id])}#owner-{owner.pk}")
    actions.withdraw_evidence(evidence=kept, by=request.viewer)
    return _done(request, owner, _("The document is withdrawn; its content is deleted."))


def _owner(request: HttpRequest, pk: int) -> ActionOwner:
    rows = access.visible_owners(request.viewer)
    rows = rows.select_related("state", "organisation", "holder", "action__block", "action__record__meeting")
    return get_object_or_404(rows, pk=pk)


def _form(
    request: HttpRequest, owner: ActionOwner, form: Form, page: dict[str, Any], act: Callable[[dict[str, Any]], Any]
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            act(form.cleaned_data)
        except ValidationError as error:
            refused(form, error)
        else:
            return _done(request, owner, on_server())
    return render(request, "meetings/action_points/form.html", {"form": form, **page, **_context(owner)})


def _done(request: HttpRequest, owner: ActionOwner, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect(f"{reverse('action', args=[owner.action_id])}#owner-{owner.pk}")


def _note(request: HttpRequest, form: Form, owner: ActionOwner) -> None:
    if form.is_bound:
        note_refused_passenger_data(form=form, by=request.viewer, target=owner.action, state=owner.state)


def _context(owner: ActionOwner) -> dict[str, Any]:
    address = reverse("action", args=[owner.action_id])
    return {
        "owner": owner,
        "owner_name": query.owner_name(owner),
        "action": owner.action,
        "text": query.excerpt(owner.action.block.text),
        "back": address,
        "crumbs": [*crumbs(), {"url": address, "label": title_of(owner.action)}],
    }
