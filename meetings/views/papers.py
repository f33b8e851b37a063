"""The papers of a meeting: the list, one paper, the whole pack, and what the secretariat does with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Max, Model
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from iwg_portal.activity import log
from iwg_portal.base.packing import Entry, packed
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from iwg_portal.base.uploads import storage
from iwg_portal.base.uploads.handlers import receives_files
from iwg_portal.base.uploads.names import disposition
from iwg_portal.reminders import ledger
from meetings.access import papers as access
from meetings.access.meetings import visible_items, visible_meetings
from meetings.actions import papers as actions
from meetings.enums import ItemState, MeetingState
from meetings.forms.papers import NewPaperForm, PaperFileForm, PaperForm
from meetings.models import AgendaItem, Meeting, Paper
from meetings.queries import papers as query
from meetings.reminders.meetings import PAPERS
from meetings.views.standing import meeting_address, pack_address
from members.access import Viewer
from members.actions.files import note_refused_passenger_data
from members.forms.documents import WithdrawForm
from members.views.files import POLICY

PAGE = 100
ON_CARD = 6


def card(viewer: Viewer, meeting: Meeting) -> dict[str, Any] | None:
    """For the page of a meeting: ``all``, the first ``sheets``, how many there are and how many are new. Two queries.

    None where there is nothing to see or to do.
    """
    rows = list(access.with_own_look(viewer, access.in_agenda_order(_of(viewer, meeting))))
    since = rows[0].looked_at if rows else None  # type: ignore[attr-defined]
    found = query.sheets(rows, access.newest_versions(viewer, rows) if rows else (), since)
    may_keep = access.can_keep_papers(viewer, meeting)
    if not found and not may_keep:
        return None
    return {
        "sheets": found[:ON_CARD],
        "all": found,
        "total": len(found),
        "new": sum(sheet.is_new for sheet in found),
        "url": reverse("papers", args=[meeting.pk]),
        "add_url": reverse("paper_new", args=[meeting.pk]) if may_keep else "",
    }


def on_paper(viewer: Viewer, meeting: Meeting) -> list[query.Sheet]:
    """What she may read, in the order of the agenda: for the agenda on paper. Two queries."""
    rows = list(access.in_agenda_order(_of(viewer, meeting)))
    return query.sheets(rows, access.newest_versions(viewer, rows) if rows else (), None)


@require_safe
def papers(request: HttpRequest, pk: int) -> HttpResponse:
    """Grouped by item; what came since she last looked is marked."""
    viewer, meeting = request.viewer, _meeting(request, pk)
    look = access.own_look(viewer, meeting)
    rows = list(access.in_agenda_order(_of(viewer, meeting)))
    found = query.sheets(rows, access.newest_versions(viewer, rows), look.at if look else None)
    shown = Paginator(found, PAGE).get_page(request.GET.get("page"))
    last, agenda = query.newest(found), _agenda(viewer, meeting)
    asked = access.items_asked_for(viewer, agenda) if meeting.papers_due_on else []
    context = {
        "meeting": meeting,
        "headings": query.by_item(shown, agenda),
        "reminded": max(ledger.reminded_on(PAPERS, asked).values(), default=None) if asked else None,
        "shown": shown,
        "sentence": _sentence(found, look.at if look else None),
        "look": look,
        "has_news": any(sheet.is_new for sheet in found),
        "has_files": last is not None,
        # To the microsecond: what arrives while she reads is new to her afterwards.
        "until": last.isoformat() if last else "",
        "may_keep": access.can_keep_papers(viewer, meeting),
        "pack_url": pack_address(viewer, meeting),
        "audience": meeting.audience,
        "crumbs": _crumbs(meeting),
    }
    return render(request, "meetings/papers/papers.html", context)


@require_POST
def papers_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """She knows what the list showed (``until``: when the last file of it came)."""
    meeting = _meeting(request, pk)
    actions.note_look(meeting=meeting, by=request.viewer, until=_moment(request.POST.get("until", "")))
    messages.success(request, _("Noted: what comes from now on is marked as new for you."))
    return redirect("papers", pk=pk)


@require_safe
@rationed
def papers_pack(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What she may read now, as one archive; with ``new=1`` only what came since she looked."""
    viewer, meeting = request.viewer, _meeting(request, pk)
    look = access.own_look(viewer, meeting)
    rows = list(access.in_agenda_order(_of(viewer, meeting)))
    found = query.sheets(rows, access.newest_versions(viewer, rows), look.at if look else None)
    if request.GET.get("new") == "1":
        found = [sheet for sheet in found if sheet.is_new]
    if not any(sheet.editions for sheet in found):
        raise Http404
    name = query.pack_name(meeting)
    log.exported(request, name, target=meeting, files=sum(len(sheet.editions) for sheet in found))
    headers = {
        "Content-Disposition": disposition(name),
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store, private",
    }
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip", headers=headers)
    return StreamingHttpResponse(packed(_entries(meeting, found)), content_type="application/zip", headers=headers)


@receives_files
@require_http_methods(["GET", "HEAD", "POST"])
def paper_new(request: HttpRequest, pk: int) -> HttpResponse:
    meeting = _meeting(request, pk)
    if not access.can_keep_papers(request.viewer, meeting):
        raise PermissionDenied
    form = NewPaperForm(
        request.POST or None,
        request.FILES or None,
        meeting=meeting,
        items=_agenda(request.viewer, meeting),
        initial=_initial(request, meeting),
    )
    if request.method == "POST" and _valid(request, form, meeting.record):
        values = dict(form.cleaned_data)
        try:
            paper = actions.create_paper(meeting=meeting, by=request.viewer, checked=values.pop("file"), **values)
        except ValidationError as error:
            _blame(form, error)
        else:
            messages.success(request, _("On the server: paper %(number)d.") % {"number": paper.number})
            return redirect("paper", pk=pk, paper=paper.pk)
    return render(request, "meetings/papers/new.html", {"meeting": meeting, "form": form, "crumbs": _below(meeting)})


@receives_files
@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: HttpRequest, pk: int, paper: int) -> HttpResponse:
    """One paper. ``do`` of a POST: ``file``, ``withdraw_file``, ``withdraw``."""
    viewer, meeting = request.viewer, _meeting(request, pk)
    found = _paper(request, meeting, paper)
    if request.method == "POST" and not access.can_withdraw_papers(viewer):
        raise PermissionDenied
    form, withdraw = PaperFileForm(), WithdrawForm(prefix="paper")
    if request.method == "POST":
        match request.POST.get("do"):
            case "file":
                form = PaperFileForm(request.POST, request.FILES)
                if _valid(request, form, found) and _added(request, found, form):
                    return redirect("paper", pk=pk, paper=paper)
            case "withdraw_file":
                return _withdraw_file(request, found)
            case "withdraw":
                withdraw = WithdrawForm(request.POST, prefix="paper")
                if withdraw.is_valid():
                    actions.withdraw_paper(paper=found, by=viewer)
                    messages.success(request, _("The paper is withdrawn; its content is deleted."))
                    return redirect("papers", pk=pk)
            case _:
                raise BadRequest("unknown verb")
    look = access.own_look(viewer, meeting)
    sheet = query.sheets([found], access.newest_versions(viewer, [found]), look.at if look else None)[0]
    context = {
        "meeting": meeting,
        "paper": found,
        "sheet": sheet,
        "heading": next(iter(query.by_item([sheet], _agenda(viewer, meeting)))),
        "languages": _languages(viewer, found, sheet),
        "readers": query.readers_words(found.audience),
        "waits": meeting.state == MeetingState.DRAFT,
        "may_keep": access.can_keep_papers(viewer, meeting),
        "may_withdraw": access.can_withdraw_papers(viewer),
        "form": form,
        "withdraw_form": withdraw,
        "crumbs": _below(meeting),
    }
    return render(request, "meetings/papers/paper.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def paper_change(request: HttpRequest, pk: int, paper: int) -> HttpResponse:
    """Number, title, item, day, and who reads it."""
    meeting = _meeting(request, pk)
    found = _paper(request, meeting, paper)
    if not access.can_keep_papers(request.viewer, meeting):
        raise PermissionDenied
    initial = {field: getattr(found, field) for field in actions.FIELDS}
    items = _agenda(request.viewer, meeting)
    form = PaperForm(request.POST or None, meeting=meeting, items=items, initial=initial)
    if request.method == "POST" and _valid(request, form, found):
        try:
            actions.change_paper(paper=found, by=request.viewer, **form.cleaned_data)
        except ValidationError as error:
            _blame(form, error)
        else:
            messages.success(request, _("The paper is changed."))
            return redirect("paper", pk=pk, paper=paper)
    own = {"url": reverse("paper", args=[pk, paper]), "label": found.title}
    context = {"meeting": meeting, "paper": found, "form": form, "crumbs": [*_below(meeting), own]}
    return render(request, "meetings/papers/change.html", context)


# -- Pieces -----------------------------------------------------------------------------------------------------------


def _meeting(request: HttpRequest, pk: int) -> Meeting:
    return get_object_or_404(visible_meetings(request.viewer).select_related("group", "record"), pk=pk)


def _of(viewer: Viewer, meeting: Meeting) -> Any:
    return access.with_opening(viewer, access.visible_papers(viewer).filter(meeting=meeting))


def _paper(request: HttpRequest, meeting: Meeting, pk: int) -> Paper:
    return get_object_or_404(_of(request.viewer, meeting).select_related("item", "meeting__group"), pk=pk)


def _agenda(viewer: Viewer, meeting: Meeting) -> Any:
    """The accepted items in their order."""
    rows: Any = visible_items(viewer).filter(meeting=meeting, status=ItemState.ACCEPTED)
    return rows


def _initial(request: HttpRequest, meeting: Meeting) -> dict[str, Any]:
    """The next number, the meeting's readers and deadline; ``item`` of the address where she comes from an item."""
    last = meeting.papers.aggregate(last=Max("number"))["last"] or 0
    asked = request.GET.get("item", "")
    item: AgendaItem | None = None
    if asked.isascii() and asked.isdigit() and len(asked) < 18:
        item = _agenda(request.viewer, meeting).filter(pk=asked).first()
    return {
        "number": last + 1,
        "item": item,
        "due_on": meeting.papers_due_on,
        "audience": meeting.audience,
        "language": meeting.language,
    }


def _languages(viewer: Viewer, found: Paper, sheet: query.Sheet) -> list[dict[str, Any]]:
    """Each file with all its versions, in the order of the editions."""
    files = {file.pk: file for file in access.visible_paper_files(viewer, found)}
    found_files = [(edition, files.get(edition.version.file_id)) for edition in sheet.editions]
    return [
        {"edition": edition, "file": file, "versions": file.versions_shown} for edition, file in found_files if file
    ]


def _sentence(found: list[query.Sheet], since: dt.datetime | None) -> str:
    if not found:
        return _("There is no paper yet.")
    count = ngettext("%(n)d paper", "%(n)d papers", len(found)) % {"n": len(found)}
    new = sum(sheet.is_new for sheet in found)
    if since is None:
        return _("%(papers)s.") % {"papers": count}
    if not new:
        return _("%(papers)s, nothing new since you looked.") % {"papers": count}
    return ngettext(
        "%(papers)s, %(n)d of them new since you looked.", "%(papers)s, %(n)d of them new since you looked.", new
    ) % {"papers": count, "n": new}


def _moment(text: str) -> dt.datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:  # well formed, but no such day
        return None
    return found if found and timezone.is_aware(found) else None


def _entries(meeting: Meeting, found: list[query.Sheet]) -> Iterator[Entry]:
    """Each file, and at the end the text that says what is in the pack: only then is known what was withdrawn
    meanwhile."""
    missing: set[int] = set()
    for sheet in found:
        for edition in sheet.editions:
            version = edition.version
            pieces = storage.pieces(version.storage_name)
            try:
                first = next(pieces)  # opens it: from here on the bytes stay, even if they are withdrawn now
            except FileNotFoundError:
                missing.add(version.pk)
                continue
            yield Entry(query.file_name(sheet.paper, edition), version.uploaded_at, chain([first], pieces))
    now = timezone.now()
    stamp = _("Demonstration data: everything in this pack is invented.") if settings.DEMO else ""
    text = query.contents(meeting, found, missing, now, stamp)
    yield Entry("contents.txt", now, [text.encode("utf-8-sig")])


def _added(request: HttpRequest, found: Paper, form: PaperFileForm) -> bool:
    given = form.cleaned_data
    try:
        version = actions.add_file(
            paper=found, checked=given["file"], language=given["language"], title=given["own_title"], by=request.viewer
        )
    except ValidationError as error:
        form.add_error("file", error.messages)
        return False
    messages.success(request, _("Version %(number)s is stored.") % {"number": version.number})
    return True


def _withdraw_file(request: HttpRequest, found: Paper) -> HttpResponse:
    asked = request.POST.get("file", "")
    file = next((file for file in access.visible_paper_files(request.viewer, found) if str(file.pk) == asked), None)
    if file is None:
        raise Http404
    form = WithdrawForm(request.POST)
    if form.is_valid():
        actions.withdraw_language(paper=found, file=file, by=request.viewer)
        messages.success(request, _("The file is withdrawn; its content is deleted."))
    else:
        messages.error(request, form.errors["sure"][0])
    return redirect("paper", pk=found.meeting_id, paper=found.pk)


def _valid(request: HttpRequest, form: Form, target: Model) -> bool:
    """Also notes that passenger data were refused, by the detector's name alone."""
    if form.is_valid():
        return True
    note_refused_passenger_data(form=form, by=request.viewer, target=target)
    return False


def _blame(form: Form, error: ValidationError) -> None:
    """Beside the field where there is one; a paper that she has entered already is named, with the way to it."""
    given = form.cleaned_data.get("file")
    if getattr(error, "code", "") == "twin":
        form.add_error("number", _to_twin(error))
    else:
        problems = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for field, texts in problems.items():
            form.add_error(field if field in form.fields else None, texts)
    if given:
        form.add_error("file", _("Choose the file again: a browser does not keep it."))


def _to_twin(error: ValidationError) -> str:
    twin = error.params["paper"]
    address = reverse("paper", args=[twin.meeting_id, twin.pk])
    words = _("Add a version there, or give this one another number.")
    return format_html('{} <a href="{}#add">{}</a>', error.messages[0], address, words)


def _crumbs(meeting: Meeting) -> list[dict[str, str]]:
    return [{"url": meeting_address(meeting), "label": meeting.title}]


def _below(meeting: Meeting) -> list[dict[str, str]]:
    return [*_crumbs(meeting), {"url": reverse("papers", args=[meeting.pk]), "label": _("Papers")}]
