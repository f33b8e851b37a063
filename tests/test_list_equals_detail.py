"""In random worlds — audiences, releases, roles — every page agrees with the rule, and with every other page."""

import datetime as dt
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capabilities import access
from capabilities.actions.releases import write_release
from capabilities.models import Answer, AreaScore, Assessment, RegionalScore, StatusReport
from capabilities.queries.releases import Uses
from iwg_portal.base import kept
from members.access import may_read, readable
from members.enums import Audience, narrowest
from tests.cast import PARTS
from tests.factories import RoundFactory, StatusReportFactory, declare, framework
from tests.pages.test_region import row, text

pytestmark = pytest.mark.django_db
CHOICES = st.sampled_from(list(access.TO_CHOOSE))
LEVELS = {"AR1": 4, "AR2": 1}


@pytest.fixture
def world(cast):
    for part in PARTS:
        cast.person(part)
    cast.round = RoundFactory(year=2024, edition=framework())
    cast.assessments = {
        state: declare(state, cast.round, {"AR1-1": 4, "AR1-2": 4, "AR2-1": 1, "AR2-2": 1})
        for state in (cast.own, cast.other)
    }
    return cast


# One world stays in the database after the other: each is decided anew, and the test ends by rolling all of them back.
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    first=CHOICES,
    second=CHOICES,
    status=CHOICES,
    counts=st.booleans(),
    part=st.sampled_from([part for part in PARTS if part != "anonymous"]),
)
def test_pages_lists_and_the_rule_agree(world, first, second, status, counts, part):
    uses = {"AR1": Uses(first, counts), "AR2": Uses(second), "": Uses(status)}
    write_release(state=world.own, uses=uses, by=world.person("own_focal_point"))
    report = StatusReportFactory(state=world.own, delivery="pilot", as_of=dt.date(2024, 12, 31))
    kept.forget()
    viewer, own = world.viewer(part), world.own

    # The rule as predicate, as filter, and on every row.
    knows = {code: may_read(viewer, uses[code].audience, own.pk) for code in uses}
    assert report.audience == status
    assert access.visible_status(viewer).filter(pk=report.pk).exists() is knows[""]
    for code in LEVELS:
        answers = access.visible_answers(viewer).filter(assessment__state=own, indicator__area__code=code)
        scores = access.visible_scores(viewer).filter(assessment__state=own, area__code=code)
        assert answers.exists() is scores.exists() is knows[code]
    assessment = Assessment.objects.filter(readable(viewer), state=own)
    assert assessment.exists() is (knows["AR1"] or knows["AR2"])

    # A child is never wider than its parent, and only what all members read counts.
    for model in (Answer, AreaScore):
        for audience, parent in model.objects.values_list("audience", "assessment__audience").distinct():
            assert narrowest(audience, parent) == audience
    shared = first in (Audience.MEMBERS, Audience.GROUP)
    median = RegionalScore.objects.get(area__code="AR1", scope="both")
    assert (median.shared, median.contributing) == (1 + shared, 1 + (shared and counts))

    # The list, the heat map, the comparison and the profile say the same.
    client = world.client(part)
    if not viewer.in_group:
        assert client.get("/region/").status_code == 404
        return
    profile = client.get(f"/states/{own.alpha2.lower()}/")
    region, states = client.get("/region/"), client.get("/states/")
    compare = client.get(f"/compare/?state={own.alpha2}&state={world.other.alpha2}")
    for code, level in LEVELS.items():
        assert (f"{code}-1 level {level}" in text(profile)) is knows[code]
        opened = row(client.get(f"/region/?area={code}"), "Ownland")
        assert bool(re.search(rf" {level}\.0 {level} {level}\b", opened)) is knows[code]
    assert ("4.0" in row(region, "Ownland")) is knows["AR1"]
    indicators = re.findall(r"AR1-1 Indicator AR1-1 (\S+)(?: not declared)? (\S+)", text(compare))
    others = may_read(viewer, "members", world.other.pk)
    if knows["AR1"] or others:
        assert [("4" in pair[1]) for pair in indicators] == [knows["AR1"]]
    for page in (row(region, "Ownland"), row(states, "Ownland")):
        assert ("pilot" in page) is knows[""]
    assert ("API is in pilot." in text(profile)) is knows[""]
    assert StatusReport.objects.filter(state=own).exclude(audience=status).count() == 0
