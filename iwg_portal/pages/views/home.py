"""The front door: what a visitor without an office reads. It gives away nothing about any state."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from iwg_portal.base import marks
from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required
from members.enums import Audience
from members.queries import retention
from members.sign_in.limits import OTHERS, PRIVILEGED


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Those who hold an office go on to the region; everybody else reads what the portal is and whom to ask."""
    viewer = request.viewer
    if viewer.in_group:
        response = redirect("region")
        patch_vary_headers(response, ("Cookie",))
        return response
    return render(request, "pages/landing.html", {"without_office": viewer.person is not None and not viewer.unproven})


@login_not_required
@factor_not_required
@require_safe
def data_use(request: HttpRequest) -> HttpResponse:
    """What is stored, who sees it, for how long. Public: a person may read it before she has an account."""
    audiences = [(marks.tlp(value), label) for value, label in Audience.choices]
    limits = [
        (kind, retention.period(limit.idle), retention.period(limit.absolute))
        for kind, limit in (("privileged", PRIVILEGED), ("others", OTHERS))
    ]
    context = {"audiences": audiences, "rules": retention.rules(), "limits": limits}
    return render(request, "pages/data_use.html", context)
