"""Word's own fields in a template: those that count and refer are let in; what loads, runs or asks is not."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WITHIN = re.compile(r'\s*HYPERLINK\s+\\l\s+"[^"\\/:]*"(?:\s+\\[hn])?\s*', re.IGNORECASE)  # a link within the document
KNOWN = frozenset(("PAGE", "NUMPAGES", "SECTIONPAGES", "SECTION", "PAGEREF", "REF", "SEQ", "STYLEREF", "TOC"))


def objections(root: Any) -> list[str]:
    """A sentence for each kind of field that a template may not have."""
    found = []
    for name, instruction in _fields(root):
        if name in KNOWN or WITHIN.fullmatch(instruction):
            continue
        found.append(_("It holds a field of Word that a template may not have (%(name)s).") % {"name": name[:30]})
    return found


def _fields(root: Any) -> list[tuple[str, str]]:
    """(name, instruction); a complex field may spread its instruction over many runs, and hold others."""
    found, open_fields = [], []
    for element in root.iter():
        if element.tag == f"{WORD}fldSimple":
            found.append(element.get(f"{WORD}instr") or "")
        elif element.tag == f"{WORD}fldChar":
            kind = element.get(f"{WORD}fldCharType")
            if kind == "begin":
                open_fields.append("")
            elif kind in ("separate", "end") and open_fields:
                instruction = open_fields.pop()
                if kind == "separate":
                    found.append(instruction)
                    open_fields.append("\0")
                elif instruction != "\0":
                    found.append(instruction)
        elif element.tag == f"{WORD}instrText":
            if open_fields and open_fields[-1] != "\0":
                open_fields[-1] += element.text or ""
            else:
                found.append(element.text or "")
    found += [instruction for instruction in open_fields if instruction != "\0"]
    return [(_name(instruction), instruction) for instruction in found]


def _name(instruction: str) -> str:
    words = instruction.split()
    return words[0].strip('"').upper() if words else ""
