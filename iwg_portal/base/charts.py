"""Charts drawn by the server as inline SVG, from the same rows as the table beside them.

Every function returns a ``SafeString`` with everything escaped and with a text alternative. No chart carries
an inline style (the content security policy forbids it), so lengths are percentages or view-box units and the
colours come from the classes of ``static/css/components/scale.css``. Levels run from 0 to 4 (``TOP``).
"""

from collections.abc import Collection, Sequence

from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from . import marks
from .cells import PATTERNED, number

TOP = 4
# View box and ids of static/map/west-africa.svg, as manage.py build_map writes them.
MAP_WIDTH, MAP_HEIGHT = 2000, 1200
SHAPES = frozenset(("BJ", "BF", "CV", "CI", "GM", "GH", "GN", "GW", "LR", "ML", "MR", "NE", "NG", "SN", "SL", "TG"))
FRAMED = "CV"  # drawn enlarged in a frame, and stroked in its own colour so that each island can be seen
# A segment narrower than this share of the bar has no room for its number; the legend has it.
_ROOM_FOR_NUMBER = 0.035
# A round: its name, median, first and third quartile of the region (None where there is no figure).
Point = tuple[str, float | None, float | None, float | None]


def _image(css: str, words: str, parts: Sequence[str]) -> SafeString:
    return mark_safe(f'<svg class="{css}" role="img" aria-label="{esc(words)}">{"".join(parts)}</svg>')


def _pattern(code: str, suffix: str = "") -> str:
    """Hatch or dots by attribute: in a style sheet the reference would point into the style sheet."""
    name = PATTERNED.get(code)
    return f' fill="url(#{name}{suffix})"' if name else ""


def stacked_bar(segments: Sequence[tuple[str, str, int]], total: int, title: str) -> SafeString:
    """A bar of counts. ``segments``: (status code, label, count) from left to right; empty ones are left out.

    ``total`` is the n that the whole bar stands for. The text alternative reads every label with its count.
    """
    shown = [(code, label, count) for code, label, count in segments if count]
    words = ", ".join(f"{label} {count}" for _code, label, count in shown)
    parts, x = [], 0.0
    for code, _label, count in shown:
        share = count / total if total else 0
        middle = f"{(x + share / 2) * 100:.2f}%"
        text = f'<text x="{middle}" y="50%">{count}</text>' if share >= _ROOM_FOR_NUMBER else ""
        parts.append(
            f'<g class="iwg-s-{esc(code)}"><rect x="{x * 100:.2f}%" width="{share * 100:.2f}%" height="100%"'
            f"{_pattern(code)}/>{text}</g>"
        )
        x += share
    return _image("iwg-bar", f"{title}{marks.colon()}{words}", parts)


def legend(items: Sequence[tuple[str, str, int | None]]) -> SafeString:
    """Swatch and word of each status; ``items``: (status code, label, count or None)."""
    parts = "".join(
        f'<li><span class="iwg-swatch iwg-s-{esc(code)}"></span>{esc(label)}'
        + (f" <b>{count}</b></li>" if count is not None else "</li>")
        for code, label, count in items
    )
    return mark_safe(f'<ul class="iwg-legend">{parts}</ul>')


def level_legend(labels: Sequence[tuple[int, str]], *, not_applicable: bool = True) -> SafeString:
    """Explains the heat map: (level, label) pairs, then the marks for not declared and not applicable."""
    marks = [(str(level), str(level), label) for level, label in labels]
    marks.append(("nd", "–", gettext("not declared")))
    if not_applicable:
        marks.append(("na", pgettext("short for not applicable", "NA"), gettext("not applicable")))
    parts = [f'<li><span class="iwg-swatch iwg-l{css}">{esc(s)}</span>{esc(w)}</li>' for css, s, w in marks]
    return mark_safe(f'<ul class="iwg-legend iwg-legend-levels">{"".join(parts)}</ul>')


def ladder(name: str, steps: Sequence[tuple[str, str]], title: str = "") -> SafeString:
    """The steps of a status. ``steps``: (label, state); states are ``reached current target`` and ``""``.

    An ordered list, so it is its own text alternative; each step’s state is read out.
    """
    words = {
        "reached": gettext("reached"),
        "current": gettext("where the state stands now"),
        "target": gettext("the state’s own target"),
        "": gettext("not reached"),
    }
    now = ' aria-current="step"'
    items = "".join(
        f'<li class="iwg-step-{state or "open"}"{now if state == "current" else ""}>'
        f'<span>{esc(label)}</span><span class="visually-hidden"> ({esc(words[state])})</span></li>'
        for label, state in steps
    )
    label = esc(title or name)
    css = "iwg-ladder" if name.isupper() else "iwg-ladder iwg-ladder-long"  # "PNR", or the name of a state
    return mark_safe(f'<div class="{css}"><b>{esc(name)}</b><ol aria-label="{label}">{items}</ol></div>')


def _along(value: float) -> float:
    """Place of a level on a strip, in per cent, leaving room for half a dot at both ends."""
    return 2 + 96 * min(float(TOP), max(0.0, float(value))) / TOP


def range_strip(
    value: float | None, q1: float | None, median: float | None, q3: float | None, label: str
) -> SafeString:
    """A dot for the state on the line from 0 to 4, with the regional median (tick) and middle half (band).

    ``value`` None means not declared: no dot. ``median`` None means that too few states contribute: no band.
    """
    own = number(value, 1) if value is not None else gettext("not declared")
    words = [gettext("this state: %(value)s") % {"value": own}]
    parts = [f'<line class="iwg-strip-line" x1="{_along(0)}%" x2="{_along(TOP)}%" y1="50%" y2="50%"/>']
    if q1 is not None and q3 is not None:
        left, width = _along(q1), max(_along(q3) - _along(q1), 1)
        parts.append(f'<rect class="iwg-strip-half" x="{left:.1f}%" width="{width:.1f}%" y="50%" height="8" rx="4"/>')
        names = {"low": number(q1, 1), "high": number(q3, 1)}
        words.append(gettext("middle half of the region: %(low)s to %(high)s") % names)
    if median is not None:
        x = f"{_along(median):.1f}%"
        parts.append(f'<line class="iwg-strip-median" x1="{x}" x2="{x}" y1="15%" y2="85%"/>')
        words.append(gettext("regional median: %(value)s") % {"value": number(median, 1)})
    if value is not None:
        parts.append(f'<circle class="iwg-strip-dot" cx="{_along(value):.1f}%" cy="50%" r="7"/>')
    return _image("iwg-strip", f"{label}. {'; '.join(words)}", parts)


def _runs(points: Sequence[Point], breaks: Collection[int]) -> list[list[int]]:
    """Indexes of points that may be joined: a round without a figure or a new edition ends a run."""
    runs: list[list[int]] = [[]]
    for index, point in enumerate(points):
        if index in breaks or point[1] is None:
            runs.append([])
        if point[1] is not None:
            runs[-1].append(index)
    return [run for run in runs if run]


def spark(points: Sequence[Point], title: str, *, breaks: Collection[int] = (), wide: bool = False) -> SafeString:
    """Regional median over rounds as a line, with the middle half as a band.

    ``points``: oldest first. ``breaks``: indexes of points at which a new framework edition begins: the line
    stops there, since figures on both sides are not comparable. ``wide`` adds the rounds below and the levels
    at the side, for a card of its own.
    """
    last = max(len(points) - 1, 1)
    x = [5 + 90 * i / last for i in range(len(points))] if len(points) > 1 else [50.0] * len(points)

    def y(value: float) -> float:
        return 92 - 84 * float(value) / TOP

    shapes, dots = [], []
    for run in _runs(points, breaks):
        band = [i for i in run if points[i][2] is not None and points[i][3] is not None]
        if len(band) > 1:
            upper = [f"{x[i]:.1f},{y(points[i][3] or 0):.1f}" for i in band]
            lower = [f"{x[i]:.1f},{y(points[i][2] or 0):.1f}" for i in reversed(band)]
            shapes.append(f'<polygon class="iwg-spark-band" points="{" ".join(upper + lower)}"/>')
        if len(run) > 1:
            line = " ".join(f"{x[i]:.1f},{y(points[i][1] or 0):.1f}" for i in run)
            shapes.append(f'<polyline class="iwg-spark-line" points="{line}"/>')
        marked = run if wide else [i for i in run if i == len(points) - 1 or len(run) == 1]
        dots += [f'<circle cx="{x[i]:.1f}%" cy="{y(points[i][1] or 0):.1f}%" r="3.5"/>' for i in marked]
    for i in sorted(breaks):
        if 0 < i < len(points):
            at = f"{(x[i - 1] + x[i]) / 2:.1f}"
            shapes.append(f'<line class="iwg-spark-break" x1="{at}" x2="{at}" y1="0" y2="100"/>')
    missing, colon = gettext("not available"), marks.colon()
    words = "; ".join(
        f"{label}{colon}{missing if median is None else number(median, 1)}" for label, median, _q1, _q3 in points
    )
    if breaks:
        words += "; " + gettext("the line breaks where the framework edition changes")
    drawing = f'<svg viewBox="0 0 100 100" preserveAspectRatio="none">{"".join(shapes)}</svg>{"".join(dots)}'
    if not wide:
        return _image("iwg-spark", f"{title}. {words}", [drawing])
    grid = [(v, f"{y(v):.1f}%") for v in range(TOP + 1)]
    lines = "".join(f'<line class="iwg-grid" x1="0%" x2="100%" y1="{at}" y2="{at}"/>' for _v, at in grid)
    levels = "".join(f'<text x="80%" y="{at}">{v}</text>' for v, at in grid)
    rounds = "".join(f'<text x="{x[i]:.1f}%" y="80%">{esc(p[0])}</text>' for i, p in enumerate(points))
    parts = [
        f'<svg class="iwg-axis-y" width="4%" height="84%">{levels}</svg>',
        f'<svg x="4%" width="96%" height="84%">{lines}{drawing}</svg>',
        f'<svg class="iwg-axis-x" x="4%" y="84%" width="96%" height="16%">{rounds}</svg>',
    ]
    return _image("iwg-trend", f"{title}. {words}", parts)


def progress(done: int, total: int, label: str) -> SafeString:
    """A thin bar for "24 of 30 done"; the figures stand in the text beside it and in the label."""
    size = f'max="{int(total) or 1}" value="{int(done)}"'
    return mark_safe(f'<progress class="iwg-progress" {size} aria-label="{esc(label)}"></progress>')


def region_map(states: Sequence[tuple[str, str, str, str]], title: str, map_url: str) -> SafeString:
    """The map of the region; each state a link with its status in words.

    ``states``: (alpha-2 code, status code, address or "", label such as "Ghana: Pilot"). ``map_url`` is the
    static address of ``map/west-africa.svg``, whose shapes are used by reference, so that a page repeats no
    geometry. A state without a shape there is not drawn: membership is data, and the table has everybody.
    """
    url = esc(map_url)
    parts = []
    for code, status, href, label in states:
        if code not in SHAPES:
            continue
        shape = f'<use href="{url}#{esc(code)}" class="iwg-s-{esc(status)}"{_pattern(status, "-map")}/>'
        if code == FRAMED:
            shape = f'<use href="{url}#inset" class="iwg-map-frame"/><g class="iwg-map-islands">{shape}</g>'
        text = f"<title>{esc(label)}</title>"
        parts.append(f'<a href="{esc(href)}">{text}{shape}</a>' if href else f"<g>{text}{shape}</g>")
    return mark_safe(
        f'<svg class="iwg-map" viewBox="0 0 {MAP_WIDTH} {MAP_HEIGHT}" role="group" aria-label="{esc(title)}">'
        f'<use href="{url}#land" class="iwg-map-land"/>{"".join(parts)}</svg>'
    )
