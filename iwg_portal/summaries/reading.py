"""A summary in one language: sentences, tables and map from its frozen figures. Asks the database nothing.

What the page shows, the PDF and the workbook say the same, because all three are made from one ``Reading``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capabilities.enums import LADDERS, StatusKind
from iwg_portal.base import cells, marks
from iwg_portal.base.dates import date_format
from iwg_portal.summaries.corrections import Change, compare, readable
from iwg_portal.summaries.head import Head
from meetings.enums import DecisionState
from members.sorting import fold_name

NOT_SHOWN = "nd"
MOST_CHANGES = 100  # that are told one by one


@dataclass(frozen=True)
class Ladder:
    """One bar: ``segments`` are (code, words, count), the states that are not named last; they fill ``members``."""

    kind: str
    title: str
    sentence: str
    segments: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Row:
    """One state in the grid. ``status``: (code, words) per kind; ``levels``: a mean or None per area."""

    code: str
    name: str
    status: tuple[tuple[str, str], ...]
    as_of: tuple[str, ...]
    levels: tuple[float | None, ...]


class Reading(Head):
    """One that names states: its sentences and tables."""

    @property
    def median_rule(self) -> str:
        return _(
            "A median is not said where fewer than five states contribute to it, and is rounded to halves where one to"
            " four of them are not named."
        )

    @property
    def cut(self) -> list[str]:
        """Where a list does not hold everything."""
        counts = self.content["decisions"]["counts"]
        listed = len(self.content["decisions"]["rows"])
        of = counts[DecisionState.ACTIVE] + counts[DecisionState.CARRIED_OUT]
        if listed == of:
            return []
        words = _("The list of decisions holds the newest %(n)s of %(total)s.")
        return [words % {"n": listed, "total": of}]

    # -- Sentences -------------------------------------------------------------------------------------------

    @property
    def lead(self) -> list[str]:
        return [ladder.sentence for ladder in self.ladders]

    @property
    def consent(self) -> str:
        return _(
            "Member states of the group: %(members)s. A state is named only with what it agreed to have named; one that"
            " did not agree is shown as one that did not report, and is not counted on the ladders. Whether it counts"
            " in a median is for each state to say."
        ) % {"members": self.members}

    @property
    def changes(self) -> list[str]:
        """What moved since the round before, and how complete and how old the figures are."""
        found = []
        if self.before:
            for ladder in self.content["ladders"]:
                if ladder["compared"]:
                    found.append(self._movement(ladder))
            rises = self._rises()
            if rises:
                found.append(
                    _("Regional medians since %(year)s%(colon)s%(list)s.")
                    % {"year": self.before, "colon": marks.colon(), "list": marks.semicolon().join(rises)}
                )
        found.append(
            _("%(n)s of %(members)s member states are named with levels of their self-assessment of %(year)s.")
            % {"n": self.content["with_levels"], "members": self.members, "year": self.year}
        )
        months = self.content["age_months"]
        if months is not None:
            found.append(
                ngettext(
                    "Median age of the reports shown: %(months)s month.",
                    "Median age of the reports shown: %(months)s months.",
                    months,
                )
                % {"months": months}
            )
        return found

    def _movement(self, ladder: dict[str, Any]) -> str:
        names = {
            "kind": _kind(ladder["kind"]),
            "year": self.before,
            "up": ladder["up"],
            "down": ladder["down"],
            "into": ladder["into_operation"],
            "compared": ladder["compared"],
        }
        return (
            _(
                "%(kind)s since %(year)s, of %(compared)s states with a report in both years: steps up %(up)s,"
                " steps back %(down)s, newly in operation %(into)s."
            )
            % names
        )

    def _rises(self) -> list[str]:
        """Per area, the median now against that of the round before, where both are there."""
        found = []
        for area, median in zip(self.areas, self.content["medians"], strict=True):
            points = {point["year"]: point["median"] for point in median["course"] if not point["blurred"]}
            now, then = points.get(self.year), points.get(self.before)
            if now is not None and then is not None:
                step = cells.rounded(now - then)
                sign = "+" if step > 0 else "−" if step < 0 else ""
                found.append(f"{area['short'][self.language]} {sign}{cells.number(abs(step), 1)}")
        return found

    @property
    def decisions_words(self) -> str:
        counts = self.content["decisions"]["counts"]
        return _("Active %(active)s, carried out %(done)s, superseded %(superseded)s.") % {
            "active": counts[DecisionState.ACTIVE],
            "done": counts[DecisionState.CARRIED_OUT],
            "superseded": counts[DecisionState.SUPERSEDED],
        }

    @property
    def actions_words(self) -> str:
        names = self.content["actions"]
        return _("Action points, counted by owner: %(done)s of %(total)s done, %(overdue)s overdue.") % names

    # -- Ladders, map ----------------------------------------------------------------------------------------

    def words(self, ladder: str, code: str) -> str:
        if code == NOT_SHOWN:
            return _("No report, or not named")
        return str(self.content["words"][self.language].get(f"{ladder}/{code}", code))

    @property
    def ladders(self) -> list[Ladder]:
        found = []
        for ladder in self.content["ladders"]:
            kind = ladder["kind"]
            segments = [(code, self.words(kind, code), n) for code, n in ladder["steps"]]
            if ladder["rest"]:
                segments.append((NOT_SHOWN, self.words(kind, NOT_SHOWN), ladder["rest"]))
            if ladder["named"]:
                sentence = _("%(kind)s is in operation in %(n)s of the %(named)s member states that are named.") % {
                    "kind": _kind(kind),
                    "n": ladder["operational"],
                    "named": ladder["named"],
                }
            else:
                sentence = _("No status of %(kind)s may be shown.") % {"kind": _kind(kind)}
            found.append(Ladder(kind, _kind(kind), sentence, tuple(segments)))
        return found

    @property
    def map_kind(self) -> str:
        return self.kinds[0]

    @property
    def map_words(self) -> str:
        return _("The map shows %(kind)s. The table has every state.") % {"kind": _kind(self.map_kind)}

    @property
    def on_map(self) -> list[tuple[str, str, str]]:
        """(alpha-2, status code, name with status) of each state."""
        place = self.kinds.index(self.map_kind)
        return [
            (row.code, row.status[place][0], f"{row.name}{marks.colon()}{row.status[place][1]}") for row in self.rows
        ]

    # -- Tables ----------------------------------------------------------------------------------------------

    @property
    def columns(self) -> list[str]:
        return [*(_kind(kind) for kind in self.kinds), *(area["short"][self.language] for area in self.areas)]

    @property
    def rows(self) -> list[Row]:
        """Every member state in the alphabetical order of the language."""
        found = []
        for row in self.content["states"]:
            held = [row[kind] for kind in self.kinds]
            codes = [one[0] if one else NOT_SHOWN for one in held]
            found.append(
                Row(
                    row["code"],
                    self.content["names"][row["code"]][self.language],
                    tuple((code, self.words(kind, code)) for kind, code in zip(self.kinds, codes, strict=True)),
                    tuple(one[1] if one else "" for one in held),
                    tuple(row["areas"][area["code"]] for area in self.areas),
                )
            )
        return sorted(found, key=lambda row: (fold_name(row.name), row.code))

    @property
    def median_years(self) -> list[int]:
        course = self.content["medians"][0]["course"] if self.content["medians"] else []
        return [point["year"] for point in course][-6:]

    @property
    def median_rows(self) -> list[tuple[str, list[str], str]]:
        """Area, its median in each year shown, and middle half with n of N of the newest round."""
        found = []
        for area, median in zip(self.areas, self.content["medians"], strict=True):
            points = {point["year"]: point for point in median["course"]}
            newest = points.get(self.year) or {"median": None}
            found.append(
                (
                    area["title"][self.language],
                    [_figure(points[year]["median"]) for year in self.median_years],
                    self._half(newest),
                )
            )
        return found

    def _half(self, point: dict[str, Any]) -> str:
        if point["median"] is None:
            return _("fewer than 5 states")
        if point["blurred"]:
            return _("rounded to halves, %(n)s of %(total)s states") % {"n": point["n"], "total": point["of"]}
        return _("middle half %(low)s to %(high)s, %(n)s of %(total)s states") % {
            "low": _figure(point["lower"]),
            "high": _figure(point["upper"]),
            "n": point["n"],
            "total": point["of"],
        }

    @property
    def decisions(self) -> list[dict[str, str]]:
        return [
            {
                **row,
                "standing": str(DecisionState(row["status"]).label),
                "day": date_format(dt.date.fromisoformat(row["on"]), "DATE_FORMAT"),
            }
            for row in self.content["decisions"]["rows"]
        ]

    @property
    def lessons(self) -> list[dict[str, str]]:
        return [
            {
                "title": row["title"][self.language],
                "language": row["language"][self.language],
                "state": row["state_name"][self.language] if row["state_name"] else "",
            }
            for row in self.content["lessons"]
        ]

    # -- Against the one before -----------------------------------------------------------------------------

    @property
    def corrections_title(self) -> str:
        return _("Compared with summary %(code)s") % {"code": self.earlier.code} if self.earlier else ""

    @property
    def corrections(self) -> list[str]:
        """Which summary it follows, and each figure that is another one now; nothing where it is the first."""
        if self.earlier is None:
            return []
        before = self.earlier.content or {}
        moment = dt.datetime.fromisoformat(before["as_of"]).astimezone(self.as_of.tzinfo)
        names = {"code": self.earlier.code, "day": date_format(moment.date(), "DATE_FORMAT")}
        found = [_("It follows summary %(code)s, whose figures are of %(day)s.") % names]
        compared = compare(before, self.content, readable(self.content, self.earlier.code))
        if not compared.is_same:
            found.append(_("That one is of another self-assessment: levels and medians are not compared."))
        told = [self._told(change) for change in compared.changes]
        found += told[:MOST_CHANGES]
        if len(told) > MOST_CHANGES:
            found.append(_("Further changes: %(n)s.") % {"n": len(told) - MOST_CHANGES})
        if compared.lost:
            found.append(
                _("Named then, and since not reported, not named or taken back: %(n)s figures.") % {"n": compared.lost}
            )
        if not told and not compared.lost:
            found.append(_("No figure is another one now."))
        return found

    def _told(self, change: Change) -> str:
        what = " · ".join(part for part in self._place(change) if part)
        now, before = (self._said(change, value) for value in (change.now, change.before))
        return _("%(what)s%(colon)s%(now)s, before %(before)s.") % {
            "what": what,
            "colon": marks.colon(),
            "now": now,
            "before": before,
        }

    def _place(self, change: Change) -> tuple[str, ...]:
        areas = {area["code"]: area["title"][self.language] for area in self.areas}
        match change.kind:
            case "status":
                return self.content["names"][change.subject][self.language], _kind(change.of)
            case "level":
                return self.content["names"][change.subject][self.language], areas[change.of]
            case "median":
                return _("Median"), areas[change.subject], change.of
            case "members":
                return (_("Member states"),)
            case "named":
                return _kind(change.subject), _("states that are named")
            case "step":
                return _kind(change.subject), _("states on the step"), self.words(change.subject, change.of)
            case "decisions":
                return _("Decisions"), str(DecisionState(change.of).label)
            case _:
                return _("Action points"), _action_words()[change.of]

    def _said(self, change: Change, value: Any) -> str:
        if value is None:
            return "–"
        if change.kind == "status":
            return self.words(change.of, value)
        return _figure(value) if change.kind in ("level", "median") else str(value)

    @property
    def ladder_words(self) -> list[tuple[str, list[str]]]:
        """Per kind its steps in words, highest first: the key to the tables."""
        return [
            (_kind(kind), [self.words(kind, code) for code in (*reversed(LADDERS[kind]), "suspended")])
            for kind in self.kinds
        ]


def _action_words() -> dict[str, str]:
    return {
        "total": _("all, by owner"),
        "done": _("done, by owner"),
        "unfinished": _("not done, by owner"),
        "overdue": _("overdue, by owner"),
    }


def _kind(kind: str) -> str:
    return str(StatusKind(kind).label)


def _figure(value: float | None) -> str:
    return "–" if value is None else cells.number(value, 1)
