"""The aggregated summary, from the order to the hands of an observer: what it says and never holds, who reads it."""

import io
import json
import re
import zipfile

import openpyxl
import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import translation

from capabilities.models import Release
from iwg_portal.activity.models import Event
from iwg_portal.summaries import actions
from iwg_portal.summaries.banded import Banded
from iwg_portal.summaries.models import Summary
from members.models import State
from tests.documents import docx_words
from tests.factories import (
    DecisionFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    MemberStateFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
)
from tests.summaries.test_summaries import address, agree, pdf_text, plain

pytestmark = pytest.mark.django_db
WORKING = ("op_batch", "op_interactive", "op_batch", "op_interactive", "op_batch")


@pytest.fixture
def world(cast):
    """Eight states report: five have Advance Passenger Information in operation; levels 1 1 1 2 2 3 3 4."""
    cast.round = RoundFactory(year=2024, edition=framework())
    cast.states = [cast.own, *(MemberStateFactory(label=f"Hiddenland {n}") for n in range(7))]
    for n, state in enumerate(cast.states):
        step = WORKING[n] if n < len(WORKING) else "none"
        StatusReportFactory(state=state, delivery=step, as_of=cast.round.reference_date, audience="group")
        declare(state, cast.round, (1, 1, 1, 2, 2, 3, 3, 4)[n])
    cast.person("chair")  # of a ninth, which reports nothing
    return cast


def built(cast, scope="both", part="secretariat"):
    made = actions.ask(scope=scope, form="aggregated", by=cast.viewer(part))
    actions.build_waiting()
    made.refresh_from_db()
    assert made.state == "draft", made.problem
    return made


def handed_out(cast, made=None):
    made = made or built(cast)
    actions.approve(summary=made, by=cast.viewer("chair"))
    actions.release(summary=made, by=cast.viewer("secretariat"))
    made.refresh_from_db()
    return made


def level(made, area="AR1"):
    return next(row["course"][-1]["said"] for row in made.content["levels"] if row["area"] == area)


# -- What it says -----------------------------------------------------------------------------------------------------


def test_says_in_bands_how_many_and_medians_in_halves(world):
    made = built(world)
    status = made.content["status"][0]
    assert status["said"] == {"working": "some", "way": "few", "start": "few", "absent": "few"}
    assert level(made) == {"middle": 4, "share": "most"}
    page = plain(world.client("chair").get(address(made)))
    assert "API is in operation in some of the member states." in page
    assert "2.0" in page
    assert "Too few states report on PNR to say how many." in page


def test_whoever_asks_gets_the_same(world):
    by_office, by_chair = built(world).content, built(world, part="chair").content
    assert {**by_office, "as_of": ""} == {**by_chair, "as_of": ""}


def test_a_paper_on_api_alone_has_the_same_levels_as_one_on_both(world):
    """Taken of other indicators, the two could be subtracted."""
    assert built(world, "advpax").content["levels"] == built(world).content["levels"]
    assert [row["kind"] for row in built(world, "advpax").content["status"]] == ["advpax"]


def test_names_no_state_and_no_word_of_a_members_record(world):
    """Also of those that agreed to be named, and of decisions and lessons that say where they come from."""
    agree(world, world.own)
    meeting = MeetingFactory(state="adopted", record__audience="members")
    DecisionFactory(block__item=ItemFactory(meeting=meeting), block__text="Decided among members.", number=1)
    kept = {"status": "approved", "audience": "group"}
    for title, names in (("Customs, the Ownlandish way", False), ("Told by its owner", True)):
        LessonFactory(state=world.own, names_origin=names, words__title=title, **kept)
    for title in ("A lesson of Ownland's border", "Test first"):  # the group's own
        LessonFactory(words__title=title, **kept)
    LessonFactory(state=world.own, status="approved", audience="members", words__title="For members only")
    made = handed_out(world)
    observer = world.client("observer")
    book = zipfile.ZipFile(io.BytesIO(observer.get(address(made, "en.xlsx")).content))
    sent = [
        plain(observer.get(address(made))),
        pdf_text(observer.get(address(made, "en.pdf")).content),
        " ".join(book.read(name).decode(errors="replace") for name in book.namelist()),
        json.dumps(made.content),
    ]
    names = set(State.objects.filter(pk__in=[state.pk for state in world.states]).values_list("name_en", flat=True))
    for words in sent:
        assert not [name for name in names if name in words]
        for secret in ("Decided among members", "Told by its", "A lesson of", "Ownlandish", "For members only"):
            assert secret not in words
        assert "Test first" in words


def test_the_basis_stays_inside(world):
    """What each state contributed is in no page; the pages do not even ask the database for it."""
    made = handed_out(world)
    assert made.basis["level/AR1"]["values"][str(world.own.pk)] == 2
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    observer = world.client("observer")
    with CaptureQueriesContext(connection) as asked:
        for more in ("", "en.pdf", "en.xlsx"):
            assert observer.get(address(made, more)).status_code == 200
        observer.get("/summaries/")
    assert not [query["sql"] for query in asked if '"basis"' in query["sql"]]


def test_counts_a_status_where_the_group_reads_it_and_a_level_where_its_state_lets_it_count(world):
    StatusReportFactory(state=world.own, delivery="none", audience="members")
    for state in world.states[:2]:
        Release.objects.update_or_create(
            state=state,
            area_code="AR1",
            defaults={"audience": "members", "in_average": False, "since": "2024-01-01T00:00Z"},
        )
    made = built(world)
    assert made.content["status"][0]["said"]["working"] == "some"  # the report before it holds for the group
    assert level(made) is None  # six are left
    assert "too few states" in plain(world.client("chair").get(address(made)))


def test_a_state_that_does_not_share_is_as_one_that_did_not_report(world):
    """Two worlds: the ninth state reports to the secretariat alone, or not at all."""
    before = built(world)
    StatusReportFactory(state=world.chairing, delivery="op_batch", audience="secretariat")
    declare(world.chairing, world.round, 4, audience="secretariat")
    after = built(world)
    assert {**before.content, "as_of": ""} == {**after.content, "as_of": ""}
    held = [{key: {**value, "as_of": ""} for key, value in made.basis.items()} for made in (before, after)]
    assert {**held[0], "status/advpax": ""} == {**held[1], "status/advpax": ""}


# -- One after the other -----------------------------------------------------------------------------------------------


def rise(world, count):
    for state in world.states[:count]:
        StatusReportFactory(state=state, delivery="pilot", audience="group")


def test_a_figure_stands_until_seven_states_have_changed_it(world):
    handed_out(world)
    rise(world, 5)
    second = handed_out(world)
    assert second.content["status"][0]["said"]["working"] == "some"
    for state in world.states[5:7]:
        StatusReportFactory(state=state, delivery="pilot", audience="group")
    third = handed_out(world)
    assert third.content["status"][0]["said"] == {"working": "few", "way": "most", "start": "few", "absent": "few"}
    assert third.content["status"][0]["before"]["said"]["working"] == "some"
    page = plain(world.client("partner").get(address(third)))
    assert "few states today" in page


def test_a_draft_that_nobody_has_seen_holds_nothing_back(world):
    built(world)
    rise(world, 5)
    assert built(world).content["status"][0]["said"]["working"] == "few"


def test_of_two_drafts_that_follow_the_same_paper_one_is_released(world):
    first = built(world)
    rise(world, 5)
    second = built(world)
    handed_out(world, first)
    with pytest.raises(ValidationError, match="Another aggregated summary has been released"):
        actions.approve(summary=second, by=world.viewer("chair"))
    answer = world.client("chair").post(address(second, "move/"), {"do": "approve"}, follow=True)
    assert "Another aggregated summary has been released since this one was built." in plain(answer)


def test_also_where_both_were_approved_before(world):
    first = built(world)
    rise(world, 5)
    second = built(world)
    for made in (first, second):
        actions.approve(summary=made, by=world.viewer("chair"))
    actions.release(summary=first, by=world.viewer("secretariat"))
    with pytest.raises(ValidationError, match="Another aggregated summary"):
        actions.release(summary=second, by=world.viewer("secretariat"))


def test_one_that_was_withdrawn_is_remembered(world):
    made = handed_out(world)
    actions.withdraw(summary=made, by=world.viewer("secretariat"))
    rise(world, 5)
    after = built(world)
    assert after.content["after"] == made.code
    assert after.content["status"][0]["said"]["working"] == "some"


def test_a_state_that_takes_its_level_out_meanwhile_stops_the_paper(world):
    made = built(world)
    Release.objects.update_or_create(
        state=world.own,
        area_code="AR1",
        defaults={"audience": "members", "in_average": False, "since": "2024-01-01T00:00Z"},
    )
    with pytest.raises(ValidationError, match="what may be counted of it"):
        actions.approve(summary=made, by=world.viewer("chair"))


def withheld(state, area="AR1"):
    Release.objects.update_or_create(
        state=state,
        area_code=area,
        defaults={"audience": "members", "in_average": False, "since": "2024-01-01T00:00Z"},
    )


def test_also_one_that_counts_in_an_older_round_alone(world):
    """Each round of the course is told for the first time: a state that is in the first of them has its word too."""
    older = RoundFactory(year=2023, edition=world.round.edition)
    for state in [*world.states, world.chairing]:
        declare(state, older, 0)
    made = built(world)
    assert [point["year"] for point in made.content["levels"][0]["course"]] == [2023, 2024]
    withheld(world.chairing)  # which did not report in 2024
    with pytest.raises(ValidationError, match="what may be counted of it"):
        actions.approve(summary=made, by=world.viewer("chair"))
    again = built(world)
    actions.approve(summary=again, by=world.viewer("chair"))
    withheld(world.states[0])
    with pytest.raises(ValidationError, match="what may be counted of it"):
        actions.release(summary=again, by=world.viewer("secretariat"))


def test_what_an_older_paper_told_holds_the_next_one_up_no_more(world):
    """Its first round was told before; of the next paper only the new round is asked about."""
    handed_out(world)
    later = RoundFactory(year=2025, edition=world.round.edition)
    for state in world.states[1:]:
        declare(state, later, 4)
    made = built(world)
    assert made.content["levels"][0]["course"][1]["said"]["middle"] == 6
    withheld(world.states[0])  # in 2024 alone
    actions.approve(summary=made, by=world.viewer("chair"))
    withheld(world.states[1])
    with pytest.raises(ValidationError, match="what may be counted of it"):
        actions.release(summary=made, by=world.viewer("secretariat"))


def test_what_was_released_before_a_state_took_its_level_out_is_said_again(world):
    first = handed_out(world)
    Release.objects.update_or_create(
        state=world.own,
        area_code="AR1",
        defaults={"audience": "members", "in_average": False, "since": "2024-01-01T00:00Z"},
    )
    assert level(handed_out(world)) == level(first)


def test_older_rounds_stay_as_they_were_said(world):
    first = handed_out(world)
    later = RoundFactory(year=2025, edition=world.round.edition)
    for state in world.states:
        declare(state, later, 4)
    for state in world.states[:6]:
        declare(state, world.round, 0)
    second = handed_out(world)
    course = second.content["levels"][0]["course"]
    assert [point["year"] for point in course] == [2024, 2025]
    assert course[0]["said"] == level(first)
    assert course[1]["said"]["middle"] == 6
    page = plain(world.client("observer").get(address(second)))
    assert "median 2.0 in 2024, 3.0 or higher in 2025" in page


# -- Documents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_the_pdf_says_what_was_frozen_and_for_whom_it_is(world, language):
    made = handed_out(world)
    answer = world.client("observer").get(address(made, f"{language}.pdf"))
    day = made.taken_at.date().isoformat()
    name = f"regional-summary-aggregated-{made.code}-{language}_observer_{day}.pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    text = pdf_text(answer.content)
    with translation.override(language):
        reading = Banded(made)
        told = [reading.title, reading.consent, *reading.lead, *reading.changes, *reading.rules, reading.standing]
        told += [words for ladder in reading.ladders for row in ladder.rows for words in (row.words, row.now)]
    for words in [*told, made.check_code, "TLP:GREEN", str(world.person("observer"))]:
        assert " ".join(words.split()) in text, words
    assert "AMBER" not in text
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert str(pdf.Root.Lang) == language
        assert "pdfuaid" in bytes(pdf.Root.Metadata.read_bytes()).decode()


def test_the_workbook_says_the_same(world):
    made = handed_out(world)
    book = openpyxl.load_workbook(io.BytesIO(world.client("partner").get(address(made, "en.xlsx")).content))
    said = {line[0].value: line[1].value for line in book["About"].iter_rows()}
    assert (said["Label"], said["SHA-256"], said["Handed to"]) == (
        "TLP:GREEN",
        made.sha256,
        str(world.person("partner")),
    )
    ladders = [[cell.value for cell in line] for line in book["Ladders"].iter_rows()]
    assert ["API", "In operation", "some states"] in [line[:3] for line in ladders]
    medians = [[cell.value for cell in line] for line in book["Medians"].iter_rows()]
    assert medians[1][1:] == [2024, 2.0, "most states"]
    assert Event.objects.filter(kind="file.exported", target_label__startswith="regional-summary-aggregated").exists()


def test_its_check_code_says_that_it_is_the_aggregated_one(world, client):
    made = handed_out(world)
    page = plain(client.get("/check/", {"code": made.check_code}))
    assert f"Regional summary {made.code}, aggregated" in page
    assert "in operation" not in page


# -- Who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["observer", "partner", "own_delegate", "administrator"])
def test_the_whole_group_reads_it_once_it_is_released_and_no_named_one(world, part):
    named = actions.ask(scope="both", by=world.viewer("secretariat"))
    actions.build_waiting()
    for act, by in ((actions.approve, "chair"), (actions.release, "secretariat")):
        act(summary=named, by=world.viewer(by))
    made = built(world)
    client = world.client(part)
    for state in ("draft", "approved", "released"):
        if state == "approved":
            actions.approve(summary=made, by=world.viewer("chair"))
        if state == "released":
            actions.release(summary=made, by=world.viewer("secretariat"))
        listed = plain(client.get("/summaries/"))
        assert (made.code in listed) == (state == "released")
        for more in ("", "en.pdf", "en.xlsx"):
            assert client.get(address(made, more)).status_code == (200 if state == "released" else 404)
    reads_named = part == "own_delegate"
    assert (named.code in listed) == reads_named
    for more in ("", "en.pdf", "en.xlsx"):
        assert client.get(address(named, more)).status_code == (200 if reads_named else 404)
    assert "TLP:GREEN" in plain(client.get(address(made)))
    assert client.post(address(made, "move/"), {"do": "withdraw"}).status_code == 403


def test_an_observer_finds_it_from_the_region(world):
    assert 'href="/summaries/"' in world.client("observer").get("/region/").content.decode()


@pytest.mark.parametrize("part", ["stranger", "ex_member"])
def test_nobody_else_does(world, part):
    made = handed_out(world)
    for more in ("", "en.pdf", "en.xlsx"):
        assert world.client(part).get(address(made, more)).status_code == 404
    assert world.client(part).get("/summaries/").status_code == 404


def test_the_database_holds_named_ones_for_the_members_and_a_basis_for_aggregated_ones(world):
    named = actions.ask(scope="both", by=world.viewer("chair"))
    aggregated = built(world)
    changes = ((named, {"audience": "group"}), (named, {"form": "aggregated"}), (named, {"basis": {}}))
    changes += ((aggregated, {"audience": "members"}), (aggregated, {"basis": {}}), (aggregated, {"form": "named"}))
    for made, change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            Summary.objects.filter(pk=made.pk).update(**change)


def test_it_is_ordered_with_radio_buttons_and_both_forms_are_built_side_by_side(world):
    chair = world.client("chair")
    page = chair.get("/summaries/").content.decode()
    assert re.search(r'<input type="radio" name="form" id="form-aggregated" value="aggregated"', page)
    assert chair.post("/summaries/", {"scope": "both", "form": "aggregated"}).status_code == 302
    assert chair.post("/summaries/", {"scope": "both", "form": "named"}).status_code == 302
    assert actions.build_waiting() == 2
    forms = {made.form: made.audience for made in Summary.objects.all()}
    assert forms == {"aggregated": "group", "named": "members"}
    refused = chair.post("/summaries/", {"scope": "both", "form": "secret"})
    assert refused.status_code == 422
    assert "Choose whether the summary names states." in plain(refused)


def test_what_is_done_is_told_in_the_log(world):
    made = handed_out(world)
    kinds = Event.objects.filter(kind__startswith="summary.", target_label=made.code).order_by("pk")
    assert [event.kind for event in kinds] == ["summary.asked", "summary.built", "summary.approved", "summary.opened"]


def test_the_page_asks_the_database_as_often_for_many_states(world, django_assert_max_num_queries):
    made = built(world)
    for _state in range(10):
        declare(MemberStateFactory(), world.round, 2)
    more = built(world)
    desk = world.client("secretariat")
    for one in (made, more):
        desk.get(address(one))
        with django_assert_max_num_queries(10):
            assert desk.get(address(one)).status_code == 200


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_its_word_document_says_what_its_pdf_says_and_names_no_state(world, language):
    made = handed_out(world)
    client = world.client("observer")
    words = {}
    for ending, read in (("pdf", pdf_text), ("docx", docx_words)):
        answer = client.get(f"/summaries/{made.code}/{language}.{ending}")
        assert answer.status_code == 200
        words[ending] = read(answer.content)
    with translation.override(language):
        reading = Banded(made)
        said = [*reading.lead, *reading.rules, reading.consent, *(ladder.title for ladder in reading.ladders)]
        said += [row.words for ladder in reading.ladders for row in ladder.rows] + [row.title for row in reading.levels]
    for sentence in (*said, made.check_code, made.code, "TLP:GREEN"):
        assert " ".join(sentence.split()) in words["docx"], sentence
    for state in world.states:
        assert state.name not in words["docx"]
