"""What every page's frame needs: the group's name, the navigation that this viewer has, her language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from capabilities.access import can_import
from iwg_portal.mail.access import can_see_outbox
from meetings.access import runs_meetings
from members.access import (
    ANONYMOUS,
    Viewer,
    can_ask_factor_reset,
    can_see_all_events,
    sees_people,
    visible_group,
    visible_reports,
)
from members.enums import Role


@dataclass(frozen=True)
class Link:
    url: str
    label: str
    current: bool


class Page:
    """Lazily read: an error page or a fragment that shows no frame costs no query."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.demo = settings.DEMO
        self.path = request.get_full_path()

    @cached_property
    def viewer(self) -> Viewer:
        return getattr(self.request, "viewer", ANONYMOUS)

    @cached_property
    def _group(self) -> Any:
        """A page that has asked for it already leaves it at the request (``request.group``)."""
        return getattr(self.request, "group", None) or visible_group()

    @property
    def group_short_name(self) -> str:
        return self._group.short_name if self._group else "IWG"

    @property
    def group_name(self) -> str:
        return self._group.name if self._group else _("Informal Working Group on API and PNR data")

    @property
    def group_subtitle(self) -> str:
        return self._group.subtitle if self._group else ""

    @property
    def group_founded_on(self) -> dt.date | None:
        return self._group.founded_on if self._group else None

    @cached_property
    def navigation(self) -> list[Link]:
        if not self.viewer.in_group:
            return []
        entries = [
            ("region", _("Region")),
            ("states", _("States")),
            ("meetings", _("Meetings")),
            ("actions", _("Actions")),
            ("lessons", _("Lessons")),
            ("compare", _("Compare")),
            ("glossary", _("Glossary")),
        ]
        if can_import(self.viewer):
            entries.append(("imports", _("Import")))
        if sees_people(self.viewer):
            entries.append(("people", _("People")))
        if can_see_all_events(self.viewer):
            entries.append(("activity", _("Activity")))
        here = self.request.path
        return [
            Link(reverse(name), label, here == reverse(name) or here.startswith(reverse(name)))
            for name, label in entries
        ]

    @property
    def person_name(self) -> str:
        return str(self.viewer.person) if self.viewer.person else ""

    @property
    def person_initials(self) -> str:
        return self.viewer.person.initials if self.viewer.person else ""

    @cached_property
    def role_words(self) -> str:
        """The viewer's offices, e.g. "focal point, chair"."""
        return ", ".join(str(label) for role, label in Role.choices if role in self.viewer.roles)

    @property
    def sees_outbox(self) -> bool:
        return can_see_outbox(self.viewer)

    @property
    def sees_morning(self) -> bool:
        return runs_meetings(self.viewer)

    @property
    def sees_reports(self) -> bool:
        return bool(visible_reports(self.viewer))

    @property
    def looks_as(self) -> str:
        """As whom the page is shown, in words, when it is not the reader's own view."""
        words = {
            "member": _("This is how the delegation of another member state sees this page."),
            "observer": _("This is how an observer state sees this page."),
            "partner": _("This is how a partner organisation sees this page."),
        }
        return words.get(self.viewer.looks_as, "")

    @property
    def own_view(self) -> str:
        """The same page in the reader's own view."""
        asked = self.request.GET.copy()
        asked.pop("as", None)
        return self.request.path + (f"?{asked.urlencode()}" if asked else "")

    @property
    def resets_factors(self) -> bool:
        return can_ask_factor_reset(self.viewer)

    @property
    def languages(self) -> list[tuple[str, str, bool]]:
        active = get_language()
        return [(code, name, code == active) for code, name in settings.LANGUAGES]

    @property
    def now(self) -> Any:
        return timezone.localtime()


def page(request: HttpRequest) -> dict[str, Page]:
    return {"page": Page(request)}
