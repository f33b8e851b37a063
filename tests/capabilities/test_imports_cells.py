"""What may stand in a cell, a heading, a name of a state; and the exact line for everything that may not."""

import datetime as dt

import pytest
from django.utils import translation

from capabilities.forms.workbooks import read_workbook
from members.models import State
from tests.capabilities.importing import NOTHING, held, one, run, workbook

pytestmark = pytest.mark.usefixtures("reference")

LEVEL = "write a whole number from 0 to 4, ND, or NA: with the reason."
STATUS = {"API legal": "none", "API delivery": "none"}


def read(content, year=2024, name="a.xlsx"):
    return read_workbook(content, file_name=name, year=year)


def answer(cell):
    """(kind, level, reason) of a cell in the column LEG-1."""
    book = read(one(State="GH", **{"LEG-1": cell}))
    assert book.problems == []
    return next(iter(book.rows[0].answers.values()), None)


# -- Good ones -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (0, ("level", 0, "")),
        (4, ("level", 4, "")),
        (3.0, ("level", 3, "")),
        ("3", ("level", 3, "")),
        (" 3,0 ", ("level", 3, "")),
        ("nd", ("nd", None, "")),
        ("N.D.", ("nd", None, "")),
        ("Not declared", ("nd", None, "")),
        ("non déclaré", ("nd", None, "")),
        ("NÃO DECLARADO", ("nd", None, "")),
        ("NA: no sea port", ("na", None, "no sea port")),
        ("n/a :  no\nsea   port", ("na", None, "no sea port")),
        ("Sans objet : aucun port", ("na", None, "aucun port")),
        ("  ", None),
        (None, None),
    ],
)
def test_levels(cell, value):
    assert answer(cell) == value


@pytest.mark.parametrize(
    ("cell", "code"),
    [("IN_FORCE", "in_force"), ("En vigueur", "in_force"), ("Em vigor", "in_force"), ("n.d.", "nd"), ("none", "none")],
)
def test_steps_by_code_or_by_words(cell, code):
    book = read(one(State="GH", **{"API legal": cell, "API delivery": "opérationnel, par lots"}))
    assert book.problems == []
    assert (book.rows[0].statuses["advpax"].legal, book.rows[0].statuses["advpax"].delivery) == (code, "op_batch")


@pytest.mark.parametrize(
    "cell",
    [dt.date(2024, 3, 17), dt.datetime(2024, 3, 17), "2024-03-17", "17/03/2024", "17.3.2024"],  # noqa: DTZ001
)
def test_dates(cell):
    book = read(one(State="GH", **STATUS, **{"API since": cell}))
    assert book.problems == []
    assert book.rows[0].statuses["advpax"].since == dt.date(2024, 3, 17)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("BJ", "BJ"),
        ("bj", "BJ"),
        ("CPV", "CV"),
        ("204", "BJ"),
        (204, "BJ"),
        ("Bénin", "BJ"),
        ("BENIN", "BJ"),
        ("Benim", "BJ"),
        ("République du Bénin", "BJ"),
        ("Côte d’Ivoire", "CI"),
        ("Côte d'Ivoire", "CI"),
        ("cote d`ivoire", "CI"),
        ("La Côte dIvoire", "CI"),
        ("Costa do Marfim", "CI"),
        ("Ivory Coast", "CI"),
        ("Gambia", "GM"),
        ("The Gambia", "GM"),
        ("Gambia (the)", "GM"),
        ("Gambie (la)", "GM"),
        ("A Gâmbia", "GM"),
        ("le Niger", "NE"),
        ("o Níger", "NE"),
        ("Guinée–Bissau", "GW"),
        ("guine  bissau", "GW"),
        ("Guinea", "GN"),
        ("Cap-Vert", "CV"),
        ("Burquina Faso", "BF"),
        ("  Serra Leoa ", "SL"),
    ],
)
def test_states_by_any_name(text, code):
    book = read(one(State=text, **{"LEG-1": 1}))
    assert book.problems == []
    assert State.objects.get(pk=book.rows[0].state_id).alpha2 == code


def test_headings_in_three_languages_and_codes_in_any_writing():
    headings = {
        "ÉTAT": "GH",
        "RPCV (API) juridique": "none",
        "api réalisation": "none",
        "Dados API desde": "2023-01-02",
        "PNR Legal": "none",
        "PNR execução": "none",
        "pnr depuis": "2023-01-03",
        "leg–1": 1,
        "Ops 7": 2,
        "cop5": 3,
        "Fonte": "x",
        "Observações": "y",
    }
    book = read(one(**headings))
    assert book.problems == []
    row = book.rows[0]
    assert (len(row.answers), len(row.statuses), row.source, row.note) == (3, 2, "x", "y")


def test_headings_of_the_template_are_known_in_each_language():
    from capabilities.forms.headings import TITLES

    for language in ("en", "fr", "pt"):
        with translation.override(language):
            headings = [translation.gettext(title) for title in TITLES.values()]
        book = read(workbook(headings, ["GH"]))
        assert book.problems == []


def test_a_note_keeps_its_lines_and_numbers_become_text():
    book = read(one(State="GH", Note="a\r\nb", Source=2024.0, **{"LEG-1": 1}))
    assert (book.rows[0].note, book.rows[0].source) == ("a\nb", "2024")


@pytest.mark.parametrize(
    ("title", "warned"),
    [("Round 2024", False), ("Rounds 2023 and 2024", False), ("No year", False), ("Round 2023", True), (2025, True)],
)
def test_a_title_of_another_year_is_said(title, warned):
    book = read(workbook(["State", "LEG-1"], ["GH", 1], title=title))
    assert bool(book.notes) == warned
    assert len(book.rows) == 1


# -- Bad ones --------------------------------------------------------------------------------------------------------

HEAD = ["State", "API legal", "API delivery", "API since", "LEG-1", "TEC-3", "Source", "Note"]


def bad(**cells):
    """Row 4 of a workbook with every kind of column, Ghana unless told otherwise."""
    row = {"State": "GH", **{name.replace("_", " "): value for name, value in cells.items()}}
    row = {name.replace("LEG 1", "LEG-1").replace("TEC 3", "TEC-3"): value for name, value in row.items()}
    return workbook(HEAD, [row.get(name) for name in HEAD])


def dated(value):
    return bad(API_legal="none", API_delivery="none", API_since=value)


BAD = {
    "level 7": (bad(TEC_3=7), f"Row 4, column F (TEC-3): the level 7 does not exist; {LEVEL}"),
    "level -1": (bad(TEC_3=-1), f"Row 4, column F (TEC-3): the level -1 does not exist; {LEVEL}"),
    "level 2.5": (bad(LEG_1=2.5), f"Row 4, column E (LEG-1): the level 2.5 does not exist; {LEVEL}"),
    "level 2,5": (bad(LEG_1="2,5"), f"Row 4, column E (LEG-1): the level 2,5 does not exist; {LEVEL}"),
    "level 1e300": (bad(LEG_1=1e300), "Row 4, column E (LEG-1): the level 1e+300 does not exist"),
    "text in a level": (bad(LEG_1="high"), f"Row 4, column E (LEG-1): “high” is not a level; {LEVEL}"),
    "long text in a level": (bad(LEG_1="x" * 90), "Row 4, column E (LEG-1): “" + "x" * 39 + "…” is not a level"),
    "yes": (bad(LEG_1=True), "Row 4, column E (LEG-1): “True” is not a level"),
    "date in a level": (bad(LEG_1=dt.date(2024, 3, 2)), "Row 4, column E (LEG-1): “2 March 2024” is not a level"),
    "NA alone": (bad(LEG_1="NA"), "Row 4, column E (LEG-1): NA needs the reason; write it after a colon"),
    "NA without reason": (bad(LEG_1="n/a: "), "Row 4, column E (LEG-1): NA needs the reason"),
    "long reason": (bad(LEG_1="NA: " + "x" * 301), "(LEG-1): the text has 301 characters; at most 300 fit."),
    "error value": (bad(LEG_1="#N/A"), "Row 4, column E (LEG-1): the formula gives the error #N/A; correct it"),
    "error in a note": (bad(Note="#REF!"), "Row 4, column H (Note): the formula gives the error #REF!"),
    "formula without result": (bad(LEG_1="=1+1"), "Row 4, column E (LEG-1): the formula has no stored result"),
    "unknown step": (
        bad(API_legal="soon", API_delivery="none"),
        "Row 4, column B (API legal): “soon” is not known here; write one of none, drafting, adopted, in_force, ND.",
    ),
    "derived step": (
        bad(API_legal="in_force", API_delivery="legal_basis"),
        "column C (API delivery): “legal_basis” is",
    ),
    "step of the other ladder": (
        bad(API_legal="none", API_delivery="op_full"),
        "column C (API delivery): “op_full” is",
    ),
    "number as step": (bad(API_legal=1, API_delivery="none"), "Row 4, column B (API legal): “1” is not known here"),
    "legal alone": (bad(API_legal="none"), "Row 4, column C (API delivery): the legal step is given but the delivery"),
    "delivery alone": (
        bad(API_delivery="none"),
        "Row 4, column B (API legal): the delivery step is given",
    ),
    "date alone": (bad(API_since="2024-03-17"), "Row 4, column D (API since): there is a date but no status"),
    "1899": (dated("1899-12-31"), "Row 4, column D (API since): the date 31 December 1899 lies before 1990"),
    "zero date": (dated(dt.time(0)), "Row 4, column D (API since): the date lies in 1899 (an empty date of Excel)"),
    "1900": (dated(dt.date(1900, 1, 1)), "Row 4, column D (API since): the date 1 January 1900 lies before 1990"),
    "future": (dated(dt.date(2026, 3, 3)), "Row 4, column D (API since): the date 3 March 2026 lies in the future"),
    "after the round": (
        dated("01/01/2025"),
        "Row 4, column D (API since): the date 1 January 2025 lies after 31 December 2024, the day to which this",
    ),
    "time of day": (dated(dt.time(9, 30)), "Row 4, column D (API since): the cell holds a time of day, not a date"),
    "date with time": (
        dated(dt.datetime(2024, 3, 17, 9, 30)),  # noqa: DTZ001
        "Row 4, column D (API since): the cell holds a time of day as well",
    ),
    "number as date": (dated(45368), "Row 4, column D (API since): “45368” is not a date; write a date such as"),
    "month first": (dated("03/17/2024"), "Row 4, column D (API since): “03/17/2024” is not a date"),
    "30 February": (dated("2024-02-30"), "Row 4, column D (API since): “2024-02-30” is not a date"),
    "words as date": (dated("spring"), "Row 4, column D (API since): “spring” is not a date"),
    "long source": (
        bad(LEG_1=1, Source="x" * 301),
        "Row 4, column G (Source): the text has 301 characters",
    ),
    "long note": (bad(Note="x" * 2001), "Row 4, column H (Note): the text has 2001 characters; at most 2000 fit."),
    "turned text": (bad(Note="abc\u202edef"), "Row 4, column H (Note): the text holds control characters"),
    "unknown state": (
        bad(State="Atlantis", LEG_1=1),
        "Row 4, column A (State): the state “Atlantis” is not known; write its code of two or three letters",
    ),
    "misspelt state": (
        bad(State="Senegall", LEG_1=1),
        "Row 4, column A (State): the state “Senegall” is not known; perhaps Senegal is meant.",
    ),
    "no member": (
        bad(State="Cameroon", LEG_1=1),
        "Row 4, column A (State): Cameroon is not a member state in this round (31 December 2024); delete the row.",
    ),
    "no state": (bad(State=None, LEG_1=1), "Row 4, column A (State): the row has values but names no state"),
    "error as state": (bad(State="#N/A", LEG_1=1), "Row 4, column A (State): the formula gives the error #N/A"),
    "state twice": (
        workbook(["State", "LEG-1"], ["GH", 1], ["TG", 1], ["Gana", 2]),
        "Row 6, column A (State): Ghana already stands in row 4; keep one row for each state.",
    ),
    "unknown heading": (
        workbook(["State", "LEG-1", "Comments by the chair"], ["GH", 1]),
        "Row 3, column C (Comments by the chair): the heading “Comments by the chair” is not known; delete",
    ),
    "misspelt heading": (
        workbook(["State", "LEG-1", "API deliverry"], ["GH", 1]),
        "Row 3, column C (API deliverry): the heading “API deliverry” is not known; perhaps API delivery is meant.",
    ),
    "indicator that does not exist": (workbook(["State", "LEG-1", "LEG-9"], ["GH", 1]), "Row 3, column C (LEG-9): the"),
    "heading twice": (
        workbook(["State", "LEG-1", "leg 1"], ["GH", 1, 2]),
        "Row 3, column C (leg 1): this heading also stands in column B; keep one of the two columns.",
    ),
    "no state column": (workbook(["Who", "LEG-1", "LEG-2"], ["GH", 1]), "Row 3: no column has the heading State; add"),
    "no headings": (workbook(["GH", 1, 2], ["TG", 2, 2]), "The first 20 rows have no row of headings."),
    "headings too low": (workbook(*[["x"]] * 20, ["State", "LEG-1"]), "The first 20 rows have no row of headings."),
    "value under no heading": (
        workbook(["State", "LEG-1"], ["GH", 1, None, 5]),
        "Row 4, column D: the value stands under no heading",
    ),
}


@pytest.mark.parametrize(("content", "line"), BAD.values(), ids=BAD.keys())
def test_a_bad_cell_gets_one_line_and_nothing_is_imported(tmp_path, content, line):
    code, _out, err = run(tmp_path, content)
    assert code == 1
    assert line in err
    assert held() == NOTHING


def test_reading_stops_where_everything_is_wrong(tmp_path):
    """A sheet of the largest size would have 400,000 problems; it is refused in a second or two."""
    codes = [f"{code}-{number}" for code in ("LEG", "TEC") for number in range(1, 6)]
    rows = [",".join(["State", *codes]), *[",".join(["GH", *["x"] * len(codes)])] * 1_500]
    book = read("\n".join(rows).encode(), name="a.csv")
    assert len(book.problems) == 506
    assert str(book.problems[-1]) == "Row 48: reading stopped here, after 505 problems; correct them first."
    code, _out, err = run(tmp_path, "\n".join(rows).encode(), name="a.csv")
    assert code == 1
    assert "These are the first 100 of 506 problems." in err
    assert held() == NOTHING


@pytest.mark.parametrize("character", ["\x07", "\x7f", "\x85"])
def test_control_characters_in_a_text_file(tmp_path, character):
    content = f"State,Note\nGH,a{character}b\n".encode()
    code, _out, err = run(tmp_path, content, name="a.csv")
    assert code == 1
    assert "Row 2, column B (Note): the text holds control characters" in err
    assert held() == NOTHING


def test_a_file_that_is_no_table_gets_one_line(tmp_path):
    code, _out, err = run(tmp_path, b"PK\x03\x04 no archive")
    assert code == 1
    assert err.splitlines()[0] == (
        "The workbook is damaged or incomplete; open it, save it again as .xlsx and choose the new file."
    )
    assert held() == NOTHING


def test_without_a_framework_one_line(db):
    from capabilities import models

    models.Level.objects.all().delete()
    for model in (models.LadderStep, models.Indicator, models.Area, models.Edition):
        model.objects.all().delete()
    assert "The framework is not loaded" in str(read(one(State="GH", **{"LEG-1": 1})).problems[0])


def test_problems_name_row_and_column_apart_for_the_page():
    problem = read(bad(TEC_3=7)).problems[0]
    assert (problem.row, problem.column) == (4, "F (TEC-3)")
    assert problem.message.startswith("The level 7 does not exist")
