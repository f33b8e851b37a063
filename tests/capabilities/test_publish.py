"""Publishing answers: what the frozen means and the regional spread say, and what stays in history."""

from decimal import Decimal

import pytest

from capabilities.actions.assessments import Declared, publish_answers, refresh_regional_scores
from capabilities.models import AreaScore, Indicator, RegionalScore
from tests.factories import (
    AreaFactory,
    EditionFactory,
    IndicatorFactory,
    MemberStateFactory,
    ObserverStateFactory,
    RoundFactory,
    declare,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def area():
    area = AreaFactory(edition=EditionFactory(), code="LEG", order=1)
    for order, scope in enumerate(("advpax", "pnr", "both", "both"), start=1):
        IndicatorFactory(area=area, order=order, scope=scope)
    return area


def score(assessment, area, scope="both"):
    found = AreaScore.objects.get(assessment=assessment, area=area, scope=scope)
    return found.mean, found.declared, found.applicable


def test_mean_leaves_out_what_is_not_declared_and_what_does_not_apply(area):
    assessment = declare(MemberStateFactory(), RoundFactory(), {"LEG-1": 4, "LEG-2": 1, "LEG-3": "nd", "LEG-4": "na"})
    assert score(assessment, area) == (Decimal("2.500"), 2, 3)


def test_zero_is_a_level_and_a_missing_answer_is_not(area):
    with_zero = declare(MemberStateFactory(), RoundFactory(), {"LEG-1": 4, "LEG-2": 0})
    without = declare(MemberStateFactory(), RoundFactory(), {"LEG-1": 4})
    assert score(with_zero, area)[0] == Decimal("2.000")
    assert score(without, area)[0] == Decimal("4.000")


def test_scopes_take_their_own_indicators_and_those_for_both(area):
    assessment = declare(MemberStateFactory(), RoundFactory(), {"LEG-1": 4, "LEG-2": 1, "LEG-3": 2, "LEG-4": 3})
    assert score(assessment, area, "advpax") == (Decimal("3.000"), 3, 3)
    assert score(assessment, area, "pnr") == (Decimal("2.000"), 3, 3)


def test_an_assessment_of_nothing_declared_has_no_mean(area):
    assessment = declare(MemberStateFactory(), RoundFactory(), {"LEG-1": "nd"})
    assert score(assessment, area) == (None, 0, 4)


def test_region_has_median_and_middle_half_of_shared_assessments_of_members(area):
    round_ = RoundFactory()
    for level in (0, 1, 2, 4):
        declare(MemberStateFactory(), round_, level, refresh=False)
    declare(MemberStateFactory(), round_, 4, audience="secretariat", refresh=False)
    declare(ObserverStateFactory(), round_, 4, refresh=False)
    refresh_regional_scores(round=round_)
    row = RegionalScore.objects.get(round=round_, area=area, scope="both")
    assert (row.lower, row.median, row.upper) == (Decimal("0.750"), Decimal("1.500"), Decimal("2.500"))
    assert (row.contributing, row.members) == (4, 5)


def test_a_corrected_answer_keeps_the_old_one_in_history_and_counts_the_version(area):
    state, round_ = MemberStateFactory(), RoundFactory()
    declare(state, round_, {"LEG-1": 1, "LEG-2": 2})
    indicator = Indicator.objects.get(code="LEG-1")
    again = publish_answers(state=state, round=round_, answers={indicator.pk: Declared("level", 3)}, by=None)
    answer = again.answers.get(indicator=indicator)
    assert (answer.level, again.version) == (3, 2)
    assert [row.level for row in answer.events.all()] == [1]
    assert score(again, area)[0] == Decimal("2.500")


def test_the_same_answers_again_change_nothing(area):
    state, round_ = MemberStateFactory(), RoundFactory()
    first = declare(state, round_, {"LEG-1": 1})
    again = declare(state, round_, {"LEG-1": 1})
    assert (again.pk, again.version) == (first.pk, 1)
    assert not again.answers.get().events.exists()
