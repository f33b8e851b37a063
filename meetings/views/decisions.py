"""The register of decisions, one decision with what became of it, and what the secretariat says about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from iwg_portal.activity.sentences import sentence
from iwg_portal.activity.views import hand_out
from iwg_portal.base import markdown, marks
from iwg_portal.base.extracts import CONTENT_TYPES, MAX_ROWS
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from meetings import exports
from meetings.access import decisions as access
from meetings.access.action_points import owners_within, visible_actions
from meetings.access.agenda import standing_decisions
from meetings.access.meetings import visible_groups
from meetings.actions import decisions as actions
from meetings.actions.records import UNDER_SILENCE
from meetings.enums import DecisionState, MeetingState
from meetings.forms.decisions import AddresseeForm, StatusForm
from meetings.models import Decision, Meeting
from meetings.queries import action_points as action_query
from meetings.queries import decisions as query
from meetings.queries.silence import is_under_silence
from meetings.views.standing import meeting_address
from members.access import Viewer, known_actors, takes_files, visible_organisations, visible_states
from members.enums import Audience, narrowest

PAGE = 25
HEADING = 10  # decisions above an agenda; the register has them all


@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    if not request.viewer.in_group:
        raise Http404
    return _register(request)


@require_safe
@rationed
def decisions_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The same filter as a file; too many rows give the page again, which says so."""
    viewer = request.viewer
    if not takes_files(viewer) or kind not in CONTENT_TYPES:
        raise Http404
    choice = query.Choice.of(request.GET)
    visible = access.visible_decisions(viewer)
    rows = list(query.directory(visible, choice)[: MAX_ROWS + 1])
    if len(rows) > MAX_ROWS:
        return _register(request, status=400, refusal=too_many())
    readable = query.numbers_of_successors(visible, rows)
    file = exports.decision_register(rows, readable, person=str(viewer.person), filters=_chosen(viewer, choice, rows))
    return hand_out(request, file, kind)


def too_many() -> str:
    return _("A file holds at most %(n)d rows, and more match: filter the list first.") % {"n": MAX_ROWS}


def _chosen(viewer: Viewer, choice: query.Choice, rows: list[Decision]) -> list[tuple[str, str]]:
    """Label and value of each filter, in words. A meeting is named by its rows: without any it may be hidden."""
    groups = {group.key: group.name for group in visible_groups(viewer)} if choice.group else {}
    names = dict(owners_to_choose(viewer)) if choice.addressee else {}
    found = [
        (_("Words or number"), choice.text),
        (_("Status"), str(dict(DecisionState.choices).get(choice.status, ""))),
        (_("Group"), groups.get(choice.group, choice.group)),
        (_("Year"), str(choice.year or "")),
        (_("Addressed to"), names.get(choice.addressee, choice.addressee)),
        (_("Meeting"), rows[0].record.meeting.title if choice.meeting and rows else ""),
    ]
    return [(label, value) for label, value in found if value]


def _register(request: HttpRequest, *, status: int = 200, refusal: str = "") -> HttpResponse:
    viewer = request.viewer
    choice = query.Choice.of(request.GET)
    rows = access.visible_decisions(viewer)
    total, active = query.counts(rows)
    page = Paginator(query.directory(rows, choice), PAGE).get_page(request.GET.get("page"))
    matching = ngettext("%(n)d decision matches.", "%(n)d decisions match.", page.paginator.count)
    successors = [found.superseded_by_id for found in page if found.superseded_by_id]
    readable = dict(rows.filter(pk__in=successors).values_list("pk", "number")) if successors else {}
    context = {
        "lines": [_line(found, readable) for found in page],
        "page_of": page,
        "choice": choice,
        "query": urlencode({name: value for name, value in vars(choice).items() if value}) + "&" if choice else "",
        "statuses": DecisionState.choices,
        "groups": visible_groups(viewer),
        "years": query.years(rows),
        "of_meeting": rows.filter(record__meeting=choice.meeting).select_related("record__meeting").first()
        if choice.meeting
        else None,
        "addressees": owners_to_choose(viewer),
        "sentence": _sentence(total, active),
        "found": matching % {"n": page.paginator.count} if choice else "",
        "refusal": refusal,
        "file_kinds": tuple(CONTENT_TYPES) if takes_files(viewer) else (),
        "audience": narrowest(Audience.GROUP, *(decision.record.audience for decision in page)),
    }
    return render(request, "meetings/decisions/decisions.html", context, status=status)


@require_safe
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    viewer = request.viewer
    found = _decision(request, pk)
    today = timezone.localdate()
    owners = owners_within()
    rows = visible_actions(viewer).filter(decision=found)
    following = action_query.with_owners(action_query.register(rows, owners, action_query.Choice(), today), owners)
    actors = known_actors(viewer)
    after = access.visible_decisions(viewer).filter(pk=found.superseded_by_id).first()
    context = {
        "decision": found,
        "text": markdown.html(found.block.text),
        "addressees": query.addressees(found),
        "meeting_url": meeting_address(found.record.meeting),
        "item_url": f"{meeting_address(found.record.meeting)}#item-{found.block.item_id}",
        "after": after,
        "before": access.visible_decisions(viewer).filter(superseded_by=found).order_by("number", "id"),
        "lines": [action_query.line(action) for action in following],
        "history": [
            {
                "title": sentence(event, named=actors is None or event.actor_id in actors),
                "detail": "",
                "at": event.at,
                "current": place == 0,
                "url": "",
            }
            for place, event in enumerate(access.visible_history(viewer, found)[:50])
        ],
        "may_change": access.can_change_decision(viewer),
        "title": title_of(found),
        "crumbs": [{"url": reverse("decisions"), "label": _("Decisions")}],
    }
    return render(request, "meetings/decisions/decision.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def decision_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Two forms on one page; ``do`` of a POST says which one was sent: ``status``, else type and addressee."""
    viewer = request.viewer
    found = _decision(request, pk)
    if not access.can_change_decision(viewer):
        raise PermissionDenied
    sent = request.POST.get("do", "facts") if request.method == "POST" else ""
    facts = AddresseeForm(request.POST if sent == "facts" else None, viewer=viewer, decision=found)
    rows = access.visible_decisions(viewer).exclude(pk=found.pk)
    status = StatusForm(request.POST if sent == "status" else None, decisions=rows, decision=found)
    if sent and _kept(viewer, found, status if sent == "status" else facts):
        messages.success(request, on_server())
        return redirect("decision", pk=pk)
    context = {
        "decision": found,
        "facts": facts,
        "status": status,
        "refusal": UNDER_SILENCE if is_under_silence(found.record_id) else "",
        "title": _("What became of it"),
        "crumbs": [
            {"url": reverse("decisions"), "label": _("Decisions")},
            {"url": reverse("decision", args=[pk]), "label": title_of(found)},
        ],
    }
    return render(request, "meetings/decisions/change.html", context)


def _kept(viewer: Viewer, found: Decision, form: AddresseeForm | StatusForm) -> bool:
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            if isinstance(form, StatusForm):
                actions.set_decision_status(decision=found, by=viewer, **form.cleaned_data)
            else:
                actions.change_decision(decision=found, by=viewer, **form.changes)
    except ValidationError as error:
        refused(form, error)
        return False
    return True


def _decision(request: HttpRequest, pk: int) -> Decision:
    return get_object_or_404(query.with_facts(access.visible_decisions(request.viewer)), pk=pk)


def _line(found: Decision, readable: dict[int, int | None]) -> dict[str, Any]:
    """``readable``: number by id of the successors that she may know."""
    after = readable.get(found.superseded_by_id or 0)
    return {
        "decision": found,
        "title": title_of(found),
        "text": query.excerpt(found.block.text),
        "addressees": query.addressees(found),
        "meeting_url": meeting_address(found.record.meeting),
        "after": f"D-{after}" if after else "",
    }


def _sentence(total: int, active: int) -> str:
    if not total:
        return _("No decision stands here that you may read.")
    words = ngettext("%(n)d decision was taken", "%(n)d decisions were taken", total) % {"n": total}
    open_ones = ngettext("%(n)d of them is active", "%(n)d of them are active", active) % {"n": active}
    return _("%(decisions)s; %(active)s.") % {"decisions": words, "active": open_ones}


def title_of(found: Decision) -> str:
    return _("Decision %(code)s") % {"code": found.code} if found.code else _("Decision without a number yet")


# -- For the agenda of a meeting --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heading:
    """Open decisions of earlier meetings, as an agenda begins with them. ``more``: how many the register shows behind
    ``url``, in words, where they are too many for an agenda; else empty. ``audience``: the narrowest of it all."""

    rows: tuple[dict[str, Any], ...]
    more: str
    url: str
    audience: str

    def __bool__(self) -> bool:
        return bool(self.rows)


def heading(viewer: Viewer, meeting: Meeting) -> Heading:
    """Of the same group, the newest first, while the meeting is to come or going on; for those who read them. At most
    two queries."""
    if meeting.state not in (MeetingState.DRAFT, MeetingState.ANNOUNCED, MeetingState.RUNNING):
        return Heading((), "", "", meeting.audience)
    rows = standing_decisions(viewer).filter(record__meeting__group=meeting.group_id).exclude(record__meeting=meeting)
    newest = rows.order_by("-record__meeting__starts_at", F("number").desc(nulls_last=True), "-id")
    found = list(newest[: HEADING + 1])
    more, choice = "", query.Choice(status=DecisionState.ACTIVE, group=meeting.group.key)
    if len(found) > HEADING:
        count = query.directory(access.visible_decisions(viewer), choice).count()
        more = ngettext("All %(n)d open decisions", "All %(n)d open decisions", count) % {"n": count}
    return Heading(
        tuple(_headed(decision) for decision in found[:HEADING]),
        more,
        f"{reverse('decisions')}?{urlencode({'status': choice.status, 'group': choice.group})}",
        narrowest(meeting.audience, *(decision.record.audience for decision in found)),
    )


def _headed(found: Decision) -> dict[str, Any]:
    return {
        "title": title_of(found),
        "text": query.excerpt(found.block.text),
        "language": found.record.language,
        "url": reverse("decision", args=[found.pk]),
    }


# -- For the pages about action points too ----------------------------------------------------------------------------


def owners_to_choose(viewer: Viewer) -> list[tuple[str, str]]:
    """States and organisations for a select: value and name, in alphabetical order. Two queries."""
    states = visible_states(viewer).order_by("sort_name", "alpha2")
    found = [(f"{query.STATE}-{state.alpha2}", state.name) for state in states]
    return found + [(f"{query.ORGANISATION}-{o.key}", o.acronym) for o in visible_organisations(viewer)]


def on_server(at: dt.datetime | None = None) -> str:
    """The receipt: "On the server 10:42:07 GMT."."""
    local = timezone.localtime(at or timezone.now())
    return _("On the server %(time)s.") % {"time": f"{local:%H:%M:%S} {marks.zone(local)}"}


def refused(form: Form, error: ValidationError) -> None:
    """Put what an action found wrong beside its field."""
    for field, problems in getattr(error, "message_dict", {"__all__": error.messages}).items():
        form.add_error(field if field in form.fields else None, problems)
