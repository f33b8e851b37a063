"""The lessons of the demonstration, with their translations and who finds them useful."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from capabilities.models import Indicator
from meetings import enums
from meetings.actions.demonstration.rows import People
from meetings.models import AgendaItem, Lesson, LessonText, LessonUse

FIELDS = ("title", "problem", "done", "result", "prerequisites")


class LessonLoader:
    def __init__(self, data: dict[str, Any], people: People, items: dict[str, AgendaItem]) -> None:
        self.entries, self.invented = data["lessons"], data["invented"]
        self.people, self.items = people, items
        rows = Indicator.objects.order_by("area__edition__number").values_list("code", "id")
        self.indicators = dict(rows)  # of the newest edition

    def load(self) -> int:
        for entry in self.entries:
            self._lesson(entry)
        return len(self.entries)

    def _lesson(self, entry: dict[str, Any]) -> None:
        state = self.people.states[entry["state"]] if entry["state"] else None
        status = entry.get("status", enums.LessonState.APPROVED)
        approved = status == enums.LessonState.APPROVED
        author = self.people.focal_point(state) if state else self.people.secretariat
        lesson = Lesson.objects.create(
            state=state,
            names_origin=entry["named"],
            status=status,
            theme=entry["theme"],
            cost_band=entry["cost"],
            transferable=entry["transferable"],
            item=self.items.get(entry.get("meeting", "")),
            shared_by=author,
            approved_at=timezone.now() if approved else None,
        )
        lesson.indicators.set(self.indicators[code] for code in entry["indicators"] if code in self.indicators)
        self._text(lesson, enums.TextKind.RAW, entry["language"], entry, author)
        if approved:
            self._text(lesson, enums.TextKind.APPROVED, entry["language"], entry, self.people.secretariat)
        for language, words in entry.get("translations", {}).items():
            self._text(lesson, enums.TextKind.TRANSLATION, language, words, self.people.secretariat)
        for code in entry.get("useful", []):
            useful = self.people.states[code]
            LessonUse.objects.create(lesson=lesson, state=useful, by=self.people.focal_point(useful))

    def _text(self, lesson: Lesson, kind: str, language: str, words: dict[str, Any], by: Any) -> None:
        values = {name: words.get(name, "") for name in FIELDS}
        values["title"] += self.invented[language]
        LessonText.objects.create(lesson=lesson, kind=kind, language=language, by=by, **values)
