"""A record as it is read and as it is written: numbered decisions and action points, owners in words, history."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from iwg_portal.base import markdown
from iwg_portal.base.dates import date_format
from meetings.enums import BlockKind, ItemState, OwnerState
from meetings.models import ActionOwner, ActionPoint, AgendaItem, Block, BlockRevision, Here, Meeting
from members.models import Person

AWAY_AFTER = dt.timedelta(seconds=40)  # without a sign of her
ONE_SITTING = dt.timedelta(minutes=5)  # saves of one person within it are one line of the history
MOST_REVISIONS = 600
FAR_AWAY = dt.timedelta(days=5 * 365)


@dataclass(frozen=True)
class Chip:
    """An owner or the due date of an action point. ``value`` names it in a form; ``doubt`` is what to look at again."""

    value: str
    words: str
    doubt: str = ""


@dataclass(frozen=True)
class Row:
    """A block. ``heading`` is "Decision 3.1", empty for text. ``facts`` stand in small letters below an action point;
    ``done`` of ``total`` owners have finished, where each member state owns it. Of a finished record: ``owners``, and
    ``adopted``, who and until when as it was adopted, where that is otherwise today (see ``queries.adopted``)."""

    block: Block
    heading: str
    chips: tuple[Chip, ...] = ()
    facts: tuple[str, ...] = ()
    done: int = 0
    total: int = 0
    client_id: str = ""
    owners: tuple[ActionOwner, ...] = ()
    adopted: str = ""

    @property
    def html(self) -> SafeString:
        return markdown.html(self.block.text)

    @property
    def lines(self) -> int:
        """How high its field is at first; browsers that can let it grow."""
        return min(14, max(2, sum(1 + len(line) // 80 for line in self.block.text.split("\n"))))


@dataclass(frozen=True)
class Section:
    """An item of the agenda with what was written below it."""

    item: AgendaItem
    number: int
    rows: tuple[Row, ...]

    @property
    def decisions(self) -> int:
        return sum(row.block.kind == BlockKind.DECISION for row in self.rows)

    @property
    def actions(self) -> int:
        return sum(row.block.kind == BlockKind.ACTION for row in self.rows)


@dataclass(frozen=True)
class Step:
    """One line of a block's history. ``moved``: no word was changed."""

    revision: BlockRevision
    moved: bool
    is_current: bool
    client_id: str

    @property
    def html(self) -> SafeString:
        return markdown.html(self.revision.text)


def accepted(items: QuerySet[AgendaItem], meeting: Meeting) -> QuerySet[AgendaItem]:
    """The items of the agenda, in order: their places are their numbers."""
    return items.filter(meeting=meeting, status=ItemState.ACCEPTED).order_by("position", "id")


def sections(items: Iterable[AgendaItem], blocks: QuerySet[Block], *, finished: bool = False) -> list[Section]:
    """``items`` with ``blocks`` (those of one record), in order. Two queries, and one for ``items``.

    ``finished``: what holds no words is left out, also from the numbers.
    """
    rows = list(
        blocks.filter(item__status=ItemState.ACCEPTED).select_related("decision", "action", "said_by", "updated_by")
    )
    if finished:
        rows = [block for block in rows if block.text.strip()]
    owners = _owners(rows)
    by_item: dict[int, list[Block]] = {}
    for block in rows:
        by_item.setdefault(block.item_id, []).append(block)
    return [
        Section(item, number, tuple(_rows(number, by_item.get(item.pk, ()), owners, finished)))
        for number, item in enumerate(items, start=1)
    ]


def _owners(blocks: Sequence[Block]) -> dict[int, list[ActionOwner]]:
    """Action point → its owners, the first named first."""
    actions = [block.action.pk for block in blocks if block.kind == BlockKind.ACTION and hasattr(block, "action")]
    found: dict[int, list[ActionOwner]] = {}
    if actions:
        rows = ActionOwner.objects.filter(action__in=actions, is_removed=False)
        for owner in rows.select_related("state", "organisation").order_by("id"):
            found.setdefault(owner.action_id, []).append(owner)
    return found


def _rows(
    number: int, blocks: Iterable[Block], owners: Mapping[int, list[ActionOwner]], finished: bool
) -> Iterable[Row]:
    decisions = actions = 0
    for block in blocks:
        if block.kind == BlockKind.DECISION:
            decisions += 1
            heading = _("Decision %(label)s") % {"label": f"{number}.{decisions}"}
            yield Row(block, heading, client_id=str(uuid.uuid4()))
        elif block.kind == BlockKind.ACTION and hasattr(block, "action"):
            actions += 1
            held = owners.get(block.action.pk, [])
            heading = _("Action %(label)s") % {"label": f"{number}.{letters(actions)}"}
            if finished:
                done, total = progress(held)
                shared = block.action.each_member
                counted = (done, total) if shared else (0, 0)
                yield Row(block, heading, (), facts(block.action, held), *counted, owners=tuple(held))
            else:
                yield Row(block, heading, chips(block.action, held), client_id=str(uuid.uuid4()))
        else:
            yield Row(block, "", client_id=str(uuid.uuid4()))


def letters(number: int) -> str:
    """1 → a, 26 → z, 27 → aa."""
    found = ""
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(ord("a") + rest) + found
    return found


# -- Action points -----------------------------------------------------------------------------------------------------


def chips(action: ActionPoint, owners: Iterable[ActionOwner]) -> tuple[Chip, ...]:
    found = [Chip("each", _("Each member state"))] if action.each_member else []
    for owner in owners:
        if owner.organisation:
            found.append(Chip(f"organisation:{owner.organisation_id}", str(owner.organisation)))
        elif owner.state and not action.each_member:
            found.append(Chip(f"state:{owner.state_id}", owner.state.name))
    if action.due_on:
        found.append(Chip("due", _("due %(day)s") % {"day": _day(action.due_on)}, _doubt(action.due_on)))
    return tuple(found)


def chips_of(blocks: QuerySet[Block]) -> tuple[Chip, ...]:
    """The chips of the one block that is in ``blocks``, if it is an action point. Two queries."""
    block = blocks.filter(action__isnull=False).select_related("action").first()
    return chips(block.action, _owners([block]).get(block.action.pk, [])) if block else ()


def _doubt(day: dt.date) -> str:
    today = timezone.localdate()
    if day < today:
        return _("This day is past.")
    return _("This day is far away.") if day > today + FAR_AWAY else ""


def facts(action: ActionPoint, owners: Sequence[ActionOwner]) -> tuple[str, ...]:
    """Who, until when, how far: "Senegal with Cabo Verde", "due 31 January 2027", "open"."""
    found = [_who(action, owners), _until(action, owners)]
    words = {owner.status for owner in owners}
    if owners and (action.each_member or len(words) > 1):
        done, total = progress(owners)
        found.append(_("%(done)d of %(total)d done") % {"done": done, "total": total})
    elif owners:
        found.append(str(OwnerState(words.pop()).label))
    return tuple(found)


def _until(action: ActionPoint, owners: Sequence[ActionOwner]) -> str:
    """More time that one owner was given counts for that owner alone."""
    days = {owner.due_on or action.due_on for owner in owners} or {action.due_on}
    known = sorted(day for day in days if day)
    if not known:
        return _("no date")
    if len(known) == 1:
        return _("due %(day)s") % {"day": _day(known[0])}
    return _("due between %(first)s and %(last)s") % {"first": _day(known[0]), "last": _day(known[-1])}


def progress(owners: Iterable[ActionOwner]) -> tuple[int, int]:
    """How many have finished, of how many whose task it is."""
    words = [owner.status for owner in owners if owner.status != OwnerState.NOT_OURS]
    return sum(word == OwnerState.DONE for word in words), len(words)


def _who(action: ActionPoint, owners: Iterable[ActionOwner]) -> str:
    names = [_("Each member state")] if action.each_member else []
    for owner in owners:
        if owner.organisation:
            names.append(str(owner.organisation))
        elif owner.state and not action.each_member:
            names.append(owner.state.name)
    if not names:
        return _("no owner yet")
    if len(names) == 1:
        return names[0]
    return _("%(first)s with %(others)s") % {"first": names[0], "others": ", ".join(names[1:])}


def _day(day: dt.date) -> str:
    return date_format(day, "DATE_FORMAT")


# -- What is new -------------------------------------------------------------------------------------------------------


def cursor(blocks: QuerySet[Block]) -> str:
    """The moment of the last change, in microseconds: what comes later is news."""
    last = blocks.aggregate(last=Max("updated_at"))["last"]
    return str(_microseconds(last)) if last else "0"


def since(text: str) -> dt.datetime | None:
    """The moment that a cursor stands for; None for what is no cursor."""
    if not (text.isascii() and text.isdigit() and len(text) <= 17):
        return None
    return _EPOCH + dt.timedelta(microseconds=int(text))


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _microseconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def agenda_sign(items: Iterable[AgendaItem]) -> str:
    """The same as long as the agenda is the same."""
    return uuid.uuid5(uuid.NAMESPACE_OID, repr([(item.pk, item.title) for item in items])).hex[:12]


def present(here: QuerySet[Here], meeting: Meeting, items: Sequence[AgendaItem]) -> list[tuple[Person, int]]:
    """Who else has the record open, each with the number of the item at which she is, 0 where that is not known."""
    numbers = {item.pk: number for number, item in enumerate(items, start=1)}
    rows = here.filter(record=meeting.record, at__gt=timezone.now() - AWAY_AFTER)
    return [(row.person, numbers.get(row.item_id or 0, 0)) for row in rows]


# -- History -----------------------------------------------------------------------------------------------------------


def history(revisions: QuerySet[BlockRevision], block: Block) -> list[Step]:
    """The versions of a block, newest first; what one person saved in one sitting is one step. One query."""
    rows = list(revisions.filter(block=block).select_related("by").order_by("-number", "-id")[:MOST_REVISIONS])
    steps: list[Step] = []
    for place, row in enumerate(rows):
        newer = rows[place - 1] if place else None
        older = rows[place + 1] if place + 1 < len(rows) else None
        is_current = row.number == block.version
        same_sitting = (
            newer is not None
            and newer.by_id == row.by_id
            and newer.at - row.at < ONE_SITTING
            and newer.is_removed == row.is_removed
            and not newer.merged
        )
        if is_current or not same_sitting:
            moved = older is not None and older.text == row.text and older.is_removed == row.is_removed
            steps.append(Step(row, moved, is_current, str(uuid.uuid4())))
    return steps


# -- Beside the record -------------------------------------------------------------------------------------------------


def arrived(revisions: QuerySet[BlockRevision], client_ids: Iterable[str]) -> set[str]:
    """Those of ``client_ids`` that were written meanwhile."""
    wanted = [text for text in client_ids if _is_uuid(text)]
    if not wanted:
        return set()
    return {str(found) for found in revisions.filter(client_id__in=wanted).values_list("client_id", flat=True)}


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def section_of(found: Sequence[Section], chosen: str, latest: Block | None) -> Section | None:
    """The section of the item with the id ``chosen``, else that of the block ``latest``, else the first."""
    by_item = {str(section.item.pk): section for section in found}
    written = str(latest.item_id) if latest else ""
    return by_item.get(chosen) or by_item.get(written) or (found[0] if found else None)
