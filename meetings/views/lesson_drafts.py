"""Write a lesson and send it in: the raw text, its facts, its files. Nothing that somebody typed is lost on the way."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from capabilities.queries import framework as texts_of
from iwg_portal.activity import log
from iwg_portal.base.render import render
from iwg_portal.base.typed import has_words, keepable
from iwg_portal.base.uploads.handlers import receives_files
from meetings.access import lessons as access
from meetings.actions import lesson_files as file_actions
from meetings.actions import lessons as actions
from meetings.enums import TextKind
from meetings.forms.lessons import LessonFileForm, LessonForm, WordsForm
from meetings.models import AgendaItem, Lesson, LessonText
from meetings.queries import lessons as query
from meetings.views.lesson_pages import part_label, receipt
from members.access import Viewer
from members.actions.files import note_refused_passenger_data
from members.actions.parked import park_text
from members.models import State


@require_http_methods(["GET", "HEAD", "POST"])
def lesson_new(request: HttpRequest) -> HttpResponse:
    """``?item=`` or ``?meeting=``: where it was shared; the form begins with what the agenda says."""
    viewer = request.viewer
    if not viewer.in_group:
        raise Http404
    if not access.can_share(viewer):
        raise PermissionDenied
    items, source = _source(viewer, request.GET)
    states: list[State | None] = list(access.states_to_write_for(viewer))
    if viewer.in_secretariat:
        states.append(None)
    form = _form(request, states=states, items=items, initial=_from_item(viewer, source))
    if request.method == "POST" and _valid(request, form, states[0]):
        try:
            lesson = actions.draft_lesson(
                state=form.owner,
                language=form.cleaned_data["language"],
                words=form.words,
                facts=_facts(form, None),
                by=viewer,
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            return _saved(request, lesson)
    context = {"form": form, "crumbs": _crumbs(), "lesson": None, "stored": []}
    return render(request, "meetings/lessons/edit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def lesson_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft. POST ``do=submit`` saves it and sends it in."""
    lesson = visible_or_kept(request, pk)
    if lesson is None:
        return redirect("parked_texts")
    if not access.can_change(request.viewer, lesson):
        if request.method == "POST" and access.reads_raw(request.viewer, lesson) and keep_typed(request):
            return redirect("lesson", pk=pk)
        raise PermissionDenied
    raw = _raw(request.viewer, lesson)
    form = _draft_form(request, lesson, raw)
    stored: list[tuple[str, str]] = []
    if request.method == "POST" and _valid(request, form, lesson.state):
        try:
            lesson = actions.change_lesson(
                lesson=lesson,
                version=form.seen,
                language=form.cleaned_data["language"],
                words=form.words,
                facts=_facts(form, lesson),
                by=request.viewer,
            )
        except ValidationError as error:
            match getattr(error, "code", None):
                case actions.CLOSED:
                    keep_typed(request)
                    return redirect("lesson", pk=pk)
                case actions.CLASH:
                    lesson = get_object_or_404(access.visible_lessons(request.viewer), pk=pk)
                    raw = _raw(request.viewer, lesson)
                    form = _draft_form(request, lesson, raw, version=lesson.version)
                    stored = show_both(form, raw, error)
                case _:
                    add_errors(form, error)
        else:
            return _saved(request, lesson)
    if lesson.state:
        log.was_read(request, lesson.state, state=lesson.state, page="lesson_edit")
    context = {"form": form, "crumbs": _crumbs(lesson, raw), "lesson": lesson, "stored": stored}
    return render(request, "meetings/lessons/edit.html", context)


@receives_files
@require_http_methods(["GET", "HEAD", "POST"])
def lesson_files(request: HttpRequest, pk: int) -> HttpResponse:
    """What is attached. POST ``do=add`` (until it is approved) or ``do=remove`` with ``file``."""
    viewer = request.viewer
    lesson = get_object_or_404(access.visible_lessons(viewer).select_related("state"), pk=pk)
    allowed = access.allowed(viewer, lesson)
    if "files" not in allowed:
        raise PermissionDenied
    files = access.visible_lesson_files(viewer, lesson).with_versions().order_by("created_at", "pk")
    form = LessonFileForm(initial={"language": viewer.person.language})
    if request.method == "POST":
        match request.POST.get("do"):
            case "add":
                form = LessonFileForm(request.POST, request.FILES)
                if _valid(request, form, lesson.state) and _attached(request, lesson, form):
                    return redirect("lesson_files", pk=pk)
            case "remove":
                file = get_object_or_404(files, pk=_uuid(request.POST.get("file", "")))
                file_actions.remove_from_lesson(lesson=lesson, file=file.pk, by=viewer)
                receipt(request, None, _("The file is removed; its content is deleted."))
                return redirect("lesson_files", pk=pk)
            case _:
                raise BadRequest("unknown verb")
    if lesson.state:
        log.was_read(request, lesson.state, state=lesson.state, page="lesson_files")
    context = {
        "lesson": lesson,
        "rows": [
            (file, access.is_published(file, lesson), access.can_remove_file(viewer, lesson, file)) for file in files
        ],
        "form": form if "attach" in allowed else None,
        "crumbs": _crumbs(lesson, _raw(viewer, lesson)),
    }
    return render(request, "meetings/lessons/files.html", context)


# -- For every form of words -----------------------------------------------------------------------------------------


def keep_typed(request: HttpRequest) -> bool:
    """Keep what was typed for its author, and tell her; False where there were no words."""
    fields = keepable(request.POST)
    if not has_words(fields):
        return False
    park_text(by=request.viewer.person, path=request.get_full_path()[:500], fields=fields)
    messages.warning(
        request,
        _("Somebody closed this text meanwhile. What you typed is not lost: it is among your kept texts."),
    )
    return True


def visible_or_kept(request: HttpRequest, pk: int) -> Lesson | None:
    """The lesson; None where she does not see it (any more) and what she had typed is kept for her instead. Which of
    the two it is, the lesson that never was and the one that is gone, the answer does not tell."""
    lesson = access.visible_lessons(request.viewer).select_related("state", "shared_by").filter(pk=pk).first()
    if lesson is None and not (request.method == "POST" and request.viewer.in_group and keep_typed(request)):
        raise Http404
    return lesson


def sent(request: HttpRequest, version: int | None = None) -> Any:
    """For a form: what was sent, or None; after a clash as if it had been typed on ``version``."""
    if request.method != "POST":
        return None
    data = request.POST.copy()
    if version is not None:
        data["version"] = str(version)
    return data


def show_both(form: WordsForm, held: LessonText | None, error: ValidationError) -> list[tuple[str, str]]:
    """After a clash: the form keeps what was typed and says so; returns what the server holds where that differs, words
    and facts. The same for the draft, the approved text and a translation."""
    form.is_valid()
    form.add_error(None, error.messages)
    typed = form.cleaned_data
    words = query.words_of(held) if held else {}
    differing = [(part_label(name), value) for name, value in words.items() if value != typed.get(name)]
    return differing + form.facts_held


def add_errors(form: Any, error: ValidationError) -> None:
    for field, problems in getattr(error, "message_dict", {"__all__": error.messages}).items():
        form.add_error(field if field in form.fields else None, problems)


def valid_words(request: HttpRequest, form: Any, state: State | None) -> bool:
    """Also notes that passenger data were refused, by the detector's name alone. The event names the state, never the
    lesson."""
    if form.is_valid():
        return True
    note_refused_passenger_data(form=form, by=request.viewer, target=state or request.viewer.person, state=state)
    return False


_valid = valid_words


# -- Inside ----------------------------------------------------------------------------------------------------------


def _raw(viewer: Viewer, lesson: Lesson) -> LessonText | None:
    return access.visible_texts(viewer, lesson).filter(kind=TextKind.RAW).first()


def _source(viewer: Viewer, asked: Any) -> tuple[list[AgendaItem], AgendaItem | None]:
    """The items of the meeting, and the one that was named; nothing for what she does not see."""
    rows = access.items_to_share_from(viewer).select_related("meeting__group")
    item = rows.filter(pk=_number(asked.get("item", ""))).first()
    meeting = item.meeting_id if item else _number(asked.get("meeting", ""))
    return list(rows.filter(meeting=meeting)), item


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def _from_item(viewer: Viewer, item: AgendaItem | None) -> dict[str, Any]:
    if item is None:
        return {"language": viewer.person.language if viewer.person else "en"}
    return {
        "item": item.pk,
        "title": item.title,
        "language": item.language,
        "theme": item.theme or item.meeting.group.theme,
    }


def _form(
    request: HttpRequest,
    *,
    states: Sequence[State | None],
    items: list[AgendaItem],
    initial: dict[str, Any],
    version: int | None = None,
) -> LessonForm:
    edition = texts_of.newest_edition()
    return LessonForm(
        sent(request, version),
        states=states,
        items=items,
        framework=texts_of.framework(edition) if edition else None,
        audiences=access.TO_CHOOSE,
        may_name=any(access.can_name_origin(request.viewer, state) for state in states),
        initial=initial,
    )


def _draft_form(request: HttpRequest, lesson: Lesson, raw: LessonText | None, version: int | None = None) -> LessonForm:
    items: list[AgendaItem] = []
    if lesson.item_id:
        item = access.items_to_share_from(request.viewer).filter(pk=lesson.item_id).first()
        items = _source(request.viewer, {"meeting": str(item.meeting_id)})[0] if item else []
    facts = ("theme", "cost_band", "transferable", "audience", "names_origin", "version")
    initial = {name: getattr(lesson, name) for name in facts}
    initial |= {"item": lesson.item_id, "indicators": [one.pk for one in query.indicators_of(lesson)]}
    initial |= {**query.words_of(raw), "language": raw.language} if raw else {}
    return _form(request, states=[lesson.state], items=items, initial=initial, version=version)


def _facts(form: LessonForm, lesson: Lesson | None) -> actions.Facts:
    """What the form does not ask stays as it is."""
    given = form.cleaned_data
    return actions.Facts(
        theme=given["theme"],
        cost_band=given["cost_band"],
        transferable=given["transferable"],
        audience=given["audience"],
        names_origin=given.get("names_origin", lesson.names_origin if lesson else False),
        item=form.source if "item" in form.fields else lesson.item if lesson else None,
        indicators=given["indicators"],
    )


def _saved(request: HttpRequest, lesson: Lesson) -> HttpResponse:
    """Also sends it in, where that was asked for."""
    if request.POST.get("do") == "submit":
        try:
            lesson = actions.submit_lesson(lesson=lesson, by=request.viewer)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("lesson_edit", pk=lesson.pk)
        receipt(request, lesson.version, _("The lesson is submitted; the secretariat reads it next."))
    else:
        receipt(request, lesson.version, _("The draft is saved."))
    return redirect("lesson", pk=lesson.pk)


def _attached(request: HttpRequest, lesson: Lesson, form: LessonFileForm) -> bool:
    try:
        given = form.cleaned_data
        file_actions.attach_to_lesson(
            lesson=lesson, checked=given["file"], title=given["title"], language=given["language"], by=request.viewer
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return False
    receipt(request, None, _("The file is stored."))
    return True


def _crumbs(lesson: Lesson | None = None, text: LessonText | None = None) -> list[dict[str, str]]:
    found = [{"url": reverse("lessons"), "label": _("Lessons")}]
    if lesson:
        found.append({"url": reverse("lesson", args=[lesson.pk]), "label": text.title if text else _("without text")})
    return found
