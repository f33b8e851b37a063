"""Who builds, approves, releases and reads a regional summary. Source: the group's access table, §3 and §4."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from iwg_portal.summaries.enums import BEFORE, FROZEN, SummaryForm, SummaryState
from iwg_portal.summaries.models import Summary
from members.access import Viewer
from members.enums import Role

ANY_MEMBER = Viewer(roles=frozenset({Role.DELEGATE}))
"""Through whose eyes the figures are taken: what every member state may read, and nothing that is somebody's own. So
they are the same whoever asks, and what the requester may read besides does not come in."""

ANY_OBSERVER = Viewer(roles=frozenset({Role.OBSERVER}))
"""Through whose eyes a status is counted in an aggregated summary: a status is counted where it is shown, and that one
is shown to the whole group."""


def prepares(viewer: Viewer) -> bool:
    """The secretariat and the chair: they see a summary before it is released."""
    return viewer.reads_members and (viewer.in_secretariat or Role.CHAIR in viewer.roles)


def visible_summaries(viewer: Viewer) -> QuerySet[Summary]:
    """What is released, by its audience: the named ones for the members, the aggregated ones for the whole group. All
    others for who prepares them. Newest first."""
    rows = Summary.objects.filter(audience__in=sorted(viewer.reads)).defer("basis").order_by("-year", "-number")
    if not sees_list(viewer):
        return rows.none()
    return rows if prepares(viewer) else rows.filter(state=SummaryState.RELEASED)


def sees_list(viewer: Viewer) -> bool:
    return viewer.in_group


def can_build(viewer: Viewer) -> bool:
    return prepares(viewer)


def can_retry(viewer: Viewer, summary: Summary) -> bool:
    return can_build(viewer) and summary.state in BEFORE[SummaryState.QUEUED]


def can_approve(viewer: Viewer, summary: Summary) -> bool:
    """The chair alone: the summary is signed with the office."""
    return may_approve(viewer) and summary.state in BEFORE[SummaryState.APPROVED]


def may_approve(viewer: Viewer) -> bool:
    return prepares(viewer) and Role.CHAIR in viewer.roles


def can_release(viewer: Viewer, summary: Summary) -> bool:
    return viewer.in_secretariat and summary.state in BEFORE[SummaryState.RELEASED]


def can_withdraw(viewer: Viewer, summary: Summary) -> bool:
    """Because it is wrong: a corrected one takes its place. Its check code goes on saying what became of it."""
    return viewer.in_secretariat and summary.state in BEFORE[SummaryState.WITHDRAWN]


def can_export(viewer: Viewer, summary: Summary) -> bool:
    """Whoever sees it; what is withdrawn is handed to nobody."""
    return summary.audience in viewer.reads and summary.state in FROZEN and summary.state != SummaryState.WITHDRAWN


def allowed(viewer: Viewer, summary: Summary) -> frozenset[str]:
    rules = {"retry": can_retry, "approve": can_approve, "release": can_release, "withdraw": can_withdraw}
    return frozenset(verb for verb, rule in rules.items() if rule(viewer, summary))


def last_aggregated() -> Summary | None:
    """The newest aggregated one that the group has seen, or may have: what the next one must not be subtracted from.

    One that was withdrawn once it was approved counts along, for it may have been released before.
    """
    seen = Q(state=SummaryState.RELEASED) | Q(state=SummaryState.WITHDRAWN, approved_at__isnull=False)
    rows = Summary.objects.filter(seen, form=SummaryForm.AGGREGATED)
    return rows.order_by("-taken_at", "-pk").first()


def of_code(code: str) -> Summary | None:
    """For anybody: which summary a check code belongs to. The page says its number, moment and standing only."""
    return Summary.objects.filter(check_code=code).first() if code else None
