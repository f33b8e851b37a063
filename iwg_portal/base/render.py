"""The one place that decides between a page and a piece of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as django_render
from django.utils.cache import patch_vary_headers


def render(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    partial: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render ``template``, or only its named ``partial`` when htmx asked for a fragment.

    A history restore or a boosted link wants the whole page: answering those with a fragment breaks the Back
    button. ``Vary: HX-Request`` keeps a cache from mixing the two; it stands where there are two.
    """
    htmx = request.htmx  # type: ignore[attr-defined]
    fragment = partial and htmx and not htmx.history_restore_request and not htmx.boosted
    name = f"{template}#{partial}" if fragment else template
    response = django_render(request, name, context, status=status)
    if partial:
        patch_vary_headers(response, ("HX-Request",))
    return response
