"""The ledger of mail for the secretariat and administrators: what waits, what came back, what nobody knows."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from iwg_portal.base.render import render
from iwg_portal.mail import access, queries
from iwg_portal.mail.actions import decisions
from iwg_portal.mail.kinds import title_of

SHOWN = 25


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    viewer = _viewer(request)
    waiting = Paginator(access.visible_open_mails(viewer), SHOWN).get_page(request.GET.get("page"))
    context = {
        "overview": queries.overview(access.visible_mails(viewer)),
        "waiting": waiting,
        "rows": [(mail, title_of(mail.kind)) for mail in waiting],
        "batches": [(row, title_of(row.kind)) for row in queries.lately(access.visible_batches(viewer))[:SHOWN]],
        "decides": access.can_decide(viewer),
        "unreachable": access.visible_unreachable(viewer)[:SHOWN],
        "allowed": access.allowed(viewer),
    }
    return render(request, "outbox/outbox.html", context)


@require_POST
def outbox_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """``do``: ``again``, ``arrived`` or ``cancel``. What stands against it comes back as a sentence."""
    viewer = _viewer(request)
    mail = get_object_or_404(access.visible_mails(viewer), pk=pk)
    if not access.can_decide(viewer):
        raise PermissionDenied
    verbs = {
        "again": (decisions.send_again, _("It is sent again now, under the same Message-ID.")),
        "arrived": (decisions.confirm_arrival, _("Noted: it arrived.")),
        "cancel": (decisions.give_up, _("It is not sent again.")),
    }
    if request.POST.get("do") not in verbs:
        raise BadRequest("unknown verb")
    action, words = verbs[request.POST["do"]]
    try:
        action(mail=mail.pk, by=viewer)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, words)
    return redirect("outbox")


@require_POST
def outbox_test(request: HttpRequest) -> HttpResponse:
    """A test mail to oneself."""
    decisions.send_test(by=_viewer(request))
    messages.success(request, _("A test mail to your own address is on its way."))
    return redirect("outbox")


def _viewer(request: HttpRequest) -> access.Viewer:
    viewer: access.Viewer = request.viewer  # type: ignore[attr-defined]
    if not access.can_see_outbox(viewer):
        raise Http404
    return viewer
