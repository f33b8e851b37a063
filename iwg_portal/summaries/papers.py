"""Every kind of document that a summary has, and one of them made."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import translation

from iwg_portal.summaries import access
from iwg_portal.summaries.banded import Banded, reading_of
from iwg_portal.summaries.documents import banded_docx, banded_pdf, summary_pdf
from iwg_portal.summaries.enums import SummaryForm
from iwg_portal.summaries.figures import LANGUAGES
from iwg_portal.summaries.models import Summary
from iwg_portal.summaries.reading import Reading
from iwg_portal.summaries.word import summary_docx
from iwg_portal.summaries.workbook import banded_workbook, summary_workbook

ENDINGS = {
    SummaryForm.NAMED: ("pdf", "docx", "xlsx"),
    SummaryForm.AGGREGATED: ("pdf", "docx", "xlsx"),
}


class NotMade(Exception):
    """Of a document: its text is the kind, such as "fr.pdf"."""


def kinds(form: str) -> list[tuple[str, str]]:
    """(language, ending) of each document."""
    return [(language, ending) for language in LANGUAGES for ending in ENDINGS[SummaryForm(form)]]


def made(summary: Summary, language: str, ending: str, *, reader: str) -> tuple[str, bytes]:
    """File name and content of one of ``kinds``; ``reader``: the person to whom it is handed."""
    with translation.override(language):
        reading = reading_of(summary, access.followed_by(summary))
        if isinstance(reading, Banded):
            return {"pdf": banded_pdf, "docx": banded_docx, "xlsx": banded_workbook}[ending](reading, reader=reader)
        assert isinstance(reading, Reading)
        return {"pdf": summary_pdf, "docx": summary_docx, "xlsx": summary_workbook}[ending](reading, reader=reader)


def tried(summary: Summary, *, reader: str) -> Iterator[None]:
    """Make each document and let go of it, one at each step: figures that some document cannot say are no summary.

    Raises NotMade.
    """
    for language, ending in kinds(summary.form):
        try:
            made(summary, language, ending, reader=reader)
        except Exception as error:
            raise NotMade(f"{language}.{ending}") from error
        yield
