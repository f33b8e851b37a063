"""The record of a meeting to take away, as its page shows it at this moment to this reader."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.activity.views import answer
from iwg_portal.base.rations import rationed
from meetings.access.meetings import visible_items
from meetings.access.records import reads_record
from meetings.access.silence import visible_circulations
from meetings.exports import records as exports
from meetings.models import Meeting
from meetings.queries import records as query
from meetings.queries import silence as silence_query
from meetings.views import attendance, records
from meetings.views.agenda import language_of
from meetings.views.meetings import find_meeting
from members.access import Viewer, takes_files, visible_group
from members.enums import narrowest


@require_safe
@rationed
def record_export(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """``kind``: pdf or docx; ``lang=en|fr|pt``; what people typed stays in its own language."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    if kind not in exports.CONTENT_TYPES or not takes_files(viewer):
        raise Http404
    meeting = find_meeting(viewer, pk)
    if not reads_record(viewer, meeting):
        raise Http404
    person = str(viewer.person)
    with translation.override(language_of(request)):
        data = as_read(viewer, meeting)
        name, content = exports.record_name(meeting, data, person, kind), exports.written(data, kind)
    log.exported(request, name, target=meeting, language=data["language"], kind=kind, label=data["label"])
    return answer(name, content, exports.CONTENT_TYPES[kind], data["language"])


def as_read(viewer: Viewer, meeting: Meeting) -> dict[str, Any]:
    """The record of a meeting, with its record, that she may read: what its document says in the active language."""
    group, audience = visible_group(), narrowest(meeting.audience, meeting.record.audience)
    items = list(query.accepted(visible_items(viewer), meeting))
    circulations = visible_circulations(viewer).filter(record__meeting=meeting)
    rows: list[Any] = list(silence_query.with_adopted_text(circulations)[:20])
    adopted = next((row.adopted_text for row in rows if row.adopted_text), None)
    text = records.read(viewer, meeting, items, adopted)
    shown = attendance.card(viewer, meeting)
    return exports.record(
        meeting,
        text["sections"],
        names=text["names"],
        live=shown.get("live") if shown else None,
        circulation=rows[0] if rows else None,
        audience=audience,
        group_name=group.name if group else "IWG",
        person=str(viewer.person),
    )
