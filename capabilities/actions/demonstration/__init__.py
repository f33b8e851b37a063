"""Load the demonstration: four published rounds and the status history of the member states, all invented."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from capabilities.actions.assessments import Declared, publish_answers, refresh_regional_scores
from capabilities.actions.demonstration import figures
from capabilities.actions.releases import write_release
from capabilities.actions.rounds import ensure_round
from capabilities.actions.status import append_report
from capabilities.enums import AnswerKind
from capabilities.models import HEADLINE, Assessment, Indicator, Round, RoundNote, StatusReport
from capabilities.queries.releases import Uses
from iwg_portal.activity.log import record
from members.access import DEFAULT_AUDIENCE
from members.enums import Audience, ParticipationKind, Role
from members.models import Participation, Person, State, Term, WorkingGroup
from members.queries import PERSONAS

DATA = Path(__file__).resolve().parent.parent.parent / "data" / "demonstration.yaml"


@transaction.atomic
def load_rounds(*, by: Person | None, seed: int = figures.SEED) -> int:
    """Rounds with answers and frozen scores, and status reports, for every member state.

    Returns how many assessments were published: none where the portal holds a round or a status already, so what
    somebody entered or changed stays. Needs the reference data and the demonstration's people, who sign the
    reports. Side effects: events.
    """
    if Round.objects.exists() or StatusReport.objects.exists():
        return 0
    return _Loader(by=by, seed=seed).load()


class _Loader:
    """Turns the figures into rows through the actions of real life."""

    def __init__(self, *, by: Person | None, seed: int) -> None:
        self.by, self.seed = by, seed
        self.texts: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
        members = Participation.objects.filter(kind=ParticipationKind.MEMBER)
        self.states = {
            state.alpha2: state for state in State.objects.filter(participations__in=members).order_by("alpha2")
        }
        self.focal_points = {
            term.state_id: term.person
            for term in Term.objects.filter(role=Role.FOCAL_POINT).select_related("person").order_by("-id")
        }
        office = Term.objects.filter(role=Role.SECRETARIAT).select_related("person").order_by("id").first()
        self.secretariat = office.person if office else by

    def load(self) -> int:
        rounds = {year: ensure_round(year=year, is_demonstration=True) for year in figures.YEARS}
        edition = rounds[figures.YEARS[-1]].edition_id
        rows = Indicator.objects.filter(area__edition=edition).values_list("code", "id", "area__code")
        ids = {code: pk for code, pk, _area in rows}
        invented = figures.invent(
            seed=self.seed,
            states=list(self.states),
            indicators={code: area for code, _pk, area in rows},
            exempt=list(self.texts["not_applicable"]),
            outspoken=self._outspoken(),
        )
        areas = {area for _code, _pk, area in rows}
        self._release(areas)
        for round in rounds.values():
            self._round(round, invented, ids)
        for code, reports in invented.reports.items():
            for number, report in enumerate(reports):
                self._report(self.states[code], report, number)
        group = WorkingGroup.objects.get(id=1)
        count = Assessment.objects.count()
        record("demonstration.loaded", by=self.by, target=group, rounds=len(rounds), assessments=count)
        return count

    def _release(self, areas: set[str]) -> None:
        """Before anything is published: what is withheld, and who is named in the summary with all the rest."""
        uses: dict[str, dict[str, Uses]] = defaultdict(dict)
        for code in figures.named(self.seed, list(self.states)):
            uses[code] = {area: Uses(DEFAULT_AUDIENCE["answer"], named=True) for area in sorted(areas)}
            uses[code][HEADLINE] = Uses(DEFAULT_AUDIENCE["status"], named=True)
        for kept in figures.withheld(self.seed, list(self.states), list(areas), self._outspoken()):
            uses[kept.state][kept.area] = Uses(Audience(kept.audience), kept.in_average)
        for code, decided in uses.items():
            state = self.states[code]
            write_release(state=state, uses=decided, by=self.focal_points.get(state.pk, self.by))

    def _outspoken(self) -> list[str]:
        """States of the personas: whoever looks through their eyes finds a full history."""
        terms = Term.objects.filter(person__email__in=PERSONAS.values(), state__alpha2__in=self.states)
        return list(terms.values_list("state__alpha2", flat=True))

    def _text(self, state: State, texts: dict[str, Any]) -> Any:
        return texts[state.ui_language]

    def _round(self, round: Round, invented: figures.Figures, ids: dict[str, int]) -> None:
        for code, state in self.states.items():
            answered = invented.answered.get((code, round.year))
            if answered is None:
                note = self._text(state, self.texts["round_note"])
                RoundNote.objects.create(state=state, round=round, text=note)
                continue
            chance = random.Random(f"{self.seed}:published:{code}:{round.year}")
            publish_answers(
                state=state,
                round=round,
                answers={ids[name]: self._answer(state, name, value) for name, value in answered.items()},
                by=self.focal_points.get(state.pk, self.by),
                source=self._text(state, self.texts["assessment_source"]),
                published_at=dt.datetime(
                    round.year + 1,
                    1,
                    chance.randint(8, 30),
                    chance.randint(8, 16),
                    chance.randint(0, 59),
                    tzinfo=dt.UTC,
                ),
            )
        refresh_regional_scores(round=round)

    def _answer(self, state: State, code: str, value: int | str) -> Declared:
        if isinstance(value, int):
            return Declared(AnswerKind.LEVEL, value)
        if value == AnswerKind.NOT_APPLICABLE:
            return Declared(value, reason=self._text(state, self.texts["not_applicable"][code]))
        return Declared(value)

    def _report(self, state: State, report: figures.Report, number: int) -> None:
        chance = random.Random(f"{self.seed}:source:{state.alpha2}:{number}")
        source = chance.choice(self._text(state, self.texts["sources"]))
        reason = self._text(state, self.texts["reasons"][report.reason])
        append_report(
            state=state,
            kind=report.kind,
            legal=report.legal,
            delivery=report.delivery,
            as_of=report.as_of,
            since=report.since,
            reason=reason.format(year=report.as_of.year),
            source="" if report.reason == "nd" else source.format(number=chance.randint(100, 999)),
            by=self.secretariat if report.on_behalf else self.focal_points.get(state.pk, self.by),
            on_behalf=report.on_behalf,
        )
