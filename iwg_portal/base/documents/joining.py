"""Other people's PDF files joined behind title pages of ours.

What they say stays as it is: no page is drawn anew or made smaller. Each page grows by a band at its foot, which bears
the words of the whole. Tags are kept: the structure of a tagged file becomes a part of ours, and each page of a file
without tags one paragraph of it, so that a screen reader reads it in the order in which it was drawn. PDF/UA of such a
file cannot be promised: the whole says that it is PDF/UA-1 only where each of its parts does.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from iwg_portal.base.documents.tags import Tree

BAND = 20  # points
MOST_CONTENT = 64 * 1024 * 1024  # bytes of one file's page descriptions, unpacked
_PIECE = 1024 * 1024
_CLAIM = "{http://www.aiim.org/pdfua/ns/id/}part"
_COUNT = "{http://ns.adobe.com/xap/1.0/t/pg/}NPages"
_CLAIMED = re.compile(rb"pdfuaid:part")
# What a file that is damaged, or made to harm, leads to; qpdf itself reads it within bounds.
BROKEN = (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, OverflowError, OSError)
# Of a page: what acts, or speaks of the file that it was taken from.
_LEFT_BEHIND = ("/AA", "/B", "/PieceInfo", "/Metadata", "/Thumb", "/AF", "/Trans", "/Dur", "/BleedBox", "/TrimBox",
                "/ArtBox")  # fmt: skip


class Why(StrEnum):
    """Why a file cannot be joined."""

    GONE, PROTECTED, DAMAGED, LAYERED, LONG = "gone", "protected", "damaged", "layered", "long"


class UnfitError(Exception):
    """``why`` this file cannot be joined; ``place``: which of several."""

    def __init__(self, why: Why, place: int = 0) -> None:
        super().__init__(why)
        self.why, self.place = why, place


@dataclass(frozen=True)
class Leaf:
    """An opened file. Close ``file`` once it is joined."""

    file: pikepdf.Pdf
    pages: int
    language: str


def opened(path: Path, language: str, most: int) -> Leaf:
    """The file, looked at: every page is there and each description of a page is whole. ``most``: pages. Raises
    UnfitError; nothing is mended, so that nobody is given half a document."""
    try:
        file = pikepdf.open(path, attempt_recovery=False, suppress_warnings=True)
    except pikepdf.PasswordError:
        raise UnfitError(Why.PROTECTED) from None
    except FileNotFoundError:
        raise UnfitError(Why.GONE) from None
    except BROKEN:
        raise UnfitError(Why.DAMAGED) from None
    try:
        _look(file, most)
        spoken = str(file.Root.get("/Lang", "")) or language
        return Leaf(file, len(file.pages), spoken)
    except UnfitError:
        file.close()
        raise
    except BROKEN:
        file.close()
        raise UnfitError(Why.DAMAGED) from None


def _look(file: pikepdf.Pdf, most: int) -> None:
    if file.is_encrypted:
        raise UnfitError(Why.PROTECTED)
    if not len(file.pages):
        raise UnfitError(Why.DAMAGED)
    if len(file.pages) > most:
        raise UnfitError(Why.LONG)
    shown = file.Root.get("/OCProperties", Dictionary()).get("/D", Dictionary())
    if len(shown.get("/OFF", Array())) or shown.get("/BaseState", Name.ON) != Name.ON:
        raise UnfitError(Why.LAYERED)  # without its list of layers a page would show those that are hidden
    left = MOST_CONTENT
    for page in file.pages:
        for stream in _descriptions(page):
            left -= _unpacked(stream, left)
    if file.get_warnings():
        raise UnfitError(Why.DAMAGED)


def _descriptions(page: pikepdf.Page) -> list[Any]:
    found = page.obj.get("/Contents", Array())
    return list(found) if isinstance(found, Array) else [found]


def _unpacked(stream: Any, most: int) -> int:
    """How many bytes it holds, where it is packed as usual. Raises UnfitError where it is broken off or too long."""
    raw = stream.read_raw_bytes()
    packing = stream.get("/Filter")
    if isinstance(packing, Array) and len(packing) == 1:
        packing = packing[0]
    if packing != Name.FlateDecode:
        return len(raw)
    machine, size, rest = zlib.decompressobj(), 0, raw
    while rest and not machine.eof:
        try:
            size += len(machine.decompress(rest, _PIECE))
        except zlib.error:
            raise UnfitError(Why.DAMAGED) from None
        rest = machine.unconsumed_tail
        if size > most:
            raise UnfitError(Why.LONG)
    if not machine.eof:
        raise UnfitError(Why.DAMAGED)
    return size


def joined(base: bytes, leaves: Sequence[Leaf], bands: bytes) -> bytes:
    """``base`` with each leaf behind its title page: the title pages are the last pages of ``base``, in the same order.
    ``bands``: one page for each page of the leaves, what stands at its foot. Raises UnfitError with the ``place`` of a
    leaf that turns out to be broken."""
    with pikepdf.open(BytesIO(base)) as whole, pikepdf.open(BytesIO(bands)) as drawn:
        tree, strips, promised = Tree(whole), iter(drawn.pages), True
        at = len(whole.pages) - len(leaves)
        for place, leaf in enumerate(leaves):
            at += 1
            try:
                pages = _inserted(whole, leaf, at)
                tagged = tree.adopt(leaf.file, pages, leaf.language)
                promised = promised and tagged and _claims(leaf.file)
                for page in pages:
                    _finish(whole, page, next(strips), tagged)
            except BROKEN:
                raise UnfitError(Why.DAMAGED, place) from None
            at += leaf.pages
        tree.close()
        with whole.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as about:
            about[_COUNT] = str(len(whole.pages))
            if not promised:
                about.pop(_CLAIM, None)
        target = BytesIO()
        whole.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        return target.getvalue()


def _claims(file: pikepdf.Pdf) -> bool:
    about = file.Root.get("/Metadata")
    if about is None or about.get("/Filter") is not None:
        return False
    return bool(_CLAIMED.search(about.read_raw_bytes()))


def _inserted(whole: pikepdf.Pdf, leaf: Leaf, at: int) -> list[pikepdf.Page]:
    if any(_filled(page) for page in leaf.file.pages):
        # What was written into a form, or beside the text, is drawn for good: its fields are not taken over.
        leaf.file.generate_appearance_streams()
        leaf.file.flatten_annotations("print")
    for number, page in enumerate(leaf.file.pages):
        whole.pages.insert(at + number, page)
    return [whole.pages[at + number] for number in range(leaf.pages)]


def _notes(page: pikepdf.Page) -> Iterator[Any]:
    yield from page.obj.get("/Annots", Array())


def _filled(page: pikepdf.Page) -> bool:
    return any(note.get("/Subtype") != Name.Link for note in _notes(page))


def _tamed(note: Any) -> Any:
    """A link leads to an address or to a page; one that leads by a name, which stays behind, or acts, leads nowhere."""
    act = note.get("/A", Dictionary())
    leads = act.get("/S") == Name.URI or (act.get("/S") == Name.GoTo and isinstance(act.get("/D"), Array))
    for name, stays in (("/A", leads and "/Next" not in act), ("/Dest", isinstance(note.get("/Dest"), Array))):
        if name in note and not stays:
            del note[name]
    for name in ("/PA", "/AA"):
        if name in note:
            del note[name]
    return note


def _finish(whole: pikepdf.Pdf, page: pikepdf.Page, strip: pikepdf.Page, tagged: bool) -> None:
    """Larger by the band, with ``strip`` in it; nothing that acts."""
    page.obj["/Annots"] = Array([_tamed(note) for note in _notes(page) if note.get("/Subtype") == Name.Link])
    for name in _LEFT_BEHIND:
        if name in page.obj:
            del page.obj[name]
    left, low, right, high = _box(page)
    turned = int(page.obj.get("/Rotate", 0)) % 360
    seen = f"{left:g} {low:g} {right - left:g} {high - low:g} re W n"
    across = high - low if turned in (90, 270) else right - left
    match turned:
        case 90:
            right += BAND
            place = f"0 1 -1 0 {right:g} {low:g}"
        case 180:
            high += BAND
            place = f"-1 0 0 -1 {right:g} {high:g}"
        case 270:
            left -= BAND
            place = f"0 -1 1 0 {left:g} {high:g}"
        case _:
            low -= BAND
            place = f"1 0 0 1 {left:g} {low:g}"
    page.mediabox = page.cropbox = Array([left, low, right, high])
    form = whole.copy_foreign(strip.as_form_xobject())
    band = page.add_resource(form, Name.XObject, prefix="Band")
    width = float(strip.mediabox[2]) - float(strip.mediabox[0])
    scale = across / width
    before = f"q {seen}\n" if tagged else f"/P <</MCID 0>> BDC q {seen}\n"
    after = "\nQ " if tagged else "\nQ EMC "
    after += f"/Artifact BMC q {place} cm {scale:.5f} 0 0 {min(scale, 1):.5f} 0 0 cm {band} Do Q EMC\n"
    streams = [whole.make_stream(before.encode()), *_descriptions(page), whole.make_stream(after.encode())]
    page.obj["/Contents"] = Array(streams)


def _box(page: pikepdf.Page) -> tuple[float, float, float, float]:
    """What is seen of the page: its crop box within its media box."""
    one, other = ([float(value) for value in box] for box in (page.cropbox, page.mediabox))
    (a, c), (b, d) = sorted((one[0], one[2])), sorted((one[1], one[3]))
    (e, g), (f, h) = sorted((other[0], other[2])), sorted((other[1], other[3]))
    left, low, right, high = max(a, e), max(b, f), min(c, g), min(d, h)
    if right - left < 1 or high - low < 1:
        raise ValueError("a page without a face")
    return left, low, right, high
