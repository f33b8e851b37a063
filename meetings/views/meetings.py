"""The list of meetings, the page of one, and what the secretariat does with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from iwg_portal.base.markdown import html
from iwg_portal.base.render import render
from iwg_portal.reminders import ledger
from meetings.access import agenda as agenda_access
from meetings.access import meetings as access
from meetings.access.groups import can_edit_group, can_hand_over
from meetings.access.records import can_write
from meetings.actions import meetings as actions
from meetings.enums import WRITABLE, ItemState, MeetingState
from meetings.forms.meetings import CloneForm, MeetingForm, blame, differences, first_values
from meetings.models import AgendaItem, Meeting
from meetings.notices.meetings import BEFORE_ITS_END
from meetings.queries import meetings as query
from meetings.queries.agenda import parted, timetable
from meetings.reminders.meetings import TO_ANNOUNCE, TO_CIRCULATE
from meetings.views.cards import cards
from meetings.views.decisions import heading
from meetings.views.mails import mass_mails
from meetings.views.standing import pack_address
from members.access import Viewer, reaches, visible_group
from members.actions.files import note_refused_passenger_data
from members.enums import Audience, narrowest

PAGE = 25


@require_safe
def meetings(request: HttpRequest) -> HttpResponse:
    """``when=past`` shows what has ended; filtered by ``group`` and ``year``."""
    viewer = request.viewer
    if not viewer.in_group:
        raise Http404
    now = timezone.now()
    visible = access.visible_meetings(viewer)
    groups = list(access.visible_groups(viewer))
    choice = _choice(request, [group.key for group in groups])
    found = Paginator(query.directory(visible, choice, now), PAGE).get_page(request.GET.get("page"))
    own = query.zone_of(viewer.person, visible_group())
    context = {
        "rows": [_row(meeting, own) for meeting in found],
        "found": found,
        "choice": choice,
        "groups": groups,
        "years": query.years(visible),
        "sentence": _next_words(query.next_meeting(visible, now)),
        "query": _query(choice),
        "tabs": [(f"?{_query(choice, past=past)}", label, past == choice.past) for past, label in _tabs()],
        "waiting": list(_waiting(viewer)),
        "runs": can_hand_over(viewer),
        "may_found": can_edit_group(viewer),
        "sees_turns": viewer.reads_members,
        "head_actions": [{"url": reverse("meeting_new"), "label": _("New meeting"), "primary": True, "icon": "plus"}]
        if access.can_manage(viewer)
        else [],
    }
    return render(request, "meetings/meetings/meetings.html", context)


def _choice(request: HttpRequest, groups: list[str]) -> query.Choice:
    year, group = request.GET.get("year", ""), request.GET.get("group", "")
    is_year = year.isascii() and year.isdigit() and len(year) == 4 and int(year) > 0
    return query.Choice(
        past=request.GET.get("when") == "past",
        group=group if group in groups else "",
        year=int(year) if is_year else None,
    )


def _tabs() -> list[tuple[bool, str]]:
    return [(False, _("To come")), (True, _("Past"))]


def _query(choice: query.Choice, past: bool | None = None) -> str:
    asked = {
        "when": "past" if (choice.past if past is None else past) else "",
        "group": choice.group,
        "year": choice.year or "",
    }
    encoded = urlencode({name: value for name, value in asked.items() if value})
    return f"{encoded}&" if encoded and past is None else encoded


def _row(meeting: Meeting, own: Any) -> dict[str, Any]:
    return {"meeting": meeting, "when": query.when(meeting, own), "place": query.place_words(meeting)}


def _next_words(meeting: Meeting | None) -> str:
    if meeting is None:
        return _("No meeting is announced.")
    words = {"title": meeting.title, "days": query.when(meeting).days}
    if meeting.starts_at <= timezone.now():
        return _("Going on: %(title)s, %(days)s.") % words
    return _("Next: %(title)s, %(days)s.") % words


def _waiting(viewer: Viewer) -> Any:
    """Proposals that wait for an answer of those who run meetings."""
    if not access.runs_meetings(viewer):
        return []
    rows = access.visible_items(viewer).filter(status=ItemState.PROPOSED).exclude(meeting__state__in=access.CLOSED)
    return rows.select_related("meeting", "state_proposing").order_by("created_at", "id")[:PAGE]


# -- One meeting ------------------------------------------------------------------------------------------------------


def find_meeting(viewer: Viewer, pk: int) -> Meeting:
    """With group, host and chair. Raises ``Http404``."""
    return get_object_or_404(access.visible_meetings(viewer).select_related("group", "host", "chair", "record"), pk=pk)


@require_safe
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    return _meeting_page(request, find_meeting(request.viewer, pk))


def _meeting_page(request: HttpRequest, found: Meeting, problems: list[str] | None = None) -> HttpResponse:
    viewer = request.viewer
    items = parted(
        access.visible_items(viewer)
        .filter(meeting=found)
        .select_related("lead_state", "lead_organisation", "state_proposing")
    )
    slots = timetable(found, items[ItemState.ACCEPTED], names=access.sees_leads(viewer, found))
    shown = cards(viewer, found, items[ItemState.ACCEPTED])
    counts = shown["counts"]
    heads = heading(viewer, found)
    request.group = group = visible_group()  # type: ignore[attr-defined]
    is_editor = access.can_edit_agenda(viewer, found)
    rows = [
        {"slot": slot, "line": counts.get(slot.item.pk) or slot.lead, "note": html(slot.item.note)} for slot in slots
    ]
    context = {
        "meeting": found,
        "when": query.when(found, query.zone_of(viewer.person, group)),
        "lead": _lead(found),
        "place": query.place_words(found),
        "days": [(day, list(rows)) for day, rows in groupby(rows, key=lambda row: row["slot"].starts_at.date())],
        "rows": rows,
        "has_problem": is_editor and any(slot.problem for slot in slots),
        "cards": shown,
        # Of the page: the narrowest of what it shows.
        "audience": narrowest(heads.audience, found.record.audience) if shown["text"] else heads.audience,
        "proposals": _own_proposals(viewer, items, is_editor),
        "decisions": heads,
        "allowed": _verbs(viewer, found),
        "may_change": access.can_change(viewer, found),
        "may_clone": access.can_manage(viewer, found),
        "is_editor": is_editor,
        "agenda_is_below": is_editor and _is_recorded(viewer, found),
        "readers": readers_words(found.audience),
        "head_actions": _head_actions(viewer, found),
        "crumbs": _crumbs(found),
        "problems": problems or [],
        "mass_mails": mass_mails(viewer, found),
        "reminded": _reminded(viewer, found),
        "pack_url": pack_address(viewer, found),
    }
    return render(request, "meetings/meetings/meeting.html", context, status=422 if problems else 200)


def _reminded(viewer: Viewer, found: Meeting) -> dt.datetime | None:
    """When whoever runs meetings was last told that it is not announced, or its record not circulated."""
    waits = {MeetingState.DRAFT: TO_ANNOUNCE} | dict.fromkeys(WRITABLE, TO_CIRCULATE)
    if found.state not in waits or not access.runs_meetings(viewer):
        return None
    return ledger.reminded_on(waits[MeetingState(found.state)], [found]).get(str(found.pk))


def _lead(found: Meeting) -> str:
    """One sentence that says when, where and under whom."""
    chair = _("Chair: %(state)s") % {"state": found.chair.name} if found.chair else ""
    return " · ".join(part for part in (query.when(found).days, query.place_words(found), chair) if part)


def _own_proposals(viewer: Viewer, items: dict[str, list[AgendaItem]], is_editor: bool) -> list[AgendaItem]:
    """What waits, for those who decide; for a delegation also what came of its proposals."""
    waiting = items[ItemState.PROPOSED]
    if is_editor:
        return waiting
    return [*waiting, *(item for item in items[ItemState.DECLINED] if item.state_proposing_id in viewer.own_states)]


def _head_actions(viewer: Viewer, found: Meeting) -> list[dict[str, Any]]:
    """Three at most. Once the meeting runs, its record comes first; the agenda is then changed from the last card."""
    ways: list[dict[str, Any]] = [
        {"url": reverse("agenda_pdf", args=[found.pk]), "label": _("Agenda as PDF"), "icon": "download"},
        {"url": reverse("agenda_print", args=[found.pk]), "label": _("Print view"), "icon": "printer"},
    ]
    if _is_recorded(viewer, found):
        ways.append({"url": reverse("record", args=[found.pk]), "label": _("Edit record"), "primary": True})
    elif access.can_edit_agenda(viewer, found):
        ways.append({"url": reverse("agenda", args=[found.pk]), "label": _("Edit the agenda"), "primary": True})
    elif agenda_access.can_propose_item(viewer, found):
        ways.append({"url": reverse("agenda_propose", args=[found.pk]), "label": _("Propose an item"), "primary": True})
    return ways


def _is_recorded(viewer: Viewer, found: Meeting) -> bool:
    return found.state in (MeetingState.RUNNING, MeetingState.DRAFTED) and can_write(viewer, found)


def _verbs(viewer: Viewer, found: Meeting) -> frozenset[str]:
    if not access.can_manage(viewer, found):
        return frozenset()
    return frozenset(verb for verb, (state, _act, _words) in VERBS.items() if found.state in actions.BEFORE[state])


def _crumbs(found: Meeting, last: bool = False) -> list[dict[str, str]]:
    """``last``: also the meeting itself, for the pages below it."""
    crumbs = [
        {"url": reverse("meetings"), "label": _("Meetings")},
        {"url": reverse("group", args=[found.group.key]), "label": found.group.name},
    ]
    return [*crumbs, {"url": reverse("meeting", args=[found.pk]), "label": found.title}] if last else crumbs


def crumbs_below(found: Meeting) -> list[dict[str, str]]:
    return _crumbs(found, last=True)


def readers_words(audience: str) -> str:
    """Who reads a meeting: no delegation owns it."""
    return _("the secretariat and the chair") if audience == Audience.SECRETARIAT else str(Audience(audience).label)


VERBS: dict[str, tuple[MeetingState, Callable[..., object], Callable[[], str]]] = {
    "announce": (
        MeetingState.ANNOUNCED,
        actions.announce,
        lambda: _("Announced. Focal points, observers and partners who may read it are told by mail."),
    ),
    "start": (MeetingState.RUNNING, actions.start, lambda: _("The meeting is running.")),
    "cancel": (MeetingState.CANCELLED, actions.cancel, lambda: _("Cancelled. Whoever was told of it is told.")),
}


@require_POST
def meeting_move(request: HttpRequest, pk: int) -> HttpResponse:
    """``do``: ``announce``, ``start``, ``cancel``."""
    found = find_meeting(request.viewer, pk)
    if not access.can_manage(request.viewer, found):
        raise PermissionDenied
    if request.POST.get("do") not in VERBS:
        raise BadRequest("unknown verb")
    state, act, words = VERBS[request.POST["do"]]
    if found.state != state:  # else the button was pressed twice
        try:
            act(meeting=found, by=request.viewer)
        except ValidationError as error:
            return _meeting_page(request, find_meeting(request.viewer, pk), error.messages)
        messages.success(request, words())
    return redirect("meeting", pk=pk)


# -- New, changed, cloned ---------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_new(request: HttpRequest) -> HttpResponse:
    viewer = request.viewer
    if not viewer.in_group:
        raise Http404
    if not access.can_manage(viewer):
        raise PermissionDenied
    groups = access.visible_groups(viewer)
    asked = groups.filter(key=request.GET.get("group", "")).first()
    form = MeetingForm(
        request.POST or None, viewer=viewer, groups=groups, initial={**first_values(viewer), "group": asked}
    )
    if request.method == "POST":
        # Also where nothing at all was sent.
        form = MeetingForm(request.POST, viewer=viewer, groups=groups)
        if form.is_valid():
            try:
                made = actions.create_meeting(by=viewer, **form.values())
            except ValidationError as error:
                blame(form, error)
            else:
                messages.success(request, _("The meeting is a draft: nobody is told until it is announced."))
                return redirect("agenda", pk=made.pk)
        note_refused_passenger_data(form=form, by=viewer, target=visible_group() or viewer.person)
    context = {"form": form, "crumbs": [{"url": reverse("meetings"), "label": _("Meetings")}]}
    return render(request, "meetings/meetings/new.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_change(request: HttpRequest, pk: int) -> HttpResponse:
    """What was typed is never lost: where somebody was quicker, both are shown, and saving again decides."""
    viewer = request.viewer
    found = find_meeting(viewer, pk)
    if not access.can_change(viewer, found):
        raise PermissionDenied
    groups = access.visible_groups(viewer)
    changes: list[dict[str, str]] = []
    seen = found.version
    form = MeetingForm(viewer=viewer, groups=groups, meeting=found)
    if request.method == "POST":
        seen = _version(request)
        form = MeetingForm(request.POST, viewer=viewer, groups=groups, meeting=found)
        if form.is_valid():
            try:
                actions.change_meeting(meeting=found, by=viewer, seen=seen, **form.values())
            except ValidationError as error:
                if getattr(error, "code", None) == "overtaken":
                    found = find_meeting(viewer, pk)
                    seen, changes = found.version, differences(form, found)
                blame(form, error)
            else:
                messages.success(request, _("The meeting is changed."))
                return redirect("meeting", pk=pk)
        note_refused_passenger_data(form=form, by=viewer, target=found.group)
    context = {
        "form": form,
        "meeting": found,
        "seen": seen,
        "changes": changes,
        "told": found.state != MeetingState.DRAFT,
        "tells_of_moves": found.state in BEFORE_ITS_END,
        "reach": reaches(None)[Audience(found.audience)].words,
        "crumbs": _crumbs(found, last=True),
    }
    return render(request, "meetings/meetings/change.html", context)


def _version(request: HttpRequest) -> int:
    """The version that the page showed; -1, which fits none, where the form has lost it."""
    value = request.POST.get("version", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_clone(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_meeting(request.viewer, pk)
    if not access.can_manage(request.viewer, found):
        raise PermissionDenied
    form = CloneForm(initial={"title": found.title})
    if request.method == "POST":
        form = CloneForm(request.POST)
        if form.is_valid():
            try:
                made = actions.clone_meeting(meeting=found, by=request.viewer, **form.cleaned_data)
            except ValidationError as error:
                blame(form, error)
            else:
                messages.success(request, _("The meeting is a draft: nobody is told until it is announced."))
                return redirect("agenda", pk=made.pk)
        note_refused_passenger_data(form=form, by=request.viewer, target=found.group)
    context = {"form": form, "meeting": found, "crumbs": _crumbs(found, last=True)}
    return render(request, "meetings/meetings/clone.html", context)
