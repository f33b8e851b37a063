"""How long a regional summary takes: its figures, and each of its documents."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone, translation

from capabilities.models import HEADLINE, Area, Release
from iwg_portal.pages.benchmark import world
from iwg_portal.pages.benchmark.figures import Figures
from iwg_portal.summaries import figures as summed
from iwg_portal.summaries.documents import summary_pdf
from iwg_portal.summaries.enums import SummaryState
from iwg_portal.summaries.letterhead import own_template
from iwg_portal.summaries.models import Summary
from iwg_portal.summaries.reading import Reading
from iwg_portal.summaries.word import made_with
from iwg_portal.summaries.workbook import summary_workbook
from members.models import State

MEGABYTES = 400


def measure(states: int, rounds: int, figures: Figures, *, together: float, pdf: float | None) -> None:
    """In an empty, migrated database: every state agreed to be named. ``together``, ``pdf``: seconds asked for."""
    world.fill(states=states, rounds=rounds)
    codes = [HEADLINE, *Area.objects.values_list("code", flat=True)]
    Release.objects.bulk_create(
        Release(
            state_id=state,
            area_code=code,
            audience="group" if code == HEADLINE else "members",
            named=True,
            since=timezone.now(),
        )
        for state in State.objects.values_list("pk", flat=True)
        for code in codes
    )
    name = f"{states} × {rounds}"
    content, reading = _timed(lambda: summed.take("both", timezone.localdate(), timezone.now()))
    summary = Summary(
        year=2026,
        number=1,
        state=SummaryState.DRAFT,
        content=content,
        taken_at=timezone.now(),
        sha256=summed.sha256_of(content),
    )
    summary.check_code = summed.check_code(summary.sha256, summary.code)
    with translation.override("fr"):
        (_name, document), set_in = _timed(lambda: summary_pdf(Reading(summary), reader="Ama Example"))
        word, filled_in = _timed(lambda: made_with(own_template(), Reading(summary), reader="Ama Example"))
        (_name, book), written_in = _timed(lambda: summary_workbook(Reading(summary), reader="Ama Example"))
    named = sum(row["advpax"] is not None for row in content["states"])
    figures.add(f"summary {name}: states named", named, "states", states, at_least=states)
    figures.add(f"summary {name}: figures read", reading, "s")
    figures.add(f"summary {name}: PDF", set_in, "s", pdf)
    figures.add(f"summary {name}: PDF", len(document) / 1000, "KB")
    figures.add(f"summary {name}: Word document", filled_in, "s", 2 * pdf if pdf else None)
    figures.add(f"summary {name}: Word document", len(word) / 1000, "KB")
    figures.add(f"summary {name}: workbook", written_in, "s")
    figures.add(f"summary {name}: workbook", len(book) / 1000, "KB")
    figures.add(f"summary {name}: all of it", reading + set_in + filled_in + written_in, "s", together)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    figures.add(f"summary {name}: most memory of the process", peak, "MB", MEGABYTES)


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    found = act()
    return found, time.perf_counter() - started
