"""Write, order, remove and bring back the blocks of a record. Nothing that somebody typed is ever refused or lost.

The meeting is locked first, so the saves of one record follow one another. A save names the version on which it was
typed. Where that is not the one that stands, both texts are put together; a retry with the same ``client_id`` gets the
same receipt; a text for which there is no place any more is kept for its author (``members.ParkedText``).
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.base.typed import Fields
from meetings.actions import mentions as owners
from meetings.actions.records import label, locked, note_written, park
from meetings.enums import BlockKind, DecisionKind, DecisionState, ItemState
from meetings.models import ActionOwner, ActionPoint, AgendaItem, Block, BlockRevision, Decision, Meeting, Record
from meetings.queries import mentions
from meetings.queries.merging import MOST_CHARACTERS, merge
from members.access import Viewer
from members.actions import discard_parked
from members.models import ParkedText, Person, State

STEP = 100  # between the positions of two blocks


@dataclass(frozen=True)
class Draft:
    """A block as somebody sends it. ``base``: the version on which she typed, 0 where there was none.

    ``item``, ``kind`` and ``after`` place a new block. ``said_by`` counts only with ``names_speaker``. ``lift``: she
    has left the block, so mentions become owner and due date and go from the text. ``revive``: also if it was removed.
    ``fields``: all of it, to be kept when it cannot be written.
    """

    block: uuid.UUID
    client_id: uuid.UUID
    text: str
    base: int = 0
    item: int | None = None
    kind: str = BlockKind.TEXT
    after: uuid.UUID | None = None
    said_by: State | None = None
    names_speaker: bool = False
    lift: bool = False
    drop: tuple[str, ...] = ()
    revive: bool = False
    fields: Fields = field(default_factory=list)


@dataclass(frozen=True)
class Receipt:
    """``outcome``: saved; stands (nothing was changed); parked (kept for its author), and ``reason`` why: closed,
    removed, gone, too_long, overtaken, changed, no_item, bound.

    ``version`` and ``text`` are what stands on the server, ``own`` is the version that holds exactly what was sent: the
    base of whatever is typed on. ``clash``: both had changed the same lines, and both stand there.
    """

    outcome: str
    version: int = 0
    own: int = 0
    at: dt.datetime | None = None
    text: str = ""
    merged: bool = False
    clash: bool = False
    reason: str = ""
    parked: ParkedText | None = None
    unknown: tuple[str, ...] = ()


@transaction.atomic
def write_block(*, meeting: Meeting, draft: Draft, by: Viewer, kept: ParkedText | None = None) -> Receipt:
    """Save a block, or make it. ``kept`` is what it was kept as until now. Raises ``PermissionDenied``.

    Side effects: a revision (two where what stands is not what was sent), decision or action point with its owners, an
    event in a quarter of an hour."""
    meeting = locked(meeting, by)
    receipt = _written(meeting, draft, by)
    if kept and receipt.outcome == "saved" and by.person:
        discard_parked(by=by.person, parked=kept)
    return receipt


def _written(meeting: Meeting, draft: Draft, by: Viewer) -> Receipt:
    draft, repeated = _repeated(draft, words=True)
    if repeated:
        return repeated
    if not meeting.is_writable:
        return _parked(meeting, draft, by, "closed")
    if len(draft.text) > MOST_CHARACTERS:
        return _parked(meeting, draft, by, "too_long")
    held = Block.objects.filter(pk=draft.block).first()
    if held is None:
        return _make(meeting, draft, by)
    if held.record_id != meeting.record.pk:
        return _parked(meeting, draft, by, "gone")
    if held.is_removed and not draft.revive:
        return _parked(meeting, draft, by, "removed")
    return _change(meeting, held, draft, by)


@transaction.atomic
def remove_block(*, meeting: Meeting, draft: Draft, by: Viewer) -> Receipt:
    """Take a block out; it stays in the history with what was typed last. One that somebody else has changed since
    ``draft.base`` stands. Raises ``PermissionDenied``. Side effects: a revision; an event."""
    meeting = locked(meeting, by)
    draft, repeated = _repeated(draft, words=bool(draft.text.strip()))
    if repeated:
        return repeated
    held = _mine_to_change(meeting, draft)
    if isinstance(held, Receipt):
        return held
    base = _text_of(held, draft.base)
    if draft.base != held.version and base != held.text:
        if draft.text != base:  # nothing typed is lost with the removal that does not happen
            _change(meeting, held, draft, by)
        return Receipt("stands", held.version, held.version, held.updated_at, held.text, reason="overtaken")
    text = draft.text[:MOST_CHARACTERS] if draft.text.strip() else held.text
    receipt = _store(held=held, by=by, client_id=draft.client_id, text=text, is_removed=True)
    record("block.removed", by=by.person, target=meeting.record, label=label(meeting))
    return receipt


@transaction.atomic
def move_block(*, meeting: Meeting, draft: Draft, up: bool, by: Viewer) -> Receipt:
    """One place up or down in its item, from where it stands now; its text is not touched. Raises
    ``PermissionDenied``. Side effect: a revision with the same text, so that a retry moves it once."""
    meeting = locked(meeting, by)
    draft, repeated = _repeated(draft, words=False)
    if repeated:
        return repeated
    held = _mine_to_change(meeting, draft)
    if isinstance(held, Receipt):
        return held
    order = list(_standing(held.record_id, held.item_id).values_list("pk", flat=True))
    place = order.index(held.pk)
    order.insert(max(place - 1, 0) if up else place + 1, order.pop(place))
    for number, pk in enumerate(order, start=1):
        Block.objects.filter(pk=pk).exclude(position=number * STEP).update(position=number * STEP)
    note_written(by=by, meeting=meeting)
    # The words are still those of whoever wrote them.
    return _store(held=held, by=by, client_id=draft.client_id, text=held.text, updated_by=held.updated_by)


@transaction.atomic
def place_block(*, meeting: Meeting, draft: Draft, by: Viewer) -> Receipt:
    """Under the end of another item (``draft.item``), or of another kind, or both; its words stay whose they are. What
    somebody has changed since ``draft.base`` stands, and so does a decision or an action point that is more than its
    words already: numbered, addressed, owned, dated.

    Raises ``PermissionDenied``. Side effects: a revision; a decision or an action point comes or goes; owners and due
    date that the text of a new action point mentions become its own; an event in a quarter of an hour.
    """
    meeting = locked(meeting, by)
    draft, repeated = _repeated(draft, words=False)
    if repeated:
        return repeated
    held = _mine_to_change(meeting, draft)
    if isinstance(held, Receipt):
        return held
    item = AgendaItem.objects.filter(meeting=meeting, status=ItemState.ACCEPTED, pk=draft.item or held.item_id).first()
    same = Receipt("stands", held.version, held.version, held.updated_at, held.text)
    if draft.base != held.version:
        return replace(same, reason="changed")
    if item is None:
        return replace(same, reason="no_item")
    more: dict[str, Any] = {}
    if item.pk != held.item_id:
        more = {"item": item, "position": _place(meeting.record, item, None)}
    text = held.text
    if draft.kind != held.kind:
        if _is_bound(held):
            return replace(same, reason="bound")
        _become(held, draft.kind)
        more["kind"] = draft.kind
        text, _unknown = _keep_in_step(held, by, meeting, "", text, replace(draft, lift=True, drop=()))
    if not more:
        return replace(same, outcome="saved")
    note_written(by=by, meeting=meeting)
    writer = held.updated_by if text == held.text else by.person
    return _store(held=held, by=by, client_id=draft.client_id, text=text, updated_by=writer, **more)


def _is_bound(held: Block) -> bool:
    """Something hangs on its being a decision, or an action point, that would be lost with it."""
    if held.kind == BlockKind.DECISION:
        plain = Decision.objects.filter(
            block=held, number=None, kind=DecisionKind.OPERATIONAL, status=DecisionState.ACTIVE, to_all=True
        )
        return not plain.filter(states=None, organisations=None, actions=None, supersedes=None).exists()
    if held.kind == BlockKind.ACTION:
        free = ActionPoint.objects.filter(block=held, number=None, due_on=None, each_member=False, decision=None)
        # Whoever was an owner once and is no more may have reported: her row stays.
        told = Q(is_removed=False) | Q(reports__isnull=False) | Q(evidence__isnull=False)
        return not free.exists() or ActionOwner.objects.filter(told, action__block=held).exists()
    return False


def _become(held: Block, kind: str) -> None:
    """For ``held`` under the lock, bound to nothing: the row of its old kind goes, that of the new one comes."""
    ActionOwner.objects.filter(action__block=held).delete()
    ActionPoint.objects.filter(block=held).delete()
    Decision.objects.filter(block=held).delete()
    held.kind = kind
    if kind == BlockKind.DECISION:
        Decision.objects.create(block=held, record=held.record)
    elif kind == BlockKind.ACTION:
        ActionPoint.objects.create(block=held, record=held.record)


@transaction.atomic
def bring_back(*, meeting: Meeting, draft: Draft, number: int | None, by: Viewer) -> Receipt:
    """Make the text of revision ``number`` the one that stands (None: the last), also of a removed block. Raises
    ``PermissionDenied``. Side effects: a revision; owners and due date follow the text; an event."""
    meeting = locked(meeting, by)
    draft, repeated = _repeated(draft, words=False)
    if repeated:
        return repeated
    held = _mine_to_change(meeting, draft, removed=True)
    if isinstance(held, Receipt):
        return held
    text = held.text if number is None else _text_of(held, number)
    before = held.text
    receipt = _store(held=held, by=by, client_id=draft.client_id, text=text)
    _keep_in_step(held, by, meeting, before, text)
    record("block.brought_back", by=by.person, target=meeting.record, label=label(meeting))
    return receipt


# -- The parts of a save -----------------------------------------------------------------------------------------------


def _repeated(draft: Draft, *, words: bool) -> tuple[Draft, Receipt | None]:
    """The receipt of this very save, if it has arrived before. ``words``: it is about the text that was sent.

    A page that was gone back to sends its old ``client_id`` with a new text: that was typed on what was sent then.
    """
    sent = BlockRevision.objects.filter(client_id=draft.client_id).first()
    if sent is None:
        return draft, None
    if sent.block_id != draft.block or (words and sent.text != draft.text):
        other = uuid.uuid5(draft.client_id, f"{draft.block} {draft.text}")
        base = sent.number if sent.block_id == draft.block else draft.base
        return _repeated(replace(draft, client_id=other, base=base), words=words)
    last = BlockRevision.objects.filter(client_id=_second(draft.client_id)).first() or sent
    return draft, Receipt("saved", last.number, sent.number, last.at, last.text, merged=last.merged)


def _second(client_id: uuid.UUID) -> uuid.UUID:
    """Of the revision that came of a save, where that is another text than was sent."""
    return uuid.uuid5(client_id, "merged")


def _parked(meeting: Meeting, draft: Draft, by: Viewer, reason: str) -> Receipt:
    if not draft.text.strip():
        return Receipt("stands", reason=reason)
    return Receipt("parked", reason=reason, text=draft.text, parked=park(by=by, meeting=meeting, fields=draft.fields))


def _mine_to_change(meeting: Meeting, draft: Draft, *, removed: bool = False) -> Block | Receipt:
    if not meeting.is_writable:
        return Receipt("stands", reason="closed")
    held = Block.objects.filter(pk=draft.block, record=meeting.record).first()
    if held is None:
        return Receipt("stands", reason="gone")
    if held.is_removed and not removed:
        return Receipt("stands", held.version, held.version, held.updated_at, held.text, reason="removed")
    return held


def _make(meeting: Meeting, draft: Draft, by: Viewer) -> Receipt:
    items = AgendaItem.objects.filter(meeting=meeting, status=ItemState.ACCEPTED)
    item = items.filter(pk=draft.item or 0).first()
    if item is None or draft.kind not in BlockKind.values or draft.base:
        return _parked(meeting, draft, by, "gone")
    assert by.person is not None
    block = Block(
        pk=draft.block,
        record=meeting.record,
        item=item,
        kind=draft.kind,
        position=_place(meeting.record, item, draft.after),
        said_by=draft.said_by,
        version=0,
        updated_by=by.person,
        updated_at=timezone.now(),
    )
    block.save(force_insert=True)
    if block.kind == BlockKind.DECISION:
        Decision.objects.create(block=block, record=meeting.record)
    elif block.kind == BlockKind.ACTION:
        ActionPoint.objects.create(block=block, record=meeting.record)
    return _change(meeting, block, draft, by)


def _change(meeting: Meeting, held: Block, draft: Draft, by: Viewer) -> Receipt:
    """``held`` was read under the meeting's lock. With an old base the two texts are put together."""
    before, whole, clash = held.text, draft.text, False
    base = before if draft.base == held.version else _text_of(held, draft.base)
    if draft.base != held.version:
        theirs, mine = _labels(meeting, held.updated_by, by.person)
        merged = merge(base=base, theirs=before, mine=draft.text, their_label=theirs, my_label=mine)
        whole, clash = merged.text, merged.clash
    if len(whole) > MOST_CHARACTERS:
        return _parked(meeting, draft, by, "too_long")
    text, unknown = _keep_in_step(held, by, meeting, before, whole, draft)
    more: dict[str, Any] = (
        {"said_by": draft.said_by} if draft.names_speaker and held.said_by_id != _pk(draft.said_by) else {}
    )
    if text == before and not more and not draft.drop and not held.is_removed and held.version:
        own = draft.base if draft.text == base else held.version
        return Receipt("saved", held.version, own, held.updated_at, text, merged=text != draft.text)
    typed = draft.text if text != draft.text else None
    receipt = _store(
        held=held, by=by, client_id=draft.client_id, text=text, typed=typed, merged=whole != draft.text, **more
    )
    note_written(by=by, meeting=meeting)
    return replace(receipt, clash=clash, unknown=unknown)


def _store(
    *,
    held: Block,
    by: Viewer,
    client_id: uuid.UUID,
    text: str,
    typed: str | None = None,
    merged: bool = False,
    is_removed: bool = False,
    **more: Any,
) -> Receipt:
    """The next version of ``held``; ``typed``, where given, is kept as a version of its own before it."""
    assert by.person is not None
    now = _later_than_all(held.record_id)
    texts = [text] if typed is None else [typed, text]
    last = held.version + len(texts)
    values = {"text": text, "version": last, "is_removed": is_removed, "updated_by": by.person, "updated_at": now}
    changed = Block.objects.filter(pk=held.pk, version=held.version).update(**{**values, **more})
    if not changed:
        raise RuntimeError("a block was written without the lock of its meeting")
    BlockRevision.objects.bulk_create(
        BlockRevision(
            block=held,
            number=held.version + number,
            text=words,
            is_removed=is_removed,
            client_id=client_id if number == 1 else _second(client_id),
            merged=number == 2 and merged,
            by=by.person,
            at=now,
        )
        for number, words in enumerate(texts, start=1)
    )
    return Receipt("saved", last, held.version + 1, now, text, merged=merged)


def _later_than_all(record: int) -> dt.datetime:
    """Now, and after every other change of the record whatever the clocks say: readers ask what came after."""
    last = Block.objects.filter(record=record).aggregate(last=Max("updated_at"))["last"]
    now = timezone.now()
    return max(now, last + dt.timedelta(microseconds=1)) if last else now


def _keep_in_step(
    held: Block, by: Viewer, meeting: Meeting, before: str, whole: str, draft: Draft | None = None
) -> tuple[str, tuple[str, ...]]:
    """Owners and due date of an action point follow its text; returns the text to store, and names not understood."""
    drop = draft.drop if draft else ()
    if held.kind != BlockKind.ACTION or ("@" not in before + whole and not drop):
        return whole, ()
    directory, today = owners.directory(by), timezone.localdate(timezone=meeting.tz)
    found = mentions.find(whole, directory, today)
    was = mentions.summary(mentions.find(before, directory, today))
    owners.keep_in_step(block=held, by=by, before=was, after=mentions.summary(found), dropped=drop)
    lifted = mentions.without(whole, found) if draft and draft.lift else whole
    return lifted, tuple(mentions.unknown(whole, found))


def _text_of(held: Block, number: int) -> str:
    """The text of one version; of none, and of an unknown one, nothing."""
    if number == held.version:
        return held.text
    found = BlockRevision.objects.filter(block=held, number=number).values_list("text", flat=True)
    return found.first() or ""


def _labels(meeting: Meeting, theirs: Person, mine: Person | None) -> tuple[str, str]:
    """What stands above the two texts of a clash, in the record's language; no names under the Chatham House Rule."""
    with translation.override(meeting.record.language):
        if meeting.chatham_house or theirs == mine:
            return _("One text:"), _("Another text:")
        return _("Text of %(name)s:") % {"name": theirs}, _("Text of %(name)s:") % {"name": mine}


def _standing(record: int, item: int) -> Any:
    return Block.objects.filter(record=record, item=item, is_removed=False).order_by("position", "pk")


def _place(record: Record, item: AgendaItem, after: uuid.UUID | None) -> int:
    """A position behind the block ``after``, or behind all; makes room where there is none."""
    rows = list(_standing(record.pk, item.pk).values_list("pk", "position"))
    places = [position for _pk_, position in rows]
    index = next((index for index, (pk, _position) in enumerate(rows) if pk == after), len(rows) - 1)
    if index == len(rows) - 1:
        return (places[-1] if places else 0) + STEP
    if places[index + 1] - places[index] < 2:
        for number, (pk, _position) in enumerate(rows, start=1):
            Block.objects.filter(pk=pk).update(position=number * STEP)
        return (index + 1) * STEP + STEP // 2
    return (places[index] + places[index + 1]) // 2


def _pk(state: State | None) -> int | None:
    return state.pk if state else None
