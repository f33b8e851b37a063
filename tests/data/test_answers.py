"""What a program is answered: the rows of the pages, never more, page by page, described as they are."""

import csv
import datetime as dt
import io
from urllib.parse import urlencode

import pytest
import time_machine

from capabilities.actions.assessments import Declared, publish_answers, refresh_regional_scores
from capabilities.actions.releases import write_release
from capabilities.forms.workbooks import read_workbook
from capabilities.models import Indicator
from capabilities.queries.imports import plan
from capabilities.queries.releases import Uses
from iwg_portal.activity import log
from iwg_portal.activity.models import Event
from iwg_portal.base.text_tables import write_csv
from iwg_portal.data.datasets import SOURCES
from meetings.models import Comment
from members.enums import Audience, Dataset
from members.models import Term
from tests.cast import PARTS
from tests.data.reading import Program, program_for, token_for
from tests.factories import (
    ActionFactory,
    DecisionFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    MemberStateFactory,
    OwnerFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
    stored_file,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
HOLDERS = [part for part in PARTS if part not in ("anonymous", "stranger", "ex_member")]


@pytest.fixture
def world(cast, settings):
    """Two states with status, levels, a reason; a record of each audience with a decision and an action point."""
    settings.ACCOUNT_RATE_LIMITS = False
    cast.round = RoundFactory(year=2024, edition=framework())
    cast.observing  # noqa: B018  takes part
    for state, step in ((cast.own, "pilot"), (cast.other, "suspended")):
        since = dt.date(2023, 4, 5)
        StatusReportFactory(state=state, delivery=step, legal="in_force", since=since, round=cast.round)
        declare(state, cast.round, {"AR1-1": 4, "AR1-2": 2, "AR2-2": 1})
    answers = {Indicator.objects.get(code="AR2-1").pk: Declared("na", reason="-2 of =1+1; <b>no</b> 🛂")}
    publish_answers(state=cast.own, round=cast.round, answers=answers, by=None)
    refresh_regional_scores(round=cast.round)
    cast.records = {}
    for number, audience in enumerate(["secretariat", "members", "group"], start=1):
        meeting = MeetingFactory(state="adopted", audience=audience, record__audience=audience, title=f"For {audience}")
        item = ItemFactory(meeting=meeting)
        DecisionFactory(block__item=item, block__text=f"Decided for {audience}.", number=number)
        cast.records[audience] = action = ActionFactory(
            block__item=item, block__text=f"To do for {audience}.", number=number, due_on=dt.date(2026, 1, 1)
        )
        for state in (cast.own, cast.other):
            OwnerFactory(action=action, state=state)
        LessonFactory(state=cast.own, audience=audience)
    MeetingFactory(state="draft", title="In the making")
    return cast


def as_text(rows):
    """The rows of an answer, written as a text table by their keys."""
    keys = list(rows[0])
    return write_csv([keys, *([row[key] for key in keys] for row in rows)])


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# -- The same as the page and its file ---------------------------------------------------------------------------------


FILES = {
    "decisions": "/decisions/export/csv/",
    "action-points": "/actions/export/csv/?tab=all",
    "lessons": "/lessons/export/csv/",
    "glossary": "/glossary/export/csv/",
}


@pytest.mark.parametrize("dataset", FILES)
@pytest.mark.parametrize("part", ["other_delegate", "observer"])
def test_keys_and_values_are_those_of_the_file(world, part, dataset):
    """Of somebody with the same rights as her token: a delegation's own rows stand in no answer."""
    answer = world.client(part).get(FILES[dataset])
    assert answer.status_code == 200
    of_the_file = ("label", "exported_for", "demonstration")
    wanted = [{key: value for key, value in row.items() if key not in of_the_file} for row in table(answer.content)]
    wanted = [row for row in wanted if any(row.values())]  # a file without rows has one that bears its label
    found = program_for(world, part).read(dataset)["rows"]
    got = table(as_text(found)) if found else []
    assert sorted(got, key=str) == sorted(wanted, key=str)
    assert found or dataset == "glossary" or part == "observer"


def test_the_comparison_is_that_of_the_page_for_every_state(world):
    found = program_for(world, "other_delegate").read("answers")
    codes = [world.own.alpha2, world.other.alpha2]
    answer = world.client("other_delegate").get(f"/compare/export/csv/?{urlencode([('state', c) for c in codes])}")
    wanted = {row["State"]: row for row in table(answer.content)}
    got = {row["State"]: row for row in table(as_text(found["rows"]))}
    for code in codes:
        assert wanted[code] | got[code] == wanted[code]
    own = next(row for row in found["rows"] if row["State"] == world.own.alpha2)
    assert (own["AR1-1"], own["AR2-1"], own["API since"]) == (4, "NA: -2 of =1+1; <b>no</b> 🛂", "2023-04-05")
    assert (found["label"], found["round"]) == ("TLP:AMBER", 2024)


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_levels_come_back_in_unchanged(world, language):
    """Written down by their keys they are a workbook of the import: column names are the same in every language."""
    rows = Program(token_for(world, "secretariat")[1], language).read("answers")["rows"]
    content = as_text(rows)
    book = read_workbook(content, file_name="answers.csv", year=2024)
    assert [problem.text for problem in book.problems] == []
    assert len(book.rows) == len(rows) == 2
    found = plan(book.rows, book.vocabulary)
    assert not found.problems
    assert not found.changes
    rows[0]["AR1-1"] = 3
    changed = read_workbook(as_text(rows), file_name="answers.csv", year=2024)
    assert len(plan(changed.rows, changed.vocabulary).changes) == 1


def test_the_pages_list_the_same_states_and_meetings(world):
    program = program_for(world, "other_delegate")
    states = program.read("states")["rows"]
    assert {row["alpha2"] for row in states} >= {world.own.alpha2, world.other.alpha2, world.observing.alpha2}
    assert {row["takes_part_as"] for row in states} == {"member state", "observer state"}
    assert {row["title"] for row in program.read("meetings")["rows"]} == {"For members", "For group"}
    moment = program.read("meetings")["rows"][0]["starts_at"]
    assert dt.datetime.fromisoformat(moment).utcoffset() is not None
    codes = Indicator.objects.values_list("code", flat=True)
    assert {row["indicator"] for row in program.read("indicators")["rows"]} == set(codes)


# -- Never more --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", HOLDERS)
@pytest.mark.parametrize("ceiling", ["group", "members"])
def test_nobodys_token_reaches_beyond_its_ceiling(world, part, ceiling):
    if ceiling == "members" and not world.viewer(part).reads_members:
        return
    program = program_for(world, part, ceiling=ceiling)
    reached = {"group"} if ceiling == "group" else {"group", "members"}
    for dataset, words in (("decisions", "Decided for "), ("action-points", "To do for ")):
        texts = {row["text"] for row in program.read(dataset)["rows"]}
        assert texts == {f"{words}{audience}." for audience in reached}
    titles = {row["title"] for row in program.read("meetings")["rows"]}
    assert titles == {f"For {audience}" for audience in reached}
    assert len(program.read("lessons")["rows"]) == len(reached)
    levels = {row["State"]: row["AR1-1"] for row in program.read("answers")["rows"]}
    assert {levels[world.own.alpha2], levels[world.other.alpha2]} == ({4} if ceiling == "members" else {None})


@pytest.mark.parametrize("part", ["own_focal_point", "secretariat"])
def test_what_a_state_withholds_is_not_even_for_its_own_program(world, part):
    """A token that is stolen gives no gaps away: it reads as the rest of the members, whoever made it."""
    write_release(
        state=world.own,
        uses={"AR1": Uses(Audience.SECRETARIAT)},
        by=world.person("own_focal_point"),
    )
    StatusReportFactory(state=world.own, kind="pnr", delivery="op_full", audience="secretariat")
    program = program_for(world, part)
    own = next(row for row in program.read("answers")["rows"] if row["State"] == world.own.alpha2)
    assert (own["AR1-1"], own["AR2-2"], own["PNR delivery"]) == (None, 1, None)
    rows = program.read("statuses")["rows"]
    (pnr,) = [row for row in rows if row["state"] == world.own.name and row["kind"] == "PNR"]
    assert (pnr["status"], pnr["row_label"]) == ("No report", None)


def everything(program):
    """All that a token opens, one answer a page, and headers that are the same whenever it is asked."""
    found = []
    for dataset in Dataset.values:
        for query in ("", "?limit=1", "?limit=2"):
            answer = program.ask(f"/data/v1/{dataset}.json{query}")
            kept = ("Content-Type", "ETag", "Cache-Control", "Vary", "Content-Language", "Content-Length")
            found.append((dataset, query, answer.status_code, answer.content, [answer.get(name) for name in kept]))
    return found


@pytest.mark.parametrize("part", HOLDERS)
def test_what_she_may_not_see_changes_no_byte(world, part):
    """Two worlds: the second has a draft, a hidden record, withheld levels, a restricted file and comment besides."""
    secretariat = world.person("secretariat")
    write_release(state=world.other, uses={"AR1": Uses(Audience.SECRETARIAT)}, by=world.person("own_focal_point"))
    with time_machine.travel(NOW, tick=False):
        program = program_for(world, part)
        before = everything(program)
        hidden = MeetingFactory(state="adopted", audience="secretariat", record__audience="secretariat")
        item = ItemFactory(meeting=hidden)
        DecisionFactory(block__item=item, block__text="Kestrel.", number=90)
        OwnerFactory(action=ActionFactory(block__item=item, block__text="Kestrel.", number=90), state=world.own)
        LessonFactory(state=world.own, audience="secretariat")
        LessonFactory(state=world.own, status="draft", shared_by=world.person("own_focal_point"))
        MeetingFactory(state="draft", title="Kestrel")
        StatusReportFactory(state=world.other, kind="pnr", delivery="op_full", audience="secretariat")
        answers = {Indicator.objects.get(code="AR1-1").pk: Declared("level", 0)}
        publish_answers(state=world.other, round=world.round, answers=answers, by=None)
        stored_file(world.own, world.viewer("own_focal_point"), title="Kestrel")
        assert everything(program) == before
    assert not Comment.objects.filter(by=secretariat).exists()


def test_a_narrow_answer_bears_her_name_and_a_wide_one_nobodys(world):
    program = program_for(world, "other_delegate")
    assert program.read("decisions")["for"] == "Other Delegate"
    wide = program.read("glossary")
    assert (wide["label"], wide["audience"], wide["for"], wide["demonstration"]) == ("TLP:GREEN", "group", None, False)


def test_invented_rows_are_called_so(world, settings):
    settings.DEMO = True
    assert program_for(world, "observer").read("states")["demonstration"] is True


# -- Page by page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", SOURCES)
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_walking_meets_each_row_once_and_ends(world, dataset, limit):
    program = program_for(world, "other_delegate")
    assert program.walk(dataset, limit) == program.read(dataset, "?limit=500")["rows"]


def test_what_is_added_meanwhile_is_met_once_and_moves_nothing(world):
    program = program_for(world, "secretariat")
    first = program.read("decisions", "?limit=1")
    item = ItemFactory(meeting=MeetingFactory(state="adopted", record__audience="group"))
    DecisionFactory(block__item=item, block__text="Added meanwhile.", number=9)
    texts, following = [row["text"] for row in first["rows"]], first["next"]
    while following:
        found = program.ask(following).json()
        texts += [row["text"] for row in found["rows"]]
        following = found["next"]
    assert texts == ["Decided for members.", "Decided for group.", "Added meanwhile."]


def test_a_state_that_joins_is_met_with_both_kinds_of_status(world):
    program = program_for(world, "secretariat")
    first = program.read("statuses", "?limit=3")
    MemberStateFactory(label="Newland")
    rest = program.ask(first["next"]).json()
    named = [(row["state"], row["kind"]) for row in first["rows"] + rest["rows"]]
    assert len(named) == len(set(named)) == 6


@pytest.mark.parametrize("limit", ["0", "501", "-1", "ten", "1.5", "", "９", "1" * 40])
def test_a_limit_that_is_none_is_refused(world, limit):
    answer = program_for(world, "observer").ask(f"/data/v1/states.json?{urlencode({'limit': limit})}")
    assert answer.status_code == 400
    assert "from 1 to 500" in answer.json()["detail"]


@pytest.mark.parametrize("after", ["", "x", "WzEsMF0", "W:1", "a" * 1000, "[1,0]"])
def test_a_cursor_of_another_is_refused(world, after):
    answer = program_for(world, "observer").ask(f"/data/v1/states.json?{urlencode({'after': after})}")
    assert answer.status_code == 400


def test_a_cursor_fits_its_own_data_alone(world):
    program = program_for(world, "secretariat")
    after = program.read("decisions", "?limit=1")["next"].partition("after=")[2]
    assert program.ask(f"/data/v1/decisions.json?after={after}").status_code == 200
    assert program.ask(f"/data/v1/lessons.json?after={after}").status_code == 400


def test_an_unknown_filter_is_no_filter_without_effect(world):
    answer = program_for(world, "observer").ask("/data/v1/decisions.json?year=2026")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert "year" in answer.json()["detail"]


# -- Around it ---------------------------------------------------------------------------------------------------------


def test_head_has_the_head_alone_and_other_methods_none(world):
    program = program_for(world, "observer")
    head, whole = program.ask("/data/v1/states.json", "head"), program.ask("/data/v1/states.json")
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == whole["ETag"]
    for method in ("post", "put", "patch", "delete", "options"):
        answer = program.ask("/data/v1/states.json", method)
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_what_has_not_changed_is_not_sent_again(world):
    program = program_for(world, "observer")
    first = program.ask("/data/v1/states.json")
    assert program.ask("/data/v1/states.json", **{"If-None-Match": first["ETag"]}).status_code == 304
    MemberStateFactory(label="Newland")
    assert program.ask("/data/v1/states.json", **{"If-None-Match": first["ETag"]}).status_code == 200


def test_nothing_on_the_way_keeps_an_answer(world):
    answer = program_for(world, "observer").ask("/data/v1/states.json")
    assert answer["Cache-Control"] == "no-store, private"
    assert not answer.cookies
    moment = dt.datetime.fromisoformat(answer.json()["as_of"])
    assert moment.utcoffset() is not None


def test_words_are_in_the_language_that_is_asked_for_else_in_hers(world):
    _row, secret = token_for(world, "observer")
    french = Program(secret, "fr").ask("/data/v1/states.json?limit=x")
    assert french["Content-Language"] == "fr"
    assert french.json()["detail"] != Program(secret, "en").ask("/data/v1/states.json?limit=x").json()["detail"]
    person = world.person("observer")
    person.language = "pt"
    person.save()
    assert Program(secret, "").ask("/data/v1/states.json")["Content-Language"] == "pt"


def test_what_was_read_stands_in_the_log_once_an_hour_for_each_kind_of_data(world):
    log.forget()
    token, secret = token_for(world, "observer")
    program = Program(secret)
    for dataset in ("states", "states", "glossary"):
        program.read(dataset)
    events = Event.objects.filter(kind="data.read", actor_id=world.person("observer").pk).order_by("id")
    assert [(event.target_label, event.data["audience"]) for event in events] == [
        ("states", "group"),
        ("glossary", "group"),
    ]
    assert all(event.target_id.startswith(f"{token.pk} ") for event in events)


def test_a_dead_token_leaves_no_trace_of_data(world):
    program = program_for(world, "other_delegate")
    Term.objects.filter(person=world.person("other_delegate")).update(ends_on="2024-01-01")
    answers = {program.ask(f"/data/v1/{name}.json").content for name in (*Dataset.values, "nothing")}
    assert len(answers) == 1


@pytest.mark.parametrize("dataset", SOURCES)
def test_more_rows_cost_no_more_queries(world, dataset, django_assert_max_num_queries):
    program = program_for(world, "secretariat")
    program.read(dataset)
    with django_assert_max_num_queries(30) as few:
        program.read(dataset)
    for n in range(3):
        MemberStateFactory()
        item = ItemFactory(meeting=MeetingFactory(state="adopted", record__audience="group"))
        DecisionFactory(block__item=item, number=50 + n)
        OwnerFactory(action=ActionFactory(block__item=item, number=50 + n), state=world.own)
        LessonFactory(state=world.own)
    with django_assert_max_num_queries(30) as many:
        program.read(dataset)
    assert len(many) == len(few)
