"""Columns and file names of what the app hands out for download."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from capabilities.enums import DELIVERY_CODES, LegalAxis, StatusKind
from capabilities.queries.framework import Framework
from iwg_portal.base.spreadsheets import Sheet, write_workbook
from iwg_portal.base.text_tables import write_csv

# The columns before and after the codes of the indicators. Both ends of the import share them: what is written here
# must be read by forms.headings.
BEFORE = ("State", "API legal", "API delivery", "API since", "PNR legal", "PNR delivery", "PNR since")
AFTER = ("Source", "Note")
HEADING_ROW = 3


def status_template(kind: str, *, year: int, states: Sequence[str], texts: Framework) -> tuple[str, bytes]:
    """File name and bytes of the empty workbook (``xlsx``) or text table (``csv``), in the active language.

    ``states``: short names of the member states in the reader's order. Imported as it is, it changes nothing.
    """
    codes = [indicator.code for area in texts.areas for indicator in area.indicators]
    rows: list[Sequence[Any]] = [
        [_title(year)],
        [],
        [*(_(heading) for heading in BEFORE), *codes, *(_(heading) for heading in AFTER)],
        *([state] for state in states),
    ]
    name = f"status-{year}.{kind}"
    if kind == "csv":
        return name, write_csv(rows)
    sheets = [
        Sheet(_("Status"), rows, HEADING_ROW, 1, (24, *[13] * 6, *[7] * len(codes), 24, 40)),
        Sheet(_("Codes"), _codes(texts), 1, 0, (16, 22, 90)),
    ]
    return name, write_workbook(sheets, title=_title(year))


def _title(year: int) -> str:
    title = _("Regional status of API and PNR, round %(year)s") % {"year": year}
    if settings.DEMO:
        return _("%(title)s — DEMONSTRATION DATA, invented values") % {"title": title}
    return title


def _codes(texts: Framework) -> list[Sequence[Any]]:
    """What may stand in which column, in words."""
    rows: list[Sequence[Any]] = [[_("Column"), _("Write"), _("Meaning")]]
    rows += [[_("API legal"), code, texts.label("legal", code.lower())] for code in _shown(LegalAxis.values)]
    for kind, heading in ((StatusKind.ADVPAX, _("API delivery")), (StatusKind.PNR, _("PNR delivery"))):
        rows += [[heading, code, texts.label(kind, code.lower())] for code in _shown(DELIVERY_CODES[kind])]
        if kind == StatusKind.ADVPAX:
            rows += [[_("PNR legal"), code, texts.label("legal", code.lower())] for code in _shown(LegalAxis.values)]
    rows.append([_("API since"), "2024-03-17", _("Day from which the status has held; empty where it is not known.")])
    rows.append([_("PNR since"), "2024-03-17", _("Day from which the status has held; empty where it is not known.")])
    for area in texts.areas:
        rows += [[indicator.code, "0 1 2 3 4", indicator.title] for indicator in area.indicators]
    rows.append([_("Any indicator"), "ND", _("Not declared")])
    rows.append([_("Any indicator"), _("NA: reason"), _("Not applicable, with the reason after the colon")])
    rows.append([_("Any column"), "", _("An empty cell changes nothing.")])
    return rows


def _shown(codes: Sequence[str]) -> list[str]:
    return [code.upper() if code == "nd" else code for code in codes]
