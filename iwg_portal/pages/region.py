"""The region at a glance: what the page shows, as values and finished markup.

Nothing here decides who may see: rows come from the access modules, and what a viewer may not read is not among
them. States stand in the alphabetical order of the reader's language, never by score.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capabilities import access
from capabilities.enums import LADDERS, Scope
from capabilities.models import Round
from capabilities.queries import framework as texts
from capabilities.queries import region as query
from iwg_portal.base import cells, charts, marks
from iwg_portal.pages.glossing import Glosser
from iwg_portal.pages.looks import looks
from members.access import Viewer, visible_member_states
from members.enums import Audience, narrowest
from members.models import State

KINDS = ("advpax", "pnr")
MAP = "map/west-africa.svg"


@dataclass(frozen=True)
class Choice:
    """What the reader asked for; unknown values fall back to the whole picture of the newest round."""

    year: int | None = None
    scope: str = Scope.BOTH
    area: str = ""
    names_round: bool = False  # something was said about the round, be it a year or not

    @classmethod
    def of(cls, asked: Any) -> Choice:
        year = asked.get("round", "")
        scope = asked.get("scope", "")
        return cls(
            int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None,
            scope if scope in Scope.values else Scope.BOTH,
            asked.get("area", "")[:8].upper(),
            bool(year),
        )


class RegionPage:
    """One reader's picture of the region on ``today`` (the group's calendar day)."""

    def __init__(self, viewer: Viewer, choice: Choice, today: dt.date) -> None:
        self.viewer, self.choice, self.today = viewer, choice, today
        self.rounds: list[Round] = list(access.visible_rounds(viewer))
        self.round = next((r for r in self.rounds if r.year == choice.year), None)
        if self.round is None and self.rounds:
            self.round = self.rounds[0]
        self.knows_round = not choice.names_round or (self.round is not None and self.round.year == choice.year)
        self.is_newest = not self.rounds or self.round == self.rounds[0]
        older = [r for r in self.rounds if self.round and r.year < self.round.year]
        self.before: Round | None = older[0] if older else None
        self.on = today if self.is_newest or self.round is None else self.round.reference_date
        self.states: list[State] = list(visible_member_states(viewer, self.on))
        self.kinds = KINDS if choice.scope == Scope.BOTH else (choice.scope,)
        self._read_status()
        self._read_scores()

    def _read_status(self) -> None:
        rows = access.visible_status(self.viewer)
        before, on = self.before.reference_date if self.before else None, None if self.is_newest else self.on
        self.status_before, self.status = query.status_then_and_now(rows, before, on)
        ids = [state.pk for state in self.states]
        self.ladders = [query.count_ladder(kind, ids, self.status) for kind in self.kinds]
        self.ladders_before = {kind: query.count_ladder(kind, ids, self.status_before) for kind in self.kinds}

    def _read_scores(self) -> None:
        """Levels: of the areas that each state released to this reader."""
        self.scores: query.ScoresByState = {}
        self.scores_before: query.ScoresByState = {}
        self.spread: dict[tuple[int, int | None], query.Spread] = {}
        self.levels: dict[tuple[int, int], tuple[str, int | None]] = {}
        self.completeness: dict[int, tuple[int, int]] = {}
        if self.round is None:
            return
        rounds = [self.round] + ([self.before] if self.before else [])
        found = query.scores(access.visible_scores(self.viewer), rounds, self.choice.scope)
        self.scores = found[self.round.pk]
        self.scores_before = found[self.before.pk] if self.before else {}
        if self.shows_levels:
            self.spread = query.regional(access.visible_regional_scores(self.viewer), self.choice.scope)
            if self.opened:
                ids = [i.id for i in self.opened.in_scope(self.choice.scope)]
                self.levels = query.levels(access.visible_answers(self.viewer), self.round, ids)
        if self.viewer.reads_status_only and not self.viewer.reads_members:
            self.completeness = query.completeness(access.visible_completeness(self.viewer), self.round)

    @property
    def shows_levels(self) -> bool:
        """To the members always; to others where a state released levels to the whole group."""
        return self.viewer.reads_members or bool(self.scores)

    # -- Texts of the framework ------------------------------------------------------------------------------

    @cached_property
    def framework(self) -> texts.Framework | None:
        edition = self.round.edition if self.round else texts.newest_edition()
        return texts.framework(edition) if edition else None

    @cached_property
    def opened(self) -> texts.AreaText | None:
        """The area whose indicators stand open as columns."""
        areas = self.framework.areas if self.framework else ()
        return next((area for area in areas if area.code == self.choice.area), None)

    def words(self, kind: str, code: str) -> str:
        if code == "nd":
            return _("No report")
        return self.framework.label(kind, code) if self.framework else code

    # -- What is true, in a sentence -------------------------------------------------------------------------

    @cached_property
    def total(self) -> int:
        return len(self.states)

    @cached_property
    def answered(self) -> int:
        """Member states whose answers all members may read, the same number for every reader."""
        if not self.round:
            return 0
        spread = self.spread.get((self.round.pk, None))
        return spread.shared if spread else 0

    @cached_property
    def contributing(self) -> int:
        """How many of them count in at least one median."""
        spread = self.spread.get((self.round.pk, None)) if self.round else None
        return spread.contributing if spread else 0

    @cached_property
    def members_then(self) -> int:
        spread = self.spread.get((self.round.pk, None)) if self.round else None
        return spread.members if spread else self.total

    @property
    def sentence(self) -> str:
        if not self.total:
            return _("The group has no member states yet.")
        counts = {ladder.kind: ladder.operational for ladder in self.ladders}
        names = {"total": self.total, **counts}
        if len(counts) == 2:
            first = _("API is in operation in %(advpax)s of %(total)s member states, and PNR in %(pnr)s of %(total)s.")
        elif "pnr" in counts:
            first = _("PNR is in operation in %(pnr)s of %(total)s member states.")
        else:
            first = _("API is in operation in %(advpax)s of %(total)s member states.")
        parts = [first % names]
        if self.viewer.reads_members and self.round:
            parts.append(
                _("The %(year)s self-assessment was published by %(answered)s of %(total)s.")
                % {"year": self.round.year, "answered": self.answered, "total": self.members_then}
            )
        return " ".join(parts)

    @cached_property
    def base_audience(self) -> Audience:
        return Audience.MEMBERS if self.viewer.reads_members else Audience.GROUP

    @property
    def audience(self) -> str:
        """The narrowest of what the page shows this reader."""
        return narrowest(self.base_audience, *{audience for _state, audience in self._told})

    @cached_property
    def _told(self) -> list[tuple[int, str]]:
        return query.told([self.status, self.status_before], [self.scores, self.scores_before])

    # -- Map, ladders ----------------------------------------------------------------------------------------

    @cached_property
    def maps(self) -> list[tuple[str, SafeString]]:
        """One map per kind shown; with both kinds, the map of API stands first."""
        url = static(MAP)
        drawn = []
        for kind in self.kinds[:1]:
            shapes = [
                (
                    state.alpha2,
                    self._step(state.pk, kind),
                    self._address(state),
                    f"{state.name}{marks.colon()}{self.words(kind, self._step(state.pk, kind))}",
                )
                for state in self.states
            ]
            title = _("Map: API status by state") if kind == "advpax" else _("Map: PNR status by state")
            drawn.append((kind, charts.region_map(shapes, title, url)))
        return drawn

    @cached_property
    def bars(self) -> list[dict[str, Any]]:
        found = []
        for ladder in self.ladders:
            title = _("API status, member states") if ladder.kind == "advpax" else _("PNR status, member states")
            segments = [(code, self.words(ladder.kind, code), n) for code, n in ladder.steps.items()]
            found.append(
                {
                    "kind": ladder.kind,
                    "operational": ladder.operational,
                    "total": ladder.total,
                    "bar": charts.stacked_bar(segments, ladder.total, title),
                    "legend": charts.legend(segments),
                    "change": self._ladder_change(ladder),
                }
            )
        return found

    def _ladder_change(self, ladder: query.LadderCount) -> str:
        if not self.before:
            return ""
        difference = ladder.operational - self.ladders_before[ladder.kind].operational
        names = {"count": abs(difference), "year": self.before.year}
        if difference > 0:
            return _("▲ %(count)s since %(year)s") % names
        if difference < 0:
            return _("▼ %(count)s since %(year)s") % names
        return _("no change since %(year)s") % names

    def _step(self, state_id: int, kind: str) -> str:
        status = self.status.get((state_id, kind))
        return status.label if status else "nd"

    @staticmethod
    def _address(state: State) -> str:
        return reverse("profile", args=[state.alpha2.lower()])

    # -- The table -------------------------------------------------------------------------------------------

    @cached_property
    def table(self) -> SafeString:
        columns: list[tuple[str, ...]] = [
            (_("API") if kind == "advpax" else _("PNR"), "", "iwg-start") for kind in self.kinds
        ]
        columns += self._score_columns()
        rows = [
            (
                state.alpha2,
                state.name,
                self._address(state),
                [*(self._chip(state, kind) for kind in self.kinds), *self._score_cells(state)],
            )
            for state in self.states
        ]
        return cells.heat_table(columns, rows, caption=self.caption, corner=_("State"), key="heat")

    @property
    def caption(self) -> str:
        if not self.shows_levels:
            return _("API and PNR status of each member state")
        return _("Status and mean levels of each member state, %(year)s") % {
            "year": self.round.year if self.round else ""
        }

    def _score_columns(self) -> list[tuple[str, str]]:
        known = [(_("Answered"), "")] if self.completeness else []
        if not self.shows_levels or not self.framework:
            return known
        if self.opened:
            opened = self.opened.in_scope(self.choice.scope)
            return [*known, (self.opened.short_title, self.link(area="")), *((i.code, "") for i in opened)]
        columns = [(area.short_title, self.link(area=area.code)) for area in self.framework.areas]
        return [*known, *columns, (_("Mean"), "")]

    def _score_cells(self, state: State) -> list[SafeString]:
        known = [self._completeness(state)] if self.completeness else []
        if not self.shows_levels or not self.framework:
            return known
        if self.opened:
            return [
                *known,
                self._mean(state.pk, self.opened.id),
                *(self._level(state.pk, indicator.id) for indicator in self.opened.in_scope(self.choice.scope)),
            ]
        return [
            *known,
            *(self._mean(state.pk, area.id) for area in self.framework.areas),
            self._overall(state.pk),
        ]

    def _completeness(self, state: State) -> SafeString:
        known = self.completeness.get(state.pk)
        words = _("%(declared)s of %(applicable)s") % {"declared": known[0], "applicable": known[1]} if known else "–"
        return cells.cell(words, "iwg-num")

    def _mean(self, state_id: int, area_id: int) -> SafeString:
        score = self.scores.get((state_id, area_id))
        return cells.level_cell(score.mean if score else None, places=1)

    def _level(self, state_id: int, indicator_id: int) -> SafeString:
        kind, level = self.levels.get((state_id, indicator_id), ("nd", None))
        return cells.level_cell(level, "" if kind == "level" else kind)

    def _overall(self, state_id: int) -> SafeString:
        score = self.scores.get((state_id, None))
        if score is None or score.mean is None:
            return cells.cell(format_html('<span class="visually-hidden">{}</span>', _("not declared")))
        earlier = self.scores_before.get((state_id, None))
        # Means as shown, so that the arrow never contradicts the two figures a reader can compare.
        delta = (
            cells.rounded(score.mean) - cells.rounded(earlier.mean) if earlier and earlier.mean is not None else None
        )
        year = str(self.before.year) if self.before else ""
        arrow = cells.change(delta, year, arrow_only=True)
        return cells.cell(mark_safe(f"{cells.number(score.mean, 1)} {arrow}"), "iwg-num iwg-mean")

    def _chip(self, state: State, kind: str) -> SafeString:
        code = self._step(state.pk, kind)
        earlier = self.status_before.get((state.pk, kind))
        was = earlier.label if earlier else "nd"
        moved = _movement(kind, was, code)
        mark = cells.moved(moved > 0, self.words(kind, was), str(self.before.year)) if self.before and moved else ""
        return cells.cell(mark_safe(f"{cells.chip(code, self.words(kind, code))} {mark}".strip()))

    # -- Beside the table ------------------------------------------------------------------------------------

    @cached_property
    def silent(self) -> list[State]:
        """Member states without a published answer that this reader may read: not answered, or not shared."""
        if not self.viewer.reads_members or not self.round:
            return []
        return [state for state in self.states if (state.pk, None) not in self.scores]

    @cached_property
    def trends(self) -> list[dict[str, Any]]:
        """Per area: the round's median and its course over the rounds, oldest first."""
        if not self.spread or not self.framework or not self.round:
            return []
        rounds = [r for r in reversed(self.rounds) if r.year <= self.round.year]
        breaks = {index for index in range(1, len(rounds)) if rounds[index].edition_id != rounds[index - 1].edition_id}
        found = []
        for area in self.framework.areas:
            course = [self.spread.get((r.pk, area.id), query.NO_SPREAD) for r in rounds]
            points = [(str(r.year), s.median, s.lower, s.upper) for r, s in zip(rounds, course, strict=True)]
            found.append(
                {
                    "title": area.title,
                    "spread": course[-1],
                    "spark": charts.spark(points, area.title, breaks=breaks),
                }
            )
        return found

    @cached_property
    def age_months(self) -> int | None:
        """Median age of the status reports shown, in months; None where there is none."""
        ages = [
            (self.on - self.status[key].as_of).days
            for key in self.status
            if key[1] in self.kinds and self.status[key].as_of <= self.on
        ]
        return round(median(ages) / 30.44) if ages else None

    @property
    def age_words(self) -> str:
        months = self.age_months
        if months is None:
            return ""
        return ngettext(
            "Median age of the reports: %(months)s month.", "Median age of the reports: %(months)s months.", months
        ) % {"months": months}

    # -- Links that keep the rest of the choice --------------------------------------------------------------

    def link(self, **changes: str) -> str:
        asked = {
            "round": "" if self.is_newest else str(self.round.year) if self.round else "",
            "scope": "" if self.choice.scope == Scope.BOTH else self.choice.scope,
            "area": self.opened.code if self.opened else "",
            **changes,
        }
        asked = {name: value for name, value in asked.items() if value}
        return reverse("region") + (f"?{urlencode(asked)}" if asked else "")

    @property
    def all_areas_url(self) -> str:
        return self.link(area="")

    @property
    def area_links(self) -> list[tuple[str, texts.AreaText, bool]]:
        areas = self.framework.areas if self.framework else ()
        return [(self.link(area=area.code), area, area == self.opened) for area in areas]

    @property
    def opened_indicators(self) -> list[tuple[str, SafeString]]:
        """Code and title, with the terms of the glossary marked."""
        edition = self.round.edition if self.round else texts.newest_edition()
        if not self.opened or not edition:
            return []
        gloss = Glosser(texts.definitions(edition))
        return [(i.code, gloss(i.title)) for i in self.opened.in_scope(self.choice.scope)]

    @property
    def legend(self) -> SafeString | str:
        """Explains the level cells; empty where no level is shown."""
        if not self.shows_levels or not self.framework:
            return ""
        return charts.level_legend([(level, self.framework.label("level", str(level))) for level in range(5)])

    @property
    def restricted_owners(self) -> list[State]:
        """States of which the page shows something that only their own delegation and the secretariat may read."""
        return query.restricted_owners(self.states, self._told)

    @property
    def seen_words(self) -> str:
        words = str(self.base_audience.label)
        if self.audience == self.base_audience:
            return words
        return _("%(readers)s; some of it only by the delegation that owns it and the secretariat") % {"readers": words}

    @property
    def looks(self) -> list[tuple[str, str]]:
        return looks(self.viewer, self.link())

    @property
    def scopes(self) -> Sequence[tuple[str, str, bool]]:
        labels = ((Scope.BOTH, _("API and PNR")), (Scope.ADVPAX, _("API")), (Scope.PNR, _("PNR")))
        return [
            (self.link(scope="" if value == Scope.BOTH else value), label, value == self.choice.scope)
            for value, label in labels
        ]


def _movement(kind: str, earlier: str, now: str) -> int | None:
    """Steps up (positive) or down the ladder; None where one of the two stands beside it."""
    steps = LADDERS[kind]
    if earlier not in steps or now not in steps:
        return None
    return steps.index(now) - steps.index(earlier)
