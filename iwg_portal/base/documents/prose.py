"""People's own text for a document: paragraphs and lists as plain values. Nothing in it is markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it.token import Token

from iwg_portal.base import markdown

Piece = dict[str, Any]
BREAK = "\n"
_CONTAINERS = {"bullet_list_open", "ordered_list_open", "blockquote_open", "list_item_open"}


def prose(text: str) -> list[Piece]:
    """The same as ``markdown.html`` shows: paragraphs (``kind`` par, ``runs``: text, bold, italic), lists (``kind``
    list, ``ordered``, ``start``, ``items``: each a list of pieces) and quotations (``kind`` quote, ``pieces``).

    A link is its words and, where they say something else, its address.
    """
    return list(_pieces(iter(markdown.tokens(text))))


def _pieces(tokens: Iterator[Token]) -> Iterator[Piece]:
    """Until the end of what encloses them."""
    for token in tokens:
        if token.type == "inline":
            runs = list(_runs(token.children or ()))
            if any(run["text"].strip() for run in runs):
                yield {"kind": "par", "runs": runs}
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            yield {
                "kind": "list",
                "ordered": token.type == "ordered_list_open",
                "start": int(token.attrGet("start") or 1),
                "items": list(_items(tokens)),
            }
        elif token.type == "blockquote_open":
            yield {"kind": "quote", "pieces": list(_pieces(tokens))}
        elif token.type.endswith("_close") and token.type.removesuffix("close") + "open" in _CONTAINERS:
            return


def _items(tokens: Iterator[Token]) -> Iterator[list[Piece]]:
    for token in tokens:
        if token.type == "list_item_open":
            yield list(_pieces(tokens))
        else:
            return


def _runs(children: Sequence[Token]) -> Iterator[dict[str, Any]]:
    bold = italic = 0
    address, words = "", ""
    for child in children:
        kind = child.type
        bold += (kind == "strong_open") - (kind == "strong_close")
        italic += (kind == "em_open") - (kind == "em_close")
        said = BREAK if kind in ("softbreak", "hardbreak") else child.content
        if kind == "link_open":
            address, words = str(child.attrGet("href") or ""), ""
        elif kind == "link_close":
            shown = address.removeprefix("mailto:")
            # Such as the page would let through; an address that is its own words is not said twice.
            if markdown.is_safe_address(address) and shown != words.strip():
                yield {"text": f" ({shown})", "bold": False, "italic": False}
        elif said:
            words += said
            yield {"text": said, "bold": bool(bold), "italic": bool(italic)}
