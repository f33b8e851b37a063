"""PDF files as states send them: tagged and not, turned, protected, broken off, with layers, forms and links."""

import io

import pikepdf
import typst
from pikepdf import Array, Dictionary, Name, String


def tagged(title="A paper", pages=2):
    """PDF/UA-1, A4, with a table whose cells name their heads."""
    words = f'#set document(title: "{title}")\n= {title}\n#table(columns: 2, table.header([one], [two]), [3], [4])\n'
    rest = "".join(f"#pagebreak()\npage {number} of {title}\n" for number in range(2, pages + 1))
    return typst.compile((words + rest).encode(), format="pdf", pdf_standards="ua-1")


def changed(change, **save):
    """An untagged paper of two pages, after ``change(file)``."""
    with pikepdf.open(io.BytesIO(tagged("Untagged"))) as file:
        for name in ("/StructTreeRoot", "/MarkInfo", "/Metadata"):
            del file.Root[name]
        change(file)
        target = io.BytesIO()
        file.save(target, **save)
    return target.getvalue()


def untagged():
    return changed(lambda file: None)


def turned():
    def turn(file):
        file.pages[0].Rotate, file.pages[1].Rotate = 90, 270

    return changed(turn)


def protected(password=""):
    return changed(lambda file: None, encryption=pikepdf.Encryption(owner="owner", user=password))


def broken_off():
    return tagged()[:-900]


def half_a_page():
    """The file is whole; what one page says is not."""

    def cut(file):
        raw = file.pages[1].Contents.read_raw_bytes()
        stream = file.make_stream(b"")
        stream.write(raw[:-20], filter=Name.FlateDecode)
        file.pages[1].Contents = stream

    return changed(cut, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def hidden_layer():
    def hide(file):
        layer = file.make_indirect(Dictionary(Type=Name.OCG, Name=String("draft")))
        file.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))

    return changed(hide)


def form_and_links():
    """A field that is filled in, a link out, one to a name, and an action when the page is opened."""

    def add(file):
        look = file.make_stream(b"BT /F1 9 Tf 2 2 Td (filled in) Tj ET", Type=Name.XObject, Subtype=Name.Form)
        look.BBox = Array([0, 0, 90, 20])
        look.Resources = Dictionary(
            Font=Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        )
        field = file.make_indirect(
            Dictionary(
                Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("f"), V=String("filled in"), F=4,
                Rect=Array([100, 100, 190, 120]), AP=Dictionary(N=look),
            )
        )  # fmt: skip
        links = [
            Dictionary(
                Type=Name.Annot, Subtype=Name.Link, Rect=Array([10, 10, 20, 20]),
                A=Dictionary(S=Name.URI, URI=String("https://example.org/")),
            ),
            Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([30, 10, 40, 20]), Dest=String("name")),
        ]  # fmt: skip
        file.Root.AcroForm = Dictionary(Fields=Array([field]))
        file.pages[0].Annots = Array([field, *map(file.make_indirect, links)])
        file.pages[0].AA = Dictionary(O=Dictionary(S=Name.URI, URI=String("https://evil.example/")))

    return changed(add)
