"""The regional summary: whom it names, that its figures stay, who builds, approves, releases and reads it."""

import io
import json
import re

import openpyxl
import pikepdf
import pypdfium2
import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import translation

from capabilities.actions.releases import release
from capabilities.models import HEADLINE, StatusReport
from capabilities.queries.releases import Uses, released
from iwg_portal.activity.models import Event
from iwg_portal.summaries import actions, figures
from iwg_portal.summaries.models import Summary
from iwg_portal.summaries.reading import Reading
from members.access import viewer_for
from members.enums import Audience
from members.models import Term
from tests.factories import (
    DecisionFactory,
    ItemFactory,
    MeetingFactory,
    MemberStateFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
    person_with,
)

pytestmark = pytest.mark.django_db
SECRET_STATE = "Unnamedland"


@pytest.fixture
def world(cast):
    """Own and other report; own agreed to be named, other did not; a third never reported."""
    edition = framework()
    cast.rounds = [RoundFactory(year=2023, edition=edition), RoundFactory(year=2024, edition=edition)]
    cast.quiet = MemberStateFactory(label=SECRET_STATE)
    cast.silent = MemberStateFactory(label="Silentland")
    for state, steps, levels in (
        (cast.own, ("development", "op_batch"), (1, 2)),
        (cast.quiet, ("pilot", "op_interactive"), (3, 4)),
    ):
        for round_, step, level in zip(cast.rounds, steps, levels, strict=True):
            StatusReportFactory(state=state, delivery=step, as_of=round_.reference_date)
            declare(state, round_, level)
    agree(cast, cast.own)
    cast.person("chair")  # of a further member state
    return cast


def agree(cast, state, *codes, person="own_focal_point", named=True):
    held = dict(released(state.pk).uses)
    for code in codes or (HEADLINE, "AR1"):
        held[code] = Uses(released(state.pk).of(code).audience, named=named)
    release(state=state, uses=held, by=cast.viewer(person))


def built(cast, scope="both", part="secretariat"):
    made = actions.ask(scope=scope, by=cast.viewer(part))
    actions.build_waiting()
    made.refresh_from_db()
    return made


def released_one(cast):
    made = built(cast)
    actions.approve(summary=made, by=cast.viewer("chair"))
    actions.release(summary=made, by=cast.viewer("secretariat"))
    made.refresh_from_db()
    return made


def address(made, more=""):
    return f"/summaries/{made.code}/{more}"


def pdf_text(content):
    pages = pypdfium2.PdfDocument(content)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())


def plain(response):
    html = re.sub(r"<svg.*?</svg>", " ", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def row(made, state):
    return next(row for row in made.content["states"] if row["code"] == state.alpha2)


# -- Whom it names ---------------------------------------------------------------------------------------------------


def test_names_a_state_only_with_what_it_agreed_to(world):
    made = built(world)
    own = row(made, world.own)
    assert own["advpax"][0] == "op_batch"
    assert own["areas"]["AR1"] == 2.0
    others = [value for code, value in own["areas"].items() if code != "AR1"]
    assert set(others) <= {None}


def test_a_state_that_did_not_agree_is_shown_as_one_that_did_not_report(world):
    made = built(world)
    quiet, silent = row(made, world.quiet), row(made, world.silent)
    assert {**quiet, "code": ""} == {**silent, "code": ""}
    ladder = made.content["ladders"][0]
    assert (ladder["named"], ladder["steps"]) == (1, [["op_batch", 1]])
    assert ladder["into_operation"] == 1
    assert ladder["compared"] == 1
    # Its step stands nowhere: neither in a count, nor in the picture of the map.
    assert "op_interactive" not in json.dumps([made.content["ladders"], made.content["states"]])


def test_what_the_requester_reads_besides_does_not_come_in(world):
    """A status that only the secretariat may read, of a state that agreed to be named."""
    StatusReportFactory(state=world.own, kind="pnr", delivery="pilot", audience=Audience.SECRETARIAT)
    made = built(world, part="secretariat")
    assert row(made, world.own)["pnr"] is None
    assert StatusReport.objects.filter(state=world.own, kind="pnr").exists()


def test_the_same_figures_whoever_asks(world):
    by_office, by_chair = built(world, part="secretariat").content, built(world, part="chair").content
    assert {**by_office, "as_of": ""} == {**by_chair, "as_of": ""}


def test_consent_taken_back_counts_from_the_next_summary_on(world):
    first = built(world)
    agree(world, world.own, named=False)
    assert row(built(world), world.own)["advpax"] is None
    first.refresh_from_db()
    assert row(first, world.own)["advpax"][0] == "op_batch"


def test_says_no_median_of_fewer_than_five_states(world):
    made = built(world)
    points = made.content["medians"][0]["course"]
    assert [point["median"] for point in points] == [None, None]
    assert [point["n"] for point in points] == [None, None]
    for _state in range(3):
        declare(MemberStateFactory(), world.rounds[1], 2)
    points = built(world).content["medians"][0]["course"]
    assert points[1]["n"] == 5
    assert points[1]["median"] == 2.0


def test_beside_named_means_a_median_of_few_others_is_blurred(world):
    """Four named ones, and one more that counts in the median: exact quartiles would say what it declared."""
    for level in (1, 3, 4):
        state = MemberStateFactory()
        declare(state, world.rounds[1], level)
        focal = viewer_for(person_with("focal_point", state=state))
        release(state=state, uses={"AR1": Uses(Audience.MEMBERS, named=True)}, by=focal)
    point = built(world).content["medians"][0]["course"][1]
    assert point["n"] == 5
    assert point["blurred"]
    assert (point["lower"], point["upper"]) == (None, None)
    assert point["median"] * 2 == int(point["median"] * 2)


def test_what_a_state_takes_back_stops_the_chair_and_the_secretariat(world):
    made = built(world)
    agree(world, world.own, "AR1", named=False)
    answer = world.client("chair").post(address(made, "move/"), {"do": "approve"}, follow=True)
    assert "Build a new summary." in plain(answer)
    made.refresh_from_db()
    assert made.state == "draft"
    other = built(world)
    actions.approve(summary=other, by=world.viewer("chair"))
    agree(world, world.own, HEADLINE, named=False)
    with pytest.raises(ValidationError, match="Build a new summary"):
        actions.release(summary=other, by=world.viewer("secretariat"))


@pytest.mark.parametrize("which", [0, 1])
def test_so_does_a_level_that_may_be_counted_no_more_in_whichever_round(world, which):
    """Of five further states; the last contributes to one of the two rounds alone."""
    for state in [MemberStateFactory() for _state in range(4)]:
        for round_ in world.rounds:
            declare(state, round_, 2)
    last = MemberStateFactory()
    declare(last, world.rounds[which], 2)
    made = built(world)
    assert all(point["n"] >= 5 for point in made.content["medians"][0]["course"])
    focal = viewer_for(person_with("focal_point", state=last))
    release(state=last, uses={"AR1": Uses(Audience.MEMBERS, in_average=False)}, by=focal)
    with pytest.raises(ValidationError, match="what may be counted of it"):
        actions.approve(summary=made, by=world.viewer("chair"))
    actions.approve(summary=built(world), by=world.viewer("chair"))


def test_twice_is_once(world):
    made = built(world)
    for _again in range(2):
        actions.approve(summary=made, by=world.viewer("chair"))
    for _again in range(2):
        actions.release(summary=made, by=world.viewer("secretariat"))
    for _again in range(2):
        actions.withdraw(summary=made, by=world.viewer("secretariat"))
    assert Event.objects.filter(kind__in=("summary.approved", "summary.released", "summary.withdrawn")).count() == 3


def test_one_that_the_database_ends_does_not_block_the_others_and_fails_in_the_end(world, monkeypatch):
    first = actions.ask(scope="both", by=world.viewer("chair"))
    other = actions.ask(scope="pnr", by=world.viewer("chair"))
    taken = figures.take

    def ended(scope, *args):
        if scope == "both":
            raise OperationalError("disk full")
        return taken(scope, *args)

    monkeypatch.setattr(figures, "take", ended)
    assert actions.build_waiting() == 1
    other.refresh_from_db()
    assert other.state == "draft"
    for _run in range(actions.MOST_ATTEMPTS):
        actions.build_waiting()
    first.refresh_from_db()
    assert (first.state, first.problem) == ("failed", "attempts")


def test_one_invented_round_makes_the_whole_an_invention(world):
    type(world.rounds[0]).objects.filter(pk=world.rounds[0].pk).update(is_demonstration=True)
    assert built(world).content["demonstration"] is True


def test_what_is_under_silence_procedure_is_not_decided_yet(world):
    for state, words in (("circulated", "Not yet."), ("adopted", "It is decided.")):
        meeting = MeetingFactory(state=state, record__audience="members")
        DecisionFactory(block__item=ItemFactory(meeting=meeting), block__text=words, number=1 + len(words))
    made = built(world)
    assert [row["text"] for row in made.content["decisions"]["rows"]] == ["It is decided."]
    assert made.content["decisions"]["counts"]["active"] == 1


def test_trying_again_while_the_same_is_asked_for_is_told_in_words(world):
    failed = actions.ask(scope="both", by=world.viewer("chair"))
    Summary.objects.filter(pk=failed.pk).update(state="failed")
    actions.ask(scope="both", by=world.viewer("chair"))
    answer = world.client("chair").post(address(failed, "move/"), {"do": "retry"}, follow=True)
    assert "This summary is being built already." in plain(answer)


@pytest.mark.django_db(transaction=True)
def test_figures_are_read_in_one_picture_that_can_write_nothing(cast):
    with actions.one_picture(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)
        with pytest.raises(DatabaseError, match="read-only"):
            cursor.execute("UPDATE members_person SET is_active = false")


def test_a_report_that_declares_nothing_is_none(world):
    StatusReportFactory(state=world.own, kind="pnr", delivery="nd", legal="nd")
    made = built(world)
    assert row(made, world.own)["pnr"] is None
    assert made.content["ladders"][1]["named"] == 0


# -- The figures stay -------------------------------------------------------------------------------------------------


def test_figures_of_a_year_ago_are_what_they_were(world):
    made = released_one(world)
    desk = world.client("secretariat")
    before = pdf_text(desk.get(address(made, "en.pdf")).content)
    page = plain(desk.get(address(made)))
    StatusReportFactory(state=world.own, delivery="op_interactive", as_of=world.rounds[1].reference_date)
    type(world.own).objects.filter(pk=world.own.pk).update(name_en="Renamedland")
    assert pdf_text(desk.get(address(made, "en.pdf")).content) == before
    assert plain(desk.get(address(made))) == page
    assert "Renamedland" not in before


@pytest.mark.parametrize("change", [{"content": {"format": 1}}, {"sha256": "0" * 64}, {"check_code": "0000-0000-00"}])
def test_the_database_refuses_to_change_them(world, change):
    made = built(world)
    with pytest.raises(DatabaseError, match="figures_stay|Cannot update"), transaction.atomic():
        Summary.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Summary.objects.filter(pk=made.pk).delete()


def test_the_hash_is_that_of_the_figures_and_the_code_of_the_hash(world):
    made = built(world)
    made.refresh_from_db()
    assert made.sha256 == figures.sha256_of(made.content)
    assert made.check_code == figures.check_code(made.sha256, made.code)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}", made.check_code)


def test_one_order_while_it_is_built_and_the_next_number_after_it(world):
    first = actions.ask(scope="both", by=world.viewer("chair"))
    assert actions.ask(scope="both", by=world.viewer("chair")).pk == first.pk
    other = actions.ask(scope="pnr", by=world.viewer("chair"))
    assert other.number == first.number + 1
    assert actions.build_waiting() == 2
    assert actions.build_waiting() == 0
    assert actions.ask(scope="both", by=world.viewer("chair")).number == other.number + 1


def test_an_office_that_ended_meanwhile_builds_nothing(world):
    made = actions.ask(scope="both", by=world.viewer("chair"))
    Term.objects.filter(person=world.person("chair")).update(ends_on="2024-01-01")
    actions.build_waiting()
    made.refresh_from_db()
    assert (made.state, made.problem, made.content) == ("failed", "rights", None)
    actions.retry(summary=made, by=world.viewer("secretariat"))
    actions.build_waiting()
    made.refresh_from_db()
    assert made.state == "draft"


def test_a_worker_that_dies_leaves_the_order(world, monkeypatch):
    made = actions.ask(scope="both", by=world.viewer("chair"))

    def dies(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(figures, "take", dies)
        with pytest.raises(KeyboardInterrupt):
            actions.build_waiting()
    made.refresh_from_db()
    assert made.state == "queued"
    assert actions.build_waiting() == 1


def test_nothing_to_sum_up_says_so(cast):
    made = actions.ask(scope="both", by=cast.viewer("secretariat"))
    actions.build_waiting()
    made.refresh_from_db()
    assert made.problem == "nothing"
    page = plain(cast.client("secretariat").get(address(made)))
    assert "there is nothing to sum up" in page
    assert "Try again" in page


# -- Documents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_the_pdf_says_what_was_frozen(world, language):
    made = released_one(world)
    answer = world.client("own_delegate").get(address(made, f"{language}.pdf"))
    name = f"regional-summary-{made.code}-{language}_own-delegate_{made.taken_at.date().isoformat()}.pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    text = pdf_text(answer.content)
    with translation.override(language):
        reading = Reading(made)
        told = [reading.title, *reading.lead, *reading.changes, reading.actions_words, reading.decisions_words]
        names = [one.name for one in reading.rows]
    for words in [*told, *names, made.check_code, "TLP:AMBER", str(world.person("own_delegate"))]:
        assert " ".join(words.split()) in text, words
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert str(pdf.Root.Lang) == language
        assert "pdfuaid" in bytes(pdf.Root.Metadata.read_bytes()).decode()


def test_the_workbook_holds_the_same_figures_and_no_formula(world):
    type(world.own).objects.filter(pk=world.own.pk).update(name_en="=1+1", name_fr="=1+1", name_pt="=1+1")
    made = released_one(world)
    answer = world.client("own_delegate").get(address(made, "en.xlsx"))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    about, states, ladders = book["About"], book["States"], book["Ladders"]
    said = {line[0].value: line[1].value for line in about.iter_rows(min_row=1)}
    assert said["Check code"] == made.check_code
    assert said["SHA-256"] == made.sha256
    assert said["Handed to"] == str(world.person("own_delegate"))
    own = next(line for line in states.iter_rows() if line[0].value == "=1+1")
    assert own[0].data_type == "s"
    assert 2.0 in [cell.value for cell in own]
    assert [cell.value for cell in ladders[2]] == ["API", Reading(made).ladders[0].segments[0][1], 1]
    quiet = next(line for line in states.iter_rows() if line[0].value == SECRET_STATE)
    assert {cell.value for cell in quiet[2:]} == {None}


def test_handing_out_is_in_the_log(world):
    made = released_one(world)
    world.client("own_delegate").get(address(made, "fr.pdf"))
    event = Event.objects.filter(kind="file.exported").latest("pk")
    assert event.actor_id == world.person("own_delegate").pk
    assert event.target_label.startswith(f"regional-summary-{made.code}-fr_own-delegate_")


# -- Who -------------------------------------------------------------------------------------------------------------


def test_it_goes_from_draft_to_the_chair_to_the_members(world):
    made = built(world)
    delegate, chair, desk = (world.client(part) for part in ("own_delegate", "chair", "secretariat"))
    assert delegate.get(address(made)).status_code == 404
    assert delegate.get(address(made, "en.pdf")).status_code == 404
    assert desk.post(address(made, "move/"), {"do": "approve"}).status_code == 403
    assert desk.post(address(made, "move/"), {"do": "release"}).status_code == 403
    assert "Draft, not approved by the chair" in plain(chair.get(address(made)))
    assert chair.post(address(made, "move/"), {"do": "approve"}).status_code == 302
    assert delegate.get(address(made)).status_code == 404
    assert chair.post(address(made, "move/"), {"do": "release"}).status_code == 403
    assert desk.post(address(made, "move/"), {"do": "release"}).status_code == 302
    page = plain(delegate.get(address(made)))
    assert "approved by the chair on" in page
    assert delegate.post(address(made, "move/"), {"do": "withdraw"}).status_code == 403
    assert desk.post(address(made, "move/"), {"do": "withdraw"}).status_code == 302
    assert delegate.get(address(made)).status_code == 404
    assert desk.get(address(made, "en.pdf")).status_code == 404


@pytest.mark.parametrize("part", ["observer", "partner", "administrator", "stranger", "ex_member"])
def test_it_is_there_for_the_members_alone(world, part):
    made = released_one(world)
    client = world.client(part)
    for more in ("", "en.pdf", "en.xlsx"):
        assert client.get(address(made, more)).status_code == 404
    page = client.get("/summaries/")
    assert page.status_code == (404 if part in ("stranger", "ex_member") else 200)
    assert made.code not in plain(page)


@pytest.mark.parametrize("more", ["de.pdf", "en.docm", "en.pdf.exe"])
def test_no_other_language_or_kind_of_file(world, more):
    assert world.client("secretariat").get(address(released_one(world), more)).status_code == 404


def test_a_delegate_builds_none_and_a_wrong_scope_is_refused(world):
    assert world.client("own_delegate").post("/summaries/", {"scope": "both"}).status_code == 403
    answer = world.client("chair").post("/summaries/", {"scope": "everything"})
    assert answer.status_code == 422
    assert "Choose what the summary speaks of." in plain(answer)
    assert not Summary.objects.exists()


# -- Is it genuine ----------------------------------------------------------------------------------------------------


def test_anybody_can_check_a_code_and_learns_no_figure(world, client):
    made = released_one(world)
    typed = made.check_code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    page = plain(client.get("/check/", {"code": typed}))
    assert f"Regional summary {made.code}" in page
    assert "approved by the chair" in page
    assert made.sha256 in page
    assert "Ownland" not in page
    assert "in operation" not in page
    actions.withdraw(summary=made, by=world.viewer("secretariat"))
    assert "Withdrawn: not to be used any more" in plain(client.get("/check/", {"code": made.check_code}))


@pytest.mark.parametrize("typed", ["0000-0000-00", "7KQ4-M2ZD-9", "<script>alert(1)</script>", "é" * 40, "%00"])
def test_a_code_that_is_none_is_told_so(world, client, typed):
    built(world)
    answer = client.get("/check/", {"code": typed})
    page = answer.content.decode()
    assert "Compare it with the paper" in page
    assert "<script>alert" not in page
    assert "This code belongs" not in page


def test_the_page_asks_the_database_as_often_for_many_states(world, django_assert_max_num_queries):
    made = built(world)
    for _state in range(20):
        MemberStateFactory()
    more = built(world)
    desk = world.client("secretariat")
    for one in (made, more):
        desk.get(address(one))
        with django_assert_max_num_queries(10):
            assert desk.get(address(one)).status_code == 200
