"""Who may see and do what with assessments and status. Built on the audience rule of members.access."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from capabilities.enums import AssessmentState
from capabilities.models import (
    HEADLINE,
    Answer,
    Area,
    AreaScore,
    Assessment,
    GlossaryTerm,
    RegionalScore,
    Round,
    RoundNote,
    StatusImport,
    StatusReport,
)
from capabilities.queries.releases import Released
from members.access import Viewer, may_read, readable, status_only
from members.enums import Audience, widest
from members.models import State

Record = Assessment | StatusReport


def visible_rounds(viewer: Viewer) -> QuerySet[Round]:
    """Published rounds, newest first: that a round took place is known to the whole group."""
    if not viewer.in_group:
        return Round.objects.none()
    return Round.objects.filter(is_published=True).select_related("edition").order_by("-year")


def visible_status(viewer: Viewer) -> QuerySet[StatusReport]:
    """Status reports (history included), by their audience."""
    return StatusReport.objects.filter(readable(viewer))


def visible_assessments(viewer: Viewer) -> QuerySet[Assessment]:
    """Assessments whose answers she may read; drafts have the audience ``delegation``."""
    return Assessment.objects.filter(readable(viewer))


def visible_answers(viewer: Viewer) -> QuerySet[Answer]:
    """Answers by their own audience: what their state released of the area, cut to that of the assessment."""
    return Answer.objects.filter(readable(viewer, "audience", "assessment__state"))


def visible_scores(viewer: Viewer) -> QuerySet[AreaScore]:
    """Frozen means of published assessments that she may read."""
    return AreaScore.objects.filter(
        readable(viewer, "audience", "assessment__state"),
        assessment__status=AssessmentState.PUBLISHED,
    )


def visible_completeness(viewer: Viewer) -> QuerySet[AreaScore]:
    """Scores of published assessments of which she may know only how complete they are (not the mean).

    Completeness is of the whole: areas that she may read count along.
    """
    audience, owner = "audience", "assessment__state"
    if not viewer.reads_status_only:
        return AreaScore.objects.none()
    return AreaScore.objects.filter(
        status_only(viewer, audience, owner) | readable(viewer, audience, owner),
        assessment__status=AssessmentState.PUBLISHED,
        scope="both",
    ).defer("mean")


def visible_regional_scores(viewer: Viewer) -> QuerySet[RegionalScore]:
    """Median and middle half: for those who may read the members' levels.

    To the whole group aggregates go only as a released summary, never live.
    """
    return RegionalScore.objects.all() if viewer.reads_members else RegionalScore.objects.none()


def visible_notes(viewer: Viewer) -> QuerySet[RoundNote]:
    return RoundNote.objects.filter(readable(viewer))


def visible_glossary(viewer: Viewer) -> QuerySet[GlossaryTerm]:
    return GlossaryTerm.objects.all() if viewer.in_group else GlossaryTerm.objects.none()


def visible_imports(viewer: Viewer) -> QuerySet[StatusImport]:
    """Uploaded workbooks hold every state's levels: the secretariat's only."""
    if not can_import(viewer):
        return StatusImport.objects.none()
    return StatusImport.objects.defer("content").order_by("-uploaded_at")


def can_import(viewer: Viewer) -> bool:
    return viewer.in_secretariat


def can_report_status(viewer: Viewer, state: State) -> bool:
    """The state's focal point for her state; the secretariat on behalf of a member state, marked so."""
    return state.pk in viewer.focal_states or viewer.in_secretariat


def reports_on_behalf(viewer: Viewer, state: State) -> bool:
    return state.pk not in viewer.focal_states


# What a state may choose between on its pages: no page shows a state's own records to the public.
TO_CHOOSE = (Audience.DELEGATION, Audience.SECRETARIAT, Audience.MEMBERS, Audience.GROUP)


def audiences_to_choose(viewer: Viewer, state: State) -> tuple[Audience, ...]:
    """Narrowest first; nobody hides a record from herself."""
    return tuple(audience for audience in TO_CHOOSE if may_read(viewer, audience, state.pk))


def widest_released(record: Record, given: Released) -> Audience:
    """The widest that ``record`` can be: what its state released for the status, or for any area of the edition."""
    if isinstance(record, StatusReport):
        return given.of(HEADLINE).audience
    if record.status == AssessmentState.DRAFT:
        return Audience.DELEGATION
    areas = Area.objects.filter(edition=record.round.edition_id).values_list("code", flat=True)
    return widest(*(given.of(code).audience for code in areas)) if areas else Audience.MEMBERS


def visible_records(viewer: Viewer, noun: str) -> QuerySet[Any]:
    """Of the records whose readers can be chosen one by one; none for another word."""
    if noun == "assessment":
        return visible_assessments(viewer)
    return visible_status(viewer) if noun == "status" else StatusReport.objects.none()


def can_narrow(viewer: Viewer, record: Record) -> bool:
    """Whoever may edit it: the state's focal points; of a status also the secretariat, which may report it."""
    if isinstance(record, StatusReport):
        return can_report_status(viewer, record.state)
    return record.state_id in viewer.focal_states


def can_widen(viewer: Viewer, record: Record) -> bool:
    return record.state_id in viewer.focal_states


def can_release(viewer: Viewer, state: State) -> bool:
    return state.pk in viewer.focal_states


def can_see_release(viewer: Viewer, state: State) -> bool:
    """The state's own delegation: what was withheld is itself something that others do not learn."""
    return state.pk in viewer.own_states


def allowed(viewer: Viewer, state: State) -> frozenset[str]:
    """The verbs that a page about ``state`` may offer."""
    verbs = set()
    if can_report_status(viewer, state):
        verbs.add("report_status")
    if can_release(viewer, state):
        verbs.add("release")
    if can_see_release(viewer, state):
        verbs.add("see_release")
    return frozenset(verbs)


def shared_with_members() -> Q:
    """What may count in the region's median: shared with all member states at least."""
    return Q(audience__in=["members", "group", "public"])
