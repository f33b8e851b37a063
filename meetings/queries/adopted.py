"""Beside each action point of an adopted record: who and until when, as it was adopted, where it is otherwise today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from meetings.queries import versions
from meetings.queries.reading import owners_and_date
from meetings.queries.records import Row, Section
from meetings.queries.silence import organisation_names, state_names


def with_adopted(found: Sequence[Section], content: dict[str, Any]) -> list[Section]:
    """``found``, finished and as it is today, with the words of the adopted version ``content``. At most two queries,
    for names that the page does not know yet."""
    frozen = {
        paragraph.block: paragraph.action
        for section in versions.sections(content)
        for paragraph in section.paragraphs
        if paragraph.action
    }
    rows = [row for section in found for row in section.rows if str(row.block.pk) in frozen]
    differing = {str(row.block.pk) for row in rows if _today(row) != _then(frozen[str(row.block.pk)])}
    if not differing:
        return list(found)
    states = {owner.state.alpha2: owner.state.name for row in rows for owner in row.owners if owner.state}
    states |= state_names({code for block in differing for code in frozen[block]["states"]} - states.keys())
    organisations = organisation_names({key for block in differing for key in frozen[block]["organisations"]})
    words = {block: owners_and_date(frozen[block], states, organisations) for block in differing}
    return [
        replace(section, rows=tuple(replace(row, adopted=words.get(str(row.block.pk), "")) for row in section.rows))
        for section in found
    ]


def _then(action: dict[str, Any]) -> tuple[object, ...]:
    each = action["each_member"]
    return (
        each,
        frozenset() if each else frozenset(action["states"]),
        frozenset(action["organisations"]),
        {action["due_on"]},
    )


def _today(row: Row) -> tuple[object, ...]:
    action = row.block.action
    states = {owner.state.alpha2 for owner in row.owners if owner.state}
    organisations = {owner.organisation.key for owner in row.owners if owner.organisation}
    days = {owner.due_on or action.due_on for owner in row.owners} or {action.due_on}
    each = action.each_member
    return (
        each,
        frozenset() if each else frozenset(states),
        frozenset(organisations),
        {day.isoformat() if day else None for day in days},
    )
