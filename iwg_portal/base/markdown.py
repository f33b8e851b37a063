"""People's own text to safe HTML: paragraphs, lists, emphasis, and links within limits. Nothing else survives."""

from __future__ import annotations

from html import unescape

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# CommonMark without raw HTML, pictures, headings and code blocks: a record is prose and lists. Single line breaks stay.
_READER = MarkdownIt("zero", {"html": False, "linkify": False, "breaks": True}).enable(
    ["paragraph", "list", "emphasis", "newline", "escape", "backticks", "blockquote", "link", "entity"]
)
_TAGS = {"p", "ul", "ol", "li", "em", "strong", "br", "blockquote", "code", "a"}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
_SCHEMES = {"https", "http", "mailto"}


def html(text: str) -> SafeString:
    """Markup for a template, inside an element with ``data-hx-disable``: attributes that htmx reads never survive.

    The result holds no script, style, picture, class, ``data-`` attribute or address other than http, https, mailto.
    Links carry ``rel="noopener noreferrer nofollow"``. Linear in the length of ``text``; callers bound that.
    """
    cleaned = nh3.clean(
        _READER.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return mark_safe(cleaned.strip())


def plain(text: str) -> str:
    """The same text without marks, for a mail, a document or a search: lines and words, no markup. Not safe as HTML."""
    return unescape(nh3.clean(_READER.render(text), tags=set(), attributes={})).strip()


def tokens(text: str) -> list[Token]:
    """What the text consists of, for documents that are not HTML; addresses in it are not checked."""
    return _READER.parse(text)


def is_safe_address(address: str) -> bool:
    """Of a scheme that ``html`` lets through."""
    return address.partition(":")[0].lower() in _SCHEMES
