"""Enter a paper, store its languages and versions, say who reads it, withdraw it; note that somebody has looked.

The files of a draft meeting are for the secretariat alone; ``release_papers`` opens them when it is announced.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.base.uploads import Checked
from meetings.access.meetings import visible_meetings
from meetings.access.papers import AUDIENCES, can_keep_papers, can_withdraw_papers
from meetings.enums import ItemState, MeetingState
from meetings.models import AgendaItem, Meeting, Paper, PaperLook, PaperOpening
from meetings.queries.papers import NO_TITLE
from members.access import Viewer
from members.actions import files
from members.enums import Audience, is_wider, narrowest
from members.models import FileVersion, StoredFile

# What a person types about a paper.
FIELDS = ("number", "title", "item", "due_on", "audience")


@transaction.atomic
def create_paper(
    *, meeting: Meeting, by: Viewer, checked: Checked | None = None, language: str = "", **values: Any
) -> Paper:
    """``values``: ``FIELDS``; with ``checked`` also its first file. Exactly the same sent twice is one paper.

    Raises ``PermissionDenied``, ``ValidationError`` (with the code ``twin`` and that ``paper`` in its ``params`` where
    she has entered one of this number and title that differs), ``OSError``. Side effects: a file on the disk; events.
    """
    meeting = _locked_meeting(meeting)
    if by.person is None or not can_keep_papers(by, meeting):
        raise PermissionDenied
    twin = Paper.objects.filter(
        meeting=meeting, number=values["number"], title=values["title"], created_by=by.person, is_withdrawn=False
    ).first()
    if twin:
        if not _is_same(twin, values, checked, language):
            words = _("You have entered paper %(number)s, “%(title)s”, already, and this one differs from it.")
            raise ValidationError(words, "twin", {"number": twin.number, "title": twin.title, "paper": twin})
        return twin
    paper = Paper(meeting=meeting, created_by=by.person)
    _fill(paper, meeting, values)
    paper.save()
    record("paper.added", by=by.person, target=paper, label=label_of(paper), audience=paper.audience)
    if checked is not None:
        _store(paper, meeting, checked, language, "", by)
    return paper


@transaction.atomic
def change_paper(*, paper: Paper, by: Viewer, **values: Any) -> Paper:
    """``values``: ``FIELDS``. A changed audience holds for its files at once.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: events.
    """
    paper, meeting = _locked(paper)
    if not can_keep_papers(by, meeting):
        raise PermissionDenied
    before = {field: getattr(paper, field) for field in FIELDS}
    readers = _readers(paper, meeting)
    _fill(paper, meeting, values)
    changed = [field for field in FIELDS if getattr(paper, field) != before[field]]
    if not changed:
        return paper
    paper.save(update_fields=changed)
    _note_opening(paper, meeting, readers)
    _open_files(paper, meeting, by)
    record("paper.changed", by=by.person, target=paper, label=label_of(paper), fields=changed)
    return paper


@transaction.atomic
def add_file(*, paper: Paper, checked: Checked, by: Viewer, language: str = "", title: str = "") -> FileVersion:
    """The paper in one more language, or the next version in a language that it has (``title`` counts for a new one).

    Raises ``PermissionDenied``, ``ValidationError`` (the same bytes again), ``OSError``. Side effects: a file on the
    disk; events.
    """
    paper, meeting = _locked(paper)
    if not can_keep_papers(by, meeting):
        raise PermissionDenied
    return _store(paper, meeting, checked, language, title, by)


@transaction.atomic
def withdraw_language(*, paper: Paper, file: StoredFile, by: Viewer) -> None:
    """The bytes of every version go. Raises ``PermissionDenied``. Side effects: events; files leave the disk."""
    paper, _meeting = _locked(paper)
    if not can_withdraw_papers(by) or not _files(paper).filter(pk=file.pk).exists():
        raise PermissionDenied
    files.withdraw_file(file=file, by=by)
    record("paper.language_withdrawn", by=by.person, target=paper, label=label_of(paper), language=file.language)


@transaction.atomic
def withdraw_paper(*, paper: Paper, by: Viewer) -> None:
    """Gone everywhere, in every language; its number stays taken. Raises ``PermissionDenied``. Side effects: events;
    files leave the disk."""
    paper, _meeting = _locked(paper)
    if not can_withdraw_papers(by):
        raise PermissionDenied
    for file in _files(paper):
        files.withdraw_file(file=file, by=by)
    paper.is_withdrawn = True
    paper.save(update_fields=["is_withdrawn"])
    record("paper.withdrawn", by=by.person, target=paper, label=label_of(paper))


@transaction.atomic
def release_papers(*, meeting: Meeting, by: Viewer) -> int:
    """For the action that announces a meeting, once its new state is saved: what lay ready is opened to the readers of
    each paper. Returns how many files. Raises ``PermissionDenied``. Side effects: an event for each file."""
    meeting = _locked_meeting(meeting)
    if not can_keep_papers(by, meeting):
        raise PermissionDenied
    papers = Paper.objects.select_for_update(of=("self",)).filter(meeting=meeting, is_withdrawn=False)
    count = 0
    for paper in papers.order_by("pk"):
        _note_opening(paper, meeting, Audience.SECRETARIAT)
        count += _open_files(paper, meeting, by)
    return count


@transaction.atomic
def note_look(*, meeting: Meeting, by: Viewer, until: dt.datetime | None = None) -> PaperLook:
    """She knows the papers that came until then (default, and at the latest: now); it never goes back.

    Raises ``PermissionDenied``. Side effects: an event.
    """
    if by.person is None or not visible_meetings(by).filter(pk=meeting.pk).exists():
        raise PermissionDenied
    now = timezone.now()
    at = min(until or now, now)
    look, is_first = PaperLook.objects.get_or_create(meeting=meeting, person=by.person, defaults={"at": at})
    look = PaperLook.objects.select_for_update(of=("self",)).get(pk=look.pk)
    if is_first or look.at < at:
        look.at = at
        look.save(update_fields=["at"])
        record("papers.looked_at", by=by.person, target=meeting, label=meeting_label(meeting))
    return look


# -- Pieces -----------------------------------------------------------------------------------------------------------


def meeting_label(meeting: Meeting) -> str:
    """How the log names a meeting: by its series and number, never by its title. Fetch the group along."""
    return f"{meeting.group.key} {meeting.number}"


def label_of(paper: Paper) -> str:
    """By its number in its meeting."""
    return f"{meeting_label(paper.meeting)}, {paper.number}"


def _locked_meeting(meeting: Meeting) -> Meeting:
    return Meeting.objects.select_for_update(of=("self",)).select_related("group").get(pk=meeting.pk)


def _locked(paper: Paper) -> tuple[Paper, Meeting]:
    """The meeting first, then the paper: two changes at once wait for each other."""
    meeting = _locked_meeting(paper.meeting)
    paper = Paper.objects.select_for_update(of=("self",)).get(pk=paper.pk)
    paper.meeting = meeting
    if paper.is_withdrawn:
        raise PermissionDenied
    return paper, meeting


def _fill(paper: Paper, meeting: Meeting, values: dict[str, Any]) -> None:
    """Raises ``ValidationError`` with a sentence beside each field."""
    for field, value in values.items():
        if field not in FIELDS:
            raise TypeError(f"a paper has no field {field!r} that is typed")
        setattr(paper, field, value)
    problems = {}
    if paper.item is not None and not _is_on_agenda(paper.item, meeting):
        problems["item"] = _("Choose an item of this meeting’s agenda.")
    if paper.audience not in AUDIENCES:
        problems["audience"] = _("Choose who may read it.")
    elif is_wider(paper.audience, meeting.audience):
        problems["audience"] = _("A paper cannot be read by more people than its meeting.")
    if problems:
        raise ValidationError(problems)
    paper.full_clean()


def _is_same(twin: Paper, values: dict[str, Any], checked: Checked | None, language: str) -> bool:
    """What was sent adds nothing to ``twin``: every field is equal, and its file is there in that language."""
    if any(getattr(twin, field) != value for field, value in values.items()):
        return False
    if checked is None:
        return True
    return FileVersion.objects.filter(file__in=_files(twin).filter(language=language), sha256=checked.sha256).exists()


def _is_on_agenda(item: AgendaItem, meeting: Meeting) -> bool:
    return item.meeting_id == meeting.pk and item.status == ItemState.ACCEPTED


def _files(paper: Paper) -> Any:
    return StoredFile.objects.filter(
        parent_type=Paper._meta.label_lower, parent_id=str(paper.pk), withdrawn_at=None
    ).order_by("pk")


def _readers(paper: Paper, meeting: Meeting) -> str:
    """Of its files, now."""
    if meeting.state == MeetingState.DRAFT:
        return Audience.SECRETARIAT
    return narrowest(paper.audience, meeting.audience)


def _note_opening(paper: Paper, meeting: Meeting, before: str) -> None:
    """``before``: who read it until now."""
    if is_wider(_readers(paper, meeting), before):
        PaperOpening.objects.create(paper=paper, before=before, at=timezone.now())


def _open_files(paper: Paper, meeting: Meeting, by: Viewer) -> int:
    """Each file gets the readers that its paper has now. Returns how many changed."""
    audience, count = _readers(paper, meeting), 0
    for file in _files(paper).exclude(audience=audience):
        files.set_file_audience(file=file, audience=audience, by=by)
        count += 1
    return count


def _store(paper: Paper, meeting: Meeting, checked: Checked, language: str, title: str, by: Viewer) -> FileVersion:
    file = _files(paper).filter(language=language).first()
    if file:
        version = files.add_version(file=file, checked=checked, by=by)
    else:
        file = files.store_file(
            checked=checked,
            title=title or NO_TITLE,
            by=by,
            audience=_readers(paper, meeting),
            language=language,
            parent=paper,
        )
        version = file.versions.get()
    record(
        "paper.file_added", by=by.person, target=paper, label=label_of(paper), language=language, version=version.number
    )
    return version
