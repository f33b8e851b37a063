"""Answer from a mail: the token says who, and for which thing. The verbs are those of the portal's own pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from iwg_portal.reminders import links
from meetings.access import replies as access
from meetings.actions import owners, registration, silence
from meetings.enums import Stance
from members.access import Viewer, viewer_for
from members.models import State


@transaction.atomic
def reply(*, token: str, now: dt.datetime, values: dict[str, Any]) -> None:
    """Do by the link what ``values`` (of the form of its kind) say, as its person. It works no more afterwards.

    Raises ``links.DeadLink`` (also for who answers for the thing no more, or may not see it any more), and
    ``ValidationError`` (then the link still works). Side effects: those of the verb; its event says that it came from a
    mail. No session comes of it.
    """
    link = links.spend(token, now)
    verb = VERBS.get(link.kind)
    try:
        if verb is None or not verb(link.target_id, viewer_for(link.person), now, values):
            raise links.DeadLink(known=True)
    except PermissionDenied as denied:
        raise links.DeadLink(known=True) from denied


def _report(pk: str, by: Viewer, now: dt.datetime, values: dict[str, Any]) -> bool:
    """A comment without a state leaves the row where it is."""
    owner = access.owner_of(by, pk)
    if owner is not None:
        given = {**values, "status": values["status"] or owner.status}
        owners.report(owner=owner, by=by, from_mail=True, **given)
    return owner is not None


def _answer(pk: str, by: Viewer, now: dt.datetime, values: dict[str, Any]) -> bool:
    meeting = access.meeting_of(by, pk, now)
    if meeting is not None:
        registration.answer_invitation(meeting=meeting, by=by, from_mail=True, **values)
    return meeting is not None


def _agree(pk: str, by: Viewer, now: dt.datetime, values: dict[str, Any]) -> bool:
    """Nothing else: an objection ends the procedure, and asks for a sign-in."""
    circulation, state = access.circulation_of(by, pk, now), access.speaks_for(by)
    if circulation is None or state is None:
        return False
    silence.take_position(
        circulation=circulation,
        state=State.objects.get(pk=state),
        stance=Stance.AGREE,
        text="",
        by=by,
        from_mail=True,
    )
    return True


VERBS: dict[str, Callable[[str, Viewer, dt.datetime, dict[str, Any]], bool]] = {
    access.ACTION: _report,
    access.REGISTRATION: _answer,
    access.SILENCE: _agree,
}
