"""One or two sentences per state that say where it stands, built by rule from its data. No judgement, no rank."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SENTENCES = {
    ("advpax", "none"): gettext_lazy("There is no API programme yet."),
    ("advpax", "planned"): gettext_lazy("The decision to set up API has been taken."),
    ("advpax", "legal_basis"): gettext_lazy("API has its legal basis in force and needs a system next."),
    ("advpax", "development"): gettext_lazy("API is in development."),
    ("advpax", "pilot"): gettext_lazy("API is in pilot."),
    ("advpax", "op_batch"): gettext_lazy("API is in operation, in batches per flight."),
    ("advpax", "op_interactive"): gettext_lazy("API is in operation, interactively per passenger."),
    ("advpax", "suspended"): gettext_lazy("API is suspended for the time being."),
    ("advpax", "nd"): gettext_lazy("The API status has not been declared."),
    ("pnr", "none"): gettext_lazy("There is no PNR programme yet."),
    ("pnr", "planned"): gettext_lazy("The decision to set up PNR has been taken."),
    ("pnr", "legal_basis"): gettext_lazy("PNR has its legal basis in force and needs a system next."),
    ("pnr", "development"): gettext_lazy("PNR is in development."),
    ("pnr", "pilot"): gettext_lazy("PNR is in pilot."),
    ("pnr", "op_partial"): gettext_lazy("PNR is in operation with some carriers."),
    ("pnr", "op_full"): gettext_lazy("PNR is in operation for most of the traffic."),
    ("pnr", "suspended"): gettext_lazy("PNR is suspended for the time being."),
    ("pnr", "nd"): gettext_lazy("The PNR status has not been declared."),
}


def status_words(kind: str, label: str) -> str:
    return str(SENTENCES[kind, label])


def verdict(advpax: str, pnr: str, lowest: tuple[str, str, int] | None = None) -> str:
    """The sentences for both ladders and, where the reader may see levels, the area with most room.

    ``advpax`` and ``pnr`` are ladder labels (``nd`` without a report); ``lowest`` is (area title, mean as shown,
    year of the self-assessment).
    """
    parts = [status_words("advpax", advpax), status_words("pnr", pnr)]
    if lowest:
        area, mean, year = lowest
        parts.append(
            _("Of the five areas, the state sees most room in “%(area)s” (%(mean)s of 4 in %(year)s).")
            % {"area": area, "mean": mean, "year": year}
        )
    return " ".join(parts)
