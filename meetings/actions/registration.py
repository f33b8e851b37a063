"""Answer an invitation; nominate for one's delegation, and take a nomination back.

Under the Chatham House Rule the log keeps that something was noted, and neither who nor for which state: people read it
who were not in the room. Who it was stands in the registration itself.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from meetings.access.meetings import visible_meetings
from meetings.access.registration import can_answer, can_nominate, nominee_terms, own_organisations, own_states
from meetings.enums import Answer
from meetings.models import Meeting, Registration
from members.access import Viewer
from members.models import Organisation, Person, State


@transaction.atomic
def answer_invitation(
    *,
    meeting: Meeting,
    answer: str,
    by: Viewer,
    state: State | None = None,
    organisation: Organisation | None = None,
    from_mail: bool = False,
) -> Registration:
    """Her own answer, given for ``state`` or ``organisation`` (neither: the secretariat). It may be changed.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event.
    """
    meeting = _locked(meeting, by)
    if by.person is None or not can_answer(by, meeting):
        raise PermissionDenied
    _check_place(by, state, organisation)
    row = Registration.objects.filter(meeting=meeting, person=by.person).first()
    row = row or Registration(meeting=meeting, person=by.person)
    if row.pk and (row.answer, row.state, row.organisation) == (answer, state, organisation):
        return row
    row.answer, row.state, row.organisation, row.from_mail = Answer(answer), state, organisation, from_mail
    row.full_clean()
    row.save()
    if meeting.chatham_house:
        _note(meeting)
    else:
        via = {"via": "mail"} if from_mail else {}
        record("registration.answered", by=by.person, target=meeting, label=_label(meeting), state=state, **via)
    return row


@transaction.atomic
def nominate(*, meeting: Meeting, person: Person, state: State, by: Viewer) -> Registration:
    """For the delegation whose focal point she is. Twice is once.

    Raises ``PermissionDenied``, ``ValidationError`` (registered for another delegation). Side effects: an event.
    """
    meeting = _locked(meeting, by)
    if not can_nominate(by, meeting) or not nominee_terms(by).filter(person=person, state=state).exists():
        raise PermissionDenied
    row = Registration.objects.filter(meeting=meeting, person=person).first()
    if row and row.state_id != state.pk:
        raise ValidationError(_("This person takes part for another delegation already."))
    if row and row.nominated_by_id:
        return row
    row = row or Registration(meeting=meeting, person=person, state=state)
    row.nominated_by = by.person
    row.full_clean()
    row.save()
    if meeting.chatham_house:
        _note(meeting)
    else:
        record("registration.nominated", by=by.person, target=meeting, label=_label(meeting), state=state)
    return row


@transaction.atomic
def take_back_nomination(*, registration: Registration, by: Viewer) -> None:
    """What the person has answered herself stays; without an answer she is off the list.

    Raises ``PermissionDenied``. Side effects: an event.
    """
    meeting = _locked(registration.meeting, by)
    row = Registration.objects.select_for_update(of=("self",)).select_related("state").get(pk=registration.pk)
    if not can_nominate(by, meeting) or row.state_id not in by.focal_states:
        raise PermissionDenied
    if row.nominated_by_id is None:
        return
    if row.answer:
        row.nominated_by = None
        row.save(update_fields=["nominated_by"])
    else:
        row.delete()
    if meeting.chatham_house:
        _note(meeting)
    else:
        record("registration.taken_back", by=by.person, target=meeting, label=_label(meeting), state=row.state)


def _locked(meeting: Meeting, by: Viewer) -> Meeting:
    """The row under lock, for whoever sees it: of two answers at once the second finds the first."""
    if not visible_meetings(by).filter(pk=meeting.pk).exists():
        raise PermissionDenied
    return Meeting.objects.select_for_update(of=("self",)).select_related("group").get(pk=meeting.pk)


def _check_place(by: Viewer, state: State | None, organisation: Organisation | None) -> None:
    """She answers for what she holds an office of, and for nothing only where she holds none."""
    states, organisations = own_states(by), own_organisations(by)
    if state is not None and organisation is None and states.filter(pk=state.pk).exists():
        return
    if organisation is not None and state is None and organisations.filter(pk=organisation.pk).exists():
        return
    if state is None and organisation is None and not states.exists() and not organisations.exists():
        return
    raise ValidationError(_("Say for which delegation you take part."))


def _note(meeting: Meeting) -> None:
    record("registration.noted", by=None, target=meeting, label=_label(meeting))


def _label(meeting: Meeting) -> str:
    return f"{meeting.group.key} {meeting.number}"
