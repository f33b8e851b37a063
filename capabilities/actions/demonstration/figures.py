"""The invented figures of the demonstration: pure, seeded, without a database.

Every random choice comes from a generator named by the seed and a purpose, so the same seed gives the same figures
whatever else is loaded, and a state more or less does not move another state's levels.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capabilities.enums import DeliveryAxis, LegalAxis, StatusKind, ladder_label

SEED = 2301  # chosen because each step of a ladder occurs, with rises and a step back in the last year
YEARS = (2022, 2023, 2024, 2025)
# How many states did not answer, by year; nobody stays silent twice.
SILENT = {2022: 3, 2023: 2, 2024: 1, 2025: 1}
# Share of indicators without an answer, and answered "not declared", in the first and in the last year.
MISSING = {2022: 0.06, 2023: 0.04, 2024: 0.03, 2025: 0.015}
NOT_DECLARED = {2022: 0.05, 2023: 0.04, 2024: 0.025, 2025: 0.02}
# Where whole areas fell back: year → how many pairs of state and area.
STEP_BACKS = {2023: 1, 2024: 2, 2025: 3}
# What is harder everywhere, in levels.
HARDER = {
    "TEC-3": 0.6,
    "IND-7": 1.4,
    "LEG-7": 0.6,
    "COP-5": 0.6,
    "LEG-2": 0.4,
    "IND-4": 0.7,
    "TEC-4": 0.7,
    "OPS-5": 0.5,
    "LEG-1": -0.3,
    "IND-3": -0.4,
}
# A law that is in force does not lapse when people leave.
LASTING = "LEG"

Levels = dict[str, int]


@dataclass(frozen=True)
class Report:
    """One status report; ``reason`` names a text of the data file."""

    kind: str
    legal: str
    delivery: str
    as_of: dt.date
    since: dt.date | None
    reason: str
    on_behalf: bool = False


@dataclass(frozen=True)
class Figures:
    """``levels``: how far a state is, by (state, year), all indicators. ``answered``: what of it was declared.

    An answer is a level, ``"nd"`` or ``"na"``; a missing indicator has no answer, a missing key no assessment.
    """

    levels: dict[tuple[str, int], Levels]
    answered: dict[tuple[str, int], dict[str, int | str]]
    reports: dict[str, list[Report]]


def invent(
    *,
    seed: int,
    states: Sequence[str],
    indicators: Mapping[str, str],
    exempt: Sequence[str],
    outspoken: Sequence[str] = (),
) -> Figures:
    """Figures for ``states`` (codes) over ``indicators`` (code → area code).

    ``exempt`` are the indicators that may be not applicable; ``outspoken`` states answered every round.
    """
    states = sorted(states)
    silent = _silent(seed, [state for state in states if state not in outspoken])
    levels = _levels(seed, states, indicators)
    _step_back(seed, states, indicators, levels, silent)
    suspending = _suspending(seed, states, levels, silent)
    if suspending:
        levels[suspending, YEARS[-1]]["IND-4"] = 0
    answered = {
        key: _declared(seed, *key, all_levels, exempt)
        for key, all_levels in levels.items()
        if key[0] not in silent[key[1]]
    }
    return Figures(levels, answered, _reports(seed, states, levels, silent, suspending))


def _silent(seed: int, states: list[str]) -> dict[int, set[str]]:
    order = random.Random(f"{seed}:silent").sample(states, len(states))
    silent, start = {}, 0
    for year, wanted in SILENT.items():
        count = min(wanted, len(states) // 4)
        silent[year] = set(order[start : start + count])
        start += count
    return silent


def _levels(seed: int, states: list[str], indicators: Mapping[str, str]) -> dict[tuple[str, int], Levels]:
    """Growth over the years from different starts; areas and indicators differ by state."""
    order = random.Random(f"{seed}:starts").sample(states, len(states))
    starts = {state: 0.15 + 2.3 * rank / max(len(order) - 1, 1) for rank, state in enumerate(order)}
    found: dict[tuple[str, int], Levels] = {}
    for state in states:
        chance = random.Random(f"{seed}:levels:{state}")
        growth = chance.uniform(0.12, 0.5)
        areas = {area: chance.gauss(0.0, 0.45) for area in sorted(set(indicators.values()))}
        own = {
            code: areas[area] - HARDER.get(code, 0.0) + chance.gauss(0.0, 0.5)
            for code, area in sorted(indicators.items())
        }
        for year in YEARS:
            reached = starts[state] + growth * (year - YEARS[0])
            found[state, year] = {code: min(4, max(0, round(reached + more))) for code, more in own.items()}
    return found


def _step_back(
    seed: int,
    states: list[str],
    indicators: Mapping[str, str],
    levels: dict[tuple[str, int], Levels],
    silent: dict[int, set[str]],
) -> None:
    """Where people left or funding ended: most indicators of one area fall by a level, for good."""
    chance = random.Random(f"{seed}:step back")
    pairs = [(state, area) for state in states for area in sorted(set(indicators.values()) - {LASTING})]
    for year, wanted in STEP_BACKS.items():
        before = {state: levels[state, year - 1] for state in states}
        fit = [
            (state, area)
            for state, area in pairs
            if state not in silent[year] | silent[year - 1]
            and sum(before[state][code] for code, where in indicators.items() if where == area) >= 8
        ]
        for state, area in chance.sample(fit, min(wanted, len(fit))):
            falling = [c for c, where in sorted(indicators.items()) if where == area and chance.random() < 0.85]
            for later in (y for y in YEARS if y >= year):
                for code in falling:
                    row = levels[state, later]
                    row[code] = max(0, min(row[code], before[state][code]) - 1)


def _declared(seed: int, state: str, year: int, levels: Levels, exempt: Sequence[str]) -> dict[str, int | str]:
    lasting = random.Random(f"{seed}:exempt:{state}")
    not_applicable = {code for code in sorted(exempt) if lasting.random() < 0.15}
    chance = random.Random(f"{seed}:declared:{state}:{year}")
    answers: dict[str, int | str] = {}
    for code, level in levels.items():
        throw = chance.random()
        if code in not_applicable:
            answers[code] = "na"
        elif throw < MISSING[year]:
            continue
        elif throw < MISSING[year] + NOT_DECLARED[year]:
            answers[code] = "nd"
        else:
            answers[code] = level
    return answers


@dataclass(frozen=True)
class Withheld:
    """What a state does not release: an area to the other members, or its answers in it for the median."""

    state: str
    area: str
    audience: str = "members"
    in_average: bool = True


def withheld(seed: int, states: Sequence[str], areas: Sequence[str], outspoken: Sequence[str] = ()) -> list[Withheld]:
    """Two states keep one area from the others, the first of them outspoken; a third lets another not be counted."""
    chance = random.Random(f"{seed}:withheld")
    areas, quiet = sorted(areas), sorted(set(states) - set(outspoken))
    if not areas or len(quiet) < 3:
        return []
    first = chance.choice(sorted(set(outspoken) & set(states)) or quiet)
    second, third = chance.sample([state for state in quiet if state != first], 2)
    return [
        Withheld(first, chance.choice(areas), "secretariat"),
        Withheld(second, chance.choice(areas), "delegation"),
        Withheld(third, chance.choice(areas), in_average=False),
    ]


def named(seed: int, states: Sequence[str]) -> list[str]:
    """The states that let the summary name them: all but three."""
    return sorted(random.Random(f"{seed}:named").sample(sorted(states), max(0, len(states) - 3)))


# -- Status ----------------------------------------------------------------------------------------------------------

LEGAL = (LegalAxis.NONE, LegalAxis.DRAFTING, LegalAxis.ADOPTED, LegalAxis.IN_FORCE, LegalAxis.IN_FORCE)


def axes(kind: str, levels: Levels) -> tuple[str, str]:
    """The legal and the delivery axis that fit the levels of the indicators on law, carriers and systems."""
    if kind == StatusKind.ADVPAX:
        law, carriers, system = levels.get("LEG-1", 0), levels.get("IND-3", 0), levels.get("TEC-2", 0)
        top = DeliveryAxis.OP_INTERACTIVE if levels.get("TEC-3", 0) >= 3 else DeliveryAxis.OP_BATCH
    else:
        law, carriers, system = levels.get("LEG-2", 0), levels.get("IND-4", 0), levels.get("TEC-4", 0)
        top = DeliveryAxis.OP_FULL if carriers >= 3 else DeliveryAxis.OP_PARTIAL
    if system >= 3 and carriers >= 2:
        delivery = top
    elif system >= 2 and carriers >= 1:
        delivery = DeliveryAxis.PILOT
    elif system >= 1:
        delivery = DeliveryAxis.DEVELOPMENT
    elif law >= 1:
        delivery = DeliveryAxis.PLANNED
    else:
        delivery = DeliveryAxis.NONE
    return LEGAL[law].value, delivery.value


def _suspending(
    seed: int, states: list[str], levels: dict[tuple[str, int], Levels], silent: dict[int, set[str]]
) -> str | None:
    """The state whose PNR pilot of the year before is stopped in the last year."""
    fit = [
        state
        for state in states
        if state not in silent[YEARS[-1]] | silent[YEARS[-2]]
        and axes(StatusKind.PNR, levels[state, YEARS[-2]])[1] == DeliveryAxis.PILOT
    ]
    return random.Random(f"{seed}:suspending").choice(fit) if fit else None


def _reports(
    seed: int,
    states: list[str],
    levels: dict[tuple[str, int], Levels],
    silent: dict[int, set[str]],
    suspending: str | None,
) -> dict[str, list[Report]]:
    """A report in the year in which an axis moved; about half of the rest is confirmed at the end of the last year.

    A silent state reports nothing in that year; the one that is silent in the last year never declared PNR.
    """
    undeclared = next(iter(sorted(silent[YEARS[-1]])), None)
    found: dict[str, list[Report]] = {}
    for state in states:
        rows: list[Report] = []
        for kind in StatusKind.values:
            if kind == StatusKind.PNR and state == undeclared:
                nd = (LegalAxis.NOT_DECLARED.value, DeliveryAxis.NOT_DECLARED.value)
                rows.append(Report(kind, *nd, dt.date(YEARS[0], 12, 31), None, "nd", on_behalf=True))
                continue
            stops = kind == StatusKind.PNR and state == suspending
            rows += _history(seed, state, kind, levels, silent, stops)
        found[state] = sorted(rows, key=lambda row: (row.as_of, row.kind))
    return found


def _history(
    seed: int,
    state: str,
    kind: str,
    levels: dict[tuple[str, int], Levels],
    silent: dict[int, set[str]],
    stops: bool,
) -> list[Report]:
    chance = random.Random(f"{seed}:status:{state}:{kind}")
    rows: list[Report] = []
    last: tuple[str, str] | None = None
    for year in YEARS:
        since = dt.date(year, chance.randint(1, 8), chance.randint(1, 28))
        as_of = since + dt.timedelta(days=chance.randint(5, 110))
        confirmed = chance.random() < 0.5
        legal, delivery = axes(kind, levels[state, year])
        if stops and year == YEARS[-1]:
            delivery = DeliveryAxis.SUSPENDED.value
        if state in silent[year]:
            continue
        if (legal, delivery) != last:
            # When it began is not known of what was there before the first round.
            begun = since if last else None
            reason = ladder_label(legal, delivery)
            rows.append(Report(kind, legal, delivery, as_of, begun, reason, chance.random() < 0.12))
            last = legal, delivery
        elif year == YEARS[-1] and confirmed:
            day = dt.date(year, 12, chance.randint(1, 31))
            rows.append(Report(kind, legal, delivery, day, rows[-1].since, "confirmed"))
    return rows
