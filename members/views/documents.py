"""The documents that a state puts beside its profile: law texts, decrees, descriptions."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from iwg_portal.activity import log
from iwg_portal.base.render import render
from iwg_portal.base.step_up import step_up_required
from iwg_portal.base.uploads.handlers import receives_files
from members import access
from members.actions import files as actions
from members.enums import Audience
from members.forms.documents import AudienceForm, DocumentForm, VersionForm, WithdrawForm
from members.models import State, StoredFile

PAGE = 50
NARROWEST_FIRST = [str(audience) for audience in Audience]


@receives_files
@require_http_methods(["GET", "HEAD", "POST"])
def documents(request: HttpRequest, alpha2: str) -> HttpResponse:
    """The list for those who may read it; the state's focal point adds to it."""
    state = _state(request, alpha2)
    may_store = access.can_store_file(request.viewer, state)
    if request.method == "POST" and not may_store:
        raise PermissionDenied
    initial = {"audience": Audience.SECRETARIAT, "language": state.ui_language}
    form = DocumentForm(request.POST or None, request.FILES or None, initial=initial, state=state)
    if request.method == "POST" and _valid(request, form, state, state):
        kept = dict(form.cleaned_data)
        try:
            file = actions.store_file(checked=kept.pop("file"), state=state, by=request.viewer, **kept)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("The document is stored."))
            return redirect("document", alpha2=alpha2, pk=file.pk)
    shown = Paginator(access.visible_files(request.viewer).documents_of(state).with_versions(), PAGE)
    page = shown.get_page(request.GET.get("page"))
    if any(file.audience == Audience.SECRETARIAT for file in page):
        log.was_read(request, state, state=state, page="documents")
    context = {
        "state": state,
        "rows": page,
        "form": form if may_store else None,
        "audience": _narrowest(file.audience for file in page),
        "crumbs": _crumbs(state),
    }
    return render(request, "members/documents/documents.html", context)


@receives_files
@require_http_methods(["GET", "HEAD", "POST"])
def document(request: HttpRequest, alpha2: str, pk: uuid.UUID) -> HttpResponse:
    """One document with its versions. POST ``do=version`` adds one, ``do=withdraw`` withdraws the document."""
    state = _state(request, alpha2)
    file = get_object_or_404(access.visible_files(request.viewer).documents_of(state).with_versions(), pk=pk)
    may_change = access.can_change_file(request.viewer, file)
    version, withdraw = VersionForm(), WithdrawForm()
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        match request.POST.get("do"):
            case "version":
                version = VersionForm(request.POST, request.FILES)
                if _valid(request, version, file, state) and _added(request, file, version):
                    return redirect("document", alpha2=alpha2, pk=pk)
            case "withdraw":
                withdraw = WithdrawForm(request.POST)
                if withdraw.is_valid():
                    actions.withdraw_file(file=file, by=request.viewer)
                    messages.success(request, _("The document is withdrawn; its content is deleted."))
                    return redirect("documents", alpha2=alpha2)
            case _:
                raise BadRequest("unknown verb")
    if file.audience == Audience.SECRETARIAT:
        log.was_read(request, file, state=state, page="document")
    context = {
        "file": file,
        "may_change": may_change,
        "version_form": version,
        "withdraw_form": withdraw,
        "shows_people": request.viewer.reads_members,
        "crumbs": [*_crumbs(state), {"url": reverse("documents", args=[alpha2]), "label": _("Documents")}],
    }
    return render(request, "members/documents/document.html", context)


@step_up_required
@require_http_methods(["GET", "HEAD", "POST"])
def document_audience(request: HttpRequest, alpha2: str, pk: uuid.UUID) -> HttpResponse:
    """Who may read a document."""
    state = _state(request, alpha2)
    file = get_object_or_404(access.visible_files(request.viewer).documents_of(state), pk=pk)
    if not access.can_change_file(request.viewer, file):
        raise PermissionDenied
    form = AudienceForm(request.POST or None, initial={"audience": file.audience}, state=state)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_file_audience(file=file, by=request.viewer, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Who may read the document is changed."))
            return redirect("document", alpha2=alpha2, pk=pk)
    crumbs = [
        *_crumbs(state),
        {"url": reverse("documents", args=[alpha2]), "label": _("Documents")},
        {"url": reverse("document", args=[alpha2, pk]), "label": file.title},
    ]
    return render(request, "members/documents/audience.html", {"file": file, "form": form, "crumbs": crumbs})


def _state(request: HttpRequest, alpha2: str) -> State:
    return get_object_or_404(access.visible_member_states(request.viewer), alpha2=alpha2.upper())


def _valid(request: HttpRequest, form: Form, target: State | StoredFile, state: State) -> bool:
    """Also notes that passenger data were refused, by the detector's name alone."""
    if form.is_valid():
        return True
    actions.note_refused_passenger_data(form=form, by=request.viewer, target=target, state=state)
    return False


def _added(request: HttpRequest, file: StoredFile, form: VersionForm) -> bool:
    try:
        version = actions.add_version(file=file, checked=form.cleaned_data["file"], by=request.viewer)
    except ValidationError as error:
        form.add_error("file", error.messages)
        return False
    messages.success(request, _("Version %(number)s is stored.") % {"number": version.number})
    return True


def _narrowest(audiences: Any) -> str:
    """Of a page: the narrowest of what it shows."""
    return min(audiences, key=NARROWEST_FIRST.index, default=Audience.GROUP)


def _crumbs(state: State) -> list[dict[str, str]]:
    return [
        {"url": reverse("states"), "label": _("States")},
        {"url": reverse("profile", args=[state.alpha2.lower()]), "label": state.name},
    ]
