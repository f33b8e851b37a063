"""Files made for the tests of uploads: real bytes of every kind, harmless or hostile. Every person in them is invented
(issuing state UTO, family name FALSE, given name EXAMPLE)."""

import io
import zipfile
import zlib
from xml.sax.saxutils import escape

import xlsxwriter
from PIL import Image

from iwg_portal.base.uploads.detector import check_digit

TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


# -- Passenger data that are obviously false -----------------------------------------------------------------------


def with_check(field):
    return f"{field}{check_digit(field)}"


def td3(number="X00000000", nationality="UTO"):
    """Two lines of 44, every check digit right."""
    first = "P<UTOFALSE<<EXAMPLE".ljust(44, "<")
    number, birth, expiry = with_check(number), with_check("700101"), with_check("300101")
    personal = with_check("<" * 14)
    composite = check_digit(number + birth + expiry + personal)
    return first, f"{number}{nationality}{birth}F{expiry}{personal}{composite}"


def td2():
    number, birth, expiry = with_check("X00000000"), with_check("700101"), with_check("300101")
    composite = check_digit(number + birth + expiry + "<" * 7)
    return "I<UTOFALSE<<EXAMPLE".ljust(36, "<"), f"{number}UTO{birth}F{expiry}{'<' * 7}{composite}"


def td1():
    number, birth, expiry = with_check("X00000000"), with_check("700101"), with_check("300101")
    first = f"I<UTO{number}{'<' * 15}"
    composite = check_digit(first[5:] + birth + expiry + "<" * 11)
    return first, f"{birth}F{expiry}UTO{'<' * 11}{composite}", "FALSE<<EXAMPLE".ljust(30, "<")


def visa(width):
    number, birth, expiry = with_check("V00000000"), with_check("700101"), with_check("300101")
    return "V<UTOFALSE<<EXAMPLE".ljust(width, "<"), f"{number}UTO{birth}F{expiry}".ljust(width, "<")


NUMBERS = [f"X{n:07}" for n in range(1, 9)]
PAXLST = "UNB+UNOA:4+FALSE+EXAMPLE+000101:0000+1'UNH+1+PAXLST:D:12B:UN:IATA'NAD+FL+++FALSE:EXAMPLE'"
RECORD = " 1.1FALSE/EXAMPLE MR\n 2 XX 123 Y 01JAN 1 AAABBB HK1 0100 0200\n"


# -- Documents -----------------------------------------------------------------------------------------------------


def package(parts, stored=()):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return target.getvalue()


def paragraphs(*texts):
    return "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in texts)


def relation(kind, target):
    return (
        f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/{kind}" Target="{target}" '
        'TargetMode="External"/></Relationships>'
    )


def docx(*texts, body="", more=None, main="wordprocessingml.document.main+xml", author="False Example"):
    return package(
        {
            "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Override PartName="/word/document.xml" '
            f'ContentType="application/vnd.openxmlformats-officedocument.{main}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"/>',
            "docProps/core.xml": '<cp:coreProperties xmlns:cp="urn:cp" xmlns:dc="urn:dc">'
            f"<dc:title>Law</dc:title><dc:creator>{author}</dc:creator>"
            f"<cp:lastModifiedBy>{author}</cp:lastModifiedBy></cp:coreProperties>",
            "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{paragraphs(*texts)}{body}</w:body>'
            "</w:document>",
            **(more or {}),
        }
    )


def table(*rows):
    """Rows of cells in a Word document."""
    cells = ("".join(f"<w:tc>{paragraphs(cell)}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def pptx(text="A slide", more=None):
    return package(
        {
            "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Override PartName="/ppt/presentation.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"/>',
            "ppt/presentation.xml": "<p/>",
            "ppt/slides/slide1.xml": f'<a:p xmlns:a="{DRAWING}"><a:r><a:t>{escape(text)}</a:t></a:r></a:p>',
            **(more or {}),
        }
    )


def xlsx(*rows, hidden=(), author=""):
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"author": author})
        for name, content in (("Table", rows), ("Hidden", hidden)):
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(content):
                sheet.write_row(number, 0, cells)
            if name == "Hidden":
                sheet.hide()
    return target.getvalue()


def opendocument(ending="odt", text="A law", body="", more=None, manifest="<manifest/>"):
    kind = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}[ending]
    office, words = "urn:oasis:names:tc:opendocument:xmlns:office:1.0", "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    return package(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f'<office:d xmlns:office="{office}" xmlns:text="{words}" xmlns:draw="urn:draw" '
            f'xmlns:xlink="urn:xlink" xmlns:script="urn:script"><text:p>{escape(text)}</text:p>{body}</office:d>',
            "meta.xml": '<m xmlns:meta="urn:m" xmlns:dc="urn:d">'
            "<meta:initial-creator>False Example</meta:initial-creator><dc:creator>False Example</dc:creator></m>",
            "META-INF/manifest.xml": manifest,
            **(more or {}),
        },
        stored=("mimetype",),
    )


# -- PDF -----------------------------------------------------------------------------------------------------------


def stream(content, more="", pack=True):
    data = zlib.compress(content) if pack else content
    how = "/Filter /FlateDecode " if pack else ""
    return f"<< {how}/Length {len(data)} {more}>>\nstream\n".encode() + data + b"\nendstream"


def shown(*lines):
    """A content stream that shows the lines."""
    texts = " ".join(f"({line}) Tj T*" for line in lines)
    return f"BT /F1 12 Tf 72 720 Td {texts} ET".encode()


def pdf(*lines, objects=(), catalog="", trailer="", pack=True, tail=b""):
    numbered = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog}>>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
        stream(shown(*lines), pack=pack),
        *objects,
    ]
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(numbered, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table_at = len(body)
    body += f"xref\n0 {len(numbered) + 1}\n0000000000 65535 f \n".encode()
    body += b"".join(f"{at:010} 00000 n \n".encode() for at in places)
    end = f"trailer\n<< /Size {len(numbered) + 1} /Root 1 0 R {trailer}>>\nstartxref\n{table_at}\n%%EOF\n"
    return body + end.encode() + tail


# -- Pictures ------------------------------------------------------------------------------------------------------


def picture(name="PNG", size=(6, 4), mode="RGB", **options):
    target = io.BytesIO()
    image = Image.new(mode, size)
    if mode == "RGB":
        image.putpixel((0, 0), (250, 10, 10))
    image.save(target, name, **options)
    return target.getvalue()


def photograph():
    """A JPEG that lies on its side, with place, device and author."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter to the right
    exif[0x010F], exif[0x013B] = "canary-device", "canary-author"
    exif.get_ifd(0x8825).update({1: "N", 2: (5.0, 33.0, 0.0), 3: "W", 4: (0.0, 12.0, 0.0), 29: "canary-gps"})
    return picture("JPEG", exif=exif, comment=b"canary-comment")
