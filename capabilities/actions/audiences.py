"""Who reads a record: its own narrowing, and what its state released, written down on every row that is read.

Each row carries its audience, so that reading needs no second table. It is computed here and nowhere else:
the narrower of what the state released for the area and of what this one record was narrowed to.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from capabilities import access
from capabilities.actions.averages import refresh_regional_scores
from capabilities.enums import AssessmentState
from capabilities.models import HEADLINE, Answer, Area, AreaScore, Assessment, StatusReport
from capabilities.queries.releases import Released, released
from iwg_portal.activity.log import record
from members.access import Viewer
from members.actions.files import narrow_files_of
from members.enums import Audience, is_wider, narrowest, widest
from members.models import State

Record = access.Record


def area_audiences(assessment: Assessment, given: Released) -> dict[int, Audience]:
    """Area id → who reads its answers. A draft is its delegation's."""
    if assessment.status == AssessmentState.DRAFT:
        everywhere: Audience | None = Audience.DELEGATION
    else:
        everywhere = None
    areas = Area.objects.filter(edition=assessment.round.edition_id).values_list("id", "code")
    limit = assessment.no_wider_than or Audience.PUBLIC
    return {pk: everywhere or narrowest(limit, given.of(code).audience) for pk, code in areas}


def record_audience(areas: Mapping[int, Audience], limit: str | None) -> Audience:
    """Of the assessment itself: the widest of its areas, so that who reads none of them learns of no assessment."""
    return widest(*areas.values()) if areas else narrowest(limit or Audience.PUBLIC, Audience.MEMBERS)


def share_assessment(assessment: Assessment, given: Released) -> None:
    """Write the audiences of a locked assessment, its answers and its scores. For actions only."""
    areas = area_audiences(assessment, given)
    whole = record_audience(areas, assessment.no_wider_than)
    # The database refuses a child wider than its parent at every moment: narrow the children first, widen them last.
    _share_children(assessment, areas, only_narrower=True)
    if whole != assessment.audience:
        assessment.audience = whole
        assessment.save(update_fields=["audience"])
    _share_children(assessment, areas, only_narrower=False)


def _share_children(assessment: Assessment, areas: Mapping[int, Audience], *, only_narrower: bool) -> None:
    for area, audience in areas.items():
        for rows in _children(assessment, area):
            if only_narrower:
                rows = rows.filter(audience__in=[other for other in Audience if is_wider(other, audience)])
            rows.exclude(audience=audience).update(audience=audience)


def _children(assessment: Assessment, area: int) -> tuple[QuerySet[Answer], QuerySet[AreaScore]]:
    return (
        Answer.objects.filter(assessment=assessment, indicator__area=area),
        AreaScore.objects.filter(assessment=assessment, area=area),
    )


def report_audience(limit: str | None, given: Released) -> Audience:
    return narrowest(limit or Audience.PUBLIC, given.of(HEADLINE).audience)


def share_state(state: State, given: Released) -> list[Record]:
    """After a change of what ``state`` released: everything it has said, and the medians of its rounds.

    Returns the records that are narrower than before: the caller narrows the files attached to them.
    """
    narrowed: list[Record] = []
    assessments = Assessment.objects.select_for_update(of=("self",)).filter(state=state).select_related("round")
    rounds = []
    for assessment in assessments.order_by("round__year"):
        before = assessment.audience
        share_assessment(assessment, given)
        rounds.append(assessment.round)
        narrowed += [assessment] if is_wider(before, assessment.audience) else []
    for report in StatusReport.objects.filter(state=state).order_by("id"):
        audience = report_audience(report.no_wider_than, given)
        if audience != report.audience:
            StatusReport.objects.filter(pk=report.pk).update(audience=audience)
            narrowed += [report] if is_wider(report.audience, audience) else []
            report.audience = audience
    for round_ in rounds:
        refresh_regional_scores(round=round_)
    return narrowed


@transaction.atomic
def set_audience(*, target: Record, audience: str, by: Viewer) -> Record:
    """Narrow one assessment or status report below what its state released, or let it be as wide again.

    Narrowing is for whoever may edit the record, widening for a focal point of its state alone. Raises
    ``PermissionDenied``, or ``ValidationError`` where the audience is wider than what the state released. Side effects:
    answers, scores, medians and attached files follow; an event.
    """
    State.objects.select_for_update(of=("self",), no_key=True).get(pk=target.state_id)
    held: Record = type(target)._default_manager.select_for_update(of=("self",)).get(pk=target.pk)
    if audience not in access.audiences_to_choose(by, held.state):
        raise PermissionDenied
    given = released(held.state_id)
    most = access.widest_released(held, given)
    if is_wider(audience, most):
        raise ValidationError(
            _("The state has not released this more widely than: %(audience)s.") % {"audience": most.label}, "beyond"
        )
    before = held.audience
    if audience == before:
        return held
    wider = is_wider(audience, before)
    if not (access.can_widen(by, held) if wider else access.can_narrow(by, held)):
        raise PermissionDenied
    held.no_wider_than = None if audience == most else audience
    _write(held, given)
    if not wider:
        narrow_files_of(parent=held, audience=held.audience, by=by)
    record(
        "audience.widened" if wider else "audience.narrowed",
        by=by.person,
        target=held,
        state=held.state,
        label=_label(held),
    )
    return held


def _write(held: Record, given: Released) -> None:
    if isinstance(held, StatusReport):
        audience = report_audience(held.no_wider_than, given)
        StatusReport.objects.filter(pk=held.pk).update(no_wider_than=held.no_wider_than, audience=audience)
        held.audience = audience
        return
    limit = held.no_wider_than
    # The limit is written when nothing is wider any more, and lifted before anything becomes so.
    if limit is None or not is_wider(held.audience, limit):
        held.save(update_fields=["no_wider_than"])
        share_assessment(held, given)
    else:
        share_assessment(held, given)
        held.save(update_fields=["no_wider_than"])
    refresh_regional_scores(round=held.round)


def _label(held: Record) -> str:
    if isinstance(held, StatusReport):
        return f"{held.state} ({held.get_kind_display()})"
    return f"{held.state}, {held.round.year}"
