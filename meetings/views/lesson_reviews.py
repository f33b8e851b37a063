"""What the secretariat makes of a lesson — the approved text, translations — and who reads it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from iwg_portal.activity import log
from iwg_portal.base.render import render
from iwg_portal.base.step_up import step_up_required
from meetings.access import lessons as access
from meetings.actions import lessons as actions
from meetings.forms.lessons import ReadersForm, ReviewForm, TranslationForm
from meetings.models import Lesson, LessonText
from meetings.queries import lessons as query
from meetings.views.lesson_drafts import add_errors, keep_typed, sent, show_both, valid_words, visible_or_kept
from meetings.views.lesson_pages import LANGUAGES, LessonPage, labelled, receipt
from members.enums import Audience, is_wider


@require_http_methods(["GET", "HEAD", "POST"])
def lesson_review(request: HttpRequest, pk: int) -> HttpResponse:
    """The approved text beside the raw one. POST ``do``: ``save``, or ``approve``."""
    lesson = visible_or_kept(request, pk)
    if lesson is None:
        return redirect("parked_texts")
    if not access.can_review(request.viewer, lesson):
        if request.method == "POST" and access.reads_raw(request.viewer, lesson) and keep_typed(request):
            return redirect("lesson", pk=pk)
        raise PermissionDenied
    page = LessonPage(request.viewer, lesson, "")
    form = _review_form(request, page)
    stored: list[tuple[str, str]] = []
    if request.method == "POST":
        do = request.POST.get("do")
        if do not in ("save", "approve"):
            raise BadRequest("unknown verb")
        if valid_words(request, form, lesson.state):
            try:
                return _reviewed(request, lesson, form, do)
            except ValidationError as error:
                match getattr(error, "code", None):
                    case actions.CLOSED:
                        keep_typed(request)
                        return redirect("lesson", pk=pk)
                    case actions.CLASH:
                        lesson = get_object_or_404(access.visible_lessons(request.viewer), pk=pk)
                        page = LessonPage(request.viewer, lesson, "")
                        form = _review_form(request, page, version=lesson.version)
                        stored = show_both(form, page.approved or page.raw, error)
                    case _:
                        add_errors(form, error)
    if lesson.state:
        log.was_read(request, lesson.state, state=lesson.state, page="lesson_review")
    return render(request, "meetings/lessons/review.html", {"one": page, "form": form, "stored": stored})


def _review_form(request: HttpRequest, page: LessonPage, version: int | None = None) -> ReviewForm:
    lesson = page.lesson
    text = page.approved or page.raw
    data = sent(request, version)
    return ReviewForm(
        data,
        audiences=[a for a in access.TO_CHOOSE if not is_wider(a, lesson.audience)],
        owner=lesson.state,
        files=page.raw_files,
        # Saving asks for the words alone.
        approving="approve" in page.allowed and (data is None or data.get("do") == "approve"),
        initial={**(query.words_of(text) if text else {}), "audience": lesson.audience, "version": lesson.version},
    )


def _reviewed(request: HttpRequest, lesson: Lesson, form: ReviewForm, do: str) -> HttpResponse:
    by, words = request.viewer, form.words
    if do == "approve" and "audience" in form.fields:
        lesson = actions.approve_lesson(
            lesson=lesson,
            version=form.seen,
            words=words,
            audience=form.cleaned_data["audience"],
            files=form.titles,
            by=by,
        )
        said = _("The lesson is approved. Who reads it: %(who)s.") % {"who": Audience(lesson.audience).label}
    else:
        lesson = actions.edit_approved(lesson=lesson, version=form.seen, words=words, by=by)
        said = _("The approved text is saved; the text as shared is as it was.")
    receipt(request, lesson.version, said)
    return redirect("lesson", pk=lesson.pk) if do == "approve" else redirect("lesson_review", pk=lesson.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def lesson_translation(request: HttpRequest, pk: int, language: str) -> HttpResponse:
    """The approved text in ``language``, beside the original."""
    if language not in LANGUAGES:
        raise Http404
    lesson = visible_or_kept(request, pk)
    if lesson is None:
        return redirect("parked_texts")
    page = LessonPage(request.viewer, lesson, language)
    if "translate" not in page.allowed:
        if request.method == "POST" and access.reads_raw(request.viewer, lesson) and keep_typed(request):
            return redirect("lesson", pk=pk)
        raise PermissionDenied
    if page.original is None or page.original.language == language:
        raise Http404
    there = _translation(page, language)
    form = _translation_form(request, lesson, there)
    stored: list[tuple[str, str]] = []
    if request.method == "POST" and valid_words(request, form, lesson.state):
        try:
            lesson = actions.translate_lesson(
                lesson=lesson,
                version=form.seen,
                language=language,
                words=form.words,
                is_machine=form.cleaned_data["is_machine"],
                by=request.viewer,
            )
        except ValidationError as error:
            if getattr(error, "code", None) == actions.CLASH:
                lesson = get_object_or_404(access.visible_lessons(request.viewer), pk=pk)
                there = _translation(LessonPage(request.viewer, lesson, language), language)
                form = _translation_form(request, lesson, there, version=lesson.version)
                stored = show_both(form, there, error)
            else:
                form.add_error(None, error.messages)
        else:
            receipt(request, lesson.version, _("The translation is saved."))
            return redirect(f"{reverse('lesson', args=[pk])}?language={language}")
    context = {
        "one": page,
        "form": form,
        "stored": stored,
        "name": LANGUAGES[language],
        "originals": labelled(page.original),
    }
    return render(request, "meetings/lessons/translation.html", context)


def _translation(page: LessonPage, language: str) -> LessonText | None:
    return next((text for text in page.texts if text.language == language), None)


def _translation_form(
    request: HttpRequest, lesson: Lesson, there: LessonText | None, version: int | None = None
) -> TranslationForm:
    held: dict[str, Any] = {**query.words_of(there), "is_machine": there.is_machine} if there else {}
    return TranslationForm(sent(request, version), initial={**held, "version": lesson.version})


@step_up_required
@require_http_methods(["GET", "HEAD", "POST"])
def lesson_readers(request: HttpRequest, pk: int) -> HttpResponse:
    """Who reads an approved lesson, and whether they may know whose it is."""
    viewer = request.viewer
    lesson = get_object_or_404(access.visible_lessons(viewer).select_related("state"), pk=pk)
    if not access.can_choose_readers(viewer, lesson):
        raise PermissionDenied
    # Anyone who may edit takes the name away; the focal point alone gives it.
    may_name = lesson.state is not None and (lesson.names_origin or access.can_widen(viewer, lesson))
    form = ReadersForm(
        request.POST if request.method == "POST" else None,
        audiences=access.audiences_to_choose(viewer, lesson),
        owner=lesson.state,
        may_name=may_name,
        initial={"audience": lesson.audience, "names_origin": lesson.names_origin},
    )
    if request.method == "POST" and form.is_valid():
        try:
            lesson = actions.choose_readers(
                lesson=lesson,
                audience=form.cleaned_data["audience"],
                names_origin=form.cleaned_data.get("names_origin", lesson.names_origin),
                by=viewer,
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            receipt(request, lesson.version, _("Who reads the lesson is changed."))
            return redirect("lesson", pk=pk)
    page = LessonPage(viewer, lesson, "")
    return render(request, "meetings/lessons/readers.html", {"one": page, "form": form})
