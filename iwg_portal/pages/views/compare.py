from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.activity.views import hand_out
from iwg_portal.base.extracts import CONTENT_TYPES, CSV
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from iwg_portal.pages.compare import Choice, ComparePage
from iwg_portal.pages.files.compare import CompareFile
from members.access import takes_files


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two to four member states side by side. ``?state=GH&state=SN&scope=advpax|pnr``."""
    if not request.viewer.in_group:
        raise Http404
    page = ComparePage(request.viewer, Choice.of(request.GET), timezone.localdate())
    for state in page.restricted_owners:
        log.was_read(request, state, state=state, page="compare")
    files = []
    if page.states and takes_files(request.viewer):
        asked = f"?{page.address}"
        files = [(reverse("compare_export", args=[kind]) + asked, kind.upper()) for kind in CONTENT_TYPES]
    return render(request, "pages/compare.html", {"compare": page, "files": files})


@require_safe
@rationed
def compare_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The same states and scope as ``xlsx`` or ``csv``; where the page has nothing to compare there is no file."""
    viewer = request.viewer
    if not takes_files(viewer) or kind not in CONTENT_TYPES:
        raise Http404
    file, person = CompareFile(viewer, Choice.of(request.GET), timezone.localdate()), str(viewer.person)
    if not file.states:
        raise Http404
    return hand_out(
        request,
        file.extract(person=person) if kind == CSV else file.book(person=person),
        kind,
        states=[state.alpha2 for state in file.states],
    )
