"""A mail's HTML inside a page: in a frame of its own, without scripts, forms, pictures or our cookies."""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.http import HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin

View = Callable[..., HttpResponse]

# What a link needs to open the page that it names, and nothing else.
SANDBOX = ["allow-popups", "allow-popups-to-escape-sandbox", "allow-top-navigation-by-user-activation"]


def framed(view: View) -> View:
    """For the view that answers with a mail's HTML: only its inline styles count."""
    policy = {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "form-action": [NONE],
        "frame-ancestors": [SELF],
        "sandbox": SANDBOX,
    }
    return csp_replace(policy)(xframe_options_sameorigin(view))


def with_frame(view: View) -> View:
    """For the page around it."""
    return csp_update({"frame-src": [SELF]})(view)


def html_answer(html: str) -> HttpResponse:
    """The mail's HTML; its links open in the whole window."""
    return HttpResponse(html.replace("<head>", '<head><base target="_top">', 1))
