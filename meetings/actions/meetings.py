"""Make, change, clone a meeting, and move it from a draft to its beginning. Its record is made with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from meetings import notices
from meetings.access.meetings import AUDIENCES, can_change, can_manage
from meetings.actions.papers import release_papers
from meetings.enums import ItemState, MeetingState
from meetings.models import AgendaItem, Group, Meeting, Paper, Record
from meetings.queries.agenda import moved
from meetings.queries.meetings import chair_on, next_number
from members.access import DEFAULT_AUDIENCE, Viewer
from members.enums import Audience, is_wider
from members.models import State, current

# What a person types about a meeting; ``chair_by_term`` says that the chair is whoever holds the office that day.
FIELDS = (
    "title", "language", "starts_at", "ends_at", "zone", "place", "link", "host", "chair", "languages",
    "interpretation", "chatham_house", "papers_due_on", "register_by", "audience",
)  # fmt: skip
# From which states the moves of this file lead to another; what comes after the meeting belongs to its record.
BEFORE: dict[str, frozenset[str]] = {
    MeetingState.ANNOUNCED: frozenset({MeetingState.DRAFT}),
    MeetingState.RUNNING: frozenset({MeetingState.ANNOUNCED}),
    MeetingState.CANCELLED: frozenset({MeetingState.DRAFT, MeetingState.ANNOUNCED}),
}
NOT_BEGUN = frozenset({MeetingState.DRAFT, MeetingState.ANNOUNCED})
LONGEST = dt.timedelta(days=31)
# A form that is sent twice makes one meeting.
TWICE_WITHIN = dt.timedelta(minutes=5)
_COPIED = (
    "title", "note", "language", "theme", "minutes", "lead_state_id", "lead_organisation_id", "lead",
)  # fmt: skip


def label_of(meeting: Meeting) -> str:
    """How the log names a meeting: by its series and number, never by its title. Fetch the group along."""
    return f"{meeting.group.key} {meeting.number}"


@transaction.atomic
def create_meeting(
    *, by: Viewer, group: Group, number: int | None = None, chair_by_term: bool = False, **values: Any
) -> Meeting:
    """A draft, told to nobody, with its empty record. ``number`` in its series: the next, where none is given.

    ``values``: ``FIELDS``. Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event.
    """
    if not can_manage(by):
        raise PermissionDenied
    group = Group.objects.select_for_update(of=("self",)).get(pk=group.pk)
    twin = _twin(by, group=group, title=values.get("title", ""), starts_at=values.get("starts_at"), cloned_from=None)
    if twin:
        return twin
    meeting = Meeting(group=group, number=number or next_number(group), created_by=by.person)
    _fill(meeting, values, chair_by_term)
    _save_new(meeting)
    record("meeting.created", by=by.person, target=meeting, label=label_of(meeting))
    return meeting


@transaction.atomic
def change_meeting(*, meeting: Meeting, by: Viewer, seen: int, chair_by_term: bool = False, **values: Any) -> Meeting:
    """``seen``: the version that she had before her. Where somebody has changed the meeting since, nothing is written
    and a ``ValidationError`` with code ``overtaken`` asks her to look again; the same change twice is one change.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event that names the fields; mail to
    everybody invited where an announced meeting takes place at another time or place.
    """
    meeting = _locked(meeting)
    if not can_change(by, meeting):
        raise PermissionDenied
    before = {field: getattr(meeting, field) for field in FIELDS}
    _fill(meeting, values, chair_by_term)
    changed = [field for field in FIELDS if getattr(meeting, field) != before[field]]
    if not changed:
        return meeting
    if seen != meeting.version:
        raise ValidationError(
            _("Somebody changed this meeting meanwhile. Compare it with yours and save again."), "overtaken"
        )
    if "chatham_house" in changed and not meeting.chatham_house and meeting.state not in NOT_BEGUN:
        words = _("People have spoken under the Chatham House Rule: it stays with this meeting.")
        raise ValidationError({"chatham_house": words})
    if "audience" in changed:
        _refuse_below_what_hangs_on_it(meeting)
    meeting.version += 1
    meeting.full_clean(exclude=["created_by"])
    meeting.save(update_fields=[*changed, "version"])
    record("meeting.changed", by=by.person, target=meeting, label=label_of(meeting), fields=changed)
    if notices.meetings.MOVES & set(changed):
        notices.meetings.moved(meeting)
    return meeting


@transaction.atomic
def announce(*, meeting: Meeting, by: Viewer) -> None:
    """Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event; papers that lay ready are opened to
    their readers; a mail to each focal point, observer and partner who may read it, once, unless it is over."""
    meeting = _move(meeting, by, MeetingState.ANNOUNCED)
    meeting.announced_at = timezone.now()
    meeting.save(update_fields=["announced_at"])
    record("meeting.announced", by=by.person, target=meeting, label=label_of(meeting))
    release_papers(meeting=meeting, by=by)
    notices.meetings.announced(meeting)


@transaction.atomic
def start(*, meeting: Meeting, by: Viewer) -> None:
    """It begins. Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event."""
    meeting = _move(meeting, by, MeetingState.RUNNING)
    record("meeting.started", by=by.person, target=meeting, label=label_of(meeting))


@transaction.atomic
def cancel(*, meeting: Meeting, by: Viewer) -> None:
    """It does not take place. Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event; whoever was
    told of the meeting is told; what has not left yet does not leave."""
    meeting = _move(meeting, by, MeetingState.CANCELLED)
    record("meeting.cancelled", by=by.person, target=meeting, label=label_of(meeting))
    notices.meetings.cancelled(meeting)


@transaction.atomic
def clone_meeting(*, meeting: Meeting, by: Viewer, title: str, starts_on: dt.date) -> Meeting:
    """The next of the series: a draft with the same agenda, hours and readers, moved to begin on ``starts_on``.

    Host, papers and what members proposed do not go over; the chair is whoever holds the office that day. Raises
    ``PermissionDenied``, ``ValidationError``. Side effects: an event.
    """
    if not can_manage(by, meeting):
        raise PermissionDenied
    group = Group.objects.select_for_update(of=("self",)).get(pk=meeting.group_id)
    zone = meeting.tz
    shift = starts_on - meeting.starts_at.astimezone(zone).date()
    starts_at = moved(meeting.starts_at, zone, shift)
    twin = _twin(by, group=group, title=title, starts_at=starts_at, cloned_from=meeting)
    if twin:
        return twin
    copy = Meeting(group=group, number=next_number(group), created_by=by.person, cloned_from=meeting)
    values = {field: getattr(meeting, field) for field in FIELDS}
    values |= {"title": title, "starts_at": starts_at, "ends_at": moved(meeting.ends_at, zone, shift), "host": None}
    for field in ("papers_due_on", "register_by"):
        day = getattr(meeting, field)
        values[field] = day + shift if day else None
    # Where it took place is known, where it will is not; a webinar stays where it was.
    values["place"] = "" if meeting.host_id else meeting.place
    _fill(copy, values, chair_by_term=True)
    _save_new(copy)
    items = meeting.items.filter(status=ItemState.ACCEPTED).order_by("position", "id")
    AgendaItem.objects.bulk_create(
        [
            AgendaItem(
                meeting=copy,
                position=position,
                starts_at=moved(item.starts_at, zone, shift) if item.starts_at else None,
                **{field: getattr(item, field) for field in _COPIED},
            )
            for position, item in enumerate(items, start=1)
        ]
    )
    record("meeting.cloned", by=by.person, target=copy, label=label_of(copy), cloned_from=meeting.pk)
    return copy


def lock_meeting(meeting: Meeting) -> Meeting:
    """For actions on what belongs to a meeting: they wait for each other."""
    return _locked(meeting)


def _locked(meeting: Meeting) -> Meeting:
    rows = Meeting.objects.select_for_update(of=("self",)).select_related("group", "host", "chair")
    return rows.get(pk=meeting.pk)


def _move(meeting: Meeting, by: Viewer, to: MeetingState) -> Meeting:
    meeting = _locked(meeting)
    if not can_manage(by, meeting):
        raise PermissionDenied
    if meeting.state not in BEFORE[to]:
        raise ValidationError(
            _("This is not possible any more: the meeting is %(state)s."), "state", {"state": _state_words(meeting)}
        )
    meeting.state = to
    meeting.save(update_fields=["state"])
    return meeting


def _state_words(meeting: Meeting) -> str:
    return str(MeetingState(meeting.state).label)


def _twin(by: Viewer, *, group: Group, title: str, starts_at: Any, cloned_from: Meeting | None) -> Meeting | None:
    """The same draft, made by the same person just now. The row of the group is locked."""
    rows = Meeting.objects.filter(
        group=group,
        title=title,
        starts_at=starts_at,
        cloned_from=cloned_from,
        created_by=by.person,
        state=MeetingState.DRAFT,
        created_at__gt=timezone.now() - TWICE_WITHIN,
    )
    return rows.order_by("-pk").first()


def _fill(meeting: Meeting, values: dict[str, Any], chair_by_term: bool) -> None:
    for field, value in values.items():
        if field not in FIELDS:
            raise TypeError(f"a meeting has no field {field!r} that is typed")
        setattr(meeting, field, value)
    if chair_by_term:
        meeting.chair = chair_on(meeting.starts_at.astimezone(meeting.tz).date())
    _check(meeting)


def _check(meeting: Meeting) -> None:
    """What no column knows. Raises ``ValidationError`` with a sentence beside each field."""
    problems: dict[str, str] = {}
    if meeting.ends_at <= meeting.starts_at:
        problems["ends_at"] = _("A meeting cannot end before it begins.")
    elif meeting.ends_at - meeting.starts_at > LONGEST:
        problems["ends_at"] = _("A meeting lasts 31 days at most.")
    last_day = meeting.ends_at.astimezone(meeting.tz).date()
    for field in ("papers_due_on", "register_by"):
        day = getattr(meeting, field)
        if day and day > last_day:
            problems[field] = _("This day lies after the meeting.")
    if meeting.audience not in AUDIENCES:
        problems["audience"] = _("Choose who may read it.")
    if meeting.host is not None and not _takes_part(meeting.host, last_day):
        problems["host"] = _("This state does not take part in the group on that day.")
    if problems:
        raise ValidationError(problems)


def _takes_part(state: State, on: dt.date) -> bool:
    return state.participations.filter(current(on)).exists()


def _refuse_below_what_hangs_on_it(meeting: Meeting) -> None:
    """Papers and record are never read by more people than the meeting: they are narrowed first."""
    papers = Paper.objects.filter(meeting=meeting).order_by("pk").values_list("audience", flat=True)
    records = Record.objects.filter(meeting=meeting).order_by("pk").values_list("audience", flat=True)
    if any(is_wider(audience, meeting.audience) for audience in [*papers, *records]):
        raise ValidationError(
            {"audience": _("Papers or the record of this meeting are read by more people: narrow them first.")}
        )


def _save_new(meeting: Meeting) -> None:
    meeting.full_clean()
    meeting.save()
    audience = DEFAULT_AUDIENCE["record_draft"]
    assert audience == Audience.SECRETARIAT  # never wider than any meeting
    Record.objects.create(meeting=meeting, audience=audience, language=meeting.language)
