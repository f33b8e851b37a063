"""The quarterly progress for a focal point: her own state, what it has done and still owes; and the region beside it,
in figures over all member states alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from capabilities import access
from capabilities.enums import LADDERS, Scope, StatusKind, ladder_steps
from capabilities.models import Round, StatusReport
from capabilities.queries import framework as texts
from capabilities.queries import region as query
from iwg_portal.base import cells, charts
from iwg_portal.base.dates import date_format
from iwg_portal.pages.for_you import OLD, ForYou, Line
from iwg_portal.pages.reports.parts import SHOWN, Part, Report
from meetings.access.action_points import visible_owners
from meetings.enums import UNFINISHED, OwnerState
from meetings.queries import action_points as register
from meetings.queries import as_of
from members.access import visible_member_states, visible_terms
from members.enums import Audience, narrowest
from members.models import State, current

ENDING = dt.timedelta(days=92)
HISTORY = 12  # reports of each state and kind
ENOUGH = 5  # states that must contribute before a figure over all of them is shown


class ProgressReport(Report):
    """Eleven queries."""

    template = "pages/reports/progress.html"

    @cached_property
    def parts(self) -> list[Part]:
        return [self._changes(), self._actions(), self._waiting(), self._terms()]

    @property
    def audience(self) -> Audience:  # type: ignore[override]
        """Terms and what waits are the delegation's own affair."""
        return narrowest(Audience.SECRETARIAT, *(row.audience for row in self._reports))

    @property
    def restricted_owners(self) -> list[State]:
        """Her states, where the page shows of them what else only the secretariat reads."""
        levels = {key[0]: score.audience for key, score in self._scores.items() if score.declared}
        owners = {row.state_id for row in self._reports if row.audience == Audience.SECRETARIAT}
        owners |= {state for state, audience in levels.items() if audience == Audience.SECRETARIAT}
        return [state for state in self.states if state.pk in owners]

    # -- Her state on the ladders ----------------------------------------------------------------------------------

    @cached_property
    def _members(self) -> list[State]:
        return list(visible_member_states(self.viewer, self.on))

    @cached_property
    def states(self) -> list[State]:
        """Those for which she answers; nearly always one."""
        return [state for state in self._members if state.pk in self.viewer.focal_states]

    @cached_property
    def _known(self) -> list[StatusReport]:
        """Of her states, newest first: those for a day up to the end, and those that hold today."""
        place = Window(RowNumber(), partition_by=["state", "kind"], order_by=["-as_of", "-id"])
        rows = access.visible_status(self.viewer).filter(state__in=sorted(self.viewer.focal_states))
        rows = rows.filter(Q(as_of__lte=self.on) | Q(is_current=True)).annotate(place=place)
        return list(rows.filter(place__lte=HISTORY).order_by("-as_of", "-id"))

    @cached_property
    def _reports(self) -> list[StatusReport]:
        return [row for row in self._known if row.as_of <= self.on]

    def _standing(self, state: State, kind: str, before: dt.date | None = None) -> StatusReport | None:
        """The report that held at the end, or until the day ``before``."""
        until = before or self.on + dt.timedelta(days=1)
        return next((row for row in self._of(state, kind) if row.as_of < until), None)

    def _of(self, state: State, kind: str) -> list[StatusReport]:
        return [row for row in self._known if (row.state_id, row.kind) == (state.pk, kind)]

    @cached_property
    def ladders(self) -> list[dict[str, Any]]:
        """Per state and kind: the ladder at the end of the quarter, and a sentence on how it got there."""
        return [self._ladder(state, kind) for state in self.states for kind in StatusKind.values]

    def _ladder(self, state: State, kind: str) -> dict[str, Any]:
        now = self._standing(state, kind)
        before = self._standing(state, kind, self.period.first)
        label = now.label if now else "nd"
        steps = ladder_steps(kind, now.legal, now.delivery) if now else ladder_steps(kind, "nd", "nd")
        name = _("API") if kind == "advpax" else _("PNR")
        title = (_("API status of %(state)s") if kind == "advpax" else _("PNR status of %(state)s")) % {
            "state": state.name
        }
        return {
            "ladder": charts.ladder(name, [(self._words(kind, code), reached) for code, reached in steps], title),
            "beside": None if label in LADDERS[kind] else cells.chip(label, self._words(kind, label)),
            "report": now,
            "state": state.name if len(self.states) > 1 else "",
            "words": self._moved(kind, before.label if before else "nd", label),
            "update": reverse("status_update", args=[state.alpha2.lower(), kind]),
            "is_old": not any(row.as_of >= self.today - OLD for row in self._of(state, kind)),
        }

    def _moved(self, kind: str, before: str, after: str) -> str:
        if before == after:
            return _("No change in the quarter.")
        names = {"before": self._words(kind, before), "after": self._words(kind, after)}
        return _("In the quarter: %(before)s → %(after)s.") % names

    def _words(self, kind: str, code: str) -> str:
        if code == "nd":
            return _("No report")
        return self._framework.label(kind, code) if self._framework else code

    def _changes(self) -> Part:
        """Reports that speak of a day of the quarter."""
        found = [row for row in self._reports if row.as_of >= self.period.first]
        codes = {state.pk: state for state in self.states}
        lines = [
            Line(
                reverse("profile", args=[codes[row.state_id].alpha2.lower()]),
                _("%(kind)s: %(step)s") % {"kind": row.get_kind_display(), "step": self._words(row.kind, row.label)},
                _("recorded by the secretariat on behalf of the state") if row.on_behalf else "",
                date_format(row.as_of, "DATE_FORMAT"),
            )
            for row in found[:SHOWN]
            if row.state_id in codes
        ]
        facts = [(_("Status reports for a day of the quarter"), len(found))]
        return Part(_("What your state reported"), facts, lines, len(found) - len(lines))

    # -- What it does and owes -------------------------------------------------------------------------------------

    def _actions(self) -> Part:
        rows = visible_owners(self.viewer).filter(state__in=sorted(self.viewer.focal_states))
        rows = as_of.standing(rows, self.until)
        done = Q(then=OwnerState.DONE, settled_at__gte=self.since)
        found: list[Any] = list(
            rows.filter(done | Q(then__in=UNFINISHED))
            .select_related("action__block", "action__record__meeting")
            .order_by(F("due").asc(nulls_last=True), "action__number", "id")
        )
        left = [row for row in found if row.then in UNFINISHED]
        late = [row for row in left if row.due and row.due < self.due_before]
        lines = [self._action(row) for row in left[:SHOWN]]
        facts = [
            (_("Action points done in the quarter"), len(found) - len(left)),
            (_("Action points unfinished at the end"), len(left)),
            (_("Action points overdue at the end"), len(late)),
        ]
        url = f"{reverse('actions')}?tab={register.OURS}"
        return Part(_("Action points of your state"), facts, lines, len(left) - len(lines), url, _("All action points"))

    def _action(self, row: Any) -> Line:
        late = bool(row.due and row.due < self.due_before)
        return Line(
            reverse("action", args=[row.action_id]),
            register.excerpt(row.action.block.text, 90),
            row.action.code,
            register.due_words(row.due, overdue=late),
            late,
        )

    def _waiting(self) -> Part:
        """As things stand today: what has passed waits for nobody. An old status stands beside its ladder."""
        page = ForYou(self.viewer, self.now, self.today)
        lines = [*page.silence(), *page.invitations()]
        return Part(_("What waits for your state"), lines=lines, is_today=True)

    def _terms(self) -> Part:
        rows = visible_terms(self.viewer).filter(
            current(self.today),
            state__in=sorted(self.viewer.focal_states),
            ends_on__lte=self.today + ENDING,
            person__is_active=True,
        )
        found = list(rows.select_related("person").order_by("ends_on", "id"))
        lines = [
            Line(
                reverse("person", args=[row.person_id]),
                str(row.person),
                row.office,
                self.until_words(row.last_day) if row.last_day else "",
            )
            for row in found[:SHOWN]
        ]
        title = _("Offices of your delegation that end within three months")
        return Part(title, [], lines, len(found) - len(lines), reverse("people"), _("People"), is_today=True)

    # -- The region beside it --------------------------------------------------------------------------------------

    @cached_property
    def region(self) -> list[dict[str, Any]]:
        """Both ladders over all member states at the end of the quarter, and at its beginning. Two queries."""
        rows, ids = access.visible_status(self.viewer), [state.pk for state in self._members]
        if len(ids) < ENOUGH:
            return []
        after = query.status_on(rows, self.on)
        before = query.status_on(rows, self.period.first - dt.timedelta(days=1))
        found = []
        for kind in StatusKind.values:
            count = query.count_ladder(kind, ids, after)
            earlier = query.count_ladder(kind, ids, before).operational
            title = _("API status, member states") if kind == "advpax" else _("PNR status, member states")
            segments = [(code, self._words(kind, code), n) for code, n in count.steps.items()]
            found.append(
                {
                    "kind": kind,
                    "operational": count.operational,
                    "total": count.total,
                    "before": earlier,
                    "bar": charts.stacked_bar(segments, count.total, title),
                    "legend": charts.legend(segments),
                }
            )
        return found

    @cached_property
    def _rounds(self) -> list[Round]:
        return list(access.visible_rounds(self.viewer).filter(year__lte=self.on.year))

    @property
    def round(self) -> Round | None:
        return self._rounds[0] if self._rounds else None

    @cached_property
    def _framework(self) -> texts.Framework | None:
        edition = self.round.edition if self.round else texts.newest_edition()
        return texts.framework(edition) if edition else None

    @cached_property
    def _scores(self) -> query.ScoresByState:
        """Of her own states in that round. One query."""
        if self.round is None:
            return {}
        rows = access.visible_scores(self.viewer).filter(assessment__state__in=sorted(self.viewer.focal_states))
        return query.scores(rows, [self.round], Scope.BOTH)[self.round.pk]

    @cached_property
    def areas(self) -> list[dict[str, Any]]:
        """Each area: the mean of each of her states, and the median of the region where enough states contribute. The
        round's figures as they are today. Two queries."""
        if self.round is None or self._framework is None or not self._scores:
            return []
        rows = access.visible_regional_scores(self.viewer).filter(round=self.round)
        spreads = query.regional(rows, Scope.BOTH)
        return [
            self._area(state, area, spreads.get((self.round.pk, area.id), query.NO_SPREAD))
            for state in self.states
            for area in self._framework.areas
        ]

    def _area(self, state: State, area: texts.AreaText, spread: query.Spread) -> dict[str, Any]:
        score = self._scores.get((state.pk, area.id))
        mean = score.mean if score else None
        shown = spread if spread.contributing >= ENOUGH else query.NO_SPREAD
        return {
            "title": area.title if len(self.states) == 1 else f"{state.name}, {area.title}",
            "mean": mean,
            "median": shown.median,
            "strip": charts.range_strip(mean, shown.lower, shown.median, shown.upper, area.title),
        }
