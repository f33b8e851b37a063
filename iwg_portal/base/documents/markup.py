"""Elements of a Word document by name, and the colours of documents: those of the pages, on paper."""

from __future__ import annotations

from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

INK, MUTED, LINE, BRAND, ATTENTION = "16252B", "5B6B72", "DFE5E6", "0F4C5C", "A85706"


def element(name: str, attributes: dict[str, str] | None = None, *children: Any) -> Any:
    """``w:name`` with attributes of the same namespace."""
    made = OxmlElement(f"w:{name}")
    for key, value in (attributes or {}).items():
        made.set(qn(f"w:{key}"), value)
    for child in children:
        made.append(child)
    return made


def shading(fill: str) -> Any:
    """The ground behind a run or a cell; ``fill``: rrggbb."""
    return element("shd", {"val": "clear", "color": "auto", "fill": fill})
