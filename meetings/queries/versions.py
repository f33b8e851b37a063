"""The record as it is circulated: its text as one JSON document, its hash, its paragraphs, and what has changed.

The document is written in one way only (keys sorted, no spaces, UTF-8), so that the same record always has the same
hash. It names states by their two letters and organisations by their key. It names no person: an action point is
owned by states, and who holds it there may have to be forgotten one day, which a frozen text cannot.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from iwg_portal.base import markdown
from meetings.enums import BlockKind, ItemState
from meetings.models import ActionOwner, AgendaItem, Block, Record, RecordVersion

FORMAT = 1
MOST_COMPARED = 4_000_000  # pairs of words; a paragraph that was written anew has 40,000


def canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sha256_of(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


def is_intact(version: RecordVersion) -> bool:
    """What is stored still has the hash that it was given when it was circulated."""
    return sha256_of(version.content) == version.sha256


def blocks_of(record: Record) -> QuerySet[Block]:
    """What stands in the record, in order, with what hangs on it. Four queries when read."""
    owners = ActionOwner.objects.filter(is_removed=False).select_related("state", "organisation").order_by("id")
    blocks = Block.objects.filter(record=record, is_removed=False, item__status=ItemState.ACCEPTED)
    return (
        blocks.select_related("said_by", "decision", "action", "action__decision")
        .prefetch_related("decision__states", "decision__organisations", Prefetch("action__owners", owners))
        .order_by("item__position", "item_id", "position", "id")
    )


def items_of(record: Record) -> QuerySet[AgendaItem]:
    """The points of the agenda, in order."""
    items = AgendaItem.objects.filter(meeting_id=record.meeting_id, status=ItemState.ACCEPTED)
    return items.order_by("position", "id")


def content_of(record: Record, number: int) -> dict[str, Any]:
    """The document of version ``number``. A block without words is left out. Reads the meeting and its group."""
    meeting = record.meeting
    by_item: dict[int, list[Block]] = {}
    for block in blocks_of(record):
        if block.text.strip():
            by_item.setdefault(block.item_id, []).append(block)
    return {
        "format": FORMAT,
        "version": number,
        "language": record.language,
        "meeting": {
            "id": meeting.pk,
            "group": meeting.group.key,
            "number": meeting.number,
            "title": meeting.title,
            "starts_at": meeting.starts_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
            "ends_at": meeting.ends_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        },
        "items": [
            {
                "id": item.pk,
                "number": place,
                "title": item.title,
                "blocks": [_block(block) for block in by_item.get(item.pk, [])],
            }
            for place, item in enumerate(items_of(record), start=1)
        ],
    }


def _block(block: Block) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": str(block.pk),
        "kind": block.kind,
        "text": block.text,
        "said_by": block.said_by.alpha2 if block.said_by else None,
    }
    decision, action = getattr(block, "decision", None), getattr(block, "action", None)
    if block.kind == BlockKind.DECISION and decision is not None:
        said["decision"] = {
            "number": decision.number,
            "kind": decision.kind,
            "to_all": decision.to_all,
            "states": sorted(state.alpha2 for state in decision.states.all()),
            "organisations": sorted(organisation.key for organisation in decision.organisations.all()),
        }
    if block.kind == BlockKind.ACTION and action is not None:
        owners = list(action.owners.all())
        said["action"] = {
            "number": action.number,
            "due_on": action.due_on.isoformat() if action.due_on else None,
            "each_member": action.each_member,
            "decision": action.decision.number if action.decision else None,
            "states": sorted(owner.state.alpha2 for owner in owners if owner.state),
            "organisations": sorted(owner.organisation.key for owner in owners if owner.organisation),
        }
    return said


# -- Its paragraphs -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paragraph:
    """One block of a version. ``number`` counts through the version, ``label`` (3.1, 3.a) through its item."""

    number: int
    block: str
    kind: str
    label: str
    text: str
    said_by: str
    decision: dict[str, Any]
    action: dict[str, Any]


@dataclass(frozen=True)
class Section:
    number: int
    title: str
    paragraphs: tuple[Paragraph, ...]


def sections(content: dict[str, Any]) -> list[Section]:
    """The document as a reader meets it: items, and paragraphs numbered through."""
    found, number = [], 0
    for item in content["items"]:
        paragraphs, decisions, actions = [], 0, 0
        for block in item["blocks"]:
            number += 1
            label = ""
            if block["kind"] == BlockKind.DECISION:
                decisions += 1
                label = f"{item['number']}.{decisions}"
            elif block["kind"] == BlockKind.ACTION:
                actions += 1
                label = f"{item['number']}.{letters(actions)}"
            paragraphs.append(
                Paragraph(
                    number,
                    block["id"],
                    block["kind"],
                    label,
                    block["text"],
                    block["said_by"] or "",
                    block.get("decision", {}),
                    block.get("action", {}),
                )
            )
        found.append(Section(item["number"], item["title"], tuple(paragraphs)))
    return found


def letters(number: int) -> str:
    """1 → a, 26 → z, 27 → aa."""
    found = ""
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(ord("a") + rest) + found
    return found


# -- What has changed -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """Words that stay (``same``), go (``gone``) or come (``new``)."""

    kind: str
    text: str


@dataclass(frozen=True)
class Difference:
    """One paragraph that is new, gone, changed in its words, or only in owner, date or addressee (``facts``); or the
    title of an item (``title``)."""

    kind: str
    item: str
    number: int | None
    pieces: tuple[Piece, ...]


def differences(before: dict[str, Any], after: dict[str, Any], *, names: bool = True) -> list[Difference]:
    """From one version to the next, by paragraph, in the order of the newer one; then what is gone.

    ``names`` False: the reader may not know whose sentence it is, so a change of that is none.
    """
    old, new = _by_block(before), _by_block(after)
    titles = {item["id"]: item["title"] for item in before["items"]}
    found = [
        Difference("title", f"{item['number']}", None, tuple(words_between(titles[item["id"]], item["title"])))
        for item in after["items"]
        if titles.get(item["id"], item["title"]) != item["title"]
    ]
    for key, (title, paragraph) in new.items():
        if key not in old:
            found.append(Difference("new", title, paragraph.number, (Piece("new", _plain(paragraph)),)))
            continue
        was = old[key][1]
        if was.text != paragraph.text:
            pieces = tuple(words_between(_plain(was), _plain(paragraph)))
            found.append(Difference("changed", title, paragraph.number, pieces))
        elif _facts(was, names) != _facts(paragraph, names):
            found.append(Difference("facts", title, paragraph.number, (Piece("same", _plain(paragraph)),)))
    for key, (title, paragraph) in old.items():
        if key not in new:
            found.append(Difference("gone", title, None, (Piece("gone", _plain(paragraph)),)))
    return found


def words_between(old: str, new: str) -> Iterator[Piece]:
    """Word by word; runs of the same kind in one piece. Very long texts are shown whole, one after the other."""
    before, after = re.findall(r"\S+\s*", old), re.findall(r"\S+\s*", new)
    if len(before) * len(after) > MOST_COMPARED:
        yield from (Piece("gone", old), Piece("new", new))
        return
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(before[a:b]))
            continue
        if b > a:
            yield Piece("gone", "".join(before[a:b]))
        if d > c:
            yield Piece("new", "".join(after[c:d]))


def codes_in(paragraphs: Iterable[Paragraph]) -> set[str]:
    """The two letters of every state that is named."""
    found = {paragraph.said_by for paragraph in paragraphs if paragraph.said_by}
    for paragraph in paragraphs:
        found |= {*paragraph.decision.get("states", []), *paragraph.action.get("states", [])}
    return found


def _by_block(content: dict[str, Any]) -> dict[str, tuple[str, Paragraph]]:
    return {
        paragraph.block: (f"{section.number} {section.title}", paragraph)
        for section in sections(content)
        for paragraph in section.paragraphs
    }


def _plain(paragraph: Paragraph) -> str:
    return markdown.plain(paragraph.text)


def _facts(paragraph: Paragraph, names: bool) -> tuple[Any, ...]:
    """Without the numbers in the register, which come by themselves."""
    facts = [{k: v for k, v in found.items() if k != "number"} for found in (paragraph.decision, paragraph.action)]
    return (paragraph.kind, paragraph.said_by if names else "", *facts)
