"""The template of the Word documents: what is refused and why, who replaces it, and the way back."""

import io
import re
from copy import deepcopy

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.utils.translation import override
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm

from iwg_portal.activity.models import Event
from iwg_portal.base.uploads import Refused, check
from iwg_portal.summaries import actions, filling, vetting, word
from iwg_portal.summaries.invented import invented_summary
from iwg_portal.summaries.letterhead import own_template
from iwg_portal.summaries.models import WordTemplate
from iwg_portal.summaries.reading import Reading
from members.models import StoredFile
from tests.factories import frozen_summary
from tests.summaries.word import body_text, changed, with_parts

PAGE = "/summaries/template/"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
RELS = "word/_rels/document.xml.rels"
END = b"</Relationships>"
NAMES = nsdecls("w", "r", "wp") + " " + " ".join(
    f'xmlns:{name}="http://schemas.{address}"'
    for name, address in {
        "w14": "microsoft.com/office/word/2010/wordml",
        "w15": "microsoft.com/office/word/2012/wordml",
        "mc": "openxmlformats.org/markup-compatibility/2006",
    }.items()
)  # fmt: skip
SAID = "<w:r><w:t>{{ label }}</w:t></w:r>"
ROW = '<w:tr><w:trPr><w:trHeight w:val="1" w:hRule="exact"/></w:trPr><w:tc><w:tcPr><w:tcW w:w="0"/></w:tcPr>'


def relation(kind, target, mode=' TargetMode="External"'):
    return b'<Relationship Id="rId900" Type="%s" Target="%s"%s/>' % ((REL + kind).encode(), target, mode.encode()) + END


def paragraph(markup):
    """Adds a paragraph of this content before the end of the body."""
    element = parse_xml(f"<w:p {nsdecls('a', 'pic')} {NAMES}>{markup}</w:p>")
    return changed(lambda document: document.element.body[-1].addprevious(element))


def text(words):
    return changed(lambda document: document.add_paragraph(words))


def run(markup):
    return paragraph(f"<w:r>{markup}</w:r>")


def instruction(words):
    return paragraph(f'<w:fldSimple w:instr="{words}"><w:r><w:t>1</w:t></w:r></w:fldSimple>')


def edge(change):
    """``change(header, footer)`` of the section."""
    return changed(lambda document: change(document.sections[0].header, document.sections[0].footer))


def picture(words):
    def add(document):
        png = io.BytesIO(Document(io.BytesIO(filled())).part.package.image_parts._image_parts[0].blob)
        document.add_picture(png, width=Mm(20))
        named = list(document.element.body.iter(qn("wp:docPr")))[-1]
        named.set("descr", words)

    return changed(add)


def filled():
    return word.made_with(own_template(), Reading(invented_summary()), reader="Ama Example")


def first_page_without(document):
    document.sections[0].different_first_page_header_footer = True


def even_pages_without(document):
    document.settings.odd_and_even_pages_header_footer = True


def hidden_label(header, _footer):
    for one in header.paragraphs[0].runs:
        one.font.hidden = True


def without(*words):
    """The portal's own, whose header and footer lack these."""

    def change(header, footer):
        for found in (*header.paragraphs, *footer.paragraphs):
            for one in found.runs:
                if any(word in one.text for word in words):
                    for word in words:
                        one.text = one.text.replace(word, "")

    return lambda: edge(change)


def label_in(markup):
    """The label stands in this run, or whatever is given, and nowhere else."""

    def change(header, _footer):
        (said,) = (run._r for run in header.paragraphs[0].runs if "{{ label }}" in run.text)
        said.getparent().replace(said, parse_xml(markup.replace(">", f" {NAMES}>", 1)))

    return lambda: edge(change)


def label_with(look):
    return label_in(f"<w:r><w:rPr>{look}</w:rPr><w:t>{{{{ label }}}}</w:t></w:r>")


def line_with(look):
    """The paragraph of the header is set so directly."""

    def change(header, _footer):
        own = header.paragraphs[0]._p.pPr
        for mark in parse_xml(f"<w:pPr {NAMES}>{look}</w:pPr>"):
            for old in own.findall(mark.tag):
                own.remove(old)
            own.append(mark)

    return lambda: edge(change)


def styled(look, *, name="Header", tag="rPr"):
    """A style that what stands in the header has, directly or through what it is based on, is set so."""

    def change(document):
        found = document.styles[name].element.find(qn(f"w:{tag}"))
        for mark in parse_xml(f"<w:{tag} {NAMES}>{look}</w:{tag}>"):
            found.append(mark)

    return lambda: changed(change)


def character_style(look):
    style = f'<w:style {NAMES} w:type="character" w:styleId="Quiet"><w:name w:val="Quiet"/>{look}</w:style>'

    def change(document):
        document.styles.element.append(parse_xml(style.replace("XX", "<w:rPr><w:vanish/></w:rPr>")))
        below = (
            '<w:style w:type="character" w:styleId="Below"><w:name w:val="Below"/><w:basedOn w:val="Quiet"/></w:style>'
        )
        document.styles.element.append(parse_xml(below.replace(">", f" {NAMES}>", 1)))
        for one in document.sections[0].header.paragraphs[0].runs:
            one._r.get_or_add_rPr().insert(0, parse_xml(f'<w:rStyle {NAMES} w:val="Below"/>'))

    return lambda: changed(change)


def as_default(look):
    """The defaults of the document, where no style says otherwise."""

    def change(document):
        place = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
        place.append(parse_xml(look.replace("/>", f" {NAMES}/>", 1)))

    return lambda: changed(change)


def page_with(**measures):
    def change(document):
        for name, value in measures.items():
            document.sections[0]._sectPr.find(qn("w:pgMar")).set(qn(f"w:{name}"), str(value))

    return lambda: changed(change)


def counted_in(before, after):
    return lambda: with_parts(swap={"word/footer1.xml": (before, after)})


def section_in_a_control(document):
    body = document.element.body
    markup = f"<w:sdt {NAMES}><w:sdtContent><w:p><w:pPr><w:sectPr/></w:pPr></w:p></w:sdtContent></w:sdt>"
    body.insert(0, parse_xml(markup))


def second_section_without(document):
    header = document.add_section().header
    header.is_linked_to_previous = False
    header.paragraphs[0].text = "{{ reader }}"


def typed_numbers(header, _footer):
    fields = word.fields_of(vetting.invented_reading(states=60, decisions=60, lessons=30), vetting.READER).texts
    header.add_paragraph(fields["check_code"])


def in_settings(markup):
    return lambda: with_parts(swap={"word/settings.xml": (b"<w:zoom ", markup + b"<w:zoom ")})


def many_paragraphs(document):
    for _n in range(vetting.MAX_PARAGRAPHS + 1):
        document.element.body[-1].addprevious(parse_xml(f"<w:p {nsdecls('w')}/>"))


def crowded_line(document):
    line = document.add_paragraph("{{ notes }}")
    for _n in range(vetting.MAX_REPEATED):
        line.add_run("x")


REFUSED = {
    "an unknown field": (lambda: text("{{ tytle }} {{ secret.key }}"), "Unknown fields: tytle, secret.key. Known are"),
    "a statement": (lambda: text("{% for x in y %}"), "This is not a field: {% for x in y %}"),
    "an attribute": (lambda: text("{{ title.__class__ }}"), "Unknown fields: title.__class__"),
    "a call": (lambda: text("{{ title() }}"), "This is not a field"),
    "an open brace": (lambda: text("{{ title"), "This is not a field"),
    "a field in a footnote": (
        lambda: with_parts(add={"word/footnotes.xml": b"<a>{{ title }}</a>"}),
        "Fields may stand in the text, in headers and in footers",
    ),
    "a block in a sentence": (lambda: text("See {{ states }}"), "{{ states }} is a block"),
    "a block in a header": (lambda: edge(lambda h, f: h.add_paragraph("{{ states }}")), "{{ states }} is a block"),
    "a list in a header": (lambda: edge(lambda h, f: h.add_paragraph("{{ notes }}")), "may not stand in a header"),
    "two lists in one": (lambda: text("{{ notes }} {{ lead }}"), "the fields of one list only"),
    "a typed label": (lambda: text("TLP:CLEAR"), "The label is not typed"),
    "a link": (
        lambda: with_parts(swap={RELS: (END, relation("hyperlink", b"https://example.org/"))}),
        "a link to an address outside",
    ),
    "another template": (
        lambda: with_parts(swap={RELS: (END, relation("attachedTemplate", b"file:///C:/ours.dotx"))}),
        "attached to another template",
    ),
    "a part from elsewhere": (
        lambda: with_parts(swap={RELS: (END, relation("image", b"file:///C:/a.png"))}),
        "loads something from outside (image)",
    ),
    "another file": (
        lambda: with_parts(swap={RELS: (END, relation("aFChunk", b"x.html", ""))}, add={"word/x.html": b"<p>x</p>"}),
        "a part that a template may not have (aFChunk)",
    ),
    "an alternative chunk": (lambda: run('<w:altChunk r:id="rId1"/>'), "alternative chunk"),
    "an object": (lambda: run("<w:object/>"), "an embedded object"),
    "a bound control": (
        lambda: paragraph('<w:sdt><w:sdtPr><w:dataBinding w:xpath="/x"/></w:sdtPr><w:sdtContent/></w:sdt>'),
        "bound to data",
    ),
    "a tracked change": (
        lambda: paragraph('<w:ins w:id="1" w:author="x"><w:r><w:t>x</w:t></w:r></w:ins>'),
        "tracked changes",
    ),
    "a picture of another kind": (
        lambda: with_parts(add={"word/media/a.emf": b"EMF"}),
        "The picture a.emf is neither PNG nor JPEG",
    ),
    "a picture without words": (lambda: picture(""), "A picture has no alternative text"),
    "a field of Word that loads": (lambda: instruction("INCLUDETEXT C:\\\\a.docx"), "may not have (INCLUDETEXT)"),
    "a field of Word that asks": (lambda: instruction("FILLIN Name"), "may not have (FILLIN)"),
    "a macro button": (lambda: instruction("MACROBUTTON Start"), "may not have (MACROBUTTON)"),
    "a date of today": (lambda: instruction("DATE"), "may not have (DATE)"),
    "a field in pieces": (
        lambda: run(
            '<w:fldChar w:fldCharType="begin"/><w:instrText> AUT</w:instrText><w:instrText>HOR </w:instrText>'
            '<w:fldChar w:fldCharType="end"/>'
        ),
        "may not have (AUTHOR)",
    ),
    "no label": (without("{{ label }}"), "the header or footer of every page: {{ label }}"),
    "no reader": (without("{{ reader }}"), "every page: {{ reader }}"),
    "no moment": (without("{{ stamp }}"), "every page: {{ stamp }}"),
    "no number": (without("{{ number }}", "{{ source }}"), "every page: {{ number }}"),
    "no check code": (without("{{ check_code }}"), "every page: {{ check_code }}"),
    "a hidden label": (lambda: edge(hidden_label), "every page: {{ label }}, {{ reader }}"),
    "a first page without": (lambda: changed(first_page_without), "{{ label }}, {{ stamp }}, {{ number }}"),
    "even pages without": (lambda: changed(even_pages_without), "{{ label }}, {{ stamp }}, {{ number }}"),
    "no number of pages": (
        lambda: with_parts(swap={"word/footer1.xml": (b" NUMPAGES ", b" SECTION ")}),
        "fields PAGE and NUMPAGES",
    ),
    "no number of the page": (
        lambda: with_parts(swap={"word/footer1.xml": (b" PAGE ", b" SECTION ")}),
        "fields PAGE and NUMPAGES",
    ),
    "a label that a style of letters hides": (
        character_style("<w:rPr><w:vanish/></w:rPr>"), "{{ label }} does not count where it stands: it, or a style"),
    "a label that a style of paragraphs hides": (styled("<w:vanish/>"), "is set to “hidden”"),
    "a label that what its style is based on hides": (styled("<w:webHidden/>", name="Normal"), "is set to “hidden”"),
    "a label that the defaults hide": (as_default("<w:specVanish/>"), "is set to “hidden”"),
    "a white label": (label_with('<w:color w:val="FFFFFF"/>'), "stands out too little"),
    "a label as black as its ground": (
        label_with('<w:color w:val="111111"/><w:shd w:val="clear" w:fill="000000"/>'), "stands out too little"),
    "a label on a marker of its colour": (
        label_with('<w:color w:val="FFFF00"/><w:highlight w:val="yellow"/>'), "stands out too little"),
    "a black label in a black paragraph": (
        line_with('<w:shd w:val="clear" w:fill="000000"/>'), "{{ reader }} does not count where it stands: its colour"),
    "a label on a pattern": (label_with('<w:shd w:val="solid" w:color="000000"/>'), "may not be seen (shd)"),
    "a label in a colour of the theme": (
        label_with('<w:color w:val="000000" w:themeColor="background1"/>'), "comes from the theme"),
    "a label of one point": (label_with('<w:sz w:val="2"/>'), "smaller than 6 points"),
    "a style of one point": (styled('<w:szCs w:val="2"/>'), "smaller than 6 points"),
    "a raised label": (label_with('<w:position w:val="3000"/>'), "may not be seen (position)"),
    "a squeezed label": (label_with('<w:w w:val="1"/>'), "may not be seen (w)"),
    "letters over each other": (label_with('<w:spacing w:val="-400"/>'), "may not be seen (spacing)"),
    "a label without ink": (
        label_with("<w14:textFill><w14:noFill/></w14:textFill>"), "may not be seen (textFill)"),
    "a label in signs": (label_with('<w:rFonts w:ascii="Wingdings"/>'), "draws signs instead of letters"),
    "a colour that is said twice": (
        label_with('<w:color w:val="000000"/><w:color w:val="FFFFFF"/>'), "may not be seen (color)"),
    "a frame off the page": (line_with('<w:framePr w:x="30000" w:y="30000"/>'), "a text box, a shape, a frame"),
    "a frame of the style": (styled('<w:framePr w:x="30000"/>', tag="pPr"), "a text box, a shape, a frame"),
    "an indent off the page": (line_with('<w:ind w:left="-9000"/>'), "its indent leads out of the text"),
    "a tab stop off the page": (
        line_with('<w:tabs><w:tab w:val="left" w:pos="30000"/></w:tabs>'), "a tab stop lies outside the margins"),
    "a line of no height": (line_with('<w:spacing w:line="1" w:lineRule="exact"/>'), "its line is too low"),
    "a label far down": (line_with('<w:spacing w:before="30000"/>'), "so high that not all of it may be seen"),
    "a header off the page": (page_with(header=-3000), "out of proportion"),
    "no room between the margins": (page_with(left=5500, right=5500), "out of proportion"),
    "a label in a table": (
        label_in(f'<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w="0"/></w:tblGrid>{ROW}<w:p>{SAID}</w:p></w:tc></w:tr>'
                 "</w:tbl>"),
        "it stands in a table, a box",
    ),
    "a label that gives way to a placeholder": (
        label_in(f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{SAID}</w:sdtContent></w:sdt>"),
        "it stands in a table, a box, a control",
    ),
    "a label in a smart tag": (label_in(f'<w:smartTag w:element="x">{SAID}</w:smartTag>'), "it stands in a table"),
    "a label in markup of others": (label_in(f'<w:customXml w:element="x">{SAID}</w:customXml>'), "it stands in a tab"),
    "a label in a field that Word fills anew": (
        label_in(f'<w:fldSimple w:instr="REF x">{SAID}</w:fldSimple>'), "it stands in a table, a box, a control"),
    "a label that was deleted": (label_in(f'<w:del w:id="1" w:author="x">{SAID}</w:del>'), "tracked changes"),
    "a label of which there are two": (
        label_in(f'<mc:AlternateContent><mc:Choice Requires="w14"/><mc:Fallback>{SAID}</mc:Fallback>'
                 "</mc:AlternateContent>"),
        "a text box, a shape, a frame",
    ),
    "numbers that are typed": (
        lambda: edge(typed_numbers), "the header or footer of every page: {{ check_code }}"),
    "a second section without": (lambda: changed(second_section_without), "every page: {{ label }}"),
    "a section in a control": (lambda: changed(section_in_a_control), "would not open the file"),
    "pages without figures": (
        lambda: changed(lambda d: d.sections[0]._sectPr.append(parse_xml(f'<w:pgNumType {NAMES} w:fmt="none"/>'))),
        "numbered without figures",
    ),
    "a style of which there are two": (
        lambda: changed(lambda d: d.styles.element.append(deepcopy(d.styles["Header"].element))), "would not open"),
    "a paragraph whose look is said twice": (
        lambda: edge(lambda h, f: h.paragraphs[0]._p.append(parse_xml(f"<w:pPr {NAMES}/>"))), "not be seen (pPr)"),
    "a hidden number of the page": (
        counted_in(b"<w:r><w:instrText> PAGE ", b"<w:r><w:rPr><w:vanish/></w:rPr><w:instrText> PAGE "),
        "PAGE does not count where it stands: it, or a style that it has, is set to “hidden”",
    ),
    "a number of the page that says something else": (
        counted_in(b" PAGE ", b" PAGE \\# &quot;'one'&quot; "), "fields PAGE and NUMPAGES"),
    "a floating picture": (lambda: run("<w:drawing><wp:anchor/></w:drawing>"), "a picture or table that floats"),
    "a floating table": (
        lambda: with_parts(swap={"word/document.xml": (b"<w:tblPr>", b"<w:tblPr><w:tblpPr/>")}),
        "a picture or table that floats",
    ),
    "a colour of the page": (
        lambda: with_parts(swap={"word/document.xml": (b"<w:body>", b'<w:background w:color="000000"/><w:body>')}),
        "a colour of the page",
    ),
    "a font of its own": (
        lambda: with_parts(swap={RELS: (END, relation("font", b"fonts/a.xml", ""))}), "a font of its own"),
    "a control bound in a newer way": (
        lambda: paragraph('<w:sdt><w:sdtPr><w15:dataBinding w:xpath="/x"/></w:sdtPr><w:sdtContent/></w:sdt>'),
        "bound to data",
    ),
    "a look that was tracked": (
        lambda: run('<w:rPr><w:rPrChange w:id="1" w:author="A Name"><w:rPr/></w:rPrChange></w:rPr><w:t>x</w:t>'),
        "tracked changes",
    ),
    "a protected document": (in_settings(b'<w:documentProtection w:edit="forms"/>'), "protected against changes"),
    "a document that asks for a password": (in_settings(b"<w:writeProtection/>"), "protected against changes"),
    "another picture under the name of one": (
        lambda: with_parts(add={"word/media/a.png": b"\x01\x00\x00\x00" + b"\0" * 36 + b" EMF" + b"\0" * 60}),
        "The picture a.png is neither PNG nor JPEG",
    ),
    "a part of another name": (lambda: with_parts(add={"word/a.bin": b"x"}), "may not have (a.bin)"),
    "a picture by another name": (
        lambda: with_parts(swap={RELS: (END, relation("image", b"a.xml", ""))}), "The picture a.xml is neither"),
    "a link within that leads outside": (
        lambda: instruction('HYPERLINK \\l &quot;x&quot; &quot;http://evil.example/&quot;'),
        "may not have (HYPERLINK)",
    ),
    "too much": (lambda: with_parts(add={"word/theme/a.xml": b"x" * (vetting.MAX_UNPACKED + 1)}), "far more than"),
    "too many paragraphs": (lambda: changed(many_paragraphs), "far more than a template needs"),
    "too much in a row": (lambda: changed(crowded_line), "far more than is to be repeated"),
    "no document": (lambda: with_parts(swap={"word/document.xml": (b"</w:body>", b"</w:bod>")}), "would not open"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "said"), REFUSED.values(), ids=REFUSED)
def test_a_template_that_is_refused_and_why(made, said):
    with pytest.raises(ValidationError) as refused:
        vetting.vet(made(), ("en",))
    assert said in " ".join(refused.value.messages)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.docm", b"PK", "macros"),
        ("a.docx", b"no archive", "disguised"),
        ("a.docx", None, "macros"),
    ],
)
def test_what_is_no_harmless_word_document_is_refused_before(name, content, code):
    content = with_parts(add={"word/vbaProject.bin": b"x"}) if content is None else content
    with pytest.raises(Refused) as refused:
        check(content, name)
    assert refused.value.code == code


def test_the_portals_own_is_accepted_in_every_language_and_says_what_it_leaves_out():
    assert vetting.vet(own_template(), ("en", "fr", "pt")) == ["as_of", "hash", "map_words"]


LABELS = ("TLP:CLEAR", "tlp red", "TLP\uff1aCLEAR", "\uff34\uff2c\uff30 GREEN", "TLP\u00a0AMBER", "TLPWHITE",
          "T L P - C L E A R", "TLP\u200b:", "TLP – ROUGE")  # fmt: skip


@pytest.mark.parametrize("words", LABELS)
def test_a_label_is_not_typed_however_it_is_written(words):
    with pytest.raises(ValidationError) as refused:
        vetting.vet(text(f"This is {words}."), ("en",))
    assert "The label is not typed" in " ".join(refused.value.messages)


@pytest.mark.parametrize(
    ("part", "markup", "place"),
    [
        ("word/footnotes.xml", "<w:footnotes {}><w:p><w:r><w:t>TLP:</w:t></w:r><w:r><w:t>CLEAR</w:t></w:r></w:p>"
         "</w:footnotes>", "footnotes"),
        ("word/endnotes.xml", "<w:endnotes {}><w:p><w:r><w:t>TLP CLEAR</w:t></w:r></w:p></w:endnotes>", "endnotes"),
        ("word/header9.xml", "<w:hdr {}><w:p><w:r><w:t>TLP CLEAR</w:t></w:r></w:p></w:hdr>", "header"),
        ("docProps/custom.xml", "<a {}>TLP GREEN</a>", "properties of the file"),
        ("word/numbering2.xml", '<w:numbering {}><w:lvlText w:val="TLP:RED %1"/></w:numbering>', "numbering2.xml"),
    ],
)  # fmt: skip
def test_a_label_is_not_typed_in_any_part(part, markup, place):
    content = with_parts(add={part: markup.replace("{}", nsdecls("w")).encode()})
    with pytest.raises(ValidationError) as refused:
        vetting.vet(content, ("en",))
    assert f"({place})." in " ".join(refused.value.messages)


@pytest.mark.parametrize(("language", "said"), [("fr", "ne compte pas là où il figure"), ("pt", "não conta onde está")])
def test_what_is_wrong_is_said_in_the_language_of_who_asks(language, said):
    made = label_with("<w:vanish/>")()
    with override(language), pytest.raises(ValidationError) as refused:
        vetting.vet(made, ("en",))
    assert said in " ".join(refused.value.messages)


def test_words_that_only_begin_like_a_label_are_accepted():
    vetting.vet(text("The protocol (TLP) reduces doubt; ATLP clear; see the TLP, whitespace."), ("en",))


def test_the_number_of_the_page_as_word_offers_it_is_accepted():
    def grouped(_header, footer):
        last = footer.paragraphs[1]._p
        group = parse_xml(
            f'<w:sdt {NAMES}><w:sdtPr><w:id w:val="1"/><w:docPartObj><w:docPartGallery w:val="Page Numbers"/>'
            "</w:docPartObj></w:sdtPr><w:sdtContent/></w:sdt>"
        )
        last.addprevious(group)
        group[-1].append(last)

    vetting.vet(edge(grouped), ("en",))


def test_a_template_of_another_look_is_accepted():
    def other(document):
        first_page_without(document)
        section = document.sections[0]
        for part, field in ((section.first_page_header, "{{ label }} {{ reader }}"), (section.first_page_footer, "")):
            part.paragraphs[0].text = field
        foot = section.first_page_footer.paragraphs[0]._p
        for child in section.footer.paragraphs[0]._p, section.footer.paragraphs[1]._p:
            foot.addprevious(deepcopy(child))
        document.add_paragraph("A foreword of the secretariat, {{ group }}.")

    content = changed(other)
    assert vetting.vet(content, ("fr",)) == ["as_of", "hash", "map_words"]


def test_filling_ends_in_time(monkeypatch):
    monkeypatch.setattr(filling, "MAX_SECONDS", 0)
    with pytest.raises(ValidationError, match="takes too long"):
        vetting.vet(own_template(), ("en",))


# -- In the portal -----------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(cast):
    return cast.client("secretariat")


def upload(content, name="ours.docx", languages="all"):
    file = SimpleUploadedFile(name, content)
    return {"do": "replace", "languages": languages, "file": file}


def plain(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.django_db
def test_the_secretariat_replaces_it_and_goes_back(cast, desk):
    made = frozen_summary(cast.person("secretariat"), state="released")
    assert plain(desk.get(PAGE)).count("the portal’s own template") >= 3
    answer = desk.post(PAGE, upload(text("With greetings")), follow=True)
    page = plain(answer)
    assert "is in force" in page
    assert "Fields that it does not name: as_of, hash, map_words." in page
    assert page.count(f"by {cast.person('secretariat')}") == 3
    reader = cast.client("own_delegate")
    for language in ("en", "fr", "pt"):
        assert "With greetings" in body_text(reader.get(f"/summaries/{made.code}/{language}.docx").content)
    assert "With greetings" in body_text(desk.get(f"{PAGE[:-1]}/fr.docx").content)
    assert "Invented state 3" in body_text(desk.get(f"{PAGE[:-1]}/trial-en.docx").content)
    assert "With greetings" not in body_text(desk.get(f"{PAGE[:-1]}/own.docx").content)
    desk.post(PAGE, {"do": "restore", "language": "fr"})
    desk.post(PAGE, {"do": "restore", "language": "fr"})
    assert "With greetings" not in body_text(reader.get(f"/summaries/{made.code}/fr.docx").content)
    assert "With greetings" in body_text(reader.get(f"/summaries/{made.code}/pt.docx").content)
    kinds = [event.kind for event in Event.objects.filter(kind__startswith="summary.template").order_by("pk")]
    assert kinds == ["summary.template_replaced"] * 3 + ["summary.template_restored"]
    assert "Earlier ones" in plain(desk.get(PAGE))


@pytest.mark.django_db
def test_what_is_refused_is_not_kept_and_every_objection_is_said(cast, desk):
    answer = desk.post(PAGE, upload(text("{{ tytle }} TLP:CLEAR <b>{{ x")))
    assert answer.status_code == 422
    page = plain(answer)
    assert "Unknown fields: tytle. Known are: label, stamp, number" in page
    assert "The label is not typed" in page
    assert "<b>{{ x" not in answer.content.decode()
    assert not WordTemplate.objects.exists()
    assert not StoredFile.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ours.txt", b"{{ title }}", "A template is a Word document (.docx)."),
        ("ours.docm", b"PK", "contains macros"),
        ("ours.docx", b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "of another kind"),
    ],
)
def test_what_is_no_word_document_is_refused_on_the_page(desk, name, content, said):
    assert said in plain(desk.post(PAGE, upload(content, name)))
    assert not WordTemplate.objects.exists()


@pytest.mark.django_db
def test_a_disk_that_takes_nothing_changes_nothing_and_says_so(desk, settings, tmp_path):
    (tmp_path / "full").write_bytes(b"")
    settings.FILES_DIR = tmp_path / "full" / "files"  # no folder can be made in a file
    answer = desk.post(PAGE, upload(text("With greetings")))
    assert answer.status_code == 422
    assert "could not store the file; nothing was changed" in plain(answer)
    assert not WordTemplate.objects.exists()
    assert not StoredFile.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["", "xx", "en\0"])
def test_there_is_no_way_back_in_a_language_that_there_is_not(desk, language):
    assert desk.post(PAGE, {"do": "restore", "language": language}).status_code == 400


@pytest.mark.django_db
def test_passenger_data_in_a_template_are_refused_and_told(desk):
    line = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    page = plain(desk.post(PAGE, upload(text(line))))
    assert "UTOERIKSSON" not in page
    assert not StoredFile.objects.exists()
    assert Event.objects.filter(kind="passenger_data.refused").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["chair", "own_focal_point", "own_delegate", "observer", "administrator"])
def test_nobody_else_sees_or_changes_it(cast, part):
    client = cast.client(part)
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, upload(own_template())).status_code == 404
    assert client.get(f"{PAGE[:-1]}/own.docx").status_code == 404
    assert "Template of the Word documents" not in client.get("/summaries/").content.decode()
    with pytest.raises(PermissionDenied):
        actions.replace_template(checked=check(own_template(), "a.docx"), languages=["en"], by=cast.viewer(part))
    with pytest.raises(PermissionDenied):
        actions.restore_template(language="en", by=cast.viewer(part))


@pytest.mark.django_db
def test_the_database_keeps_one_in_force_and_forgets_none(cast):
    by = cast.viewer("secretariat")
    for words in ("one", "two"):
        actions.replace_template(checked=check(text(words), "a.docx"), languages=["en"], by=by)
    old, new = WordTemplate.objects.order_by("pk")
    assert old.ended_at is not None
    assert new.ended_at is None
    for broken in ({"ended_at": None, "ended_by": None}, {"language": "fr"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            WordTemplate.objects.filter(pk=old.pk).update(**broken)
    with pytest.raises(DatabaseError), transaction.atomic():
        old.delete()
