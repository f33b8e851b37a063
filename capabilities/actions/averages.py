"""Freeze what the region looks like: median and middle half of a round."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from statistics import quantiles

from django.db import transaction

from capabilities.access import shared_with_members
from capabilities.enums import AssessmentState
from capabilities.models import AreaScore, RegionalScore, Round
from capabilities.queries.releases import withheld_from_average
from members.enums import ParticipationKind
from members.models import Participation, current

MILLI = Decimal("0.001")
Key = tuple[int | None, str]  # area (None: all) and scope


@transaction.atomic
def refresh_regional_scores(*, round: Round) -> None:
    """Freeze median and middle half of the round over what its member states share and let count.

    An area counts where all members may read it and its state let it count. The mean over all areas is made of the
    areas that count.
    """
    Round.objects.select_for_update(of=("self",)).get(pk=round.pk)
    members = Participation.objects.filter(current(round.reference_date), kind=ParticipationKind.MEMBER)
    rows = list(
        AreaScore.objects.filter(
            shared_with_members(),
            assessment__round=round,
            assessment__status=AssessmentState.PUBLISHED,
            assessment__state__in=members.values("state"),
        )
        .order_by("id")
        .values_list("assessment__state_id", "area_id", "area__code", "scope", "mean", "declared")
    )
    withheld = withheld_from_average({row[0] for row in rows})
    counted: dict[Key, list[Decimal]] = defaultdict(list)
    shared: dict[Key, set[int]] = defaultdict(set)
    points: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for state, area, code, scope, mean, declared in rows:
        for key in ((area, scope), (None, scope)):
            shared[key] |= {state} if mean is not None else set()
            counted[key] += []
        if mean is not None and (state, code) not in withheld:
            counted[area, scope].append(mean)
            total = points[state, scope]
            total[0] += int(mean * declared + Decimal("0.5"))
            total[1] += declared
    for (_state, scope), (levels, declared) in points.items():
        counted[None, scope].append(milli(levels / declared))
    count = members.count()
    RegionalScore.objects.filter(round=round).delete()
    RegionalScore.objects.bulk_create(
        RegionalScore(
            round=round,
            area_id=area,
            scope=scope,
            contributing=len(values),
            shared=len(shared[area, scope]),
            members=count,
            **_spread(values),
        )
        for (area, scope), values in counted.items()
    )


def _spread(values: list[Decimal]) -> dict[str, Decimal | None]:
    """Quartiles by linear interpolation between the values themselves (method ``inclusive``)."""
    if not values:
        return {"lower": None, "median": None, "upper": None}
    if len(values) == 1:
        return {"lower": values[0], "median": values[0], "upper": values[0]}
    lower, median, upper = quantiles(values, n=4, method="inclusive")
    return {"lower": milli(lower), "median": milli(median), "upper": milli(upper)}


def milli(value: float | Decimal) -> Decimal:
    """Three decimals, half away from zero."""
    return Decimal(value).quantize(MILLI, rounding=ROUND_HALF_UP)
