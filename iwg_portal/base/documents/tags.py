"""The tags of a PDF file, into which those of other files are taken over (ISO 32000, 14.7 and 14.8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

MOST = 20_000  # elements of all files together; one that has more than are left is read page by page
_DEEPEST = 40


class Tree:
    """Of ``whole``, a document of ours. ``close`` writes what was gathered."""

    def __init__(self, whole: pikepdf.Pdf) -> None:
        self.whole = whole
        self.root = whole.Root["/StructTreeRoot"]
        top = self.root["/K"]
        self.document = top[0] if isinstance(top, Array) else top
        self.parents: list[Any] = list(_pairs(self.root["/ParentTree"], "/Nums"))
        self.names: list[Any] = list(_pairs(self.root["/IDTree"], "/Names")) if "/IDTree" in self.root else []
        self.next = 1 + max((int(key) for key, _value in self.parents), default=-1)
        self.parts, self.room = 0, MOST

    def adopt(self, file: pikepdf.Pdf, pages: Sequence[pikepdf.Page], language: str) -> bool:
        """Take the tags of ``file``, whose pages are now ``pages`` of the whole. False where it has none that can be
        used: then each page is to be one paragraph, marked with the number 0."""
        self.parts += 1
        part = self.whole.make_indirect(
            Dictionary(Type=Name.StructElem, S=Name.Part, P=self.document, Lang=String(language or "und"))
        )
        tagged = self._taken(file, pages, part) if _is_tagged(file) else False
        if not tagged:
            part["/K"] = Array([self._paragraph(page, part) for page in pages])
        inside = self.document.get("/K", Array())
        self.document["/K"] = Array([*(inside if isinstance(inside, Array) else [inside]), part])
        return tagged

    def close(self) -> None:
        flat = [item for pair in self.parents for item in pair]
        self.root["/ParentTree"] = self.whole.make_indirect(Dictionary(Nums=Array(flat)))
        self.root["/ParentTreeNextKey"] = self.next
        if self.names:
            flat = [item for pair in sorted(self.names, key=lambda pair: bytes(pair[0])) for item in pair]
            names = Array([flat[0], flat[-2]])
            self.root["/IDTree"] = self.whole.make_indirect(Dictionary(Kids=Array([
                self.whole.make_indirect(Dictionary(Limits=names, Names=Array(flat)))
            ])))  # fmt: skip

    def _paragraph(self, page: pikepdf.Page, part: Any) -> Any:
        found = self.whole.make_indirect(Dictionary(Type=Name.StructElem, S=Name.P, P=part, Pg=page.obj, K=0))
        page.obj["/StructParents"] = self.next
        for note in page.obj.get("/Annots", Array()):
            if "/StructParent" in note:
                del note["/StructParent"]
        self.parents.append((self.next, self.whole.make_indirect(Array([found]))))
        self.next += 1
        return found

    def _taken(self, file: pikepdf.Pdf, pages: Sequence[pikepdf.Page], part: Any) -> bool:
        root = self.whole.copy_foreign(file.Root["/StructTreeRoot"])
        if not self._same_words(root):
            return False
        elements = list(islice(_elements(root.get("/K")), self.room + 1))
        if not elements or len(elements) > self.room:
            return False
        self.room -= len(elements)
        first = self.next
        rows = [(first + int(key), value) for key, value in _pairs(root["/ParentTree"], "/Nums")]
        for key in _keyed(pages):
            for name in ("/StructParents", "/StructParent"):
                if name in key:
                    key[name] = first + int(key[name])
        for element in elements:
            self._renamed(element)
        inside = root["/K"]
        children = list(inside) if isinstance(inside, Array) else [inside]
        for child in children:
            child["/P"] = part
        part["/K"] = Array(children)
        self.parents += rows
        self.next = 1 + max((key for key, _value in rows), default=first)
        return True

    def _same_words(self, root: Any) -> bool:
        """Its own names for elements, and classes, are put beside ours; False where one means something else here."""
        for name in ("/RoleMap", "/ClassMap"):
            theirs = root.get(name, Dictionary())
            ours = self.root.get(name, Dictionary())
            if any(key in ours and ours[key] != value for key, value in theirs.items()):
                return False
            if len(theirs):
                for key, value in theirs.items():
                    ours[key] = value
                self.root[name] = ours
        return True

    def _renamed(self, element: Any) -> None:
        """Ids are those of one file: told apart by the number of the part."""
        mark = b"%d-" % self.parts
        if "/ID" in element:
            element["/ID"] = String(mark + bytes(element["/ID"]))
            self.names.append((element["/ID"], element))
        about = element.get("/A")
        for attributes in about if isinstance(about, Array) else [about]:
            if isinstance(attributes, Dictionary) and "/Headers" in attributes:
                attributes["/Headers"] = Array([String(mark + bytes(one)) for one in attributes["/Headers"]])


def _is_tagged(file: pikepdf.Pdf) -> bool:
    root = file.Root.get("/StructTreeRoot")
    marked = file.Root.get("/MarkInfo", Dictionary()).get("/Marked", False)
    return bool(marked) and root is not None and root.is_indirect and "/ParentTree" in root and "/K" in root


def _pairs(node: Any, name: str, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Of a tree of numbers or names: key and value."""
    if depth > _DEEPEST:
        raise ValueError("a tree without an end")
    flat = list(node.get(name, ()))
    yield from zip(flat[::2], flat[1::2], strict=True)
    for kid in node.get("/Kids", ()):
        yield from _pairs(kid, name, depth + 1)


def _elements(top: Any) -> Iterator[Any]:
    """Every element below ``top``, each once."""
    waiting, known = [top], set()
    while waiting:
        found = waiting.pop()
        if isinstance(found, Array):
            waiting.extend(found)
        elif isinstance(found, Dictionary) and "/S" in found:
            if found.objgen in known:
                continue
            known.add(found.objgen)
            yield found
            waiting.append(found.get("/K"))


def _keyed(pages: Sequence[pikepdf.Page]) -> Iterator[Any]:
    """What may bear a key into the tree of parents: pages, their links, and the pictures and pieces that they draw."""
    known = set()
    for page in pages:
        drawn = page.obj.get("/Resources", Dictionary()).get("/XObject", Dictionary())
        for found in (page.obj, *page.obj.get("/Annots", Array()), *(piece for _name, piece in drawn.items())):
            if found.objgen not in known or found.objgen == (0, 0):
                known.add(found.objgen)
                yield found
