"""Template tags that every template has (registered as builtins). Thin: the markup is made in ``base``."""

import datetime as dt
from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from iwg_portal.base import cells, charts, icons, marks
from iwg_portal.base.dates import date_format

register = template.Library()

register.simple_tag(icons.icon)
register.simple_tag(marks.colon)
register.simple_tag(marks.tlp)
register.simple_tag(cells.chip)
register.simple_tag(cells.change)
register.simple_tag(cells.level_badge)
register.simple_tag(cells.level_steps)
register.simple_tag(charts.progress)


@register.filter(expects_localtime=True, is_safe=False)
def date(value: dt.date | str | None, pattern: str = "DATE_FORMAT") -> str:
    """Django's filter of that name, with the first of a month as the reader's language writes it."""
    return date_format(value, pattern) if isinstance(value, dt.date) else ""


@register.filter
def number(value: float | None, places: int = 0) -> str:
    """A figure in the reader’s language; a dash when there is none."""
    return "–" if value is None else cells.number(value, places)


@register.simple_tag
def moment(value: dt.datetime) -> SafeString:
    """Date and time in the active zone, with the zone’s abbreviation: "23 November 2026, 10:42 GMT"."""
    local = timezone.localtime(value)
    shown = f"{date_format(local, 'DATETIME_FORMAT')} {marks.zone(local)}"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(timespec="seconds"), shown)


@register.simple_tag
def clock_time(value: dt.datetime) -> SafeString:
    """Time of day with seconds and zone, for receipts: "10:42:07 GMT"."""
    local = timezone.localtime(value)
    shown = f"{local:%H:%M:%S} {marks.zone(local)}"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(timespec="seconds"), shown)


@register.simple_tag
def day(value: dt.date | dt.datetime | None, short: bool = False) -> SafeString | str:
    """A date in words; ``short`` abbreviates the month. A dash when there is none."""
    if value is None:
        return "–"
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).date()
    shown = date_format(value, "SHORT_DATE_FORMAT" if short else "DATE_FORMAT")
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


@register.simple_tag
def age_mark(value: dt.date | dt.datetime | None, short: bool = False) -> SafeString:
    """The date of a fact and how old that makes it: fresh, older than 12, older than 24 months."""
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).date()
    return marks.age(value, timezone.localdate(), short=short)


@register.simple_tag(takes_context=True)
def term(context: Context, text: str, definition: str) -> SafeString:
    """``text`` underlined, with its definition on hover and focus; the id is unique in the page."""
    state: Any = context.render_context
    count = state.get("iwg_terms", 0) + 1
    state["iwg_terms"] = count
    return marks.term(text, definition, f"term-{count}")
