"""What every request and answer passes: an id, a log line, compression, privacy, a limit on the body's size."""

import gzip
import logging
import re
import time
import uuid
from collections.abc import Callable

import brotli
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CSRF_SESSION_KEY, CsrfViewMiddleware, _check_token_format
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from iwg_portal.base import typed
from iwg_portal.base.logs import request_id

GetResponse = Callable[[HttpRequest], HttpResponseBase]

access_log = logging.getLogger("iwg_portal.access")


class RequestIdMiddleware:
    """Gives the request an id (the proxy's ``X-Request-ID`` when it is a plain word), sends it back, logs one line."""

    header = "X-Request-ID"
    plain = re.compile(r"[A-Za-z0-9._-]{8,64}")
    quiet = frozenset({"/healthz", "/readyz"})  # asked every few seconds

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(self.header, "")
        name = given if self.plain.fullmatch(given) else uuid.uuid4().hex
        # Not reset afterwards: Django logs a failed request after this has returned. The next one overwrites it.
        request_id.set(name)
        started = time.perf_counter()
        response = self.get_response(request)
        response.headers[self.header] = name
        if request.path not in self.quiet:
            self._log(request, response, time.perf_counter() - started)
        return response

    def _log(self, request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        # The path without its query string, which may hold a name that somebody searched for.
        access_log.info(
            "%s %s %s",
            request.method,
            request.path,
            response.status_code,
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
                # Only when the page has looked the person up anyway.
                "person": getattr(getattr(request, "_cached_user", None), "pk", None),
            },
        )


class CompressMiddleware:
    """Brotli where accepted, else gzip, for text of 500 bytes and more.

    Stands outside ConditionalGetMiddleware: that one computes the ETag of the plain text and answers 304, and here the
    ETag becomes weak, because the compressed bytes differ. A page that reflects its reader's input next to a secret
    could be measured (BREACH); the one secret in our pages is the CSRF token, which Django masks anew in each answer.
    """

    least_bytes = 500
    brotli_quality = 5  # 1 ms for a page of 100 KB; the default of 11 takes 100 times as long
    text = re.compile(r"(text/|application/(json|javascript|xml|xhtml\+xml|[a-z.]+\+(json|xml))|image/svg\+xml)")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            response.streaming
            or response.has_header("Content-Encoding")
            or not self.text.match(response.headers.get("Content-Type", ""))
        ):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        assert isinstance(response, HttpResponse)
        plain = response.content
        coding = self.coding(request.headers.get("Accept-Encoding", ""))
        if coding is None or len(plain) < self.least_bytes:
            return response
        if coding == "br":
            packed = brotli.compress(plain, mode=brotli.MODE_TEXT, quality=self.brotli_quality)
        else:
            packed = gzip.compress(plain, compresslevel=6, mtime=0)
        if len(packed) >= len(plain):
            return response
        response.content = packed
        response.headers["Content-Encoding"] = coding
        response.headers["Content-Length"] = str(len(packed))
        etag = response.headers.get("ETag", "")
        if etag.startswith('"'):
            response.headers["ETag"] = f"W/{etag}"
        return response

    @staticmethod
    def coding(accepted: str) -> str | None:
        """``br``, ``gzip`` or None for the value of an Accept-Encoding header; ``;q=0`` means "not this one"."""
        wanted = set()
        for part in accepted.lower().split(","):
            name, _, rest = part.partition(";")
            if not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", rest):
                wanted.add(name.strip())
        return next((name for name in ("br", "gzip") if name in wanted), None)


class PrivatePagesMiddleware:
    """Nothing that a signed-in person saw stays in a cache, not even in the browser's after signing out."""

    private = "no-store, private"
    permissions = ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
            "microphone", "midi", "payment", "usb",
        )
    )  # fmt: skip
    # Passkeys are for our own pages; by default a page could let a frame use them.
    permissions += ", publickey-credentials-create=(self), publickey-credentials-get=(self)"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.permissions)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # The cookie, not request.user: asking for the person would cost a query on pages that need none.
        cookie = settings.SESSION_COOKIE_NAME
        if cookie in request.COOKIES or cookie in response.cookies:
            response.headers["Cache-Control"] = self.private
        return response


class CsrfMiddleware(CsrfViewMiddleware):
    """Django's, with the secret in the session, and a page of its own (413) for a body over the limits.

    The secret of a signed-in person's forms lies in her session, where no other page of the domain can plant one.
    An anonymous visitor has no session, and reading the sign-in page must not make one: his lies in a cookie that
    only this host can set (``__Host-``), and is thrown away when he signs in.
    """

    too_much = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)

    @staticmethod
    def _in_session(request: HttpRequest) -> bool:
        return SESSION_KEY in request.session

    def _get_secret(self, request):
        if not self._in_session(request):
            return super()._get_secret(request)
        secret = request.session.get(CSRF_SESSION_KEY)
        if secret is not None:
            _check_token_format(secret)
        return secret

    def _set_csrf_cookie(self, request, response):
        if not self._in_session(request):
            super()._set_csrf_cookie(request, response)
            return
        if request.session.get(CSRF_SESSION_KEY) != request.META["CSRF_COOKIE"]:
            request.session[CSRF_SESSION_KEY] = request.META["CSRF_COOKIE"]
        if settings.CSRF_COOKIE_NAME in request.COOKIES:
            response.delete_cookie(settings.CSRF_COOKIE_NAME, samesite=settings.CSRF_COOKIE_SAMESITE)

    def process_view(self, request, callback, callback_args, callback_kwargs):
        most = settings.MAX_FILE_BYTES if getattr(callback, "receives_files", False) else settings.MAX_UPLOAD_BYTES
        if self._announced(request) > most + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            # Before anything is read: Django's own limits do not count files.
            return self._refuse(request)
        try:
            return super().process_view(request, callback, callback_args, callback_kwargs)
        except self.too_much:
            return self._refuse(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return self._refuse(request) if isinstance(exception, self.too_much) else None

    @staticmethod
    def _announced(request: HttpRequest) -> int:
        try:
            return int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return 0

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        """The page gives back what was typed, if a page of ours sent it: the text beside a file, or the long text."""
        head = self._drain(request)
        words = typed.words_in(head, request.headers.get("Content-Type", "")) if typed.from_ourselves(request) else []
        request._mark_post_parse_error()  # a template that looks at request.POST finds it empty
        return render(request, "413.html", {"words": words}, status=413)

    def _drain(self, request: HttpRequest, most: int = 32 * 1024 * 1024) -> bytes:
        """Read the rest of a body that is not absurd: a browser shows our page only once it has sent everything.

        Returns its beginning, up to ``typed.MOST_BYTES``.
        """
        head = bytearray()
        try:
            # Django has read the whole of a form that has only too many fields.
            head += getattr(request, "_body", b"")
            left = most
            while left > 0 and (chunk := request._stream.read(65536)):
                left -= len(chunk)
                if len(head) < typed.MOST_BYTES:
                    head += chunk
        except Exception as error:  # a visitor who hung up; the answer is for nobody then
            logging.getLogger(__name__).debug("The rest of a large body could not be read: %r", error)
        return bytes(head[: typed.MOST_BYTES])
