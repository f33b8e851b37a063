"""What was taken back since the figures were taken: it stops a draft, and the next summary does not say it again."""

import pytest
from django.core.exceptions import ValidationError

from capabilities.actions.releases import release
from capabilities.models import StatusReport
from capabilities.queries.releases import Uses
from iwg_portal.summaries import access, actions, consents
from iwg_portal.summaries.models import Summary
from iwg_portal.summaries.reading import Reading
from meetings.models import Lesson, Record
from members.access import viewer_for
from members.enums import Audience
from tests.factories import (
    ActionFactory,
    DecisionFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    MemberStateFactory,
    OwnerFactory,
    StatusReportFactory,
    declare,
    person_with,
)
from tests.summaries.test_summaries import built, pdf_text, released_one, row, world  # noqa: F401

pytestmark = pytest.mark.django_db


def narrowed(state, step):
    """The report with that step is for the secretariat now; the one before it stays."""
    changed = StatusReport.objects.filter(state=state, delivery=step).update(audience=Audience.SECRETARIAT)
    assert changed == 1


def contributors(world, *levels):  # noqa: F811
    states = [MemberStateFactory() for _level in levels]
    for state, level in zip(states, levels, strict=True):
        declare(state, world.rounds[1], level)
    return states


def withheld(state):
    focal = viewer_for(person_with("focal_point", state=state))
    release(state=state, uses={"AR1": Uses(Audience.MEMBERS, in_average=False)}, by=focal)


def adopted(words, number):
    meeting = MeetingFactory(state="adopted", record__audience="members")
    return DecisionFactory(block__item=ItemFactory(meeting=meeting), block__text=words, number=number)


# -- Before it goes further --------------------------------------------------------------------------------------------


def a_report_narrowed(world):  # noqa: F811
    narrowed(world.own, "op_batch")


def the_report_of_the_round_before_narrowed(world):  # noqa: F811
    """It is not named, but counted as a step up."""
    narrowed(world.own, "development")


def an_origin_taken_back(world):  # noqa: F811
    Lesson.objects.filter(pk=world.lesson.pk).update(names_origin=False)


def a_lesson_withdrawn(world):  # noqa: F811
    Lesson.objects.filter(pk=world.nameless.pk).update(status="withdrawn")


def a_level_taken_out_while_another_comes_in(world):  # noqa: F811
    withheld(world.contributors[0])
    declare(MemberStateFactory(), world.rounds[1], 2)


def a_record_narrowed(world):  # noqa: F811
    Record.objects.filter(pk=world.decision.record_id).update(audience=Audience.SECRETARIAT)


def a_record_with_counted_action_points_narrowed(world):  # noqa: F811
    Record.objects.filter(pk=world.action.record_id).update(audience=Audience.SECRETARIAT)


@pytest.fixture
def told(world):  # noqa: F811
    world.lesson = LessonFactory(state=world.own, names_origin=True)
    world.nameless = LessonFactory(state=world.own)
    world.contributors = contributors(world, 1, 2, 3, 4)
    world.decision = adopted("It is decided.", 41)
    meeting = MeetingFactory(state="adopted", record__audience="members")
    world.action = ActionFactory(block__item=ItemFactory(meeting=meeting), block__text="Do it.", number=1)
    OwnerFactory(action=world.action, state=world.own)
    return world


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (a_report_narrowed, "what may be named of it"),
        (the_report_of_the_round_before_narrowed, "what may be named of it"),
        (an_origin_taken_back, "what may be named of it"),
        (a_level_taken_out_while_another_comes_in, "what may be counted of it"),
        (a_lesson_withdrawn, "has been taken back"),
        (a_record_narrowed, "has been taken back"),
        (a_record_with_counted_action_points_narrowed, "has been taken back"),
    ],
)
def test_what_is_taken_back_stops_the_chair_and_the_secretariat(told, act, said):
    draft, approved = built(told), built(told)
    actions.approve(summary=approved, by=told.viewer("chair"))
    act(told)
    with pytest.raises(ValidationError, match=f"Since these figures were taken, .*{said}"):
        actions.approve(summary=draft, by=told.viewer("chair"))
    with pytest.raises(ValidationError, match=f"Since these figures were taken, .*{said}"):
        actions.release(summary=approved, by=told.viewer("secretariat"))
    actions.approve(summary=built(told), by=told.viewer("chair"))


def test_what_came_since_does_not_stop_it(told):
    made = built(told)
    StatusReportFactory(state=told.own, delivery="op_interactive", as_of=told.rounds[1].reference_date)
    LessonFactory(state=told.quiet, names_origin=True)
    adopted("So is this.", 42)
    declare(MemberStateFactory(), told.rounds[1], 2)
    actions.approve(summary=made, by=told.viewer("chair"))


def test_one_from_before_facts_were_kept_goes_no_further(told):
    made = built(told)
    older = Summary.objects.create(
        year=2020,
        number=1,
        asked_by=made.asked_by,
        asked_at=made.asked_at,
        taken_at=made.taken_at,
        content=made.content,
        sha256=made.sha256,
        check_code="0000-0000-00",
        state="draft",
    )
    with pytest.raises(ValidationError, match="Build a new summary"):
        actions.approve(summary=older, by=told.viewer("chair"))


def test_the_facts_stay_inside(told):
    made = built(told)
    assert consents.told(made.basis) >= {("median", "AR1", "2024", str(told.quiet.pk))}
    assert "basis" in access.visible_summaries(told.viewer("chair")).get(pk=made.pk).get_deferred_fields()


# -- In the next one ---------------------------------------------------------------------------------------------------


def test_the_next_summary_does_not_say_what_was_taken_back_since(world):  # noqa: F811
    first = released_one(world)
    assert row(first, world.own)["advpax"][0] == "op_batch"
    narrowed(world.own, "op_batch")
    second = released_one(world)
    assert row(second, world.own)["advpax"][0] == "development"
    reading = Reading(second, access.followed_by(second))
    told = " ".join(reading.corrections)
    assert "before" not in told
    assert reading.words("advpax", "op_batch") not in told
    assert "Named then, and since not reported, not named or taken back: 1 figures." in told
    printed = pdf_text(world.client("other_delegate").get(f"/summaries/{second.code}/en.pdf").content)
    assert "taken back: 1 figures." in printed
    assert "before" not in printed.split("Compared with")[1].split("How to read")[0]


def test_it_does_say_what_was_corrected_by_a_new_report(world):  # noqa: F811
    released_one(world)
    StatusReportFactory(state=world.own, delivery="op_interactive", as_of=world.rounds[1].reference_date)
    second = released_one(world)
    told = Reading(second, access.followed_by(second)).corrections
    assert any(str(world.own) in sentence and "before" in sentence for sentence in told)


def test_nor_a_median_to_which_somebody_contributes_no_more(told):
    first = released_one(told)
    withheld(told.contributors[0])
    declare(MemberStateFactory(), told.rounds[1], 4)
    second = released_one(told)
    then, now = (made.content["medians"][0]["course"][1] for made in (first, second))
    assert then["n"] == now["n"]  # as many as before
    assert then["median"] != now["median"]
    told_of = Reading(second, access.followed_by(second))
    assert [area for area in told_of.areas if any(area["title"]["en"] in one for one in told_of.corrections)] != []
    assert not [one for one in told_of.corrections if f"Median · {told_of.areas[0]['title']['en']}" in one]
