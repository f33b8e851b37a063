"""Open a round."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from capabilities.models import Edition, Round


@transaction.atomic
def ensure_round(*, year: int, is_demonstration: bool = False) -> Round:
    """The round of ``year``; where missing, it is made with the newest edition of the framework.

    Its picture refers to the last day of the year, or to today while the year is not over.
    """
    existing = Round.objects.select_for_update(of=("self",)).filter(year=year).first()
    if existing:
        return existing
    return Round.objects.create(
        year=year,
        edition=Edition.objects.latest("number"),
        reference_date=min(dt.date(year, 12, 31), timezone.localdate()),
        is_published=True,
        is_demonstration=is_demonstration,
    )
