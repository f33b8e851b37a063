"""The summary as a Word document: it says what was frozen, whatever the words are, and a screen reader can read it."""

import io
import logging
import shutil
import subprocess

import pypdfium2
import pytest
from django.utils import translation
from docx import Document
from docx.oxml.ns import qn

from iwg_portal.activity.models import Event
from iwg_portal.base.uploads import check, storage
from iwg_portal.summaries import actions, word
from iwg_portal.summaries.documents import notes
from iwg_portal.summaries.filling import Fields, Properties, Text, fill
from iwg_portal.summaries.invented import invented_reading, invented_summary
from iwg_portal.summaries.letterhead import own_template
from iwg_portal.summaries.reading import Reading
from members.models import FileVersion
from tests.factories import frozen_summary
from tests.summaries.word import body_text, changed, edges, paragraphs, parts

READER = "Ama Example"
NASTY = {
    "long": "Nom " + "x" * 296,
    "emoji": "State 🇬🇭 👩🏽‍✈️ of joy",
    "right to left": "دولة مخترعة",
    "markup": "<w:p>&amp;</w:p><script>alert(1)</script> ]]>",
    "a field": "{{ reader }} {% for x in y %} {_{ title }_}",
    "turns what follows": "safe\u202egnp.exe\u0007",
}


def written(language="en", template=None, **change):
    with translation.override(language):
        reading = Reading(invented_summary(**change))
        return reading, word.made_with(template or own_template(), reading, reader=READER)


def plain(text):
    return " ".join(text.split())


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_the_document_says_what_was_frozen(language):
    reading, content = written(language)
    text = body_text(content)
    with translation.override(language):
        told = [reading.title, reading.standing, *reading.lead, *reading.changes, *notes(reading)]
        told += [reading.actions_words, reading.decisions_words]
        rows = [[row.name, *(w if c != "nd" else "–" for c, w in row.status)] for row in reading.rows]
        levels = [[word._level(value).text for value in row.levels] for row in reading.rows]
        medians = [[area, *values, half] for area, values, half in reading.median_rows]
        counts = [{words: str(n) for _code, words, n in ladder.segments} for ladder in reading.ladders]
        decisions = [[row["code"], row["text"], row["standing"]] for row in reading.decisions]
    for words in told:
        assert plain(words) in text, words
    states, ladders, spread, decided = tables_by_columns(content, 8, 3, 5, 3)
    assert states[1:] == [[*row, *means] for row, means in zip(rows, levels, strict=True)]
    shown = [{row[0]: row[place] for row in ladders[1:] if row[place] not in ("0", "–")} for place in (1, 2)]
    assert shown == counts
    assert spread[1:] == medians
    assert [[row[0], row[1].split("\n")[0], row[2]] for row in decided[1:]] == decisions
    assert "{{" not in text


def tables_by_columns(content, *_wanted):
    """States, ladders, medians, decisions: as rows of texts."""
    found = {}
    for table in Document(io.BytesIO(content)).tables:
        rows = [["\n".join(p.text for p in cell.paragraphs) for cell in row.cells] for row in table.rows]
        head = "decisions" if any(row[0].startswith("D0") for row in rows) else f"{len(rows[0])}"
        found[head] = rows
    return found["8"], found["3"], found["5"], found["decisions"]


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_each_page_says_what_it_is_and_for_whom(language):
    reading, content = written(language)
    said = edges(content)
    with translation.override(language):
        texts = word.fields_of(reading, READER).texts
    for name in word.ON_EACH_PAGE:
        assert plain(texts[name]) in said, name
    assert "TLP:AMBER" in said
    assert READER in said
    footer = parts(content)["word/footer1.xml"]
    assert b" PAGE " in footer
    assert b" NUMPAGES " in footer


def test_the_label_stands_first_beside_however_long_a_name():
    summary = invented_summary()
    summary.content["group"]["en"] = "Long " * 60
    with translation.override("en"):
        content = word.made_with(own_template(), Reading(summary), reader=READER)
    assert edges(content).startswith("TLP:AMBER Long ")


def test_no_usual_word_of_the_table_of_states_is_cut():
    """In Portuguese, where they are longest; widths are in twips, 20 of a point."""
    summary = invented_summary()
    for area, short in zip(summary.content["areas"], ("Jurídico", "UIP", "Transportadoras"), strict=False):
        area["short"] = {"pt": short}
    with translation.override("pt"):
        content = word.made_with(own_template(), Reading(summary), reader=READER)
    table = next(one for one in Document(io.BytesIO(content)).tables if "Transportadoras" in one.rows[0].cells[5].text)
    widths = [column.width.twips for column in table.columns]
    words = {row.cells[1].text for row in table.rows} | {row.cells[2].text for row in table.rows}
    assert "Em desenvolvimento" in words
    assert min(widths[1:3]) > 15 * 0.5 * 8.5 * 20
    assert widths[5] > 15 * 0.5 * 7 * 20


def test_who_cannot_see_it_can_read_it():
    reading, content = written("pt")
    document = Document(io.BytesIO(content))
    styles = [p.style.name for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert styles == ["Heading 1", *["Heading 2"] * 7]
    heads = [table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in document.tables]
    assert heads == [True] * 4
    pictures = list(document.element.body.iter(qn("wp:docPr")))
    assert len(pictures) == 1
    with translation.override("pt"):
        assert reading.map_words in pictures[0].get("descr")
    defaults = document.styles.element.find(qn("w:docDefaults"))
    assert [lang.get(qn("w:val")) for lang in defaults.iter(qn("w:lang"))] == ["pt-PT"]
    assert document.core_properties.language == "pt-PT"
    assert document.core_properties.title == "Síntese regional 2022-07"
    spoken = {lang.get(qn("w:val")) for lang in document.element.body.iter(qn("w:lang"))}
    assert spoken == {"en-GB"}  # the decisions were written in English


@pytest.mark.parametrize("name", NASTY.values(), ids=NASTY)
def test_whatever_the_words_are_they_stay_words(name):
    _reading, content = written(name=name)
    document = Document(io.BytesIO(content))
    shown = "".join(c for c in name if c not in "\u202e\u0007")
    text = "\n".join(paragraphs(document.element.body))
    assert text.count(shown) >= 16 + 5 + 12 + 4
    assert "\u202e" not in text


@pytest.mark.parametrize("size", [{"states": 1}, {"states": 2, "decisions": 0, "lessons": 0}, {"states": 193}])
def test_a_region_of_any_size_gives_a_whole_document(size):
    reading, content = written("fr", **size)
    text = body_text(content)
    for row in reading.rows:
        assert row.name in text
    assert "{{" not in text
    with translation.override("fr"):
        assert plain(notes(reading)[-1]) in text
        assert ("Aucun" in text) is not bool(reading.lessons) or reading.lessons


def test_without_any_consent_it_names_no_state_and_says_so():
    made = invented_summary()
    for row in made.content["states"]:
        row |= {"advpax": None, "pnr": None, "areas": dict.fromkeys(row["areas"])}
    for ladder in made.content["ladders"]:
        ladder |= {"named": 0, "rest": 16, "steps": [], "operational": 0, "compared": 0}
    reading = Reading(made)
    content = word.made_with(own_template(), reading, reader=READER)
    assert "No status of API may be shown." in body_text(content)
    states = tables_by_columns(content)[0]
    assert {cell for row in states[1:] for cell in row[1:]} == {"–"}


def test_every_field_is_explained_and_every_explanation_is_a_field():
    fields = word.fields_of(invented_reading(), READER)
    parted = [f"{name}.{part}" if part else name for name, lines in fields.lists.items() for part in lines[0]]
    assert set(word.known_fields()) == {*fields.texts, *fields.blocks, *parted}
    assert tuple(word.known_fields())[:5] == word.ON_EACH_PAGE


def test_a_field_that_word_has_cut_into_pieces_is_found():
    def cut(document):
        paragraph = document.add_paragraph()
        for piece in ("before {", "{ ti", "tle }", "} after"):
            paragraph.add_run(piece).bold = piece.startswith("{ ti")

    _reading, content = written(template=changed(cut))
    assert "before Regional summary 2022-07 after" in body_text(content)


def test_what_is_filled_in_is_not_filled_again():
    fields = Fields({"title": "{{ label }}", "label": "no"}, {"lead": [{"": Text("{{ title }}")}]})
    document = Document()
    document.add_paragraph("{{ title }}|{{ title }}")
    document.add_paragraph("{{ lead }}")
    target = io.BytesIO()
    document.save(target)
    made = fill(target.getvalue(), fields, Properties("t", "a", "en", "c", invented_summary().taken_at))
    assert body_text(made) == "{{ label }}|{{ label }} {{ title }}"


# -- In the portal -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_is_handed_out_named_and_logged(cast):
    made = frozen_summary(cast.person("secretariat"), state="released")
    answer = cast.client("own_delegate").get(f"/summaries/{made.code}/pt.docx")
    name = f"regional-summary-{made.code}-pt_own-delegate_{made.taken_at.date().isoformat()}.docx"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert str(cast.person("own_delegate")) in edges(answer.content)
    event = Event.objects.filter(kind="file.exported").latest("pk")
    assert (event.actor_id, event.target_label) == (cast.person("own_delegate").pk, name)
    assert check(answer.content, name).kind.extension == "docx"


@pytest.mark.django_db
def test_a_template_that_is_lost_leaves_the_portals_own(cast, caplog):
    own = changed(lambda document: document.add_paragraph("With greetings"))
    actions.replace_template(checked=check(own, "ours.docx"), languages=["en"], by=cast.viewer("secretariat"))
    made = frozen_summary(cast.person("secretariat"), state="released")
    client = cast.client("own_delegate")
    assert "With greetings" in body_text(client.get(f"/summaries/{made.code}/en.docx").content)
    assert "With greetings" not in body_text(client.get(f"/summaries/{made.code}/fr.docx").content)
    storage.place(FileVersion.objects.get().storage_name).write_bytes(b"something else")
    with caplog.at_level(logging.ERROR):
        content = client.get(f"/summaries/{made.code}/en.docx").content
    assert f"Regional summary {made.code}" in body_text(content)
    assert "With greetings" not in body_text(content)
    assert "not on the disk as it was accepted" in caplog.text


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice (soffice) is not installed here")
def test_libreoffice_opens_it_and_loses_nothing(tmp_path):
    reading, content = written("fr")
    (tmp_path / "summary.docx").write_bytes(content)
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), "summary.docx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    pages = pypdfium2.PdfDocument((tmp_path / "summary.pdf").read_bytes())
    texts = [plain(page.get_textpage().get_text_range().replace("\ufffe", "-")) for page in pages]
    assert 3 <= len(texts) <= 6
    for number, text in enumerate(texts, start=1):
        for said in ("TLP:AMBER", READER, reading.summary.check_code, f"· {number} "):
            assert said in text, said
    whole = " ".join(texts)
    for row in reading.rows:
        assert row.name in whole
