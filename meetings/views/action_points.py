"""The register of action points in its tabs, what is overdue by owner, and one action point with its owners."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from iwg_portal.activity import log
from iwg_portal.activity.views import hand_out
from iwg_portal.base import markdown
from iwg_portal.base.extracts import CONTENT_TYPES, MAX_ROWS
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from iwg_portal.reminders import ledger
from meetings import exports
from meetings.access import action_points as access
from meetings.access.decisions import visible_decisions
from meetings.actions import action_points as actions
from meetings.actions.records import UNDER_SILENCE
from meetings.enums import OwnerState
from meetings.forms.action_points import ActionForm, ReportForm
from meetings.models import ActionEvidence, ActionPoint, ActionReport, Meeting
from meetings.queries import action_points as query
from meetings.queries.silence import is_under_silence
from meetings.reminders.action_points import KIND
from meetings.views.decisions import on_server, owners_to_choose, refused, too_many
from meetings.views.standing import meeting_address
from members.access import Viewer, takes_files
from members.enums import Audience, narrowest
from members.models import State

PAGE = 25


def owed_url(viewer: Viewer, state: State) -> str:
    """Where the profile of ``state`` leads those who read the members' records: to what it still owes. No query."""
    if not viewer.reads_members:
        return ""
    return f"{reverse('actions')}?{urlencode({'tab': query.ALL, 'owner': f'{query.STATE}-{state.alpha2}'})}"


def _owed(row: Any, today: dt.date) -> dict[str, Any]:
    overdue = query.is_overdue(row, row.due, today)
    return {
        "action": row.action,
        "text": query.excerpt(row.action.block.text, 120),
        "due": query.due_words(row.due, overdue=overdue),
        "is_overdue": overdue,
    }


# -- The register -----------------------------------------------------------------------------------------------------


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """``tab``: mine, state (or organisation), all."""
    if not request.viewer.in_group:
        raise Http404
    return _register(request)


@require_safe
@rationed
def register_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The same tab and filter as a file, a row for each owner; too many give the page again, which says so."""
    viewer, today = request.viewer, timezone.localdate()
    if not takes_files(viewer) or kind not in CONTENT_TYPES:
        raise Http404
    asked = _asked(viewer, request, today)
    owners = Prefetch("owners", query.asked_of(asked.owners, asked.choice), to_attr="rows")
    actions_found = list(asked.actions.prefetch_related(owners)[: MAX_ROWS + 1])
    if sum(max(1, len(found.rows)) for found in actions_found) > MAX_ROWS:
        return _register(request, status=400, refusal=too_many())
    file = exports.action_register(
        actions_found, today, person=str(viewer.person), filters=_chosen(viewer, asked, actions_found)
    )
    return hand_out(request, file, kind)


def _chosen(viewer: Viewer, asked: Asked, rows: list[ActionPoint]) -> list[tuple[str, str]]:
    """Label and value of each filter, in words. A meeting is named by its rows: without any it may be hidden."""
    choice = asked.choice
    statuses, owners = dict(_statuses()), dict(owners_to_choose(viewer)) if choice.owner else {}
    found = [
        (_("Whose"), asked.tabs[choice.tab].name),
        (_("Words or number"), choice.text),
        (_("Status"), str(statuses.get(choice.status, ""))),
        (_("Due"), str(dict(_dues()).get(choice.due, ""))),
        (_("Owner"), str(owners.get(choice.owner, choice.owner))),
        (_("Meeting"), rows[0].record.meeting.title if choice.meeting and rows else ""),
    ]
    return [(label, value) for label, value in found if value]


def _statuses() -> list[tuple[str, Any]]:
    return [(query.UNFINISHED_WORD, _("not finished")), *OwnerState.choices]


def _dues() -> list[tuple[str, str]]:
    return [("overdue", _("overdue")), ("soon", _("within 30 days")), ("none", _("no date"))]


@dataclass(frozen=True)
class Asked:
    """What an address asks of the register: the choice, the owners' rows that count, and the action points."""

    tabs: dict[str, Tab]
    choice: query.Choice
    owners: Any
    actions: Any


def _asked(viewer: Viewer, request: HttpRequest, today: dt.date) -> Asked:
    tabs = _tabs(viewer, today)
    # What opens: what she holds, else what her delegation owes, else everything.
    opens = next((name for name, tab in tabs.items() if tab.sum and tab.sum.unfinished), query.ALL)
    choice = query.Choice.of(request.GET, [opens, *tabs])
    owners = access.owners_within().filter(tabs[choice.tab].rule)
    if choice.held:
        owners = query.unfinished(access.with_holding(owners).filter(is_held=False))
    return Asked(tabs, choice, owners, query.register(access.visible_actions(viewer), owners, choice, today))


def _register(request: HttpRequest, *, status: int = 200, refusal: str = "") -> HttpResponse:
    viewer, today = request.viewer, timezone.localdate()
    found = _asked(viewer, request, today)
    tabs, choice, owners = found.tabs, found.choice, found.owners
    rows = query.with_owners(found.actions, access.owners_within())
    if choice.tab != query.ALL:
        ours = access.with_holding(query.by_name(owners)).select_related("holder", "state", "organisation")
        rows = rows.prefetch_related(Prefetch("owners", ours, to_attr="ours"))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    asked = {name: value for name, value in vars(choice).items() if value}
    context = {
        "lines": [query.line(action, _beside(action, choice)) for action in page],
        "page_of": page,
        "choice": choice,
        "query": urlencode(asked) + "&",
        "tabs": [(f"?tab={name}", tab.label, name == choice.tab) for name, tab in tabs.items()],
        "statuses": _statuses(),
        "dues": _dues(),
        "meetings": _meetings(viewer),
        "owners": owners_to_choose(viewer) if choice.tab == query.ALL else [],
        "sentence": tabs[choice.tab].sentence,
        "unheld": _unheld(viewer) if choice.tab == query.OURS and not choice.held else 0,
        "found": _found(page.paginator.count) if choice else "",
        "audience": narrowest(Audience.GROUP, *(action.record.audience for action in page)),
        "all_tab": choice.tab == query.ALL,
        "refusal": refusal,
        "file_kinds": tuple(CONTENT_TYPES) if takes_files(viewer) else (),
    }
    return render(request, "meetings/action_points/actions.html", context, status=status)


@dataclass(frozen=True)
class Tab:
    """``rule``: which owners' rows count. ``sum`` None: not counted, because everything is in it."""

    label: str
    rule: Q
    sum: query.Sum | None
    sentence: str
    name: str


def _tabs(viewer: Viewer, today: dt.date) -> dict[str, Tab]:
    owners = access.visible_owners(viewer)
    found = {}
    if access.has_rows(viewer):
        ours = access.own(viewer)
        mine = ours & Q(holder=viewer.person)
        held, owed = (query.sum_of(owners.filter(rule), today) for rule in (mine, ours))
        label = _("My state’s") if viewer.own_states or viewer.observed_states else _("My organisation’s")
        found[query.MINE] = Tab(_with(_("Mine"), held), mine, held, _held_words(held), _("Mine"))
        found[query.OURS] = Tab(_with(label, owed), ours, owed, _owed_words(owed), label)
    found[query.ALL] = Tab(_("All"), Q(), None, _("What the meetings asked for, of whom, and by when."), _("All"))
    return found


def _with(label: str, found: query.Sum) -> str:
    return _("%(label)s, %(n)d to do") % {"label": label, "n": found.unfinished} if found.unfinished else label


def _held_words(found: query.Sum) -> str:
    if not found.unfinished:
        return _("You hold no action point that is still to be done.")
    words = ngettext(
        "You hold %(n)d action point to be done", "You hold %(n)d action points to be done", found.unfinished
    )
    return _and_overdue(words % {"n": found.unfinished}, found)


def _owed_words(found: query.Sum) -> str:
    if not found.unfinished:
        return _("No action point is still to be done.")
    words = ngettext("%(n)d action point is to be done", "%(n)d action points are to be done", found.unfinished)
    return _and_overdue(words % {"n": found.unfinished}, found)


def _and_overdue(words: str, found: query.Sum) -> str:
    if not found.overdue:
        return _("%(words)s; none is overdue.") % {"words": words}
    overdue = ngettext("%(n)d is overdue", "%(n)d are overdue", found.overdue) % {"n": found.overdue}
    return _("%(words)s; %(overdue)s.") % {"words": words, "overdue": overdue}


def _beside(action: Any, choice: query.Choice) -> str:
    """Of the reader's own row: how far it is, and who holds it."""
    if choice.tab == query.ALL:
        return ""
    parts = []
    for row in action.ours:
        status = str(row.get_status_display())
        if choice.tab == query.MINE or row.status not in query.UNFINISHED:
            parts.append(status)
        elif row.is_held:
            parts.append(_("%(status)s, held by %(name)s") % {"status": status, "name": row.holder})
        else:
            parts.append(_("%(status)s, nobody holds it") % {"status": status})
    return "; ".join(parts)


def _unheld(viewer: Viewer) -> int:
    """Rows of her state that nobody holds, for the one who can hand them over."""
    if not viewer.focal_states:
        return 0
    rows = query.unfinished(access.visible_owners(viewer).filter(state__in=sorted(viewer.focal_states)))
    return access.with_holding(rows).filter(is_held=False).count()


def _meetings(viewer: Viewer) -> list[tuple[int, str]]:
    rows = access.visible_actions(viewer).order_by("-record__meeting__starts_at", "-record__meeting")
    pairs = rows.values_list("record__meeting", "record__meeting__title", "record__meeting__starts_at").distinct()
    return [(pk, title) for pk, title, _starts in pairs[:200]]


def _found(count: int) -> str:
    return ngettext("%(n)d action point matches.", "%(n)d action points match.", count) % {"n": count}


@require_safe
def overdue(request: HttpRequest) -> HttpResponse:
    """What is late, owner by owner in alphabetical order: whose it is, not who has most of it."""
    viewer, today = request.viewer, timezone.localdate()
    if not viewer.in_group:
        raise Http404
    page = Paginator(query.overdue_by_owner(access.visible_owners(viewer), today), 2 * PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "owed": [{"name": owed.name, "rows": [_owed(row, today) for row in owed.rows]} for owed in query.grouped(page)],
        "page_of": page,
        "audience": narrowest(Audience.GROUP, *(row.action.record.audience for row in page)),
        "crumbs": [{"url": reverse("actions"), "label": _("Action points")}],
    }
    return render(request, "meetings/action_points/overdue.html", context)


# -- One action point -------------------------------------------------------------------------------------------------


@require_safe
def action(request: HttpRequest, pk: int) -> HttpResponse:
    viewer, today = request.viewer, timezone.localdate()
    found = find(viewer, pk)
    meeting = found.record.meeting
    rows = query.with_due(access.with_holding(query.by_name(access.visible_owners(viewer).filter(action=found))))
    owners = list(rows.select_related("state", "organisation", "holder", "action"))
    reports: dict[int, list[ActionReport]] = {}
    for report in access.visible_reports(viewer).filter(owner__action=found):
        reports.setdefault(report.owner_id, []).append(report)
    evidence: dict[int, list[ActionEvidence]] = {}
    for row in access.visible_evidence(viewer).filter(owner__action=found):
        evidence.setdefault(row.owner_id, []).append(row)
        if row.file.audience == Audience.SECRETARIAT and row.file.state_id is not None:
            log.was_read(request, row.file, state=row.file.state, page="action")
    names = access.names(viewer, [meeting])
    reminded = ledger.reminded_on(KIND, owners)
    shown = [
        {
            **_owner(viewer, row, reports.get(row.pk, []), evidence.get(row.pk, []), names, meeting, today),
            "reminded": reminded.get(str(row.pk)),
        }
        for row in owners
    ]
    done = sum(row.status == OwnerState.DONE for row in owners)
    context = {
        "action": found,
        "title": title_of(found),
        "text": markdown.html(found.block.text),
        "owners": shown,
        "done": done,
        "total": len(owners),
        "progress": _("%(done)d of %(total)d done") % {"done": done, "total": len(owners)},
        "sentence": _sentence(found, owners, today),
        "decision": visible_decisions(viewer).filter(pk=found.decision_id).first() if found.decision_id else None,
        "meeting_url": meeting_address(meeting),
        "item_url": f"{meeting_address(meeting)}#item-{found.block.item_id}",
        "may_edit": access.can_edit_actions(viewer) and not is_under_silence(found.record_id),
        "forms": [(row, ReportForm(auto_id=f"id_{row.pk}_%s")) for row in owners if access.can_report(viewer, row)],
        "crumbs": crumbs(),
    }
    return render(request, "meetings/action_points/action.html", context)


def _owner(
    viewer: Viewer,
    row: Any,
    reports: list[ActionReport],
    evidence: list[ActionEvidence],
    names: access.Names,
    meeting: Meeting,
    today: dt.date,
) -> dict[str, Any]:
    is_open = row.status in query.UNFINISHED
    overdue_now = query.is_overdue(row, row.due, today)
    verbs = access.allowed(viewer, row) - {"report"}  # its form stands above
    name = names.of(row.holder, row, meeting.pk) if row.is_held else ""
    return {
        "row": row,
        "name": query.owner_name(row),
        "due": query.due_words(row.due, overdue=overdue_now) if row.due and is_open else "",
        "is_overdue": overdue_now,
        "holder": name,
        "is_unheld": is_open and not row.is_held and names.sees_holding(row),
        "asked": query.asked_until(row, reports[0] if reports else None),
        "reports": [{"report": report, "by": names.of(report.by, row, meeting.pk)} for report in reports],
        "evidence": [
            {"evidence": kept, "may_withdraw": access.can_withdraw_evidence(viewer, kept)} for kept in evidence
        ],
        "verbs": verbs if is_open else verbs - {"hand_over", "grant_time"},
    }


def _sentence(found: ActionPoint, owners: list[Any], today: dt.date) -> str:
    if not owners:
        return _("Nobody owns this action point yet.")
    left = [row for row in owners if row.status in query.UNFINISHED]
    if not left:
        return _("Nothing is left to do.")
    day = min((row.due for row in left if row.due), default=None)
    due = query.due_words(day, overdue=day is not None and day < today)
    words = ngettext(
        "%(n)d of %(total)d owners still has to do it", "%(n)d of %(total)d owners still have to do it", len(left)
    )
    return _("%(owners)s; %(due)s.") % {"owners": words % {"n": len(left), "total": len(owners)}, "due": due}


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Owners, due date, the decision behind it."""
    viewer = request.viewer
    found = find(viewer, pk)
    if not access.can_edit_actions(viewer):
        raise PermissionDenied
    form = ActionForm(request.POST if request.method == "POST" else None, viewer=viewer, action=found)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_action(action=found, by=viewer, **form.changes)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, on_server())
            due = form.cleaned_data["due_on"]
            if due and due < timezone.localdate():
                messages.warning(request, _("The due date lies in the past: the action point is overdue at once."))
            return redirect("action", pk=pk)
    context = {
        "action": found,
        "form": form,
        "refusal": UNDER_SILENCE if is_under_silence(found.record_id) else "",
        "past": bool(found.due_on and found.due_on < timezone.localdate()),
        "crumbs": [*crumbs(), {"url": reverse("action", args=[pk]), "label": title_of(found)}],
    }
    return render(request, "meetings/action_points/edit.html", context)


def find(viewer: Viewer, pk: int) -> ActionPoint:
    rows = access.visible_actions(viewer).select_related("block__item", "record__meeting", "decision")
    return get_object_or_404(rows, pk=pk)


def title_of(found: ActionPoint) -> str:
    return _("Action point %(code)s") % {"code": found.code} if found.code else _("Action point without a number yet")


def crumbs() -> list[dict[str, str]]:
    return [{"url": reverse("actions"), "label": _("Action points")}]
