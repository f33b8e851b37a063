"""PDF/UA-1 by typst. The data travel as JSON: inert, whatever they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst

from iwg_portal.base.documents.glyphs import drawable, in_texts
from iwg_portal.base.signs import visible

HERE = Path(__file__).resolve().parent
FONTS = HERE.parent / "fonts"


def pdf(template: str, data: dict[str, Any]) -> bytes:
    """The document ``documents/<template>.typ`` filled with ``data`` (JSON; the template reads ``sys.inputs.data``).

    Tagged, PDF/UA-1: typst refuses to build what lacks a title, a language or an alternative text. Fonts are the
    project's own; what they cannot draw is replaced by a sign. Raises RuntimeError with typst's words when the
    template fails, ValueError for a name with a path.
    """
    if not template.replace("-", "").isalnum():
        raise ValueError(template)
    data = in_texts(data, visible)
    try:
        return _built(template, data)
    except RuntimeError as error:
        if "could not be displayed" not in str(error):
            raise
        return _built(template, in_texts(data, drawable))


def png(template: str, data: dict[str, Any], *, ppi: float = 200) -> bytes:
    """The one page of ``documents/<template>.typ`` as a picture, for a document of another kind. Raises as ``pdf``."""
    if not template.replace("-", "").isalnum():
        raise ValueError(template)
    return _compiled(template, in_texts(data, visible), format="png", ppi=ppi)


def stamps(template: str, data: dict[str, Any]) -> bytes:
    """Pages of ``documents/<template>.typ`` to be drawn upon those of other documents: without tags, which would be
    those of no text. Raises as ``pdf``."""
    if not template.replace("-", "").isalnum():
        raise ValueError(template)
    return _compiled(template, in_texts(in_texts(data, visible), drawable), format="pdf", pdf_tags=False)


def _built(template: str, data: dict[str, Any]) -> bytes:
    return _compiled(template, data, format="pdf", pdf_standards="ua-1")


def _compiled(template: str, data: dict[str, Any], **how: Any) -> bytes:
    built = typst.compile(
        str(HERE / f"{template}.typ"),
        root=str(HERE),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        **how,
    )
    assert isinstance(built, bytes)
    return built
