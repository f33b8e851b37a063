"""What people type in a PDF: other scripts, emoji, words without an end. It stands on the page, can be read back."""

import io

import pikepdf
import pypdfium2
import pytest

from iwg_portal.base.documents import frame, pdf
from iwg_portal.base.documents.glyphs import FONTS, MISSING, characters
from iwg_portal.base.documents.prose import prose
from tests.documents import words_of

LONG = "Abcdefghij" * 30
ARABIC = "نص عربي طويل مع كلمات (أقواس) 2024."
MARGIN = 56  # points, 20 mm less a hair


def lesson(name="A lesson", text="", file=""):
    data = {
        **frame(name, "members", "Test IWG", person="Ama Example"),
        "name": name,
        "spoken": "en",
        "notes": [],
        "facts": [["State", name]],
        "parts": [{"title": "What happened", "prose": prose(text)}] if text else [],
        "files": {"title": "Files", "rows": [file] if file else []},
        "useful": "",
    }
    return pdf("lesson", data)


def boxes(content):
    """(character, left, right) of all pages, and their width."""
    found = []
    file = pypdfium2.PdfDocument(content)
    for page in file:
        text = page.get_textpage()
        for number in range(text.count_chars()):
            left, _bottom, right, _top = text.get_charbox(number)
            found.append((text.get_text_range(number, 1), left, right))
    return found, file[0].get_width()


def stays_on_the_page(content):
    found, width = boxes(content)
    return all(left >= MARGIN and right <= width - MARGIN for sign, left, right in found if sign.strip())


def test_emoji_and_arabic_are_drawn_and_read_back():
    text = words_of(lesson("Sharing 👍 pays", f"It works ✅ 🙂.\n\n{ARABIC}"))
    assert "Sharing 👍 pays" in text
    assert "✅ 🙂" in text
    assert MISSING not in text
    assert {"ن", "ع", "ك"} <= set(text)


def test_a_picture_of_two_signs_is_one_in_the_text_beside_it():
    """Which pdfium does not read: a flag, and a person with the colour of her skin."""
    with pikepdf.open(io.BytesIO(lesson(text="State 🇬🇭 👩🏽‍✈️ of joy"))) as file:
        drawn = file.pages[0].Contents.read_bytes()
    for signs in ("🇬🇭", "👩🏽"):
        assert b"ActualText<FEFF" + signs.encode("utf-16-be").hex().upper().encode() in drawn


def test_what_no_font_has_is_a_sign_and_never_an_empty_place():
    text = words_of(lesson("中 and 🐶", "שלום and 👍"))
    assert f"{MISSING} and {MISSING}" in text
    assert "👍" in text


def test_every_font_is_read_and_the_name_of_a_skin_tone_has_no_place_of_its_own():
    known = characters()
    assert {ord(sign) for sign in "Aé€ع👍✈"} <= known
    assert ord("🐶") not in known
    assert all(font.stat().st_size < 530_000 for font in FONTS)
    plain, dark = boxes(lesson(text="Ready 👩 now"))[0], boxes(lesson(text="Ready 👩🏽 now"))[0]
    right = [max(right for sign, _left, right in found if sign == "w") for found in (plain, dark)]
    assert abs(right[0] - right[1]) < 0.5


def test_a_paragraph_of_arabic_begins_at_the_right():
    found, width = boxes(lesson(text=f"Latin first.\n\n{ARABIC}"))
    arabic = [right for sign, _left, right in found if "\u0600" <= sign <= "\u06ff" or "\ufe70" <= sign <= "\ufeff"]
    assert arabic
    assert width - 60 < max(arabic) < width - MARGIN
    assert min(left for sign, left, _right in found if sign == "L") < 60


@pytest.mark.parametrize("word", [LONG, "https://example.org/" + "page" * 70, "é" * 300, "W" * 300, "👍" * 120])
def test_a_word_without_an_end_stays_on_the_page_and_is_read_back_whole(word):
    content = lesson(word, f"Before {word} after\n\n- {word}", word)
    assert stays_on_the_page(content)
    text = words_of(content).replace(" ", "")
    assert text.count(word) >= 4
    assert "\u200b" not in text
    with pikepdf.open(io.BytesIO(content)) as file:
        assert str(file.docinfo.Title) == word


def test_a_word_of_arabic_without_an_end_stays_on_the_page():
    assert stays_on_the_page(lesson("مرحبا" * 60, "مرحبا" * 60))


def test_words_of_the_languages_are_never_broken():
    word = "anticonstitutionnellement"
    content = lesson(text=" ".join([word] * 60))
    pages = pypdfium2.PdfDocument(content)
    lines = [line for page in pages for line in page.get_textpage().get_text_range().splitlines()]
    assert sum(line.split().count(word) for line in lines) == 60
