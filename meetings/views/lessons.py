"""The library of lessons, one lesson, and what its readers say to it; the card of a meeting."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from iwg_portal.activity import log
from iwg_portal.base.render import render
from meetings.access import lessons as access
from meetings.actions import lessons as actions
from meetings.enums import LessonState, MeetingState
from meetings.models import Meeting
from meetings.queries import lessons as query
from meetings.views.lesson_pages import PAGE, LessonPage, LibraryPage, Row, receipt
from members.access import Viewer, visible_member_states


@require_safe
def lessons(request: HttpRequest) -> HttpResponse:
    """The library: approved lessons, newest first. ``stage=open``: those on which somebody is still at work."""
    if not request.viewer.in_group:
        raise Http404
    page = LibraryPage(request.viewer, request.GET)
    owners = {row.lesson.state for row in page.rows if page.unfinished and row.lesson.state}
    for state in sorted(owners, key=lambda state: state.pk):
        log.was_read(request, state, state=state, page="lessons")
    return render(request, "meetings/lessons/lessons.html", {"library": page, "refusal": ""})


@require_safe
def lesson(request: HttpRequest, pk: int) -> HttpResponse:
    """One lesson, in the language of ``?language=``, else the reader's own, else as it was approved."""
    found = get_object_or_404(access.visible_lessons(request.viewer).select_related("state"), pk=pk)
    page = LessonPage(request.viewer, found, request.GET.get("language", ""))
    if page.raw and found.state:
        log.was_read(request, found.state, state=found.state, page="lesson")
    return render(request, "meetings/lessons/lesson.html", {"one": page})


@require_POST
def lesson_move(request: HttpRequest, pk: int) -> HttpResponse:
    """POST ``do``: ``submit``, ``return`` (to a draft), ``withdraw`` (with ``sure``)."""
    viewer = request.viewer
    found = get_object_or_404(access.visible_lessons(viewer).select_related("state"), pk=pk)
    match request.POST.get("do"):
        case "submit":
            if found.status != LessonState.SUBMITTED:  # else the button was pressed twice
                try:
                    found = actions.submit_lesson(lesson=found, by=viewer)
                except ValidationError as error:
                    messages.error(request, " ".join(error.messages))
                    return redirect("lesson_edit", pk=pk)
            receipt(request, found.version, _("The lesson is submitted; the secretariat reads it next."))
        case "return":
            if found.status != LessonState.DRAFT:
                found = actions.return_lesson(lesson=found, by=viewer)
            receipt(request, found.version, _("The lesson is a draft again."))
        case "withdraw":
            if not request.POST.get("sure"):
                messages.error(request, _("Tick the box: what is withdrawn cannot be brought back."))
                return redirect("lesson", pk=pk)
            found = actions.withdraw_lesson(lesson=found, by=viewer)
            receipt(request, found.version, _("The lesson is withdrawn; nobody sees it or its files any more."))
            return redirect("lessons")
        case _:
            raise BadRequest("unknown verb")
    return redirect("lesson", pk=pk)


@require_POST
def lesson_useful(request: HttpRequest, pk: int) -> HttpResponse:
    """POST ``state`` (a code) and ``useful`` (1 or 0): what the delegation says for its state. Twice is once."""
    found = get_object_or_404(access.approved_lessons(request.viewer), pk=pk)
    state = get_object_or_404(visible_member_states(request.viewer), alpha2=request.POST.get("state", ""))
    useful = request.POST.get("useful") == "1"
    actions.find_useful(lesson=found, state=state, useful=useful, by=request.viewer)
    words = _("Noted: the lesson is useful to %(state)s.") if useful else _("Taken back for %(state)s.")
    receipt(request, None, words % {"state": state.name})
    return redirect("lesson", pk=pk)


def card(viewer: Viewer, meeting: Meeting) -> dict[str, Any] | None:
    """The lessons that were shared at a meeting, and the way to share one. Two queries, where somebody may not know
    who was in the room two more; ``meeting`` comes with its group."""
    rows = access.lessons_at(viewer, meeting).filter(status=LessonState.APPROVED)
    shown = [Row(viewer, row) for row in query.newest_first(rows, query.PUBLISHED)[:PAGE]]
    open_to_it = meeting.state not in (MeetingState.DRAFT, MeetingState.CANCELLED)
    share = f"{reverse('lesson_new')}?meeting={meeting.pk}" if open_to_it and access.can_share(viewer) else ""
    return {"rows": shown, "share_url": share} if shown or share else None
