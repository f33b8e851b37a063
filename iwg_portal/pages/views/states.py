from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.base.render import render
from iwg_portal.pages.states import Choice, StatesPage


@require_safe
def states(request: HttpRequest) -> HttpResponse:
    """The group's states. ``?q=text&kind=member|observer&advpax=pilot&pnr=op_full``."""
    if not request.viewer.in_group:
        raise Http404
    page = StatesPage(request.viewer, Choice.of(request.GET), timezone.localdate())
    for state in page.restricted_owners:
        log.was_read(request, state, state=state, page="states")
    return render(request, "pages/states.html", {"list": page})
