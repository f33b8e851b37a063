"""Import of a status workbook: upload, preview of every change and problem, confirmation. For the secretariat."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from capabilities import exports
from capabilities.access import can_import, visible_imports
from capabilities.actions import imports as actions
from capabilities.enums import ImportState
from capabilities.forms.imports import FIRST_YEAR, ConfirmForm, UploadForm
from capabilities.forms.workbooks import Workbook, read_workbook
from capabilities.models import StatusImport
from capabilities.queries import previews
from capabilities.queries.imports import plan
from capabilities.queries.workbooks import vocabulary
from iwg_portal.activity import log
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from members.access import visible_member_states
from members.actions.files import note_refused_passenger_data
from members.sorting import fold_name

SHOWN_PROBLEMS = 100
SHOWN_IMPORTS = 20


@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The upload, and the workbooks that were uploaded lately."""
    _secretariat_only(request)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_bound and form.is_valid():
        kept = actions.upload(
            content=form.content, file_name=form.file_name, year=form.cleaned_data["year"], by=request.viewer
        )
        return redirect("import_preview", kept.pk)
    note_refused_passenger_data(form=form, by=request.viewer, target=request.viewer.person)
    recent = visible_imports(request.viewer).select_related("by")[:SHOWN_IMPORTS]
    return render(request, "capabilities/imports/imports.html", {"form": form, "recent": recent})


@require_http_methods(["GET", "POST"])
def import_preview(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """GET shows what would change and writes nothing; POST ``do=confirm`` imports, ``do=discard`` discards."""
    _secretariat_only(request)
    kept = get_object_or_404(visible_imports(request.viewer).select_related("by"), pk=pk)
    if request.method == "POST":
        if request.POST.get("do") == "discard":
            return _discard(request, kept)
        return _confirm(request, kept)
    if kept.state != ImportState.PENDING:
        return render(request, "capabilities/imports/closed.html", {"kept": kept})
    book = _read(kept)
    if book.vocabulary is None:
        raise Http404  # without a framework no workbook was ever kept
    found = plan(book.rows, book.vocabulary, book.problems)
    context = {
        "kept": kept,
        "book": book,
        "found": found,
        "problems": found.problems[:SHOWN_PROBLEMS],
        "states": previews.by_state(found),
        "absent": [] if found.problems else _absent(book),
        "sentence": previews.sentence(found),
        "form": ConfirmForm(initial={"digest": found.digest}),
    }
    return render(request, "capabilities/imports/preview.html", context)


@require_GET
@rationed
def import_template(request: HttpRequest) -> HttpResponse:
    """The empty workbook: ``?format=xlsx|csv&round=2026``."""
    _secretariat_only(request)
    today = timezone.localdate()
    known = {str(year): year for year in range(FIRST_YEAR, today.year + 1)}
    year = known.get(request.GET.get("round", ""), today.year)
    kind = "csv" if request.GET.get("format") == "csv" else "xlsx"
    words = vocabulary(year)
    if words is None:
        raise Http404
    states = [state.name for state in visible_member_states(request.viewer, words.reference_date)]
    name, content = exports.status_template(kind, year=year, states=states, texts=previews.texts_for(words))
    log.exported(request, name, round=year)
    types = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    return HttpResponse(
        content,
        content_type=types[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _secretariat_only(request: HttpRequest) -> None:
    if not can_import(request.viewer):
        raise Http404


def _read(kept: StatusImport) -> Workbook:
    return read_workbook(bytes(kept.content), file_name=kept.file_name, year=kept.year)


def _confirm(request: HttpRequest, kept: StatusImport) -> HttpResponse:
    """Everything that stands against it comes back as a sentence above the preview, which is computed anew."""
    form = ConfirmForm(request.POST)
    form.is_valid()
    try:
        if kept.state == ImportState.PENDING:
            book = _read(kept)
            rows, problems, mark = book.rows, book.problems, book.is_demonstration
        else:
            rows, problems, mark = [], [], False  # the action says what became of it
        done = actions.apply(
            status_import=kept.pk,
            rows=rows,
            problems=problems,
            digest=form.cleaned_data.get("digest", ""),
            replace=form.cleaned_data.get("replace", False),
            by=request.viewer,
            is_demonstration=mark,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, previews.outcome(done))
    return redirect("import_preview", kept.pk)


def _discard(request: HttpRequest, kept: StatusImport) -> HttpResponse:
    try:
        actions.discard(status_import=kept.pk, by=request.viewer)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The workbook was discarded; nothing was imported."))
    return redirect("imports")


def _absent(book: Workbook) -> list[str]:
    """Member states of the round without a row: their cells are missing too, and change nothing."""
    words = book.vocabulary
    if words is None or not book.rows:
        return []
    present = {row.state_id for row in book.rows}
    return sorted((words.names[pk] for pk in words.members - present), key=fold_name)
