"""Whatever stands in a summary, whatever fails meanwhile: each document is whole and right, or there is none."""

import io
import re
import subprocess
import sys

import openpyxl
import pypdfium2
import pytest
from django.db import connection
from django.utils import translation

from iwg_portal.summaries import actions, papers
from iwg_portal.summaries.banded import Banded
from iwg_portal.summaries.documents import banded_pdf, summary_pdf
from iwg_portal.summaries.invented import invented_summary
from iwg_portal.summaries.models import Summary
from iwg_portal.summaries.reading import Reading
from iwg_portal.summaries.workbook import banded_workbook, summary_workbook
from members.models import Participation
from tests.base.test_documents import MARGIN, boxes
from tests.factories import (
    LessonFactory,
    MemberStateFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
    frozen_summary,
)
from tests.summaries.test_summaries import address, pdf_text, plain
from tests.summaries.test_word import NASTY
from tests.summaries.word import body_text

READER = "Ama Example"
YEARS = range(2003, 2023)  # twenty rounds
SHOWN = {which: "".join(c for c in name if c not in "\u202e\u0007\u200d") for which, name in NASTY.items()}


def large(*, states=193, years=YEARS, name=""):
    """193 states, twenty rounds of medians."""
    made = invented_summary(states=states, decisions=40, lessons=40, name=name)
    for row in made.content["medians"]:
        row["course"] = [{**row["course"][-1], "year": year} for year in years]
    return made


def without(text, *signs):
    return "".join(c for c in text if not c.isspace() and c not in signs)


def in_pdf(which):
    """As pdfium reads it: pictures of two signs stand beside the text, and it leaves them out (see test_documents)."""
    return without(SHOWN[which], *"\ufe0f🇬🇭👩🏽")


def on_the_page(content):
    found, width = boxes(content)
    out = [sign for sign, left, right in found if sign.strip() and not (left >= MARGIN and right <= width - MARGIN)]
    return not out


# -- Words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", NASTY)
def test_in_the_pdf_every_name_is_whole_and_on_the_page(which):
    with translation.override("en"):
        content = summary_pdf(Reading(invented_summary(name=NASTY[which])), reader=READER)[1]
    assert on_the_page(content)
    text, name = without(pdf_text(content), "\ufe0f"), in_pdf(which)
    if which == "right to left":  # what a reader of PDF makes of the order is its own affair
        assert all(text.count(letter) >= 16 for letter in set(name))
    else:
        assert text.count(name) >= 16 + 5 + 12 + 4
    assert "\ufffd" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("which", NASTY)
def test_in_the_workbook_every_name_is_a_text(which):
    with translation.override("en"):
        content = summary_workbook(Reading(invented_summary(name=NASTY[which])), reader=READER)[1]
    book = openpyxl.load_workbook(io.BytesIO(content))
    values = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    names = [value for value in values if without(SHOWN[which]) in without(str(value), "\u200d")]
    assert len(names) >= 16 + 5 + 12 + 4
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


@pytest.mark.django_db
@pytest.mark.parametrize("which", NASTY)
def test_an_aggregated_one_tells_every_lesson_whole(cast, which):
    for number in range(3):
        LessonFactory(
            names_origin=False, status="approved", audience="group", words__title=f"{number} {NASTY[which]}"[:200]
        )
    made = frozen_summary(cast.person("secretariat"), form="aggregated")
    with translation.override("en"):
        content, book = banded_pdf(Banded(made), reader=READER)[1], banded_workbook(Banded(made), reader=READER)[1]
    assert on_the_page(content)
    name = in_pdf(which)[:190]
    if which != "right to left":
        assert without(pdf_text(content), "\ufe0f").count(name) == 3
    titles = [row[0].value for row in openpyxl.load_workbook(io.BytesIO(book)).worksheets[3].iter_rows(min_row=2)]
    assert {without(title, "\u200d")[1:191] for title in titles} == {without(SHOWN[which])[:190]}


# -- Sizes -------------------------------------------------------------------------------------------------------------


def test_193_states_in_twenty_rounds_are_all_in_each_document():
    made = large()
    with translation.override("fr"):
        reading = Reading(made)
        content, book = summary_pdf(reading, reader=READER)[1], summary_workbook(reading, reader=READER)[1]
    text = pdf_text(content)
    assert on_the_page(content)
    assert not [row.name for row in reading.rows if row.name not in text]
    assert made.check_code in text
    pages = pypdfium2.PdfDocument(content)
    assert [f" {number} sur {len(pages)}" in " ".join(page.get_textpage().get_text_range().split())
            for number, page in enumerate(pages, start=1)] == [True] * len(pages)  # fmt: skip
    sheets = openpyxl.load_workbook(io.BytesIO(book)).worksheets
    assert sheets[1].max_row == 193 + 1
    assert sheets[3].max_row == 5 * len(YEARS) + 1


@pytest.mark.parametrize("states", [0, 1])
@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_a_region_of_one_state_or_of_none(states, language):
    with translation.override(language):
        reading = Reading(invented_summary(states=states, decisions=0, lessons=0))
        content = summary_pdf(reading, reader=READER)[1]
        summary_workbook(reading, reader=READER)
    assert on_the_page(content)
    assert reading.summary.check_code in pdf_text(content)


@pytest.fixture
def alone(cast):
    """A group of one member state, which reports; nobody has agreed to be named."""
    round_ = RoundFactory(year=2024, edition=framework())
    cast.quiet = MemberStateFactory(label="Lonelyland")
    Participation.objects.filter(kind="member").exclude(state=cast.quiet).delete()
    StatusReportFactory(state=cast.quiet, delivery="op_batch", as_of=round_.reference_date)
    declare(cast.quiet, round_, 3)
    return cast


def built(cast, form="named"):
    made = actions.ask(scope="both", form=form, by=cast.viewer("secretariat"))
    actions.build_waiting()
    made.refresh_from_db()
    return made


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["named", "aggregated"])
def test_one_state_alone_without_a_consent_is_built_and_tells_nothing_of_it(alone, form):
    made = built(alone, form)
    assert made.state == "draft", made.problem
    client = alone.client("secretariat")
    said = [plain(client.get(address(made))), pdf_text(client.get(address(made, "en.pdf")).content)]
    if form == "named":
        said.append(body_text(client.get(address(made, "en.docx")).content))
    book = openpyxl.load_workbook(io.BytesIO(client.get(address(made, "en.xlsx")).content))
    said.append(" ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row))
    for words in said:
        assert not re.search(r"\b3\.0\b(?! or higher)", words)
        assert ("Lonelyland" in words) == (form == "named")
    rows = made.content.get("states", ())
    assert {value for row in rows for value in (row["advpax"], *row["areas"].values())} <= {None}


# -- What fails meanwhile ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_full_disk_of_the_database_leaves_the_order_and_no_figure(alone):
    """The statement that would write the figures is refused as a full disk refuses it."""
    made = actions.ask(scope="both", by=alone.viewer("secretariat"))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(
            "CREATE FUNCTION pg_temp.full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER full_disk BEFORE UPDATE OF content ON summaries_summary FOR EACH ROW"
            " WHEN (NEW.content IS NOT NULL) EXECUTE FUNCTION pg_temp.full_disk()"
        )
        cursor.execute("RESET ROLE")
    assert actions.build_waiting() == 0
    held = Summary.objects.get(pk=made.pk)
    assert (held.state, held.content, held.leased_until) == ("queued", None, None)
    assert "Queued" in plain(alone.client("secretariat").get(address(made)))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("DROP TRIGGER full_disk ON summaries_summary")
        cursor.execute("RESET ROLE")
    assert actions.build_waiting() == 1
    assert Summary.objects.get(pk=made.pk).state == "draft"


def test_no_document_needs_room_on_the_disk():
    """A process that may not write a single byte into a file makes each of them all the same."""
    code = """
import resource, signal, sys
import django
django.setup()
from django.utils import translation
from iwg_portal.summaries import word
from iwg_portal.summaries.documents import summary_pdf
from iwg_portal.summaries.invented import invented_summary
from iwg_portal.summaries.letterhead import own_template
from iwg_portal.summaries.reading import Reading
from iwg_portal.summaries.workbook import summary_workbook
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
sys.dont_write_bytecode = True
import tempfile
try:
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
        file.flush()
    sys.exit("a file could be written")
except OSError:
    pass
with translation.override("fr"):
    reading = Reading(invented_summary())
    made = [summary_pdf(reading, reader="A")[1], summary_workbook(reading, reader="A")[1]]
    made.append(word.made_with(own_template(), reading, reader="A"))
sys.stdout.write(" ".join(str(content[:2]) for content in made))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "b'%P' b'PK' b'PK'", done.stderr[-800:]


@pytest.mark.django_db
def test_a_document_that_fails_at_the_click_is_an_error_and_no_half_file(alone, monkeypatch):
    made = built(alone)

    def fails(*args, **kwargs):
        raise MemoryError

    client = alone.client("secretariat")
    client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr(papers, "summary_pdf", fails)
        answer = client.get(address(made, "en.pdf"))
    assert answer.status_code == 500
    assert "Content-Disposition" not in answer
    assert client.get(address(made, "en.pdf")).status_code == 200
