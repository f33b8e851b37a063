"""The workbook of a summary: native charts made of the cells beside them, and what each column means."""

import html
import io
import re
import shutil
import subprocess
import zipfile

import openpyxl
import pypdfium2
import pytest
from django.utils import translation

from iwg_portal.base import marks
from iwg_portal.summaries.banded import reading_of
from iwg_portal.summaries.invented import invented_summary
from iwg_portal.summaries.reading import Reading
from iwg_portal.summaries.workbook import banded_workbook, summary_workbook
from tests.factories import MemberStateFactory, frozen_summary

READER = "Ama Example"


def written(language="en", **change):
    with translation.override(language):
        reading = Reading(invented_summary(**change))
        return reading, summary_workbook(reading, reader=READER)[1]


def cells(book, reference):
    """Values of ``'Sheet'!$A$1:$A$3``."""
    sheet, _bang, span = reference.rpartition("!")
    found = book[sheet.strip("'")][span.replace("$", "")]
    found = found if isinstance(found, tuple) else ((found,),)
    return [cell.value for row in found for cell in row]


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_charts_are_native_and_show_the_cells_beside_them(language):
    reading, content = written(language)
    book = openpyxl.load_workbook(io.BytesIO(content))
    bars, courses = book.worksheets[2]._charts, book.worksheets[3]._charts
    with translation.override(language):
        ladders = reading.ladders
    for chart, ladder in zip(bars, ladders, strict=True):
        (series,) = chart.series
        assert cells(book, series.cat.strRef.f) == [words for _code, words, _n in ladder.segments]
        assert cells(book, series.val.numRef.f) == [n for _code, _words, n in ladder.segments]
    (lines,) = courses
    titles = [cells(book, one.tx.strRef.f)[0] for one in lines.series]
    assert titles == [area["title"][language] for area in reading.areas]
    medians = [cells(book, one.val.numRef.f) for one in lines.series]
    assert medians == [[point["median"] for point in each["course"]] for each in reading.content["medians"]]


def test_a_chart_is_said_in_words():
    _reading, content = written()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        drawings = [archive.read(name).decode() for name in archive.namelist() if "/drawings/drawing" in name]
    assert len(drawings) == 2
    assert 'descr="API: Operational, batch 2, Pilot 2' in drawings[0]
    assert 'descr="Invented area 0: 2021 1.7, 2022 2.0;' in drawings[1]


def test_a_name_that_looks_like_a_formula_stays_a_name_in_a_chart():
    _reading, content = written(name="=1+1")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        charts = "".join(archive.read(name).decode() for name in archive.namelist() if "/charts/chart" in name)
    assert "<c:f>1+1" not in charts
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_without_a_median_there_is_no_chart_of_them_and_without_states_no_bar():
    _reading, content = written(states=1, decisions=0, lessons=0)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.worksheets[3]._charts == []
    assert len(book.worksheets[2]._charts) == 2
    assert openpyxl.load_workbook(io.BytesIO(written(states=0)[1])).worksheets[2]._charts == []


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_every_column_of_figures_is_defined(language):
    _reading, content = written(language)
    book = openpyxl.load_workbook(io.BytesIO(content))
    _about, states, ladders, medians, *_rest, definitions = book.worksheets
    defined = {(row[0].value, row[1].value) for row in definitions.iter_rows(min_row=2)}
    assert all(row[2].value for row in definitions.iter_rows(min_row=2))
    for sheet, first in ((states, 1), (ladders, 2), (medians, 2)):
        heads = [cell.value for cell in sheet[1]][first:]
        assert not [head for head in heads if (sheet.title, head) not in defined], sheet.title


def printed(content):
    """(head, foot) of each sheet, as a spreadsheet program holds them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        sheets = [html.unescape(archive.read(name).decode()) for name in names]
    return [
        tuple(re.search(f"<{edge}>(.*?)</{edge}>", sheet)[1] for edge in ("oddHeader", "oddFooter")) for sheet in sheets
    ]


@pytest.mark.parametrize("form", ["named", "aggregated"])
@pytest.mark.django_db
def test_each_printed_page_has_what_it_must_carry_whatever_the_reader_is_called(cast, form):
    made = frozen_summary(cast.person("secretariat"), form=form)
    make = summary_workbook if form == "named" else banded_workbook
    with translation.override("en"):
        reading = reading_of(made)
        _name, content = make(reading, reader="Ama & Kofi " * 20)
    edges = printed(content)
    assert len(edges) >= 5
    for head, foot in edges:
        assert head.startswith(f"&L{marks.TLP[made.audience][0]} · {made.code} · {made.check_code} · draft · ")
        assert foot == f"&L{reading.as_of_words}&RCheck code {made.check_code} · &P / &N"


def test_days_are_days_and_sort_as_such():
    _reading, content = written("fr")
    book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet, column in ((book.worksheets[1], 4), (book.worksheets[4], 5)):
        days = [row[column - 1] for row in sheet.iter_rows(min_row=2) if row[column - 1].value]
        assert days
        assert all(cell.is_date for cell in days)


@pytest.mark.django_db
def test_every_column_of_an_aggregated_one_is_defined_with_its_bands(cast):
    for _state in range(15):
        MemberStateFactory()
    reading = reading_of(frozen_summary(cast.person("secretariat"), form="aggregated"))
    book = openpyxl.load_workbook(io.BytesIO(banded_workbook(reading, reader=READER)[1]))
    about, ladders, medians, lessons, definitions = book.worksheets
    rows = {(row[0].value, row[1].value): row[2].value for row in definitions.iter_rows(min_row=2)}
    for sheet, first in ((ladders, 1), (medians, 1), (lessons, 0)):
        heads = [cell.value for cell in sheet[1]][first:]
        assert not [head for head in heads if (sheet.title, head) not in rows], sheet.title
    total = reading.members
    assert rows["Ladders", "few states"].startswith("From 0 to ")
    assert rows["Ladders", "most states"].endswith(f" to {total} of {total} member states.")
    assert {cell.alignment.wrap_text for cell in about["B"][1:] if cell.value} == {True}


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice (soffice) is not installed here")
def test_libreoffice_opens_the_workbook_and_draws_every_sheet(tmp_path):
    reading, content = written("fr")
    (tmp_path / "summary.xlsx").write_bytes(content)
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), "summary.xlsx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    pages = pypdfium2.PdfDocument((tmp_path / "summary.pdf").read_bytes())
    text = " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())
    assert "Opérationnel, par lots" in text
    assert reading.summary.check_code in text
