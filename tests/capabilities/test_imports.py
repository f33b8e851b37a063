"""The import by command: the secretariat's own workbooks, the same again, replacing, and history."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from capabilities import models
from capabilities.actions.imports import import_rows
from capabilities.actions.status import append_report
from capabilities.forms.workbooks import read_workbook
from capabilities.models import Answer, Assessment, Round, RoundNote, StatusReport
from capabilities.queries.imports import plan
from iwg_portal.activity.models import Event
from members.models import State
from tests.capabilities.importing import DATA, NOTHING, held, one, run, workbook

pytestmark = pytest.mark.usefixtures("reference")


# -- The workbooks that the secretariat keeps ----------------------------------------------------------------------


def test_both_workbooks_in_order(tmp_path):
    code, out, err = run(tmp_path, (DATA / "status-2024.xlsx").read_bytes(), 2024)
    assert (code, err) == (0, "")
    assert "Round 2024 is imported. New values: 518. Replaced: 0. Unchanged: 0." in out
    assert held() == {
        "Round": 1,
        "Assessment": 15,
        "Answer": 472,
        "AreaScore": 15 * 15,
        "RegionalScore": 18,
        "StatusReport": 30,
        "RoundNote": 1,
    }
    event = Event.objects.get(kind="workbook.imported")
    assert (event.actor_label, event.target_label) == ("system", "2024")
    assert event.data == {"states": 16, "added": 518, "replaced": 0}
    code, out, err = run(tmp_path, (DATA / "status-2025.xlsx").read_bytes(), 2025)
    assert (code, err) == (0, "")
    assert "New values: 522." in out
    assert held()["Assessment"] == 30
    assert held()["StatusReport"] == 60
    ghana = StatusReport.objects.get(state__alpha2="GH", kind="advpax", is_current=True)
    assert (ghana.legal, ghana.delivery, ghana.round.year) == ("in_force", "pilot", 2025)
    assert str(ghana.as_of) == "2025-12-31"
    assert ghana.source == "Self-assessment 2025"


def test_what_a_row_becomes(both):
    benin = {
        answer.indicator.code: (answer.kind, answer.level)
        for answer in Answer.objects.filter(
            assessment__state__alpha2="BJ", assessment__round__year=2024
        ).select_related("indicator")
    }
    assert benin["LEG-1"] == ("level", 1)
    assert "LEG-3" not in benin, "a missing cell is not a zero"
    assert Answer.objects.get(
        assessment__state__alpha2="CV", assessment__round__year=2024, indicator__code="LEG-1"
    ).kind == ("nd")
    # Only a note: no assessment, no status.
    note = RoundNote.objects.get(round__year=2024)
    assert (note.state.alpha2, note.text, note.audience) == ("GW", "No report received", "secretariat")
    assert not Assessment.objects.filter(state__alpha2="GW").exists()
    assert not StatusReport.objects.filter(state__alpha2="GW").exists()
    assert Round.objects.get(year=2024).is_demonstration, "the title says so"


@pytest.mark.parametrize("year", [2024, 2025])
def test_the_same_file_again_changes_nothing_and_says_so(both, tmp_path, year):
    before, events = held(), Event.objects.count()
    code, out, _err = run(tmp_path, (DATA / f"status-{year}.xlsx").read_bytes(), year)
    assert code == 0
    assert "Nothing changes: the portal already holds all" in out
    assert (held(), Event.objects.count()) == (before, events)
    assert set(Assessment.objects.values_list("version", flat=True)) == {1}


def test_another_workbook_for_the_same_round_is_refused_and_lists_what_differs(both, tmp_path):
    before = held()
    code, out, err = run(tmp_path, (DATA / "status-2024.xlsx").read_bytes(), 2025)
    assert code == 1
    assert "values are already there and differ, so nothing was imported" in err
    assert "Ghana, Status of API: legal: In force; delivery: Pilot; since 8 Sep 2025 → legal: Being drafted" in out
    assert "Togo, Source of the levels: Self-assessment 2025 → Self-assessment 2024" in out
    assert "The title of the sheet names 2024, but you are importing into the round 2025." in out
    assert held() == before


# -- Replacing -------------------------------------------------------------------------------------------------------


def test_replacing_lists_old_and_new_and_keeps_the_old_in_history(both, tmp_path):
    content = one(State="Ghana", **{"LEG-1": 1, "LEG-2": 2, "API legal": "adopted", "API delivery": "pilot"})
    code, out, _err = run(tmp_path, content, 2024)
    assert code == 1
    code, out, _err = run(tmp_path, content, 2024, replace=True)
    assert code == 0
    assert "Ghana, Status of API: legal: Being drafted; delivery: Decision taken; since 13 Mar 2021 → " in out
    assert "New values: 0. Replaced: 1. Unchanged: 2." in out

    content = one(State="Ghana", **{"LEG-1": "NA: no carrier", "LEG-3": 4})
    code, out, _err = run(tmp_path, content, 2024, replace=True)
    assert code == 0
    assert "Ghana, LEG-1 API legal basis: level 1 → not applicable: no carrier" in out
    answer = Answer.objects.get(assessment__state__alpha2="GH", assessment__round__year=2024, indicator__code="LEG-1")
    assert (answer.kind, answer.reason) == ("na", "no carrier")
    history = models.AnswerHistory.objects.filter(pgh_obj_id=answer.pk)
    assert [(row.kind, row.level) for row in history] == [("level", 1)]
    assert answer.assessment.version == 2
    reports = StatusReport.objects.filter(state__alpha2="GH", kind="advpax", round__year=2024).order_by("id")
    assert [report.legal for report in reports] == ["drafting", "adopted"]
    current = StatusReport.objects.get(state__alpha2="GH", kind="advpax", is_current=True)
    assert current.round.year == 2025, "an older round never becomes the current status"


def test_an_empty_cell_changes_nothing(both, tmp_path):
    content = one(State="GH", **{"API legal": "drafting", "API delivery": "planned", "API since": None, "LEG-1": None})
    assert "Nothing changes" in run(tmp_path, content, 2024)[1]


def test_a_new_date_or_source_alone_is_a_change_that_needs_replace(both, tmp_path):
    row = {"API legal": "drafting", "API delivery": "planned"}
    for more in ({"API since": "2021-03-14"}, {"Source": "Letter of 3 May"}):
        content = one(State="GH", **row, **more)
        assert run(tmp_path, content, 2024)[0] == 1
        code, out, _err = run(tmp_path, content, 2024, replace=True)
        assert (code, "Replaced: 1." in out) == (0, True)
        assert "Nothing changes" in run(tmp_path, content, 2024)[1]
    report = StatusReport.objects.filter(state__alpha2="GH", kind="advpax", round__year=2024).latest("id")
    assert (str(report.since), report.source) == ("2021-03-14", "Letter of 3 May")


def test_another_status_does_not_inherit_the_date(both, tmp_path):
    content = one(State="GH", **{"API legal": "adopted", "API delivery": "planned"})
    assert run(tmp_path, content, 2024, replace=True)[0] == 0
    report = StatusReport.objects.filter(state__alpha2="GH", kind="advpax", round__year=2024).latest("id")
    assert (report.legal, report.since, report.source) == ("adopted", None, "")


def test_a_note_that_differs_needs_replace(both, tmp_path):
    content = one(State="GW", Note="Report announced\nfor May")
    assert run(tmp_path, content, 2024)[0] == 1
    code, out, _err = run(tmp_path, content, 2024, replace=True)
    assert code == 0
    assert "Guinea-Bissau, Note: No report received → Report announced\nfor May" in out
    assert RoundNote.objects.get(round__year=2024).text == "Report announced\nfor May"


def test_what_a_state_reported_for_that_very_day_is_not_overwritten_unasked(tmp_path):
    ghana = State.objects.get(alpha2="GH")
    append_report(
        state=ghana,
        kind="pnr",
        legal="adopted",
        delivery="pilot",
        as_of=__import__("datetime").date(2024, 12, 31),
        by=None,
    )
    content = one(State="GH", **{"PNR legal": "none", "PNR delivery": "none"})
    assert run(tmp_path, content)[0] == 1
    assert run(tmp_path, content, replace=True)[0] == 0
    assert StatusReport.objects.get(state=ghana, kind="pnr", is_current=True).legal == "none"


def test_answers_that_a_state_has_not_shared_are_neither_shown_nor_overwritten(both, tmp_path):
    assessment = Assessment.objects.get(state__alpha2="GH", round__year=2024)
    assessment.answers.update(audience="delegation")
    assessment.scores.update(audience="delegation")
    Assessment.objects.filter(pk=assessment.pk).update(audience="delegation", status="draft", published_at=None)
    code, out, err = run(tmp_path, (DATA / "status-2024.xlsx").read_bytes(), 2024, replace=True)
    assert code == 1
    assert "Row 9: Ghana has answers of its own in this round that it has not shared" in err
    assert "LEG" not in out


# -- Together --------------------------------------------------------------------------------------------------------


def test_one_bad_cell_and_nothing_is_imported(tmp_path):
    content = workbook(["State", "LEG-1", "LEG-2"], ["GH", 3, 2], ["TG", 1, 7])
    code, _out, err = run(tmp_path, content)
    assert code == 1
    assert "Row 5, column C (LEG-2): the level 7 does not exist; write a whole number from 0 to 4, ND" in err
    assert "The workbook has 1 problem, so nothing was imported." in err
    assert held() == NOTHING


def test_all_problems_at_once_and_at_most_a_hundred_shown(tmp_path):
    rows = [[state.alpha2, *["x"] * 7] for state in State.objects.filter(participations__isnull=False)]
    content = workbook(["State", *[f"LEG-{n}" for n in range(1, 8)]], *rows)
    code, _out, err = run(tmp_path, content)
    assert code == 1
    assert err.count("is not a level") == 100
    assert "These are the first 100 of 112 problems." in err
    assert "The workbook has 112 problems" in err


def test_a_dry_run_shows_everything_and_writes_nothing(both, tmp_path):
    before = held()
    content = one(State="GH", **{"LEG-1": 4, "LEG-3": "ND"})
    code, out, _err = run(tmp_path, content, 2025, dry_run=True)
    assert code == 0
    assert "Ghana, LEG-3 Purposes and competent authorities: level 3 → not declared" in out
    assert "New values: 0. Values to be replaced: 1. Unchanged: 1." in out
    assert held() == before


def test_messages_in_another_language_use_names_of_that_language(tmp_path):
    _code, _out, err = run(tmp_path, workbook(["State", "LEG-1"], ["Cameroon", 1]), language="fr")
    assert "Cameroun" in err


@pytest.mark.parametrize("year", [1999, 2027])
def test_a_round_has_a_year_that_has_begun(tmp_path, year):
    code, _out, err = run(tmp_path, one(State="GH", **{"LEG-1": 1}), year)
    assert code == 1
    assert "A round has a year from 2000 to 2026." in err
    assert held() == NOTHING


def test_a_file_that_is_not_there(tmp_path):
    from django.core.management import call_command
    from django.core.management.base import CommandError

    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_status", str(tmp_path / "none.xlsx"), "--round", "2024")


def test_a_file_over_the_limit_is_not_read(tmp_path, settings):
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    code, _out, err = run(tmp_path, b"x" * (1024 * 1024 + 1))
    assert (code, "larger than 1 MB" in err) == (1, True)


def test_a_file_without_an_end_is_not_read_to_its_end(settings):
    from django.core.management import call_command
    from django.core.management.base import CommandError

    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    with pytest.raises(CommandError, match="larger than 1 MB"):
        call_command("import_status", "/dev/zero", "--round", "2024")


def test_text_with_the_same_columns(tmp_path):
    text = (
        "Pays;RPCV juridique;RPCV réalisation;RPCV depuis;leg–1;Remarques\n"
        "Côte d'Ivoire;Adoptée;Phase pilote;17/03/2023;NA : aucun;\n"
    )
    assert run(tmp_path, text.encode("cp1252"), name="s.csv")[0] == 0
    report = StatusReport.objects.get()
    assert (report.state.alpha2, report.legal, report.delivery, str(report.since)) == (
        "CI",
        "adopted",
        "pilot",
        "2023-03-17",
    )
    assert Answer.objects.get().reason == "aucun"


def test_the_action_asks_for_the_right_again(cast):
    for part in ("anonymous", "own_focal_point", "chair", "administrator"):
        with pytest.raises(PermissionDenied):
            import_rows(rows=[], problems=[], year=2024, file_name="x", replace=False, by=cast.viewer(part))


def test_a_preview_costs_the_same_at_one_row_and_at_sixteen(both):
    counts = []
    for content in (one(State="GH", **{"LEG-1": 0}), (DATA / "status-2024.xlsx").read_bytes()):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            book = read_workbook(content, file_name="a.xlsx", year=2025)
            plan(book.rows, book.vocabulary)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 11
