"""Lessons as a reader meets them: in which language, found by which words, and what became of the text as shared."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg, JSONBAgg
from django.db.models import Count, Exists, JSONField, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy

from capabilities.models import Indicator
from iwg_portal.base import markdown
from meetings.enums import TextKind
from meetings.models import AgendaItem, Lesson, LessonText
from members.models import State

WORDS = ("title", "problem", "done", "result", "prerequisites")
TELLS_ITEM = gettext_lazy(
    "Give the lesson a title of its own: the title of the agenda item points at who spoke there, and readers are not "
    "to know which state the lesson comes from."
)
MOST_WORDS = 8  # of a search
TEASER = 180  # characters
# What is published of a lesson, and what there is of one that is not.
PUBLISHED = (TextKind.APPROVED, TextKind.TRANSLATION)
UNPUBLISHED = (TextKind.RAW, TextKind.APPROVED)
# Longer texts are compared paragraph by paragraph: word by word would take too long.
MOST_COMPARED = 600


# -- Which text ------------------------------------------------------------------------------------------------------


def best_text(texts: Iterable[LessonText], language: str) -> LessonText | None:
    """The one to show a reader of ``language``: by a person in her language, by a machine, else the original."""
    order = {TextKind.APPROVED: 0, TextKind.TRANSLATION: 1, TextKind.RAW: 2}

    def place(text: LessonText) -> tuple[bool, bool, int, str]:
        return text.language != language, text.is_machine, order[TextKind(text.kind)], text.language

    return min(texts, key=place, default=None)


def original(texts: Iterable[LessonText]) -> LessonText | None:
    """As approved, else as shared."""
    return min((t for t in texts if t.kind != TextKind.TRANSLATION), key=lambda t: t.kind, default=None)


def tells_item(title: str, item: AgendaItem) -> bool:
    """``title`` is that of the agenda item, whatever the case and the spaces: who spoke there is known, and so the
    lesson would have the origin that it does not name."""
    return _folded(title) == _folded(item.title)


def _folded(words: str) -> str:
    return "".join(unicodedata.normalize("NFKC", words).casefold().split())


# -- The library -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What a reader of the library asked for; empty: everything."""

    text: str = ""
    theme: str = ""
    indicator: str = ""
    state: str = ""
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.text or self.theme or self.indicator or self.state or self.language)


def matching(rows: QuerySet[Lesson], asked: Asked, known: Q, kinds: Sequence[str]) -> QuerySet[Lesson]:
    """Of ``rows`` what was asked for. ``known``: those of which the reader may know the state; ``kinds``: the texts
    that she reads, in which alone the words are looked for."""
    if asked.theme:
        rows = rows.filter(theme=asked.theme)
    if asked.indicator:
        rows = rows.filter(Exists(Indicator.objects.filter(lessons=OuterRef("pk"), code=asked.indicator)))
    if asked.state:
        rows = rows.filter(known, state__alpha2=asked.state)
    texts = LessonText.objects.filter(lesson=OuterRef("pk"), kind__in=kinds)
    if asked.language:
        rows = rows.filter(Exists(texts.filter(language=asked.language)))
    if asked.text:
        patterns = [pattern(word) for word in asked.text.split()[:MOST_WORDS]]
        for one in patterns:
            texts = texts.filter(Q(*((f"{field}__regex", one) for field in WORDS), _connector=Q.OR))
        rows = rows.filter(Exists(texts)) if all(patterns) else rows.none()
    return rows


def newest_first(
    rows: QuerySet[Lesson], kinds: Sequence[str], *, unfinished: bool = False, whole: bool = False
) -> QuerySet[Lesson]:
    """For a list, each with the titles and problems of its texts (``whole``: all parts) and how many states found it
    useful. Two queries."""
    texts = LessonText.objects.filter(kind__in=kinds).order_by("language")
    if not whole:
        texts = texts.defer("done", "result", "prerequisites")
    order = ("-shared_at", "-pk") if unfinished else ("-approved_at", "-pk")
    return (
        rows.select_related("state")
        .annotate(useful=Count("uses"))
        .prefetch_related(Prefetch("texts", texts, to_attr="texts_shown"))
        .order_by(*order)
    )


# Letters that a reader types plainly and a writer does not.
_ALIKE = {
    "a": "àáâãäåÀÁÂÃÄÅ",
    "c": "çÇ",
    "e": "éèêëÉÈÊË",
    "i": "íìîïÍÌÎÏ",
    "n": "ñÑ",
    "o": "óòôõöøÓÒÔÕÖØ",
    "u": "úùûüÚÙÛÜ",
    "y": "ýÿÝŸ",
    "'": "’‘ʼ",
    "-": "‐‑–",
}
_PAIRS = {"oe": "œŒ", "ae": "æÆ", "ss": "ß"}
_PLAIN = {ord(c): plain for known in (_ALIKE, _PAIRS) for plain, alike in known.items() for c in alike}


def pattern(word: str) -> str:
    """A regular expression of the database that finds ``word`` with or without accents, in any case.

    Linear in its length: one class a letter, no repetition. Empty for a word without a letter or digit.
    """
    folded = plain(word)
    if not any(c.isalnum() for c in folded):
        return ""
    found, at = [], 0
    while at < len(folded):
        pair = folded[at : at + 2]
        if pair in _PAIRS:
            found.append(f"(?:{_class(pair[0])}{_class(pair[1])}|[{_PAIRS[pair]}])")
            at += 2
        else:
            found.append(_class(folded[at]))
            at += 1
    return "".join(found)


def plain(word: str) -> str:
    """Small letters without accents: what ``Décret``, ``DECRET`` and ``décret`` have in common. Only the letters of
    ``_ALIKE`` lose theirs: others, and other scripts, are looked for as they are typed."""
    return unicodedata.normalize("NFC", word.replace("\x00", "")).translate(_PLAIN).lower()


def _class(letter: str) -> str:
    letters = {letter, letter.upper() if len(letter.upper()) == 1 else letter, *_ALIKE.get(letter, "")}
    return "[" + "".join(sorted(re.sub(r"([\\\]\[^-])", r"\\\1", c) for c in letters)) + "]"


# -- One lesson ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One field of a text, as safe markup."""

    name: str
    html: Any


def parts(text: LessonText) -> list[Part]:
    """The fields that are not empty, but for the title."""
    return [Part(name, markdown.html(value)) for name in WORDS[1:] if (value := getattr(text, name))]


def teaser(text: LessonText) -> str:
    """The beginning of the problem, without marks; cut between words."""
    words = " ".join(markdown.plain(text.problem[: TEASER * 4]).split())
    return words if len(words) <= TEASER else words[:TEASER].rsplit(" ", 1)[0] + "…"


def indicators_of(lesson: Lesson) -> list[Indicator]:
    rows = lesson.indicators.select_related("area").order_by("area__order", "order", "pk")
    return list(rows)


def useful_to(lesson: Lesson) -> int:
    """How many states found it useful."""
    return lesson.uses.count()


def found_useful(lesson: Lesson, states: Sequence[State]) -> frozenset[int]:
    """Of ``states`` those that said so. One query, or none."""
    held = lesson.uses.filter(state__in=states).values_list("state_id", flat=True) if states else ()
    return frozenset(held)


@dataclass(frozen=True)
class ForProfile:
    """Lessons as a profile needs them: how many serve each indicator, and the newest under the state's name."""

    by_indicator: dict[str, int]
    shared: list[tuple[Lesson, LessonText]]


def for_profile(rows: QuerySet[Lesson], state: State, language: str, most: int) -> ForProfile:
    """``shared``: ``most`` at the most, newest first, with the text whose title to show. One query."""
    named = Q(state=state, names_origin=True, texts__kind__in=PUBLISHED)
    fields = {name: f"texts__{name}" for name in ("kind", "language", "is_machine", "title")}
    found = rows.annotate(
        codes=ArrayAgg("indicators__code", filter=Q(indicators__isnull=False), distinct=True, default=Value([])),
        words=JSONBAgg(JSONObject(**fields), filter=named, distinct=True, default=Value([], output_field=JSONField())),
    ).order_by("-approved_at", "-pk")
    counts: Counter[str] = Counter()
    shared: list[tuple[Lesson, LessonText]] = []
    for lesson in found:
        counts.update(lesson.codes)
        text = best_text([LessonText(**word) for word in lesson.words], language)
        if text and len(shared) < most:
            shared.append((lesson, text))
    return ForProfile(dict(counts), shared)


# -- What changed ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """Part of two texts: in both (``""``), only before (``del``), or only after (``ins``)."""

    kind: str
    text: str


def difference(before: str, after: str) -> list[Piece]:
    """Word by word where the texts are short enough, else paragraph by paragraph. White space counts as one."""
    old, new = before.split(), after.split()
    joint = " "
    if len(old) > MOST_COMPARED or len(new) > MOST_COMPARED:
        old, new = before.splitlines()[:MOST_COMPARED], after.splitlines()[:MOST_COMPARED]
        joint = "\n"
    found: list[Piece] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("", joint.join(old[i:j])))
            continue
        if j > i:
            found.append(Piece("del", joint.join(old[i:j])))
        if m > k:
            found.append(Piece("ins", joint.join(new[k:m])))
    return found


def differences(raw: LessonText, approved: LessonText) -> dict[str, list[Piece]]:
    """Field → pieces, of the fields that differ."""
    pairs = {name: (getattr(raw, name), getattr(approved, name)) for name in WORDS}
    return {name: difference(old, new) for name, (old, new) in pairs.items() if old.split() != new.split()}


def words_of(text: LessonText) -> dict[str, str]:
    return {name: getattr(text, name) for name in WORDS}
