"""Marks beside a text: its label, its age, the definition of a term. Everything that comes in is escaped."""

import datetime as dt

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from iwg_portal.base.dates import date_format

from .icons import icon

# Traffic Light Protocol 2.0: the label follows from the audience, and is never translated.
TLP = {
    "delegation": ("TLP:AMBER+STRICT", "amber"),
    "secretariat": ("TLP:AMBER+STRICT", "amber"),
    "members": ("TLP:AMBER", "amber"),
    "group": ("TLP:GREEN", "green"),
    "public": ("TLP:CLEAR", "clear"),
}

# In our own catalogue too, where they take precedence over Django’s: Portuguese writes months in lower case.
MONTHS = [
    gettext_noop("January"),
    gettext_noop("February"),
    gettext_noop("March"),
    gettext_noop("April"),
    gettext_noop("May"),
    gettext_noop("June"),
    gettext_noop("July"),
    gettext_noop("August"),
    gettext_noop("September"),
    gettext_noop("October"),
    gettext_noop("November"),
    gettext_noop("December"),
]


def colon() -> str:
    """What stands between a name and what is said of it: French has a no-break space before it."""
    # Translators: only the spaces differ; in French a no-break space comes first.
    return gettext(": ")


def semicolon() -> str:
    """What stands between the parts of a list: French has a narrow no-break space before it."""
    # Translators: only the spaces differ; in French a narrow no-break space comes first.
    return gettext("; ")


def tlp(audience: str) -> SafeString:
    """The label of an audience, in FIRST’s own colours on black, as text."""
    label, colour = TLP[audience]
    return format_html('<span class="iwg-tlp iwg-tlp-{}">{}</span>', colour, label)


def zone(moment: dt.datetime) -> str:
    """Abbreviation of the zone of an aware ``moment``: GMT, WAT; UTC-1 where the zone has no letters."""
    name = moment.tzname() or "UTC"
    return f"UTC{name[0]}{name[1:].lstrip('0') or '0'}" if name[0] in "+-" else name


def _months_before(day: dt.date, months: int) -> dt.date:
    """The same day ``months`` earlier (a whole number of years, as used here); 29 February becomes 28."""
    year = day.year - months // 12
    return day.replace(year=year, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=year)


def age(day: dt.date | None, today: dt.date, *, short: bool = False) -> SafeString:
    """The date of a fact, with a word and an icon once it is older than 12 or 24 months.

    ``short`` gives the word alone, for tables that have a date column.
    """
    mark = '<span class="iwg-age iwg-age-{}">{} {}</span>'
    if day is None:
        return format_html(mark, "none", icon("circle-help"), gettext("no date"))
    if day < _months_before(today, 24):
        css, sign, words = "old", "triangle-alert", gettext("older than 24 months")
    elif day < _months_before(today, 12):
        css, sign, words = "ageing", "hourglass", gettext("older than 12 months")
    else:
        css, sign, words = "fresh", "circle-check", gettext("less than 12 months old")
    if short:
        return format_html(mark, css, icon(sign), words)
    shown = date_format(day, "DATE_FORMAT")
    return format_html(
        '<span class="iwg-age iwg-age-{}">{} <time datetime="{}">{}</time>, {}</span>',
        css, icon(sign), day.isoformat(), shown, words,
    )  # fmt: skip


def term(text: str, definition: str, uid: str) -> SafeString:
    """A term with its definition on hover and focus. ``uid`` must be unique in the page."""
    return format_html(
        '<span class="iwg-term" tabindex="0" aria-describedby="{}">{}'
        '<span class="iwg-tip" role="tooltip" id="{}">{}</span></span>',
        uid, text, uid, definition,
    )  # fmt: skip
