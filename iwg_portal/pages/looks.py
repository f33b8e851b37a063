"""Links that show a page as somebody else sees it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from members.access import Viewer, seen_as


def looks(viewer: Viewer, url: str) -> list[tuple[str, str]]:
    """(address, words) of the ways in which ``viewer`` may look at the page ``url``."""
    if viewer.looks_as:
        return []
    words = {"member": _("another member state"), "observer": _("an observer state"), "partner": _("a partner")}
    joint = "&" if "?" in url else "?"
    found = [(f"{url}{joint}as={kind}", label) for kind, label in words.items()]
    return [pair for pair, kind in zip(found, words, strict=True) if seen_as(viewer, kind).looks_as == kind]
