"""The comparison of two to four states as a file: the rows of the page.

As text it is one row for each state under the headings of the status workbook (capabilities.exports), so that it can
be imported as it is: what is empty there changes nothing. Not declared and not shared are both empty.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from capabilities import access
from capabilities.enums import StatusKind
from capabilities.exports import BEFORE
from capabilities.queries import framework as texts
from iwg_portal.base import cells
from iwg_portal.base.extracts import Book, Column, Extract, Table, row_label
from iwg_portal.pages.compare import ComparePage
from members.enums import TLP, Audience
from members.models import State


class CompareFile(ComparePage):
    """Of two to four states; ``states`` is empty where the page has nothing to compare."""

    @property
    def _name(self) -> str:
        return "-".join(["comparison", *(state.alpha2.lower() for state in self.states)])

    @property
    def _title(self) -> str:
        names = get_text_list([state.name for state in self.states], _("and"))
        return _("Comparison: %(states)s") % {"states": names}

    @property
    def _filters(self) -> list[tuple[str, str]]:
        scope = next(label for _url, label, current in self.scopes if current)
        round_ = [(_("Self-assessment"), str(self.round.year))] if self.round and self.shows_levels else []
        return [(_("Kind of data"), scope), *round_, (_("In one sentence"), self.sentence)]

    @property
    def _areas(self) -> list[tuple[texts.AreaText, list[texts.IndicatorText]]]:
        """With their indicators in scope; none where the page shows no levels."""
        if not self.area_table or not self.framework:
            return []
        found = [(area, list(area.in_scope(self.choice.scope))) for area in self.framework.areas]
        return [(area, indicators) for area, indicators in found if indicators]

    # -- Text --------------------------------------------------------------------------------------------------------

    def extract(self, *, person: str) -> Extract:
        parts = [("advpax", "legal"), ("advpax", "delivery"), ("advpax", "since")]
        parts += [("pnr", part) for _kind, part in parts]
        headings = dict(zip(parts, BEFORE[1:], strict=True))
        wanted = [(kind, part) for kind, part in parts if kind in self.kinds]
        codes = [indicator for _area, indicators in self._areas for indicator in indicators]
        reasons = self._reasons()
        columns = [Column(BEFORE[0], "", ""), *(Column(headings[key], "", "") for key in wanted)]
        columns += [Column(indicator.code, "", "") for indicator in codes]
        rows = [
            [
                state.alpha2,
                *(self._stated(state, kind, part) for kind, part in wanted),
                *(self._declared(state, indicator.id, reasons) for indicator in codes),
            ]
            for state in self.states
        ]
        return Extract(self._name, self._title, self.audience, person, timezone.now(), columns, rows, self._filters)

    def _stated(self, state: State, kind: str, part: str) -> Any:
        """Its code, as the import reads it. A status that was never stated is empty, as one that is not shared."""
        status = self.status.get((state.pk, kind))
        value = getattr(status, part) if status else None
        return value.upper() if value == "nd" else value

    def _declared(self, state: State, indicator_id: int, reasons: dict[tuple[int, int], str]) -> Any:
        kind, level = self.levels.get((state.pk, indicator_id), ("nd", None))
        if kind == "na":
            return f"NA: {reasons.get((state.pk, indicator_id), '')}"
        return level if kind == "level" else None

    def _reasons(self) -> dict[tuple[int, int], str]:
        """Why an indicator is not applicable, as the profile of its state says to the same reader."""
        if not self.levels:
            return {}
        rows = access.visible_answers(self.viewer).filter(
            assessment__state__in=self.states, assessment__round=self.round, kind="na"
        )
        found = rows.values_list("assessment__state_id", "indicator_id", "reason")
        return {(state_id, indicator_id): reason for state_id, indicator_id, reason in found}

    # -- Workbook ----------------------------------------------------------------------------------------------------

    def book(self, *, person: str) -> Book:
        tables = [self.status_sheet()]
        if self._areas:
            tables += [self._area_sheet(), self._indicator_sheet()]
        return Book(self._name, self._title, self.audience, person, timezone.now(), tables, self._filters)

    def status_sheet(self) -> Table:
        """The kinds one after the other, each with the states in their order."""
        columns = [
            Column("state", _("State"), _("In alphabetical order: no ranking."), 24),
            Column("kind", _("Kind"), _("API or PNR."), 10),
            Column("status", _("Status"), _("The step on the group’s ladder."), 34),
            Column("legal", _("Legal basis"), _("How far the law has come."), 34),
            Column("since", _("Since"), _("Since when it holds, where that is known."), 12),
            Column("as_of", _("As of"), _("The day for which the state said so."), 12),
            row_label(),
        ]
        rows = []
        for kind in self.kinds:
            for state in self.states:
                status = self.status.get((state.pk, kind))
                legal = self.framework.label("legal", status.legal) if status and self.framework else ""
                rows.append(
                    [
                        state.name,
                        _("API") if kind == StatusKind.ADVPAX else _("PNR"),
                        self._words(kind, status.label if status else "nd"),
                        legal,
                        status.since if status else None,
                        status.as_of if status else None,
                        TLP[Audience(status.audience)] if status else "",
                    ]
                )
        return Table(_("Status"), columns, rows)

    def _area_sheet(self) -> Table:
        columns = [Column("area", _("Area"), _("Of the group’s framework."), 44)]
        for state in self.states:
            mean = _("Mean of the declared levels 0 to 4; empty where none is declared. That is not a zero.")
            columns.append(Column(state.alpha2, state.name, mean, 20))
            declared = _("%(state)s, declared") % {"state": state.name}
            columns.append(Column(f"{state.alpha2}-declared", declared, _("How many of how many indicators."), 20))
        columns.append(Column("median", _("Regional median"), _("Over the member states that contribute."), 18))
        rows = []
        for area, _indicators in self._areas:
            row: list[Any] = [area.title]
            for state in self.states:
                score = self.scores.get((state.pk, area.id))
                mean_level = score.mean if score else None
                words = {"declared": score.declared, "applicable": score.applicable} if score else None
                row.append(None if mean_level is None else cells.rounded(mean_level))
                row.append(_("%(declared)s of %(applicable)s") % words if words else "")
            spread = self.spread.get((self.round.pk, area.id)) if self.round else None
            median = spread.median if spread else None
            rows.append([*row, None if median is None else cells.rounded(median)])
        return Table(_("Areas"), columns, rows)

    def _indicator_sheet(self) -> Table:
        level = _("Level 0 to 4, or in words why there is none.")
        columns = [
            Column("indicator", _("Indicator"), _("Its code in the framework."), 12),
            Column("title", _("Title"), _("Of the indicator."), 50),
            *(Column(state.alpha2, state.name, level, 20) for state in self.states),
            Column("difference", _("Difference"), _("Between the highest and the lowest declared level."), 14),
        ]
        rows = [
            [
                indicator.code,
                indicator.title,
                *(self._shown(state, indicator.id) for state in self.states),
                self._difference(indicator.id),
            ]
            for _area, indicators in self._areas
            for indicator in indicators
        ]
        return Table(_("Indicators"), columns, rows)

    def _shown(self, state: State, indicator_id: int) -> Any:
        kind, level = self.levels.get((state.pk, indicator_id), ("nd", None))
        if kind == "level":
            return level
        return _("not applicable") if kind == "na" else _("not declared")
