"""Hostile, broken and merely odd files: each is one sentence, never a traceback, and nothing runs away."""
# ruff: noqa: DTZ001  (the dates of a spreadsheet have no zone)

import contextlib
import csv
import datetime as dt
import io
import random
import struct
import time
import warnings
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iwg_portal.base import archives
from iwg_portal.base.spreadsheets import (
    Missing,
    Sheet,
    SpreadsheetProblem,
    read_table,
    write_workbook,
)
from iwg_portal.base.text_tables import write_csv

SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def score(values):
    return sum(value in ("State", "Note", "LEG-1") for value in values)


def workbook(*rows, **sheets):
    """Bytes of a workbook; further sheets by name."""
    book = openpyxl.Workbook()
    book.active.title = "Status"
    for row in rows or [("State", "LEG-1"), ("GH", 3)]:
        book.active.append(row)
    for name, more in sheets.items():
        page = book.create_sheet(name)
        for row in more:
            page.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def repacked(content=None, *, without=(), **parts):
    """The workbook with parts replaced or added: ``repacked(**{"xl/x.xml": b"…"})``."""
    source = zipfile.ZipFile(io.BytesIO(content or workbook()))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            if name not in parts and name not in without:
                out.writestr(name, source.read(name))
        for name, data in parts.items():
            out.writestr(name, data)
    return target.getvalue()


def sheet_xml(data, head=""):
    return f'<worksheet xmlns="{MAIN}">{head}<sheetData>{data}</sheetData></worksheet>'.encode()


def refusal(content, name="status.xlsx"):
    with pytest.raises(SpreadsheetProblem) as caught:
        read_table(content, name, score)
    text = str(caught.value)
    assert "\n" not in text
    return text


# -- What is read --------------------------------------------------------------------------------------------------


def test_rows_keep_their_numbers_and_empty_ones_are_left_out():
    table = read_table(workbook(["Title"], [], ["State", "LEG-1"], [], ["GH", 3]), "a.xlsx", score)
    assert table.rows == [(1, ["Title"]), (3, ["State", "LEG-1"]), (5, ["GH", 3])]
    assert (table.sheet, table.others) == ("Status", ())


def test_kinds_of_cells():
    row = ["x", 3, 2.5, True, dt.datetime(2024, 3, 17), dt.time(9, 30), "#N/A", "=1+1"]
    values = read_table(workbook(["State", "LEG-1"], row), "a.xlsx", score).rows[1][1]
    assert values[:7] == row[:7]
    assert isinstance(values[7], Missing)


def test_formulas_give_their_stored_result():
    cells = (
        '<c r="A1" t="inlineStr"><is><t>State</t></is></c><c r="B1" t="str"><f>"LEG-1"</f><v>LEG-1</v></c>'
        '<c r="C1"><f>1+2</f><v>3</v></c><c r="D1" t="str"><f>""</f><v></v></c>'
        '<c r="E1" t="e"><f>NA()</f><v>#N/A</v></c><c r="F1"><f>1+2</f></c><c r="G1"><v>-1</v></c>'
        '<c r="H1"><v>1.5E0</v></c><c><v>7</v></c>'
    )
    content = repacked(**{SHEET: sheet_xml(f'<row r="1">{cells}</row>')})
    values = read_table(content, "a.xlsx", score).rows[0][1]
    assert values[:5] == ["State", "LEG-1", 3, None, "#N/A"]
    assert isinstance(values[5], Missing)
    assert values[6:] == [-1, 1.5, 7]


def test_the_first_visible_sheet_with_headings_is_read_and_the_others_are_named():
    content = workbook(["Read me first"], Data=[["State", "LEG-1"], ["GH", 1]], Empty=[], Codes=[["x"]])
    table = read_table(content, "a.xlsx", score)
    assert (table.sheet, table.others) == ("Data", ("Status", "Codes"))


def test_a_hidden_sheet_is_not_read():
    book = openpyxl.Workbook()
    book.active.append(["State", "LEG-1"])
    book.active.sheet_state = "hidden"
    book.create_sheet("Shown").append(["x"])
    target = io.BytesIO()
    book.save(target)
    assert read_table(target.getvalue(), "a.xlsx", score).sheet == "Shown"


def test_a_lie_about_the_size_of_the_sheet_is_not_believed():
    lie = '<dimension ref="A1:XFD1048576"/>'
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>State</t></is></c></row><row r="1048576"/>'
    started = time.thread_time()
    table = read_table(repacked(**{SHEET: sheet_xml(rows, lie)}), "a.xlsx", score)
    assert table.rows == [(1, ["State"])]
    assert time.thread_time() - started < 2


def test_dates_of_1904_workbooks():
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append([dt.datetime(2024, 3, 17)])
    target = io.BytesIO()
    book.save(target)
    assert read_table(target.getvalue(), "a.xlsx", score).rows[0][1] == [dt.datetime(2024, 3, 17)]


TEXT = 'State,LEG-1,Note\r\nCôte d’Ivoire,3,"two\r\nlines, one ""quoted"""\r\n'
LATIN = TEXT.replace("’", "'")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TEXT, "utf-8"),
        (TEXT, "utf-8-sig"),
        (TEXT, "utf-16"),
        (TEXT, "utf-16-be-mark"),
        (TEXT, "utf-16-le"),
        (TEXT, "utf-16-be"),
        (LATIN, "latin-1"),
        (TEXT, "cp1252"),
    ],
)
def test_text_in_every_encoding_and_with_every_separator(text, encoding, separator):
    rows = list(csv.reader(io.StringIO(text, newline="")))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows([["Title, with; both"], [], *rows])
    if encoding == "utf-16-be-mark":
        content = b"\xfe\xff" + out.getvalue().encode("utf-16-be")
    else:
        content = out.getvalue().encode(encoding)
    table = read_table(content, "status.CSV", score)
    assert table.rows == [(1, ["Title, with; both"]), (3, rows[0]), (4, rows[1])]


def test_the_apostrophe_before_a_formula_comes_and_goes():
    content = write_csv([["State", "Note"], ["GH", "=1+1"], ["TG", "-"], ["BJ", "'tis"]])
    assert b"'=1+1" in content
    assert read_table(content, "a.csv", score).rows[1:] == [(2, ["GH", "=1+1"]), (3, ["TG", "-"]), (4, ["BJ", "'tis"])]


@given(st.text(alphabet="'=+-@;\t, x\n\"", min_size=1, max_size=12).filter(str.strip))
def test_whatever_was_typed_comes_back_as_it_was_from_a_text_table(typed):
    (_head, (_number, values)) = read_table(write_csv([["State", "Note"], ["GH", typed]]), "a.csv", score).rows
    assert values == ["GH", typed]


@given(st.text(alphabet="'=+-@;\t x", max_size=12))
def test_no_cell_of_a_text_table_begins_a_formula_whatever_sign_ends_a_cell(typed):
    (line,) = write_csv([[typed, "end"]]).decode("utf-8-sig").splitlines()
    for separator in (",", ";", "\t"):
        for cell in next(csv.reader([line], delimiter=separator)):
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@"))


def test_a_written_workbook_holds_text_and_no_formula():
    rows = [["Title"], ["State", "Note", "LEG-1"], ["GH", "=HYPERLINK(1)", 3], ["TG", "http://x.invalid", None]]
    content = write_workbook([Sheet("Status", rows, 2, 1), Sheet("Codes", [["a"]])], title="T")
    assert read_table(content, "a.xlsx", score).rows == [
        (1, ["Title"]),
        (2, ["State", "Note", "LEG-1"]),
        (3, ["GH", "=HYPERLINK(1)", 3]),
        (4, ["TG", "http://x.invalid"]),
    ]
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(content)).read(SHEET)


# -- What is refused -----------------------------------------------------------------------------------------------


def entry_flag(content, flag):
    """Set a flag of the first entry, in its own header and in the directory."""
    raw = bytearray(content)
    struct.pack_into("<H", raw, 6, flag)
    struct.pack_into("<H", raw, raw.index(b"PK\x01\x02") + 8, flag)
    return bytes(raw)


def ole(name):
    return archives.OLE + b"\0" * 600 + name.encode("utf-16-le") + b"\0" * 600


def random_text(size):
    return bytes(random.Random(7).choices(b"abcdefghijklmnopqrstuvwxyz ", k=size))


ENTITIES = f"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "{"&a;" * 10}">]>
<sst xmlns="{MAIN}"><si><t>&b;</t></si></sst>"""

REFUSED = {
    "empty": (b"", "a.xlsx", "The file is empty."),
    "no table": (b"x", "a.docx", "Choose an Excel workbook"),
    "macro name": (workbook(), "a.xlsm", "may contain macros"),
    "not a workbook": (b"State;LEG-1", "a.xlsx", "not an Excel workbook, although"),
    "old format": (ole("Workbook"), "a.xls", "older kind of file"),
    "old format, new name": (ole("Workbook"), "a.xlsx", "older kind of file"),
    "encrypted": (ole("EncryptedPackage"), "a.xlsx", "protected by a password"),
    "encrypted zip": (entry_flag(workbook(), 1), "a.xlsx", "protected by a password"),
    "truncated": (workbook()[:-300], "a.xlsx", "damaged"),
    "half": (workbook()[:2000], "a.xlsx", "damaged"),
    "other zip": (repacked(without=["[Content_Types].xml"]), "a.xlsx", "not an Excel workbook"),
    "word": (
        repacked(**{"[Content_Types].xml": b'<Types><Override ContentType="wordprocessingml"/></Types>'}),
        "a.xlsx",
        "not an Excel workbook",
    ),
    "binary": (repacked(**{"xl/workbook.bin": b"x"}), "a.xlsx", ".xlsb"),
    "macro part": (repacked(**{"xl/vbaProject.bin": b"x"}), "a.xlsx", "contains macros"),
    "macro type": (
        repacked(**{"[Content_Types].xml": b'<Types><Override ContentType="x.sheet.macroEnabled.main+xml"/></Types>'}),
        "a.xlsx",
        "contains macros",
    ),
    "bomb": (repacked(**{"xl/media/a.png": b"\0" * 20_000_000}), "a.xlsx", "unpacks to far more"),
    "large bomb": (repacked(**{f"xl/media/{n}": random_text(600) * 10_000 for n in range(9)}), "a.xlsx", "unpacks to"),
    "many parts": (repacked(**{f"xl/media/{n}": b"" for n in range(1001)}), "a.xlsx", "unpacks to far more"),
    "huge styles": (repacked(**{"xl/styles.xml": random_text(2_200_000)}), "a.xlsx", "far more than one table"),
    "entities": (repacked(**{"xl/sharedStrings.xml": ENTITIES}), "a.xlsx", "definitions that no workbook needs"),
    "entities in UTF-16": (
        repacked(**{"xl/sharedStrings.xml": ENTITIES.replace("<?xml version", "<?xml version").encode("utf-16")}),
        "a.xlsx",
        "damaged",
    ),
    "broken xml": (repacked(**{SHEET: b"<worksheet><sheetData><row>"}), "a.xlsx", "damaged"),
    "no sheet": (repacked(without=[SHEET]), "a.xlsx", "no visible sheet with any content"),
    "empty sheet": (workbook([]), "a.xlsx", "no visible sheet with any content"),
    "bad text number": (
        repacked(**{SHEET: sheet_xml('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>')}),
        "a.xlsx",
        "damaged",
    ),
    "bad cell": (repacked(**{SHEET: sheet_xml('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>')}), "a.xlsx", "damaged"),
    "too wide": (workbook(["State"] + ["x"] * 200), "a.xlsx", "more than 200 columns (row 1)"),
    "too long": (workbook(*[["State"]] * 2001), "a.xlsx", "more than 2000 rows"),
    "too wide text": (b"State" + b",x" * 200, "a.csv", "more than 200 columns (row 1)"),
    "too long text": (b"State\n" * 2001, "a.csv", "more than 2000 rows"),
    "workbook as text": (workbook(), "a.csv", "another kind"),
    "zeros as text": (b"State\0LEG", "a.csv", "not a text file"),
    "half a character": (b"\xff\xfeS\0t", "a.csv", "not a text file"),
    "long cell": (b"State,Note\nGH," + b"x" * 140_000, "a.csv", "not a table"),
}


@pytest.mark.parametrize(("content", "name", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_one_clear_line(content, name, words):
    assert words in refusal(content, name)


def test_too_large(settings):
    settings.MAX_UPLOAD_BYTES = 2 * 1024 * 1024
    assert "larger than 2 MB" in refusal(b"x" * (2 * 1024 * 1024 + 1), "a.csv")


def test_a_cell_storm_is_refused_before_it_is_parsed():
    noise = random_text(40_000).decode()
    cells = "".join(f'<c r="A1"/><c{noise[n * 9 % 30_000 :][:6].replace(" ", "")}/><c/>' for n in range(260_000))
    started = time.thread_time()
    text = refusal(repacked(**{SHEET: sheet_xml(f"<row>{cells}</row>")}))
    assert "far more" in text
    assert time.thread_time() - started < 3


def test_a_directory_that_lies_about_sizes_is_damaged():
    """``zipfile`` unpacks no more than the directory promises; what is left over shows as a wrong check sum."""
    content = bytearray(repacked(**{"xl/media/a.png": random_text(300_000)}))
    place = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, place + 24, 10)
    assert "damaged" in refusal(bytes(content))


def test_openpyxl_itself_refuses_entities():
    """The parts that openpyxl parses go through defusedxml, should our own look ever miss one."""
    from defusedxml import EntitiesForbidden
    from openpyxl.xml.functions import fromstring, iterparse

    with pytest.raises(EntitiesForbidden):
        fromstring(ENTITIES)
    with pytest.raises(EntitiesForbidden):
        list(iterparse(io.BytesIO(ENTITIES.encode())))


def test_the_largest_table_is_handled_within_seconds():
    cells = "".join(f'<c r="{openpyxl.utils.get_column_letter(n)}%s"><v>{n}</v></c>' for n in range(1, 201))
    rows = "".join(f'<row r="{n}">{cells.replace("%s", str(n))}</row>' for n in range(1, 2001))
    content = repacked(**{SHEET: sheet_xml(rows)})
    started = time.thread_time()
    with contextlib.suppress(SpreadsheetProblem):  # a slow machine: it takes too long
        assert len(read_table(content, "a.xlsx", score).rows) == 2000
    assert time.thread_time() - started < 5


# -- Random ones -----------------------------------------------------------------------------------------------------


def survives(content, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with contextlib.suppress(SpreadsheetProblem):
            read_table(content, name, score)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.xlsx"]), st.booleans())
def test_random_bytes(content, name, zipped):
    survives(b"PK\x03\x04" + content if zipped else content, name)


def test_random_damage_to_a_workbook():
    whole = workbook(["State", "LEG-1", "Note"], ["GH", 3, dt.datetime(2024, 3, 17)], ["TG", "x", "=1+1"])
    chance = random.Random(20261123)
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        survives(bytes(content[: chance.choice([len(content), chance.randrange(len(content))])]), "a.xlsx")


def test_random_damage_to_the_parts():
    whole = workbook(["State", "LEG-1", "Note"], ["GH", 3, dt.datetime(2024, 3, 17)], ["TG", "x", "=1+1"])
    archive = zipfile.ZipFile(io.BytesIO(whole))
    chance = random.Random(42)
    for _ in range(100):
        name = chance.choice(archive.namelist())
        part = bytearray(archive.read(name))
        for _ in range(chance.randint(1, 4)):
            part[chance.randrange(len(part))] = chance.choice(b'<>"&/ 0a\xff')
        survives(repacked(whole, **{name: bytes(part)}), "a.xlsx")
