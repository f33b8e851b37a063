"""The heading row of a status workbook: which column holds what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override
from openpyxl.utils import get_column_letter

from capabilities.enums import StatusKind
from capabilities.queries.imports import Problem
from capabilities.queries.workbooks import Vocabulary, squeeze
from iwg_portal.base.spreadsheets import HEAD, Row, Table

STATE, SOURCE, NOTE = "state", "source", "note"
# Column key → heading of the template. The keys of status columns are (kind, part).
Key = str | tuple[str, str]
TITLES: dict[Key, str] = {
    STATE: gettext_noop("State"),
    (StatusKind.ADVPAX, "legal"): gettext_noop("API legal"),
    (StatusKind.ADVPAX, "delivery"): gettext_noop("API delivery"),
    (StatusKind.ADVPAX, "since"): gettext_noop("API since"),
    (StatusKind.PNR, "legal"): gettext_noop("PNR legal"),
    (StatusKind.PNR, "delivery"): gettext_noop("PNR delivery"),
    (StatusKind.PNR, "since"): gettext_noop("PNR since"),
    SOURCE: gettext_noop("Source"),
    NOTE: gettext_noop("Note"),
}
# What each text table of the portal says of itself at the end of each row; read by people, not by the import.
OF_THE_FILE = frozenset({"label", "exportedfor", "demonstration"})
_WORDS: dict[str, str] = {
    STATE: "state country member-state état pays état-membre estado país estado-membro iso iso-code code-iso",
    SOURCE: "source sources fonte fontes",
    NOTE: "note notes nota notas remark remarks remarque remarques comment comments commentaire commentaires "
    "comentário comentários observation observations observação observações",
}
_DATA = {
    StatusKind.ADVPAX: ("api", "rpcv", "rpcv api", "api rpcv", "dados api"),
    StatusKind.PNR: ("pnr", "dados pnr"),
}
_PARTS = {
    "legal": "legal juridique jurídico jurídica legal-basis base-juridique base-jurídica base-legal légal",
    "delivery": "delivery réalisation execução execution exécution mise-en-œuvre mise-en-oeuvre implementation "
    "implementação realização livraison entrega état-de-réalisation estado-de-execução state-of-delivery",
    "since": "since depuis desde depuis-le desde-a",
}


@dataclass(frozen=True)
class Headings:
    """Where the table begins and what its columns hold (0-based place → key, or the code of an indicator)."""

    row: int
    columns: dict[int, Key]
    indicators: dict[int, int]
    texts: dict[int, str]

    def problem(self, text: str, row: int | None, place: int) -> Problem:
        return Problem(text, row, get_column_letter(place + 1), self.texts.get(place, ""))


@lru_cache(maxsize=1)
def _known() -> dict[str, Key]:
    """Every accepted heading, folded: the words above and the template's headings in each language."""
    known: dict[str, Key] = {}
    for key, words in _WORDS.items():
        known |= {squeeze(word): key for word in words.split()}
    for kind, names in _DATA.items():
        for part, words in _PARTS.items():
            known |= {squeeze(f"{name} {word}"): (kind, part) for name in names for word in words.split()}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {squeeze(_(title)): key for key, title in TITLES.items()}
    return known


def score(values: Sequence[Any], vocabulary: Vocabulary) -> int:
    """How many known headings a row has; 0 unless it can be the heading row."""
    found = {_key(value, vocabulary) for value in values if isinstance(value, str)} - {None}
    return len(found) if len(found) >= 2 else 0


def _key(text: str, vocabulary: Vocabulary) -> Key | int | None:
    """The key of a heading; the id of the indicator where it is a code; None where unknown."""
    folded = squeeze(text)
    if folded in vocabulary.indicators:
        return vocabulary.indicators[folded][0]
    return _known().get(folded)


def find(table: Table, vocabulary: Vocabulary) -> tuple[Headings | None, list[Problem]]:
    """The heading row among the first 20 rows, and what is wrong with it."""
    head = [row for row in table.rows if row[0] <= HEAD]
    best = max(head, key=lambda row: score(row[1], vocabulary), default=None)
    if best is None or not score(best[1], vocabulary):
        return None, [
            Problem(
                _(
                    "The first %(rows)s rows have no row of headings. One row must hold the headings State, "
                    "API legal, API delivery, the codes of the indicators and so on, as in the template."
                )
                % {"rows": HEAD}
            )
        ]
    return _read(best, vocabulary)


def _read(row: Row, vocabulary: Vocabulary) -> tuple[Headings, list[Problem]]:
    number, values = row
    headings = Headings(number, {}, {}, {})
    problems: list[Problem] = []
    places: dict[Key | int, int] = {}
    for place, value in enumerate(values):
        if value is None or not str(value).strip():
            continue
        headings.texts[place] = " ".join(str(value).split())[:60]
        key = _key(str(value), vocabulary)
        if key is None and squeeze(str(value)) in OF_THE_FILE:
            continue
        if key is None:
            problems.append(headings.problem(_unknown(headings.texts[place], vocabulary), number, place))
        elif key in places:
            text = _("this heading also stands in column %(letter)s; keep one of the two columns.")
            problems.append(headings.problem(text % {"letter": get_column_letter(places[key] + 1)}, number, place))
        else:
            places[key] = place
            if isinstance(key, int):
                headings.indicators[place] = key
            else:
                headings.columns[place] = key
    if STATE not in places:
        problems.append(Problem(_("no column has the heading State; add it, with a state in each row."), number))
    return headings, problems


def _unknown(text: str, vocabulary: Vocabulary) -> str:
    known = {squeeze(_(title)): _(title) for title in TITLES.values()}
    known |= {folded: code for folded, (_pk, code) in vocabulary.indicators.items()}
    match = get_close_matches(squeeze(text), list(known), n=1, cutoff=0.75)
    if match:
        return _("the heading “%(heading)s” is not known; perhaps %(suggestion)s is meant.") % {
            "heading": text,
            "suggestion": known[match[0]],
        }
    return _("the heading “%(heading)s” is not known; delete the column or use a heading of the template.") % {
        "heading": text
    }
