"""What the secretariat does with a finished draft: close it, open it again, circulate it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from iwg_portal.base.render import render
from meetings.access import silence as access
from meetings.access.records import can_close, visible_records
from meetings.actions import silence as actions
from meetings.enums import MeetingState
from meetings.forms.silence import CirculateForm
from meetings.models import Meeting
from meetings.queries import reading
from meetings.queries import silence as query
from meetings.views.standing import meeting_address
from members.access import visible_group, visible_member_states


@require_http_methods(["GET", "HEAD", "POST"])
def silence_close(request: HttpRequest, pk: int) -> HttpResponse:
    """What is still missing, with a link to each; ``do``: ``close``, ``reopen``."""
    meeting = _meeting(request, pk)
    verbs: dict[str, tuple[Any, str]] = {
        "close": (actions.close_draft, _("The draft is closed. It can be circulated now.")),
        "reopen": (actions.reopen_draft, _("The draft is open again.")),
    }
    if request.method == "POST":
        if request.POST.get("do") not in verbs:
            raise BadRequest("unknown verb")
        act, words = verbs[request.POST["do"]]
        try:
            act(meeting=meeting, by=request.viewer)
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            messages.success(request, words)
        return redirect("silence", pk=pk)
    context = {
        "meeting": meeting,
        "gaps": _gaps(meeting),
        "allowed": access.allowed(request.viewer, meeting, None, timezone.now()),
        "audience": meeting.record.audience,
        "crumbs": _crumbs(meeting),
    }
    return render(request, "meetings/silence/close.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def silence_circulate(request: HttpRequest, pk: int) -> HttpResponse:
    """Until when, and who is concerned, before anything goes; a POST with the deadline that was shown circulates."""
    meeting = _meeting(request, pk)
    if meeting.state != MeetingState.DRAFTED:
        if request.method == "POST":
            messages.error(request, _("Only a closed draft can be circulated."))
        return redirect("silence", pk=pk)
    zones = _zones(meeting)
    given = request.POST if request.method == "POST" else request.GET
    first = CirculateForm(zones=zones)
    initial = {name: first[name].value() for name in first.fields}
    form = CirculateForm(given if "days" in given else initial, zones=zones)
    problems: list[str] = []
    deadline = query.deadline_after(timezone.now(), *form.chosen) if form.is_valid() else None
    if request.method == "POST" and deadline:
        if request.POST.get("until") != deadline.isoformat():
            problems.append(_("The deadline is another one by now. Look at it again, then circulate."))
        else:
            try:
                actions.circulate(meeting=meeting, deadline=deadline, by=request.viewer)
            except ValidationError as error:
                problems += error.messages
            else:
                messages.success(request, _("The record is circulated; the members are told by mail."))
                return redirect("silence", pk=pk)
    concerned = access.concerned(meeting)
    context = {
        "meeting": meeting,
        "form": form,
        "deadline": deadline.isoformat() if deadline else "",
        "until": reading.until(deadline, form.chosen[2]) if deadline else "",
        "states": len(concerned.states),
        "people": len(concerned.people),
        "silent": visible_member_states(request.viewer).exclude(pk__in=sorted(concerned.states)),
        "gaps": len(query.gaps(meeting.record)),
        "problems": problems,
        "audience": access.audience_when_circulated(meeting),
        "crumbs": _crumbs(meeting),
    }
    return render(request, "meetings/silence/circulate.html", context)


def _meeting(request: HttpRequest, pk: int) -> Meeting:
    """Of a record that she reads: 404 without; 403 for whoever reads it and does not decide about it."""
    found = get_object_or_404(visible_records(request.viewer).select_related("meeting__group"), meeting=pk)
    meeting = found.meeting
    meeting.record = found
    if not can_close(request.viewer, meeting):
        raise PermissionDenied
    return meeting


def _gaps(meeting: Meeting) -> list[dict[str, str]]:
    """Each with its words and the place in the record where it can be mended."""
    words = {
        "empty_item": _("Nothing is recorded"),
        "no_owner": _("An action point has no owner"),
        "no_date": _("An action point has no due date"),
        "no_text": _("A decision or action point has no words: it is left out when the record is circulated"),
    }
    edit = meeting_address(meeting) + "record/"
    return [
        {
            "title": words[gap.kind],
            "item": gap.item,
            "text": gap.label,
            "url": f"{edit}#{f'block-{gap.block}' if gap.block else f'item-{gap.item_id}'}",
        }
        for gap in query.gaps(meeting.record)
    ]


def _zones(meeting: Meeting) -> list[tuple[str, str]]:
    """The meeting's, then the group's where it is another one."""
    group = visible_group()
    names = [meeting.zone] + ([group.zone] if group and group.zone != meeting.zone else [])
    return [(name, name.replace("_", " ")) for name in names]


def _crumbs(meeting: Meeting) -> list[dict[str, str]]:
    return [
        {"url": meeting_address(meeting), "label": meeting.title},
        {"url": reverse("silence", args=[meeting.pk]), "label": _("Silence procedure")},
    ]
