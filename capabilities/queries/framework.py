"""The framework as plain values, kept in the process: it is frozen, read on every page, and small.

The key is the edition's ``content_version``, read with the round, so a reload of the reference data is seen at the
next request and no page pays a query for texts that have not changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import get_language

from capabilities.enums import Scope
from capabilities.models import Area, Edition, GlossaryTerm, Indicator, LadderStep, Level


@dataclass(frozen=True)
class IndicatorText:
    id: int
    code: str
    scope: str
    title: str
    question: str
    basis: tuple[str, ...]
    levels: tuple[str, ...]


@dataclass(frozen=True)
class AreaText:
    id: int
    code: str
    title: str
    short_title: str
    description: str
    indicators: tuple[IndicatorText, ...]

    def in_scope(self, scope: str) -> tuple[IndicatorText, ...]:
        """Indicators that speak of this kind of data; ``both`` takes all of them."""
        if scope == Scope.BOTH:
            return self.indicators
        return tuple(i for i in self.indicators if i.scope in (scope, Scope.BOTH))


@dataclass(frozen=True)
class Framework:
    """One edition in one language. ``labels``: (ladder, code) → words; ``orders`` likewise → place or None."""

    edition: int
    areas: tuple[AreaText, ...]
    labels: dict[tuple[str, str], str]
    meanings: dict[tuple[str, str], str]

    def label(self, ladder: str, code: str) -> str:
        return self.labels.get((ladder, code), code)


@dataclass(frozen=True)
class Definition:
    """A term of the glossary in the reader's language."""

    key: str
    term: str
    abbreviation: str
    definition: str


def newest_edition() -> Edition | None:
    """The newest edition: for words that are needed before the first round. One query."""
    return Edition.objects.order_by("-number").first()


def framework(edition: Edition) -> Framework:
    """The edition's texts in the active language. Up to four queries at the first call of a process, then none."""
    return _framework(edition.pk, edition.content_version, get_language() or "en")


@lru_cache(maxsize=16)
def _framework(edition_id: int, _version: str, _language: str) -> Framework:
    levels: dict[int, list[str]] = {}
    rows = Level.objects.filter(indicator__area__edition=edition_id).order_by("indicator_id", "level")
    for level in rows:
        levels.setdefault(level.indicator_id, []).append(level.text)
    indicators: dict[int, list[IndicatorText]] = {}
    for indicator in Indicator.objects.filter(area__edition=edition_id).order_by("area__order", "order"):
        indicators.setdefault(indicator.area_id, []).append(
            IndicatorText(
                indicator.id,
                indicator.code,
                indicator.scope,
                indicator.title,
                indicator.question,
                tuple(indicator.basis),
                tuple(levels.get(indicator.id, ())),
            )
        )
    areas = tuple(
        AreaText(
            area.id,
            area.code,
            area.title,
            area.short_title,
            area.description,
            tuple(indicators.get(area.id, ())),
        )
        for area in Area.objects.filter(edition=edition_id).order_by("order")
    )
    steps = list(LadderStep.objects.filter(edition=edition_id).order_by("ladder", "order", "id"))
    return Framework(
        edition_id,
        areas,
        {(step.ladder, step.code): step.label for step in steps},
        {(step.ladder, step.code): step.meaning for step in steps},
    )


def definitions(edition: Edition) -> tuple[Definition, ...]:
    """Every term of the glossary in the active language, longest first. One query at a process's first call."""
    return _definitions(edition.content_version, get_language() or "en")


@lru_cache(maxsize=16)
def _definitions(_version: str, _language: str) -> tuple[Definition, ...]:
    terms = [
        Definition(term.key, term.term, term.abbreviation or "", term.definition)
        for term in GlossaryTerm.objects.order_by("key")
    ]
    return tuple(sorted(terms, key=lambda d: -len(d.term)))
