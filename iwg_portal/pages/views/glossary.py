from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from iwg_portal.activity.views import hand_out
from iwg_portal.base.extracts import CONTENT_TYPES
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from iwg_portal.pages.files.glossary import GlossaryFile
from iwg_portal.pages.glossary import GlossaryPage
from members.access import takes_files


@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    """The group's terms in three languages. ``?q=text`` searches all of them, accents or not."""
    if not request.viewer.in_group:
        raise Http404
    page = GlossaryPage(request.viewer, request.GET.get("q", ""))
    asked = f"?{urlencode({'q': page.text})}" if page.text else ""
    shown = request.viewer.person and (page.named or page.mentioned)
    files = [(reverse("glossary_export", args=[kind]) + asked, kind.upper()) for kind in CONTENT_TYPES if shown]
    return render(request, "pages/glossary.html", {"glossary": page, "files": files})


@require_safe
@rationed
def glossary_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The terms of the page as ``xlsx`` or ``csv``, three languages side by side."""
    viewer = request.viewer
    if not takes_files(viewer) or kind not in CONTENT_TYPES:
        raise Http404
    page = GlossaryFile(viewer, request.GET.get("q", ""))
    return hand_out(request, page.extract(person=str(viewer.person)), kind)
