"""The secretariat's morning page: what has got stuck, each with its first rows and the next step.

The chair reads of it what concerns the work of the group. Every row comes from an access module; what a reader may not
see is not among them, and a part for which she has no right at all is not shown. States stand in the alphabetical
order of the reader's language, never by number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, QuerySet, Subquery, Window
from django.db.models.expressions import OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capabilities.access import can_import, visible_assessments, visible_rounds, visible_status
from capabilities.enums import AssessmentState
from capabilities.models import Round
from capabilities.queries import region as status
from capabilities.reminders import ROUND
from iwg_portal.base.dates import date_format
from iwg_portal.jobs import queries as jobs
from iwg_portal.jobs.access import can_see_jobs, visible_runs
from iwg_portal.mail.access import can_see_outbox, visible_batches, visible_mails
from iwg_portal.mail.enums import BatchState, MailState
from iwg_portal.mail.kinds import title_of
from iwg_portal.mail.queries import LATE, counted
from iwg_portal.pages.for_you import OLD, Line
from iwg_portal.reminders import ledger
from meetings.access import visible_meetings
from meetings.access.action_points import visible_owners
from meetings.access.lessons import unfinished_lessons
from meetings.enums import LessonState, MeetingState, TextKind
from meetings.models import LessonText, Meeting
from meetings.queries import action_points as actions
from members.access import Viewer, sees_everybody, visible_member_states, visible_terms, visible_unreachable
from members.enums import Role
from members.models import State, Term, current

SHOWN = 4  # rows of each part
EXPIRING = dt.timedelta(days=60)


@dataclass(frozen=True)
class Part:
    """``count`` of what is stuck, the first ``lines`` of it, how many ``more`` there are, and the next step: ``url``
    and its ``label``. ``reminded``: when somebody was last reminded of it."""

    title: str
    count: int
    lines: list[Line]
    url: str
    label: str
    more: int
    reminded: dt.datetime | None = None


def _part(title: str, count: int, lines: list[Line], url: str, label: str, *, of: int | None = None) -> Part:
    """``of``: how many lines there are in all, where a line is not one of what is counted."""
    return Part(title, count, lines, url, label, (count if of is None else of) - len(lines))


class MorningPage:
    """One reader's page at ``now`` (aware), on ``today`` (the group’s calendar day). At most fourteen queries."""

    def __init__(self, viewer: Viewer, now: dt.datetime, today: dt.date) -> None:
        self.viewer, self.now, self.today = viewer, now, today

    @cached_property
    def parts(self) -> list[Part]:
        """What needs somebody first, then what is in order."""
        viewer = self.viewer
        found = [self.silent(), self._round(), self.records(), self._actions()]
        if viewer.in_secretariat:
            found.append(self._lessons())
        if can_see_outbox(viewer):
            found += [self._mail(), self._held()]
        if can_see_jobs(viewer):
            found.append(self.jobs())
        if sees_everybody(viewer):
            found += [self._unreachable(), self.terms()]
        return sorted(found, key=lambda part: part.count == 0)

    @property
    def stuck(self) -> int:
        return sum(part.count > 0 for part in self.parts)

    # -- States ----------------------------------------------------------------------------------------------------

    @cached_property
    def _states(self) -> list[State]:
        return list(visible_member_states(self.viewer))

    @cached_property
    def _newest_round(self) -> Round | None:
        return visible_rounds(self.viewer).first()

    @cached_property
    def _answered(self) -> set[int]:
        """States with a published answer in the newest round that she may read."""
        rows = visible_assessments(self.viewer).filter(round=self._newest_round, status=AssessmentState.PUBLISHED)
        return set(rows.values_list("state_id", flat=True)) if self._newest_round else set()

    def silent(self) -> Part:
        rows = status.silent(
            visible_member_states(self.viewer, self.today),
            visible_status(self.viewer),
            visible_assessments(self.viewer),
            visible_rounds(self.viewer),
            self.today,
            self.today - OLD,
        )
        silent = list(rows)
        lines = [self._state(state, state.heard) for state in silent[:SHOWN]]
        title = _("Silent states: no status for a year, no answer in the newest round")
        return _part(title, len(silent), lines, reverse("states"), _("All states"))

    def _state(self, state: State, heard: dt.date | None) -> Line:
        if heard is None:
            words = _("Nothing reported yet")
        else:
            words = _("Last report: %(day)s") % {"day": date_format(heard, "DATE_FORMAT")}
        return Line(reverse("profile", args=[state.alpha2.lower()]), state.name, words)

    def _round(self) -> Part:
        newest = self._newest_round
        missing = [state for state in self._states if state.pk not in self._answered] if newest else []
        lines = []
        is_overdue = newest is None or newest.year < self.today.year
        if is_overdue:
            lines.append(Line(reverse("region"), _("There is no round for %(year)s yet") % {"year": self.today.year}))
        lines += [Line(reverse("profile", args=[s.alpha2.lower()]), s.name) for s in missing[: SHOWN - len(lines)]]
        title = _("The round at risk")
        if newest:
            title = _("The round %(year)s: states without data") % {"year": newest.year}
        imports = can_import(self.viewer)
        url, label = (reverse("imports"), _("Import")) if imports else (reverse("region"), _("Region"))
        part = _part(title, len(missing) + is_overdue, lines, url, label)
        told = ledger.reminded_on(ROUND, [newest]).get(str(newest.pk)) if newest and missing else None
        return replace(part, reminded=told)

    # -- Meetings --------------------------------------------------------------------------------------------------

    def records(self) -> Part:
        unfinished = (MeetingState.ANNOUNCED, MeetingState.RUNNING, MeetingState.DRAFTED)
        rows = visible_meetings(self.viewer).filter(state__in=unfinished, ends_at__lt=self.now)
        count, first = first_of(rows.order_by("ends_at", "id"))
        lines = [self._record(meeting) for meeting in first]
        past = f"{reverse('meetings')}?{urlencode({'when': 'past'})}"
        return _part(_("Records not circulated"), count, lines, past, _("Past meetings"))

    def _record(self, meeting: Meeting) -> Line:
        name = "meeting"
        if self.viewer.in_secretariat and meeting.state != MeetingState.ANNOUNCED:
            name = "silence_circulate" if meeting.state == MeetingState.DRAFTED else "silence_close"
        days = max(0, (self.now - meeting.ends_at).days)
        words = ngettext("ended %(n)s day ago", "ended %(n)s days ago", days) % {"n": days}
        return Line(reverse(name, args=[meeting.pk]), meeting.title, str(meeting.get_state_display()), words, days >= 3)

    def _actions(self) -> Part:
        """One line for each owner, with its oldest date."""
        rows = list(actions.overdue_by_owner(visible_owners(self.viewer), self.today))
        lines = [self._owner(owed.name, owed.rows) for owed in actions.grouped(rows)]
        title = _("Action points overdue, by owner")
        label = _("All that is overdue")
        return _part(title, len(rows), lines[:SHOWN], reverse("actions_overdue"), label, of=len(lines))

    def _owner(self, name: str, rows: tuple[Any, ...]) -> Line:
        first = rows[0]
        owner = f"s-{first.state.alpha2}" if first.state else f"o-{first.organisation.key}"
        asked = {"tab": actions.ALL, "owner": owner, "due": "overdue"}
        words = ngettext("%(n)s overdue", "%(n)s overdue", len(rows)) % {"n": len(rows)}
        since = actions.due_words(first.due, overdue=True)
        return Line(f"{reverse('actions')}?{urlencode(asked)}", name, words, since, True)

    def _lessons(self) -> Part:
        raw = LessonText.objects.filter(lesson=OuterRef("pk"), kind=TextKind.RAW)
        rows = unfinished_lessons(self.viewer).filter(status=LessonState.SUBMITTED)
        rows = rows.annotate(title=Subquery(raw.values("title")[:1])).select_related("state")
        count, first = first_of(rows.order_by("shared_at", "id"))
        lines = [
            Line(reverse("lesson_review", args=[row.pk]), row.title or "", row.state.name if row.state else "")
            for row in first
        ]
        url = f"{reverse('lessons')}?{urlencode({'stage': 'open'})}"
        return _part(_("Lessons waiting for approval"), count, lines, url, _("All unfinished lessons"))

    # -- The machine, the offices ----------------------------------------------------------------------------------

    def _mail(self) -> Part:
        stuck = Q(state__in=(MailState.UNKNOWN, MailState.BOUNCED))
        late = Q(state=MailState.DUE, not_before__lt=self.now - LATE)
        count, first = first_of(visible_mails(self.viewer).filter(stuck | late).order_by("-planned_at", "-id"))
        lines = []
        for row in first:
            words = _("to person %(number)s") % {"number": row.recipient_id} if row.recipient_id else ""
            lines.append(Line(reverse("outbox"), row.kind, words, str(row.get_state_display()), True))
        return _part(_("Mail not delivered"), count, lines, reverse("outbox"), _("Outgoing mail"))

    def _held(self) -> Part:
        rows = counted(visible_batches(self.viewer).filter(state=BatchState.HELD)).filter(waiting__gt=0)
        found = list(rows.order_by("soonest", "id"))
        lines = [self._batch(row) for row in found[:SHOWN]]
        return _part(_("Mails to many that are held"), len(found), lines, reverse("outbox"), _("Outgoing mail"))

    def _batch(self, row: Any) -> Line:
        words = ngettext("%(n)s person is not told", "%(n)s people are not told", row.waiting) % {"n": row.waiting}
        until = _("too late after %(day)s") % {"day": date_format(timezone.localtime(row.soonest), "DATE_FORMAT")}
        return Line(reverse("mail_batch", args=[row.pk]), title_of(row.kind), words, until, True)

    def _unreachable(self) -> Part:
        count, first = first_of(visible_unreachable(self.viewer))
        lines = []
        for person in first:
            since = date_format(timezone.localdate(person.unreachable_since), "DATE_FORMAT")
            words = _("no mail since %(day)s") % {"day": since}
            lines.append(Line(reverse("person", args=[person.pk]), str(person), words, "", True))
        return _part(_("People whom mail does not reach"), count, lines, reverse("people"), _("People"))

    def jobs(self) -> Part:
        found = [line for line in jobs.board(visible_runs(self.viewer), self.now) if line.needs_you]
        url = reverse("operations")
        lines = [Line(url, line.job.words, line.job.often, str(line.standing.label), True) for line in found[:SHOWN]]
        return _part(_("Jobs late or failed"), len(found), lines, url, _("Operations"))

    def terms(self) -> Part:
        rows = visible_terms(self.viewer).filter(
            current(self.today), ends_on__lte=self.today + EXPIRING, person__is_active=True
        )
        count, first = first_of(rows.select_related("person").order_by("ends_on", "id"))
        lines = [self._term(term) for term in first]
        return _part(_("Terms of office that end within 60 days"), count, lines, reverse("people"), _("People"))

    def _term(self, term: Term) -> Line:
        url = reverse("hand_over") if term.role == Role.CHAIR else reverse("person", args=[term.person_id])
        last = term.last_day
        until = _("until %(day)s") % {"day": date_format(last, "DATE_FORMAT")} if last else ""
        return Line(url, str(term.person), term.office, until, last is not None and (last - self.today).days <= 14)


def first_of(rows: QuerySet[Any]) -> tuple[int, list[Any]]:
    """How many there are, and the first of them. One query."""
    found: Iterable[Any] = rows.annotate(of=Window(Count("pk")))[:SHOWN]
    kept = list(found)
    return (kept[0].of if kept else 0), kept
