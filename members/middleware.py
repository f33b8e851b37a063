"""Facts about each request: in which language to answer, who is looking (``request.viewer``), and whether she may."""

import re

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from members import access, sign_in


class LanguageMiddleware:
    """The account's language, else the one chosen in this browser, else the browser's own."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.known = {code for code, _name in settings.LANGUAGES}

    def __call__(self, request):
        language = self._language(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", language)
        return response

    def _language(self, request) -> str:
        if request.user.is_authenticated and request.user.language in self.known:
            return request.user.language
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen in self.known:
            return chosen
        return translation.get_language_from_request(request)


class ViewerMiddleware:
    """``request.viewer``: what this person may do *in this session*.

    A session past its limits is nobody's: what it had posted waits for its person behind the sign-in. One without
    second factor reads what is public; where the factor is due, every page leads to its set-up. The session itself
    is emptied only by a POST: reading writes nothing.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.ended_for = None
        request.viewer = access.ANONYMOUS
        if request.user.is_authenticated:
            viewer = access.viewer_for(request.user, timezone.localdate())
            if not sign_in.is_proven(request.session, request.user):
                viewer = viewer.without_proof()
            if sign_in.has_ended(request, viewer):
                request.ended_for, request.user = request.user, AnonymousUser()
            else:
                request.viewer = viewer
        response = self.get_response(request)
        if request.viewer.person:
            sign_in.note_seen(request, response)
        return response

    def process_view(self, request, view, args, kwargs):
        if request.ended_for and request.method == "POST":
            return self._after_the_end(request, view)
        if request.viewer.unproven and getattr(view, "needs_factor", True):
            return self._lead_to_factor(request)
        return None

    @staticmethod
    def _after_the_end(request, view):
        """The token of the form has been checked, against the session that has ended: it is from her."""
        onward = sign_in.park(request, request.ended_for) if getattr(view, "login_required", True) else ""
        request.session.flush()
        rotate_token(request)
        return sign_in.to_sign_in(request, onward) if onward else None

    @staticmethod
    def _lead_to_factor(request):
        if access.factor_due_at(request.viewer):
            return None
        back = sign_in.park(request, request.viewer.person) if request.method == "POST" else request.get_full_path()
        address = f"{reverse('factor')}?{urlencode({'next': back})}" if back else reverse("factor")
        if request.htmx:
            return HttpResponseClientRedirect(address)
        if not request.accepts("text/html"):
            raise PermissionDenied
        return redirect(address)


class LookMiddleware:
    """With ``?as=member|observer|partner`` a page is answered as somebody else would see it.

    Only for reading: whatever writes refuses it. Links and filters of such a page lead to pages seen the same way.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        asked = request.GET.get("as", "")
        if asked not in access.LOOKS:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        herself = request.viewer
        request.viewer = access.seen_as(herself, asked)
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming
        if is_page and request.viewer.looks_as:
            response.content = keep_looking(response.content, asked.encode())
        request.viewer = herself
        return response


# Of the links those inside the portal, but for files, and for what says itself whose view it shows.
_LINK = re.compile(rb'(?<!data-own )((?:href|data-hx-get)=")(/(?!static/)[^"#]*)')
_FILTER = re.compile(rb'<form\b[^>]*\bmethod="get"[^>]*>')


def keep_looking(page: bytes, looks_as: bytes) -> bytes:
    """The page with ``as=…`` in its links and filters. Done on the finished page, so that no page has to know."""

    def link(found):
        address = found[2]
        if b"?as=" in address or b"&amp;as=" in address:
            return found[0]
        return found[1] + address + (b"&amp;as=" if b"?" in address else b"?as=") + looks_as

    page = _LINK.sub(link, page)
    return _FILTER.sub(lambda found: found[0] + b'<input type="hidden" name="as" value="' + looks_as + b'">', page)


class SignInMiddleware(LoginRequiredMiddleware):
    """Django's, which sends the anonymous to the sign-in page; a fragment of a page sends the whole page there."""

    def handle_no_permission(self, request, view_func):
        late = sign_in.answer(request)
        if late:
            return late
        answer = super().handle_no_permission(request, view_func)
        if not request.htmx:
            return answer
        # htmx would follow a redirect by itself and put the sign-in page into the middle of this one.
        page = request.htmx.current_url_abs_path or "/"
        target = redirect_to_login(page, self.get_login_url(view_func), self.get_redirect_field_name(view_func))
        return HttpResponseClientRedirect(target.url)
