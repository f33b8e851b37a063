"""Lessons as files: what is approved, the rows of the page, and nobody named who has not agreed to it."""

import csv
import io

import openpyxl
import pytest

from iwg_portal.activity.models import Event
from meetings.models import LessonText
from tests.cast import PARTS
from tests.documents import unpacked, words_of
from tests.factories import ItemFactory, LessonFactory, MeetingFactory

pytestmark = pytest.mark.django_db
URL = "/lessons/export/"
NASTY = "=1+1 # * _ $x$ <b>bold</b> [[ \u202eesrever مرحبا 🛂 " + "w" * 100
IN_GROUP = [part for part in PARTS if part not in ("anonymous", "stranger", "ex_member")]


def table(answer):
    assert answer.status_code == 200, answer.status_code
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def lesson(cast):
    """Of the own state, which has not said that it may be named; shared where the item says who spoke."""
    item = ItemFactory(meeting=MeetingFactory(title="Bilateral Ownland"), title="Presentation by Ownland")
    return LessonFactory(
        state=cast.own, shared_by=cast.person("own_focal_point"), item=item, names_origin=False,
        words__title="A **quiet** lesson", words__done="- one\n- two",
    )  # fmt: skip


@pytest.mark.parametrize("part", IN_GROUP)
def test_the_list_has_the_rows_of_the_page_and_nothing_that_is_not_approved(cast, lesson, part):
    LessonFactory(state=cast.other, audience="members", words__title="For members")
    LessonFactory(state=cast.own, status="submitted", shared_by=cast.person("own_focal_point"), words__title="Raw")
    LessonFactory(state=cast.own, status="withdrawn", words__title="Gone")
    client = cast.client(part)
    listed = [row.title for row in client.get("/lessons/").context["library"].rows]
    assert [row["title"] for row in table(client.get(f"{URL}csv/"))] == listed
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{URL}xlsx/").content))
    assert [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)] == listed
    assert client.get(f"{URL}csv/?stage=open").status_code in (200, 404)
    assert "Raw" not in str(client.get(f"{URL}csv/?stage=open").content)


@pytest.mark.parametrize("part", ["own_focal_point", "own_delegate", "secretariat", "other_delegate", "observer"])
def test_who_is_not_named_stays_unnamed_in_file_properties_and_name(cast, lesson, part):
    """Also for those who know whose it is: the file travels."""
    client = cast.client(part)
    found = [client.get(f"{URL}xlsx/"), client.get(f"{URL}csv/")]
    for answer in found:
        text = unpacked(answer.content) if answer.content.startswith(b"PK") else answer.content.decode("utf-8-sig")
        assert "a member state" in text
        assert "Ownland" not in text
        assert "Ownland" not in answer["Content-Disposition"]
    answer = client.get(f"/lessons/{lesson.pk}/pdf/")
    words = words_of(answer.content)
    assert "a member state" in words
    assert "Ownland" not in words
    assert cast.own.alpha2.lower() not in answer["Content-Disposition"].split("_")[0].split("-")


@pytest.mark.parametrize("asked", ["state={code}", "q=Ownland"])
def test_no_filter_of_a_state_stands_above_lessons_that_do_not_name_it(cast, lesson, asked):
    named = LessonFactory(state=cast.own, names_origin=True, words__title="Named")
    address = asked.format(code=cast.own.alpha2)
    rows = table(cast.client("own_focal_point").get(f"{URL}csv/?{address}"))
    assert lesson.texts.first().title not in [row["title"] for row in rows]
    if asked.startswith("state"):
        assert [(row["title"], row["shared_by"]) for row in rows] == [(named.texts.first().title, "Ownland")]


def test_one_lesson_as_a_document(cast, lesson):
    lesson.names_origin = True
    lesson.save()
    answer = cast.client("other_delegate").get(f"/lessons/{lesson.pk}/pdf/")
    words = words_of(answer.content)
    for wanted in ("What was done", "one", "two", "Shared by", "Ownland", "TLP:GREEN"):
        assert wanted in words
    assert "handed to" not in words
    assert "Other Delegate" not in words
    assert f'filename="iwg-lesson-{lesson.pk}-en_other-delegate_' in answer["Content-Disposition"]
    event = Event.objects.filter(kind="file.exported").latest("id")
    assert (event.target_id, event.data) == (str(lesson.pk), {"language": "en", "label": "TLP:GREEN"})


def test_above_the_group_it_bears_the_readers_name(cast, lesson):
    lesson.audience = "members"
    lesson.save()
    assert cast.client("observer").get(f"/lessons/{lesson.pk}/pdf/").status_code == 404
    assert "handed to Other Delegate" in words_of(
        cast.client("other_delegate").get(f"/lessons/{lesson.pk}/pdf/").content
    )
    row = table(cast.client("other_delegate").get(f"{URL}csv/"))[0]
    assert (row["label"], row["exported_for"], row["row_label"]) == ("TLP:AMBER", "Other Delegate", "TLP:AMBER")


def test_a_document_that_names_a_meeting_of_the_members_is_for_the_members(cast, lesson):
    lesson.names_origin = True
    lesson.save()
    type(lesson.item.meeting).objects.update(audience="members")
    inside = words_of(cast.client("other_delegate").get(f"/lessons/{lesson.pk}/pdf/").content)
    outside = words_of(cast.client("observer").get(f"/lessons/{lesson.pk}/pdf/").content)
    assert "Bilateral Ownland" in inside
    assert "TLP:AMBER" in inside
    assert "handed to Other Delegate" in inside
    assert "Bilateral" not in outside
    assert "TLP:GREEN" in outside


def test_the_raw_text_is_in_no_document(cast, lesson):
    lesson.texts.filter(kind="raw").update(title="Raw title", done="Raw words")
    words = words_of(cast.client("own_focal_point").get(f"/lessons/{lesson.pk}/pdf/").content)
    assert "Raw" not in words
    assert "Raw" not in cast.client("secretariat").get(f"{URL}csv/").content.decode("utf-8-sig")


def test_what_a_machine_translated_says_so(cast, lesson):
    LessonText.objects.create(
        lesson=lesson, kind="translation", language="fr", is_machine=True, title="Traduit", problem="Un problème",
        done="Fait", by=lesson.shared_by,
    )  # fmt: skip
    client = cast.client("observer")
    assert "nobody has checked it" in words_of(client.get(f"/lessons/{lesson.pk}/pdf/?language=fr").content)
    assert "nobody has checked it" not in words_of(client.get(f"/lessons/{lesson.pk}/pdf/").content)


def test_nothing_that_was_typed_runs(cast, lesson):
    lesson.texts.update(title=NASTY[:150], problem=NASTY, done=NASTY)
    client = cast.client("observer")
    assert "$x$ <b>bold</b>" in words_of(client.get(f"/lessons/{lesson.pk}/pdf/").content)
    assert table(client.get(f"{URL}csv/"))[0]["title"].startswith("'=1+1")
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{URL}xlsx/").content))
    assert book.worksheets[0]["A2"].data_type == "s"


def test_of_nothing_there_is_a_table_without_rows_and_no_link(cast):
    client = cast.client("observer")
    (row,) = table(client.get(f"{URL}csv/"))
    assert {name: value for name, value in row.items() if value} == {"label": "TLP:GREEN"}
    assert URL not in client.get("/lessons/").content.decode()


def test_the_filter_of_the_page_holds_and_the_pages_lead_there(cast, lesson):
    LessonFactory(state=cast.other, theme="units", words__title="On units")
    client = cast.client("observer")
    assert [row["title"] for row in table(client.get(f"{URL}csv/?theme=units"))] == ["On units"]
    assert f'href="{URL}xlsx/?theme=units"' in client.get("/lessons/?theme=units").content.decode()
    assert f'href="/lessons/{lesson.pk}/pdf/?language=en"' in client.get(f"/lessons/{lesson.pk}/").content.decode()


def test_too_many_are_refused_on_the_page(cast, lesson, monkeypatch):
    monkeypatch.setattr("meetings.views.lesson_exports.MAX_ROWS", 0)
    answer = cast.client("observer").get(f"{URL}csv/")
    assert answer.status_code == 400
    assert "filter the list first" in answer.content.decode()


def test_the_number_of_queries_does_not_grow(cast, lesson, django_assert_num_queries, django_assert_max_num_queries):
    client = cast.client("observer")
    client.get(f"{URL}csv/")
    with django_assert_max_num_queries(20) as one:
        client.get(f"{URL}csv/")
    for _ in range(3):
        LessonFactory(state=cast.other)
    with django_assert_num_queries(len(one)):
        client.get(f"{URL}csv/")
