"""The monthly status for the chair: what the group has done, what stands still, what needs her hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from capabilities.access import visible_regional_scores, visible_rounds
from capabilities.enums import Scope
from iwg_portal.base.dates import date_format
from iwg_portal.pages.for_you import Line
from iwg_portal.pages.morning import EXPIRING, MorningPage, first_of
from iwg_portal.pages.reports.parts import SHOWN, Part, Report, of_morning
from meetings.access.action_points import visible_owners
from meetings.access.decisions import visible_decisions
from meetings.access.lessons import approved_lessons
from meetings.access.meetings import visible_meetings
from meetings.access.silence import visible_circulations
from meetings.enums import CirculationState, MeetingState, TextKind
from meetings.models import Circulation, LessonText, Meeting
from meetings.queries import action_points as register
from meetings.queries import as_of
from meetings.queries.decisions import excerpt
from members.access import visible_terms
from members.enums import Role
from members.models import current

AHEAD = dt.timedelta(days=92)  # how far after the period meetings are still said to come


class StatusReport(Report):
    """Twelve queries."""

    @cached_property
    def parts(self) -> list[Part]:
        return [
            self._hand(),
            self._meetings(),
            self._records(),
            self._decisions(),
            self._actions(),
            self._silent(),
            self._round(),
            self._lessons(),
        ]

    # -- What needs her hand ---------------------------------------------------------------------------------------

    def _hand(self) -> Part:
        """As things stand today: what is past needs nobody."""
        lines = [self._approval(row) for row in self._circulations if _waits(row, self.now)]
        records = MorningPage(self.viewer, self.now, self.today).records()
        lines += records.lines
        lines += self._own_term()
        return Part(_("What needs your hand"), lines=lines, more=records.more, is_today=True)

    def _approval(self, row: Circulation) -> Line:
        meeting = row.record.meeting
        day = row.deadline.astimezone(meeting.tz).date()
        title = _("Record: %(meeting)s") % {"meeting": meeting.title}
        near = day <= self.today + dt.timedelta(days=7)
        return Line(
            reverse("silence", args=[meeting.pk]), title, _("Waits for your approval"), self.until_words(day), near
        )

    def _own_term(self) -> list[Line]:
        soon = self.today + EXPIRING
        rows = visible_terms(self.viewer).filter(
            current(self.today), person=self.viewer.person, role=Role.CHAIR, ends_on__lte=soon
        )
        return [
            Line(reverse("hand_over"), _("Your term as chair ends"), "", self.until_words(row.last_day), True)
            for row in rows
            if row.last_day
        ]

    # -- What was done ---------------------------------------------------------------------------------------------

    def _meetings(self) -> Part:
        rows = visible_meetings(self.viewer).filter(starts_at__gte=self.since, starts_at__lt=self.period.closes + AHEAD)
        rows = rows.exclude(state__in=(MeetingState.DRAFT, MeetingState.CANCELLED)).order_by("starts_at", "id")
        found = list(rows)
        held = [row for row in found if row.starts_at < self.until]
        # Of one that is to come it counts when it was announced: that the group knew of it by then.
        coming = [
            row
            for row in found
            if row.starts_at >= self.until and (row.announced_at is None or row.announced_at < self.until)
        ]
        lines = [self._meeting(row) for row in [*held, *coming][:SHOWN]]
        return Part(
            _("Meetings"),
            [(_("Meetings held"), len(held)), (_("Meetings to come in the next three months"), len(coming))],
            lines,
            len(held) + len(coming) - len(lines),
            reverse("meetings"),
            _("All meetings"),
        )

    def _meeting(self, row: Meeting) -> Line:
        on = date_format(row.starts_at.astimezone(row.tz).date(), "DATE_FORMAT")
        words = _("to come") if row.starts_at >= self.until else str(row.get_state_display())
        return Line(reverse("meeting", args=[row.pk]), row.title, words, on)

    @cached_property
    def _circulations(self) -> list[Circulation]:
        """Those that were open on a day of the period, or are today. One query."""
        then = Q(opened_at__lt=self.until) & (Q(ended_at=None) | Q(ended_at__gte=self.since))
        rows = visible_circulations(self.viewer).filter(then | Q(state=CirculationState.OPEN))
        rows = rows.defer("version__content").select_related("version", "record__meeting")
        return list(rows.order_by("opened_at", "id"))

    def _records(self) -> Part:
        then = [row for row in self._circulations if row.opened_at < self.until]
        put = [row for row in then if self.in_period(row.opened_at)]
        adopted = [row for row in then if row.state == CirculationState.ADOPTED and self.in_period(row.ended_at)]
        stopped = [row for row in then if row.state == CirculationState.STOPPED and self.in_period(row.ended_at)]
        waiting = [row for row in then if row.ended_at is None or row.ended_at >= self.until]
        lines = [self._record(row) for row in then[:SHOWN]]
        facts = [
            (_("Records circulated"), len(put)),
            (_("Records adopted"), len(adopted)),
            (_("Records stopped by an objection"), len(stopped)),
            (_("Records under silence procedure at the end"), len(waiting)),
        ]
        return Part(_("Records"), facts, lines, len(then) - len(lines))

    def _record(self, row: Circulation) -> Line:
        meeting = row.record.meeting
        if row.ended_at is None or row.ended_at >= self.until:
            words, on = _("under silence procedure"), self.until_words(row.deadline.astimezone(meeting.tz).date())
        else:
            words = str(row.get_state_display())
            on = date_format(row.ended_at.astimezone(meeting.tz).date(), "DATE_FORMAT")
        return Line(reverse("silence", args=[meeting.pk]), meeting.title, words, on)

    def _decisions(self) -> Part:
        rows = visible_decisions(self.viewer).filter(
            record__meeting__starts_at__gte=self.since, record__meeting__starts_at__lt=self.until
        )
        count, found = first_of(rows.select_related("block", "record__meeting").order_by("number", "id"))
        lines = [
            Line(
                reverse("decision", args=[row.pk]),
                excerpt(row.block.text, 90),
                row.code or _("in a draft, without a number"),
                str(row.get_status_display()),
            )
            for row in found
        ]
        return Part(
            _("Decisions of the meetings held"),
            [(_("Decisions taken"), count)],
            lines,
            count - len(lines),
            reverse("decisions"),
            _("Register of decisions"),
        )

    # -- Action points ---------------------------------------------------------------------------------------------

    def _actions(self) -> Part:
        owed = as_of.by_owner(visible_owners(self.viewer), self.since, self.until, self.due_before)
        late = [one for one in owed if one.overdue]
        facts = [
            (_("New action points, from the meetings held"), sum(one.new for one in owed)),
            (_("Action points done in the month"), sum(one.done for one in owed)),
            (_("Action points unfinished at the end"), sum(one.left for one in owed)),
            (_("Action points overdue at the end"), sum(one.overdue for one in owed)),
        ]
        return Part(
            _("Action points, overdue ones by owner"),
            facts,
            [owner_line(one) for one in late],
            0,
            reverse("actions_overdue"),
            _("All that is overdue"),
            note=_("An action point counts once for each of its owners."),
        )

    # -- States ----------------------------------------------------------------------------------------------------

    def _silent(self) -> Part:
        return of_morning(MorningPage(self.viewer, self.until, self.on).silent(), is_today=False)

    def _round(self) -> Part:
        """The figures are those that every member reads beside the map of the region."""
        rounds = visible_rounds(self.viewer).filter(year__lte=self.on.year)
        newest = rounds.first()
        if newest is None:
            return Part(_("Self-assessment"), note=_("There was no round yet."), is_today=True)
        rows = visible_regional_scores(self.viewer).filter(round=newest, scope=Scope.BOTH, area=None)
        found = rows.first()
        answered = _("%(n)s of %(total)s") % {
            "n": found.shared if found else 0,
            "total": found.members if found else "–",
        }
        facts = [(_("States that answered and share it with the members"), answered)]
        url = f"{reverse('region')}?{urlencode({'round': newest.year})}"
        return Part(
            _("Self-assessment %(year)s") % {"year": newest.year}, facts, url=url, label=_("Region"), is_today=True
        )

    def _lessons(self) -> Part:
        language = Case(When(language=get_language() or "en", then=Value(0)), default=Value(1))
        texts = LessonText.objects.filter(lesson=OuterRef("pk"), kind__in=(TextKind.APPROVED, TextKind.TRANSLATION))
        rows = approved_lessons(self.viewer).filter(approved_at__gte=self.since, approved_at__lt=self.until)
        rows = rows.annotate(title=Subquery(texts.order_by(language, "kind").values("title")[:1]))
        count, found = first_of(rows.order_by("approved_at", "id"))
        lines = [
            Line(
                reverse("lesson", args=[row.pk]),
                row.title or "",
                str(row.get_theme_display()),
                date_format(row.approved_at, "DATE_FORMAT"),
            )
            for row in found
        ]
        return Part(
            _("Lessons"),
            [(_("Lessons approved"), count)],
            lines,
            count - len(lines),
            reverse("lessons"),
            _("All lessons"),
        )


def _waits(row: Any, now: dt.datetime) -> bool:
    return row.state == CirculationState.OPEN and row.approved_at is None and row.deadline > now


def owner_line(one: as_of.Owed) -> Line:
    """What one owner has not done in time, with the way to these rows as they are today."""
    asked = {"tab": register.ALL, "owner": one.key, "due": "overdue"}
    words = ngettext("%(n)s overdue", "%(n)s overdue", one.overdue) % {"n": one.overdue}
    since = register.due_words(one.oldest, overdue=True)
    return Line(f"{reverse('actions')}?{urlencode(asked)}", one.name, words, since, True)
