"""Meetings in somebody's own calendar: the file of one meeting, the address of all, and the page that keeps it."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from iwg_portal.activity import log
from iwg_portal.base.kept import keep
from iwg_portal.base.rations import rationed
from iwg_portal.base.render import render
from iwg_portal.base.uploads.names import disposition
from iwg_portal.mail.compose import speaking
from meetings import exports
from meetings.access import calendars as access
from meetings.actions import calendars as actions
from meetings.enums import MeetingState
from meetings.views.meetings import find_meeting
from members.access import visible_group
from members.views.links import behind_a_token

TYPE = "text/calendar; charset=utf-8"


@require_safe
@rationed
def meeting_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """One meeting as a file, for whoever may see it. A draft has none: its day may still change."""
    meeting = find_meeting(request.viewer, pk)
    if meeting.state == MeetingState.DRAFT:
        raise Http404
    name = exports.calendar_name(meeting)
    content = exports.calendar([meeting], name=_group_name())
    log.exported(request, name, target=meeting)
    return HttpResponse(content, content_type=TYPE, headers={"Content-Disposition": disposition(name)})


@behind_a_token(referrer="no-referrer")
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """``key``: the secret of one person's address. Fetched by a program every few hours: it writes nothing, not even a
    line in the log."""
    viewer = access.viewer_of_token(token)
    if viewer is None or viewer.person is None:
        return HttpResponse(_("This address does not work any more."), status=404, content_type="text/plain")
    today = timezone.localdate()
    with speaking(viewer.person.mail_language):
        content, name = b"", _group_name()

        def written() -> str:
            nonlocal content
            content = exports.calendar(access.meetings_in_feed(viewer, today), name=name)
            return quote_etag(hashlib.sha256(content).hexdigest()[:32])

        # Programs ask again and again, and mostly nothing has changed: that is known without writing the file.
        etag = keep("calendar", viewer.rights_key, (today, name, access.names_in_feed(viewer)), written)
        response = get_conditional_response(request, etag)
        if response is None:
            etag = etag if content else written()
            disposed = {"Content-Disposition": disposition("iwg-meetings.ics")}
            response = HttpResponse(content, content_type=TYPE, headers=disposed)
    # Nobody on the way may keep it; the program that has it already is told so.
    response["ETag"] = etag
    return response


def _group_name() -> str:
    group = visible_group()
    return group.short_name if group else "IWG"


@require_http_methods(["GET", "HEAD", "POST"])
def calendar_feed(request: HttpRequest) -> HttpResponse:
    """Her own address. POST ``do``: ``make``, ``renew``, ``end``."""
    viewer = request.viewer
    if not access.can_keep_feed(viewer):
        raise Http404
    if request.method == "POST":
        match request.POST.get("do"):
            case "make":
                actions.make_feed(by=viewer)
                messages.success(request, _("Copy the address into your calendar."))
            case "renew":
                actions.make_feed(by=viewer, anew=True)
                messages.success(request, _("The address is a new one. The old one gives nothing any more."))
            case "end":
                actions.end_feed(by=viewer)
                messages.success(request, _("The address gives nothing any more."))
            case _:
                raise BadRequest("unknown verb")
        return redirect("calendar_feed")
    feed = access.visible_feed(viewer)
    address = f"{settings.PUBLIC_URL.rstrip('/')}{reverse('calendar')}?key={feed.token}" if feed else ""
    context = {"feed": feed, "address": address, "crumbs": [{"url": reverse("account"), "label": _("Your account")}]}
    return render(request, "meetings/calendars/feed.html", context)
