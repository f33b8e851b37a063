"""From the running meeting to the adopted record: close the draft, circulate, comment, object, withdraw, adopt.

Locks are taken in one order: the meeting, its circulation, its blocks, the register. Whoever has waited for a lock
asks again what holds now.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.mail import outbox
from meetings.access import records as records_access
from meetings.access import silence as access
from meetings.enums import TRANSITIONS, BlockKind, CirculationState, ItemState, MeetingState, Stance
from meetings.models import ActionPoint, Block, Circulation, Comment, Decision, Meeting, Position, Record, RecordVersion
from meetings.notices import silence as notices
from meetings.queries import silence as query
from meetings.queries import versions
from members.access import ANONYMOUS, Viewer
from members.actions.files import narrow_files_of
from members.enums import Audience
from members.models import State

logger = logging.getLogger(__name__)

REGISTER = "meetings.register"  # the name of the advisory lock under which numbers are given


# -- The secretariat ------------------------------------------------------------------------------------------------


@transaction.atomic
def close_draft(*, meeting: Meeting, by: Viewer) -> None:
    """The meeting is over, its record a finished draft. Raises ``PermissionDenied``, and ``ValidationError`` when
    somebody else was quicker. Side effect: an event."""
    meeting = _locked(meeting, MeetingState.DRAFTED, by)
    if meeting.state != MeetingState.RUNNING:
        raise _moved(meeting)
    _move(meeting, MeetingState.DRAFTED)
    record("record.closed", by=by.person, target=meeting.record, label=_label(meeting))


@transaction.atomic
def reopen_draft(*, meeting: Meeting, by: Viewer) -> None:
    """The meeting goes on. Raises as ``close_draft``. Side effect: an event."""
    meeting = _locked(meeting, MeetingState.RUNNING, by)
    if meeting.state != MeetingState.DRAFTED:
        raise _moved(meeting)
    _move(meeting, MeetingState.RUNNING)
    record("record.reopened", by=by.person, target=meeting.record, label=_label(meeting))


@transaction.atomic
def circulate(*, meeting: Meeting, deadline: dt.datetime, by: Viewer) -> Circulation:
    """Put the record as it stands to the members: silence until ``deadline`` (aware) adopts it.

    Decisions and action points that have words and no number yet get theirs in the register. Raises
    ``PermissionDenied``, ``ValidationError`` (somebody else was quicker; the deadline has passed; nobody could read
    it). Side effects: a frozen version; who reads the record; an event; mail to delegations.
    """
    meeting = _locked(meeting, MeetingState.CIRCULATED, by)
    now = timezone.now()
    concerned = access.concerned(meeting)
    if not concerned.people:
        raise ValidationError(_("No delegation of a member state would read this record: nothing was circulated."))
    assert by.person is not None
    # Somebody may be saving a block in this very moment: what she saves is in, or comes too late to be written.
    list(Block.objects.select_for_update(no_key=True).filter(record=meeting.record).order_by("pk").values_list("pk"))
    give_numbers(of=meeting.record)
    number = (meeting.record.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    content = versions.content_of(meeting.record, number)
    version = RecordVersion(
        record=meeting.record,
        number=number,
        content=content,
        sha256=versions.sha256_of(content),
        by=by.person,
        at=now,
    )
    version.full_clean()
    version.save()
    circulation = Circulation(version=version, record=meeting.record, opened_at=now, deadline=deadline)
    circulation.full_clean()
    circulation.save()
    _move(meeting, MeetingState.CIRCULATED)
    counts: dict[str, Any] = {"version": number, "states": len(concerned.states), "people": len(concerned.people)}
    record("record.circulated", by=by.person, target=meeting.record, label=_label(meeting), **counts)
    notices.circulated(circulation, concerned.people)
    return circulation


@transaction.atomic
def withdraw(*, circulation: Circulation, by: Viewer) -> None:
    """Take the record back: it is a draft again. Raises ``PermissionDenied``, ``ValidationError`` (it has ended).
    Side effects: an event; mail about it that has not left yet does not leave, and whoever was told of it is told."""
    meeting, circulation = _both(circulation)
    if not records_access.can_close(by, meeting):
        raise PermissionDenied
    if circulation.state != CirculationState.OPEN:
        raise _ended(circulation)
    _end(meeting, circulation, CirculationState.WITHDRAWN, timezone.now())
    outbox.cancel(target=circulation)
    record("record.withdrawn", by=by.person, target=meeting.record, label=_label(meeting))
    notices.taken_back(circulation)


@transaction.atomic
def settle(*, comment: Comment, settled: bool, by: Viewer) -> None:
    """Note that a comment has been dealt with, or that it has not. Raises ``PermissionDenied``. Side effect: an
    event."""
    comment = Comment.objects.select_for_update(of=("self",), no_key=True).get(pk=comment.pk)
    meeting = _meeting_of(comment.circulation)
    if not access.can_settle(by, meeting):
        raise PermissionDenied
    if comment.is_settled == settled:
        return
    comment.is_settled = settled
    comment.save(update_fields=["is_settled"])
    record("record.comment_settled", by=by.person, target=meeting.record, label=_label(meeting), settled=settled)


# -- The members ------------------------------------------------------------------------------------------------------


@transaction.atomic
def comment(
    *, circulation: Circulation, text: str, by: Viewer, block: str | None = None, id: uuid.UUID | None = None
) -> Comment:
    """A remark beside a paragraph (``block``: its id in the version) or on the whole.

    Nothing typed is lost: after the end it is kept with ``is_late``. ``id`` is made by the page; the same one again is
    the same comment. Raises ``PermissionDenied``, ``ValidationError`` (no such paragraph). Side effect: an event.
    """
    at = timezone.now()
    meeting, circulation = _both(circulation, exclusive=False)
    if by.person is None or not access.can_comment(by):
        raise PermissionDenied
    if block is not None and not any(block == found["id"] for found in _blocks(circulation.version)):
        raise ValidationError(_("This paragraph is not in the version that you read."))
    return _keep(meeting, circulation, by, text, at=at, block=block, id=id, state=_speaks_for(by))


@transaction.atomic
def take_position(
    *, circulation: Circulation, state: State, stance: str, text: str, by: Viewer, from_mail: bool = False
) -> Position | Comment:
    """What ``state`` says. An objection ends the procedure at once, and the record is a draft again.

    After the end nothing is decided any more: then the words are kept as a late comment, which is what comes back.
    Raises ``PermissionDenied``, ``ValidationError`` (an objection without a reason). Side effects: an event; after an
    objection mail to the secretariat, the chair, and whoever was told that it was circulated.
    """
    at = timezone.now()
    meeting, circulation = _both(circulation)
    if by.person is None or not access.can_take_position(by, state.pk):
        raise PermissionDenied
    same = {"state": state, "stance": stance, "text": text.strip(), "by": by.person}
    last = circulation.positions.filter(state=state).order_by("-at", "-id").first()
    if last and all(getattr(last, field) == value for field, value in same.items()):
        return last  # the form was sent twice
    position = Position(circulation=circulation, at=at, from_mail=from_mail, **same)
    position.full_clean()
    if not circulation.takes_words(at):
        return _keep(meeting, circulation, by, text or str(position.get_stance_display()), at=at, state=state)
    position.save()
    hidden = meeting.chatham_house
    who: dict[str, Any] = {"by": None if hidden else by.person, "state": None if hidden else state}
    who |= {"target": meeting.record, "label": _label(meeting)}
    who |= {"via": "mail"} if from_mail and not hidden else {}
    if stance == Stance.OBJECT:
        _end(meeting, circulation, CirculationState.STOPPED, at)
        outbox.cancel(target=circulation)
        record("record.objected_unnamed" if hidden else "record.objected", **who)
        _concerned, running = access.told(meeting)
        notices.objected(circulation, running)
    else:
        record("record.agreed_unnamed" if hidden else "record.agreed", **who)
    return position


@transaction.atomic
def approve(*, circulation: Circulation, by: Viewer) -> None:
    """The chair finds that the text is right. Raises ``PermissionDenied``, ``ValidationError`` (it has ended). Side
    effect: an event."""
    at = timezone.now()
    meeting, circulation = _both(circulation)
    if by.person is None or not access.can_approve(by):
        raise PermissionDenied
    if not circulation.takes_words(at):
        raise _ended(circulation)
    if circulation.approved_at is not None:
        return
    circulation.approved_at, circulation.approved_by = at, by.person
    circulation.full_clean()
    circulation.save(update_fields=["approved_at", "approved_by"])
    record("record.approved", by=by.person, target=meeting.record, label=_label(meeting))


# -- Silence --------------------------------------------------------------------------------------------------------


def adopt_due(*, now: dt.datetime) -> int:
    """Adopt what nobody has objected to by its hour; returns how many. Called every minute; a second call, also at the
    same moment, adopts nothing twice. Each in a transaction of its own: one that fails stops no other, and is raised
    after them, so that the job counts as failed. Side effects: events, mail."""
    adopted, problems = 0, []
    for pk in query.due(now):
        try:
            adopted += _adopt(pk, now)
        except Exception as problem:  # whatever it is
            logger.exception("The record of circulation %s was not adopted.", pk)
            problems.append(problem)
    if problems:
        raise problems[0]
    return adopted


@transaction.atomic
def _adopt(pk: int, now: dt.datetime) -> bool:
    meeting, circulation = _both(Circulation.objects.get(pk=pk))
    if circulation.state != CirculationState.OPEN or circulation.deadline > now:
        return False  # an objection, a withdrawal or another sweep was quicker
    if not versions.is_intact(circulation.version):
        logger.error("Version %s of a record has changed since it was circulated: not adopted.", circulation.version.pk)
        return False
    _lock_register()
    last = Circulation.objects.aggregate(last=Max("adopted_number"))["last"] or 0
    circulation.adopted_number = last + 1
    _end(meeting, circulation, CirculationState.ADOPTED, now)
    outbox.cancel(target=circulation)
    number: dict[str, Any] = {"number": circulation.adopted_number, "version": circulation.version.number}
    record("record.adopted", by=None, target=meeting.record, label=_label(meeting), **number)
    concerned, running = access.told(meeting)
    notices.adopted(circulation, [*concerned.people, *running])
    return True


# -- Pieces ---------------------------------------------------------------------------------------------------------


def _locked(meeting: Meeting, wanted: str, by: Viewer) -> Meeting:
    """The row under lock, if it may go where it is wanted: of two at once the second learns here that it is late."""
    rows = Meeting.objects.select_for_update(of=("self",)).select_related("record", "group")
    meeting = rows.get(pk=meeting.pk)
    if not records_access.can_close(by, meeting):
        raise PermissionDenied
    if wanted not in TRANSITIONS[meeting.state]:
        raise _moved(meeting)
    return meeting


def _both(circulation: Circulation, *, exclusive: bool = True) -> tuple[Meeting, Circulation]:
    """Meeting and circulation under lock. ``exclusive`` False: side by side with others that only add words."""
    meeting = _meeting_of(circulation, lock=exclusive)
    rows = Circulation.objects.select_related("version").order_by("pk")
    return meeting, rows.select_for_update(of=("self",), no_key=True).get(pk=circulation.pk)


def _meeting_of(circulation: Circulation, *, lock: bool = False) -> Meeting:
    rows = Meeting.objects.select_related("record", "group")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rows.get(record=circulation.record_id)


def _move(meeting: Meeting, state: MeetingState) -> None:
    """The state of the meeting, and who reads its record: a draft is the secretariat's and the chair's."""
    meeting.state = state
    meeting.save(update_fields=["state"])
    shared = state in (MeetingState.CIRCULATED, MeetingState.ADOPTED)
    meeting.record.audience = access.audience_when_circulated(meeting) if shared else Audience.SECRETARIAT
    meeting.record.full_clean()
    meeting.record.save(update_fields=["audience"])


def _end(meeting: Meeting, circulation: Circulation, state: CirculationState, at: dt.datetime) -> None:
    circulation.state, circulation.ended_at = state, at
    circulation.full_clean()
    circulation.save(update_fields=["state", "ended_at", "adopted_number"])
    _move(meeting, MeetingState.ADOPTED if state == CirculationState.ADOPTED else MeetingState.DRAFTED)
    # What is attached to the record is read by nobody who does not read it. By the portal: it names no objector.
    narrow_files_of(parent=meeting.record, audience=meeting.record.audience, by=ANONYMOUS)


def _keep(
    meeting: Meeting,
    circulation: Circulation,
    by: Viewer,
    text: str,
    *,
    at: dt.datetime,
    state: State | None,
    block: str | None = None,
    id: uuid.UUID | None = None,
) -> Comment:
    known = circulation.comments.filter(pk=id, by=by.person).first() if id else None
    if known:
        return known
    row = Comment(
        id=id or uuid.uuid4(),
        circulation=circulation,
        block_id=block,
        state=state,
        text=text.strip(),
        is_late=not circulation.takes_words(at),
        by=by.person,
        at=at,
    )
    row.full_clean()
    row.save(force_insert=True)
    hidden = meeting.chatham_house
    record(
        "record.commented_unnamed" if hidden else "record.commented",
        by=None if hidden else by.person,
        target=meeting.record,
        label=_label(meeting),
        state=None if hidden else state,
    )
    return row


def _speaks_for(by: Viewer) -> State | None:
    """The state whose delegation she sits on; none for the chair, who acts for the group."""
    return State.objects.filter(pk__in=by.own_states).order_by("alpha2").first()


def _blocks(version: RecordVersion) -> list[dict[str, Any]]:
    return [block for item in version.content["items"] for block in item["blocks"]]


def _lock_register() -> None:
    """Until the end of the transaction: numbers follow each other without a gap, whoever adopts or circulates."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [REGISTER])


def give_numbers(*, of: Record) -> None:
    """Decisions and action points of the record that have words and no number yet get theirs in the register. For
    actions only: the caller has checked the right, holds the transaction, and writes the event."""
    _lock_register()
    for model, kind in ((Decision, BlockKind.DECISION), (ActionPoint, BlockKind.ACTION)):
        _give_numbers(model, kind, of)


def _give_numbers(model: Any, kind: str, of: Record) -> None:
    rows = model._default_manager.filter(
        record=of, number=None, block__kind=kind, block__is_removed=False, block__item__status=ItemState.ACCEPTED
    ).select_related("block")
    rows = rows.order_by("block__item__position", "block__item_id", "block__position", "block_id")
    last = model._default_manager.aggregate(last=Max("number"))["last"] or 0
    numbered = [row for row in rows if row.block.text.strip()]
    for number, row in enumerate(numbered, start=last + 1):
        row.number = number
    model._default_manager.bulk_update(numbered, ["number"])


def _label(meeting: Meeting) -> str:
    """Series and number: the title may be for few."""
    return f"{meeting.group.key} {meeting.number}"


def _moved(meeting: Meeting) -> ValidationError:
    words = _("The state of this meeting is “%(state)s” by now: somebody was quicker, and nothing was changed.")
    return ValidationError(words % {"state": meeting.get_state_display()}, "moved")


def _ended(circulation: Circulation) -> ValidationError:
    if circulation.state == CirculationState.OPEN:
        return ValidationError(_("The hour has passed; the adoption is being recorded. Nothing was changed."), "ended")
    words = _("This silence procedure has ended: %(state)s. Nothing was changed.")
    return ValidationError(words % {"state": circulation.get_state_display()}, "ended")
