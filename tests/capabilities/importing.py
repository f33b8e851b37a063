"""For the tests of the import: the real reference data, loaded once, and workbooks made in one line."""

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from capabilities import models
from capabilities.actions.imports import import_rows
from capabilities.actions.reference import load_framework
from capabilities.forms.workbooks import read_workbook
from members.actions.reference import load_group, load_states
from members.models import Participation, State, WorkingGroup

DATA = Path(__file__).parent / "data"
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
# In the order of their foreign keys.
MODELS = [
    WorkingGroup,
    State,
    Participation,
    models.Edition,
    models.Area,
    models.Indicator,
    models.Level,
    models.LadderStep,
]
IMPORTED = [
    models.Round,
    models.Assessment,
    models.Answer,
    models.AreaScore,
    models.RegionalScore,
    models.StatusReport,
    models.RoundNote,
]
_kept: dict = {}


def _once(wanted, make):
    """The rows that ``make`` makes; from the second call on they are put back, which is ten times as fast."""
    if wanted[0] in _kept:
        for model in wanted:
            model.objects.bulk_create(_kept[model])
    else:
        make()
        _kept.update({model: list(model.objects.order_by("pk")) for model in wanted})


def _load():
    load_group(by=None)
    load_states(by=None)
    load_framework(by=None)


@pytest.fixture
def reference(db):
    """The group, the sixteen states, the framework; today is 2 March 2026."""
    with connection.cursor() as cursor:
        # While the tests run, tables are vacuumed between two of them, empty: of hundreds of rows the planner then
        # expects one, and loops over them for each.
        cursor.execute("SET LOCAL enable_nestloop = off")
    with time_machine.travel(NOW, tick=True):
        _once(MODELS, _load)
        yield


@pytest.fixture
def both(reference):
    """The two workbooks of the secretariat are imported."""
    _once(IMPORTED, _import_both)


def _import_both():
    for year in (2024, 2025):
        book = read_workbook((DATA / f"status-{year}.xlsx").read_bytes(), file_name="status.xlsx", year=year)
        import_rows(
            rows=book.rows,
            problems=book.problems,
            year=year,
            file_name="status.xlsx",
            replace=False,
            by=None,
            is_demonstration=book.is_demonstration,
        )


def workbook(*rows, title="Regional status of API and PNR, round 2024"):
    """Bytes of a workbook with the title in row 1 and ``rows``, headings first, from row 3 on."""
    book = openpyxl.Workbook()
    book.active.title = "Status"
    book.active.append([title])
    book.active.append([])
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def one(**cells):
    """A workbook with one row: ``one(State="GH", **{"LEG-1": 3})``; the row is row 4."""
    return workbook(list(cells), list(cells.values()))


def run(tmp_path, content, year=2024, name="status.xlsx", **options):
    """(exit code, standard output, standard error) of the command."""
    path = tmp_path / name
    path.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_status", str(path), "--round", str(year), stdout=out, stderr=err, **options)
        code = 0
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    return code, out.getvalue(), err.getvalue()


def held():
    """How much there is of everything that an import may write."""
    return {model.__name__: model.objects.count() for model in IMPORTED}


NOTHING = {model.__name__: 0 for model in IMPORTED}
