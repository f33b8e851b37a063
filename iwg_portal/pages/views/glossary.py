from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from iwg_portal.base.render import render
from iwg_portal.pages.glossary import GlossaryPage


@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    """The group's terms in three languages. ``?q=text`` searches all of them, accents or not."""
    if not request.viewer.in_group:
        raise Http404
    page = GlossaryPage(request.viewer, request.GET.get("q", ""))
    return render(request, "pages/glossary.html", {"glossary": page})
