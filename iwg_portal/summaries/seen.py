"""What of a header or footer can a reader see for certain? A run counts only if every layer of its look is known to
leave it visible: the defaults of the document, the styles of its paragraph and its own, what they are based on, and
what is set directly. What is not on a short list does not count, whatever it would do; so nothing depends on a program
that draws the document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from docx.oxml.ns import qn

VAL = qn("w:val")
P, R, T, BR, TAB, SDT = (qn(f"w:{name}") for name in ("p", "r", "t", "br", "tab", "sdt"))
SMALLEST = 12  # half points
CONTRAST = 4.5  # the least that WCAG 2.2 asks of text of this size
DEEPEST = 50  # styles that one may be based on, one behind the other
FARTHEST = 5_000  # twips that indents may take of a line: nearly 9 cm
COUNTS = re.compile(r"\s*(PAGE|NUMPAGES)(?:\s+\\\*\s+[A-Za-z]+)*\s*", re.IGNORECASE)
HIDING = frozenset(("vanish", "webHidden", "specVanish"))
# Of a run, of a paragraph: what leaves it visible, or is looked at below.
OF_RUNS = frozenset(
    {
        "rStyle", "rFonts", "b", "bCs", "i", "iCs", "caps", "smallCaps", "noProof", "color", "sz", "szCs", "u", "lang",
        "kern", "shd", "highlight", "spacing", "snapToGrid", "bdr", "cs", "ligatures", "numForm", "numSpacing",
        "stylisticSets", "cntxtAlts",
    }
)  # fmt: skip
OF_PARAGRAPHS = frozenset(
    {
        "pStyle", "keepNext", "keepLines", "pageBreakBefore", "widowControl", "suppressLineNumbers", "pBdr", "shd",
        "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap", "overflowPunct", "topLinePunct", "autoSpaceDE",
        "autoSpaceDN", "bidi", "adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing", "jc",
        "textAlignment", "outlineLvl", "rPr",
    }
)  # fmt: skip
# A control that only groups, as around the numbers of pages that Word offers.
OF_CONTROLS = frozenset(("id", "docPartObj", "alias", "tag", "lock", "appearance"))
SIGNS = re.compile(r"symbol|dings|marlett|blank|outlook", re.IGNORECASE)  # fonts that draw no letters
HIGHLIGHTS = {
    "black": "000000", "blue": "0000FF", "cyan": "00FFFF", "green": "00FF00", "magenta": "FF00FF", "red": "FF0000",
    "yellow": "FFFF00", "white": "FFFFFF", "darkBlue": "000080", "darkCyan": "008080", "darkGreen": "008000",
    "darkMagenta": "800080", "darkRed": "800000", "darkYellow": "808000", "darkGray": "808080", "lightGray": "C0C0C0",
}  # fmt: skip


class Unseen(Exception):
    """Why something does not count: a sentence that says what to do."""


@dataclass
class Found:
    """``words``: what can be seen; ``counted``: PAGE, NUMPAGES, where they can be; ``unseen``: (text, why)."""

    words: str = ""
    counted: set[str] = field(default_factory=set)
    unseen: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Field:
    instruction: str = ""
    is_code: bool = True
    whys: list[str] = field(default_factory=list)


class Looks:
    """The styles of one document."""

    def __init__(self, document: Any) -> None:
        root = document.styles.element
        self.styles: dict[str, list[Any]] = {}
        self.default: dict[str, list[str]] = {}
        for style in root.iter(qn("w:style")):
            name = style.get(qn("w:styleId"), "")
            self.styles.setdefault(name, []).append(style)
            if style.get(qn("w:default"), "0") in ("1", "true", "on"):
                self.default.setdefault(style.get(qn("w:type"), ""), []).append(name)
        self.base = {
            name: list(root.iterfind(f".//{qn(f'w:{name}Default')}/{qn(f'w:{name}')}")) for name in ("pPr", "rPr")
        }

    def of_paragraph(self, paragraph: Any) -> list[Any]:
        """Its layers, the farthest first."""
        own = paragraph.findall(qn("w:pPr"))
        styles = self._chain(self._paragraph_styles(paragraph))
        return [*self.base["pPr"], *(look for style in styles for look in style.findall(qn("w:pPr"))), *own]

    def of_run(self, run: Any, paragraph: Any) -> list[Any]:
        """The same of a run; None: of the end of the paragraph."""
        own = [] if run is None else run.findall(qn("w:rPr"))
        if run is None:
            own = [look for layer in paragraph.findall(qn("w:pPr")) for look in layer.findall(qn("w:rPr"))]
        named = [mark.get(VAL, "") for look in own for mark in look.findall(qn("w:rStyle"))]
        styles = [
            *self._chain(self.default.get("character", [])),
            *self._chain(self._paragraph_styles(paragraph)),
            *self._chain(named),
        ]
        return [*self.base["rPr"], *(look for style in styles for look in style.findall(qn("w:rPr"))), *own]

    def _paragraph_styles(self, paragraph: Any) -> list[str]:
        named = [mark.get(VAL, "") for look in paragraph.findall(qn("w:pPr")) for mark in look.findall(qn("w:pStyle"))]
        return [*self.default.get("paragraph", []), *named]

    def _chain(self, names: list[str]) -> list[Any]:
        """Styles with all that they are based on, each once, the farthest first."""
        found: list[Any] = []
        seen: set[str] = set()
        wanted = list(names)
        while wanted:
            name = wanted.pop()
            if name not in seen:
                seen.add(name)
                if len(seen) > DEEPEST:
                    raise Unseen(_effect("basedOn"))
                for style in self.styles.get(name, []):
                    found.insert(0, style)
                    wanted += [base.get(VAL, "") for base in style.findall(qn("w:basedOn"))]
        return found

    # -- One header or footer ------------------------------------------------------------------------------------

    def look_through(self, root: Any, width: int) -> Found:
        """``width``: twips between the margins."""
        found, fields = Found(), list[_Field]()
        pieces: list[str] = []
        for element in root.iter():
            if element.tag in (P, BR, TAB):
                pieces.append(" ")
            elif element.tag == T:
                why = self._why(element.getparent(), width) if not fields else _in_a_box()
                if why:
                    found.unseen.append((" ".join((element.text or "").split()), why))
                else:
                    pieces.append(element.text or "")
            elif element.tag == qn("w:fldSimple"):
                runs = [self._why(run, width, within=element) for run in element.iter(R)]
                whys = [*runs, self._why(element, width), _in_a_box() if fields else ""]
                _count(found, _Field(element.get(qn("w:instr"), ""), False, whys))
            elif element.tag == R and fields:
                fields[0].whys.append(self._why(element, width))
            elif element.tag == qn("w:instrText") and fields and fields[-1].is_code:
                fields[-1].instruction += element.text or ""
            elif element.tag == qn("w:fldChar"):
                self._follow(element, fields, found, width)
        found.words = " ".join("".join(pieces).split())
        return found

    def _follow(self, mark: Any, fields: list[_Field], found: Found, width: int) -> None:
        match mark.get(qn("w:fldCharType")):
            case "begin":
                if fields:
                    fields[0].whys.append(_in_a_box())  # a field that holds another is no plain number
                fields.append(_Field(whys=[self._why(mark.getparent(), width)]))
            case "separate" if fields:
                fields[-1].is_code = False
            case "end" if fields:
                done = fields.pop()
                if not fields:
                    _count(found, done)

    def _why(self, run: Any, width: int, within: Any = None) -> str:
        """Empty where it can be seen. ``run``: or a field that has runs. ``within``: the field that may hold it."""
        try:
            place = run if within is None or run.getparent() is not within else within
            paragraph = _paragraph_of(place)
            if len(paragraph.findall(qn("w:pPr"))) > 1:
                raise Unseen(_effect("pPr"))
            shade = self._check_paragraph(paragraph, width)
            self._check_run(self.of_run(run if run.tag == R else None, paragraph), shade, paragraph)
        except Unseen as error:
            return str(error)
        return ""

    def _check_paragraph(self, paragraph: Any, width: int) -> Any:
        """Its shading, or None."""
        merged = _merged(self.of_paragraph(paragraph), OF_PARAGRAPHS)
        indent = merged.get("ind")
        if indent is not None:
            sides = {name.rpartition("}")[2]: value for name, value in indent.attrib.items()}
            chars = [value for name, value in sides.items() if name.endswith("Chars") and _whole(value)]
            left = _whole(sides.get("left", sides.get("start", "0")))
            right = _whole(sides.get("right", sides.get("end", "0")))
            first = _whole(sides.get("firstLine", "0")) - _whole(sides.get("hanging", "0"))
            if chars or min(left, right, left + first) < 0 or left + right + max(first, 0) > FARTHEST:
                raise Unseen(_("its indent leads out of the text; set the indents to 0."))
        for layer in self.of_paragraph(paragraph):
            for stop in layer.iter(TAB):
                if stop.get(VAL) != "clear" and not 0 <= _whole(stop.get(qn("w:pos"), "0")) <= width:
                    raise Unseen(_("a tab stop lies outside the margins; move it between them."))
        shade: Any = merged.get("shd")
        return shade

    def _check_run(self, layers: list[Any], shade: Any, paragraph: Any) -> None:
        merged = _merged(layers, OF_RUNS)
        sizes = [_whole(merged[name].get(VAL, "")) for name in ("sz", "szCs") if name in merged]
        if min(sizes, default=20) < SMALLEST:
            raise Unseen(_("it is smaller than 6 points; choose a larger size."))
        if "spacing" in merged and not -20 <= _whole(merged["spacing"].get(VAL, "0")) <= 200:
            raise Unseen(_effect("spacing"))
        if "rFonts" in merged and any(SIGNS.search(value) for value in merged["rFonts"].attrib.values()):
            raise Unseen(_("its font draws signs instead of letters; choose a font of letters."))
        spacing = _merged(self.of_paragraph(paragraph), OF_PARAGRAPHS).get("spacing")
        if spacing is not None:
            _check_line(spacing, max(sizes, default=20))
        _check_colour(merged, shade)

    # -- All of it -----------------------------------------------------------------------------------------------

    def is_unique(self) -> bool:
        """No two styles have one name: a program could take either."""
        return all(len(styles) == 1 for styles in self.styles.values())

    def is_framed(self, paragraph: Any) -> bool:
        return any(layer.find(qn("w:framePr")) is not None for layer in self.of_paragraph(paragraph))

    def height(self, root: Any) -> int:
        """Twips that a header or footer takes about, rather too much than too little."""
        total = 0
        for paragraph in root.iter(P):
            spacing = [mark for layer in self.of_paragraph(paragraph) for mark in layer.findall(qn("w:spacing"))]
            total += _largest(spacing, "before", "after", "line") + 3 * _largest(spacing, "beforeLines", "afterLines")
            looks = [layer for run in (None, *paragraph.iter(R)) for layer in self.of_run(run, paragraph)]
            size = max([20, *(_largest(layer.findall(qn("w:sz")), "val") for layer in looks)])
            letters = sum(len(t.text or "") for t in paragraph.iter(T)) + 20 * sum(1 for _tab in paragraph.iter(TAB))
            lines = 1 + sum(1 for _break in paragraph.iter(BR, qn("w:cr"))) + letters // 80
            total += lines * 12 * size
        total += sum(_largest([row], "val") for row in root.iter(qn("w:trHeight")))
        return total + sum(_number(extent.get("cy", "0")) // 635 for extent in root.iter(qn("wp:extent")))


def _count(found: Found, done: _Field) -> None:
    match = COUNTS.fullmatch(done.instruction)
    if match:
        name = match[1].upper()
        whys = [why for why in done.whys if why]
        if whys:
            found.unseen.append((name, whys[0]))
        else:
            found.counted.add(name)


def _paragraph_of(run: Any) -> Any:
    """That of a run in an ordinary paragraph of a header or footer. Raises Unseen."""
    paragraph = _out_of_controls(run)
    if paragraph.tag != P or _out_of_controls(paragraph).tag not in (qn("w:hdr"), qn("w:ftr")):
        raise Unseen(_in_a_box())
    return paragraph


def _out_of_controls(element: Any) -> Any:
    parent = element.getparent()
    while parent.tag == qn("w:sdtContent") and parent.getparent().tag == SDT:
        control = parent.getparent()
        if any(_local(mark) not in OF_CONTROLS for look in control.findall(qn("w:sdtPr")) for mark in look):
            raise Unseen(_in_a_box())
        parent = control.getparent()
    return parent


def _merged(layers: list[Any], known: frozenset[str]) -> dict[str, Any]:
    """The nearest of each. Raises Unseen for what hides, and for what is not known, in any layer."""
    merged: dict[str, Any] = {}
    for layer in layers:
        here: set[str] = set()
        for mark in layer:
            name = _local(mark)
            is_off = mark.get(VAL) in ("0", "false", "off", "none", "baseline")
            if name in HIDING and not is_off:
                raise Unseen(_("it, or a style that it has, is set to “hidden”; take that away."))
            if (name not in known and not is_off) or name in here:
                raise Unseen(_effect(name))
            here.add(name)
            merged[name] = mark
    return merged


def _check_line(spacing: Any, size: int) -> None:
    line, rule = spacing.get(qn("w:line")), spacing.get(qn("w:lineRule"), "auto")
    least = {"auto": 200, "exact": 9 * size}.get(rule, 0)
    if line is not None and not least <= _whole(line) <= FARTHEST:
        raise Unseen(_("its line is too low or too high; set the line spacing to “single”."))


def _check_colour(merged: dict[str, Any], shade: Any) -> None:
    grounds = [mark for mark in (merged.get("shd"), shade) if mark is not None and mark.get(VAL) != "nil"]
    colour = merged.get("color")
    for mark in (colour, *grounds):
        if mark is not None and any(_local_name(name).startswith("theme") for name in mark.attrib):
            raise Unseen(_("its colour or that of its ground comes from the theme; choose a fixed colour."))
    if any(mark.get(VAL, "clear") != "clear" for mark in grounds):
        raise Unseen(_effect("shd"))
    fills = [mark.get(qn("w:fill"), "auto") for mark in grounds]
    ground = next((fill for fill in fills if fill != "auto"), "FFFFFF")
    highlight = merged["highlight"].get(VAL, "none") if "highlight" in merged else "none"
    if highlight != "none":
        ground = HIGHLIGHTS.get(highlight, "")
    ink = colour.get(VAL, "auto") if colour is not None else "auto"
    if ink != "auto" and _contrast(ink, ground) < CONTRAST:
        raise Unseen(_("its colour stands out too little from its ground; choose a stronger contrast."))


def _contrast(one: str, other: str) -> float:
    """WCAG's ratio, 1 to 21; 0 for what is no colour."""
    if not all(re.fullmatch("[0-9A-Fa-f]{6}", colour) for colour in (one, other)):
        return 0
    low, high = sorted(_luminance(bytes.fromhex(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: bytes) -> float:
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (value / 255 for value in colour)
    )
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def _whole(value: str) -> int:
    """Raises Unseen for a measure that is no whole number."""
    if not re.fullmatch(r"[+-]?\d{1,9}", value):
        raise Unseen(_effect(value[:20]))
    return int(value)


def _largest(marks: list[Any], *names: str) -> int:
    """Sum over the names of the largest value that any of the marks has."""
    return sum(max((_number(mark.get(qn(f"w:{name}"), "0")) for mark in marks), default=0) for name in names)


def _number(value: str) -> int:
    return int(value) if re.fullmatch(r"\d{1,9}", value) else 0


def _local(mark: Any) -> str:
    return _local_name(mark.tag) if isinstance(mark.tag, str) else ""


def _local_name(name: str) -> str:
    return name.rpartition("}")[2]


def _in_a_box() -> str:
    return _(
        "it stands in a table, a box, a control, a field or a mark; write it in an ordinary paragraph of the header or"
        " footer."
    )


def _effect(name: str) -> str:
    said = {"name": name}
    return _("it, or a style that it has, has a look with which it may not be seen (%(name)s); take that away.") % said
