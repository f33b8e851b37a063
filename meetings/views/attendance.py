"""Who is in the room: the strip that everybody reads, the buttons of the secretariat, a delegation that comes late."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from iwg_portal.base.render import render
from meetings.access import attendance as access
from meetings.access import registration as registrations
from meetings.access.meetings import runs_meetings, visible_meetings
from meetings.actions import attendance as actions
from meetings.enums import MeetingState, Presence
from meetings.forms.attendance import DeclareForm, LateForm, MarkForm
from meetings.models import Meeting
from meetings.queries import attendance as query
from meetings.queries.registration import answer_words, by_delegation, counts_words
from meetings.views.standing import meeting_address
from members.access import Viewer, visible_organisations

BEFORE = (MeetingState.DRAFT, MeetingState.ANNOUNCED, MeetingState.CANCELLED)
PRESENCES = (
    (Presence.PRESENT, "check"),
    (Presence.LATE, "clock"),
    (Presence.ABSENT, "x"),
)


def card(viewer: Viewer, meeting: Meeting) -> dict[str, Any] | None:
    """For the page of a meeting: who comes while it lies ahead, who is there from its beginning. Two queries.

    None where there is nothing that she may see or do.
    """
    if meeting.state == MeetingState.ANNOUNCED:
        return _before(viewer, meeting)
    if meeting.state in BEFORE:
        return None
    url = reverse("attendance", args=[meeting.pk])
    if not access.sees_attendance(viewer, meeting):
        return {"kind": "declare", "url": url} if access.can_declare(viewer, meeting) else None
    rows = list(access.visible_attendance(viewer, meeting))
    if not rows and meeting.state != MeetingState.RUNNING:
        return None
    live = _live(meeting, access.invited_states(viewer, meeting), [], rows)
    return {"kind": "attendance", "url": url, "live": live, "may_mark": access.can_mark(viewer, meeting)}


def _before(viewer: Viewer, meeting: Meeting) -> dict[str, Any]:
    """One query for her own answer; for those who run the meeting one more for the counts."""
    found: dict[str, Any] = {
        "kind": "registration",
        "url": reverse("registration", args=[meeting.pk]),
        "may_answer": registrations.can_answer(viewer, meeting),
        "words": "",
    }
    if runs_meetings(viewer):
        rows = list(registrations.counted_registrations(viewer, meeting))
        own = next((row for row in rows if row.person_id == viewer.person.pk), None) if viewer.person else None
        found["counts"] = counts_words(by_delegation([], rows))
    else:
        rows = registrations.visible_registrations(viewer, meeting)
        own = rows.filter(person=viewer.person).first() if viewer.person else None
        found["counts"] = ""
    return found | {"words": answer_words(own)}


@require_http_methods(["GET", "HEAD", "POST"])
def attendance(request: HttpRequest, pk: int) -> HttpResponse:
    """``do`` of a POST: ``late`` (a typed time), ``declare``; without it ``mark``, the button of a seat.

    ``show=strip`` answers without buttons: for the page of the meeting, which asks again while the meeting goes on.
    """
    viewer = request.viewer
    meeting = get_object_or_404(visible_meetings(viewer).select_related("group"), pk=pk)
    sees, may_declare = access.sees_attendance(viewer, meeting), access.can_declare(viewer, meeting)
    if not (sees or may_declare):
        raise Http404
    desk = _Desk(request, meeting)
    if request.method == "POST":
        match request.POST.get("do", "mark" if "mark" in request.POST else ""):
            case "mark":
                answer = desk.mark()
            case "late":
                answer = desk.came_later()
            case "declare":
                answer = desk.declare()
            case _:
                raise BadRequest("unknown verb")
        if answer:
            return answer
    return desk.page(sees, may_declare)


class _Desk:
    """One request for the page."""

    def __init__(self, request: HttpRequest, meeting: Meeting) -> None:
        self.request, self.meeting, self.viewer = request, meeting, request.viewer
        self.may_mark = access.can_mark(self.viewer, meeting)
        self.late: LateForm | None = None
        self.declared: DeclareForm | None = None
        self.problem = ""

    # -- Reading --

    def live(self) -> dict[str, Any]:
        """Fresh from the tables, also after a press."""
        places = visible_organisations(self.viewer) if self.may_mark else []
        rows = access.visible_attendance(self.viewer, self.meeting)
        return _live(self.meeting, access.invited_states(self.viewer, self.meeting), places, rows)

    def page(self, sees: bool, may_declare: bool) -> HttpResponse:
        live = self.live() if sees else None
        late = self.late
        if live and self.may_mark and late is None:
            late = LateForm(meeting=self.meeting, seats=live["seats"], initial={"since": self._now()})
        declared = self.declared
        if may_declare and declared is None:
            declared = DeclareForm(
                meeting=self.meeting, states=access.own_states(self.viewer), initial={"since": self._now()}
            )
        own = access.own_declarations(self.viewer, self.meeting) if may_declare else []
        context = {
            "meeting": self.meeting,
            "live": live,
            "url": reverse("attendance", args=[self.meeting.pk]),
            "with_buttons": self.may_mark and self.request.GET.get("show") != "strip",
            "presences": [(str(presence), presence.label, icon) for presence, icon in PRESENCES],
            "problem": self.problem,
            "late_form": late,
            "declare_form": declared,
            "declarations": [
                _("%(state)s: here since %(time)s, as you said")
                % {"state": row.state.name, "time": query.time_words(row.since, self.meeting)}
                for row in own
                if row.since
            ],
            "sentence": _sentence(self.meeting, live),
            "crumbs": [{"url": meeting_address(self.meeting), "label": self.meeting.title}],
        }
        return render(self.request, "meetings/attendance/attendance.html", context, partial="live")

    def _now(self) -> Any:
        """What a time to type begins with: now, or the end of a meeting that is over."""
        now = timezone.now()
        return now if self.meeting.state == MeetingState.RUNNING else min(now, self.meeting.ends_at)

    # -- Writing --

    def mark(self) -> HttpResponse | None:
        """One press. htmx gets the strip as it is now; without it the page again."""
        if not self.may_mark:
            raise PermissionDenied
        form = MarkForm(self.request.POST, seats=self.live()["seats"])
        if not form.is_valid():
            return self._again(form.errors["mark"][0])
        try:
            self._write(*form.cleaned_data["mark"])
        except ValidationError as error:
            return self._again(error.messages[0])
        return None if self.request.htmx else redirect("attendance", pk=self.meeting.pk)

    def came_later(self) -> HttpResponse | None:
        if not self.may_mark:
            raise PermissionDenied
        seats = self.live()["seats"]
        self.late = LateForm(self.request.POST, meeting=self.meeting, seats=seats)
        if not self.late.is_valid():
            return None
        given = self.late.cleaned_data
        try:
            self._write(next(seat for seat in seats if seat.key == given["who"]), Presence.LATE, given["since"])
        except ValidationError as error:
            _blame(self.late, error)
            return None
        return redirect("attendance", pk=self.meeting.pk)

    def declare(self) -> HttpResponse | None:
        if not access.can_declare(self.viewer, self.meeting):
            raise PermissionDenied
        form = DeclareForm(self.request.POST, meeting=self.meeting, states=access.own_states(self.viewer))
        self.declared = form
        if not form.is_valid():
            return None
        given = form.cleaned_data
        try:
            actions.declare_attendance(meeting=self.meeting, by=self.viewer, **given)
        except ValidationError as error:
            _blame(form, error)
            return None
        messages.success(self.request, _("On the server, marked as declared by yourselves. The secretariat sees it."))
        return redirect("attendance", pk=self.meeting.pk)

    def _again(self, problem: str) -> HttpResponse | None:
        """What is wrong: within the strip for htmx, else above the page."""
        self.problem = problem
        if self.request.htmx:
            return None
        messages.error(self.request, problem)
        return redirect("attendance", pk=self.meeting.pk)

    def _write(self, seat: query.Seat, presence: str, since: Any = None) -> None:
        place = {"state" if seat.key.startswith("s") else "organisation": seat.place}
        actions.mark_attendance(meeting=self.meeting, presence=presence, by=self.viewer, since=since, **place)


def _live(meeting: Meeting, states: Any, organisations: Any, rows: Any) -> dict[str, Any]:
    """What changes while the meeting goes on: ``seats``, ``quorum``, whether to ask again."""
    states = list(states)
    seats = query.seats(meeting, states, organisations, rows)
    numerator, denominator = (states[0].numerator, states[0].denominator) if states else (None, None)
    return {
        "seats": seats,
        # Of those who are no members only who was there; with the members, whoever is missing is seen too.
        "shown": [seat for seat in seats if seat.is_member or seat.is_there],
        "has_guests": any(seat.is_there and not seat.is_member for seat in seats),
        "has_late": any(seat.since for seat in seats),
        "quorum": query.quorum(seats, numerator, denominator),
        "asks_again": meeting.state == MeetingState.RUNNING,
    }


def _sentence(meeting: Meeting, live: dict[str, Any] | None) -> str:
    if live is None:
        return _("Chatham House Rule: who was there is shown only to those who were in the room.")
    if not any(seat.presence for seat in live["seats"]):
        return _("Nobody has been noted yet.")
    return _("%(count)s: %(verdict)s.") % {"count": live["quorum"].words, "verdict": live["quorum"].verdict}


def _blame(form: Any, error: ValidationError) -> None:
    problems = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for field, texts in problems.items():
        form.add_error(field if field in form.fields else None, texts)
