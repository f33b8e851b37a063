"""What the first page says to its reader herself: what she owes, what waits for her state, what is new to her.

Nothing here decides who may see. The lines name what is to be done and lead there; they repeat no content beyond a
title.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import (
    BooleanField,
    CharField,
    Count,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, NullIf
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
from meetings.models import Position, Registration
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


def card(viewer: Viewer, now: dt.datetime, today: dt.date, at: log.Versions) -> SafeString:
    """The finished card of ``viewer``, kept for her alone until anything is done in the portal, five minutes at most:
    so long may an hour that has passed still stand there. ``at``: the state of the data. No query, else three at
    most."""
    asked = (viewer.person.pk if viewer.person else None, today, int(now.timestamp()) // FRESH, at.log)

    def make() -> SafeString:
        return render_to_string("pages/for_you.html", {"for_you": ForYou(viewer, now, today)})

    return keep("for you", viewer.rights_key, asked, make, at=at.tables)


@dataclass(frozen=True)
class Line:
    """``due``: until when, in words; ``is_pressing``: it is late, or will be within a week."""

    url: str
    title: str
    detail: str = ""
    due: str = ""
    is_pressing: bool = False


class Fact(NamedTuple):
    """One row of what the card asks of several tables at once; what a kind has no use for is empty. ``n`` is an id, or
    how many there are."""

    what: str
    n: int
    title: str
    zone: str
    at: dt.datetime
    day: dt.date | None
    is_approved: bool
    is_answered: bool


def _facts_of(rows: QuerySet[Any], what: str, **given: Any) -> QuerySet[Any]:
    """``rows`` as the columns of ``Fact``; ``given``: column → field or expression."""
    columns: dict[str, Any] = {
        "what": Value(what),
        "n": Value(0),
        "title": Value(""),
        "zone": Value(""),
        "at": Cast(Value(None), DateTimeField()),
        "day": Cast(Value(None), DateField()),
        "is_approved": Value(False),
        "is_answered": Value(False),
    }
    columns |= {name: F(found) if isinstance(found, str) else found for name, found in given.items()}
    columns = {f"fact_{name}": ExpressionWrapper(found, BooleanField()) if isinstance(found, Q) else found
               for name, found in columns.items()}  # fmt: skip
    return rows.annotate(**columns).values_list(*columns)


class ForYou:
    """For ``viewer`` at ``now`` (aware), on ``today`` (the group's calendar day). Two queries, three for a focal point;
    none before something is asked."""

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
        lines = []
        for fact in self._facts["unreachable"]:
            since = date_format(timezone.localdate(fact.at), "DATE_FORMAT")
            url = reverse("person", args=[fact.n])
            words = _("Mail has not arrived since %(day)s: is the address right?")
            if self.viewer.person and fact.n == self.viewer.person.pk:
                url, words = reverse("account"), _("No mail has reached you since %(day)s")
            lines.append(Line(url, fact.title, words % {"day": since}, "", True))
        return lines

    def _unreachable_rows(self) -> QuerySet[Any]:
        viewer = self.viewer
        rows: QuerySet[Any] = visible_unreachable(viewer)
        if sees_everybody(viewer) or viewer.person is None:
            rows = rows.filter(pk=viewer.person.pk if viewer.person else None)
        name = Coalesce(NullIf("full_name", Value("")), "email", output_field=CharField())
        return _facts_of(rows, "unreachable", n="pk", title=name, at="unreachable_since")[:MOST]

    def silence(self) -> list[Line]:
        return [line for fact in self._facts["silence"] if (line := self._circulation(fact))]

    def _silence_rows(self) -> QuerySet[Any]:
        viewer = self.viewer
        spoken = Position.objects.filter(circulation=OuterRef("pk"), state__in=sorted(viewer.focal_states))
        rows = visible_circulations(viewer).filter(state=CirculationState.OPEN, deadline__gt=self.now)
        if not (viewer.own_states or can_approve(viewer)):
            rows = rows.none()
        return _facts_of(
            rows.select_related(None).order_by("deadline", "record__meeting_id"),
            "silence",
            n="record__meeting_id",
            title="record__meeting__title",
            zone="record__meeting__zone",
            at="deadline",
            is_approved=Q(approved_at__isnull=False),
            is_answered=Exists(spoken),
        )[:MOST]

    def _circulation(self, fact: Fact) -> Line | None:
        if can_approve(self.viewer) and not fact.is_approved:
            detail = _("Waits for your approval")
        elif self.viewer.focal_states and not fact.is_answered:
            detail = _("Waits for your state’s position; silence is consent")
        elif self.viewer.own_states and not self.viewer.focal_states:
            detail = _("Open for comments")
        else:
            return None
        day = fact.at.astimezone(ZoneInfo(fact.zone)).date()
        title = _("Record: %(meeting)s") % {"meeting": fact.title}
        return Line(reverse("silence", args=[fact.n]), title, detail, self._until(day), self._presses(day))

    def invitations(self) -> list[Line]:
        return [self._invitation(fact) for fact in self._facts["invitations"]]

    def _invitation_rows(self) -> QuerySet[Any]:
        viewer = self.viewer
        here = Registration.objects.filter(meeting=OuterRef("pk"))
        rows = visible_meetings(viewer).filter(
            Q(register_by=None) | Q(register_by__gte=self.today), state=MeetingState.ANNOUNCED, starts_at__gt=self.now
        )
        if not viewer.roles - {Role.ADMINISTRATOR, Role.SECRETARIAT}:
            rows = rows.none()
        answered = Exists(here.filter(person=viewer.person).exclude(answer=""))
        nominated = Exists(here.filter(state__in=sorted(viewer.focal_states)))
        open_ = ~Q(answered)
        if viewer.focal_states:
            open_ |= ~Q(nominated)
        return _facts_of(
            rows.filter(open_).order_by("starts_at", "id"),
            "invitations",
            n="pk",
            title="title",
            at="starts_at",
            day="register_by",
            is_answered=nominated,
        )[:MOST]

    def _invitation(self, fact: Fact) -> Line:
        """``is_answered``: somebody comes for her state."""
        if self.viewer.focal_states and not fact.is_answered:
            detail = _("Say who comes for your state")
        else:
            detail = _("Say whether you take part")
        due = self._until(fact.day) if fact.day else ""
        return Line(
            reverse("registration", args=[fact.n]), fact.title, detail, due, bool(fact.day) and self._presses(fact.day)
        )

    def _old_status(self) -> list[Line]:
        """One query, for a focal point."""
        focal = sorted(self.viewer.focal_states)
        if not focal:
            return []
        reported = visible_status(self.viewer).filter(state=OuterRef("pk"), is_current=True).order_by("-as_of", "-id")
        states = visible_member_states(self.viewer).filter(pk__in=focal)
        states = states.annotate(
            **{f"{kind}_as_of": Subquery(reported.filter(kind=kind).values("as_of")[:1]) for kind in StatusKind.values}
        )
        lines = []
        for state in states:
            for kind in StatusKind.values:
                as_of = getattr(state, f"{kind}_as_of")
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
        """Name → how many."""
        return {name: found[0].n for name, found in self._facts.items() if found}

    def _counted(self) -> dict[str, QuerySet[Any]]:
        viewer = self.viewer
        signed_in = own_events(viewer).filter(kind="person.signed_in").order_by("-id")
        before = Subquery(signed_in.values("at")[1:2])
        return {
            "drafts": unfinished_lessons(viewer).filter(status=LessonState.DRAFT, shared_by=viewer.person),
            "parked": own_parked_texts(viewer),
            "papers": visible_papers(viewer).filter(created_at__gt=before),
            "lessons": approved_lessons(viewer).filter(approved_at__gt=before),
            "records": visible_circulations(viewer).filter(state=CirculationState.ADOPTED, ended_at__gt=before),
        }

    @cached_property
    def _facts(self) -> dict[str, list[Fact]]:
        """Of each kind at most three, in its order; of what is only counted one. One query for all of them."""
        rows = [self._unreachable_rows(), self._silence_rows(), self._invitation_rows()]
        for name, found in self._counted().items():
            counted = found.order_by().annotate(together=Value(1)).values("together")
            rows.append(_facts_of(counted, name, n=Count("pk")))
        kinds: dict[str, list[Fact]] = defaultdict(list)
        for row in rows[0].union(*rows[1:], all=True):
            fact = Fact(*row)
            kinds[fact.what].append(fact)
        for facts in kinds.values():
            facts.sort(key=lambda fact: (fact.at or self.now, fact.n))
        return kinds

    # -- Words -----------------------------------------------------------------------------------------------------

    def _until(self, day: dt.date) -> str:
        return _("until %(day)s") % {"day": date_format(day, "DATE_FORMAT")}

    def _presses(self, day: dt.date | None) -> bool:
        return day is not None and day <= self.today + dt.timedelta(days=7)
