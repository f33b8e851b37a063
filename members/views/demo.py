"""Sign-in of the demonstration: one button per persona, no passphrase. Outside demo mode it does not exist."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from iwg_portal.base.addresses import own_path
from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required
from members import queries
from members.sign_in import note_sign_in
from members.sign_in.adapters import begin


@login_not_required
@factor_not_required
@csrf_exempt  # so that outside demo mode a post gets the 404 of any unknown address; _sign_in is protected
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    if not settings.DEMO:
        raise Http404
    return _sign_in(request)


@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def _sign_in(request: HttpRequest) -> HttpResponse:
    back = own_path(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        return _page(request, back)
    person = queries.persona(request.POST.get("persona", ""))
    if person is None:
        return _page(request, back, _("There is no such person in the demonstration. Choose one of these."))
    request.session.flush()  # nothing of whoever was signed in before stays
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    note_sign_in(request.session, person, {"method": "demo"})
    response = redirect(back or "home")
    begin(request, response, person)
    return response


def _page(request: HttpRequest, back: str, error: str = "") -> HttpResponse:
    action = reverse("demo_sign_in") + (f"?{urlencode({'next': back})}" if back else "")
    context = {"personas": queries.personas(), "action": action, "error": error}
    return render(request, "members/demo/sign_in.html", context, status=400 if error else 200)
