"""A meeting as one document: what her page shows, for her alone, with the pages of the papers that can be joined."""

import datetime as dt
import io
import re

import pikepdf
import pypdfium2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.base.documents import tags
from iwg_portal.base.uploads import check, storage
from meetings.actions.papers import add_file
from meetings.actions.registration import answer_invitation
from meetings.exports import packs
from meetings.models import Meeting, Registration
from meetings.views import groups
from members.models import FileVersion, StoredFile
from tests.documents import words_of
from tests.factories import (
    ActionFactory,
    BlockFactory,
    CirculationFactory,
    DecisionFactory,
    GroupFactory,
    ItemFactory,
    MeetingFactory,
    OwnerFactory,
)
from tests.meetings import pdfs
from tests.meetings.test_papers import GROUP, enter, files_of
from tests.meetings.test_record_exports import NASTY

pytestmark = pytest.mark.django_db
SOON = timezone.now() + dt.timedelta(days=20)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture
def meeting(cast):
    for part in GROUP:
        cast.person(part)
    return MeetingFactory(title="Fifth plenary", number=5, starts_at=SOON, ends_at=SOON + dt.timedelta(days=1))


@pytest.fixture
def before(cast, meeting):
    """The meeting before, adopted, with an open decision and action points of two states."""
    found = MeetingFactory(title="Fourth plenary", number=4, state="adopted")
    item = ItemFactory(meeting=found, title="An item of then", position=1)
    BlockFactory(item=item, text="The group met.")
    DecisionFactory(block__item=item, block__text="It is decided.", number=7)
    for state, words in ((cast.own, "This is to be done."), (cast.other, "That is to be done.")):
        OwnerFactory(action=ActionFactory(block__item=item, block__text=words), state=state)
    now = timezone.now()
    CirculationFactory(meeting=found, by=cast.person("secretariat"), state="adopted", ended_at=now, adopted_number=3)
    return found


@pytest.fixture
def by(cast, meeting):
    return cast.viewer("secretariat")


def fetch(cast, part, meeting, query=""):
    return cast.client(part).get(f"/meetings/{meeting.pk}/pack/{query}")


def take(cast, part, meeting, query=""):
    answer = fetch(cast, part, meeting, query)
    assert answer.status_code == 200, answer.status_code
    return answer.content


def read(cast, part, meeting, query=""):
    return words_of(take(cast, part, meeting, query)).replace("\u2011", "-")


def paper(meeting, by, title, content, name="a.pdf", **values):
    return enter(meeting, by, title, content, name, **values)


def stored(meeting, by, title, content, name="a.pdf", **values):
    """As ``paper``, with bytes that an upload would refuse today."""
    made = paper(meeting, by, title, pdfs.untagged(), name, **values)
    version = FileVersion.objects.get(file__in=files_of(made))
    storage.place(version.storage_name).write_bytes(content)
    return made


def pages_of(content):
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content)]


def every_byte(content):
    """Text, properties, outline, structure: each object of the file, unpacked."""
    with pikepdf.open(io.BytesIO(content)) as file:
        target = io.BytesIO()
        file.save(
            target, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
        )  # fmt: skip
    found = target.getvalue()
    return words_of(content) + found.decode("latin-1") + found.replace(b"\0", b"").decode("latin-1")


# -- What is in it ---------------------------------------------------------------------------------------------------


def test_it_holds_what_a_delegate_needs_on_the_way(cast, meeting, before, by):
    Meeting.objects.filter(pk=meeting.pk).update(link="https://meet.example.org/x", register_by=dt.date(2026, 2, 3))
    item = ItemFactory(meeting=meeting, title="Data protection", position=1)
    paper(meeting, by, "Carrier calls", pdfs.tagged("Inside"), item=item)
    answer_invitation(meeting=meeting, answer="yes", state=cast.own, organisation=None, by=cast.viewer("own_delegate"))
    words = read(cast, "own_delegate", meeting)
    for wanted in (
        "Meeting pack", "Plenary, meeting 5", "Fifth plenary", "Praia", "zone Africa/Abidjan",
        "Made for Own Delegate", "As of", "https://meet.example.org/x", "Register until 3 February 2026",
        "Registration Own Delegate", "Action points of your state", "This is to be done.",
        "Other action points still open", "That is to be done.", "Decision D-7 It is decided.", "1 Data protection",
        "Record: Fourth plenary", "Record no. 3, adopted by silence", "The group met.",
        "Paper 1, for item 1 of the agenda", "Inside", "page 2 of Inside", "Handed to Own Delegate",
    ):  # fmt: skip
        assert wanted in words, wanted
    assert words.index("This is to be done.") < words.index("That is to be done.")
    # Her answer is for her delegation and the secretariat: the narrowest of what it holds names the whole.
    assert "TLP:AMBER+STRICT" in words


def test_nothing_practical_has_no_heading(cast):
    """Of a meeting that is over nobody needs to know where to register."""
    over = MeetingFactory(state="adopted")
    assert "Practical information" not in read(cast, "other_delegate", over)
    Meeting.objects.filter(pk=over.pk).update(link="https://meet.example.org/x")
    assert "Practical information" in read(cast, "other_delegate", over)


def test_pages_are_counted_through_and_listed(cast, meeting, before, by):
    paper(meeting, by, "First", pdfs.tagged("Inside one", pages=3))
    paper(meeting, by, "Second", pdfs.turned())
    content = take(cast, "own_delegate", meeting)
    pages = pages_of(content)
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    listed = " ".join(" ".join(pages).split())
    for title, inside in (("First", "Paper 1"), ("Second", "Paper 2")):
        at = next(number for number, page in enumerate(pages, start=1) if inside in page and title in page)
        assert re.search(rf"{title} TLP:GREEN · \d pages English {at}\b", listed)
    with pikepdf.open(io.BytesIO(content)) as file, file.open_outline() as outline:
        (top,) = outline.root
        named = {entry.title: entry.children for entry in top.children}
        papers = next(children for title, children in named.items() if title.startswith("Record"))
        assert [entry.title for entry in papers][-2:] == ["First", "Second"]


def test_it_is_tagged_with_its_title_and_language(cast, meeting, by):
    paper(meeting, by, "Carrier calls", pdfs.tagged("Inside"))
    paper(meeting, by, "Another", pdfs.tagged("Other"))
    content = take(cast, "own_delegate", meeting, "?lang=fr")
    with pikepdf.open(io.BytesIO(content)) as file:
        assert str(file.Root["/Lang"]) == "fr"
        assert str(file.docinfo["/Title"]) == "Dossier de réunion\u00a0: Fifth plenary"
        assert bool(file.Root.MarkInfo.Marked)
        kinds = kinds_below(file.Root.StructTreeRoot)
        assert kinds.count("/Part") == 2
        assert kinds.count("/Table") >= 3  # that of the papers, and one in each
        assert file.open_metadata()["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
        assert heads_are_found(file)
        assert parents_agree(file)


def test_a_paper_without_tags_is_read_page_by_page_and_nothing_is_promised(cast, meeting, by):
    paper(meeting, by, "Tagged", pdfs.tagged("Inside"))
    paper(meeting, by, "Plain", pdfs.untagged())
    with pikepdf.open(io.BytesIO(take(cast, "own_delegate", meeting))) as file:
        assert kinds_below(file.Root.StructTreeRoot).count("/Part") == 2
        assert "{http://www.aiim.org/pdfua/ns/id/}part" not in file.open_metadata()
        assert parents_agree(file)


def kinds_below(root):
    found, waiting = [], [root.K]
    while waiting:
        at = waiting.pop()
        if isinstance(at, pikepdf.Array):
            waiting += list(at)
        elif isinstance(at, pikepdf.Dictionary) and "/S" in at:
            found.append(str(at.S))
            waiting.append(at.get("/K"))
    return found


def names_of(node):
    found = list(node.get("/Names", ()))
    pairs = dict(zip(map(bytes, found[::2]), found[1::2], strict=True))
    for kid in node.get("/Kids", ()):
        pairs |= names_of(kid)
    return pairs


def heads_are_found(file):
    """Each cell that names its heads names one that there is."""
    names = names_of(file.Root.StructTreeRoot.IDTree)
    asked, waiting = [], [file.Root.StructTreeRoot.K]
    while waiting:
        at = waiting.pop()
        if isinstance(at, pikepdf.Array):
            waiting += list(at)
        elif isinstance(at, pikepdf.Dictionary) and "/S" in at:
            about = at.get("/A")
            for attributes in about if isinstance(about, pikepdf.Array) else [about]:
                if isinstance(attributes, pikepdf.Dictionary):
                    asked += [bytes(one) for one in attributes.get("/Headers", ())]
            waiting.append(at.get("/K"))
    return bool(asked) and all(one in names for one in asked)


def parents_agree(file):
    """The tree of parents knows each page, and what it knows of a page is of that page."""
    flat = list(file.Root.StructTreeRoot.ParentTree.Nums)
    rows = {int(key): value for key, value in zip(flat[::2], flat[1::2], strict=True)}
    pages = [page.obj for page in file.pages if "/StructParents" in page.obj]
    for page in pages:
        for element in rows[int(page.StructParents)]:
            if isinstance(element, pikepdf.Dictionary) and "/Pg" in element:
                assert element.Pg.objgen == page.objgen
    return len(pages) == len(file.pages) and sorted(rows) == [int(key) for key in flat[::2]]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ("Dossier de réunion", "Informations pratiques", "Sommaire", "Établi pour")),
        ("pt", ("Dossiê da reunião", "Informações práticas", "Índice", "Elaborado para")),
    ],
)
def test_it_speaks_three_languages(cast, meeting, before, by, language, words):
    Meeting.objects.filter(pk=meeting.pk).update(link="https://meet.example.org/x")
    paper(meeting, by, "Word", b"words", "a.txt")
    content = take(cast, "own_delegate", meeting, f"?lang={language}")
    said = words_of(content)
    for wanted in words:
        assert wanted in said
    for english in ("Meeting pack", "Practical", "Papers", "Page ", "Open", "open it"):
        assert english not in said.replace("Page 1", "") or (english == "Page " and language == "fr")


def test_a_paper_is_in_her_language_else_in_another_and_that_is_said(cast, meeting, by):
    both = paper(meeting, by, "Both", pdfs.tagged("The English text"))
    add(both, by, pdfs.tagged("Le texte"), "fr")
    paper(meeting, by, "English alone", pdfs.tagged("Only English"))
    mixed = paper(meeting, by, "Mixed", pdfs.tagged("English of mixed"))
    add(mixed, by, b"texte", "fr", "a.txt")
    words = read(cast, "own_delegate", meeting, "?lang=fr")
    assert "Le texte" in words
    assert "The English text" not in words
    assert "Only English" in words
    assert "English of mixed" in words
    assert words.count("Il n’existe pas de texte dans votre langue") == 1
    assert words.count("Le texte dans votre langue (Français) n’est pas un PDF") == 1


def add(found, by, content, language, name="b.pdf"):
    add_file(paper=found, checked=check(content, name), language=language, title="", by=by)


# -- What is not in it, and why --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pdfs.protected, "Protected by a password"),
        (lambda: pdfs.protected("secret"), "Protected by a password"),
        (pdfs.broken_off, "Damaged"),
        (lambda: b"%PDF-1.7 no more", "Damaged"),
        (pdfs.half_a_page, "Damaged"),
        (pdfs.hidden_layer, "hidden layers"),
    ],
)
def test_what_cannot_be_joined_is_named_and_no_half_of_it_is_there(cast, meeting, by, content, why):
    paper(meeting, by, "Good one", pdfs.tagged("All of it"))
    stored(meeting, by, "Bad one", content())
    words = read(cast, "own_delegate", meeting)
    listed = words[words.index("Papers that are not in this pack") :]
    assert re.search(rf"2 Bad one [^.]*{why}", listed)
    assert "All of it" in words
    assert "Untagged" not in words


def test_other_kinds_and_expected_papers_are_named(cast, meeting, by):
    paper(meeting, by, "Word", b"words", "a.txt")
    paper(meeting, by, "To come", b"", due_on=dt.date(2026, 2, 1))
    paper(meeting, by, "Some day", b"")
    words = read(cast, "own_delegate", meeting)
    assert "Not a PDF (TXT): open it in the portal." in words
    assert "Expected by 1 February 2026." in words
    assert "The paper is expected; it has not come yet." in words
    assert "No paper is in this pack." in words
    assert "There is no paper yet." in read(cast, "own_delegate", MeetingFactory())


def test_bytes_that_are_gone_are_named(cast, meeting, by):
    made = paper(meeting, by, "Gone", pdfs.untagged())
    storage.remove(FileVersion.objects.get(file__in=files_of(made)).storage_name)
    assert "It has been withdrawn since." in read(cast, "own_delegate", meeting)


def test_there_is_a_limit_to_its_size_and_to_its_pages(cast, meeting, by, monkeypatch):
    paper(meeting, by, "Large", pdfs.tagged("L", pages=30))
    paper(meeting, by, "Small", pdfs.untagged())
    sizes = list(FileVersion.objects.order_by("size").values_list("size", flat=True))
    monkeypatch.setattr(packs, "LARGEST", sizes[-1] - 1)
    words = read(cast, "own_delegate", meeting)
    assert re.search(r"1 Large Too large for this pack: open it in the portal\.", words)
    assert "page 2 of Untagged" in words
    monkeypatch.setattr(packs, "LARGEST", 10**9)
    monkeypatch.setattr(packs, "MOST_PAGES", 31)
    words = read(cast, "own_delegate", meeting)
    assert "page 30 of L" in words
    assert re.search(r"2 Small Too long for this pack: open it in the portal\.", words)


def test_more_papers_take_no_more_queries(cast, meeting, by):
    def asked():
        with CaptureQueriesContext(connection) as found:
            take(cast, "own_delegate", meeting)
        return len(found)

    paper(meeting, by, "First", pdfs.untagged())
    take(cast, "own_delegate", meeting)
    one = asked()
    for number in range(2):
        paper(meeting, by, f"Another {number}", pdfs.untagged())
    assert asked() == one


def test_tags_of_more_elements_than_there_is_room_for_are_left(cast, meeting, by, monkeypatch):
    monkeypatch.setattr(tags, "MOST", 12)
    for title in ("First", "Second", "Third"):
        paper(meeting, by, title, pdfs.tagged(f"Inside {title}"))
    content = take(cast, "own_delegate", meeting)
    assert "page 2 of Inside Third" in words_of(content)
    with pikepdf.open(io.BytesIO(content)) as file:
        assert parents_agree(file)
        assert "{http://www.aiim.org/pdfua/ns/id/}part" not in file.open_metadata()


def test_a_page_acts_no_more_and_what_was_filled_in_stays(cast, meeting, by):
    stored(meeting, by, "Form", pdfs.form_and_links())
    content = take(cast, "own_delegate", meeting)
    assert "filled in" in words_of(content)
    with pikepdf.open(io.BytesIO(content)) as file:
        page = file.pages[-2]
        assert "/AcroForm" not in file.Root
        assert "/AA" not in page.obj
        kinds = [(str(note.Subtype), "/A" in note, "/Dest" in note) for note in page.Annots]
        assert kinds == [("/Link", True, False), ("/Link", False, False)]
    assert "evil.example" not in every_byte(content)


# -- For whom --------------------------------------------------------------------------------------------------------


def test_what_she_may_not_read_is_in_no_byte_of_it(cast, meeting, before, by):
    """Papers for others, papers of other meetings, a draft record, what another group decided and does not share."""
    paper(meeting, by, "canary-secret", pdfs.tagged("canary-inside"), audience="secretariat", name="canary-file.pdf")
    paper(meeting, by, "canary-members", pdfs.tagged("canary-text"), audience="members")
    draft = MeetingFactory(title="canary-draft", state="draft", group=GroupFactory(key="legal"))
    paper(draft, by, "canary-other-meeting", pdfs.tagged("canary-elsewhere"))
    running = MeetingFactory(title="Running", state="running")
    BlockFactory(item=ItemFactory(meeting=running), text="canary-draft-record")
    known = {"observer": set(), "partner": set(), "own_delegate": {"members", "text"}, "chair": {"members", "text"}}
    for part, may in known.items():
        answer = fetch(cast, part, meeting)
        found = set(re.findall(r"canary-([a-z-]+)", every_byte(answer.content) + str(answer.headers)))
        assert found == may, part
    assert "canary-inside" in every_byte(take(cast, "secretariat", meeting))


def test_hidden_papers_change_nothing_for_who_may_not_read_them(cast, meeting, by):
    paper(meeting, by, "Open", pdfs.tagged("Open"))
    first = words_of(take(cast, "observer", meeting))
    paper(meeting, by, "Hidden", pdfs.tagged("Hidden"), audience="members")
    paper(meeting, by, "Hidden word", b"words", "b.txt", audience="secretariat")
    strip = re.compile(r"As of [^U]*UTC")
    assert strip.sub("", words_of(take(cast, "observer", meeting))) == strip.sub("", first)


def test_an_observer_has_a_green_one_without_a_name(cast, meeting, before, by):
    paper(meeting, by, "Open", pdfs.tagged("Open"))
    content = take(cast, "observer", meeting)
    words = words_of(content)
    assert "TLP:GREEN" in words
    assert "TLP:AMBER" not in words
    assert "Observer" not in every_byte(content)
    # Records, decisions and action points of the members are not hers.
    for hidden in ("It is decided", "to be done", "Fourth plenary", "The group met"):
        assert hidden not in words


def test_names_of_other_delegations_are_not_in_it(cast, meeting):
    for part, state in (("own_focal_point", cast.own), ("other_delegate", cast.other)):
        person = cast.person(part)
        Registration.objects.create(meeting=meeting, person=person, state=state, answer="yes", at=timezone.now())
    words = read(cast, "own_delegate", meeting)
    assert "Own Focal Point" in words
    assert "You have not answered yet." in words
    assert "Other Delegate" not in words
    assert "Own Focal Point" not in read(cast, "chair", meeting)


def test_the_label_is_that_of_the_narrowest_paper(cast, meeting, by):
    assert "TLP:GREEN" in read(cast, "own_delegate", meeting)
    made = paper(meeting, by, "For members", pdfs.tagged("Inside"), audience="members")
    words = read(cast, "own_delegate", meeting)
    assert "TLP:AMBER" in words
    assert "TLP:AMBER+STRICT" not in words
    assert "Handed to Own Delegate" in pages_of(take(cast, "own_delegate", meeting))[-1]
    StoredFile.objects.filter(parent_id=str(made.pk)).update(audience="secretariat")
    assert "TLP:AMBER+STRICT" in read(cast, "secretariat", meeting)


def test_whoever_may_not_see_the_meeting_gets_nothing(cast, meeting):
    assert fetch(cast, "anonymous", meeting).status_code == 302
    for part in ("stranger", "ex_member"):
        assert fetch(cast, part, meeting).status_code == 404
    draft = MeetingFactory(state="draft")
    assert fetch(cast, "own_delegate", draft).status_code == 404
    assert fetch(cast, "chair", draft).status_code == 200


# -- What was typed --------------------------------------------------------------------------------------------------


def test_nothing_that_was_typed_is_markup(cast, meeting, before, by):
    long = NASTY[:200]
    Meeting.objects.filter(pk=meeting.pk).update(title=long, place=long)
    item = ItemFactory(meeting=meeting, title=long, note="# * $x$ #pagebreak() <b>")
    paper(meeting, by, long, pdfs.tagged("Inside"), item=item)
    OwnerFactory(action=ActionFactory(block__item=before.items.get(), block__text=NASTY), state=cast.own)
    cast.person("own_delegate").__class__.objects.filter(pk=cast.person("own_delegate").pk).update(
        full_name="#panic() $ 🛂 " + "é" * 130
    )
    words = read(cast, "own_delegate", meeting)
    assert "$x$ <b>bold</b>" in words
    assert "#pagebreak()" in words
    assert "#panic()" in words
    assert "\u202e" not in words


def test_its_name_says_what_for_whom_and_when_and_the_log_too(cast, meeting, by):
    paper(meeting, by, "Title 🛂 é", pdfs.tagged("Inside"))
    paper(meeting, by, "Word", b"words", "a.txt")
    answer = fetch(cast, "own_delegate", meeting, "?lang=pt")
    day = timezone.localdate().isoformat()
    name = f"iwg-meeting-pack-plenary-5-pt_own-delegate_{day}.pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Language"] == "pt"
    event = Event.objects.filter(kind="file.exported").latest("id")
    assert event.target_label == name
    assert event.data == {"language": "pt", "label": "TLP:GREEN", "papers": 1, "missing": 1}


def test_it_is_offered_beside_the_papers_and_on_the_page_of_the_meeting(cast, meeting):
    for address in (f"/meetings/{meeting.pk}/", f"/meetings/{meeting.pk}/papers/"):
        assert f"/meetings/{meeting.pk}/pack/" in cast.client("own_delegate").get(address).content.decode()


# -- What a chair hands over -----------------------------------------------------------------------------------------


def test_the_hand_over_holds_the_rows_of_its_page(cast, before, meeting):
    for part in ("chair", "secretariat"):
        answer = cast.client(part).get("/meetings/hand-over/pdf/")
        words = words_of(answer.content).replace("\u2011", "-")
        for wanted in (
            "Hand-over", "Decision D-7 It is decided.", "This is to be done.", "That is to be done.",
            "Fifth plenary", "Own Focal Point", "Contacts", "TLP:AMBER",
        ):  # fmt: skip
            assert wanted in words, wanted
        assert str(cast.person(part)) in words
    assert "hand-over/pdf" in cast.client("chair").get("/meetings/hand-over/").content.decode()
    assert answer["Content-Disposition"].startswith('attachment; filename="iwg-hand-over-en_')


@pytest.mark.parametrize(("language", "word"), [("fr", "Passation"), ("pt", "Passagem de pasta")])
def test_the_hand_over_is_tagged_and_says_its_language(cast, before, language, word):
    answer = cast.client("chair").get(f"/meetings/hand-over/pdf/?lang={language}")
    with pikepdf.open(io.BytesIO(answer.content)) as file:
        assert str(file.Root["/Lang"]) == language
        assert str(file.docinfo["/Title"]) == word
        assert "/StructTreeRoot" in file.Root
        assert file.open_metadata()["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"


def test_nobody_else_takes_the_hand_over(cast, before):
    for part in ("observer", "partner", "own_delegate", "own_focal_point", "administrator", "stranger"):
        assert cast.client(part).get("/meetings/hand-over/pdf/").status_code == 404
    assert cast.client("anonymous").get("/meetings/hand-over/pdf/").status_code == 302


def test_a_draft_for_the_secretariat_makes_the_hand_over_as_narrow(cast, before):
    MeetingFactory(title="In the making", state="draft", audience="secretariat", starts_at=SOON,
                   ends_at=SOON + dt.timedelta(days=1))  # fmt: skip
    content = cast.client("chair").get("/meetings/hand-over/pdf/").content
    assert "In the making" in words_of(content)
    assert "TLP:AMBER+STRICT" in words_of(content)
    assert "TLP:AMBER+STRICT" in cast.client("chair").get("/meetings/hand-over/").content.decode()


def test_of_nothing_the_hand_over_says_so(cast):
    assert words_of(cast.client("chair").get("/meetings/hand-over/pdf/").content).count("None.") == 3


def test_of_what_is_cut_the_hand_over_says_so(cast, before, monkeypatch):
    monkeypatch.setattr(groups, "MOST", 1)
    words = words_of(cast.client("chair").get("/meetings/hand-over/pdf/").content)
    assert words.count("There are more; they are in the portal.") == 2
