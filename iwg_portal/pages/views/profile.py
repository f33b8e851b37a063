from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.activity.views import answer, hand_out
from iwg_portal.base.extracts import XLSX
from iwg_portal.base.kept import keep
from iwg_portal.base.packing import packed
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from iwg_portal.base.uploads.names import disposition
from iwg_portal.pages import own_data
from iwg_portal.pages.files.profile import ProfileFile
from iwg_portal.pages.parts import PageParts
from iwg_portal.pages.profile import ProfilePage
from meetings.views.action_points import owed_url
from members.access import can_take_all, is_member, takes_files, visible_group, visible_states

PROFILE_KINDS = ("pdf", XLSX)


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
    data = reverse("state_data", args=[alpha2]) if can_take_all(viewer, state) else ""
    files = [
        (reverse("profile_export", args=[alpha2, kind]), kind.upper()) for kind in PROFILE_KINDS if takes_files(viewer)
    ]
    context = {"parts": kept, "owed_url": owed, "data_url": data, "files": files}
    return render(request, "pages/profile.html", context)


@require_safe
@rationed
def profile_export(request: HttpRequest, alpha2: str, kind: str) -> HttpResponse:
    """The profile as ``pdf`` or ``xlsx``, for a person who sees its page."""
    viewer, today = request.viewer, timezone.localdate()
    if kind not in PROFILE_KINDS or not takes_files(viewer):
        raise Http404
    state = get_object_or_404(is_member(visible_states(viewer, today), today), alpha2=alpha2.upper())
    file, person = ProfileFile(viewer, state, state.is_member, today), str(viewer.person)
    if kind == XLSX:
        return hand_out(request, file.book(person=person), kind, target=state, state=state)
    group = visible_group()
    name, content, label = file.pdf(group_name=group.name if group else "IWG", person=person)
    log.exported(request, name, target=state, state=state, label=label)
    return answer(name, content, "application/pdf")


@require_safe
@rationed
def state_data(request: HttpRequest, alpha2: str) -> HttpResponseBase:
    """All that the portal holds of a state, as one archive, for its own delegation."""
    viewer, now = request.viewer, timezone.now()
    state = get_object_or_404(visible_states(viewer), alpha2=alpha2.upper())
    if not can_take_all(viewer, state):
        raise Http404
    name = own_data.file_name(viewer, state, now)
    log.exported(request, name, target=state, state=state, label=own_data.LABEL)
    headers = {"Content-Disposition": disposition(name), "X-Content-Type-Options": "nosniff"}
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip", headers=headers)
    entries = own_data.entries(viewer, state, now)
    return StreamingHttpResponse(packed(entries), content_type="application/zip", headers=headers)
