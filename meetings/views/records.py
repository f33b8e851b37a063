"""The record of a meeting: the page on which it is written, the one that is projected, the history of a block; and for
the meeting's own page its card and its finished text."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from iwg_portal.base.render import render
from meetings.access.meetings import in_the_room, visible_items, visible_meetings
from meetings.access.records import (
    can_write,
    reads_drafts,
    visible_blocks,
    visible_here,
    visible_records,
    visible_removed_blocks,
    visible_revisions,
    writes_records,
)
from meetings.enums import BlockKind
from meetings.models import AgendaItem, Block, Meeting
from meetings.queries import records as query
from meetings.queries.adopted import with_adopted
from members.access import Viewer, own_parked_texts, visible_member_states, visible_observer_states

PROJECTOR_SECONDS = 3


def readable_meeting(viewer: Viewer, pk: int) -> Meeting:
    """A meeting whose record she reads, with group and record; else 404."""
    meetings = visible_meetings(viewer).select_related("record", "group")
    return get_object_or_404(meetings.filter(record__in=visible_records(viewer)), pk=pk)


def writers_meeting(request: HttpRequest, pk: int) -> Meeting:
    """The same for whoever writes records; 403 for other readers. It need not be open for writing just now."""
    meeting = readable_meeting(request.viewer, pk)
    if not writes_records(request.viewer):
        raise PermissionDenied
    return meeting


@require_safe
def record(request: HttpRequest, pk: int) -> HttpResponse:
    meeting = writers_meeting(request, pk)
    return edit_page(request, meeting)


def edit_page(request: HttpRequest, meeting: Meeting, refused: dict[str, Any] | None = None) -> HttpResponse:
    """``refused``: what was typed and cannot be taken as it is, with the sentence that says why."""
    viewer = request.viewer
    with timezone.override(meeting.tz):
        items = list(query.accepted(visible_items(viewer), meeting))
        blocks = visible_blocks(viewer).filter(record=meeting.record)
        removed = visible_removed_blocks(viewer).filter(record=meeting.record).select_related("item", "updated_by")
        # Before the blocks are read: what changes in this very moment is news.
        cursor = query.cursor(blocks.order_by() | removed.select_related(None).order_by())
        context = {
            "meeting": meeting,
            "crumbs": [{"url": "../../", "label": _("Meetings")}, {"url": "../", "label": meeting.title}],
            # Each item, and under which ids a new block would be sent.
            "places": [(section, uuid.uuid4(), uuid.uuid4()) for section in query.sections(items, blocks)],
            "removed": list(removed),
            "here": here_words(viewer, meeting, items),
            "kept": kept_texts(viewer, meeting),
            "is_open": can_write(viewer, meeting),
            "speakers": [*visible_member_states(viewer), *visible_observer_states(viewer)],
            "cursor": cursor,
            "sign": query.agenda_sign(items),
            "refused": refused or {},
            "patterns": [_empty(meeting, kind) for kind in BlockKind.values],
            **block_context(meeting),
        }
        return render(request, "meetings/records/edit.html", context)


def block_context(meeting: Meeting) -> dict[str, Any]:
    """What the template of one block needs besides its row."""
    return {"save_url": reverse("record_save", args=[meeting.pk]), "meeting": meeting}


def block_html(request: HttpRequest, meeting: Meeting, row: query.Row) -> str:
    return render_to_string("meetings/records/block.html", {"row": row, **block_context(meeting)}, request)


def _empty(meeting: Meeting, kind: str) -> query.Row:
    """The pattern from which the browser makes a new block."""
    block = Block(pk=uuid.UUID(int=0), record=meeting.record, kind=kind, version=0, item_id=0, text="")
    return query.Row(block, {"decision": _("New decision"), "action": _("New action point")}.get(kind, ""))


def here_words(viewer: Viewer, meeting: Meeting, items: Sequence[AgendaItem]) -> list[str]:
    """Who else writes, and where: "Awa is in item 3"."""
    return [
        _("%(name)s is in item %(number)d") % {"name": person, "number": number}
        if number
        else _("%(name)s is here") % {"name": person}
        for person, number in query.present(visible_here(viewer), meeting, items)
    ]


def kept_texts(viewer: Viewer, meeting: Meeting) -> list[dict[str, Any]]:
    """What she typed into this record when it could not be taken; what has arrived since is not offered again."""
    rows = list(own_parked_texts(viewer).filter(path=reverse("record_save", args=[meeting.pk])))
    sent = [dict(row.fields).get("client_id", "") for row in rows]
    arrived = query.arrived(visible_revisions(viewer), sent)
    return [
        {
            "pk": row.pk,
            "at": row.created_at,
            "text": dict(row.fields).get("text", ""),
            "hidden": [pair for pair in row.fields if pair[0] != "text"],
        }
        for row, client_id in zip(rows, sent, strict=True)
        if client_id not in arrived
    ]


@require_safe
def record_projector(request: HttpRequest, pk: int) -> HttpResponse:
    """The item in which something was written last, in large type; ``?item=`` keeps to one, ``?since=`` asks for news
    (204: there are none). It asks again by itself only while the record is open, so as not to keep a session alive."""
    meeting = readable_meeting(request.viewer, pk)
    blocks = visible_blocks(request.viewer).filter(record=meeting.record)
    now = query.cursor(blocks)
    if request.htmx and request.GET.get("since") == now:
        return HttpResponse(status=204)
    with timezone.override(meeting.tz):
        items = list(query.accepted(visible_items(request.viewer), meeting))
        found = query.sections(items, blocks, finished=True)
        chosen = request.GET.get("item", "")
        latest = blocks.order_by("-updated_at", "id").exclude(text="").first()
        section = query.section_of(found, chosen, latest)
        place = found.index(section) if section else 0
        context = {
            "meeting": meeting,
            "section": section,
            "newest": latest,
            "before": found[place - 1] if place else None,
            "after": found[place + 1] if section and place + 1 < len(found) else None,
            "names": in_the_room(request.viewer, meeting),
            "cursor": now,
            "chosen": chosen if section and chosen == str(section.item.pk) else "",
            "follows": meeting.is_writable,
            "seconds": PROJECTOR_SECONDS,
        }
        return render(request, "meetings/records/projector.html", context, partial="projected")


@require_safe
def record_block(request: HttpRequest, pk: int, block: uuid.UUID) -> HttpResponse:
    """How one block came about, and the way back. For who reads drafts: to the members the history does not exist."""
    meeting = readable_meeting(request.viewer, pk)
    if not reads_drafts(request.viewer):
        raise Http404
    blocks = visible_blocks(request.viewer) | visible_removed_blocks(request.viewer)
    held = get_object_or_404(blocks.filter(record=meeting.record), pk=block)
    with timezone.override(meeting.tz):
        context = {
            "meeting": meeting,
            "row": held,
            "steps": query.history(visible_revisions(request.viewer), held),
            "may_write": can_write(request.viewer, meeting),
            "items": list(query.accepted(visible_items(request.viewer), meeting)),
            "kinds": BlockKind.choices,
            "client_id": uuid.uuid4(),
            "names": in_the_room(request.viewer, meeting),
            **block_context(meeting),
        }
        return render(request, "meetings/records/history.html", context)


# -- For the page of the meeting ---------------------------------------------------------------------------------------


def read(
    viewer: Viewer,
    meeting: Meeting,
    items: Sequence[AgendaItem] | None = None,
    adopted: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The context of ``meetings/records/read.html``: the finished text of all items. Two queries when ``items`` (the
    accepted ones, in order) are given, else three; under the Chatham House Rule two more where somebody is named.
    ``adopted``: the frozen text of an adopted record; two more where its owners are not among today's."""
    found = query.sections(
        query.accepted(visible_items(viewer), meeting) if items is None else items,
        visible_blocks(viewer).filter(record__meeting=meeting),
        finished=True,
    )
    if adopted is not None:
        found = with_adopted(found, adopted)
    named = any(row.block.said_by_id for section in found for row in section.rows)
    return {"sections": found, "names": named and in_the_room(viewer, meeting), "meeting": meeting}
