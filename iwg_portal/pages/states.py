"""The list of states with its filter. Alphabetical in the reader's language, never by status."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capabilities import access
from capabilities.enums import LADDERS, StatusKind
from capabilities.queries import framework as texts
from capabilities.queries import region as query
from iwg_portal.base import cells, marks
from iwg_portal.base.dates import date_format
from members.access import Viewer, is_member, visible_states
from members.enums import Audience, ParticipationKind, narrowest
from members.models import State
from members.sorting import fold

BESIDE = ("suspended", "nd")


@dataclass(frozen=True)
class Choice:
    """What the reader asked for; an unknown value of a select means "all"."""

    text: str = ""
    kind: str = ""
    advpax: str = ""
    pnr: str = ""

    @classmethod
    def of(cls, asked: Any) -> Choice:
        kind = asked.get("kind", "")
        steps = {k: asked.get(k, "") for k in StatusKind.values}
        return cls(
            asked.get("q", "").strip()[:100],
            kind if kind in ParticipationKind.values else "",
            **{k: step if step in (*LADDERS[k], *BESIDE) else "" for k, step in steps.items()},
        )

    @property
    def by_status(self) -> bool:
        return bool(self.advpax or self.pnr)

    def __bool__(self) -> bool:
        return bool(self.text or self.kind or self.by_status)


class StatesPage:
    """One reader's list of the group's states on ``today`` (the group's calendar day)."""

    def __init__(self, viewer: Viewer, choice: Choice, today: dt.date) -> None:
        self.choice, self.today = choice, today
        rows = is_member(visible_states(viewer, today), today).order_by("sort_name", "alpha2")
        states: list[Any] = list(rows)  # with ``is_member``, which the type of a state does not know
        self.all_members = [state for state in states if state.is_member]
        self.all_observers = [state for state in states if not state.is_member]
        self.status = query.current_status(access.visible_status(viewer))
        edition = texts.newest_edition()
        self.framework = texts.framework(edition) if edition else None

    # -- The filter ------------------------------------------------------------------------------------------

    @cached_property
    def members(self) -> list[State]:
        if self.choice.kind == ParticipationKind.OBSERVER:
            return []
        return [state for state in self.all_members if self._named(state) and self._stands(state)]

    @cached_property
    def observers(self) -> list[State]:
        """Observer states report no status: a filter by status leaves none of them."""
        if self.choice.kind == ParticipationKind.MEMBER or self.choice.by_status:
            return []
        return [state for state in self.all_observers if self._named(state)]

    def _named(self, state: State) -> bool:
        """Part of a name in any language, accents or not; or one of the codes."""
        wanted = fold(self.choice.text)
        if not wanted:
            return not self.choice.text
        names = (getattr(state, f"name_{language}") or "" for language in ("en", "fr", "pt"))
        return wanted in (state.alpha2.lower(), state.alpha3.lower()) or any(wanted in fold(name) for name in names)

    def _stands(self, state: State) -> bool:
        asked = {"advpax": self.choice.advpax, "pnr": self.choice.pnr}
        return all(not step or self._step(state, kind) == step for kind, step in asked.items())

    def _step(self, state: State, kind: str) -> str:
        status = self.status.get((state.pk, kind))
        return status.label if status else "nd"

    def _words(self, kind: str, code: str) -> str:
        if code == "nd":
            return _("No report")
        return self.framework.label(kind, code) if self.framework else code

    @property
    def selects(self) -> list[dict[str, Any]]:
        """The selects by status: label, name, and options (code, words, chosen)."""
        return [
            {
                "name": kind,
                "label": label,
                "options": [
                    (code, self._words(kind, code), code == getattr(self.choice, kind))
                    for code in (*LADDERS[kind], *BESIDE)
                ],
            }
            for kind, label in (("advpax", _("API status")), ("pnr", _("PNR status")))
        ]

    @property
    def kinds(self) -> list[tuple[str, str, bool]]:
        words = (("member", _("Member states")), ("observer", _("Observer states")))
        return [(value, label, value == self.choice.kind) for value, label in words]

    # -- What is shown ---------------------------------------------------------------------------------------

    @property
    def sentence(self) -> str:
        members, observers = len(self.all_members), len(self.all_observers)
        first = ngettext(
            "%(count)s member state takes part in the group", "%(count)s member states take part in the group", members
        )
        second = ngettext("%(count)s observer state", "%(count)s observer states", observers)
        return _("%(members)s, with %(observers)s.") % {
            "members": first % {"count": members},
            "observers": second % {"count": observers},
        }

    @property
    def found(self) -> str:
        """How many of how many, when something was asked for."""
        if not self.choice:
            return ""
        names = {"count": len(self.members) + len(self.observers)}
        names["total"] = len(self.all_members) + len(self.all_observers)
        return _("%(count)s of %(total)s states match.") % names

    @cached_property
    def table(self) -> SafeString | str:
        if not self.members:
            return ""
        columns = [
            (_("API"), "", "iwg-start"),
            (_("API stated as of"), "", "iwg-start"),
            (_("PNR"), "", "iwg-start"),
            (_("PNR stated as of"), "", "iwg-start"),
        ]
        rows = [
            (
                state.alpha2,
                state.name,
                reverse("profile", args=[state.alpha2.lower()]),
                [piece for kind in StatusKind.values for piece in self._cells(state, kind)],
            )
            for state in self.members
        ]
        return cells.heat_table(
            columns, rows, caption=_("Member states and their status"), corner=_("State"), key="list"
        )

    def _cells(self, state: State, kind: str) -> list[SafeString]:
        code = self._step(state, kind)
        chip = cells.cell(cells.chip(code, self._words(kind, code)))
        status = self.status.get((state.pk, kind))
        if status is None:
            return [chip, cells.cell(mark_safe("–"))]
        shown = format_html(
            '<time datetime="{}">{}</time>', status.as_of.isoformat(), date_format(status.as_of, "SHORT_DATE_FORMAT")
        )
        return [chip, cells.cell(mark_safe(f"{shown} {marks.age(status.as_of, self.today, short=True)}"))]

    @property
    def restricted_owners(self) -> list[State]:
        """States of which the page shows a status that only their own delegation and the secretariat may read."""
        return query.restricted_owners(self.members, query.told([self.status]))

    @property
    def audience(self) -> str:
        return narrowest(Audience.GROUP, *(status.audience for status in self.status.values()))
