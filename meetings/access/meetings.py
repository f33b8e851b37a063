"""Who sees a meeting and its agenda, and who runs it. Source: the group's access table, §1 to §3."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from meetings.enums import ItemState, MeetingState
from meetings.models import AgendaItem, Attendance, Group, Meeting, Registration, Turn
from members.access import Viewer
from members.access.viewer import viewers
from members.enums import Audience, Role
from members.models import Person, Term

# To whom a meeting is announced: they pass it on in their delegation or organisation.
TOLD = frozenset({Role.FOCAL_POINT, Role.OBSERVER, Role.PARTNER})
# What a meeting may have as its audience, narrowest first.
AUDIENCES = (Audience.SECRETARIAT, Audience.MEMBERS, Audience.GROUP)
# From here on the facts of a meeting are those of its record.
CLOSED = frozenset({MeetingState.CIRCULATED, MeetingState.ADOPTED, MeetingState.CANCELLED})


def runs_meetings(viewer: Viewer) -> bool:
    """The secretariat edits all; the chair edits agendas and approves."""
    return viewer.in_secretariat or Role.CHAIR in viewer.roles


def visible_groups(viewer: Viewer) -> QuerySet[Group]:
    if not viewer.in_group:
        return Group.objects.none()
    return Group.objects.order_by("position", "key")


def visible_turns(viewer: Viewer) -> QuerySet[Turn]:
    """The rotation as planned: known to the members, not beyond."""
    if not viewer.reads_members:
        return Turn.objects.none()
    return Turn.objects.select_related("state").order_by("starts_on", "kind", "id")


def visible_meetings(viewer: Viewer) -> QuerySet[Meeting]:
    """By the audience; a draft exists only for those who prepare it."""
    if not viewer.in_group:
        return Meeting.objects.none()
    # A meeting belongs to the group: no delegation owns it, so nothing is added for an own state.
    rule = Q(audience__in=sorted(viewer.reads))
    if runs_meetings(viewer):
        return Meeting.objects.filter(rule | Q(audience=Audience.SECRETARIAT))
    untold = Q(state=MeetingState.DRAFT) | Q(state=MeetingState.CANCELLED, announced_at=None)
    return Meeting.objects.filter(rule).exclude(untold)


def sees_meeting(viewer: Viewer, meeting: Meeting) -> bool:
    """The same rule for one meeting."""
    if not viewer.in_group:
        return False
    runs = runs_meetings(viewer)
    if meeting.state == MeetingState.DRAFT and not runs:
        return False
    return meeting.audience in viewer.reads or (runs and meeting.audience == Audience.SECRETARIAT)


def audience_announced(meeting: Meeting) -> list[Person]:
    """Who is told that it takes place: focal points, observers and partners who may read it today. One query."""
    found = [
        viewer.person
        for viewer, _sent_by in viewers(timezone.localdate())
        if viewer.person and viewer.roles & TOLD and sees_meeting(viewer, meeting)
    ]
    return sorted(found, key=lambda person: person.pk)


def audience_invited(meeting: Meeting) -> list[Person]:
    """Whom a change of its place or time concerns: the same, and whoever is registered, as far as they may read it
    today. Two queries."""
    coming = Registration.objects.filter(meeting=meeting).exclude(answer="no").order_by("pk")
    registered = frozenset(coming.values_list("person_id", flat=True))
    found = [
        viewer.person
        for viewer, _sent_by in viewers(timezone.localdate())
        if viewer.person and (viewer.roles & TOLD or viewer.person.pk in registered) and sees_meeting(viewer, meeting)
    ]
    return sorted(found, key=lambda person: person.pk)


def visible_items(viewer: Viewer) -> QuerySet[AgendaItem]:
    """Accepted items of the meetings that she sees; a proposal is seen by who runs meetings and by its state."""
    rule = Q(status=ItemState.ACCEPTED)
    if runs_meetings(viewer):
        rule = Q()
    elif viewer.own_states:
        rule |= Q(state_proposing__in=sorted(viewer.own_states))
    return AgendaItem.objects.filter(rule, meeting__in=visible_meetings(viewer)).order_by("position", "id")


def can_manage(viewer: Viewer, meeting: Meeting | None = None) -> bool:
    """Create, announce, run, clone, cancel: the secretariat."""
    return viewer.in_secretariat


def can_change(viewer: Viewer, meeting: Meeting) -> bool:
    """Dates, place and the rest: the secretariat, until the record is circulated."""
    return can_manage(viewer, meeting) and meeting.state not in CLOSED


def can_edit_agenda(viewer: Viewer, meeting: Meeting) -> bool:
    """Until the record is circulated."""
    return runs_meetings(viewer) and meeting.state not in CLOSED


def in_the_room(viewer: Viewer, meeting: Meeting) -> bool:
    """Under the Chatham House Rule: who reads who was there and who said what. The secretariat; the chair of that time,
    and hers who has to bring the record to its end; and those whose own person was registered before it began, or
    named by their focal point, and whose delegation or organisation was there."""
    if not meeting.chatham_house or viewer.in_secretariat:
        return True
    return viewer.person is not None and Meeting.objects.filter(_was_there(viewer), pk=meeting.pk).exists()


def sees_leads(viewer: Viewer, meeting: Meeting) -> bool:
    """Who was to introduce an item: known to its readers before the meeting, and then to those in the room."""
    return meeting.state in (MeetingState.DRAFT, MeetingState.ANNOUNCED) or in_the_room(viewer, meeting)


def closed_rooms(viewer: Viewer) -> QuerySet[Meeting]:
    """The same rule over the meetings: those that have the flag today, and where she was not in the room."""
    if viewer.in_secretariat:
        return Meeting.objects.none()
    rows = Meeting.objects.filter(chatham_house=True)
    return rows if viewer.person is None else rows.exclude(_was_there(viewer))


def _was_there(viewer: Viewer) -> Q:
    registered = Registration.objects.filter(meeting=OuterRef("pk"), person=viewer.person).exclude(answer="no")
    # Her own answer given while the others sit there, or afterwards, opens nothing: for that her focal point names her.
    registered = registered.filter(Q(nominated_by__isnull=False) | Q(at__lt=OuterRef("starts_at")))
    # What a delegation has said of itself opens nothing until the secretariat has confirmed it.
    was_there = Attendance.objects.filter(meeting=OuterRef("pk"), self_declared=False).exclude(presence="absent")
    own = Q(state__in=sorted(viewer.own_states | viewer.observed_states)) | Q(
        organisation__in=sorted(viewer.organisations)
    )
    there = Q(Exists(registered)) & Q(Exists(was_there.filter(own)))
    if Role.CHAIR not in viewer.roles:
        return there
    # A later chair comes from another state: what was said in the room before her time is not hers to read.
    in_office = Term.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=OuterRef("starts_at__date")),
        person=viewer.person,
        role=Role.CHAIR,
        starts_on__lte=OuterRef("ends_at__date"),
    )
    return there | ~Q(state__in=(MeetingState.ADOPTED, MeetingState.CANCELLED)) | Q(Exists(in_office))
