"""The bytes of a stored file, for those who may read it. The only way by which they leave the portal."""

from __future__ import annotations

import logging
import uuid

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from iwg_portal.activity import log
from iwg_portal.base.rations import stored_rationed
from iwg_portal.base.uploads import storage
from iwg_portal.base.uploads.names import disposition
from members import access
from members.models import FileVersion

logger = logging.getLogger(__name__)
# A file is saved, never shown: and if a browser shows it all the same, it can run, load and send nothing.
POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"


@login_not_required  # what is public is for anyone; whatever else is asked for leads the anonymous to the sign-in
@require_safe
@stored_rationed
def stored_file(request: HttpRequest, pk: uuid.UUID, number: int | None = None) -> HttpResponseBase:
    """The newest version, or version ``number``, as a download. Unreadable and non-existent are the same 404."""
    versions = access.visible_versions(request.viewer).filter(file=pk).select_related("file__state").order_by("-number")
    version = (versions if number is None else versions.filter(number=number)).first()
    if version is None:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        raise Http404
    log.exported(request, str(version), target=version.file, state=version.file.state, version=version.number)
    response = _answer(request, version)
    for name, value in _headers(version).items():
        response.headers[name] = value
    return response


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    target = redirect_to_login(request.get_full_path())
    # htmx would follow a redirect by itself and put the sign-in page into the middle of this one.
    return HttpResponseClientRedirect(target.url) if request.htmx else target  # type: ignore[attr-defined]


def _answer(request: HttpRequest, version: FileVersion) -> HttpResponseBase:
    """Right is proved by now; only here may an ETag spare the bytes."""
    known = get_conditional_response(request, etag=quote_etag(version.sha256))
    if known is not None:
        return known
    if request.method == "HEAD":
        return HttpResponse(content_type=version.media_type, headers={"Content-Length": str(version.size)})
    if not storage.place(version.storage_name).is_file():
        logger.error("The bytes of a stored file are missing: %s", version)
        raise Http404
    return StreamingHttpResponse(
        storage.pieces(version.storage_name),
        content_type=version.media_type,
        headers={"Content-Length": str(version.size)},
    )


def _headers(version: FileVersion) -> dict[str, str]:
    return {
        "Content-Disposition": disposition(version.name),
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store, private",
        "ETag": quote_etag(version.sha256),
    }
