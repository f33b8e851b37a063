"""The passenger-data detector: what it finds, in which files, and that it lets honest texts pass."""

import random
import time
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import override

from iwg_portal.base.uploads import PASSENGER_DATA, Refused, check
from iwg_portal.base.uploads.detector import check_digit, find, no_passenger_data
from tests.base import uploading as make

ROOT = Path(settings.BASE_DIR)


def found(text):
    detection = find(text)
    return detection.name if detection else None


def test_the_check_digit_is_that_of_the_standard():
    # The examples of ICAO Doc 9303 part 3, 4.9: letters, a filler, a date.
    assert check_digit("520727") == 3
    assert check_digit("AB2134<<<") == 5


# -- Machine-readable zones ----------------------------------------------------------------------------------------

ZONES = {
    "TD1": make.td1(),
    "TD2": make.td2(),
    "TD3": make.td3(),
    "MRV-A": make.visa(44),
    "MRV-B": make.visa(36),
}


@pytest.mark.parametrize("kind", ZONES)
def test_a_zone_is_found_however_it_is_written(kind):
    lines = ZONES[kind]
    assert {len(line) for line in lines} <= {30, 36, 44}
    whole = "\n".join(lines)
    for text in (
        whole,
        f"Minutes of the meeting\n\n{whole}\nSigned",
        whole.lower(),
        whole.replace("<", "< "),
        " ".join(whole),
        "".join(lines),
        "\r\n".join(line[:20] + "\r\n" + line[20:] for line in lines),
        whole.replace("<", "\uff1c"),
        whole.replace("<", "\u2039"),
        "\u200b".join(whole),
        f'"{lines[0]}";"{lines[1]}"',
    ):
        assert found(text) == "mrz", text


@pytest.mark.parametrize("line", [line for kind in ZONES for line in ZONES[kind] if not line.startswith("I<UTOX")])
def test_one_line_is_enough(line):
    assert found(f"Seen: \n{line}\n.") == "mrz"


def test_a_wrong_check_digit_is_no_zone():
    line = make.td3()[1]
    for place in (9, 19, 27):
        wrong = line[:place] + str((int(line[place]) + 1) % 10) + line[place + 1 :]
        assert found(wrong) is None


def test_numbers_at_random_are_no_zone():
    dice = random.Random(9303)
    text = "\n".join(";".join(str(dice.randrange(10**9)) for _ in range(12)) for _ in range(5_000))
    assert found(text) is None


# -- Messages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        make.PAXLST,
        "UNB+UNOA:4+FALSE",
        "x UNH+00001+PNRGOV:11:1:IA' y",
        "UNH+1+PAXLST:D:12B:UN:IATA+FALSE",
        "UNA:+.? '\nUNB+UNOA:4+FALSE+EXAMPLE'",
        "UNA|!.? ~UNB!UNOA|4!FALSE~",
        "UNH +\n1+PAXLST :D",
        '<IATA_PNRGOV_NotifRQ xmlns="urn:false">',
    ],
)
def test_messages_are_found(text):
    assert found(text) == "edifact"


@pytest.mark.parametrize(
    "text",
    [
        "States accept PAXLST and PNRGOV messages (UNB+, UNH+).",
        "An interchange begins with UNB+ and each message with UNH+…PAXLST or PNRGOV.",
        "The UNA segment is optional: UNA:+.? '",
    ],
)
def test_words_about_messages_are_none(text):
    assert found(text) is None


# -- Lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(make.NUMBERS),
        ", ".join(make.NUMBERS[:5]),
        "\t".join(make.NUMBERS),
        "\n".join(f"FALSE{n};EXAMPLE;{number};UTO" for n, number in enumerate(make.NUMBERS)),
        "\n\n".join(f"| {number} | UTO |" for number in make.NUMBERS),
        "Refused: X0000001, X0000002, X0000003, X0000004 and X0000005.",
        "\n".join(f"{n:02}AB0000{n}" for n in range(1, 7)),
    ],
)
def test_lists_of_document_numbers(text):
    assert found(text) == "documents"


@pytest.mark.parametrize(
    "text",
    [
        ", ".join(make.NUMBERS[:4]),
        "\n".join(["X0000001"] * 9),
        "\n\n".join(f"Decision X000000{n} of the council.\nIt concerns the airport." for n in range(9)),
        "Call +221 33 800 00 00, +221 33 800 00 01, +221 33 800 00 02, +221 33 800 00 03, +221 33 800 00 04",
        "S/RES/2178 (2014), S/RES/2396 (2017), S/RES/2309, A/HRC/40/52, S/2021/572, S/2020/1234",
        "AF0718 AF0719 SS0501 KP0032 HF0751",
        "\n".join(f"12{n:02}345{n}" for n in range(9)),
        "\n".join(f"https://example.org/A123456{n}.pdf" for n in range(9)),
    ],
)
def test_other_numbers_are_no_list(text):
    assert found(text) is None


def test_records():
    assert found(make.RECORD) == "pnr"
    assert found("SSR DOCS XX HK1/P/UTO/X00000000/UTO/01JAN70/F/01JAN30/FALSE/EXAMPLE") == "pnr"
    assert found("P/UTO/X00000000/UTO/01JAN70/F/01JAN30/FALSE/EXAMPLE") == "pnr"
    rows = "\n".join(f"AB12C{n};FALSE/EXAMPLE{'ABCDEFGH'[n]};XX123" for n in range(6))
    assert found(rows) == "pnr"
    assert found("Agenda: API/PNR in ECOWAS/UEMOA; ANAC/DGAC; see annex 1ABC2D") is None
    assert found("FALSE/EXAMPLE MR is a form of name in a PNR.") is None


# -- In files ------------------------------------------------------------------------------------------------------

LINES = make.td3()
HEX = "".join(f"{ord(c) - 29:04x}" for c in LINES[1])
MAP = b"/CIDInit begincmap 1 beginbfrange <0003> <005d> <0020> endbfrange endcmap"
RUNS = "".join(f"<w:r><w:t>{escape(letter)}</w:t></w:r>" for letter in LINES[1])
HEADER = f'<w:h xmlns:w="{make.WORD}">{make.paragraphs(*LINES)}</w:h>'
KERNED = b"BT [" + b" -20 ".join(b"(%c)" % letter for letter in LINES[1].encode()) + b"] TJ ET"
ROWS = [("FALSE", number, "UTO") for number in make.NUMBERS]
FILES = {
    "text": ("a.txt", "\n".join(LINES).encode()),
    "text of another coding": ("a.txt", "\n".join(LINES).encode("utf-16")),
    "table": ("a.csv", ("Name;Document\n" + "\n".join(f"F;{n}" for n in make.NUMBERS)).encode()),
    "word": ("a.docx", make.docx("Minutes", *LINES)),
    "word, cut into runs": ("a.docx", make.docx(body=f"<w:p>{RUNS}</w:p>")),
    "word, a table": ("a.docx", make.docx(body=make.table(*ROWS))),
    "word, a header": ("a.docx", make.docx(more={"word/header1.xml": HEADER})),
    "excel": ("a.xlsx", make.xlsx(["Document"], *[[number] for number in make.NUMBERS])),
    "excel, a row": ("a.xlsx", make.xlsx(make.NUMBERS)),
    "excel, a hidden sheet": ("a.xlsx", make.xlsx(["x"], hidden=[[line] for line in LINES])),
    "powerpoint": ("a.pptx", make.pptx(LINES[1])),
    "a workbook in a presentation": ("a.pptx", make.pptx(more={"ppt/embeddings/w.xlsx": make.xlsx([LINES[1]])})),
    "open document": ("a.odt", make.opendocument(text=LINES[1])),
    "pdf": ("a.pdf", make.pdf(*LINES)),
    "pdf, not packed": ("a.pdf", make.pdf(*LINES, pack=False)),
    "pdf, kerned": ("a.pdf", make.pdf("x", objects=[make.stream(KERNED)])),
    "pdf, letters by number": (
        "a.pdf",
        make.pdf("x", objects=[make.stream(MAP), make.stream(f"BT <{HEX}> Tj ET".encode())]),
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_passenger_data_in_a_file_of_each_kind(kind):
    name, content = FILES[kind]
    with pytest.raises(Refused) as refusal:
        check(content, name)
    assert refusal.value.code == PASSENGER_DATA
    assert refusal.value.detector in ("mrz", "documents")
    assert "X0000" not in str(refusal.value)


# -- What passes ---------------------------------------------------------------------------------------------------


def own_texts():
    for folder in ("iwg_portal", "capabilities", "members", "templates", "static"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".md", ".yaml", ".po", ".html", ".txt", ".css", ".js") and path.is_file():
                yield path
    yield from (ROOT / name for name in ("README.md", "requirements.txt", "pyproject.toml"))


def test_the_portals_own_texts_pass():
    caught = {str(path.relative_to(ROOT)): found(path.read_text("utf-8")) for path in own_texts()}
    assert len(caught) > 200
    assert not {path: name for path, name in caught.items() if name}


def test_the_workbooks_of_the_group_pass():
    for path in sorted((ROOT / "tests/capabilities/data").glob("*.xlsx")):
        assert check(path.read_bytes(), path.name).kind.extension == "xlsx"


@pytest.mark.parametrize(
    "text",
    ["", "short", "x" * 1_000_000, "<" * 1_000_000, "9" * 1_000_000, "A<" * 500_000, "7M7" * 300_000, "\n" * 1_000_000,
     "A/B " * 250_000, "X1234567" * 120_000, "UNA:+.? '" * 100_000, "1234567M" * 120_000, "/ABC" * 250_000,
     "UNH+" * 250_000, "AB12345 " * 120_000, "A" * 29 + "/" + "A " * 400_000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_no_text_takes_long(text):
    start = time.thread_time()
    found(text)
    assert time.thread_time() - start < 4


def test_the_validator_explains_in_the_readers_language():
    with pytest.raises(ValidationError) as refusal:
        no_passenger_data("\n".join(LINES))
    assert refusal.value.code == PASSENGER_DATA
    assert refusal.value.params == {"detector": "mrz"}
    with override("fr"):
        assert find(LINES[1]).sentence != find(LINES[1]).name
    no_passenger_data("The law was adopted on 12 March.")
