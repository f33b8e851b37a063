"""Small marks that pages repeat by the hundred: status chips, level cells, change arrows, and the heat map.

Every function returns a ``SafeString`` in which everything that came in has been escaped. They are functions
and not template includes because a page of 600 cells costs three times as much when a template draws each.
The colours are set by class in ``static/css/components/scale.css``; no mark depends on its colour alone.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.utils.formats import number_format
from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, pgettext

# A level cell that holds no level. Both differ from zero in words, in colour and in every average.
NOT_DECLARED = "nd"
NOT_APPLICABLE = "na"

# Status codes drawn with a hatch or dots instead of a colour of the scale: they have no place on it.
PATTERNED = {"nd": "iwg-hatch", "suspended": "iwg-dots"}


@lru_cache(maxsize=4096)
def _localised(value: float, places: int, language: str | None) -> str:
    # Django cuts decimals off instead of rounding them.
    return number_format(rounded(value, places), decimal_pos=places)


def rounded(value: float, places: int = 1) -> float:
    """``value`` as it is shown: half away from zero, so that 2.25 is 2.3 (not 2.2, as binary floats would have it)."""
    return float(Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def number(value: float, places: int = 0) -> str:
    """``value`` with ``places`` decimals in the reader’s language: 2.4 in English, 2,4 in French."""
    return _localised(float(value), places, get_language())


def level_class(value: float | None, kind: str = "") -> str:
    """CSS class for a level from 0 to 4; a mean takes the colour of the nearest level (2.5 counts as 3)."""
    if kind or value is None:
        return f"iwg-l{kind or NOT_DECLARED}"
    return f"iwg-l{min(4, max(0, int(float(value) + 0.5)))}"


@lru_cache(maxsize=4096)
def _level(value: float | None, kind: str, places: int, language: str | None) -> str:
    css = level_class(value, kind)
    if css == "iwg-lna":
        short, words = pgettext("short for not applicable", "NA"), gettext("not applicable")
    elif css == "iwg-lnd":
        short, words = "–", gettext("not declared")
    else:
        return f'class="iwg-lv {css}">{number(value or 0, places)}'
    return (
        f'class="iwg-lv {css}"><span aria-hidden="true">{esc(short)}</span>'
        f'<span class="visually-hidden">{esc(words)}</span>'
    )


def level_cell(value: float | None, kind: str = "", *, places: int = 0) -> SafeString:
    """One ``<td>`` of the heat map: the number on the colour of its level.

    ``value`` is a level or a mean from 0 to 4. ``kind`` is ``"nd"`` (not declared, also used when ``value``
    is None) or ``"na"`` (not applicable); both show a sign and are read out in words.
    """
    return mark_safe(f"<td {_level(value, kind, places, get_language())}</td>")


def level_badge(value: float | None, kind: str = "", *, places: int = 0) -> SafeString:
    """The same mark inside a sentence or a list: a small square with the number."""
    return mark_safe(f"<b {_level(value, kind, places, get_language())}</b>")


def level_steps(value: int | None, kind: str = "", *, top: int = 4) -> SafeString:
    """``top`` short bars, filled up to the level reached, with "level 3 of 4" as text alternative."""
    if kind == NOT_APPLICABLE:
        words = gettext("not applicable")
    elif kind or value is None:
        words = gettext("not declared")
    else:
        words = gettext("level %(level)s of %(top)s") % {"level": value, "top": top}
        bars = "<i></i>" * int(value) + "<s></s>" * (top - int(value))
        return mark_safe(f'<span class="iwg-steps" role="img" aria-label="{esc(words)}">{bars}</span>')
    return mark_safe(f'<span class="iwg-quiet">{esc(words)}</span>')


def chip(code: str, label: str) -> SafeString:
    """A status in words on the colour of its step, e.g. ``chip("pilot", _("Pilot"))``. ``nd`` is dashed."""
    return mark_safe(f'<span class="iwg-chip iwg-s-{esc(code)}">{esc(label)}</span>')


def cell(content: object, css: str = "") -> SafeString:
    """A plain ``<td>`` for ``heat_table``; ``content`` is escaped unless it is already safe."""
    return mark_safe(f'<td class="{esc(css)}">{esc(str(content))}</td>' if css else f"<td>{esc(str(content))}</td>")


def change(delta: float | None, since: str = "", *, places: int = 1, arrow_only: bool = False) -> SafeString:
    """An arrow with its amount: "▲ 0.4 since 2025", "no change", or nothing when ``delta`` is None.

    ``arrow_only`` shows the arrow alone and leaves the sentence to screen readers (for dense tables).
    """
    if delta is None:
        return mark_safe("")
    amount = number(abs(delta), places)
    if not round(float(delta), places):
        if arrow_only:
            return mark_safe("")
        same = gettext("no change")
        return mark_safe(f'<span class="iwg-change">{esc(same)}</span>')
    up = delta > 0
    if since:
        words = gettext("up %(amount)s since %(round)s") if up else gettext("down %(amount)s since %(round)s")
        short = gettext("%(amount)s since %(round)s")
    else:
        words = gettext("up %(amount)s") if up else gettext("down %(amount)s")
        short = "%(amount)s"
    names = {"amount": amount, "round": since}
    words, short = words % names, short % names
    css, sign = ("iwg-up", "▲") if up else ("iwg-down", "▼")
    shown = "" if arrow_only else f" {esc(short)}"
    return mark_safe(
        f'<span class="iwg-change {css}"><span aria-hidden="true">{sign}{shown}</span>'
        f'<span class="visually-hidden">{esc(words)}</span></span>'
    )


def moved(up: bool, earlier: str, since: str) -> SafeString:
    """An arrow for a step up or down a ladder; ``earlier`` is the step's name in the round ``since``."""
    if up:
        words = gettext("further than in %(round)s (%(step)s)")
    else:
        words = gettext("less far than in %(round)s (%(step)s)")
    css, sign = ("iwg-up", "▲") if up else ("iwg-down", "▼")
    words = esc(words % {"round": since, "step": earlier})
    return mark_safe(
        f'<span class="iwg-change {css}"><span aria-hidden="true">{sign}</span>'
        f'<span class="visually-hidden">{words}</span></span>'
    )


def _class(css: str) -> str:
    return f' class="{esc(css)}"'


def _linked(text: str, href: str) -> str:
    return f'<a href="{esc(href)}">{esc(text)}</a>' if href else str(esc(text))


def heat_table(
    columns: Sequence[tuple[str, ...]],
    rows: Iterable[tuple[str, str, str, Sequence[SafeString]]],
    *,
    caption: str,
    corner: str,
    key: str,
) -> SafeString:
    """The table of states by areas (or indicators), inside its own scroll region with a fixed first column.

    ``columns``: (label, address or "") of each column after the first, with an optional third member: the
    class of its heading (``iwg-start``, ``iwg-num``). With an address the heading is a link.
    ``rows``: (short code, name, address or "", cells); each cell is a ``<td>``.
    ``caption`` names the table for screen readers; ``corner`` heads the first column; ``key`` is the id of
    the table, unique in the page.
    """
    key = esc(key)
    head = "".join(
        f'<th scope="col"{_class(css[0]) if css else ""}>{_linked(label, href)}</th>'
        for label, href, *css in [(corner, ""), *columns]
    )
    body = "".join(
        '<tr><th scope="row">'
        + (f'<span class="iwg-code" aria-hidden="true">{esc(code)}</span>' if code else "")
        + f"{_linked(name, href)}</th>{''.join(cells)}</tr>"
        for code, name, href, cells in rows
    )
    return mark_safe(
        f'<div class="iwg-scroll" role="region" aria-labelledby="{key}-name" tabindex="0">'
        f'<table class="iwg-heat" id="{key}">'
        f'<caption class="visually-hidden" id="{key}-name">{esc(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
