"""An aggregated summary in one language: sentences and tables of its bands. Asks the database nothing."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from capabilities.enums import StatusKind
from iwg_portal.base import cells
from iwg_portal.base.dates import date_format
from iwg_portal.summaries.aggregates import CLASSES, START, WAY, WORKING
from iwg_portal.summaries.bands import ABSENT, BANDS, FEW, HIGHEST, LOWEST, MANY, MOST, SOME, band
from iwg_portal.summaries.enums import SummaryForm
from iwg_portal.summaries.head import Head
from iwg_portal.summaries.models import Summary
from iwg_portal.summaries.reading import Reading

MOST_YEARS = 6


@dataclass(frozen=True)
class Step:
    """One line of a ladder. ``place``: 1 (few) to 4 (most); ``before``: in the summary before, or empty."""

    words: str
    now: str
    place: int
    before: str


@dataclass(frozen=True)
class BandedLadder:
    """``rows`` is empty where too few states report. ``before_on``: the day of the summary before, or None."""

    title: str
    before_on: dt.date | None
    rows: tuple[Step, ...]

    @property
    def before(self) -> str:
        """That day in words; or empty."""
        return date_format(self.before_on, "SHORT_DATE_FORMAT") if self.before_on else ""


@dataclass(frozen=True)
class Level:
    """One area: its median in each year shown, and how many contribute to the newest."""

    title: str
    years: tuple[int, ...]
    values: tuple[str, ...]
    share: str

    @property
    def dated(self) -> list[tuple[int, str]]:
        return list(zip(self.years, self.values, strict=True))


class Banded(Head):
    """One that names no state."""

    file_stem = "regional-summary-aggregated"

    @property
    def title(self) -> str:
        return _("Regional summary %(code)s, aggregated") % {"code": self.summary.code}

    @property
    def for_whom(self) -> str:
        return _("For the whole group, without names of states · approved by the chair on %(day)s")

    @property
    def consent(self) -> str:
        return _(
            "Member states of the group: %(members)s. The summary names none of them, and says in bands how many. A"
            " state that does not share is counted as one that did not report."
        ) % {"members": self.members}

    @property
    def too_few(self) -> str:
        return _("Too few states report: nothing can be said without naming them.")

    # -- Status ----------------------------------------------------------------------------------------------

    @property
    def lead(self) -> list[str]:
        """Of each kind, how many have it in operation."""
        found = []
        for status in self.content["status"]:
            kind = _kind(status["kind"])
            said = status["said"]
            words = OPERATING[said[WORKING]]() if said else _("Too few states report on %(kind)s to say how many.")
            found.append(words % {"kind": kind})
        return found

    @property
    def ladders(self) -> list[BandedLadder]:
        found = []
        for status in self.content["status"]:
            said, earlier = status["said"], status["before"]
            compared = earlier["said"] if earlier else None
            rows = tuple(
                Step(
                    STEPS[each](),
                    _band(said[each]),
                    BANDS.index(said[each]) + 1,
                    _band(compared[each]) if compared else "",
                )
                for each in (*CLASSES, ABSENT)
                if said
            )
            found.append(BandedLadder(_kind(status["kind"]), self._day(earlier["as_of"]) if compared else None, rows))
        return found

    def _day(self, moment: str) -> dt.date:
        return dt.datetime.fromisoformat(moment).astimezone(zoneinfo.ZoneInfo(self.content["zone"])).date()

    # -- Levels ----------------------------------------------------------------------------------------------

    @property
    def years(self) -> list[int]:
        return sorted({point["year"] for row in self.content["levels"] for point in row["course"]})[-MOST_YEARS:]

    @property
    def levels(self) -> list[Level]:
        found = []
        for area, row in zip(self.areas, self.content["levels"], strict=True):
            said = {point["year"]: point["said"] for point in row["course"]}
            newest = said.get(self.year)
            found.append(
                Level(
                    area["title"][self.language],
                    tuple(self.years),
                    tuple(_level(said.get(year)) for year in self.years),
                    _band(newest["share"]) if newest else _("too few states"),
                )
            )
        return found

    @property
    def points(self) -> list[tuple[str, int, float | str | None, str]]:
        """Area, year, median and how many contribute, one by one: a number where it is told to the half."""
        found = []
        for area, row in zip(self.areas, self.content["levels"], strict=True):
            for point in row["course"]:
                said = point["said"]
                value: float | str | None = None
                if said:
                    value = said["middle"] / 2 if LOWEST < said["middle"] < HIGHEST else _level(said)
                share = _band(said["share"]) if said else _("too few states")
                found.append((area["title"][self.language], point["year"], value, share))
        return found

    @property
    def levels_note(self) -> str:
        return _(
            "Levels from 0 to 4, rounded to halves, over all indicators of an area, those of API and of PNR; as"
            " declared by the states."
        )

    # -- What moved ------------------------------------------------------------------------------------------

    @property
    def changes_title(self) -> str:
        return _("What changed")

    @property
    def changes(self) -> list[str]:
        found = []
        for status in self.content["status"]:
            before = status["before"]
            if status["said"] and before and before["said"] and before["said"][WORKING] != status["said"][WORKING]:
                found.append(
                    _("%(kind)s in operation: %(before)s on %(day)s, %(now)s today.")
                    % {
                        "kind": _kind(status["kind"]),
                        "before": _band(before["said"][WORKING]),
                        "day": date_format(self._day(before["as_of"]), "SHORT_DATE_FORMAT"),
                        "now": _band(status["said"][WORKING]),
                    }
                )
        for area, row in zip(self.areas, self.content["levels"], strict=True):
            course = [point for point in row["course"] if point["said"]]
            if len(course) > 1 and course[-2]["said"]["middle"] != course[-1]["said"]["middle"]:
                found.append(
                    _("%(area)s: median %(before)s in %(then)s, %(now)s in %(year)s.")
                    % {
                        "area": area["short"][self.language],
                        "before": _level(course[-2]["said"]),
                        "then": course[-2]["year"],
                        "now": _level(course[-1]["said"]),
                        "year": course[-1]["year"],
                    }
                )
        return found or [_("No figure has moved to another band.")]

    # -- The rest --------------------------------------------------------------------------------------------

    @property
    def lessons(self) -> list[dict[str, str]]:
        return [
            {"title": row["title"][self.language], "language": row["language"][self.language]}
            for row in self.content["lessons"]
        ]

    @property
    def median_rule(self) -> str:
        return _(
            "A median is the level in the middle, of an even number of states the lower of the two, rounded to"
            " halves; it is not told more exactly than “1.0 or lower” and “3.0 or higher”."
        )

    @property
    def lessons_rule(self) -> str:
        return _("Of lessons it lists those of the group; those that a state shared are in the library of lessons.")

    @property
    def band_ranges(self) -> list[tuple[str, str]]:
        """Each band that there is in a group of this size, and from how many states to how many it goes."""
        found = [band(count, self.members) for count in range(self.members + 1)]
        return [
            (
                _band(each),
                _("From %(low)s to %(high)s of %(members)s member states.")
                % {"low": found.index(each), "high": len(found) - 1 - found[::-1].index(each), "members": self.members},
            )
            for each in BANDS
            if each in found
        ]

    @property
    def rules(self) -> list[str]:
        """How to read it, and what it does not say."""
        return [
            _(
                "A figure is said only where at least seven member states contribute to it: five besides any two that"
                " might put together what they know."
            ),
            _(
                "“Few” may be none, and goes up to a quarter of the member states or to three of them; “most” begins at"
                " three quarters or three states short of all, and may be all. Between these it is “some” up to half of"
                " them and “many” beyond; in a group of fewer than twelve it is “some” throughout."
            ),
            self.median_rule,
            _(
                "A figure is made anew only when at least seven states have changed what it is made of; until then the"
                " earlier one stands."
            ),
            _(
                "A status is counted where the whole group reads it, a level where its state lets it count in the"
                " median."
            ),
            self.lessons_rule,
            _("Figures are declared by each state itself; the group ranks nobody."),
        ]


def reading_of(summary: Summary, earlier: Summary | None = None) -> Reading | Banded:
    """The frozen ``summary`` in the active language, by its form; ``earlier``: the named one that it follows."""
    return Banded(summary) if summary.form == SummaryForm.AGGREGATED else Reading(summary, earlier)


def _kind(kind: str) -> str:
    return str(StatusKind(kind).label)


OPERATING: dict[str, Callable[[], str]] = {
    FEW: lambda: _("%(kind)s is in operation in few of the member states."),
    SOME: lambda: _("%(kind)s is in operation in some of the member states."),
    MANY: lambda: _("%(kind)s is in operation in many of the member states."),
    MOST: lambda: _("%(kind)s is in operation in most of the member states."),
}
STEPS: dict[str, Callable[[], str]] = {
    WORKING: lambda: _("In operation"),
    WAY: lambda: _("On the way: legal basis, development, pilot; or suspended"),
    START: lambda: _("No programme yet, or decision taken"),
    ABSENT: lambda: _("No report, or not counted"),
}
BAND_WORDS: dict[str, Callable[[], str]] = {
    FEW: lambda: _("few states"),
    SOME: lambda: _("some states"),
    MANY: lambda: _("many states"),
    MOST: lambda: _("most states"),
}


def _band(band: str) -> str:
    return BAND_WORDS[band]()


def _level(said: dict[str, Any] | None) -> str:
    if said is None:
        return "–"
    value = cells.number(said["middle"] / 2, 1)
    if said["middle"] <= LOWEST:
        return _("%(level)s or lower") % {"level": value}
    return _("%(level)s or higher") % {"level": value} if said["middle"] >= HIGHEST else value
