"""The agenda: edited, proposed to, printed, as PDF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from iwg_portal.activity import log
from iwg_portal.base.documents.word import CONTENT_TYPE as WORD
from iwg_portal.base.markdown import html
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from iwg_portal.base.uploads.names import disposition
from meetings import exports
from meetings.access import agenda as access
from meetings.access.meetings import can_edit_agenda, sees_leads, visible_items
from meetings.actions import agenda as actions
from meetings.enums import ItemState
from meetings.forms.agenda import DeclineForm, ItemForm, ProposalForm, ProposeItemForm
from meetings.forms.meetings import blame
from meetings.models import AgendaItem, Meeting
from meetings.queries.agenda import Slot, fingerprint, parted, timetable
from meetings.views.decisions import heading
from meetings.views.meetings import crumbs_below, find_meeting
from meetings.views.papers import on_paper
from members.access import Viewer, visible_group
from members.actions.files import note_refused_passenger_data
from members.enums import narrowest


@require_http_methods(["GET", "HEAD", "POST"])
def agenda(request: HttpRequest, pk: int) -> HttpResponse:
    """For those who run the meeting. POST ``do=add`` adds an item, ``do=carry`` takes over what was left open."""
    viewer = request.viewer
    meeting = find_meeting(viewer, pk)
    if not can_edit_agenda(viewer, meeting):
        raise PermissionDenied
    form = ItemForm(viewer=viewer, meeting=meeting, initial={"language": meeting.language})
    if request.method == "POST":
        match request.POST.get("do"):
            case "add":
                form = ItemForm(request.POST, viewer=viewer, meeting=meeting)
                if _added(request, meeting, form):
                    return redirect(f"{reverse('agenda', args=[pk])}#add")
            case "carry":
                return _carry(request, meeting)
            case _:
                raise BadRequest("unknown verb")
    return _agenda_page(request, meeting, form)


def _added(request: HttpRequest, meeting: Meeting, form: ItemForm) -> bool:
    if form.is_valid():
        try:
            actions.add_item(meeting=meeting, by=request.viewer, **form.values())
        except ValidationError as error:
            _blame(form, error)
        else:
            messages.success(request, _("The item is on the agenda."))
            return True
    note_refused_passenger_data(form=form, by=request.viewer, target=meeting.group)
    return False


def _carry(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    sent = request.POST.getlist("item")[:500]
    items = [int(value) for value in sent if value.isascii() and value.isdigit() and len(value) < 19]
    try:
        count = actions.carry_over(
            meeting=meeting, by=request.viewer, items=items, decisions="decisions" in request.POST
        )
    except ValidationError as error:
        for problem in error.messages:
            messages.error(request, problem)
    else:
        if count:
            words = ngettext("%(n)d item was taken over.", "%(n)d items were taken over.", count)
            messages.success(request, words % {"n": count})
        else:
            messages.warning(request, _("Nothing was taken over: tick what the next meeting is to go on with."))
    return redirect("agenda", pk=meeting.pk)


def _agenda_page(
    request: HttpRequest,
    meeting: Meeting,
    form: ItemForm | None = None,
    problems: list[str] | None = None,
    declining: tuple[int, DeclineForm] | None = None,
) -> HttpResponse:
    """``declining``: the proposal that was to be declined, and what was wrong with it."""
    viewer = request.viewer
    form = form or ItemForm(viewer=viewer, meeting=meeting, initial={"language": meeting.language})
    items = parted(_items(viewer, meeting))
    slots = timetable(meeting, items[ItemState.ACCEPTED], names=sees_leads(viewer, meeting))
    off = [*items[ItemState.DECLINED], *items[ItemState.WITHDRAWN]]
    context = {
        "meeting": meeting,
        "slots": slots,
        "troubled": sum(bool(slot.problem) for slot in slots),
        "proposals": [
            {
                "item": item,
                "note": html(item.note),
                "form": declining[1] if declining and declining[0] == item.pk else DeclineForm(item=item),
            }
            for item in items[ItemState.PROPOSED]
        ],
        "off": [item for item in off if access.can_bring_back_item(viewer, item)],
        "carryable": list(access.carryable_items(viewer, meeting)[:50]),
        "decisions": access.standing_decisions(viewer).filter(record__meeting__group=meeting.group_id).count(),
        "form": form,
        "problems": problems or [],
        "crumbs": crumbs_below(meeting),
    }
    return render(request, "meetings/agenda/agenda.html", context, status=422 if problems or declining else 200)


def _items(viewer: Viewer, meeting: Meeting) -> list[AgendaItem]:
    rows = visible_items(viewer).filter(meeting=meeting)
    found = list(rows.select_related("lead_state", "lead_organisation", "state_proposing", "proposed_by"))
    for item in found:
        item.meeting = meeting  # the same row: its rights are asked for each item
    return found


# -- One item ---------------------------------------------------------------------------------------------------------


def _may_order(viewer: Viewer, item: AgendaItem) -> bool:
    return item.status == ItemState.ACCEPTED and can_edit_agenda(viewer, item.meeting)


VERBS: dict[str, tuple[Callable[[Viewer, AgendaItem], bool], Callable[..., object], Callable[[], str]]] = {
    "up": (
        _may_order,
        lambda **given: actions.move_item(**given, up=True),
        lambda: "",
    ),
    "down": (
        _may_order,
        lambda **given: actions.move_item(**given, up=False),
        lambda: "",
    ),
    "open": (
        _may_order,
        lambda **given: actions.mark_open(**given, is_open=True),
        lambda: _("Left open: the next meeting is offered this item."),
    ),
    "concluded": (
        _may_order,
        lambda **given: actions.mark_open(**given, is_open=False),
        lambda: _("Concluded."),
    ),
    "withdraw": (access.can_withdraw_item, actions.withdraw_item, lambda: _("The item is withdrawn.")),
    "back": (access.can_bring_back_item, actions.bring_back_item, lambda: _("The item is on the agenda.")),
    "accept": (
        access.can_decide_item,
        actions.accept_item,
        lambda: _("The item is on the agenda. Whoever proposed it is told."),
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_item(request: HttpRequest, pk: int, item_pk: int) -> HttpResponse:
    """The form of one item; ``do`` of a POST: ``save`` or one of ``VERBS``."""
    viewer = request.viewer
    meeting = find_meeting(viewer, pk)
    rows = visible_items(viewer).filter(meeting=meeting)
    item = get_object_or_404(rows.select_related("lead_state", "lead_organisation", "state_proposing"), pk=item_pk)
    item.meeting = meeting
    may_change = access.can_change_item(viewer, item)
    do = request.POST.get("do", "") if request.method == "POST" else "save"
    if not may_change and not any(may(viewer, item) for may, _act, _words in VERBS.values()):
        raise PermissionDenied
    if do == "decline":
        return _declined(request, item)
    if do in VERBS:
        return _moved(request, item, do)
    if do != "save":
        raise BadRequest("unknown verb")
    if not may_change:
        raise PermissionDenied
    return _changed(request, item)


def _moved(request: HttpRequest, item: AgendaItem, do: str) -> HttpResponse:
    _may, act, words = VERBS[do]
    try:
        act(item=item, by=request.viewer)
    except ValidationError as error:
        for problem in error.messages:
            messages.error(request, problem)
    else:
        if words():
            messages.success(request, words())
    return _back(request, item)


def _declined(request: HttpRequest, item: AgendaItem) -> HttpResponse:
    if not access.can_decide_item(request.viewer, item):
        raise PermissionDenied
    form = DeclineForm(request.POST, item=item)
    if not form.is_valid():
        note_refused_passenger_data(form=form, by=request.viewer, target=item.meeting.group)
        return _agenda_page(request, item.meeting, declining=(item.pk, form))
    actions.decline_item(item=item, reason=form.cleaned_data["reason"], by=request.viewer)
    messages.success(request, _("Declined. Whoever proposed it is told."))
    return _back(request, item)


def _back(request: HttpRequest, item: AgendaItem) -> HttpResponse:
    if can_edit_agenda(request.viewer, item.meeting):
        return redirect(f"{reverse('agenda', args=[item.meeting_id])}#item-{item.pk}")
    return redirect("meeting", pk=item.meeting_id)


def _changed(request: HttpRequest, item: AgendaItem) -> HttpResponse:
    viewer = request.viewer
    seen, overtaken = fingerprint(item), False
    form = _form_of(viewer, item)
    if request.method == "POST":
        seen = request.POST.get("seen", "")[:16]
        form = _form_of(viewer, item, request.POST)
        if form.is_valid():
            try:
                actions.change_item(item=item, by=viewer, seen=seen, **form.values())
            except ValidationError as error:
                overtaken = getattr(error, "code", None) == "overtaken"
                _blame(form, error)
            else:
                messages.success(request, _("The item is changed."))
                return _back(request, item)
        note_refused_passenger_data(form=form, by=viewer, target=item.meeting.group, state=item.state_proposing)
    context = {
        "form": form,
        "item": item,
        "meeting": item.meeting,
        # Saving again decides between the two: the page has shown what holds now.
        "seen": fingerprint(item) if overtaken else seen,
        "overtaken": overtaken,
        "now": Slot(item, 0, item.meeting.starts_at, item.meeting.starts_at, False) if overtaken else None,
        "note": html(item.note),
        "is_proposal": item.status == ItemState.PROPOSED,
        "crumbs": crumbs_below(item.meeting),
    }
    return render(request, "meetings/agenda/item.html", context)


def _form_of(viewer: Viewer, item: AgendaItem, data: Any = None) -> ProposeItemForm:
    if item.status == ItemState.PROPOSED:
        return ProposeItemForm(data, item=item)
    return ItemForm(data, viewer=viewer, meeting=item.meeting, item=item)


def _blame(form: ProposeItemForm, error: ValidationError) -> None:
    """The action speaks of ``starts_at``, the form has ``at``."""
    if hasattr(error, "error_dict") and "starts_at" in error.error_dict and "at" in form.fields:
        form.add_error("at", error.error_dict.pop("starts_at"))
    blame(form, error)


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """A delegate or focal point proposes an item."""
    viewer = request.viewer
    meeting = find_meeting(viewer, pk)
    if not access.can_propose_item(viewer, meeting):
        raise PermissionDenied
    states = access.own_states(viewer)
    form = ProposalForm(states=states, initial={"language": get_language(), "minutes": 30})
    if request.method == "POST":
        form = ProposalForm(request.POST, states=states)
        if form.is_valid():
            try:
                actions.propose_item(meeting=meeting, by=viewer, **form.values())
            except ValidationError as error:
                _blame(form, error)
            else:
                messages.success(request, _("Proposed. You are told by mail what is decided."))
                return redirect("meeting", pk=pk)
        note_refused_passenger_data(form=form, by=viewer, target=meeting.group)
    context = {"form": form, "meeting": meeting, "crumbs": crumbs_below(meeting)}
    return render(request, "meetings/agenda/propose.html", context)


# -- On paper ---------------------------------------------------------------------------------------------------------


def language_of(request: HttpRequest) -> str:
    """``lang`` of the address, else the reader's own."""
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else str(get_language())


def _slots(viewer: Viewer, meeting: Meeting) -> list[Slot]:
    rows = parted(_items(viewer, meeting))[ItemState.ACCEPTED]
    return timetable(meeting, rows, names=sees_leads(viewer, meeting))


@require_safe
@rationed
def agenda_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """``lang=en|fr|pt``; what people typed stays in its own language."""
    return _document(request, find_meeting(request.viewer, pk), "pdf", "application/pdf")


@require_safe
@rationed
def agenda_docx(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a Word document."""
    return _document(request, find_meeting(request.viewer, pk), "docx", WORD)


def _document(request: HttpRequest, meeting: Meeting, kind: str, content_type: str) -> HttpResponse:
    slots = _slots(request.viewer, meeting)
    group = visible_group()
    with translation.override(language_of(request)):
        heads, sheets = heading(request.viewer, meeting), on_paper(request.viewer, meeting)
        name, content, label = exports.agenda(
            meeting,
            slots,
            group_name=group.name if group else "IWG",
            person=str(request.viewer.person or ""),
            kind=kind,
            decisions=heads.rows,
            more=heads.more,
            audience=narrowest(heads.audience, *(sheet.paper.audience for sheet in sheets)),
            papers=sheets,
        )
        language = get_language()
    log.exported(request, name, target=meeting, language=language, items=len(slots), label=label)
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": disposition(name), "Content-Language": str(language)},
    )


@require_safe
def agenda_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The agenda on one page without anything else, for paper; ``lang=en|fr|pt``."""
    meeting = find_meeting(request.viewer, pk)
    slots = _slots(request.viewer, meeting)
    language = language_of(request)
    with translation.override(language):
        heads, sheets = heading(request.viewer, meeting), on_paper(request.viewer, meeting)
        context = {
            "meeting": meeting,
            "heading": heads,
            "audience": narrowest(heads.audience, *(sheet.paper.audience for sheet in sheets)),
            "sheets": sheets,
            "sheets_below": exports.of_no_item(sheets, slots),
            "series": exports.series_words(meeting),
            "facts": exports.agenda_facts(meeting),
            "days": [
                (title, [(slot, html(slot.item.note)) for slot in found]) for title, found in exports.by_day(slots)
            ],
            "languages": [(code, name, code == language) for code, name in settings.LANGUAGES],
            "head_actions": [{"url": reverse("meeting", args=[pk]), "label": _("Look at the meeting")}],
            "crumbs": crumbs_below(meeting)[:-1],
        }
        response = render(request, "meetings/agenda/print.html", context)
    response.headers["Content-Language"] = language
    return response
