"""The portal's own Word template: one for the three languages, because every word in it is a field.

Built here and not kept as a file, so that a change can be read. The secretariat downloads it as a start for its own.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from iwg_portal.base.documents.markup import BRAND, INK, LINE, MUTED, element, shading

FONT = "Arial"
TEXT_WIDTH = Mm(170)
AFTER_COMPAT = tuple(
    f"w:{name}"
    for name in ("docVars", "rsids", "attachedSchema", "themeFontLang", "clrSchemeMapping", "shapeDefaults",
                 "doNotEmbedSmartTags", "decimalSymbol", "listSeparator")
)  # fmt: skip


@lru_cache(maxsize=1)
def own_template() -> bytes:
    """The file, as a .docx."""
    document = Document()
    _styles(document)
    _page(document)
    _body(document)
    # Else Word opens it in the mode of 2007.
    mode = {"name": "compatibilityMode", "uri": "http://schemas.microsoft.com/office/word", "val": "15"}
    settings = document.settings.element
    for old in list(settings.iter(qn("w:compat"))):
        settings.remove(old)
    settings.insert_element_before(element("compat", {}, element("compatSetting", mode)), *AFTER_COMPAT)
    core = document.core_properties
    core.title, core.author, core.comments = "Regional summary", "", "Template of the portal"
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _body(document: Any) -> None:
    add = document.add_paragraph
    add("{{ title }}", "Heading 1")
    add("{{ standing }}", "Subtitle")
    add("{{ lead }}", "Lead")
    add("{{ overview }}")
    add("{{ heading_changes }}", "Heading 2")
    add("{{ changes }}", "List Bullet")
    add("{{ actions }}", "List Bullet")
    add("{{ consent }}", "Small")
    add("{{ heading_states }}", "Heading 2").paragraph_format.page_break_before = True
    add("{{ states_note }}", "Small").paragraph_format.keep_with_next = True
    add("{{ states }}")
    add("{{ heading_ladders }}", "Heading 2")
    add("{{ ladders }}")
    add("{{ heading_medians }}", "Heading 2")
    add("{{ medians }}")
    add("{{ heading_decisions }}", "Heading 2")
    add("{{ decisions_words }}")
    _decisions(document)
    add("{{ heading_lessons }}", "Heading 2")
    add("{{ lesson.title }}{{ lesson.state }}", "List Bullet")
    add("{{ lessons_none }}")
    add("{{ heading_corrections }}", "Heading 2")
    add("{{ corrections }}", "List Bullet")
    add("{{ heading_notes }}", "Heading 2")
    add("{{ notes }}", "List Bullet")


def _decisions(document: Any) -> None:
    table = document.add_table(2, 3)
    table.autofit = False
    widths = (Mm(20), Mm(120), Mm(30))
    head, row = table.rows
    for place, (word, field) in enumerate(
        (("column_number", "code"), ("column_decision", "text"), ("column_status", "standing"))
    ):
        for cells, said, style in ((head, f"{{{{ {word} }}}}", "Small"), (row, f"{{{{ decision.{field} }}}}", "Cell")):
            cell = cells.cells[place]
            cell.width = widths[place]
            cell.paragraphs[0].text, cell.paragraphs[0].style = said, document.styles[style]
        table.columns[place].width = widths[place]
    row.cells[1].add_paragraph("{{ decision.where }}", "Small")
    head._tr.get_or_add_trPr().append(element("tblHeader"))
    look = table._tbl.tblPr
    line = {"val": "single", "sz": "4", "space": "0", "color": LINE}
    borders = element("tblBorders", {}, *(element(side, line) for side in ("bottom", "insideH")))
    look.find(qn("w:tblLayout")).addprevious(borders)


def _page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(26), Mm(24)
    section.header_distance, section.footer_distance = Mm(11), Mm(10)
    head = section.header.paragraphs[0]
    head.style = document.styles["Header"]
    # The label first: beside a long name it would be cut in two at the end of the line.
    _labelled(head.add_run("\u00a0{{ label }}\u00a0"))
    head.add_run("  {{ group }} · {{ reader }}")
    _rule(head, "bottom", BRAND, "8", "6")
    foot = section.footer.paragraphs[0]
    foot.style = document.styles["Footer"]
    foot.add_run("{{ stamp }}")
    _rule(foot, "top", LINE, "4", "4")
    second = section.footer.add_paragraph("{{ source }}\t{{ word_check }} {{ check_code }} · {{ number }} · ", "Footer")
    _word_field(second, "PAGE")
    second.add_run(" {{ word_of }} ")
    _word_field(second, "NUMPAGES")


def _styles(document: Any) -> None:
    styles = document.styles
    _look(styles["Normal"], 9.5, after=6)
    _look(styles["Heading 1"], 22, bold=True, after=2)
    _look(styles["Subtitle"], 9.5, colour=MUTED, after=12)
    _look(styles["Heading 2"], 13, bold=True, colour=BRAND, before=14, after=6)
    _look(styles["List Bullet"], 9.5, after=4)
    _look(styles["Header"], 8, colour=MUTED)
    _look(styles["Footer"], 8, colour=MUTED)
    for name, size, colour, after in (("Lead", 13, INK, 8), ("Small", 8, MUTED, 4), ("Cell", 8.5, INK, 0)):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        _look(style, size, colour=colour, after=after)
    for name in ("Header", "Footer"):
        stops = styles[name].paragraph_format.tab_stops
        stops.clear_all()
        stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)


def _look(
    style: Any, size: float, *, bold: bool = False, colour: str = INK, before: float = 0, after: float = 0
) -> None:
    font = style.font
    font.name, font.size, font.bold, font.italic = FONT, Pt(size), bold, False
    font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.rPr.rFonts
    for name in list(fonts.attrib):  # a font of the theme would win over the one that is named
        if name.endswith("Theme"):
            del fonts.attrib[name]
    for side in ("w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(side), FONT)
    for spacing in list(style.element.rPr.iter(qn("w:spacing"), qn("w:kern"))):
        spacing.getparent().remove(spacing)
    shape = style.paragraph_format
    shape.space_before, shape.space_after = Pt(before), Pt(after)


def _labelled(run: Any) -> None:
    """FIRST's own colours: amber on black."""
    run.font.bold = True
    run.font.color.rgb = RGBColor.from_string("FFC000")
    run._r.get_or_add_rPr().append(shading("000000"))


def _rule(paragraph: Any, side: str, colour: str, size: str, space: str) -> None:
    line = element(side, {"val": "single", "sz": size, "space": space, "color": colour})
    look = paragraph._p.get_or_add_pPr()
    look.insert_element_before(
        element("pBdr", {}, line), "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _word_field(paragraph: Any, name: str) -> None:
    """A field that Word counts: number of the page, number of pages."""
    for kind in ("begin", None, "separate", "1", "end"):
        run = paragraph.add_run(kind if kind == "1" else "")
        if kind is None:
            code = element("instrText")
            code.text = f" {name} "
            run._r.append(code)
        elif kind != "1":
            run._r.append(element("fldChar", {"fldCharType": kind}))
