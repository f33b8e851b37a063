from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.base.render import render
from iwg_portal.pages.morning import MorningPage
from meetings.access import runs_meetings


@require_safe
def morning(request: HttpRequest) -> HttpResponse:
    """What has got stuck, for the secretariat and the chair."""
    if not runs_meetings(request.viewer):
        raise Http404
    page = MorningPage(request.viewer, timezone.now(), timezone.localdate())
    return render(request, "pages/morning.html", {"morning": page})
