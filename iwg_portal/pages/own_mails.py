"""What the portal has told its reader by mail, and what it will tell her: the rows of the ledger that are hers.

The ledger keeps no text. So a line says the kind of a mail in words, and what it was about as that thing is now, if
she may still see it: of what is not hers to read any more there is no line.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from iwg_portal.mail.access import own_mails
from iwg_portal.mail.actions.batches import STOPPED
from iwg_portal.mail.enums import (
    LOST_AFTER_DATA,
    NO_LONGER_DUE,
    STOPPED_AFTER_DATA,
    TOO_LATE,
    UNREACHABLE,
    BatchState,
    MailState,
)
from iwg_portal.mail.kinds import title_of
from iwg_portal.mail.models import OutboxMail
from iwg_portal.pages.for_you import Line
from iwg_portal.pages.reminders import REPORTS, told_of
from iwg_portal.reminders.ledger import DAILY, DIGEST, named
from iwg_portal.reminders.registry import REMINDERS
from meetings.access.action_points import visible_owners
from meetings.access.meetings import visible_meetings
from meetings.access.silence import visible_circulations
from members.access import Viewer, looking, own_events, visible_reports
from members.enums import ReportKind

PAGE = 20
AFTER_DATA = (STOPPED_AFTER_DATA, LOST_AFTER_DATA)
OURS = ("", NO_LONGER_DUE, TOO_LATE, UNREACHABLE)  # reasons that no server gave
NOT_THERE = frozenset({MailState.BOUNCED, MailState.UNKNOWN})


@dataclass(frozen=True)
class Told:
    """One mail. ``at``: when it was sent or settled, else when it leaves, None where nobody knows yet. ``lines``: what
    it was about. ``is_settled``: it reminded of something, and nothing of that is hers to see or to do any more."""

    kind: str
    title: str
    at: dt.datetime | None
    state: str
    is_wrong: bool
    is_new: bool
    lines: list[Line] = field(default_factory=list)
    is_settled: bool = False


# -- What it was about, where she may see it ---------------------------------------------------------------------------

Places = Callable[[Viewer, Collection[str]], dict[str, Line]]


def _meetings(viewer: Viewer, ids: Collection[str]) -> dict[str, Line]:
    rows = visible_meetings(viewer).filter(pk__in=ids)
    return {str(row.pk): Line(reverse("meeting", args=[row.pk]), row.title) for row in rows}


def _circulations(viewer: Viewer, ids: Collection[str]) -> dict[str, Line]:
    rows = visible_circulations(viewer).filter(pk__in=ids).defer("version__content").select_related("record__meeting")
    found = {}
    for row in rows:
        meeting = row.record.meeting
        title = _("Record: %(meeting)s") % {"meeting": meeting.title}
        found[str(row.pk)] = Line(reverse("silence", args=[meeting.pk]), title)
    return found


def _owners(viewer: Viewer, ids: Collection[str]) -> dict[str, Line]:
    rows = visible_owners(viewer).filter(pk__in=ids).select_related("action__record__meeting__group")
    return {str(row.pk): Line(reverse("action", args=[row.action_id]), row.action.code) for row in rows}


PLACES: dict[str, Places] = {
    "meetings.meeting": _meetings,
    "meetings.circulation": _circulations,
    "meetings.actionowner": _owners,
}


class OwnMails:
    """One page of ``viewer``'s at ``now`` (aware), newest first. Four queries, one for each kind of thing that a mail
    of the page is about, and one or two for each kind of reminder on it; however many rows there are."""

    def __init__(self, viewer: Viewer, now: dt.datetime, number: str | None = None) -> None:
        self.viewer, self.now = viewer, now
        rows = own_mails(viewer).select_related("batch").order_by("-not_before", "-id")
        self.found: Page[OutboxMail] = Paginator(rows, PAGE).get_page(number)

    @cached_property
    def rows(self) -> list[Told]:
        mails = list(self.found)
        with looking(self.viewer):
            about, reminded = self._about(mails), self._reminded(mails)
        return [
            self._told(mail, about.get((mail.target_type, mail.target_id)), reminded.get(mail.pk)) for mail in mails
        ]

    def _told(self, mail: OutboxMail, about: Line | None, reminded: list[Line] | None) -> Told:
        since = self._since
        return Told(
            mail.kind,
            title_of(mail.kind),
            None if mail.state == MailState.HELD else mail.settled_at or max(mail.not_before, mail.try_at),
            _state(mail, self.now),
            mail.state in NOT_THERE or _is_lost(mail),
            mail.state == MailState.SENT and bool(since and mail.settled_at and mail.settled_at > since),
            reminded if reminded is not None else [about] if about else self._elsewhere(mail),
            reminded is not None and not reminded,
        )

    @staticmethod
    def _elsewhere(mail: OutboxMail) -> list[Line]:
        """A digest names nothing afterwards: what was new then is read where it stands."""
        return [Line(reverse("digest"), _("What a digest tells you, and how often"))] if mail.kind == DIGEST else []

    @cached_property
    def _since(self) -> dt.datetime | None:
        """When she signed in the last time before this one; on her very first day nothing is new."""
        signed_in = own_events(self.viewer).filter(kind="person.signed_in").order_by("-id")
        return next(iter(signed_in.values_list("at", flat=True)[1:2]), None)

    @cached_property
    def _reports(self) -> frozenset[ReportKind]:
        return frozenset(visible_reports(self.viewer))

    def _about(self, mails: Iterable[OutboxMail]) -> dict[tuple[str, str], Line]:
        wanted: dict[str, set[str]] = defaultdict(set)
        for mail in mails:
            if mail.target_type in PLACES:
                wanted[mail.target_type].add(mail.target_id)
        return {
            (kind, target): line
            for kind, targets in wanted.items()
            for target, line in PLACES[kind](self.viewer, targets).items()
        }

    def _reminded(self, mails: Iterable[OutboxMail]) -> dict[int, list[Line]]:
        """Of each mail of the day its lines, as the kinds of reminder word them now; of what is settled none."""
        daily = [mail.pk for mail in mails if mail.kind == DAILY]
        if not daily:
            return {}
        rows: QuerySet[Any] = named(daily)
        targets: dict[str, set[str]] = defaultdict(set)
        of_mail: dict[int, list[tuple[str, str]]] = {pk: [] for pk in daily}
        lines: dict[tuple[str, str], Any] = {}
        for mail, kind, target, step in rows.values_list("mail_id", "kind", "target_id", "step"):
            # A report is that of its period, and never settled.
            place = (kind, step) if kind in REPORTS else (kind, target)
            of_mail[mail].append(place)
            if kind not in REPORTS:
                targets[kind].add(target)
            elif place not in lines and (line := told_of(kind, step, self._reports)):
                lines[place] = line
        for kind, those in targets.items():
            lines |= {(kind, target): line for target, line in self._still(kind, those).items()}
        here = settings.PUBLIC_URL.rstrip("/")
        return {
            pk: [
                Line(line.link.removeprefix(here), line.text)
                for line in _once(lines[place] for place in places if place in lines)
            ]
            for pk, places in of_mail.items()
        }

    def _still(self, kind: str, targets: set[str]) -> dict[str, Any]:
        """What is still due for her, as in a mail that would leave now."""
        person, reminder = self.viewer.person, REMINDERS.get(kind)
        if person is None or reminder is None:
            return {}
        due = {one.target for one in reminder.due(self.now, targets) if one.person == person.pk}
        return dict(reminder.lines(person, due, self.now)) if due else {}


def _once(lines: Iterable[Any]) -> list[Any]:
    """In their order, and what reads alike once, as in the mail."""
    alike = {(line.on, line.text, line.link): line for line in lines}
    return [alike[key] for key in sorted(alike)]


def _is_stopped(mail: OutboxMail) -> bool:
    """Also one that its server had refused for the time being when the whole mail was stopped. Not one whose matter was
    over, or gave way to the next change: then nobody stopped it."""
    is_of_stopped = mail.batch is not None and mail.batch.state == BatchState.STOPPED
    return mail.problem == STOPPED or (is_of_stopped and mail.problem not in OURS)


def _is_lost(mail: OutboxMail) -> bool:
    """Given up after a server refused it, or a line broke: she may have missed something."""
    return mail.state == MailState.CANCELLED and mail.problem not in OURS and not _is_stopped(mail)


def _state(mail: OutboxMail, now: dt.datetime) -> str:
    match mail.state:
        case MailState.SENT:
            return _("sent")
        case MailState.BOUNCED:
            return _("did not arrive: your mail server refused it")
        case MailState.UNKNOWN:
            return _("perhaps it did not arrive: the line broke")
        case MailState.CANCELLED if mail.problem == UNREACHABLE:
            return _("not sent: mail does not reach your address")
        case MailState.CANCELLED if mail.problem == TOO_LATE:
            return _("not sent: it was too late")
        case MailState.CANCELLED if _is_stopped(mail):
            return _("not sent: the secretariat stopped it")
        case MailState.CANCELLED if mail.problem in AFTER_DATA:
            return _("perhaps it did not arrive: the line broke")
        case MailState.CANCELLED if _is_lost(mail):
            return _("did not arrive: your mail server refused it")
        case MailState.CANCELLED:
            return _("not sent: it was no longer due")
        case MailState.HELD:
            return _("waits for its time")
        case MailState.DUE if mail.not_before > now:
            return _("waits for its time")
        case MailState.DUE if mail.refusals:
            return _("tried in vain; it is tried again")
        case _:
            return _("on its way")
