"""Where a form asks to go back to."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own_path(request: HttpRequest, asked: str) -> str:
    """``asked`` where it is a path of this portal, query included; else "".

    Only what begins with a slash: ``redirect`` takes any other word for the name of a view.
    """
    own = asked.startswith("/") and url_has_allowed_host_and_scheme(
        asked, {request.get_host()}, require_https=request.is_secure()
    )
    return asked if own else ""
