"""A state's profile: what the page shows, as values and finished markup. Decides nothing about who may see."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from capabilities import access
from capabilities.enums import LADDERS, Scope, StatusKind, ladder_steps
from capabilities.models import Edition, Round, RoundNote, StatusReport
from capabilities.queries import framework as texts
from capabilities.queries import profile as query
from capabilities.queries.region import NO_SPREAD, Score, Spread, regional
from iwg_portal.base import cells, charts
from iwg_portal.pages.glossing import Glosser
from iwg_portal.pages.lessons import Lessons, lessons
from iwg_portal.pages.looks import looks
from iwg_portal.pages.verdict import verdict
from members.access import DEFAULT_AUDIENCE, Viewer, can_see_phones, can_see_state_events, visible_contacts
from members.enums import Audience, Role, narrowest
from members.models import State, Term

Row = TypeVar("Row", bound=Model)


class ProfilePage:
    """One reader's picture of one state on ``today`` (the group's calendar day)."""

    def __init__(self, viewer: Viewer, state: State, is_member: bool, today: dt.date) -> None:
        self.viewer, self.state, self.is_member, self.today = viewer, state, is_member, today
        self.rounds: list[Round] = list(access.visible_rounds(viewer))
        self.allowed = access.allowed(viewer, state) if is_member else frozenset()
        self.reports: list[StatusReport] = query.reports(self.kept(access.visible_status(viewer)), state)
        # The first of each kind: the newest that this reader may read.
        self.current = {report.kind: report for report in reversed(self.reports)}
        found = query.published(self.kept(access.visible_assessments(viewer)), state)
        self.assessment = found[0] if found else None
        self.before = found[1] if len(found) > 1 else None
        self.scores: dict[int | None, Score] = {}
        self.scores_before: dict[int | None, Score] = {}
        self.answers: dict[int, query.Given] = {}
        self.answers_before: dict[int, query.Given] = {}
        self.spread: dict[tuple[int, int | None], Spread] = {}
        if self.assessment:
            scores = query.scores(self.kept(access.visible_scores(viewer)), found, Scope.BOTH)
            self.scores = scores[self.assessment.pk]
            self.scores_before = scores[self.before.pk] if self.before else {}
            given = query.answers(self.kept(access.visible_answers(viewer)), found)
            self.answers = given[self.assessment.pk]
            self.answers_before = given[self.before.pk] if self.before else {}
            own_round = access.visible_regional_scores(viewer).filter(round=self.assessment.round)
            self.spread = regional(own_round, Scope.BOTH)
        found_lessons = lessons(viewer, state) if is_member else Lessons()
        self.lessons_by_indicator = found_lessons.by_indicator if self.assessment else {}
        self.lessons, self.more_lessons = found_lessons.shared, found_lessons.more

    def kept(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Of what she may read, what is shown here: all of it."""
        return rows

    @cached_property
    def framework(self) -> texts.Framework | None:
        if self.assessment:
            return texts.framework(self.assessment.round.edition)
        return texts.framework(self.edition) if self.edition else None

    @cached_property
    def edition(self) -> Edition | None:
        return self.rounds[0].edition if self.rounds else texts.newest_edition()

    @cached_property
    def gloss(self) -> Glosser:
        return Glosser(texts.definitions(self.edition) if self.edition else ())

    # -- Head ------------------------------------------------------------------------------------------------

    @cached_property
    def sentence(self) -> str:
        if not self.is_member:
            return _("An observer state: it takes part in meetings and has no assessment.")
        labels = {kind: self.current[kind].label if kind in self.current else "nd" for kind in StatusKind.values}
        return verdict(labels["advpax"], labels["pnr"], self._lowest())

    def _lowest(self) -> tuple[str, str, int] | None:
        if not self.assessment or not self.framework:
            return None
        means = [
            (self.scores[area.id].mean, area.title)
            for area in self.framework.areas
            if area.id in self.scores and self.scores[area.id].mean is not None
        ]
        if not means:
            return None
        mean, title = min(means, key=lambda pair: pair[0] or 0)
        return title, cells.number(mean or 0, 1), self.assessment.round.year

    @property
    def audience(self) -> str:
        """Of the page: the narrowest of what it shows."""
        shown = [report.audience for report in self.reports] + ([self.note.audience] if self.note else [])
        scores = (*self.scores.values(), *self.scores_before.values())
        shown += [score.audience for score in scores if score.says and score.audience]
        shown += [lesson.audience for lesson in self.lessons]
        return narrowest(Audience.MEMBERS if self.viewer.reads_members else Audience.GROUP, *shown)

    @property
    def crumbs(self) -> list[dict[str, str]]:
        return [{"url": reverse("states"), "label": _("States")}]

    @property
    def actions(self) -> list[dict[str, Any]]:
        if not self.is_member:
            return []
        code = self.state.alpha2
        compare = f"{reverse('compare')}?state={code}"
        found: list[dict[str, Any]] = [{"url": compare, "label": _("Compare with…"), "icon": "columns-2"}]
        if "report_status" in self.allowed:
            found += [
                {"url": reverse("status_update", args=[code.lower(), "advpax"]), "label": _("Update API")},
                {
                    "url": reverse("status_update", args=[code.lower(), "pnr"]),
                    "label": _("Update PNR"),
                    "primary": True,
                },
            ]
        return found

    # -- Ladders ---------------------------------------------------------------------------------------------

    @cached_property
    def ladders(self) -> list[dict[str, Any]]:
        if not self.framework:
            return []
        return [self._ladder(kind, self.framework) for kind in StatusKind.values]

    def _ladder(self, kind: str, framework: texts.Framework) -> dict[str, Any]:
        report = self.current.get(kind)
        label = report.label if report else "nd"
        reached = ladder_steps(kind, report.legal, report.delivery) if report else ladder_steps(kind, "nd", "nd")
        steps = [(framework.label(kind, code), state) for code, state in reached]
        name = _("API") if kind == "advpax" else _("PNR")
        title = (_("API status of %(state)s") if kind == "advpax" else _("PNR status of %(state)s")) % {
            "state": self.state.name
        }
        return {
            "kind": kind,
            "name": name,
            "ladder": charts.ladder(name, steps, title),
            "beside": None if label in LADDERS[kind] else cells.chip(label, self._label(kind, label)),
            "report": report,
            "legal": framework.label("legal", report.legal) if report else "",
        }

    def _label(self, kind: str, code: str) -> str:
        if code == "nd" and kind not in self.current:
            return _("No report")
        return self.framework.label(kind, code) if self.framework else code

    # -- Areas and indicators --------------------------------------------------------------------------------

    @cached_property
    def areas(self) -> list[dict[str, Any]]:
        if not self.assessment or not self.framework:
            return []
        return [self._area(area) for area in self.framework.areas]

    def _area(self, area: texts.AreaText) -> dict[str, Any]:
        assert self.assessment is not None
        score = self.scores.get(area.id)
        mean = score.mean if score else None
        spread = self.spread.get((self.assessment.round_id, area.id), NO_SPREAD)
        earlier = self.scores_before.get(area.id)
        delta = None
        if mean is not None and earlier and earlier.mean is not None:
            delta = cells.rounded(mean) - cells.rounded(earlier.mean)
        return {
            "area": area,
            "mean": mean,
            "score": score,
            "strip": charts.range_strip(mean, spread.lower, spread.median, spread.upper, area.title),
            "spread": spread,
            "change": cells.change(delta, str(self.before.round.year) if self.before else ""),
            "indicators": [self._indicator(indicator) for indicator in area.indicators],
        }

    def _indicator(self, indicator: texts.IndicatorText) -> dict[str, Any]:
        given = self.answers.get(indicator.id)
        level = given.level if given and given.kind == "level" else None
        kind = "" if level is not None else given.kind if given else "nd"
        earlier = self.answers_before.get(indicator.id)
        moved = level - earlier.level if level is not None and earlier and earlier.level is not None else None
        following = level + 1 if level is not None and level + 1 < len(indicator.levels) else None
        return {
            "code": indicator.code,
            "title": self.gloss(indicator.title),
            "steps": cells.level_steps(level, kind),
            "change": cells.change(moved, str(self.before.round.year), places=0) if moved and self.before else "",
            "reached": self.gloss(indicator.levels[level]) if level is not None else "",
            "next": self.gloss(indicator.levels[following]) if following is not None else "",
            "reason": given.reason if given else "",
            "lessons": self.lessons_by_indicator.get(indicator.code),
        }

    # -- History, people -------------------------------------------------------------------------------------

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        """Reports, newest first, each with the step before it on the same ladder."""
        ordered = sorted(self.reports, key=lambda report: (report.as_of, report.pk), reverse=True)
        entries = []
        may_narrow = "report_status" in self.allowed
        for place, report in enumerate(ordered):
            earlier = next((r for r in ordered[place + 1 :] if r.kind == report.kind), None)
            now = self._step_words(report)
            kind = report.get_kind_display()
            if earlier is None:
                title = _("%(kind)s: %(step)s") % {"kind": kind, "step": now}
            elif earlier.label == report.label:
                title = _("%(kind)s: %(step)s, confirmed") % {"kind": kind, "step": now}
            else:
                title = _("%(kind)s: %(before)s → %(step)s") % {
                    "kind": kind,
                    "before": self._step_words(earlier),
                    "step": now,
                }
            entries.append(
                {
                    "title": title,
                    "at": report.as_of,
                    "detail": self._detail(report),
                    "current": report == self.current[report.kind],
                    "url": "",
                    "audience": report.audience,
                    "change": reverse("record_audience", args=["status", report.pk]) if may_narrow else "",
                }
            )
        return entries

    def _step_words(self, report: StatusReport) -> str:
        return self.framework.label(report.kind, report.label) if self.framework else report.label

    def _detail(self, report: StatusReport) -> str:
        parts = [" ".join(report.reason.split())] if report.reason else []
        if report.on_behalf:
            parts.append(_("recorded by the secretariat on behalf of the state"))
        if report.source:
            parts.append(report.source)
        return " · ".join(parts)

    @cached_property
    def contacts(self) -> list[Term]:
        return list(visible_contacts(self.viewer, self.state, self.today))

    @property
    def focal_points(self) -> list[Term]:
        return [term for term in self.contacts if term.role == Role.FOCAL_POINT]

    @cached_property
    def shows_phones(self) -> bool:
        return can_see_phones(self.viewer, self.state)

    @cached_property
    def note(self) -> RoundNote | None:
        if not self.is_member:
            return None
        notes = self.kept(access.visible_notes(self.viewer)).filter(state=self.state).select_related("round")
        return notes.order_by("-round__year").first()

    @property
    def activity_url(self) -> str:
        """Of the state's part of the log, for its delegation."""
        seen = can_see_state_events(self.viewer, self.state)
        return reverse("state_activity", args=[self.state.alpha2.lower()]) if seen else ""

    @property
    def restricted(self) -> bool:
        """The page shows something that only the own delegation and the secretariat may read."""
        shown = {report.audience for report in self.reports}
        shown |= {found.audience for found in (self.assessment, self.before, self.note) if found}
        shown |= {score.audience for score in (*self.scores.values(), *self.scores_before.values())}
        shown |= {lesson.audience for lesson in self.lessons}
        phones = self.shows_phones and any(term.person.phone for term in self.contacts)
        return phones or Audience.SECRETARIAT in shown

    @property
    def languages(self) -> str:
        """Names of the state's languages, in the reader's language where Django knows them."""
        return ", ".join(_language(code) for code in self.state.languages)

    # -- Who sees this ---------------------------------------------------------------------------------------

    @cached_property
    def shown_to(self) -> list[tuple[str, Audience]]:
        """(what, who reads it), each audience once, widest first."""
        by_audience: dict[Audience, list[str]] = {}
        for what, audience in self._shown():
            by_audience.setdefault(audience, []).append(what)
        return [(", ".join(by_audience[a]), a) for a in reversed(Audience) if a in by_audience]

    def _shown(self) -> list[tuple[str, Audience]]:
        """What the page shows, and who reads it. To the own delegation area by area, as its state released it."""
        status = narrowest(*(report.audience for report in self.current.values()), Audience.GROUP)
        found = [(_("Status"), status)]
        if "see_release" in self.allowed and self.areas:
            found += [(item["area"].title, Audience(item["score"].audience or Audience.MEMBERS)) for item in self.areas]
        elif self.viewer.reads_members or self.assessment:
            levels = [score.audience for score in self.scores.values() if score.says and score.audience]
            found.append((_("Levels"), narrowest(*levels) if levels else Audience.MEMBERS))
        if self.contacts:
            found.append((_("Contacts"), DEFAULT_AUDIENCE["contact"]))
        return found

    @property
    def release_url(self) -> str:
        if "see_release" not in self.allowed:
            return ""
        return reverse("release", args=[self.state.alpha2.lower()])

    @property
    def assessment_audience_url(self) -> str:
        if not self.assessment or "release" not in self.allowed:
            return ""
        return reverse("record_audience", args=["assessment", self.assessment.pk])

    @property
    def looks(self) -> list[tuple[str, str]]:
        """For the own delegation and the secretariat."""
        if not self.is_member or not ("see_release" in self.allowed or self.viewer.in_secretariat):
            return []
        return looks(self.viewer, reverse("profile", args=[self.state.alpha2.lower()]))


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code
