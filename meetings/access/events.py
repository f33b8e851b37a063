"""What of the log a reader is not shown, because it would tell who said what, or whose a lesson is.

Asked whenever the log is read, of the meetings and lessons as they are today: an event keeps the names of its time, and
a meeting may come under the Chatham House Rule afterwards. Such an event is left out whole: also without its names, its
hour beside those of other events (a sign-in) would tell them.
"""

from __future__ import annotations

from django.db.models import CharField, F, Model, Q, QuerySet
from django.db.models.functions import Cast

from iwg_portal.activity.models import Event
from meetings.access.lessons import origin_known
from meetings.access.meetings import closed_rooms, visible_meetings
from meetings.access.records import visible_records
from meetings.models import ActionPoint, AgendaItem, Decision, Lesson, Meeting, Paper, Record, RecordVersion
from members.access import Viewer
from members.models import StoredFile

# What only those do who run meetings: that they did it tells nobody who spoke, or who was there.
OF_THE_OFFICE = frozenset({
    "meeting.created", "meeting.changed", "meeting.cloned", "meeting.announced", "meeting.started", "meeting.cancelled",
    "agenda.item_added", "agenda.item_changed", "agenda.item_moved", "agenda.item_withdrawn",
    "agenda.item_brought_back", "agenda.item_left_open", "agenda.item_concluded", "agenda.item_accepted",
    "agenda.item_declined", "agenda.items_carried",
    "paper.added", "paper.changed", "paper.file_added", "paper.language_withdrawn", "paper.withdrawn",
    "record.closed", "record.reopened", "record.circulated", "record.withdrawn", "record.approved",
    "record.comment_settled", "record.adopted", "record.written", "block.removed", "block.brought_back",
    "decision.changed", "decision.carried_out", "decision.superseded", "decision.reactivated",
    "action.edited",
    "lesson.edited", "lesson.approved", "lesson.translated",
    # Not of the office, but of whoever keeps watch: a paper that is taken away says nothing of the room.
    "file.exported",
})  # fmt: skip
FOR_MEMBERS = frozenset({"record.opened", "record.commented", "record.agreed", "record.objected"})
# Which states find a lesson useful stands on its page.
SAID_ALOUD = frozenset({"lesson.useful", "lesson.not_useful"})


def to_read(viewer: Viewer, events: QuerySet[Event]) -> QuerySet[Event]:
    """``events`` without what she may not know. What she did herself stays hers; of an action point or a proposal of
    her own delegation she reads what its page says. No further query; for the secretariat nothing changes."""
    if viewer.in_secretariat:
        return events
    hidden = _tells_who_was_there(viewer) | _tells_whose_lesson(viewer) | _is_not_hers_to_read(viewer)
    if viewer.person is not None:
        # Without a person the portal itself did it: no actor is nobody's own.
        hidden &= ~Q(actor_id=viewer.person.pk) | Q(actor_id=None)
    return events.exclude(hidden)


def _tells_who_was_there(viewer: Viewer) -> Q:
    rooms = closed_rooms(viewer)
    own = Q(state_id__in=sorted(viewer.own_states))
    records = Record.objects.filter(meeting__in=rooms)
    room = _about(Meeting, rooms) | _about(Record, records) | _about(Paper, Paper.objects.filter(meeting__in=rooms))
    room |= _about(RecordVersion, RecordVersion.objects.filter(record__in=records))
    room |= _about(Decision, Decision.objects.filter(record__in=records)) | _files_of(Record, records)
    ours = _about(ActionPoint, ActionPoint.objects.filter(record__in=records))
    ours |= _about(AgendaItem, AgendaItem.objects.filter(meeting__in=rooms))
    # An event of the office tells something only by the state that it bears.
    office = Q(kind__in=sorted(OF_THE_OFFICE), state_id=None)
    return (room | (ours & (~own | Q(state_id=None)))) & ~office


def _is_not_hers_to_read(viewer: Viewer) -> Q:
    """What no page shows her: meetings that she does not see, what comes of a record that she does not read, and who
    reads a circulated record or says something to it, which is for the members. Administrators keep accounts, not
    content (the group's access table, §1). What concerns her own delegation is hers."""
    unseen = Meeting.objects.exclude(pk__in=visible_meetings(viewer).order_by().values("pk"))
    unread = Record.objects.exclude(pk__in=visible_records(viewer).order_by().values("pk"))
    hidden = _about(Meeting, unseen) | _about(Paper, Paper.objects.filter(meeting__in=unseen))
    hidden |= _about(Record, Record.objects.filter(meeting__in=unseen))
    hidden |= _about(AgendaItem, AgendaItem.objects.filter(meeting__in=unseen))
    within = _about(Decision, Decision.objects.filter(record__in=unread)) | _files_of(Record, unread)
    within |= _about(ActionPoint, ActionPoint.objects.filter(record__in=unread))
    hidden |= within & ~Q(kind__in=sorted(OF_THE_OFFICE))
    if not viewer.reads_members:
        hidden |= Q(kind__in=sorted(FOR_MEMBERS))
    return hidden & (~Q(state_id__in=sorted(viewer.own_states)) | Q(state_id=None))


def _tells_whose_lesson(viewer: Viewer) -> Q:
    unnamed = Lesson.objects.filter(state__isnull=False).exclude(origin_known(viewer))
    office = Q(kind__in=sorted(OF_THE_OFFICE), state_id=None) | Q(kind__in=sorted(SAID_ALOUD))
    # That the secretariat looked at the lessons of a state, an instant before it edits one.
    looked = Q(kind="restricted.read", data__has_key="page") & Q(data__page__startswith="lesson")
    foreign = Q(state_id__isnull=False) & ~Q(state_id__in=sorted(viewer.own_states))
    return (_about(Lesson, unnamed) & ~office) | ((_files_of(Lesson, unnamed) | looked) & foreign)


def _about(model: type[Model], rows: QuerySet) -> Q:
    """Events on one of ``rows``: the log keeps their ids as text."""
    ids = rows.order_by().values(as_text=Cast(F("pk"), CharField()))
    return Q(target_type=model._meta.label_lower, target_id__in=ids)


def _files_of(model: type[Model], rows: QuerySet) -> Q:
    ids = rows.order_by().values(as_text=Cast(F("pk"), CharField()))
    return _about(StoredFile, StoredFile.objects.filter(parent_type=model._meta.label_lower, parent_id__in=ids))
