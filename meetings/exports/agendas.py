"""The agenda as a Word document: the words of its PDF, a table for each day."""

from __future__ import annotations

from typing import Any

from iwg_portal.base.documents.word import Word


def written(data: dict[str, Any]) -> bytes:
    """``data``: what ``agenda.typ`` is given."""
    word = Word(data)
    word.quiet(data["series"])
    word.heading(data["title"], 1)
    word.facts(data["facts"])
    standing = data["standing"]
    if standing["rows"]:
        word.heading(standing["title"], 2)
        for row in standing["rows"]:
            word.line(row["title"], bold=True)
            word.line(row["text"], language=row["language"])
        if standing["more"]:
            word.quiet(standing["more"])
    if data["empty"]:
        word.line(data["empty"])
    for day in data["days"]:
        word.heading(day["title"], 2)
        for slot in day["slots"]:
            _slot(word, slot, data)
    if data["papers"]["rows"]:
        word.heading(data["papers"]["title"], 2)
        for paper in data["papers"]["rows"]:
            word.line(paper)
    return word.content()


def _slot(word: Word, slot: dict[str, Any], data: dict[str, Any]) -> None:
    """One item under a heading of its own, by which Word's navigation finds it."""
    word.heading(f"{slot['number']} {slot['title']}", 3, slot["language"])
    minutes = data["words"][-1]
    word.facts([(data["words"][0], slot["time"]), *([(minutes, slot["minutes"])] if slot["minutes"] else [])])
    for words in (slot["theme"], slot["lead"]):
        if words:
            word.quiet(words)
    for paragraph in slot["note"]:
        word.line(paragraph, language=slot["language"])
    if slot["papers"]:
        word.quiet(data["papers"]["title"])
        for paper in slot["papers"]:
            word.line(paper, small=True)
