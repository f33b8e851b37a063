"""The page behind "Answer without signing in": one thing and its few buttons. Reading it changes nothing, because the
scanners of mail servers open every link; it opens no session, and it shows nothing that is not for the whole group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from iwg_portal.base.dates import date_format
from iwg_portal.base.marks import zone as zone_word
from iwg_portal.base.render import render
from iwg_portal.mail.compose import speaking
from iwg_portal.reminders import links
from iwg_portal.reminders.models import AnswerLink
from meetings.access import replies as access
from meetings.access.registration import own_organisations, own_states
from meetings.actions.replies import reply
from meetings.enums import Answer
from meetings.forms.registration import AnswerForm
from meetings.forms.replies import AgreeForm, ReplyForm
from meetings.models import Meeting
from meetings.queries.meetings import zone_of
from members.access import Viewer, viewer_for, visible_group
from members.views.links import behind_a_token

Fact = tuple[str, str]
Data = QueryDict | None


@dataclass
class Sheet:
    """What the page shows. ``buttons``: (name, value, label); the first one is the main one. ``elsewhere``: where she
    finds the whole, signed in, and ``hint`` what for."""

    title: str
    facts: list[Fact]
    form: Any
    buttons: list[tuple[str, str, str]]
    elsewhere: str
    hint: str = ""
    problems: list[str] = field(default_factory=list)


# No cookie, so no form that somebody else's page could send in her name: whoever knows the token may answer, and nobody
# else can. So the address is told to nobody ("no-referrer" makes a browser send "Origin: null" with the form).
@csrf_exempt
@behind_a_token(referrer="no-referrer")
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    try:
        link = links.find(token, now)
        if request.viewer.person not in (None, link.person):
            raise links.DeadLink(known=True)
        with speaking(link.person.mail_language), timezone.override(zone_of(link.person, visible_group())):
            response = _answer(request, link, token, now)
            response.headers["Content-Language"] = get_language() or ""
    except links.DeadLink as dead:
        response = render(request, "meetings/replies/dead.html", {}, status=410 if dead.known else 404)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _answer(request: HttpRequest, link: AnswerLink, token: str, now: dt.datetime) -> HttpResponse:
    make = SHEETS.get(link.kind)
    data = request.POST if request.method == "POST" else None
    sheet = make(viewer_for(link.person), link.target_id, now, data) if make else None
    if sheet is None:
        raise links.DeadLink(known=True)
    context = {"sheet": sheet, "person": str(link.person), "until": link.expires_at, "language": get_language()}
    if request.method == "POST" and sheet.form.is_valid():
        try:
            reply(token=token, now=now, values=sheet.form.values())
        except ValidationError as error:
            sheet.problems = error.messages
        else:
            return render(request, "meetings/replies/done.html", context)
    return render(request, "meetings/replies/act.html", context)


def _action(viewer: Viewer, pk: str, now: dt.datetime, data: Data) -> Sheet | None:
    owner = access.owner_of(viewer, pk)
    if owner is None:
        return None
    action = owner.action
    meeting, title = action.record.meeting, _("Action point %(code)s") % {"code": action.code}
    facts = [(_("Owner"), str(owner.state or owner.organisation))]
    if access.may_be_named(meeting, action.record.audience):
        facts.insert(0, (_("What is to be done"), action.block.text))
    due = owner.due_on or action.due_on
    if due:
        facts.append((_("Due"), date_format(due, "DATE_FORMAT")))
    return Sheet(title.strip(), facts, ReplyForm(data), [("", "", _("Send"))], reverse("action", args=[action.pk]))


def _invitation(viewer: Viewer, pk: str, now: dt.datetime, data: Data) -> Sheet | None:
    meeting = access.meeting_of(viewer, pk, now)
    if meeting is None:
        return None
    form = AnswerForm(data, states=own_states(viewer), organisations=own_organisations(viewer))
    places = [place.name for place in form.places.values()]
    facts = [
        *_meeting_facts(meeting),
        (_("For"), places[0] if len(places) == 1 else str(viewer.person)),
        (_("Registration closes on"), date_format(meeting.register_by, "DATE_FORMAT")),
    ]
    buttons = [("answer", str(value), str(label)) for value, label in Answer.choices]
    hint = _("This is your own answer. To nominate somebody else, sign in.") if viewer.focal_states else ""
    title = _("Will you take part?")
    return Sheet(title, facts, form, buttons, reverse("registration", args=[meeting.pk]), hint)


def _record(viewer: Viewer, pk: str, now: dt.datetime, data: Data) -> Sheet | None:
    circulation = access.circulation_of(viewer, pk, now)
    if circulation is None:
        return None
    meeting, until = circulation.record.meeting, timezone.localtime(circulation.deadline)
    state = own_states(viewer).get(pk=access.speaks_for(viewer))
    facts = [
        *_meeting_facts(meeting),
        (_("For"), state.name),
        (_("Adopted by silence on"), f"{date_format(until, 'DATETIME_FORMAT')} {zone_word(until)}"),
    ]
    hint = _("To read the record, to comment or to object, sign in.")
    buttons = [("", "", _("Agree to the record"))]
    return Sheet(_("A record under silence procedure"), facts, AgreeForm(data), buttons, _silence(meeting), hint)


def _silence(meeting: Meeting) -> str:
    return reverse("silence", args=[meeting.pk])


def _meeting_facts(meeting: Meeting) -> list[Fact]:
    """Its title and first day, where the whole group may read them."""
    if not access.may_be_named(meeting, meeting.audience):
        return []
    day = date_format(meeting.starts_at.astimezone(meeting.tz), "DATE_FORMAT")
    return [(_("Meeting"), meeting.title), (_("Begins on"), day)]


SHEETS: dict[str, Callable[[Viewer, str, dt.datetime, Data], Sheet | None]] = {
    access.ACTION: _action,
    access.REGISTRATION: _invitation,
    access.SILENCE: _record,
}
