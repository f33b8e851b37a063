"""A group with its co-chairs and its series; the rotation; what the chair hands over."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from iwg_portal.activity import log
from iwg_portal.activity.views import answer
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from meetings.access import groups as access
from meetings.access.agenda import standing_decisions, standing_owners
from meetings.access.meetings import can_manage, visible_groups, visible_meetings, visible_turns
from meetings.actions import groups as actions
from meetings.exports import groups as exports
from meetings.forms.groups import CoChairForm, GroupForm, LastDayForm, TurnForm
from meetings.forms.meetings import blame
from meetings.models import Group
from meetings.queries import meetings as query
from meetings.queries.decisions import excerpt
from meetings.views.action_points import title_of as action_title
from meetings.views.agenda import language_of
from meetings.views.decisions import title_of as decision_title
from members.access import Viewer, takes_files, visible_group
from members.actions.files import note_refused_passenger_data
from members.enums import Audience, narrowest

PAGE = 25
FIRST = 10  # of each list, on the page that shows all of them
LONGEST = 400  # characters of a decision or action point; the whole stands one press away
MOST, WHOLE = 2_000, 4_000  # of each list, and characters of a row, in the document


@require_http_methods(["GET", "HEAD", "POST"])
def group(request: HttpRequest, key: str) -> HttpResponse:
    """POST by the secretariat: ``do=add`` a co-chair, ``end`` or ``remove`` one."""
    viewer = request.viewer
    found = get_object_or_404(visible_groups(viewer), key=key)
    may_edit = access.can_edit_group(viewer)
    form = CoChairForm(viewer=viewer, initial={"starts_on": timezone.localdate()}) if may_edit else None
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied
        match request.POST.get("do"):
            case "add":
                form = CoChairForm(request.POST, viewer=viewer)
                if _done(form, lambda: actions.add_co_chair(group=found, by=viewer, **form.values())):
                    messages.success(request, _("The co-chair is entered."))
                    return redirect("group", key=key)
            case "end" | "remove" as do:
                _end_or_remove(request, found, do)
                return redirect("group", key=key)
            case _:
                raise BadRequest("unknown verb")
    return render(request, "meetings/groups/group.html", _group_context(request, found, form))


def _end_or_remove(request: HttpRequest, found: Group, do: str) -> None:
    rows = access.visible_co_chairs(request.viewer).filter(group=found)
    row = get_object_or_404(rows, pk=_number(request.POST.get("co_chair", "")))
    if do == "remove":
        actions.remove_co_chair(co_chair=row, by=request.viewer)
        messages.success(request, _("The entry is removed."))
        return
    form = LastDayForm(request.POST)
    if _done(form, lambda: actions.end_co_chair(co_chair=row, by=request.viewer, **form.cleaned_data)):
        messages.success(request, _("The last day is entered."))
    else:
        for problems in form.errors.values():
            for problem in problems:
                messages.error(request, problem)


def _number(value: str) -> int | None:
    """An id as a form sends it; what is none fits no row."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def _group_context(request: HttpRequest, found: Group, form: CoChairForm | None) -> dict[str, Any]:
    viewer, now, today = request.viewer, timezone.now(), timezone.localdate()
    series = visible_meetings(viewer).filter(group=found)
    own = query.zone_of(viewer.person, visible_group())
    upcoming = query.next_meeting(series, now)
    listed = series.select_related("group", "host", "chair").order_by("-starts_at", "-id")
    page = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    co_chairs = list(access.visible_co_chairs(viewer).filter(group=found))
    ways: list[dict[str, Any]] = []
    if access.can_edit_group(viewer):
        ways.append({"url": reverse("group_change", args=[found.key]), "label": _("Change the group")})
    if can_manage(viewer) and found.ended_on is None:
        ways.append({"url": f"{reverse('meeting_new')}?group={found.key}", "label": _("New meeting"), "primary": True})
    return {
        "group": found,
        "next": _shown(upcoming, own) if upcoming else None,
        "found": page,
        "rows": [_shown(meeting, own) for meeting in page],
        "co_chairs": [row for row in co_chairs if row.ends_on is None or row.ends_on > today],
        "former": [row for row in co_chairs if row.ends_on is not None and row.ends_on <= today],
        "today": today,
        "names_people": access.names_people(viewer),
        "form": form,
        "sentence": _sentence(found, upcoming),
        "head_actions": ways,
        "crumbs": _above(),
    }


def _shown(meeting: Any, own: Any) -> dict[str, Any]:
    return {"meeting": meeting, "when": query.when(meeting, own), "place": query.place_words(meeting)}


def _sentence(found: Group, upcoming: Any) -> str:
    if upcoming is None:
        return _("No meeting of this group is announced.")
    return _("The next meeting: %(days)s.") % {"days": query.when(upcoming).days}


def _done(form: Any, act: Any) -> bool:
    """The form holds and the action found nothing against it."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as error:
        blame(form, error)
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def group_new(request: HttpRequest) -> HttpResponse:
    viewer = request.viewer
    if not viewer.in_group:
        raise Http404
    if not access.can_edit_group(viewer):
        raise PermissionDenied
    form = GroupForm(request.POST) if request.method == "POST" else GroupForm()
    if request.method == "POST":
        if _done(form, lambda: actions.create_group(by=viewer, **form.cleaned_data)):
            messages.success(request, _("The group is there. Its co-chairs are entered on its page."))
            return redirect("group", key=form.cleaned_data["key"])
        note_refused_passenger_data(form=form, by=viewer, target=visible_group() or viewer.person)
    return render(request, "meetings/groups/edit.html", {"form": form, "group": None, "crumbs": _above()})


@require_http_methods(["GET", "HEAD", "POST"])
def group_change(request: HttpRequest, key: str) -> HttpResponse:
    viewer = request.viewer
    found = get_object_or_404(visible_groups(viewer), key=key)
    if not access.can_edit_group(viewer):
        raise PermissionDenied
    form = GroupForm(request.POST, group=found) if request.method == "POST" else GroupForm(group=found)
    if request.method == "POST":
        if _done(form, lambda: actions.change_group(group=found, by=viewer, **form.cleaned_data)):
            messages.success(request, _("The group is changed."))
            return redirect("group", key=key)
        note_refused_passenger_data(form=form, by=viewer, target=found)
    crumbs = [*_above(), {"url": reverse("group", args=[key]), "label": found.name}]
    return render(request, "meetings/groups/edit.html", {"form": form, "group": found, "crumbs": crumbs})


def _above() -> list[dict[str, str]]:
    return [{"url": reverse("meetings"), "label": _("Meetings")}]


# -- Rotation ---------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def rotation(request: HttpRequest) -> HttpResponse:
    """Who chairs and who hosts as planned, for the members. POST by the secretariat: ``do=plan``, ``do=drop``."""
    viewer = request.viewer
    if not viewer.reads_members:
        raise Http404
    may_plan = access.can_plan(viewer)
    form = TurnForm(viewer=viewer) if may_plan else None
    if request.method == "POST":
        if not may_plan:
            raise PermissionDenied
        match request.POST.get("do"):
            case "plan":
                form = TurnForm(request.POST, viewer=viewer)
                if _done(form, lambda: actions.plan_turn(by=viewer, **form.values())):
                    messages.success(request, _("The turn is planned."))
                    return redirect("rotation")
                note_refused_passenger_data(form=form, by=viewer, target=visible_group() or viewer.person)
            case "drop":
                _drop(request)
                return redirect("rotation")
            case _:
                raise BadRequest("unknown verb")
    today = timezone.localdate()
    chair = query.chair_on(today)
    context = {
        "found": Paginator(visible_turns(viewer), PAGE).get_page(request.GET.get("page")),
        "today": today,
        "form": form,
        "sentence": _("%(state)s holds the chair today.") % {"state": chair.name}
        if chair
        else _("Nobody holds the chair today."),
        "crumbs": _above(),
    }
    return render(request, "meetings/groups/rotation.html", context)


def _drop(request: HttpRequest) -> None:
    turn = get_object_or_404(visible_turns(request.viewer), pk=_number(request.POST.get("turn", "")))
    actions.drop_turn(turn=turn, by=request.viewer)
    messages.success(request, _("The turn is taken out of the plan."))


# -- Hand-over --------------------------------------------------------------------------------------------------------


@require_safe
def hand_over(request: HttpRequest) -> HttpResponse:
    """What a chair leaves to the next: open decisions, open action points, contacts. ``show`` opens one list whole."""
    viewer = request.viewer
    if not access.can_hand_over(viewer):
        raise Http404
    today = timezone.localdate()
    lists = _handed_over(viewer, today)
    show = request.GET.get("show", "")
    pages = {
        name: Paginator(rows, PAGE if name == show else FIRST).get_page(
            request.GET.get("page") if name == show else None
        )
        for name, rows in lists.items()
        if show not in lists or name == show
    }
    counts = {name: pages[name].paginator.count if name in pages else rows.count() for name, rows in lists.items()}
    decisions, owners = _decisions(pages.get("decisions", ())), _owners(pages.get("actions", ()), today)
    upcoming = _upcoming(viewer) if show not in lists else []
    context = {
        "show": show if show in lists else "",
        "decisions": decisions,
        "owners": owners,
        "pages": pages,
        "counts": counts,
        "sentence": _open_words(counts),
        "upcoming": upcoming,
        "audience": _audience(decisions, owners, upcoming),
        "files": [(reverse("hand_over_pdf"), "PDF")] if takes_files(viewer) else [],
        "crumbs": _above(),
    }
    return render(request, "meetings/groups/hand_over.html", context)


@require_safe
@rationed
def hand_over_pdf(request: HttpRequest) -> HttpResponse:
    """All rows of the page as one document; ``lang=en|fr|pt``; what people typed stays in its own language."""
    viewer = request.viewer
    if not access.can_hand_over(viewer) or not takes_files(viewer):
        raise Http404
    today, group = timezone.localdate(), visible_group()
    with translation.override(language_of(request)):
        lists = {name: list(rows[: MOST + 1]) for name, rows in _handed_over(viewer, today).items()}
        decisions = _decisions(lists["decisions"][:MOST], WHOLE)
        owners, upcoming = _owners(lists["actions"][:MOST], today, WHOLE), _upcoming(viewer)
        chair = query.chair_on(today)
        name, content, label = exports.hand_over(
            sentence=_open_words({name: len(rows) for name, rows in lists.items()}),
            chair=chair.name if chair else "",
            decisions=[{**row, "title": decision_title(row["decision"])} for row in decisions],
            owners=[{**row, "title": action_title(row["owner"].action)} for row in owners],
            contacts=lists["contacts"][:MOST],
            upcoming=upcoming,
            cut=frozenset(name for name, rows in lists.items() if len(rows) > MOST),
            audience=_audience(decisions, owners, upcoming),
            group_name=group.name if group else "IWG",
            person=str(viewer.person),
        )
        language = str(get_language())
    log.exported(request, name, target=group, language=language, label=label)
    return answer(name, content, "application/pdf", language)


def _handed_over(viewer: Viewer, today: Any) -> dict[str, Any]:
    return {
        "decisions": standing_decisions(viewer),
        "actions": standing_owners(viewer),
        "contacts": access.visible_focal_points(viewer, today),
    }


def _audience(decisions: list[Any], owners: list[Any], upcoming: list[Any]) -> Audience:
    """The narrowest of what is shown; contacts are for the members."""
    records = [row["decision"].record for row in decisions] + [row["owner"].action.record for row in owners]
    meetings = [row["meeting"] for row in (*decisions, *owners, *upcoming)]
    return narrowest(Audience.MEMBERS, *(row.audience for row in (*records, *meetings)))


def _open_words(counts: dict[str, int]) -> str:
    decisions = ngettext("%(n)d decision", "%(n)d decisions", counts["decisions"]) % {"n": counts["decisions"]}
    points = ngettext("%(n)d action point by owner", "%(n)d action points by owner", counts["actions"])
    return _("Still open: %(decisions)s, %(actions)s.") % {
        "decisions": decisions,
        "actions": points % {"n": counts["actions"]},
    }


def _decisions(rows: Any, longest: int = LONGEST) -> list[dict[str, Any]]:
    return [{"decision": row, "meeting": row.record.meeting, "text": excerpt(row.block.text, longest)} for row in rows]


def _owners(found: Any, today: Any, longest: int = LONGEST) -> list[dict[str, Any]]:
    rows = []
    for owner in found:
        due = owner.due_on or owner.action.due_on
        rows.append(
            {
                "owner": owner,
                "who": str(owner.state or owner.organisation),
                "text": excerpt(owner.action.block.text, longest),
                "meeting": owner.action.record.meeting,
                "due": due,
                "late": due is not None and due < today,
            }
        )
    return rows


def _upcoming(viewer: Viewer) -> list[dict[str, Any]]:
    own = query.zone_of(viewer.person, visible_group())
    rows = query.directory(visible_meetings(viewer), query.Choice(), timezone.now())
    return [_shown(meeting, own) for meeting in rows[:FIRST]]
