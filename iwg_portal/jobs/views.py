"""How the work behind the pages goes: every job with its last runs, and the mail that waits."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from iwg_portal.base.render import render
from iwg_portal.jobs import access, actions, queries
from iwg_portal.mail import access as mail_access
from iwg_portal.mail import queries as mail


@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    viewer = _viewer(request)
    lines = queries.board(access.visible_runs(viewer), timezone.now())
    context = {
        "lines": lines,
        "total": len(lines),
        "attention": [line for line in lines if line.needs_you],
        "may_run": access.can_run_again(viewer),
        "overview": mail.overview(mail_access.visible_mails(viewer)),
    }
    return render(request, "jobs/operations.html", context)


@require_POST
def run_again(request: HttpRequest, task: str) -> HttpResponse:
    """What stands against it comes back as a sentence."""
    viewer = _viewer(request)
    try:
        actions.run_again(task=task, by=viewer)
    except ValueError as error:
        raise Http404 from error
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Asked for. It runs within the next minutes."))
    return redirect("operations")


def _viewer(request: HttpRequest) -> mail_access.Viewer:
    viewer: mail_access.Viewer = request.viewer  # type: ignore[attr-defined]
    if not access.can_see_jobs(viewer):
        raise Http404
    return viewer
