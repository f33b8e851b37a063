"""The finished pieces of a page that can be kept: markup, and the few words its frame needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from members.models import State


@dataclass(frozen=True)
class PageParts:
    head: SafeString
    content: SafeString
    aside: SafeString
    audience: str
    title: str = ""
    # The piece that htmx swaps, where the page has one; it is also part of ``content``.
    swapped: SafeString = SafeString("")
    # It shows what only the owner's delegation and the secretariat may read: that it was read is logged.
    restricted: bool = False
    # The states whose such things it shows, where the page is about several.
    owners: tuple[State, ...] = ()

    @classmethod
    def rendered(
        cls,
        template: str,
        context: dict[str, Any],
        *,
        audience: str,
        title: str = "",
        swapped: str = "",
        restricted: bool = False,
        owners: Iterable[State] = (),
    ) -> PageParts:
        """Render the partials ``head``, ``content``, ``aside`` of ``template``, without any request."""
        pieces = {name: render_to_string(f"{template}#{name}", context) for name in ("head", "content", "aside")}
        if swapped:
            pieces["swapped"] = render_to_string(f"{template}#{swapped}", context)
        return cls(**pieces, audience=audience, title=title, restricted=restricted, owners=tuple(owners))
