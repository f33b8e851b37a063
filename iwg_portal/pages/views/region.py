from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.base.kept import keep
from iwg_portal.base.render import render
from iwg_portal.pages.for_you import card
from iwg_portal.pages.parts import PageParts
from iwg_portal.pages.region import Choice, RegionPage


@require_safe
def region(request: HttpRequest) -> HttpResponse:
    """Where the region stands, in one round. ``?round=2024&scope=advpax|pnr&area=LEG``."""
    viewer = request.viewer
    if not viewer.in_group:
        raise Http404
    choice, today, at = Choice.of(request.GET), timezone.localdate(), log.versions()

    def parts() -> PageParts:
        page = RegionPage(viewer, choice, today)
        return PageParts.rendered(
            "pages/region_parts.html",
            {"region": page},
            audience=page.audience,
            swapped="states",
            owners=page.restricted_owners,
        )

    kept = keep("region", viewer.rights_key, (choice, today), parts, at=at.tables)
    for state in kept.owners:
        log.was_read(request, state, state=state, page="region")

    def for_you() -> str:
        """Called by the whole page only; not for whoever looks at it as somebody else."""
        return "" if viewer.looks_as else card(viewer, timezone.now(), today, at)

    return render(request, "pages/region.html", {"parts": kept, "for_you": for_you}, partial="states")
