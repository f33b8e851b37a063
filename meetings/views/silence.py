"""The silence procedure: the circulated text with what is said to it, and what members and the chair do there."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from iwg_portal.activity import log
from iwg_portal.base.render import render
from iwg_portal.reminders import ledger
from meetings.access import silence as access
from meetings.access.meetings import visible_meetings
from meetings.access.records import reads_drafts
from meetings.actions import silence as actions
from meetings.actions.records import label
from meetings.enums import Stance
from meetings.forms.silence import CommentForm, PositionForm
from meetings.models import Circulation, Comment, Meeting
from meetings.queries import reading
from meetings.queries import silence as query
from meetings.queries.versions import differences, is_intact
from meetings.views import standing
from meetings.views.mails import mass_mails
from meetings.views.standing import meeting_address
from members.access import Viewer, known_actors, visible_member_states
from members.actions.files import note_refused_passenger_data


def card(viewer: Viewer, meeting: Meeting) -> dict[str, Any] | None:
    """For the page of a meeting: ``banner`` (or None), the ``entries`` of the record's timeline, and the text that was
    ``adopted`` (or None). Two queries.

    ``meeting`` comes with its record. None for those who read nothing of it.
    """
    if not (viewer.reads_members or reads_drafts(viewer)):
        return None
    circulations = query.with_counts(access.visible_circulations(viewer)).filter(record__meeting=meeting)
    rows = list(query.with_adopted_text(circulations)[:20])
    entries = standing.entries(viewer, meeting, rows)
    banner = standing.banner(viewer, meeting, rows[0] if rows else None)
    actions_ = standing.ways(viewer, meeting, rows[0] if rows else None)
    if not (entries or banner or actions_):
        return None
    adopted = next((row.adopted_text for row in rows if row.adopted_text), None)  # type: ignore[attr-defined]
    return {"banner": banner, "entries": entries, "actions": actions_, "adopted": adopted}


@require_safe
def silence(request: HttpRequest, pk: int) -> HttpResponse:
    """The latest version that was circulated; ``version`` shows an earlier one, ``on`` a form beside a paragraph."""
    return _page(request, _meeting(request, pk))


@require_POST
def silence_comment(request: HttpRequest, pk: int) -> HttpResponse:
    meeting = _readable(request, pk)
    if not access.can_comment(request.viewer):
        raise PermissionDenied
    form = CommentForm(request.POST)
    if not _valid(request, form, meeting):
        return _page(request, meeting, comment=form)
    given = form.cleaned_data
    circulation = _circulation(request, meeting, given["version"])
    block = None
    if given["on"] is not None:
        numbers = reading.numbers_of(circulation.version.content)
        block = next((key for key, number in numbers.items() if number == given["on"]), "")
    try:
        comment = actions.comment(
            circulation=circulation, text=given["text"], by=request.viewer, block=block, id=given["id"]
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _page(request, meeting, comment=form)
    if comment.is_late:
        messages.warning(request, _late_words())
    else:
        messages.success(request, _("Your comment is on the server; the members read it."))
    at = f"#p{given['on']}" if given["on"] is not None else "#remarks"
    return redirect(_address(meeting, circulation) + at)


@require_POST
def silence_position(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree or object for her state."""
    meeting = _readable(request, pk)
    if not access.can_take_position(request.viewer):
        raise PermissionDenied
    form = _position_form(request.viewer, request.POST)
    if not _valid(request, form, meeting):
        return _page(request, meeting, position=form)
    given = form.cleaned_data
    circulation = _circulation(request, meeting, given["version"])
    try:
        kept = actions.take_position(
            circulation=circulation,
            state=given["state"],
            stance=given["stance"],
            text=given["text"],
            by=request.viewer,
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _page(request, meeting, position=form)
    if isinstance(kept, Comment):
        messages.warning(request, _late_words())
    elif given["stance"] == Stance.OBJECT:
        messages.success(request, _("Your objection is on the server. The record is not adopted; it is a draft again."))
    else:
        messages.success(request, _("On the server: your state agrees. Until the hour you may still object."))
    return redirect(_address(meeting, circulation) + "#positions")


@require_POST
def silence_approve(request: HttpRequest, pk: int) -> HttpResponse:
    meeting = _readable(request, pk)
    if not access.can_approve(request.viewer):
        raise PermissionDenied
    return _act(request, meeting, actions.approve, _("On the server: the chair approves the text."))


@require_POST
def silence_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    meeting = _readable(request, pk)
    words = _("The record is taken back: it is a draft again, and the members no longer read it.")
    return _act(request, meeting, actions.withdraw, words)


@require_POST
def silence_settle(request: HttpRequest, pk: int, comment: uuid.UUID) -> HttpResponse:
    """The secretariat notes that a comment has been dealt with (``do`` settle) or not (anything else)."""
    meeting = _readable(request, pk)
    circulation = get_object_or_404(
        access.visible_circulations(request.viewer), record__meeting=meeting, comments=comment
    )
    row = get_object_or_404(access.visible_comments(request.viewer, circulation), pk=comment)
    actions.settle(comment=row, settled=request.POST.get("do") == "settle", by=request.viewer)
    return redirect(_address(meeting, circulation) + f"#c{row.pk}")


# -- The page ---------------------------------------------------------------------------------------------------------


def _page(
    request: HttpRequest,
    meeting: Meeting,
    *,
    comment: CommentForm | None = None,
    position: PositionForm | None = None,
) -> HttpResponse:
    viewer, now = request.viewer, timezone.now()
    rows = list(query.with_counts(access.visible_circulations(viewer)).filter(record__meeting=meeting))
    if not rows and not reads_drafts(viewer):
        raise Http404
    chosen = _chosen(request, rows)
    latest = rows[0] if rows else None
    context: dict[str, Any] = {
        "meeting": meeting,
        "circulation": chosen,
        "is_latest": chosen == latest,
        "versions": [(row.version.number, row == chosen) for row in rows] if len(rows) > 1 else [],
        "banner": standing.banner(viewer, meeting, chosen, on_page=True),
        "card": {"entries": standing.entries(viewer, meeting, rows), "actions": [], "files": []},
        "ways": standing.ways(viewer, meeting, latest),
        "audience": access.audience_when_circulated(meeting) if chosen else meeting.record.audience,
        "sentence": standing.sentence(meeting, chosen),
        "allowed": access.allowed(viewer, meeting, chosen, now) if chosen == latest else frozenset(),
        "crumbs": [{"url": meeting_address(meeting), "label": meeting.title}],
        "settles": access.can_settle(viewer, meeting),
        "reminded": ledger.reminded_on("meetings.silence", [chosen]).get(str(chosen.pk)) if chosen else None,
        "text": None,
        "own_remarks": [],
        "position_form": None,
        "names_hidden": False,
        "on_paragraph": False,
        "mass_mails": mass_mails(viewer, meeting),
    }
    if chosen:
        if access.counts_as_opening(viewer, chosen):
            log.was_opened(request, chosen.version, label(meeting))
        context |= _text(request, meeting, chosen, rows, comment, position)
    return render(request, "meetings/silence/silence.html", context)


def _text(
    request: HttpRequest,
    meeting: Meeting,
    chosen: Circulation,
    rows: list[Circulation],
    comment: CommentForm | None,
    position: PositionForm | None,
) -> dict[str, Any]:
    viewer = request.viewer
    names = access.reads_names(viewer, meeting)
    comments = list(access.visible_comments(viewer, chosen))
    positions = list(access.visible_positions(viewer, chosen))
    actors = known_actors(viewer) if names and (comments or positions) else frozenset()
    reader = reading.Reader(viewer.person.pk if viewer.person else None, names, actors)
    readable = access.can_read_text(viewer, chosen)
    text = reading.text_of(chosen.version.content, comments, reader) if readable else None
    earlier = next((row for row in rows if _is_before(viewer, row, chosen)), None) if readable else None
    on = _number(comment["on"].value() if comment else request.GET.get("on", ""))
    version = {"version": chosen.version.number}
    return {
        "text": text,
        # Of a text that was taken back she reads what she wrote herself.
        "own_remarks": [] if text else [reading.remark(row, reader) for row in comments],
        "positions": reading.stands(positions, reader),
        "changes": differences(earlier.version.content, chosen.version.content, names=names) if earlier else [],
        "earlier": earlier.version.number if earlier else 0,
        "on": on,
        "on_paragraph": bool(text and any(on == p.number for item in text.items for p in item.paragraphs)),
        "comment_form": comment or CommentForm(initial=version | ({"on": on} if on > 0 else {})),
        "position_form": position or (_position_form(viewer, initial=version) if viewer.focal_states else None),
        "names_hidden": not names,
        "is_intact": is_intact(chosen.version) if readable else True,
        "until": reading.until(chosen.deadline, meeting.tz),
        "address": _address(meeting, chosen),
        "counts": standing.positions_words(chosen),
        "openings": _openings(meeting, chosen) if access.sees_who_opened(viewer) else "",
    }


def _openings(meeting: Meeting, chosen: Circulation) -> str:
    """By the terms of the day on which the procedure ended, or of today. Two queries."""
    concerned = access.concerned(meeting, chosen.ended_at.date() if chosen.ended_at else None).people
    opened = query.openers(chosen.version) & {person.pk for person in concerned}
    return _("Opened by %(n)s of %(total)s people concerned.") % {"n": len(opened), "total": len(concerned)}


def _number(value: Any) -> int:
    """Of a paragraph; -1 for none."""
    return int(value) if str(value).isdecimal() and len(str(value)) < 6 else -1


def _is_before(viewer: Viewer, row: Circulation, chosen: Circulation) -> bool:
    return row.version.number < chosen.version.number and access.can_read_text(viewer, row)


def _chosen(request: HttpRequest, rows: list[Circulation]) -> Circulation | None:
    asked = request.POST.get("version") or request.GET.get("version", "")
    if not asked:
        return rows[0] if rows else None
    found = next((row for row in rows if str(row.version.number) == asked), None)
    if found is None and request.method != "POST":
        raise Http404
    return found or rows[0]  # what she has typed is given back, whatever the form said besides


# -- Pieces ---------------------------------------------------------------------------------------------------------


def _meeting(request: HttpRequest, pk: int) -> Meeting:
    rows = visible_meetings(request.viewer).select_related("record", "group")
    return get_object_or_404(rows, pk=pk, record__isnull=False)


def _readable(request: HttpRequest, pk: int) -> Meeting:
    """A meeting of which something was circulated that she reads."""
    meeting = _meeting(request, pk)
    if not access.visible_circulations(request.viewer).filter(record__meeting=meeting).exists():
        raise Http404
    return meeting


def _circulation(request: HttpRequest, meeting: Meeting, version: int) -> Circulation:
    rows = access.visible_circulations(request.viewer)
    return get_object_or_404(rows, record__meeting=meeting, version__number=version)


def _address(meeting: Meeting, circulation: Circulation) -> str:
    return f"{reverse('silence', args=[meeting.pk])}?version={circulation.version.number}"


def _act(request: HttpRequest, meeting: Meeting, act: Any, words: str) -> HttpResponse:
    """On the circulation that the form names, else the latest; what has ended meanwhile is said in a sentence."""
    rows = access.visible_circulations(request.viewer).filter(record__meeting=meeting)
    asked = request.POST.get("version", "")
    circulation = rows.filter(version__number=asked).first() if asked.isdecimal() and len(asked) < 5 else rows.first()
    if circulation is None:
        raise Http404
    try:
        act(circulation=circulation, by=request.viewer)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, words)
    return redirect("silence", pk=meeting.pk)


def _position_form(viewer: Viewer, data: Any = None, **kwargs: Any) -> PositionForm:
    states = visible_member_states(viewer).filter(pk__in=sorted(viewer.focal_states))
    return PositionForm(data, states=states, **kwargs)


def _valid(request: HttpRequest, form: Form, meeting: Meeting) -> bool:
    """Also notes that passenger data were refused, by the detector's name alone."""
    if form.is_valid():
        return True
    note_refused_passenger_data(form=form, by=request.viewer, target=meeting.record)
    return False


def _late_words() -> str:
    return _(
        "This came after the procedure had ended, so it does not change the outcome. Your text is kept: you and the "
        "secretariat read it."
    )
