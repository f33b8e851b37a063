"""Who builds, approves, releases and reads a regional summary. Source: the group's access table, §3 and §4."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from iwg_portal.summaries.enums import BEFORE, FROZEN, SummaryForm, SummaryState
from iwg_portal.summaries.models import Summary, WordTemplate
from members.access import Viewer
from members.enums import Role
from members.models import FileVersion

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


def followed_by(summary: Summary) -> Summary | None:
    """The one that ``summary`` follows: the newest named one of the same scope that every member could read before
    these figures were taken, also if it was withdrawn since. Of one summary it is always the same, whoever asks and
    whenever. None of an aggregated one: its figures are not held against earlier ones (see ``bands``)."""
    if summary.taken_at is None or summary.form != SummaryForm.NAMED:
        return None
    return to_follow(summary.scope, summary.taken_at, but=summary.pk)


def to_follow(scope: str, taken_at: dt.datetime, *, but: int | None = None) -> Summary | None:
    """The one that figures of ``scope`` taken at that moment follow; ``but``: the id of their own summary."""
    until = taken_at.replace(microsecond=0) + dt.timedelta(seconds=1)  # the moment of the figures is a whole second
    same = Summary.objects.filter(scope=scope, form=SummaryForm.NAMED, content__isnull=False)
    others = same.exclude(pk=but) if but is not None else same
    return others.filter(released_at__lt=until).order_by("-released_at", "-pk").first()


def last_aggregated() -> Summary | None:
    """The newest aggregated one that the group has seen: what the next one must not be subtracted from. Also one that
    was withdrawn since."""
    rows = Summary.objects.filter(form=SummaryForm.AGGREGATED, released_at__isnull=False)
    return rows.order_by("-taken_at", "-pk").first()


def of_code(code: str) -> Summary | None:
    """For anybody: which summary a check code belongs to. The page says its number, moment and standing only."""
    return Summary.objects.filter(check_code=code).first() if code else None


def keeps_templates(viewer: Viewer) -> bool:
    """The secretariat alone sees, replaces and takes back the Word templates."""
    return viewer.in_secretariat


def visible_templates(viewer: Viewer) -> QuerySet[WordTemplate]:
    """Those in force and those of before, newest first."""
    rows = WordTemplate.objects.order_by("-accepted_at", "language")
    return rows.select_related("file", "accepted_by", "ended_by") if keeps_templates(viewer) else rows.none()


def template_version(language: str) -> FileVersion | None:
    """For whoever may have a document: the file with which it is made. It holds no figure."""
    row = WordTemplate.objects.filter(language=language, ended_at=None).first()
    return row.file.versions.order_by("-number").first() if row else None
