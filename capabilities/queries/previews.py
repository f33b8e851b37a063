"""A plan in the reader's words: per state, what is new and what is replaced, old beside new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capabilities.enums import AnswerKind
from capabilities.models import Edition
from capabilities.queries.framework import Framework, framework
from capabilities.queries.imports import Change, Plan, Stated
from capabilities.queries.workbooks import Vocabulary
from iwg_portal.base.dates import date_format


@dataclass(frozen=True)
class Line:
    """One value: ``old`` is "" where the portal holds nothing yet."""

    label: str
    old: str
    new: str
    note: str = ""


@dataclass(frozen=True)
class StateLines:
    """What changes for one state, in the order of the workbook."""

    name: str
    row: int
    added: tuple[Line, ...]
    replaced: tuple[Line, ...]


def sentence(found: Plan) -> str:
    """What the workbook would do, before anything is done."""
    if found.problems:
        return ngettext(
            "%(count)s problem: nothing can be imported until it is corrected.",
            "%(count)s problems: nothing can be imported until they are corrected.",
            len(found.problems),
        ) % {"count": len(found.problems)}
    if not found.changes:
        return nothing_changes(found)
    return _("New values: %(added)s. Values to be replaced: %(replaced)s. Unchanged: %(unchanged)s.") % {
        "added": len(found.additions),
        "replaced": len(found.replacements),
        "unchanged": found.unchanged,
    }


def outcome(done: Plan) -> str:
    """What was done."""
    if not done.changes:
        return nothing_changes(done)
    return _("Round %(year)s is imported. New values: %(added)s. Replaced: %(replaced)s. Unchanged: %(unchanged)s.") % {
        "year": done.vocabulary.year,
        "added": len(done.additions),
        "replaced": len(done.replacements),
        "unchanged": done.unchanged,
    }


def nothing_changes(found: Plan) -> str:
    if not found.unchanged:
        return _("The workbook holds no values, so nothing changes.")
    return ngettext(
        "Nothing changes: the portal already holds the %(count)s value of this workbook.",
        "Nothing changes: the portal already holds all %(count)s values of this workbook.",
        found.unchanged,
    ) % {"count": found.unchanged}


def texts_for(words: Vocabulary) -> Framework:
    """The framework of the round, in the active language."""
    return framework(Edition.objects.get(pk=words.edition_id))


def by_state(found: Plan) -> list[StateLines]:
    """The changes of the plan in the active language. At most five queries, at any number of changes."""
    if not found.changes:
        return []
    texts = texts_for(found.vocabulary)
    titles = {indicator.id: indicator for area in texts.areas for indicator in area.indicators}
    rows: dict[int, list[Change]] = {}
    for change in found.changes:
        rows.setdefault(change.state_id, []).append(change)
    return [
        StateLines(
            found.vocabulary.names[state_id],
            changes[0].row,
            tuple(_line(change, texts, titles) for change in changes if not change.replaces),
            tuple(_line(change, texts, titles) for change in changes if change.replaces),
        )
        for state_id, changes in rows.items()
    ]


def _line(change: Change, texts: Framework, titles: dict[int, Any]) -> Line:
    if change.part == "answer":
        indicator = titles[int(change.key)]
        return Line(f"{indicator.code} {indicator.title}", _answer(change.old), _answer(change.new))
    if change.part == "status":
        kind = str(change.key)
        label = _("Status of API") if kind == "advpax" else _("Status of PNR")
        return Line(
            label, _status(change.old, kind, texts), _status(change.new, kind, texts), _sources(change.old, change.new)
        )
    label = _("Source of the levels") if change.part == "source" else _("Note")
    return Line(label, change.old or "", change.new)


def _answer(value: Any) -> str:
    if value is None:
        return ""
    kind, level, reason = value
    if kind == AnswerKind.LEVEL:
        return _("level %(level)s") % {"level": level}
    if kind == AnswerKind.NOT_DECLARED:
        return _("not declared")
    return _("not applicable: %(reason)s") % {"reason": reason}


def _status(stated: Stated | None, kind: str, texts: Framework) -> str:
    if stated is None:
        return ""
    words = {"legal": texts.label("legal", stated.legal), "delivery": texts.label(kind, stated.delivery)}
    if stated.since is None:
        return _("legal: %(legal)s; delivery: %(delivery)s") % words
    words["day"] = date_format(stated.since, "SHORT_DATE_FORMAT")
    return _("legal: %(legal)s; delivery: %(delivery)s; since %(day)s") % words


def _sources(old: Stated | None, new: Stated) -> str:
    if old is None or old.source == new.source:
        return ""
    return _("source before: %(old)s; now: %(new)s") % {"old": old.source or "–", "new": new.source or "–"}
