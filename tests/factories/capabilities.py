"""Framework, rounds, answers and status. Rows that follow from others are made by the actions."""

import datetime as dt

import factory
from factory.django import DjangoModelFactory

from capabilities import models
from capabilities.actions.assessments import Declared, publish_answers, refresh_regional_scores
from capabilities.actions.status import append_report
from capabilities.enums import AnswerKind, AssessmentState, Scope
from members.enums import Audience
from members.models import State
from tests.factories.members import MemberStateFactory


class EditionFactory(DjangoModelFactory):
    class Meta:
        model = models.Edition
        django_get_or_create = ("number",)

    number = 1
    title_en = title_fr = title_pt = "Test framework"


class AreaFactory(DjangoModelFactory):
    class Meta:
        model = models.Area

    edition = factory.SubFactory(EditionFactory)
    # Above the numbers that ``framework`` gives.
    order = factory.Sequence(lambda n: n + 101)
    code = factory.LazyAttribute(lambda o: f"AR{o.order}")
    theme = "test"
    title_en = title_fr = title_pt = factory.LazyAttribute(lambda o: f"Area {o.code}")
    short_title_en = short_title_fr = short_title_pt = factory.LazyAttribute(lambda o: o.code)
    description_en = description_fr = description_pt = "What this area is about."


class IndicatorFactory(DjangoModelFactory):
    """An indicator with its five level texts."""

    class Meta:
        model = models.Indicator
        skip_postgeneration_save = True

    area = factory.SubFactory(AreaFactory)
    order = factory.Sequence(lambda n: n + 1)
    code = factory.LazyAttribute(lambda o: f"{o.area.code}-{o.order}")
    scope = Scope.BOTH
    title_en = title_fr = title_pt = factory.LazyAttribute(lambda o: f"Indicator {o.code}")
    question_en = question_fr = question_pt = "How far is it?"

    @factory.post_generation
    def level_texts(self, create, extracted, **kwargs):
        if create:
            models.Level.objects.bulk_create(
                models.Level(
                    indicator=self,
                    level=level,
                    **{f"text_{language}": f"{self.code} level {level}" for language in ("en", "fr", "pt")},
                )
                for level in range(5)
            )


class RoundFactory(DjangoModelFactory):
    """A published round on the newest edition."""

    class Meta:
        model = models.Round
        django_get_or_create = ("year",)

    year = 2024
    edition = factory.SubFactory(EditionFactory)
    reference_date = factory.LazyAttribute(lambda o: dt.date(o.year, 12, 31))
    is_published = True


class AssessmentFactory(DjangoModelFactory):
    """A published assessment without answers; see ``declare`` for one with answers and scores."""

    class Meta:
        model = models.Assessment

    state = factory.SubFactory(MemberStateFactory)
    round = factory.SubFactory(RoundFactory)
    status = AssessmentState.PUBLISHED
    audience = factory.LazyAttribute(
        lambda o: Audience.DELEGATION if o.status == AssessmentState.DRAFT else Audience.MEMBERS
    )
    published_at = factory.LazyAttribute(
        lambda o: None if o.status == AssessmentState.DRAFT else dt.datetime(o.round.year + 1, 1, 15, 12, tzinfo=dt.UTC)
    )


class AnswerFactory(DjangoModelFactory):
    class Meta:
        model = models.Answer

    assessment = factory.SubFactory(AssessmentFactory)
    indicator = factory.SubFactory(IndicatorFactory)
    kind = AnswerKind.LEVEL
    level = factory.LazyAttribute(lambda o: 2 if o.kind == AnswerKind.LEVEL else None)
    reason = factory.LazyAttribute(lambda o: "Test reason" if o.kind == AnswerKind.NOT_APPLICABLE else "")
    audience = factory.LazyAttribute(lambda o: o.assessment.audience)


class StatusReportFactory(DjangoModelFactory):
    """A report through the action, which also moves the mark of the current one."""

    class Meta:
        model = models.StatusReport

    state = factory.SubFactory(MemberStateFactory)
    kind = "advpax"
    legal = "adopted"
    delivery = "pilot"
    as_of = dt.date(2024, 12, 31)
    by = None

    @classmethod
    def _create(cls, model_class, *args, audience="", **kwargs):
        """``audience``: also one that is wider than what a state can choose."""
        report = append_report(no_wider_than=audience or None, **kwargs)
        if audience and report.audience != audience:
            model_class.objects.filter(pk=report.pk).update(audience=audience, no_wider_than=None)
            report.audience = audience
        return report


def framework(areas: int = 2, indicators: int = 2, edition: models.Edition | None = None) -> models.Edition:
    """An edition with ``areas`` × ``indicators``, scopes in turn API, PNR, both."""
    edition = edition or EditionFactory()
    scopes = [Scope.ADVPAX, Scope.PNR, Scope.BOTH]
    for area_number in range(1, areas + 1):
        area = AreaFactory(edition=edition, order=area_number)
        for number in range(1, indicators + 1):
            IndicatorFactory(area=area, order=number, scope=scopes[(area_number + number) % 3])
    return edition


def declare(
    state: State,
    round: models.Round,
    levels: int | dict[str, int | str | None] = 2,
    audience: str = Audience.MEMBERS,
    refresh: bool = True,
) -> models.Assessment:
    """Publish answers with scores: one level for all indicators, or by code.

    A value by code is a level, ``"nd"`` or ``"na"``; a code that is missing or None has no answer.
    """
    answers = {}
    for indicator in models.Indicator.objects.filter(area__edition=round.edition):
        value = levels if isinstance(levels, int) else levels.get(indicator.code)
        if value is None:
            continue
        answers[indicator.id] = (
            Declared(AnswerKind.LEVEL, value)
            if isinstance(value, int)
            else Declared(value, reason="Test reason" if value == AnswerKind.NOT_APPLICABLE else "")
        )
    moment = dt.datetime(round.year + 1, 1, 15, 12, tzinfo=dt.UTC)
    assessment = publish_answers(
        state=state,
        round=round,
        answers=answers,
        by=None,
        no_wider_than=None if audience == Audience.MEMBERS else audience,
        published_at=moment,
    )
    if refresh:
        refresh_regional_scores(round=round)
    return assessment
