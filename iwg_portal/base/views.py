"""For machines that watch the portal."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from iwg_portal.base import health
from iwg_portal.base.step_up import factor_not_required


@login_not_required
@factor_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers. Asks nobody else, so a database outage does not restart web processes."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@login_not_required
@factor_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part works, else 503; in both cases the state of each part.

    ``degraded`` names parts that work and need somebody's attention, such as an outbox whose mail does not leave.
    """
    ready, parts = health.report()
    degraded = [name for name, part in parts.items() if part.get("degraded")]
    return JsonResponse({"ready": ready, "degraded": degraded, "parts": parts}, status=200 if ready else 503)
