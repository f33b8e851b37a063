"""A circulated record as one reader meets it: finished paragraphs, who said what, what was remarked beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from iwg_portal.base import markdown
from iwg_portal.base.dates import date_format
from iwg_portal.base.marks import zone as zone_word
from meetings.enums import BlockKind, DecisionKind, Stance
from meetings.models import Comment, Position
from meetings.queries.silence import organisation_names, state_names
from meetings.queries.versions import Paragraph, codes_in, sections
from members.models import Person


@dataclass(frozen=True)
class Reader:
    """What decides which names are shown. ``names`` False: under the Chatham House Rule, and she was not there.
    ``actors``: ids of the people whose names she may read; None: everybody's."""

    person: int | None
    names: bool
    actors: frozenset[int] | None

    def who(self, row: Comment | Position) -> str:
        """Of whom a comment or a position is, in words."""
        if row.by_id == self.person:
            return _("You")
        if not self.names:
            return _("A member of the group")
        if row.state is None:
            return _("The chair")
        known = self.actors is None or row.by_id in self.actors
        return f"{row.state.name}, {row.by.full_name}" if known else row.state.name


@dataclass(frozen=True)
class Remark:
    id: str
    who: str
    at: dt.datetime
    text: str
    is_late: bool
    is_settled: bool


@dataclass(frozen=True)
class Stand:
    """The position of one state."""

    who: str
    at: dt.datetime
    objects: bool
    text: str
    from_mail: bool = False


@dataclass(frozen=True)
class Shown:
    """One paragraph. ``heading`` is "Decision 3.1", ``facts`` what stands in small letters below."""

    number: int
    kind: str
    heading: str
    html: SafeString
    said_by: str
    facts: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class Item:
    number: int
    title: str
    paragraphs: tuple[Shown, ...]


@dataclass(frozen=True)
class Text:
    """``general``: remarks on the whole, and on paragraphs that are not in this version."""

    items: tuple[Item, ...]
    general: tuple[Remark, ...]


def text_of(content: dict[str, Any], comments: Iterable[Comment], reader: Reader) -> Text:
    """The version ``content`` with ``comments`` beside it. At most two queries, for names."""
    found = sections(content)
    paragraphs = [paragraph for section in found for paragraph in section.paragraphs]
    states = state_names(codes_in(paragraphs))
    keys = {key for p in paragraphs for facts in (p.decision, p.action) for key in facts.get("organisations", [])}
    organisations = organisation_names(keys)
    numbers = {paragraph.block for paragraph in paragraphs}
    beside: dict[str, list[Remark]] = {}
    for comment in comments:
        place = str(comment.block_id) if str(comment.block_id) in numbers else ""
        beside.setdefault(place, []).append(remark(comment, reader))
    items = tuple(
        Item(
            section.number,
            section.title,
            tuple(
                Shown(
                    paragraph.number,
                    paragraph.kind,
                    _heading(paragraph),
                    markdown.html(paragraph.text),
                    states.get(paragraph.said_by, paragraph.said_by) if reader.names else "",
                    _facts(paragraph, states, organisations),
                    tuple(beside.get(paragraph.block, ())),
                )
                for paragraph in section.paragraphs
            ),
        )
        for section in found
    )
    return Text(items, tuple(beside.get("", ())))


def numbers_of(content: dict[str, Any]) -> dict[str, int]:
    """Block → the number of its paragraph."""
    return {paragraph.block: paragraph.number for section in sections(content) for paragraph in section.paragraphs}


def remark(comment: Comment, reader: Reader) -> Remark:
    who = reader.who(comment)
    return Remark(str(comment.pk), who, comment.at, comment.text, comment.is_late, comment.is_settled)


def stands(positions: Iterable[Position], reader: Reader) -> list[Stand]:
    return [
        Stand(reader.who(row), row.at, row.stance == Stance.OBJECT, row.text, reader.names and row.from_mail)
        for row in positions
    ]


def until(deadline: dt.datetime, zone: ZoneInfo) -> str:
    """By the clocks of ``zone``: "Friday 27 November 2026, 17:00 GMT"."""
    local = deadline.astimezone(zone)
    weekday = date_format(local, "l")
    return _("%(weekday)s %(moment)s %(zone)s") % {
        "weekday": weekday if get_language() == "en" else weekday.lower(),
        "moment": date_format(local, "DATETIME_FORMAT"),
        "zone": zone_word(local),
    }


def zone_of(person: Person | None) -> ZoneInfo | None:
    """By whose clocks she lives, where she has said so."""
    try:
        return ZoneInfo(person.zone) if person is not None and person.zone else None
    except (OSError, KeyError, ValueError):  # no such zone, or not the name of one
        return None


def _heading(paragraph: Paragraph) -> str:
    if paragraph.kind == BlockKind.DECISION:
        return _("Decision %(label)s") % {"label": paragraph.label}
    if paragraph.kind == BlockKind.ACTION:
        return _("Action %(label)s") % {"label": paragraph.label}
    return ""


def _facts(paragraph: Paragraph, states: dict[str, str], organisations: dict[str, str]) -> str:
    """ "Senegal, Cabo Verde · due 31 January 2027 · no. 4 in the register"."""
    decision, action = paragraph.decision, paragraph.action
    parts: list[str] = []
    if decision:
        named = _named(decision, states, organisations)
        parts.append(str(DecisionKind(decision["kind"]).label))
        parts.append(_("to all members") if decision["to_all"] else _("to %(names)s") % {"names": ", ".join(named)})
    if action:
        parts.append(owners_and_date(action, states, organisations))
    number = (decision or action or {}).get("number")
    if number:
        parts.append(_("no. %(number)d in the register") % {"number": number})
    return " · ".join(parts)


def owners_and_date(action: dict[str, Any], states: dict[str, str], organisations: dict[str, str]) -> str:
    """Of an action point as it is written in a version: "Senegal, Cabo Verde · due 31 January 2027"."""
    due_on = action["due_on"]
    day = date_format(dt.date.fromisoformat(due_on), "DATE_FORMAT") if due_on else ""
    until = _("due %(day)s") % {"day": day} if day else _("no date")
    return f"{_owners(action, _named(action, states, organisations))} · {until}"


def _owners(action: dict[str, Any], named: Sequence[str]) -> str:
    if action["each_member"]:
        return _("each member state")
    return ", ".join(named) if named else _("nobody yet")


def _named(facts: dict[str, Any], states: dict[str, str], organisations: dict[str, str]) -> list[str]:
    found = sorted(states.get(code, code) for code in facts["states"])
    return found + sorted(organisations.get(key, key) for key in facts["organisations"])
