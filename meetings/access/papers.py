"""Who reads a paper, and who keeps the papers. Source: the group's access table, §1 and §3: papers belong to the group,
the secretariat stores them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast

from meetings.access.meetings import visible_meetings
from meetings.enums import MeetingState
from meetings.models import AgendaItem, Meeting, Paper, PaperLook, PaperOpening
from members.access import Viewer, visible_files, visible_versions
from members.enums import Audience
from members.models import FileVersion, StoredFile
from members.models.files import StoredFileQuerySet

# What a paper may have as its audience, narrowest first.
AUDIENCES = (Audience.SECRETARIAT, Audience.MEMBERS, Audience.GROUP)
# What is still expected is told while the meeting lies ahead.
_AHEAD = (MeetingState.ANNOUNCED, MeetingState.RUNNING)
_PARENT = Paper._meta.label_lower


def visible_papers(viewer: Viewer) -> QuerySet[Paper]:
    """Of the meetings that she sees, by the audience, withdrawn ones for nobody.

    A paper is there for whoever reads one of its files, so that list, page and bytes never disagree: the files of a
    draft meeting are the secretariat's until it is announced. One without a file is announced as expected.
    """
    if not viewer.in_group:
        return Paper.objects.none()
    papers = Paper.objects.filter(
        is_withdrawn=False, meeting__in=visible_meetings(viewer), audience__in=sorted(viewer.reads)
    )
    if viewer.in_secretariat:
        return papers.order_by("number", "id")
    here = {"parent_type": _PARENT, "parent_id": Cast(OuterRef("pk"), CharField())}
    kept = StoredFile.objects.filter(withdrawn_at=None, **here)
    expected = ~Exists(kept) & Q(meeting__state__in=_AHEAD)
    return papers.filter(Exists(visible_files(viewer).filter(**here)) | expected).order_by("number", "id")


def visible_paper_files(viewer: Viewer, paper: Paper) -> StoredFileQuerySet:
    """Its languages, for whoever reads it."""
    files = visible_files(viewer).filter(parent_type=_PARENT, parent_id=str(paper.pk))
    return files.with_versions().order_by("language", "created_at", "id")


def items_asked_for(viewer: Viewer, items: Iterable[AgendaItem]) -> list[AgendaItem]:
    """Of whose missing papers she may know that a mail reminded: she is asked for them, or keeps the papers of all.

    That nobody is reminded any more would tell anybody else that there is a paper which she does not read.
    """
    return [
        item
        for item in items
        if viewer.in_secretariat
        or item.lead_state_id in viewer.own_states
        or item.lead_organisation_id in viewer.organisations
    ]


def newest_versions(viewer: Viewer, papers: list[Paper]) -> QuerySet[FileVersion]:
    """Of each language of these papers that she reads. One query."""
    versions = visible_versions(viewer).filter(
        file__parent_type=_PARENT, file__parent_id__in=[str(paper.pk) for paper in papers]
    )
    return versions.select_related("file").order_by("file_id", "-number").distinct("file_id")


def with_opening(viewer: Viewer, papers: QuerySet[Paper]) -> QuerySet[Paper]:
    """The same rows, each with ``opened_at``: when it was opened to her last, None where she could always read it."""
    rows = PaperOpening.objects.filter(paper=OuterRef("pk")).exclude(before__in=sorted(viewer.reads))
    return papers.annotate(opened_at=Subquery(rows.order_by("-at").values("at")[:1]))


def own_look(viewer: Viewer, meeting: Meeting) -> PaperLook | None:
    """When she last said that she knows the papers of this meeting."""
    return PaperLook.objects.filter(meeting=meeting, person=viewer.person).first() if viewer.person else None


def with_own_look(viewer: Viewer, papers: QuerySet[Paper]) -> QuerySet[Paper]:
    """The same rows, each with ``looked_at``: see ``own_look``."""
    rows = PaperLook.objects.filter(meeting=OuterRef("meeting"), person=viewer.person).values("at")[:1]
    return papers.annotate(looked_at=Subquery(rows))


def can_keep_papers(viewer: Viewer, meeting: Meeting) -> bool:
    """Enter a paper, store its files, say who reads it: the secretariat, unless the meeting does not take place."""
    return viewer.in_secretariat and meeting.state != MeetingState.CANCELLED


def can_withdraw_papers(viewer: Viewer) -> bool:
    return viewer.in_secretariat


def in_agenda_order(papers: QuerySet[Paper]) -> QuerySet[Paper]:
    """For the whole meeting first, then by item."""
    return papers.select_related("item").order_by(F("item__position").asc(nulls_first=True), "number", "id")
