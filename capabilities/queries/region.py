"""The region in one round: states by areas, status on both ladders, and what changed since the round before.

Every row comes in as an already visible queryset: these functions decide nothing about who may see.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value

from capabilities.enums import LADDERS, OPERATIONAL, AssessmentState
from capabilities.models import Answer, AreaScore, Assessment, RegionalScore, Round, StatusReport
from capabilities.queries.framework import Framework, framework
from iwg_portal.base.cells import rounded
from members.enums import Audience
from members.models import State


@dataclass(frozen=True)
class Status:
    """One state's status of one kind. ``label`` is the step shown; dates are calendar days."""

    id: int
    state_id: int
    kind: str
    legal: str
    delivery: str
    label: str
    as_of: dt.date
    since: dt.date | None
    on_behalf: bool
    audience: str


@dataclass(frozen=True)
class Score:
    """Mean level 0–4 of the declared answers (None: nothing declared), and how many of how many were declared.

    ``exempt``: nothing was declared, and yet an indicator is not applicable, for a reason that its reader may read.
    """

    mean: float | None
    declared: int
    applicable: int
    audience: str = ""
    exempt: bool = False

    @property
    def says(self) -> bool:
        """Its reader is told more than of an area that was not answered."""
        return bool(self.declared) or self.exempt


@dataclass(frozen=True)
class Spread:
    """Median and middle half over ``contributing`` of ``members`` member states; None where nobody contributes.

    ``shared`` member states answered and let all members read it.
    """

    lower: float | None
    median: float | None
    upper: float | None
    contributing: int
    members: int
    shared: int = 0


NO_SPREAD = Spread(None, None, None, 0, 0)
StatusByState = dict[tuple[int, str], Status]
# (state, area or None for all areas) → score
ScoresByState = dict[tuple[int, int | None], Score]

_STATUS_FIELDS = ("id", "state_id", "kind", "legal", "delivery", "label", "as_of", "since", "on_behalf", "audience")


def current_status(rows: QuerySet[StatusReport]) -> StatusByState:
    """The newest status of each state and kind among ``rows``. One query.

    Not the mark ``is_current``: where the newest report is not among what a reader may read, the one before holds for
    her, as if there were no newer one.
    """
    return _by_state(_newest(rows))


def status_on(rows: QuerySet[StatusReport], day: dt.date) -> StatusByState:
    """The status of each state and kind as it was stated for ``day``. One query."""
    return _by_state(_newest(rows.filter(as_of__lte=day)))


def status_then_and_now(
    rows: QuerySet[StatusReport], before: dt.date | None, on: dt.date | None
) -> tuple[StatusByState, StatusByState]:
    """As it was stated for the day ``before`` (nothing without one), and for ``on``, else the newest. One query."""
    now = rows.filter(as_of__lte=on) if on else rows
    then = rows.filter(as_of__lte=before) if before else rows.none()
    both = [_newest(part.annotate(is_now=Value(is_now)), "is_now") for part, is_now in ((now, True), (then, False))]
    found = list(both[0].union(both[1], all=True))
    return _by_state(row[:-1] for row in found if not row[-1]), _by_state(row[:-1] for row in found if row[-1])


def _newest(rows: QuerySet[StatusReport], *more: str) -> QuerySet[StatusReport, tuple]:
    ordered = rows.order_by("state_id", "kind", "-as_of", "-id").distinct("state_id", "kind")
    return ordered.values_list(*_STATUS_FIELDS, *more)


def _by_state(rows: Iterable[tuple]) -> StatusByState:
    return {(row[1], row[2]): Status(*row) for row in rows}


def scores(rows: QuerySet[AreaScore], rounds: Sequence[Round], scope: str) -> dict[int, ScoresByState]:
    """Per round: the scores of each state and area in ``scope``, and over all areas (None). One query.

    Of an area that is not among ``rows`` a reader learns what she would learn had it not been answered.
    """
    by_state: dict[int, dict[int, dict[int, Score]]] = {round_.pk: defaultdict(dict) for round_ in rounds}
    values = rows.filter(assessment__round__in=rounds, scope=scope).values_list(
        "assessment__round_id", "assessment__state_id", "area_id", "mean", "declared", "applicable", "audience"
    )
    for round_id, state_id, area_id, mean, declared, applicable, audience in values:
        by_state[round_id][state_id][area_id] = Score(_float(mean), declared, applicable, audience)
    return {
        round_.pk: {
            (state_id, area_id): score
            for state_id, areas in by_state[round_.pk].items()
            for area_id, score in whole(areas, framework(round_.edition), scope).items()
        }
        for round_ in rounds
    }


def whole(areas: dict[int, Score], texts: Framework, scope: str) -> dict[int | None, Score]:
    """The areas of one assessment with those that are missing, as not answered, and the mean over all of them (None).

    Nothing at all where no area may be read: then there is no assessment for this reader.
    """
    if not areas:
        return {}
    found: dict[int | None, Score] = {}
    for area in texts.areas:
        asked = len(area.in_scope(scope))
        if area.id in areas or asked:
            score = areas.get(area.id) or Score(None, 0, asked)
            found[area.id] = score if score.declared or score.applicable >= asked else replace(score, exempt=True)
    found[None] = overall(found.values())
    return found


def overall(areas: Iterable[Score]) -> Score:
    """Over all indicators of the areas: the sum of an area's levels is whole, so its frozen mean gives it back."""
    scores = list(areas)
    declared = sum(score.declared for score in scores)
    points = sum(round(score.mean * score.declared) for score in scores if score.mean is not None)
    mean = rounded(points / declared, 3) if declared else None
    return Score(mean, declared, sum(score.applicable for score in scores))


def completeness(rows: QuerySet[AreaScore], round_: Round) -> dict[int, tuple[int, int]]:
    """State → declared answers of applicable indicators in the round. One query."""
    sums = rows.filter(assessment__round=round_).values("assessment__state_id").order_by("assessment__state_id")
    values = sums.annotate(given=Sum("declared"), asked=Sum("applicable"))
    return {row["assessment__state_id"]: (row["given"], row["asked"]) for row in values}


def regional(rows: QuerySet[RegionalScore], scope: str) -> dict[tuple[int, int | None], Spread]:
    """(round, area or None) → median and middle half. One query over all rounds."""
    values = rows.filter(scope=scope).values_list(
        "round_id", "area_id", "lower", "median", "upper", "contributing", "members", "shared"
    )
    return {
        (round_id, area_id): Spread(_float(lower), _float(median), _float(upper), contributing, members, shared)
        for round_id, area_id, lower, median, upper, contributing, members, shared in values
    }


def levels(
    rows: QuerySet[Answer], round_: Round, indicators: Sequence[int]
) -> dict[tuple[int, int], tuple[str, int | None]]:
    """(state, indicator) → (kind of answer, level). One query, for the indicators of an opened area."""
    values = rows.filter(
        assessment__round=round_, assessment__status="published", indicator__in=indicators
    ).values_list("assessment__state_id", "indicator_id", "kind", "level")
    return {(state_id, indicator_id): (kind, level) for state_id, indicator_id, kind, level in values}


def told(status: Iterable[StatusByState], scores: Iterable[ScoresByState] = ()) -> list[tuple[int, str]]:
    """State and audience of each thing that these say; of an earlier one too, where a change since then is shown."""
    found = [(key[0], shown.audience) for by_state in status for key, shown in by_state.items()]
    found += [
        (key[0], score.audience)
        for by_state in scores
        for key, score in by_state.items()
        if score.says and score.audience
    ]
    return found


def restricted_owners(states: Sequence[State], told: Iterable[tuple[int, str]]) -> list[State]:
    """Of ``states`` those of whom something is shown that only their own delegation and the secretariat may read."""
    owners = {state for state, audience in told if audience == Audience.SECRETARIAT}
    return [state for state in states if state.pk in owners]


@dataclass(frozen=True)
class LadderCount:
    """How many member states stand on each step of one ladder; ``nd`` counts those without a visible report."""

    kind: str
    total: int
    steps: dict[str, int] = field(default_factory=dict)

    @property
    def operational(self) -> int:
        return sum(self.steps.get(code, 0) for code in OPERATIONAL)


def count_ladder(kind: str, state_ids: Sequence[int], status: StatusByState) -> LadderCount:
    counts = Counter(status[s, kind].label if (s, kind) in status else "nd" for s in state_ids)
    order = (*reversed(LADDERS[kind]), "suspended", "nd")
    return LadderCount(kind, len(state_ids), {code: counts[code] for code in order if counts[code]})


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def silent(
    states: QuerySet[State],
    status: QuerySet[StatusReport],
    answers: QuerySet[Assessment],
    rounds: QuerySet[Round],
    on: dt.date,
    since: dt.date,
) -> QuerySet[Any]:
    """Of ``states`` those without a status stated for ``since`` or later, and without a published answer in the newest
    round, as things stood on the day ``on``; each with ``heard``, the day of its last statement or None. One query."""
    heard = status.filter(state=OuterRef("pk"), as_of__lte=on).order_by("-as_of").values("as_of")
    newest = rounds.filter(year__lte=on.year).order_by("-year").values("pk")
    answered = answers.filter(
        state=OuterRef("pk"), round=Subquery(newest[:1]), status=AssessmentState.PUBLISHED
    )
    return states.annotate(heard=Subquery(heard[:1])).filter(Q(heard=None) | Q(heard__lt=since), ~Exists(answered))
