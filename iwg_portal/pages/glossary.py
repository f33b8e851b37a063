"""The group's terms, three languages side by side, with a search that needs no accents."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import cached_property
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from capabilities import access
from capabilities.models import GlossaryTerm
from members.access import Viewer
from members.sorting import fold

LANGUAGES = ("en", "fr", "pt")


@dataclass(frozen=True)
class Wording:
    """A term in one language."""

    language: str
    term: str
    abbreviation: str
    definition: str
    note: str


@dataclass(frozen=True)
class Entry:
    key: str
    wordings: tuple[Wording, ...]
    # (key, term in the reader's language) of related terms.
    see_also: tuple[tuple[str, str], ...]
    # In the reader's language, folded: the alphabetical order.
    order: str

    def is_named(self, wanted: str) -> bool:
        return any(wanted in fold(f"{w.term} | {w.abbreviation}") for w in self.wordings)

    def mentions(self, wanted: str) -> bool:
        return any(wanted in fold(f"{w.definition} | {w.note}") for w in self.wordings)


class GlossaryPage:
    """Every term in the alphabetical order of the reader's language, or those that match ``text``. One query."""

    def __init__(self, viewer: Viewer, text: str) -> None:
        self.text = text.strip()[:100]
        rows = {row.key: row for row in access.visible_glossary(viewer).order_by("key")}
        entries = [_entry(row, rows) for row in rows.values()]
        self.entries = sorted(entries, key=lambda entry: (entry.order, entry.key))

    @cached_property
    def named(self) -> list[Entry]:
        """Terms that are called so: by their name or abbreviation, in any of the languages."""
        wanted = fold(self.text)
        if not self.text:
            return self.entries
        return [entry for entry in self.entries if entry.is_named(wanted)] if wanted else []

    @cached_property
    def mentioned(self) -> list[Entry]:
        """Other terms whose definition or note has the words."""
        wanted = fold(self.text)
        if not wanted:
            return []
        return [entry for entry in self.entries if entry not in self.named and entry.mentions(wanted)]

    @property
    def sentence(self) -> str:
        count = len(self.entries)
        words = ngettext(
            "%(count)s term in English, French and Portuguese, with a definition in the group’s own words.",
            "%(count)s terms in English, French and Portuguese, with definitions in the group’s own words.",
            count,
        )
        return words % {"count": count}

    @property
    def found(self) -> str:
        if not self.text:
            return ""
        return _("%(count)s of %(total)s terms match “%(text)s”.") % {
            "count": len(self.named) + len(self.mentioned),
            "total": len(self.entries),
            "text": self.text,
        }


def _entry(row: GlossaryTerm, rows: dict[str, GlossaryTerm]) -> Entry:
    own_language = get_language() or "en"
    wordings = tuple(
        Wording(
            language,
            getattr(row, f"term_{language}") or "",
            getattr(row, f"abbreviation_{language}") or "",
            getattr(row, f"definition_{language}") or "",
            getattr(row, f"note_{language}") or "",
        )
        # The reader's own language stands first: the list is in its alphabetical order.
        for language in sorted(LANGUAGES, key=lambda language: language != own_language)
    )
    own = wordings[0]
    see_also = tuple((key, rows[key].term) for key in row.see_also if key in rows)
    return Entry(row.key, wordings, see_also, fold(own.term))
