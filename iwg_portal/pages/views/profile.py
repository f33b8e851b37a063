from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.base.kept import keep
from iwg_portal.base.render import render
from iwg_portal.pages.parts import PageParts
from iwg_portal.pages.profile import ProfilePage
from meetings.views.action_points import owed_url
from members.access import is_member, visible_states


@require_safe
def profile(request: HttpRequest, alpha2: str) -> HttpResponse:
    """Where one state stands. ``alpha2`` in lower case; a state outside the group does not exist here."""
    viewer, today = request.viewer, timezone.localdate()
    state = get_object_or_404(is_member(visible_states(viewer, today), today), alpha2=alpha2.upper())

    def parts() -> PageParts:
        page = ProfilePage(viewer, state, state.is_member, today)
        return PageParts.rendered(
            "pages/profile_parts.html",
            {"profile": page},
            audience=page.audience,
            title=state.name,
            restricted=page.restricted,
        )

    kept = keep("profile", viewer.rights_key, (state.pk, today), parts)
    if kept.restricted:
        log.was_read(request, state, state=state, page="profile")
    owed = owed_url(viewer, state) if state.is_member else ""
    return render(request, "pages/profile.html", {"parts": kept, "owed_url": owed})
