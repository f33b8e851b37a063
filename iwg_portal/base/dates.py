"""A day in words. Every date that is shown goes through here; ruff keeps Django's own ``date_format`` out."""

import datetime as dt

from django.utils import formats
from django.utils.translation import get_language

FIRST = "1er"  # French counts the first day of a month, and that one alone


def date_format(value: dt.date, pattern: str) -> str:
    """``value`` by the name of a format ("DATE_FORMAT") or a pattern of Django: "1er janvier 2027" in French."""
    shown = str(formats.date_format(value, pattern))
    return FIRST + shown.removeprefix("1") if shown.startswith("1 ") and value.day == 1 and _french() else shown


def day_number(value: dt.date) -> str:
    """The day of the month, as it begins a date."""
    return FIRST if value.day == 1 and _french() else str(value.day)


def _french() -> bool:
    return (get_language() or "").split("-")[0] == "fr"
