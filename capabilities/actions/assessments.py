"""Publish a state's answers in a round, and freeze the scores that follow from them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from capabilities.actions.audiences import area_audiences, record_audience, share_assessment
from capabilities.actions.averages import milli, refresh_regional_scores
from capabilities.enums import AnswerKind, AssessmentState, Scope
from capabilities.models import Answer, AreaScore, Assessment, Indicator, Round
from capabilities.queries.releases import released
from iwg_portal.activity.log import record
from members.enums import Audience
from members.models import Person, State

__all__ = ["Declared", "freeze_scores", "publish_answers", "refresh_regional_scores"]


@dataclass(frozen=True)
class Declared:
    """One answer: a level 0–4, ``nd`` (not declared) or ``na`` (not applicable, with the reason)."""

    kind: str
    level: int | None = None
    reason: str = ""


@transaction.atomic
def publish_answers(
    *,
    state: State,
    round: Round,
    answers: Mapping[int, Declared],
    by: Person | None,
    source: str = "",
    no_wider_than: str | None = None,
    published_at: dt.datetime | None = None,
) -> Assessment:
    """Publish the answers (indicator id → answer) of ``state`` in ``round``, or correct published ones.

    Indicators that are not named keep the answer they have; an overwritten answer stays in history (trigger). Who
    reads them is what the state released, cut to ``no_wider_than`` of a new assessment.
    Scores of the assessment are frozen anew. The caller has checked the right and afterwards calls
    ``refresh_regional_scores`` once for the round. Side effects: an event.
    """
    given = released(state.pk)
    new = Assessment(
        state=state,
        round=round,
        status=AssessmentState.PUBLISHED,
        no_wider_than=no_wider_than,
        source=source,
        published_at=published_at or timezone.now(),
    )
    assessment, created = Assessment.objects.select_for_update(of=("self",)).get_or_create(
        state=state,
        round=round,
        defaults={
            "status": new.status,
            "audience": record_audience(area_audiences(new, given), no_wider_than),
            "no_wider_than": no_wider_than,
            "source": source,
            "published_at": new.published_at,
        },
    )
    held = {answer.indicator_id: answer for answer in assessment.answers.all()}
    fresh, changed = [], []
    for indicator_id, declared in answers.items():
        answer = held.get(indicator_id)
        if answer is None:
            fresh.append(
                Answer(
                    assessment=assessment,
                    indicator_id=indicator_id,
                    kind=declared.kind,
                    level=declared.level,
                    reason=declared.reason,
                    audience=Audience.DELEGATION,  # until it is shared, below
                )
            )
        elif (answer.kind, answer.level, answer.reason) != (declared.kind, declared.level, declared.reason):
            answer.kind, answer.level, answer.reason = declared.kind, declared.level, declared.reason
            changed.append(answer)
    if not created and not fresh and not changed and source in ("", assessment.source):
        return assessment
    Answer.objects.bulk_create(fresh)
    Answer.objects.bulk_update(changed, ["kind", "level", "reason"])
    if not created:
        assessment.version += 1
        if source:
            assessment.source = source
        if assessment.status == AssessmentState.DRAFT:
            assessment.status, assessment.no_wider_than = AssessmentState.PUBLISHED, no_wider_than
            assessment.published_at = published_at or timezone.now()
        assessment.save(update_fields=["version", "source", "status", "no_wider_than", "published_at"])
    freeze_scores(assessment)
    share_assessment(assessment, given)
    record(
        "assessment.published" if created else "assessment.corrected",
        by=by,
        target=assessment,
        label=f"{state}, {round.year}",
        state=state,
        answers=len(fresh) + len(changed),
    )
    return assessment


def freeze_scores(assessment: Assessment) -> None:
    """Recompute the assessment's means per area and scope (0–4, three decimals). The caller then shares them."""
    indicators = {
        row["id"]: row
        for row in Indicator.objects.filter(area__edition=assessment.round.edition_id).values("id", "area_id", "scope")
    }
    levels: dict[tuple[int, str], list[int]] = defaultdict(list)
    applicable: dict[tuple[int, str], int] = defaultdict(int)
    not_applicable = set()
    for indicator_id, kind, level in assessment.answers.values_list("indicator_id", "kind", "level"):
        if kind == AnswerKind.NOT_APPLICABLE:
            not_applicable.add(indicator_id)
        elif kind == AnswerKind.LEVEL and level is not None:
            for key in _keys(indicators[indicator_id]):
                levels[key].append(level)
    for indicator_id, indicator in indicators.items():
        for key in _keys(indicator):
            applicable[key] += indicator_id not in not_applicable
    assessment.scores.all().delete()
    AreaScore.objects.bulk_create(
        AreaScore(
            assessment=assessment,
            area_id=area_id,
            scope=scope,
            audience=Audience.DELEGATION,
            mean=milli(sum(levels[area_id, scope]) / len(levels[area_id, scope])) if levels[area_id, scope] else None,
            declared=len(levels[area_id, scope]),
            applicable=count,
        )
        for (area_id, scope), count in applicable.items()
    )


def _keys(indicator: Mapping[str, Any]) -> list[tuple[int, str]]:
    scopes = {Scope.BOTH, indicator["scope"]}
    if indicator["scope"] == Scope.BOTH:
        scopes |= {Scope.ADVPAX, Scope.PNR}
    return [(indicator["area_id"], scope) for scope in sorted(scopes)]
