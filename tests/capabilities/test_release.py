"""What a state releases, per area and per use, holds on every page at once; and who may decide it."""

import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from capabilities.actions.audiences import set_audience
from capabilities.actions.releases import release
from capabilities.models import AreaScore, RegionalScore, Release, StatusReport
from capabilities.queries.releases import Uses, released
from iwg_portal.activity.models import Event
from iwg_portal.base import kept
from members.access import reach, reaches
from members.enums import Audience
from tests.cast import PARTS
from tests.factories import (
    MemberStateFactory,
    RoundFactory,
    StatusReportFactory,
    TermFactory,
    declare,
    framework,
    stored_file,
)
from tests.pages.test_region import row, text

pytestmark = pytest.mark.django_db
FULL = {"AR1-1": 4, "AR1-2": 4, "AR2-1": 1, "AR2-2": 1}
WITHOUT_FIRST = {"AR2-1": 1, "AR2-2": 1}
OUTSIDERS = ("observer", "partner", "other_delegate", "chair", "administrator")


@pytest.fixture
def world(cast):
    cast.edition = framework()
    cast.rounds = [RoundFactory(year=year, edition=cast.edition) for year in (2023, 2024)]
    for state in (cast.own, cast.other):
        StatusReportFactory(state=state, delivery="pilot")
        for round_ in cast.rounds:
            declare(state, round_, FULL)
    cast.profile = f"/states/{cast.own.alpha2.lower()}/"
    cast.url = f"{cast.profile}release/"
    return cast


def decide(cast, area="AR1", audience="members", **uses):
    release(state=cast.own, uses={area: Uses(Audience(audience), **uses)}, by=cast.viewer("own_focal_point"))


def addresses(cast):
    own, other = cast.own.alpha2, cast.other.alpha2
    return [
        cast.profile,
        "/states/",
        f"/compare/?state={own}&state={other}",
        f"/compare/?state={own}&state={other}&scope=pnr",
        "/region/",
        "/region/?area=AR1",
        "/region/?area=AR2&scope=advpax",
        "/region/?round=2023",
    ]


def seen(cast, part):
    pages = {}
    for address in addresses(cast):
        page = cast.client(part).get(address).content.decode()
        pages[address] = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|As of <time.*?</time>', "", page)
    return pages


# -- A withheld area -------------------------------------------------------------------------------------------------


def test_without_a_decision_all_is_as_the_group_agreed(world):
    given = released(world.own.pk)
    assert given.of("AR1") == Uses(Audience.MEMBERS, in_average=True, named=False)
    assert given.of("").audience == Audience.GROUP
    assert "2.5" in row(world.client("other_delegate").get("/region/"), "Ownland")


@pytest.mark.parametrize("part", ["observer", "partner", "other_delegate", "chair"])
@pytest.mark.parametrize("audience", ["secretariat", "delegation"])
def test_a_withheld_area_looks_on_every_page_as_if_it_had_not_been_answered(cast, part, audience):
    cast.person(part)
    cast.edition = framework()
    cast.rounds = [RoundFactory(year=year, edition=cast.edition) for year in (2023, 2024)]
    cast.profile = f"/states/{cast.own.alpha2.lower()}/"
    decide(cast, audience=audience)
    for round_ in cast.rounds:
        declare(cast.other, round_, FULL)
        declare(cast.own, round_, WITHOUT_FIRST)
    before = seen(cast, part)
    for round_ in cast.rounds:
        declare(cast.own, round_, {"AR1-1": 3, "AR1-2": "na"})
    assert seen(cast, part) == before
    # The own delegation's own pages do differ, so the two worlds are two.
    assert "Reason: Test reason" in text(cast.client("own_delegate").get(cast.profile))


def test_a_withheld_area_is_read_by_whom_it_is_still_released_to(world):
    decide(world, audience="secretariat")
    for part in ("own_delegate", "own_focal_point", "secretariat"):
        assert "AR1-1 level 4" in text(world.client(part).get(world.profile))
        assert "4.0 1.0 2.5" in row(world.client(part).get("/region/"), "Ownland")
    for part in OUTSIDERS:
        assert "AR1-1 level 4" not in text(world.client(part).get(world.profile))
        assert "4.0" not in row(world.client(part).get("/region/"), "Ownland")
    decide(world, audience="delegation")
    assert "AR1-1 level 4" in text(world.client("own_delegate").get(world.profile))
    assert "AR1-1 level 4" not in text(world.client("secretariat").get(world.profile))


@pytest.mark.parametrize("place", [0, 2, 4])  # profile, comparison, region
def test_whoever_reads_a_withheld_area_leaves_a_trace(world, place):
    decide(world, audience="secretariat")
    for part in ("secretariat", "other_delegate"):
        world.client(part).get(addresses(world)[place])
    trace = Event.objects.get(kind="restricted.read")
    assert (trace.actor_id, trace.state_id) == (world.person("secretariat").pk, world.own.pk)


def test_the_mean_over_all_areas_is_made_of_what_its_reader_may_read(world):
    decide(world, audience="secretariat")
    other = row(world.client("other_delegate").get("/region/"), "Ownland")
    assert other.endswith("– not declared 1.0 1.0")
    assert "2.5" not in other


def test_every_area_withheld_is_no_assessment(world):
    for area in ("AR1", "AR2"):
        decide(world, area=area, audience="secretariat")
    silent = MemberStateFactory(label="Silentland")
    page = world.client("other_delegate").get("/region/")
    hidden = row(page, "Ownland").replace("Ownland", "").replace(world.own.alpha2, "")
    StatusReportFactory(state=silent, delivery="pilot")
    page = world.client("other_delegate").get("/region/")
    assert row(page, "Silentland").replace("Silentland", "").replace(silent.alpha2, "") == hidden
    assert "has not shared its answers" in text(world.client("other_delegate").get(world.profile))
    assert text(world.client("other_delegate").get("/region/")).count("Ownland") == 2  # the table, and who is missing


def test_how_complete_an_answer_is_stays_known_to_the_administrator(world):
    decide(world, audience="delegation")
    assert "4 of 4" in row(world.client("administrator").get("/region/"), "Ownland")


def test_an_area_released_to_the_group_is_read_by_observers_and_partners_and_no_other_is(world):
    decide(world, audience="group")
    own, other = world.own.alpha2, world.other.alpha2
    for part in ("observer", "partner"):
        client = world.client(part)
        assert "AR1-1 level 4" in text(client.get(world.profile))
        assert "AR2-1 level 1" not in text(client.get(world.profile))
        assert "4.0 – not declared 4.0" in row(client.get("/region/"), "Ownland")
        assert "4.0" not in row(client.get("/region/"), "Otherland")
        assert row(client.get(f"/compare/?state={own}&state={other}"), "Area AR1").startswith("Area AR1 – not")
    decide(world, audience="members")
    assert "iwg-lv" not in world.client("observer").get("/region/").content.decode()


def test_a_change_is_seen_at_the_next_look(world):
    client = world.client("other_delegate")
    assert "4.0" in row(client.get("/region/"), "Ownland")
    decide(world, audience="secretariat")
    assert "4.0" not in row(client.get("/region/"), "Ownland")
    decide(world, audience="members")
    assert "4.0" in row(client.get("/region/"), "Ownland")


def test_it_holds_for_rounds_to_come(world):
    decide(world, audience="secretariat")
    declare(world.own, RoundFactory(year=2025, edition=world.edition), FULL)
    assert "4.0" not in row(world.client("chair").get("/region/"), "Ownland")


# -- The median ------------------------------------------------------------------------------------------------------


def median(round_, code="AR1"):
    found = RegionalScore.objects.get(round=round_, area__code=code, scope="both")
    return found.contributing, found.shared, found.median


def test_consent_to_the_median_is_withdrawn_in_every_round_and_given_again(world):
    declare(world.other, world.rounds[1], {"AR1-1": 0, "AR1-2": 0})
    assert median(world.rounds[1]) == (2, 2, 2)
    decide(world, in_average=False)
    assert median(world.rounds[1]) == (1, 2, 0)
    assert median(world.rounds[0])[0] == 1
    assert median(world.rounds[1], "AR2")[0] == 2
    page = text(world.client("other_delegate").get("/region/"))
    assert "The 2024 self-assessment was published by 2 of 2." in page
    assert "4.0" in row(world.client("other_delegate").get("/region/"), "Ownland")
    decide(world, in_average=True)
    assert median(world.rounds[1]) == (2, 2, 2)


def test_what_is_not_shared_with_all_members_never_counts(world):
    decide(world, audience="secretariat", in_average=True)
    assert median(world.rounds[1])[:2] == (1, 1)
    overall = RegionalScore.objects.get(round=world.rounds[1], area=None, scope="both")
    assert sorted([overall.lower, overall.upper]) == [overall.lower, overall.upper]
    # 2.5 of the other state, and 1.0 of the area that is left of the own
    assert (overall.contributing, float(overall.median)) == (2, 1.75)


# -- The headline ----------------------------------------------------------------------------------------------------


def test_a_status_withheld_from_observers_is_no_report_to_them(world):
    StatusReportFactory(state=world.own, kind="pnr", delivery="planned")
    decide(world, area="", audience="members")
    for part in ("observer", "partner", "administrator"):
        page = text(world.client(part).get(world.profile))
        assert "The API status has not been declared. The PNR status has not been declared." in page
        assert "No report" in row(world.client(part).get("/states/"), "Ownland")
        assert "pilot" not in row(world.client(part).get("/region/"), "Ownland")
    assert "API is in pilot." in text(world.client("other_delegate").get(world.profile))
    assert not StatusReport.objects.filter(state=world.own).exclude(audience="members").exists()


def test_a_new_report_is_read_by_whom_the_status_is_released_to(world):
    decide(world, area="", audience="members")
    assert StatusReportFactory(state=world.own, kind="pnr", delivery="planned").audience == "members"


def test_a_newer_report_that_she_may_not_read_leaves_the_one_before_in_force(world):
    """And no page says that there is a newer one."""
    for part in OUTSIDERS:
        world.person(part)
    before = {part: seen(world, part) for part in OUTSIDERS}
    StatusReportFactory(
        state=world.own, delivery="op_batch", audience="secretariat", as_of=RoundFactory().reference_date
    )
    for part in OUTSIDERS:
        assert seen(world, part) == before[part], part
    assert "op_batch" in text(world.client("secretariat").get(world.profile))


def test_widening_the_release_leaves_what_was_narrowed_by_itself(world):
    kept_back = StatusReportFactory(state=world.own, kind="pnr", delivery="planned", audience="secretariat")
    narrow = declare(world.own, RoundFactory(year=2022, edition=world.edition), FULL, audience="secretariat")
    decide(world, area="", audience="delegation")
    decide(world, area="AR1", audience="delegation")
    decide(world, area="AR2", audience="delegation")
    for area in ("", "AR1", "AR2"):
        decide(world, area=area, audience="group")
    for record in (kept_back, narrow):
        record.refresh_from_db()
        assert record.audience == "secretariat"
    assert set(narrow.answers.values_list("audience", flat=True)) == {"secretariat"}


# -- One record ------------------------------------------------------------------------------------------------------


def test_an_assessment_can_be_narrowed_and_be_as_wide_again_as_released(world):
    assessment = world.own.assessments.get(round=world.rounds[1])
    focal = world.viewer("own_focal_point")
    decide(world, area="AR1", audience="group")
    set_audience(target=assessment, audience="secretariat", by=focal)
    assert set(assessment.answers.values_list("audience", flat=True)) == {"secretariat"}
    assert "4.0" not in row(world.client("other_delegate").get("/region/"), "Ownland")
    assert median(world.rounds[1])[:2] == (1, 1)
    set_audience(target=assessment, audience="group", by=focal)
    assert dict(assessment.scores.filter(scope="both").values_list("area__code", "audience")) == {
        "AR1": "group",
        "AR2": "members",
    }
    assert median(world.rounds[1])[:2] == (2, 2)


def test_files_follow_the_record_to_which_they_are_attached(world):
    focal = world.viewer("own_focal_point")
    report = StatusReport.objects.get(state=world.own)
    assessment = world.own.assessments.get(round=world.rounds[1])
    letter = stored_file(world.own, focal, parent=report, audience="group")
    proof = stored_file(world.own, focal, parent=assessment, audience="members")
    decide(world, area="", audience="members")
    set_audience(target=assessment, audience="secretariat", by=focal)
    for file, audience in ((letter, "members"), (proof, "secretariat")):
        file.refresh_from_db()
        assert file.audience == audience


def test_no_record_is_wider_than_its_release(world):
    focal = world.viewer("own_focal_point")
    with pytest.raises(ValidationError, match="not released this more widely"):
        set_audience(target=world.own.assessments.get(round=world.rounds[1]), audience="group", by=focal)
    with pytest.raises(PermissionDenied):
        set_audience(target=StatusReport.objects.get(state=world.own), audience="public", by=focal)


def test_nobody_hides_a_record_from_herself(world):
    report = StatusReport.objects.get(state=world.own)
    with pytest.raises(PermissionDenied):
        set_audience(target=report, audience="delegation", by=world.viewer("secretariat"))
    set_audience(target=report, audience="delegation", by=world.viewer("own_focal_point"))
    assert world.client("secretariat").get(f"/audience/status/{report.pk}/").status_code == 404


@pytest.mark.parametrize("noun", ["assessment", "status"])
def test_the_page_of_a_record_says_whom_each_choice_reaches(world, noun):
    record = (
        world.own.assessments.get(round=world.rounds[1])
        if noun == "assessment"
        else StatusReport.objects.get(state=world.own)
    )
    for part in ("other_delegate", "secretariat"):
        world.person(part)
    url = f"/audience/{noun}/{record.pk}/"
    page = text(world.client("own_focal_point").get(url))
    assert "the delegations of all member states and the secretariat: 2 states, 3 people" in page
    answer = world.client("own_focal_point").post(url, {"audience": "secretariat"}, follow=True)
    assert "Who reads it is changed." in text(answer)
    record.refresh_from_db()
    assert record.audience == "secretariat"
    wrong = world.client("own_focal_point").post(url, {"audience": "everybody"})
    assert "iwg-errors" in wrong.content.decode()
    assert Event.objects.filter(kind="audience.narrowed", state_id=world.own.pk).count() == 1


def test_the_database_refuses_a_child_that_is_wider_than_its_parent(world):
    assessment = world.own.assessments.get(round=world.rounds[1])
    for spoil in (
        lambda: assessment.answers.update(audience="group"),
        lambda: assessment.scores.update(audience="public"),
        lambda: type(assessment).objects.filter(pk=assessment.pk).update(audience="secretariat"),
        lambda: AreaScore.objects.filter(assessment=assessment).update(audience="nobody"),
        lambda: type(assessment).objects.filter(pk=assessment.pk).update(no_wider_than="delegation"),
        lambda: StatusReport.objects.filter(state=world.own).update(no_wider_than="secretariat"),
        lambda: StatusReport.objects.filter(state=world.own).update(audience=""),
    ):
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            spoil()


# -- The page --------------------------------------------------------------------------------------------------------


def typed(**changes):
    values = {
        "status-audience": "group",
        "AR1-audience": "members",
        "AR1-average": "on",
        "AR2-audience": "members",
        "AR2-average": "on",
    }
    return {name: value for name, value in (values | changes).items() if value}


def post(world, step, part="own_focal_point", **changes):
    data = typed(**changes) | {"step": step, "seen": released(world.own.pk).digest}
    return world.client(part).post(world.url, data)


def test_the_table_of_areas_and_uses(world):
    world.person("other_delegate")
    page = world.client("own_focal_point").get(world.url)
    assert ">all member states</option>" in page.content.decode()  # a select cuts what is long
    assert "the delegations of all member states and the secretariat: 2 states, 2 people" in text(page)
    for name in ("status-audience", "AR1-audience", "AR1-average", "AR2-named"):
        assert f'name="{name}"' in page.content.decode()
    assert 'name="status-average"' not in page.content.decode()


def test_a_delegate_reads_the_table_and_has_no_form(world):
    page = world.client("own_delegate").get(world.url)
    assert "Area AR1" in text(page)
    assert "AR1-audience" not in page.content.decode()
    assert post(world, "confirm", part="own_delegate").status_code == 403


def test_a_preview_shows_what_changes_and_writes_nothing(world):
    page = text(post(world, "preview", **{"AR1-audience": "secretariat", "AR2-named": "on"}))
    assert "Area AR1: who reads it all member states: 1 state, 1 person → own delegation, secretariat:" in page
    assert "narrower" in page
    assert "Area AR2: may be named in the summary no → yes" in page
    assert "never in a median: Area AR1" in page
    assert not Release.objects.exists()


def test_going_back_loses_nothing(world):
    page = post(world, "back", **{"AR1-audience": "secretariat"}).content.decode()
    assert re.search(r'<option value="secretariat" selected', page)


def test_confirming_decides_and_leaves_an_event_without_content(world):
    answer = post(world, "confirm", **{"AR1-audience": "secretariat", "AR2-named": "on", "AR2-average": ""})
    assert answer.status_code == 302
    given = released(world.own.pk)
    assert given.of("AR1").audience == "secretariat"
    assert given.of("AR2").named
    assert not given.of("AR2").in_average
    assert given.of("AR1").by == "Own Focal Point"
    event = Event.objects.latest("id")
    assert (event.kind, event.state_id, event.data) == ("release.changed", world.own.pk, {"areas": 2, "wider": 0})
    assert Release.objects.filter(area_code="").count() == 0  # what did not change is not decided


def test_an_earlier_decision_is_kept(world):
    decide(world, audience="secretariat")
    decide(world, audience="delegation")
    row = Release.objects.get()
    assert [event.audience for event in row.events.all()] == ["secretariat"]


def test_whoever_decided_meanwhile_is_noticed(world):
    stale = typed(**{"AR1-audience": "group"}) | {"step": "confirm", "seen": released(world.own.pk).digest}
    decide(world, audience="delegation")
    answer = world.client("own_focal_point").post(world.url, stale)
    assert "Somebody changed the release meanwhile" in text(answer)
    assert released(world.own.pk).of("AR1").audience == "delegation"


def test_the_same_again_changes_nothing(world):
    events = Event.objects.count()
    assert post(world, "confirm").status_code == 302
    assert Event.objects.count() == events
    assert not Release.objects.exists()


def test_a_wrong_choice_is_said_beside_its_field(world):
    page = post(world, "preview", **{"AR1-audience": "public"})
    assert "iwg-errors" in page.content.decode()
    assert not Release.objects.exists()


def test_only_its_own_delegation_knows_of_the_page(world):
    for part in PARTS:
        answer = world.client(part).get(world.profile).content.decode()
        assert (f'href="{world.url}"' in answer) is (part in ("own_delegate", "own_focal_point"))


def test_the_same_number_of_queries_with_more_rounds(world, django_assert_num_queries, django_assert_max_num_queries):
    client = world.client("own_focal_point")
    client.get(world.url)
    with django_assert_max_num_queries(12) as first:
        client.get(world.url)
    for year in (2020, 2021, 2022):
        declare(world.own, RoundFactory(year=year, edition=world.edition), FULL)
    kept.forget()
    with django_assert_num_queries(len(first)):
        client.get(world.url)


# -- Reach -----------------------------------------------------------------------------------------------------------


def test_reach_counts_who_would_read_by_todays_terms(cast):
    for part in PARTS:
        cast.person(part)
    found = {audience: (r.states, r.people) for audience, r in reaches(cast.own).items()}
    assert found == {
        Audience.DELEGATION: (1, 2),
        Audience.SECRETARIAT: (1, 3),
        Audience.MEMBERS: (3, 5),
        Audience.GROUP: (4, 8),
        Audience.PUBLIC: (4, 8),
    }
    for audience in Audience:
        readers = sum(
            audience in viewer.reads or cast.own.pk in viewer.own_states
            for viewer in map(cast.viewer, PARTS)
            if viewer.in_group
        )
        assert reach(audience, cast.own).people == readers


def test_reach_knows_nothing_of_content(world, django_assert_num_queries):
    world.person("own_focal_point")
    before = reaches(world.own)
    decide(world, audience="delegation")
    declare(world.own, RoundFactory(year=2022, edition=world.edition), FULL)
    with django_assert_num_queries(1):
        assert reaches(world.own) == before
    TermFactory(role="delegate", state=world.other, person__is_active=False)
    assert reaches(world.own) == before
