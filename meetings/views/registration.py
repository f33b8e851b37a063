"""Who comes: her own answer, the nominations of a delegation, and the whole by delegation for the secretariat."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from iwg_portal.base.render import render
from iwg_portal.reminders import ledger
from meetings.access import registration as access
from meetings.access.attendance import can_declare, invited_states, sees_attendance
from meetings.access.meetings import in_the_room, runs_meetings, visible_meetings
from meetings.actions import registration as actions
from meetings.enums import Answer, MeetingState
from meetings.forms.registration import AnswerForm, NominateForm
from meetings.models import Meeting, Registration
from meetings.queries import registration as query
from meetings.views.standing import meeting_address
from members.access import Viewer

PAGE = 60  # delegations


@require_http_methods(["GET", "HEAD", "POST"])
def registration(request: HttpRequest, pk: int) -> HttpResponse:
    """``do`` of a POST: ``answer``, ``nominate``, ``take_back``."""
    viewer = request.viewer
    meeting = get_object_or_404(visible_meetings(viewer).select_related("group"), pk=pk)
    form = _answer_form(request, meeting)
    if request.method == "POST":
        match request.POST.get("do"):
            case "answer":
                answer = _answer(request, meeting, form)
            case "nominate":
                answer = _nominate(request, meeting)
            case "take_back":
                answer = _take_back(request, meeting)
            case _:
                raise BadRequest("unknown verb")
        if answer:
            return answer
    return render(request, "meetings/registration/registration.html", _context(request, meeting, form))


def _context(request: HttpRequest, meeting: Meeting, form: AnswerForm) -> dict[str, Any]:
    viewer = request.viewer
    rows = list(access.visible_registrations(viewer, meeting))
    own = next((row for row in rows if row.person == viewer.person), None)
    groups = _groups(request, viewer, meeting, rows)
    return {
        "meeting": meeting,
        "form": form,
        "own": _line(own, meeting) if own else None,
        "chosen": own.answer if own else "",
        "answers": Answer.choices,
        "is_past": meeting.register_by is not None and _today(meeting) > meeting.register_by,
        "may_answer": access.can_answer(viewer, meeting),
        "nominees": _nominees(viewer, meeting, rows),
        "may_nominate": access.can_nominate(viewer, meeting),
        "delegation": [_line(row, meeting) for row in rows if row.state_id in viewer.own_states and row != own],
        "groups": groups,
        "names": access.sees_names(viewer),
        "sentence": _sentence(meeting, own, groups),
        "hidden": meeting.chatham_house and not in_the_room(viewer, meeting),
        "attendance_url": _attendance_url(viewer, meeting),
        "reminded": ledger.reminded_on("meetings.registration", [meeting]).get(str(meeting.pk)),
        "crumbs": [{"url": meeting_address(meeting), "label": meeting.title}],
    }


def _today(meeting: Meeting) -> Any:
    return timezone.now().astimezone(meeting.tz).date()


def _line(row: Registration, meeting: Meeting) -> dict[str, Any]:
    return {"row": row, "words": query.answer_words(row), "is_late": query.is_late(row, meeting)}


def _groups(request: HttpRequest, viewer: Viewer, meeting: Meeting, rows: list[Registration]) -> Any:
    """A page of delegations, for whoever runs the meeting; with ``lines`` where she reads names."""
    if not runs_meetings(viewer):
        return None
    names = access.sees_names(viewer)
    counted = rows if names else access.counted_registrations(viewer, meeting)
    groups = query.by_delegation(invited_states(viewer, meeting), counted)
    shown: Any = Paginator(groups, PAGE).get_page(request.GET.get("page"))
    shown.words = query.counts_words(groups)
    shown.lines = [
        {"group": group, "people": [_line(row, meeting) for row in group.rows] if names else []} for group in shown
    ]
    return shown


def _nominees(viewer: Viewer, meeting: Meeting, rows: list[Registration]) -> list[dict[str, Any]]:
    """Her delegation as it is today, each person once, with what is known of her."""
    if not access.can_nominate(viewer, meeting):
        return []
    by_person = {row.person_id: row for row in rows}
    found: dict[tuple[int, int | None], dict[str, Any]] = {}
    for term in access.nominee_terms(viewer):
        row = by_person.get(term.person_id)
        # Registered for another delegation: nothing that this one decides.
        row = row if row and row.state_id == term.state_id else None
        late = bool(row and query.is_late(row, meeting))
        entry = {"term": term, "row": row, "words": query.answer_words(row), "is_late": late}
        found.setdefault((term.person_id, term.state_id), entry)
    return list(found.values())


def _sentence(meeting: Meeting, own: Registration | None, groups: Any) -> str:
    if groups is not None:
        return str(groups.words)
    if own is None or not own.answer:
        return _("You have not answered yet.")
    return _("Your answer: %(answer)s.") % {"answer": Answer(own.answer).label}


def _attendance_url(viewer: Viewer, meeting: Meeting) -> str:
    begun = meeting.state not in (MeetingState.DRAFT, MeetingState.ANNOUNCED, MeetingState.CANCELLED)
    shown = begun and (sees_attendance(viewer, meeting) or can_declare(viewer, meeting))
    return reverse("attendance", args=[meeting.pk]) if shown or viewer.in_secretariat else ""


# -- What is posted ---------------------------------------------------------------------------------------------------


def _answer_form(request: HttpRequest, meeting: Meeting) -> AnswerForm:
    viewer = request.viewer
    places = {"states": [], "organisations": []}
    if access.can_answer(viewer, meeting):
        places = {"states": access.own_states(viewer), "organisations": access.own_organisations(viewer)}
    data = request.POST if request.method == "POST" and request.POST.get("do") == "answer" else None
    return AnswerForm(data, **places)


def _answer(request: HttpRequest, meeting: Meeting, form: AnswerForm) -> HttpResponse | None:
    if not access.can_answer(request.viewer, meeting):
        raise PermissionDenied
    if not form.is_valid():
        return None
    try:
        row = actions.answer_invitation(meeting=meeting, by=request.viewer, **form.values())
    except ValidationError as error:
        form.add_error(None, error.messages)
        return None
    words = _("On the server: %(answer)s.") % {"answer": Answer(row.answer).label}
    if query.is_late(row, meeting):
        words = _("%(words)s It came after the day until which one registers; it is kept and marked as late.") % {
            "words": words
        }
    messages.success(request, words)
    return redirect("registration", pk=meeting.pk)


def _nominate(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    if not access.can_nominate(request.viewer, meeting):
        raise PermissionDenied
    form = NominateForm(request.POST, terms=access.nominee_terms(request.viewer))
    if not form.is_valid():
        messages.error(request, form.errors["term"][0])
        return redirect("registration", pk=meeting.pk)
    term = form.cleaned_data["term"]
    try:
        actions.nominate(meeting=meeting, person=term.person, state=term.state, by=request.viewer)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("Nominated: %(name)s.") % {"name": term.person})
    return redirect("registration", pk=meeting.pk)


def _take_back(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    if not access.can_nominate(request.viewer, meeting):
        raise PermissionDenied
    asked = request.POST.get("registration", "")
    rows = access.visible_registrations(request.viewer, meeting).filter(state__in=sorted(request.viewer.focal_states))
    row = rows.filter(pk=asked).first() if asked.isascii() and asked.isdigit() and len(asked) < 18 else None
    if row is None:
        raise Http404
    actions.take_back_nomination(registration=row, by=request.viewer)
    messages.success(request, _("The nomination is taken back."))
    return redirect("registration", pk=meeting.pk)
