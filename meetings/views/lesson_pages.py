"""What the pages about lessons show, as values. Everything in them, numbers too, comes from what their reader sees."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from capabilities.queries import framework as texts_of
from iwg_portal.base import marks
from iwg_portal.base.extracts import CONTENT_TYPES
from iwg_portal.reminders import ledger
from meetings.access import lessons as access
from meetings.enums import LessonState, TextKind, Theme
from meetings.exports.lessons import text_kind
from meetings.models import Lesson, LessonText
from meetings.queries import lessons as query
from meetings.reminders.lessons import KIND
from members.access import Viewer, takes_files, visible_member_states
from members.enums import Audience, Language, narrowest

PAGE = 20
LANGUAGES = dict(Language.choices)


def receipt(request: HttpRequest, version: int | None, words: str) -> None:
    """Says on the next page that it is on the server, when, as which version, and ``words``."""
    now = timezone.localtime()
    values = {"time": f"{now:%H:%M:%S} {marks.zone(now)}", "version": version, "words": words}
    if version is None:
        messages.success(request, _("On the server %(time)s. %(words)s") % values)
    else:
        messages.success(request, _("On the server %(time)s, version %(version)s. %(words)s") % values)


def origin_words(viewer: Viewer, lesson: Lesson) -> str:
    """Whose lesson it is, as far as she may know; the same words for every state that is not named."""
    if lesson.state is None:
        return _("the group")
    return lesson.state.name if access.knows_origin(viewer, lesson) else _("a member state")


class Row:
    """A lesson in a list. Its texts were fetched with it."""

    def __init__(self, viewer: Viewer, lesson: Any) -> None:
        self.lesson = lesson
        self.text = query.best_text(lesson.texts_shown, get_language() or "en")
        self.origin = origin_words(viewer, lesson)

    @property
    def title(self) -> str:
        return self.text.title if self.text else _("without text")

    @property
    def teaser(self) -> str:
        return query.teaser(self.text) if self.text else ""

    @property
    def languages(self) -> list[str]:
        return [text.get_language_display() for text in self.lesson.texts_shown if not text.is_machine]

    @property
    def useful(self) -> str:
        n = self.lesson.useful
        return ngettext("useful to %(count)s state", "useful to %(count)s states", n) % {"count": n} if n else ""


class LibraryPage:
    """One reader's list. Everything in it, its numbers too, comes from what she sees."""

    def __init__(self, viewer: Viewer, asked: Any) -> None:
        self.viewer = viewer
        self.sees_unfinished = access.sees_unfinished(viewer)
        self.unfinished = self.sees_unfinished and asked.get("stage") == "open"
        self.kinds = query.UNPUBLISHED if self.unfinished else query.PUBLISHED
        edition = texts_of.newest_edition()
        self.areas = texts_of.framework(edition).areas if edition else ()
        self.asked = self._asked(asked)
        self.all = access.unfinished_lessons(viewer) if self.unfinished else access.approved_lessons(viewer)
        self.matching = query.matching(self.all, self.asked, access.origin_known(viewer), self.kinds)
        ordered = query.newest_first(self.matching, self.kinds, unfinished=self.unfinished)
        self.page = Paginator(ordered, PAGE).get_page(asked.get("page"))
        self.rows = [Row(viewer, lesson) for lesson in self.page]
        self.may_share = access.can_share(viewer)

    def _asked(self, asked: Any) -> query.Asked:
        """A value that a select does not offer means "all"."""
        known = {one.code for area in self.areas for one in area.indicators}
        self.all_states = list(visible_member_states(self.viewer))
        codes = {state.alpha2 for state in self.all_states}

        def of(name: str, values: Any) -> str:
            value = asked.get(name, "")
            return value if value in values else ""

        text = " ".join(asked.get("q", "").replace("\x00", "").split())[:100]
        return query.Asked(
            text, of("theme", Theme.values), of("indicator", known), of("state", codes), of("language", LANGUAGES)
        )

    @cached_property
    def total(self) -> int:
        return self.all.count() if self.asked else self.found

    @property
    def found(self) -> int:
        return self.page.paginator.count

    @property
    def sentence(self) -> str:
        n = self.total
        if self.unfinished:
            words = ngettext("%(count)s lesson is not approved yet.", "%(count)s lessons are not approved yet.", n)
        else:
            words = ngettext(
                "%(count)s lesson from which others can learn.", "%(count)s lessons from which others can learn.", n
            )
        return words % {"count": n}

    @property
    def shown(self) -> str:
        """How many of how many, when something was asked for."""
        if not self.asked:
            return ""
        return _("%(count)s of %(total)s lessons match.") % {"count": self.found, "total": self.total}

    @property
    def audience(self) -> str:
        if self.unfinished:
            return Audience.SECRETARIAT
        return narrowest(Audience.GROUP, *(row.lesson.audience for row in self.rows))

    @property
    def query(self) -> str:
        """What was asked for, for the addresses of other pages of the list; empty, or it ends in ``&``."""
        values = {
            "q": self.asked.text,
            "theme": self.asked.theme,
            "indicator": self.asked.indicator,
            "state": self.asked.state,
            "language": self.asked.language,
            "stage": "open" if self.unfinished else "",
        }
        asked = urlencode({name: value for name, value in values.items() if value})
        return f"{asked}&" if asked else ""

    @property
    def filters(self) -> list[tuple[str, str]]:
        """Label and value of what was asked for, in words."""
        names = {state.alpha2: state.name for state in self.all_states}
        found = [
            (_("Words"), self.asked.text),
            (_("Theme"), str(dict(Theme.choices).get(self.asked.theme, ""))),
            (_("Indicator"), self.asked.indicator),
            (_("State, where it is named"), names.get(self.asked.state, "")),
            (_("To read in"), str(LANGUAGES.get(self.asked.language, ""))),
        ]
        return [(label, value) for label, value in found if value]

    @property
    def files(self) -> list[tuple[str, str]]:
        """Address and kind of the approved ones as files, for a person."""
        if self.unfinished or not takes_files(self.viewer) or not self.found:
            return []
        asked = f"?{self.query.removesuffix('&')}" if self.query else ""
        return [(reverse("lessons_export", args=[kind]) + asked, kind.upper()) for kind in CONTENT_TYPES]

    @property
    def themes(self) -> list[tuple[str, str, bool]]:
        return [(value, str(label), value == self.asked.theme) for value, label in Theme.choices]

    @property
    def states(self) -> list[tuple[str, str, bool]]:
        return [(state.alpha2, state.name, state.alpha2 == self.asked.state) for state in self.all_states]

    @property
    def languages(self) -> list[tuple[str, str, bool]]:
        return [(value, label, value == self.asked.language) for value, label in Language.choices]

    @property
    def indicators(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        return [
            (area.title, [(i.code, f"{i.code} {i.title}", i.code == self.asked.indicator) for i in area.indicators])
            for area in self.areas
        ]


def part_label(name: str) -> str:
    return {
        "title": _("Title"),
        "problem": _("The problem"),
        "done": _("What was done"),
        "result": _("What came of it"),
        "prerequisites": _("What it takes"),
    }[name]


class LessonPage:
    """One lesson as one reader sees it."""

    def __init__(self, viewer: Viewer, lesson: Lesson, language: str) -> None:
        self.viewer, self.lesson = viewer, lesson
        self.allowed = access.allowed(viewer, lesson)
        self.is_approved = lesson.status == LessonState.APPROVED
        texts = list(access.visible_texts(viewer, lesson))
        kinds = query.PUBLISHED if self.is_approved else query.UNPUBLISHED
        self.texts = [text for text in texts if text.kind in kinds]
        self.original = query.original(self.texts)
        wanted = language if language in LANGUAGES else get_language() or "en"
        self.text = query.best_text(self.texts, wanted) if self.is_approved else self.original
        held = {text.kind: text for text in texts if text.kind != TextKind.TRANSLATION}
        self.raw = held.get(TextKind.RAW) if "raw" in self.allowed else None
        self.approved = held.get(TextKind.APPROVED)
        self.meeting, self.item = access.shared_at(viewer, lesson)
        self.origin = origin_words(viewer, lesson)
        files = list(access.visible_lesson_files(viewer, lesson).with_versions().order_by("created_at", "pk"))
        self.files = [file for file in files if access.is_published(file, lesson)]
        self.raw_files = [file for file in files if not access.is_published(file, lesson)]
        self.indicators = query.indicators_of(lesson)
        self.useful = query.useful_to(lesson) if self.is_approved else 0

    @property
    def reminded(self) -> dt.datetime | None:
        """When the secretariat was last told that it waits; approved, it waits for nobody."""
        if self.lesson.status != LessonState.SUBMITTED:
            return None
        return ledger.reminded_on(KIND, [self.lesson]).get(str(self.lesson.pk))

    @property
    def title(self) -> str:
        return self.text.title if self.text else _("without text")

    @property
    def parts(self) -> list[tuple[str, Any]]:
        return labelled(self.text)

    @property
    def original_parts(self) -> list[tuple[str, Any]]:
        """Of the original, where a translation is shown."""
        return [] if self.text == self.original else labelled(self.original)

    @property
    def raw_parts(self) -> list[tuple[str, Any]]:
        return labelled(self.raw)

    @property
    def differences(self) -> list[tuple[str, list[query.Piece]]]:
        if not self.raw or not self.approved:
            return []
        return [(part_label(name), found) for name, found in query.differences(self.raw, self.approved).items()]

    @property
    def chips(self) -> list[dict[str, Any]]:
        """The languages that there are: the original first, then people's translations, then a machine's."""
        if not self.is_approved:
            return []
        ordered = sorted(self.texts, key=lambda text: (text.kind, text.is_machine, text.language))
        return [
            {"text": text, "mark": text_kind(text), "current": text == self.text, "name": text.get_language_display()}
            for text in ordered
        ]

    @property
    def mark(self) -> str:
        return text_kind(self.text) if self.text and self.text.kind == TextKind.TRANSLATION else ""

    @property
    def is_stale(self) -> bool:
        """The original was changed after the translation that is shown."""
        text, first = self.text, self.original
        return bool(text and first and text.kind == TextKind.TRANSLATION and text.at < first.at)

    @property
    def to_translate(self) -> list[tuple[str, str]]:
        """(code, name) of the languages into which the secretariat may translate, also anew."""
        if "translate" not in self.allowed or not self.original:
            return []
        return [pair for pair in Language.choices if pair[0] != self.original.language]

    @property
    def hides_origin(self) -> bool:
        """She knows the state, and others do not."""
        return self.lesson.state is not None and not self.lesson.names_origin and bool(self.raw)

    @property
    def audience(self) -> str:
        return self.lesson.audience if self.is_approved else Audience.SECRETARIAT

    @property
    def page_audience(self) -> str:
        """The narrowest of what the page shows: to its owner and the secretariat also the text as shared."""
        return Audience.SECRETARIAT if self.raw else self.audience

    @property
    def useful_words(self) -> str:
        n = self.useful
        if not n:
            return _("No state has said so yet.")
        return ngettext("Useful to %(count)s state.", "Useful to %(count)s states.", n) % {"count": n}

    @cached_property
    def own_uses(self) -> list[tuple[Any, bool]]:
        """(state for which she may speak, whether it has said so)."""
        states = list(access.states_to_find_it_useful(self.viewer, self.lesson))
        held = query.found_useful(self.lesson, states)
        return [(state, state.pk in held) for state in states]

    @property
    def downloads(self) -> list[tuple[str, str]]:
        """Address and kind of the approved text as a document, for a person."""
        if not self.is_approved or not takes_files(self.viewer) or self.text is None:
            return []
        return [(f"{reverse('lesson_pdf', args=[self.lesson.pk])}?language={self.text.language}", "PDF")]

    @property
    def crumbs(self) -> list[dict[str, str]]:
        return [{"url": reverse("lessons"), "label": _("Lessons")}]


def labelled(text: LessonText | None) -> list[tuple[str, Any]]:
    return [(part_label(part.name), part.html) for part in query.parts(text)] if text else []
