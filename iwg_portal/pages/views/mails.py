"""What the portal told its reader."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from iwg_portal.base.render import render
from iwg_portal.pages.activity import reading_zone
from iwg_portal.pages.own_mails import OwnMails


@require_safe
def own_mails(request: HttpRequest) -> HttpResponse:
    """``?page=2``. Times are those of her own zone."""
    viewer = request.viewer  # type: ignore[attr-defined]
    with timezone.override(reading_zone(viewer)):
        page = OwnMails(viewer, timezone.now(), request.GET.get("page"))
        return render(request, "pages/own_mails.html", {"mails": page})
