"""How the work behind the pages goes: every job with its last runs, and the mail that waits."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required
from iwg_portal.jobs import access, actions, metrics, queries
from iwg_portal.mail import access as mail_access
from iwg_portal.mail import queries as mail

LEAST_TOKEN = 20  # characters


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


@login_not_required
@factor_not_required
@require_safe
@never_cache
def prometheus(request: HttpRequest) -> HttpResponse:
    """For a machine that shows the token of the environment: ``Authorization: Bearer …``. To all others, and where no
    token is set, the page does not exist."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    # Compared also where none is set, so that the time tells nothing.
    is_right = constant_time_compare(given, f"Bearer {token}")
    if not is_right or len(token) < LEAST_TOKEN:
        raise Http404
    return HttpResponse(metrics.exposition(timezone.now()), content_type=metrics.CONTENT_TYPE)


def _viewer(request: HttpRequest) -> mail_access.Viewer:
    viewer: mail_access.Viewer = request.viewer  # type: ignore[attr-defined]
    if not access.can_see_jobs(viewer):
        raise Http404
    return viewer
