"""The language switch that stands on every page."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from iwg_portal.base.addresses import own_path
from iwg_portal.base.step_up import factor_not_required
from members.actions import choose_language


@login_not_required
@factor_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language with the account and in this browser; back to the page she was on, query included.

    An unknown language is a bad request; what is no path of this portal leads home instead.
    """
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise BadRequest("unknown language")
    back = own_path(request, request.POST.get("next", ""))
    if not back or back == request.path:  # of an error page that answered this very address, which nobody can open
        back = "home"
    if request.viewer.person:  # type: ignore[attr-defined]
        choose_language(by=request.viewer.person, language=language)  # type: ignore[attr-defined]
    response = redirect(back)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
    return response
