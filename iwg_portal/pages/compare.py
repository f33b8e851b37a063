"""Two to four member states side by side: the same round, the same framework, in alphabetical order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from capabilities import access
from capabilities.enums import LADDERS, Scope, StatusKind, ladder_steps
from capabilities.models import Round
from capabilities.queries import framework as texts
from capabilities.queries import region as query
from iwg_portal.base import cells, charts
from members.access import Viewer, visible_member_states
from members.enums import Audience, narrowest
from members.models import State

LEAST, MOST = 2, 4


@dataclass(frozen=True)
class Choice:
    """What the reader asked for: codes in upper case, each once, in the order of the address."""

    codes: tuple[str, ...] = ()
    scope: str = Scope.BOTH

    @classmethod
    def of(cls, asked: Any) -> Choice:
        codes = dict.fromkeys(code.strip().upper()[:10] for code in asked.getlist("state")[:250] if code.strip())
        scope = asked.get("scope", "")
        return cls(tuple(codes), scope if scope in Scope.values else Scope.BOTH)


class ComparePage:
    """One reader's comparison on ``today``. ``states`` is empty until two to four of them are chosen."""

    least, most = LEAST, MOST

    def __init__(self, viewer: Viewer, choice: Choice, today: dt.date) -> None:
        self.viewer, self.choice, self.today = viewer, choice, today
        self.all_states: list[State] = list(visible_member_states(viewer, today))
        known = {state.alpha2 for state in self.all_states}
        self.unknown = [code for code in choice.codes if code not in known]
        self.chosen = [state for state in self.all_states if state.alpha2 in choice.codes]
        self.states = self.chosen if self.least <= len(self.chosen) <= self.most else []
        self.rounds: list[Round] = list(access.visible_rounds(viewer)[:1])
        self.round = self.rounds[0] if self.rounds else None
        self.kinds = tuple(StatusKind.values) if choice.scope == Scope.BOTH else (choice.scope,)
        self.status: query.StatusByState = {}
        self.scores: query.ScoresByState = {}
        self.spread: dict[tuple[int, int | None], query.Spread] = {}
        self.levels: dict[tuple[int, int], tuple[str, int | None]] = {}
        if self.states:
            self._read()

    def _read(self) -> None:
        self.status = query.current_status(access.visible_status(self.viewer).filter(state__in=self.states))
        if not self.round or not self.framework:
            return
        scores = access.visible_scores(self.viewer).filter(assessment__state__in=self.states)
        self.scores = query.scores(scores, [self.round], self.choice.scope)[self.round.pk]
        if not self.shows_levels:
            return
        regional = access.visible_regional_scores(self.viewer).filter(round=self.round)
        self.spread = query.regional(regional, self.choice.scope)
        ids = [i.id for area in self.framework.areas for i in area.in_scope(self.choice.scope)]
        answers = access.visible_answers(self.viewer).filter(assessment__state__in=self.states)
        self.levels = query.levels(answers, self.round, ids)

    @property
    def shows_levels(self) -> bool:
        """To the members always; to others where one of the states released levels to the whole group."""
        return self.viewer.reads_members or bool(self.scores)

    @cached_property
    def framework(self) -> texts.Framework | None:
        edition = self.round.edition if self.round else texts.newest_edition()
        return texts.framework(edition) if edition else None

    # -- Choosing --------------------------------------------------------------------------------------------

    @property
    def problems(self) -> list[str]:
        """What stands in the way, in sentences; what was chosen stays chosen."""
        found = []
        if self.unknown:
            shown = [f"“{code}”" for code in self.unknown[:MOST]]
            found.append(
                _("%(codes)s: no member state of the group has this code.") % {"codes": get_text_list(shown, _("and"))}
            )
        if len(self.chosen) > MOST:
            found.append(
                _("You chose %(count)s states; at most %(most)s fit side by side. Take some away.")
                % {"count": len(self.chosen), "most": MOST}
            )
        elif self.choice.codes and len(self.chosen) < LEAST:
            found.append(_("Choose at least %(least)s states.") % {"least": LEAST})
        return found

    @property
    def options(self) -> list[tuple[State, bool]]:
        return [(state, state in self.chosen) for state in self.all_states]

    @property
    def scopes(self) -> Sequence[tuple[str, str, bool]]:
        labels = ((Scope.BOTH, _("API and PNR")), (Scope.ADVPAX, _("API")), (Scope.PNR, _("PNR")))
        return [(self._link(value), label, value == self.choice.scope) for value, label in labels]

    def _link(self, scope: str) -> str:
        asked = self._asked(scope)
        return reverse("compare") + (f"?{asked}" if asked else "")

    def _asked(self, scope: str) -> str:
        asked = [("state", state.alpha2) for state in self.chosen]
        if scope != Scope.BOTH:
            asked.append(("scope", scope))
        return urlencode(asked)

    @property
    def address(self) -> str:
        """What was asked for, for the address of a file of the same."""
        return self._asked(self.choice.scope)

    # -- Head ------------------------------------------------------------------------------------------------

    @property
    def sentence(self) -> str:
        if not self.states:
            return _("Choose two to four member states and see them side by side.")
        names = get_text_list([state.name for state in self.states], _("and"))
        if self.shows_levels and self.round:
            words = _("%(states)s side by side: status of today, levels of the %(year)s self-assessment. No ranking.")
            return words % {"states": names, "year": self.round.year}
        return _("%(states)s side by side: status of today. No ranking.") % {"states": names}

    @property
    def audience(self) -> str:
        shown = {audience for _state, audience in self._told}
        return narrowest(Audience.MEMBERS if self.viewer.reads_members else Audience.GROUP, *shown)

    @property
    def _told(self) -> list[tuple[int, str]]:
        return query.told([self.status], [self.scores])

    @property
    def restricted_owners(self) -> list[State]:
        """States of which the page shows something that only their own delegation and the secretariat may read."""
        return query.restricted_owners(self.states, self._told)

    # -- Ladders ---------------------------------------------------------------------------------------------

    @cached_property
    def ladders(self) -> list[dict[str, Any]]:
        """Per kind: the ladder of each state, one under the other so that steps align."""
        return [
            {
                "kind": kind,
                "title": _("API") if kind == "advpax" else _("PNR"),
                "rows": [self._ladder(state, kind) for state in self.states],
            }
            for kind in self.kinds
        ]

    def _ladder(self, state: State, kind: str) -> dict[str, Any]:
        status = self.status.get((state.pk, kind))
        code = status.label if status else "nd"
        reached = ladder_steps(kind, status.legal, status.delivery) if status else ladder_steps(kind, "nd", "nd")
        steps = [(self._words(kind, step), state) for step, state in reached]
        title = (_("API status of %(state)s") if kind == "advpax" else _("PNR status of %(state)s")) % {
            "state": state.name
        }
        return {
            "ladder": charts.ladder(state.name, steps, title),
            "beside": "" if code in LADDERS[kind] else cells.chip(code, self._words(kind, code)),
            "status": status,
            "legal": self.framework.label("legal", status.legal) if status and self.framework else "",
        }

    def _words(self, kind: str, code: str) -> str:
        if code == "nd":
            return _("No report")
        return self.framework.label(kind, code) if self.framework else code

    # -- Areas and indicators --------------------------------------------------------------------------------

    @cached_property
    def heads(self) -> list[tuple[str, str]]:
        return [(state.name, reverse("profile", args=[state.alpha2.lower()])) for state in self.states]

    @cached_property
    def area_table(self) -> SafeString | str:
        """Mean of each area, with how many indicators are declared, beside the regional median."""
        if not self.levels and not self.scores:
            return ""
        if not self.framework or not self.round:
            return ""
        columns = [(*head, "iwg-start") for head in (*self.heads, (_("Regional median"), ""))]
        rows = []
        for area in self.framework.areas:
            row = [self._score(self.scores.get((state.pk, area.id))) for state in self.states]
            rows.append(("", area.title, "", [*row, self._median(self.spread.get((self.round.pk, area.id)))]))
        caption = _("Mean level of each area, self-assessment %(year)s") % {"year": self.round.year}
        return cells.heat_table(columns, rows, caption=caption, corner=_("Area"), key="areas")

    @staticmethod
    def _score(score: query.Score | None) -> SafeString:
        badge = cells.level_badge(score.mean if score else None, places=1)
        if score is None:
            return cells.cell(badge)
        words = _("%(declared)s of %(applicable)s") % {"declared": score.declared, "applicable": score.applicable}
        return cells.cell(format_html('{} <small class="iwg-quiet">{}</small>', badge, words))

    @staticmethod
    def _median(spread: query.Spread | None) -> SafeString:
        if spread is None or spread.median is None:
            return cells.cell(mark_safe("–"))
        words = _("%(count)s of %(total)s states") % {"count": spread.contributing, "total": spread.members}
        shown = cells.number(spread.median, 1)
        return cells.cell(format_html('<b>{}</b> <small class="iwg-quiet">{}</small>', shown, words))

    @cached_property
    def areas(self) -> list[dict[str, Any]]:
        """Per area: its table of indicators, and how many of them differ between the states."""
        if not self.area_table or not self.framework:
            return []
        found = []
        for area in self.framework.areas:
            indicators = area.in_scope(self.choice.scope)
            if not indicators:
                continue
            differences = [self._difference(indicator.id) for indicator in indicators]
            found.append(
                {
                    "title": area.title,
                    "total": len(indicators),
                    "differ": sum(1 for difference in differences if difference),
                    "table": self._indicators(area, indicators, differences),
                }
            )
        return found

    def _indicators(
        self, area: texts.AreaText, indicators: Sequence[texts.IndicatorText], differences: Sequence[int | None]
    ) -> SafeString:
        columns = [*self.heads, (_("Difference"), "", "iwg-num")]
        rows = []
        for indicator, difference in zip(indicators, differences, strict=True):
            row = [self._level(state.pk, indicator.id) for state in self.states]
            rows.append((indicator.code, indicator.title, "", [*row, self._apart(difference)]))
        return cells.heat_table(columns, rows, caption=area.title, corner=_("Indicator"), key=f"area-{area.code}")

    def _level(self, state_id: int, indicator_id: int) -> SafeString:
        kind, level = self.levels.get((state_id, indicator_id), ("nd", None))
        return cells.level_cell(level, "" if kind == "level" else kind)

    def _difference(self, indicator_id: int) -> int | None:
        """Between the highest and the lowest declared level; None where fewer than two states declared one."""
        given = [self.levels.get((state.pk, indicator_id), ("nd", None))[1] for state in self.states]
        declared = [level for level in given if level is not None]
        return max(declared) - min(declared) if len(declared) >= LEAST else None

    @staticmethod
    def _apart(difference: int | None) -> SafeString:
        if difference is None:
            return cells.cell(mark_safe("–"), "iwg-num")
        if not difference:
            return cells.cell(_("same"), "iwg-num iwg-quiet")
        return cells.cell(format_html("<b>{}</b>", difference), "iwg-num")

    @property
    def legend(self) -> SafeString | str:
        if not self.area_table or not self.framework:
            return ""
        return charts.level_legend([(level, self.framework.label("level", str(level))) for level in range(5)])
