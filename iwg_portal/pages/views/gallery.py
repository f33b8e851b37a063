"""Every component on one page. Its address exists under DEBUG only."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from iwg_portal.base.gallery import sample
from iwg_portal.base.render import render


@login_not_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "components/gallery.html", sample())
