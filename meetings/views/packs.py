"""What is taken along: a meeting as one document, made at the click from what its page shows to this reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.activity.views import answer
from iwg_portal.base.dates import date_format
from iwg_portal.base.rations import rationed
from meetings.access import action_points as action_access
from meetings.access.meetings import sees_leads, visible_items, visible_meetings
from meetings.access.records import visible_records
from meetings.access.registration import OPEN, visible_registrations
from meetings.enums import SHARED, ItemState, MeetingState
from meetings.exports import listed_row
from meetings.exports import packs as exports
from meetings.models import ActionPoint, Meeting
from meetings.queries import action_points as action_query
from meetings.queries.agenda import parted, timetable
from meetings.queries.registration import answer_words
from meetings.views.action_points import title_of
from meetings.views.agenda import language_of
from meetings.views.decisions import heading
from meetings.views.meetings import find_meeting
from meetings.views.papers import on_paper
from meetings.views.record_exports import as_read
from members.access import Viewer, takes_files, visible_group
from members.enums import Audience, narrowest

MOST = 60  # action points of a list; the register has them all
_AHEAD = (MeetingState.DRAFT, MeetingState.ANNOUNCED, MeetingState.RUNNING)


@require_safe
@rationed
def meeting_pack(request: HttpRequest, pk: int) -> HttpResponse:
    """``lang=en|fr|pt``; what people typed stays in its own language, papers are in hers where there is such a PDF."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    if not takes_files(viewer):
        raise Http404
    meeting, group = find_meeting(viewer, pk), visible_group()
    with translation.override(language_of(request)):
        shown, group_name = _content(viewer, meeting), group.name if group else "IWG"
        name, file, about = exports.meeting_pack(meeting, shown, group_name=group_name, person=str(viewer.person))
        language = str(get_language())
    log.exported(request, name, target=meeting, language=language, **about)
    return answer(name, file, "application/pdf", language)


def _content(viewer: Viewer, meeting: Meeting) -> exports.Content:
    items = visible_items(viewer).filter(meeting=meeting)
    accepted = parted(items.select_related("lead_state", "lead_organisation"))[ItemState.ACCEPTED]
    registered, of_registered = _registered(viewer, meeting)
    heads, (lists, of_lists) = heading(viewer, meeting), _to_do(viewer, meeting)
    decisions = {
        "title": _("Decisions still open"),
        "note": "",
        "rows": [listed_row(row["title"], row["text"], row["language"]) for row in heads.rows],
        "none": "",
        "more": heads.more,
    }
    before = _before(viewer, meeting)
    of_record = [narrowest(before.audience, before.record.audience)] if before else []
    return exports.Content(
        slots=timetable(meeting, accepted, names=sees_leads(viewer, meeting)),
        practical=_practical(meeting),
        registered=registered,
        lists=[*lists, *([decisions] if heads else [])],
        record=as_read(viewer, before) if before else None,
        papers=on_paper(viewer, meeting),
        audience=narrowest(heads.audience, *of_registered, *of_lists, *of_record),
    )


def _practical(meeting: Meeting) -> list[tuple[str, str]]:
    def day(value: Any) -> str:
        return date_format(value, "DATE_FORMAT") if value else ""

    facts = [
        (_("Online"), meeting.link),
        (_("Register until"), day(meeting.register_by)),
        (_("Papers are due on"), day(meeting.papers_due_on)),
        (_("Rule"), _("Chatham House Rule") if meeting.chatham_house else ""),
    ]
    return [(label, value) for label, value in facts if value]


def _registered(viewer: Viewer, meeting: Meeting) -> tuple[dict[str, Any] | None, list[str]]:
    """Her own answer and her delegation's, and of whom that is: names are for the delegation and the secretariat."""
    own = Q(person=viewer.person) | Q(state__in=sorted(viewer.own_states))
    rows = list(visible_registrations(viewer, meeting).filter(own))
    if not rows:
        return None, []
    answered = any(row.person_id == viewer.person.pk and row.answer for row in rows) if viewer.person else True
    found = {
        "title": _("Registration"),
        "note": "" if answered or meeting.state not in OPEN else _("You have not answered yet."),
        "rows": [listed_row(str(row.person), detail=answer_words(row)) for row in rows],
        "none": "",
        "more": "",
    }
    return found, [Audience.SECRETARIAT]


def _to_do(viewer: Viewer, meeting: Meeting) -> tuple[list[dict[str, Any]], list[str]]:
    """What her own state or organisation still has to do, whichever meeting asked for it; then what this group asked of
    others. While the meeting lies ahead or is going on."""
    if meeting.state not in _AHEAD:
        return [], []
    shared = action_access.visible_actions(viewer).filter(record__meeting__state__in=sorted(SHARED))
    lists, own = [], []
    if action_access.has_rows(viewer):
        ours = action_access.owners_within().filter(action_access.own(viewer))
        own = _open(shared, ours, action_query.OURS)
        is_state = viewer.own_states or viewer.observed_states
        title = _("Action points of your state") if is_state else _("Action points of your organisation")
        if own or viewer.reads_members:
            lists.append(_listed(title, own, _("No action point is still to be done.")))
    of_group = shared.filter(record__meeting__group=meeting.group_id).exclude(pk__in=[found.pk for found in own])
    others = _open(of_group, action_access.owners_within(), action_query.ALL)
    if others:
        title = _("Other action points still open") if own else _("Action points still open")
        lists.append(_listed(title, others))
    return lists, [found.record.audience for found in (*own, *others)]


def _open(actions: Any, owners: Any, tab: str) -> list[Any]:
    """At most one more than are shown."""
    choice = action_query.Choice(tab=tab)
    rows = action_query.register(actions, owners, choice, timezone.localdate()).filter(is_open=True)
    return list(action_query.with_owners(rows, action_access.owners_within())[: MOST + 1])


def _listed(title: str, rows: list[Any], none: str = "") -> dict[str, Any]:
    more = _("More stand in the register of action points.") if len(rows) > MOST else ""
    return {"title": title, "note": "", "rows": [*_actions(rows[:MOST])], "none": none, "more": more}


def _actions(rows: Iterable[ActionPoint]) -> Iterable[dict[str, Any]]:
    for found in rows:
        line = action_query.line(found)
        whose = line.owners or _("Each member state")
        done = [] if line.owners else [line.progress]
        detail = " · ".join([line.due, whose, *done, found.record.meeting.title])
        yield listed_row(title_of(found), line.text, found.record.language, detail, late=line.is_overdue)


def _before(viewer: Viewer, meeting: Meeting) -> Meeting | None:
    """The meeting of the same group before this one whose record is adopted, if she reads it. With its record."""
    rows = visible_meetings(viewer).filter(record__in=visible_records(viewer), state=MeetingState.ADOPTED)
    rows = rows.filter(group=meeting.group_id, starts_at__lt=meeting.starts_at).exclude(pk=meeting.pk)
    return rows.select_related("group", "host", "chair", "record").order_by(F("starts_at").desc(), "-id").first()
