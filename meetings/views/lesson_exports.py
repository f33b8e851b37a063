"""The list of lessons, and one lesson, to take away: what is approved, as the pages show it to this reader."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from iwg_portal.activity import log
from iwg_portal.activity.views import answer, hand_out
from iwg_portal.base.extracts import CONTENT_TYPES, MAX_ROWS
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from meetings.access import lessons as access
from meetings.exports import lessons as exports
from meetings.queries import lessons as query
from meetings.views.decisions import too_many
from meetings.views.lesson_pages import LessonPage, LibraryPage, part_label
from members.access import takes_files, visible_group


@require_safe
@rationed
def lessons_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The same filter as ``xlsx`` or ``csv``. What is not approved yet is in no file."""
    viewer = request.viewer
    if not takes_files(viewer) or kind not in CONTENT_TYPES:
        raise Http404
    page = LibraryPage(viewer, request.GET)
    if page.unfinished:
        raise Http404
    rows = page.matching
    if page.asked.state:
        # The filter stands in the file: an unnamed lesson below the name of its state would be named.
        rows = rows.filter(access.named_to_all())
    found = list(query.newest_first(rows, page.kinds, whole=True).prefetch_related("indicators")[: MAX_ROWS + 1])
    if len(found) > MAX_ROWS:
        context = {"library": page, "refusal": too_many()}
        return render(request, "meetings/lessons/lessons.html", context, status=400)
    return hand_out(request, exports.lesson_list(found, person=str(viewer.person), filters=page.filters), kind)


@require_safe
@rationed
def lesson_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """An approved lesson, its text in the language of ``?language=``, else the reader's own, else the original's."""
    viewer = request.viewer
    found = get_object_or_404(access.approved_lessons(viewer).select_related("state"), pk=pk)
    page = LessonPage(viewer, found, request.GET.get("language", ""))
    if not takes_files(viewer) or page.text is None:
        raise Http404
    notes = []
    if page.text.is_machine:
        notes.append(_("A machine translated this text, and nobody has checked it. The original holds."))
    elif page.mark:
        notes.append(_("Translated by a person; the original holds."))
    if page.is_stale:
        notes.append(_("The original was changed after this translation."))
    group = visible_group()
    name, content, label = exports.lesson_document(
        found,
        page.text,
        parts=[(part_label(part.name), getattr(page.text, part.name)) for part in query.parts(page.text)],
        shared_at=(page.meeting, page.item),
        indicators=page.indicators,
        files=page.files,
        notes=notes,
        useful=page.useful_words,
        group_name=group.name if group else "IWG",
        person=str(viewer.person),
    )
    log.exported(request, name, target=found, language=page.text.language, label=label)
    return answer(name, content, "application/pdf")
