"""One's own digests: how often and of what; and the page behind the link that ends them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from iwg_portal.base.render import render
from iwg_portal.mail.compose import speaking
from iwg_portal.reminders import access, choosing
from iwg_portal.reminders.enums import Cadence
from iwg_portal.reminders.forms import DigestForm
from members.views.links import behind_a_token


@require_http_methods(["GET", "HEAD", "POST"])
def digest(request: HttpRequest) -> HttpResponse:
    viewer = request.viewer
    if not access.can_choose_digest(viewer):
        raise Http404
    form, status = DigestForm(access.own_digest(viewer).first(), viewer.person, request.POST or None), 200
    if request.method == "POST":
        if form.is_valid() and _choose(form, viewer):
            messages.success(request, _kept(form.cleaned_data["cadence"]))
            return redirect("digest")
        status = 422
    context = {"form": form, "crumbs": [{"url": reverse("account"), "label": _("Your account")}]}
    return render(request, "members/digests/choice.html", context, status=status)


def _choose(form: DigestForm, viewer: access.Viewer) -> bool:
    """False where she was faster in another window: the form keeps what she chose, and the next press saves it."""
    try:
        choosing.choose_digest(by=viewer, **form.values())
    except ValidationError as error:
        now = access.own_digest(viewer).first()
        form.data = form.data.copy()
        form.data["version"] = now.version if now else 0
        form.add_error(None, error)
        return False
    return True


def _kept(cadence: str) -> str:
    if cadence == Cadence.NONE:
        return _("Saved. No digest comes any more; reminders of what you owe the group go on.")
    if cadence == Cadence.WEEKLY:
        return _("Saved. The next digest comes at the beginning of a week, the first one next week.")
    return _("Saved. The next digest comes at the beginning of a month, the first one next month.")


# RFC 8058: a mail program sends "List-Unsubscribe=One-Click" by itself, without having read the page, so without cookie
# and without a token against forged forms. It is safe without: the secret in the address alone says whose digests end.
# Neither a cookie nor a session counts here, so nobody else's page could use hers; whoever knows the address needs no
# form; and all that it can do, as often as it is sent, is to end digests that their reader chooses again whenever she
# likes. Reading changes nothing, because the scanners of mail servers open every link.
@csrf_exempt
@behind_a_token(referrer="no-referrer")
@require_http_methods(["GET", "HEAD", "POST"])
def digest_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    choice = choosing.holder(token)
    if choice is None:
        response = render(request, "members/digests/dead.html", {}, status=404)
    else:
        if request.method == "POST":
            choosing.stop_digests(choice=choice)
        with speaking(choice.person.mail_language):
            done = request.method == "POST" or choice.cadence == Cadence.NONE
            context = {"done": done, "language": get_language()}
            response = render(request, "members/digests/unsubscribe.html", context)
            response.headers["Content-Language"] = get_language() or ""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
