"""Lessons as files. A file travels further than its page: a state that has not said that it may be named stands in
none, whoever takes it, nor does the place where it spoke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from iwg_portal.base.dates import date_format
from iwg_portal.base.documents import frame, pdf
from iwg_portal.base.documents.prose import prose
from iwg_portal.base.extracts import Column, Extract, file_name, row_label
from iwg_portal.base.markdown import plain
from meetings.access.lessons import is_named_to_all
from meetings.enums import TextKind
from meetings.models import AgendaItem, Lesson, LessonText, Meeting
from meetings.queries import lessons as query
from members.enums import TLP, Audience, narrowest


def origin(lesson: Lesson) -> str:
    """Whose lesson it is, in a file; the same words for every state that is not named."""
    if lesson.state is None:
        return _("the group")
    return lesson.state.name if is_named_to_all(lesson) else _("a member state")


def text_kind(text: LessonText) -> str:
    if text.kind != TextKind.TRANSLATION:
        return _("original")
    return _("machine translation") if text.is_machine else _("translation")


def lesson_list(rows: Sequence[Any], *, person: str, filters: Sequence[tuple[str, str]]) -> Extract:
    """Approved lessons, in the language of the active one where there is such a text; fetched with whole texts,
    indicators and how many states found each useful."""
    plain_words = _("Without marks, in the language of the row.")
    columns = [
        Column("title", _("Title"), _("Of the lesson."), 50),
        Column("language", _("Language"), _("Of the text: en, fr or pt."), 10),
        Column("text_kind", _("Kind of text"), _("The original, a translation, or one that a machine made."), 20),
        Column("shared_by", _("Shared by"), _("The state where it may be named, or the group."), 24),
        Column("theme", _("Theme"), _("Which pillar of the group’s work it belongs to."), 26),
        Column("indicators", _("Indicators"), _("Codes of the framework, parted by commas."), 20),
        Column("problem", _("The problem"), plain_words, 60),
        Column("done", _("What was done"), plain_words, 60),
        Column("result", _("What came of it"), plain_words, 60),
        Column("prerequisites", _("What it takes"), plain_words, 40),
        Column("cost", _("What it cost"), _("A band, in US dollars, staff not counted."), 28),
        Column("transferable", _("For other states"), _("Whether others can take it over."), 30),
        Column("languages", _("To read in"), _("Languages of the texts that people wrote."), 14),
        Column("useful_to", _("Useful to"), _("How many states have said so."), 12),
        Column("approved_on", _("Approved on"), _("By the secretariat."), 14),
        row_label(),
    ]
    audience = narrowest(Audience.GROUP, *(row.audience for row in rows))
    cells = [_row(row) for row in rows]
    return Extract("lessons", _("Lessons"), audience, person, timezone.now(), columns, cells, filters)


def _row(lesson: Any) -> list[Any]:
    text: LessonText | None = query.best_text(lesson.texts_shown, get_language() or "en")
    words = [plain(getattr(text, name)) if text else "" for name in ("problem", "done", "result", "prerequisites")]
    return [
        text.title if text else _("without text"),
        text.language if text else "",
        text_kind(text) if text else "",
        origin(lesson),
        str(lesson.get_theme_display()),
        ", ".join(sorted(indicator.code for indicator in lesson.indicators.all())),
        *words,
        str(lesson.get_cost_band_display()),
        str(lesson.get_transferable_display()),
        ", ".join(sorted({one.language for one in lesson.texts_shown if not one.is_machine})),
        lesson.useful,
        timezone.localdate(lesson.approved_at) if lesson.approved_at else None,
        TLP[Audience(lesson.audience)],
    ]


def lesson_document(
    lesson: Lesson,
    text: LessonText,
    *,
    parts: Sequence[tuple[str, str]],
    shared_at: tuple[Meeting | None, AgendaItem | None],
    indicators: Sequence[Any],
    files: Sequence[Any],
    notes: Sequence[str],
    useful: str,
    group_name: str,
    person: str,
) -> tuple[str, bytes, str]:
    """File name, PDF in the active language and label of an approved lesson, in the language of ``text``. ``parts``:
    label and Markdown of each part; ``files``: those beside it, of which the titles are told. The document is as narrow
    as the narrowest of what it names."""
    meeting, item = shared_at if is_named_to_all(lesson) else (None, None)
    others = [*([meeting.audience] if meeting else []), *(file.audience for file in files)]
    audience = narrowest(lesson.audience, *others)
    facts = [
        (_("Shared by"), origin(lesson)),
        (_("Approved on"), date_format(lesson.approved_at, "DATE_FORMAT") if lesson.approved_at else ""),
        (_("Theme"), str(lesson.get_theme_display())),
        (_("What it cost"), str(lesson.get_cost_band_display())),
        (_("For other states"), str(lesson.get_transferable_display())),
        (_("Indicators"), ", ".join(f"{found.code} {found.title}" for found in indicators)),
        (_("Shared at"), " · ".join([meeting.title, *([item.title] if item else [])]) if meeting else ""),
    ]
    data = {
        **frame(text.title, audience, group_name, person=person),
        "name": text.title,
        "spoken": text.language,
        "notes": list(notes),
        "facts": [(label, value) for label, value in facts if value],
        "parts": [{"title": label, "prose": prose(words)} for label, words in parts],
        "files": {"title": _("Files"), "rows": [file.title for file in files]},
        "useful": useful,
    }
    name = file_name(f"lesson-{lesson.pk}-{text.language}", person, timezone.now(), "pdf")
    return name, pdf("lesson", data), data["label"]
