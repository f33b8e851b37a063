"""One state's own record: its reports, its newest published assessments, its answers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber

from capabilities.enums import AssessmentState
from capabilities.models import Answer, AreaScore, Assessment, StatusReport
from capabilities.queries.framework import framework
from capabilities.queries.region import Score, whole
from members.models import State

HISTORY = 12  # reports of each kind


@dataclass(frozen=True)
class Given:
    """One answer as a reader sees it."""

    kind: str
    level: int | None
    reason: str


def reports(rows: QuerySet[StatusReport], state: State) -> list[StatusReport]:
    """Newest first, at most ``HISTORY`` of each kind: the first of a kind holds for this reader. One query."""
    place = Window(RowNumber(), partition_by=["kind"], order_by=["-as_of", "-id"])
    newest = rows.filter(state=state).annotate(place=place).filter(place__lte=HISTORY)
    return list(newest.order_by("-as_of", "-id").select_related("round"))


def published(rows: QuerySet[Assessment], state: State) -> list[Assessment]:
    """The two newest published assessments of the state, newest first. One query."""
    return list(
        rows.filter(state=state, status=AssessmentState.PUBLISHED)
        .select_related("round", "round__edition")
        .order_by("-round__year")[:2]
    )


def scores(rows: QuerySet[AreaScore], assessments: list[Assessment], scope: str) -> dict[int, dict[int | None, Score]]:
    """Assessment → area (None: all) → score. One query."""
    found: dict[int, dict[int, Score]] = {assessment.pk: {} for assessment in assessments}
    values = rows.filter(assessment__in=assessments, scope=scope).values_list(
        "assessment_id", "area_id", "mean", "declared", "applicable", "audience"
    )
    for assessment_id, area_id, mean, declared, applicable, audience in values:
        found[assessment_id][area_id] = Score(None if mean is None else float(mean), declared, applicable, audience)
    return {a.pk: whole(found[a.pk], framework(a.round.edition), scope) for a in assessments}


def answers(rows: QuerySet[Answer], assessments: list[Assessment]) -> dict[int, dict[int, Given]]:
    """Assessment → indicator → answer. One query."""
    found: dict[int, dict[int, Given]] = {assessment.pk: {} for assessment in assessments}
    values = rows.filter(assessment__in=assessments).values_list(
        "assessment_id", "indicator_id", "kind", "level", "reason"
    )
    for assessment_id, indicator_id, kind, level, reason in values:
        found[assessment_id][indicator_id] = Given(kind, level, reason)
    return found
