"""Proposals: make one, see how far each has come, decide, invite again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from iwg_portal.base.marks import colon
from iwg_portal.base.render import render
from iwg_portal.base.step_up import step_up_required
from iwg_portal.reminders import ledger
from members import access, actions
from members.enums import ProposalStatus
from members.forms import DeclineForm, ProposeForm
from members.models import Proposal
from members.reminders import INVITATION

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    if not access.proposable_roles(request.viewer):
        raise Http404
    initial = {"starts_on": timezone.localdate(), "language": get_language()}
    form = ProposeForm(request.POST or None, viewer=request.viewer, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.propose(by=request.viewer, **form.values())
        except ValidationError as error:
            _blame(form, error)
        else:
            messages.success(request, _("Proposed: %(office)s. An administrator decides.") % {"office": made})
            return redirect("proposals")
    return render(request, "members/joining/propose.html", {"form": form, "crumbs": _crumbs()})


@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """What waits for a decision, whole; the rest in pages, newest first."""
    if not access.proposable_roles(request.viewer):
        raise Http404
    rows = access.visible_proposals(request.viewer)
    waiting = list(rows.filter(status=ProposalStatus.OPEN))
    decided = Paginator(rows.exclude(status=ProposalStatus.OPEN), PAGE)
    context = {
        "waiting": waiting,
        "decided": decided.get_page(request.GET.get("page")),
        "sentence": ngettext(
            "%(n)d proposal waits for a decision.", "%(n)d proposals wait for a decision.", len(waiting)
        )
        % {"n": len(waiting)}
        if waiting
        else _("No proposal waits for a decision."),
        "head_actions": [{"url": reverse("propose"), "label": _("Propose a person"), "primary": True}],
        "crumbs": [],
    }
    return render(request, "members/joining/proposals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: HttpRequest, pk: str) -> HttpResponse:
    """``do`` of a POST: ``decline``, ``withdraw``, ``send_again``, ``revoke``."""
    found = get_object_or_404(access.visible_proposals(request.viewer), pk=pk)
    form = DeclineForm()
    if request.method == "POST":
        do = request.POST.get("do", "")
        if do == "decline":
            form = DeclineForm(request.POST)
            if form.is_valid():
                actions.decline(proposal=found, by=request.viewer, reason=form.cleaned_data["reason"])
                return _done(request, found, _("Declined. Whoever proposed is told."))
        elif do in VERBS:
            act, words = VERBS[do]
            act(proposal=found, by=request.viewer)
            return _done(request, found, words())
        else:
            raise BadRequest("unknown verb")
    context = {
        "proposal": found,
        "sentence": f"{found}{colon()}{found.stage.label}",
        "reminded": _reminded(found),
        "allowed": access.allowed_for(request.viewer, found),
        "form": form,
        "crumbs": _crumbs(),
    }
    return render(request, "members/joining/proposal.html", context)


def _reminded(found: Proposal) -> dt.datetime | None:
    """When who proposed her was told that the invitation lapses."""
    link = getattr(found, "link", None)
    return ledger.reminded_on(INVITATION, [link]).get(str(link.pk)) if link else None


@step_up_required
@require_http_methods(["GET", "HEAD", "POST"])
def proposal_grant(request: HttpRequest, pk: str) -> HttpResponse:
    """A page of its own, so that the question who is there can be asked before it."""
    found = get_object_or_404(access.visible_proposals(request.viewer), pk=pk)
    if not access.can_decide(request.viewer, found):
        raise PermissionDenied
    problems: list[str] = []
    if request.method == "POST":
        try:
            actions.grant(proposal=found, by=request.viewer)
        except ValidationError as error:
            problems = error.messages
        else:
            return _done(request, found, _("Granted. The invitation is on its way; it works for 72 hours."))
    return render(request, "members/joining/grant.html", {"proposal": found, "problems": problems, "crumbs": _crumbs()})


VERBS: dict[str, tuple[Callable[..., object], Callable[[], str]]] = {
    "withdraw": (actions.withdraw, lambda: _("Withdrawn.")),
    "send_again": (
        actions.send_again,
        lambda: _("A new invitation is on its way. The link sent before no longer works."),
    ),
    "revoke": (actions.revoke, lambda: _("Revoked. The link no longer works.")),
}


def _crumbs() -> list[dict[str, str]]:
    return [{"url": reverse("proposals"), "label": _("Who is joining")}]


def _done(request: HttpRequest, found: Proposal, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("proposal", pk=found.pk)


def _blame(form: Form, error: ValidationError) -> None:
    """Put what the action found beside the field, where there is one."""
    for field, problems in getattr(error, "message_dict", {"__all__": error.messages}).items():
        form.add_error(field if field in form.fields else None, problems)
