from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.base.render import render
from iwg_portal.pages.compare import Choice, ComparePage


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two to four member states side by side. ``?state=GH&state=SN&scope=advpax|pnr``."""
    if not request.viewer.in_group:
        raise Http404
    page = ComparePage(request.viewer, Choice.of(request.GET), timezone.localdate())
    for state in page.restricted_owners:
        log.was_read(request, state, state=state, page="compare")
    return render(request, "pages/compare.html", {"compare": page})
