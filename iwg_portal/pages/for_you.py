"""What the first page says to its reader herself: what she owes, what waits for her state, what is new to her.

Nothing here decides who may see. The lines name what is to be done and lead there; they repeat no content beyond a
title.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capabilities.access import visible_status
from capabilities.enums import StatusKind
from iwg_portal.activity import log
from iwg_portal.base.dates import date_format
from iwg_portal.base.kept import keep
from meetings.access import action_points as actions
from meetings.access.lessons import approved_lessons, unfinished_lessons
from meetings.access.meetings import runs_meetings, visible_meetings
from meetings.access.papers import visible_papers
from meetings.access.silence import can_approve, visible_circulations
from meetings.enums import CirculationState, LessonState, MeetingState
from meetings.models import Meeting, Position, Registration
from meetings.queries import action_points as query
from members.access import (
    Viewer,
    own_events,
    own_parked_texts,
    sees_everybody,
    visible_member_states,
    visible_reports,
    visible_unreachable,
)
from members.enums import Role

MOST = 3  # lines of each kind
OLD = dt.timedelta(days=365)
FRESH = 300  # seconds


def card(viewer: Viewer, now: dt.datetime, today: dt.date) -> SafeString:
    """The finished card of ``viewer``, kept for her alone until anything is done in the portal, five minutes at most:
    so long may an hour that has passed still stand there. Two queries, else nine at most."""
    asked = (viewer.person.pk if viewer.person else None, today, int(now.timestamp()) // FRESH, log.version())

    def make() -> SafeString:
        return render_to_string("pages/for_you.html", {"for_you": ForYou(viewer, now, today)})

    return keep("for you", viewer.rights_key, asked, make)


@dataclass(frozen=True)
class Line:
    """``due``: until when, in words; ``is_pressing``: it is late, or will be within a week."""

    url: str
    title: str
    detail: str = ""
    due: str = ""
    is_pressing: bool = False


class ForYou:
    """For ``viewer`` at ``now`` (aware), on ``today`` (the group's calendar day). Five queries, seven for a focal
    point; none before something is asked."""

    def __init__(self, viewer: Viewer, now: dt.datetime, today: dt.date) -> None:
        self.viewer, self.now, self.today = viewer, now, today

    @property
    def offices(self) -> str:
        return ", ".join(str(label) for role, label in Role.choices if role in self.viewer.roles)

    @property
    def leads_on(self) -> bool:
        """There is a page about everybody's matters for her."""
        return runs_meetings(self.viewer)

    @property
    def reads_reports(self) -> bool:
        """There are scheduled reports for her."""
        return bool(visible_reports(self.viewer))

    @property
    def is_empty(self) -> bool:
        return not (self.owed or self.waiting or self.news)

    # -- What I owe ------------------------------------------------------------------------------------------------

    @cached_property
    def owed(self) -> list[Line]:
        return [*self._actions(), *self._drafts()]

    def _actions(self) -> list[Line]:
        """What she holds; and, where she answers for a state or an organisation, what nobody there holds."""
        viewer = self.viewer
        rule = Q(holder=viewer.person)
        answers_for = Q(state__in=sorted(viewer.focal_states | viewer.observed_states)) | Q(
            organisation__in=sorted(viewer.organisations)
        )
        rows = actions.with_holding(actions.visible_owners(viewer)).filter(
            actions.own(viewer), rule | (answers_for & Q(is_held=False))
        )
        found = list(query.overdue_first(rows)[: MOST + 1])
        lines = [self._action(row) for row in found[:MOST]]
        if len(found) > MOST:
            lines.append(Line(reverse("actions"), _("More action points")))
        return lines

    def _action(self, row: Any) -> Line:
        return Line(
            reverse("action", args=[row.action_id]),
            query.excerpt(row.action.block.text, 90),
            row.action.code,
            query.due_words(row.due, overdue=query.is_overdue(row, row.due, self.today)),
            self._presses(row.due),
        )

    def _drafts(self) -> list[Line]:
        drafts, parked = self._counts.get("drafts", 0), self._counts.get("parked", 0)
        lines = []
        if drafts:
            words = ngettext(
                "A lesson that you have not submitted", "%(n)s lessons that you have not submitted", drafts
            )
            lines.append(Line(f"{reverse('lessons')}?{urlencode({'stage': 'open'})}", words % {"n": drafts}))
        if parked:
            words = ngettext("A text of yours that was kept", "%(n)s texts of yours that were kept", parked)
            lines.append(Line(reverse("parked_texts"), words % {"n": parked}, _("Deleted after a week")))
        return lines

    # -- What waits for my state -----------------------------------------------------------------------------------

    @cached_property
    def waiting(self) -> list[Line]:
        return [*self._unreachable(), *self.silence(), *self.invitations(), *self._old_status()]

    def _unreachable(self) -> list[Line]:
        """Herself, and for a focal point her delegation; everybody is on the morning page."""
        viewer = self.viewer
        if viewer.person is None:
            return []
        rows: QuerySet[Any] = visible_unreachable(viewer)
        if sees_everybody(viewer):
            rows = rows.filter(pk=viewer.person.pk)
        lines = []
        for person in rows[:MOST]:
            since = date_format(timezone.localdate(person.unreachable_since), "DATE_FORMAT")
            url = reverse("person", args=[person.pk])
            words = _("Mail has not arrived since %(day)s: is the address right?")
            if person == viewer.person:
                url, words = reverse("account"), _("No mail has reached you since %(day)s")
            lines.append(Line(url, str(person), words % {"day": since}, "", True))
        return lines

    def silence(self) -> list[Line]:
        viewer = self.viewer
        if not (viewer.own_states or can_approve(viewer)):
            return []
        spoken = Position.objects.filter(circulation=OuterRef("pk"), state__in=sorted(viewer.focal_states))
        rows = visible_circulations(viewer).filter(state=CirculationState.OPEN, deadline__gt=self.now)
        rows = rows.defer("version__content").select_related("version", "record__meeting")
        rows = rows.annotate(is_spoken=Exists(spoken)).order_by("deadline", "id")[:MOST]
        return [line for row in rows if (line := self._circulation(row))]

    def _circulation(self, row: Any) -> Line | None:
        meeting = row.record.meeting
        if can_approve(self.viewer) and row.approved_at is None:
            detail = _("Waits for your approval")
        elif self.viewer.focal_states and not row.is_spoken:
            detail = _("Waits for your state’s position; silence is consent")
        elif self.viewer.own_states and not self.viewer.focal_states:
            detail = _("Open for comments")
        else:
            return None
        day = row.deadline.astimezone(meeting.tz).date()
        title = _("Record: %(meeting)s") % {"meeting": meeting.title}
        return Line(reverse("silence", args=[meeting.pk]), title, detail, self._until(day), self._presses(day))

    def invitations(self) -> list[Line]:
        viewer = self.viewer
        if not viewer.roles - {Role.ADMINISTRATOR, Role.SECRETARIAT}:
            return []
        here = Registration.objects.filter(meeting=OuterRef("pk"))
        rows = visible_meetings(viewer).filter(
            Q(register_by=None) | Q(register_by__gte=self.today), state=MeetingState.ANNOUNCED, starts_at__gt=self.now
        )
        rows = rows.annotate(
            is_answered=Exists(here.filter(person=viewer.person).exclude(answer="")),
            is_nominated=Exists(here.filter(state__in=sorted(viewer.focal_states))),
        )
        open_ = Q(is_answered=False)
        if viewer.focal_states:
            open_ |= Q(is_nominated=False)
        return [self._invitation(row) for row in rows.filter(open_).order_by("starts_at", "id")[:MOST]]

    def _invitation(self, row: Any) -> Line:
        meeting: Meeting = row
        if self.viewer.focal_states and not row.is_nominated:
            detail = _("Say who comes for your state")
        else:
            detail = _("Say whether you take part")
        day = meeting.register_by
        due = self._until(day) if day else ""
        return Line(
            reverse("registration", args=[meeting.pk]), meeting.title, detail, due, bool(day) and self._presses(day)
        )

    def _old_status(self) -> list[Line]:
        focal = sorted(self.viewer.focal_states)
        if not focal:
            return []
        rows = visible_status(self.viewer).filter(state__in=focal, is_current=True).order_by("state", "kind")
        known = {(row.state_id, row.kind): row.as_of for row in rows.only("state_id", "kind", "as_of")}
        lines = []
        for state in visible_member_states(self.viewer).filter(pk__in=focal):
            for kind in StatusKind.values:
                as_of = known.get((state.pk, kind))
                if as_of is not None and self.today - as_of < OLD:
                    continue
                url = reverse("status_update", args=[state.alpha2.lower(), kind])
                names = {"kind": "API" if kind == StatusKind.ADVPAX else "PNR", "state": state.name}
                if as_of is None:
                    lines.append(Line(url, _("%(kind)s status of %(state)s") % names, _("Not reported yet"), "", True))
                else:
                    detail = _("Reported %(day)s: still true?") % {"day": date_format(as_of, "DATE_FORMAT")}
                    lines.append(Line(url, _("%(kind)s status of %(state)s") % names, detail, "", True))
        return lines

    # -- What is new -----------------------------------------------------------------------------------------------

    @cached_property
    def news(self) -> list[Line]:
        """Since she signed in the last time before this one; on her very first day nothing is new."""
        papers, lessons, records = (self._counts.get(name, 0) for name in ("papers", "lessons", "records"))
        lines = []
        if papers:
            words = ngettext("%(n)s paper", "%(n)s papers", papers) % {"n": papers}
            lines.append(Line(reverse("meetings"), words))
        if lessons:
            words = ngettext("%(n)s lesson", "%(n)s lessons", lessons) % {"n": lessons}
            lines.append(Line(reverse("lessons"), words))
        if records:
            words = ngettext("%(n)s adopted record", "%(n)s adopted records", records) % {"n": records}
            lines.append(Line(f"{reverse('meetings')}?{urlencode({'when': 'past'})}", words))
        return lines

    @cached_property
    def _counts(self) -> dict[str, int]:
        """Name → how many. One query."""
        viewer = self.viewer
        signed_in = own_events(viewer).filter(kind="person.signed_in").order_by("-id")
        before = Subquery(signed_in.values("at")[1:2])
        rows: dict[str, QuerySet[Any]] = {
            "drafts": unfinished_lessons(viewer).filter(status=LessonState.DRAFT, shared_by=viewer.person),
            "parked": own_parked_texts(viewer),
            "papers": visible_papers(viewer).filter(created_at__gt=before),
            "lessons": approved_lessons(viewer).filter(approved_at__gt=before),
            "records": visible_circulations(viewer).filter(state=CirculationState.ADOPTED, ended_at__gt=before),
        }
        counted = [
            found.order_by().annotate(what=Value(name)).values("what").annotate(n=Count("pk")).values_list("what", "n")
            for name, found in rows.items()
        ]
        return dict(counted[0].union(*counted[1:], all=True))

    # -- Words -----------------------------------------------------------------------------------------------------

    def _until(self, day: dt.date) -> str:
        return _("until %(day)s") % {"day": date_format(day, "DATE_FORMAT")}

    def _presses(self, day: dt.date | None) -> bool:
        return day is not None and day <= self.today + dt.timedelta(days=7)
