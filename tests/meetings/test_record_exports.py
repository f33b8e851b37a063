"""The record as a document: what its page shows at this moment to this reader, labelled, and nothing that runs."""

import io

import docx
import pikepdf
import pytest
from django.utils import timezone

from iwg_portal.activity.models import Event
from meetings.models import Attendance, Meeting
from tests.documents import docx_words, unpacked, words_of
from tests.factories import (
    ActionFactory,
    BlockFactory,
    CirculationFactory,
    DecisionFactory,
    ItemFactory,
    MeetingFactory,
    OwnerFactory,
)

pytestmark = pytest.mark.django_db
NASTY = '# * _ $x$ <b>bold</b> [[ ]] @ref \\ =1+1 "quoted" \u202edesrever مرحبا 🛂 ' + "w" * 300
READ = {"pdf": words_of, "docx": docx_words}


@pytest.fixture
def meeting(cast):
    found = MeetingFactory(title="Third plenary", state="circulated")
    item = ItemFactory(meeting=found, title="Data protection", position=1)
    BlockFactory(item=item, text="The **group** met.\n\n- first\n- second\n\n2. two", said_by=cast.own)
    DecisionFactory(block__item=item, block__text="It is decided.")
    OwnerFactory(action=ActionFactory(block__item=item, block__text="It is to be done."), state=cast.own)
    presence = {"meeting": found, "by": cast.person("secretariat"), "at": timezone.now()}
    Attendance.objects.create(state=cast.own, presence="present", **presence)
    return found


@pytest.fixture
def circulation(cast, meeting):
    return CirculationFactory(meeting=meeting, by=cast.person("secretariat"))


def fetch(cast, part, meeting, kind, query=""):
    return cast.client(part).get(f"/meetings/{meeting.pk}/record/export/{kind}/{query}")


def read(cast, part, meeting, kind, query=""):
    answer = fetch(cast, part, meeting, kind, query)
    assert answer.status_code == 200, answer.status_code
    return READ[kind](answer.content)


@pytest.mark.parametrize("kind", READ)
def test_it_holds_what_the_page_shows_and_how_it_stands(cast, circulation, meeting, kind):
    words = read(cast, "own_delegate", meeting, kind)
    for wanted in (
        "Third plenary", "1 Data protection", "The group met.", "first", "Decision 1.1", "It is decided.", "Action 1.a",
        "It is to be done.", "Ownland · due 30 June 2026 · open", "Statement of Ownland", "Present", "members, quorum",
        "Under silence procedure: not adopted yet", "Adopted unless a member state objects before", "Version 1",
        circulation.version.sha256, "TLP:AMBER", "handed to Own Delegate", "As of",
    ):  # fmt: skip
        assert wanted in words.replace("\u2011", "-"), wanted
    assert "**" not in words
    assert "DRAFT" not in words


@pytest.mark.parametrize("kind", READ)
def test_a_draft_says_so_and_is_for_those_who_prepare_it(cast, meeting, kind):
    """Also after an objection: what was circulated before has another text and another hash."""
    circulation = CirculationFactory(meeting=meeting, by=cast.person("secretariat"))
    Meeting.objects.filter(pk=meeting.pk).update(state="drafted")
    type(meeting.record).objects.filter(pk=meeting.record.pk).update(audience="secretariat")
    for part in ("own_delegate", "own_focal_point", "observer", "administrator"):
        assert fetch(cast, part, meeting, kind).status_code == 404
        page = cast.client(part).get(f"/meetings/{meeting.pk}/").content.decode()
        assert "record/export" not in page
    for part in ("chair", "secretariat"):
        answer = fetch(cast, part, meeting, kind)
        words = READ[kind](answer.content)
        assert "DRAFT" in words
        assert "For the secretariat and the chair" in words
        assert "TLP:AMBER+STRICT" in words
        assert circulation.version.sha256 not in words
        assert "-draft-en_" in answer["Content-Disposition"]


@pytest.mark.parametrize("kind", READ)
def test_an_adopted_record_bears_its_number_and_day(cast, circulation, meeting, kind):
    now = timezone.now()
    type(circulation).objects.filter(pk=circulation.pk).update(state="adopted", ended_at=now, adopted_number=7)
    Meeting.objects.filter(pk=meeting.pk).update(state="adopted")
    words = read(cast, "own_delegate", meeting, kind)
    assert "Record no. 7, adopted by silence" in words
    assert circulation.version.sha256 in words
    assert "as they are in the register today" in words


@pytest.mark.parametrize("kind", READ)
def test_under_the_chatham_house_rule_it_names_nobody_to_who_was_not_there(cast, circulation, meeting, kind):
    Meeting.objects.filter(pk=meeting.pk).update(chatham_house=True)
    outside, inside = read(cast, "other_delegate", meeting, kind), read(cast, "secretariat", meeting, kind)
    assert "Statement of Ownland" in inside
    assert "Attendance" in inside
    assert "Statement of" not in outside
    assert "Attendance" not in outside
    assert "Chatham House Rule" in outside


def test_what_is_for_the_whole_group_bears_no_name(cast, circulation, meeting):
    Meeting.objects.filter(pk=meeting.pk).update(audience="group")
    type(meeting.record).objects.filter(pk=meeting.record.pk).update(audience="group")
    answer = fetch(cast, "observer", meeting, "docx")
    assert "TLP:GREEN" in docx_words(answer.content)
    assert "Observer" not in unpacked(answer.content)
    # How it was circulated is for the members.
    assert circulation.version.sha256 not in docx_words(answer.content)


@pytest.mark.parametrize("kind", READ)
def test_nothing_that_was_typed_is_markup(cast, meeting, kind):
    DecisionFactory(block__item=ItemFactory(meeting=meeting, title=NASTY[:200]), block__text=NASTY)
    Meeting.objects.filter(pk=meeting.pk).update(title=NASTY[:200])
    words = read(cast, "secretariat", meeting, kind)
    assert "$x$ <b>bold</b>" in words
    assert "=1+1" in words
    assert "\u202e" not in words


@pytest.mark.parametrize("kind", READ)
def test_of_nothing_it_says_so(cast, kind):
    meeting = MeetingFactory(state="circulated")
    assert "There is no item on the agenda yet." in read(cast, "own_delegate", meeting, kind)
    ItemFactory(meeting=meeting)
    assert "Nothing is recorded here yet." in read(cast, "own_delegate", meeting, kind)


@pytest.mark.parametrize(("language", "word"), [("fr", "Compte rendu"), ("pt", "Ata")])
def test_its_language_is_said_and_what_was_typed_keeps_its_own(cast, meeting, language, word):
    content = fetch(cast, "own_delegate", meeting, "pdf", f"?lang={language}").content
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert str(pdf.Root["/Lang"]) == language
        assert word in str(pdf.docinfo["/Title"])
        assert "/StructTreeRoot" in pdf.Root
    file = docx.Document(io.BytesIO(fetch(cast, "own_delegate", meeting, "docx", f"?lang={language}").content))
    assert word in file.core_properties.title
    assert {"Heading 1", "Heading 2", "Heading 3"} <= {paragraph.style.name for paragraph in file.paragraphs}
    assert f'w:lang w:val="{language}-' in file.styles.element.xml
    assert 'w:val="en-GB"' in file.element.xml
    foot = file.sections[0].footer._element.xml
    assert 'w:instr="PAGE"' in foot
    assert 'w:instr="NUMPAGES"' in foot


def test_it_is_logged_and_its_name_says_what_for_whom_and_when(cast, meeting):
    person = cast.person("own_delegate")
    person.full_name = "Aïssatou 李 🛂" + "x" * 130
    person.save()
    answer = fetch(cast, "own_delegate", meeting, "docx")
    name = f"iwg-record-plenary-{meeting.number}-circulated-en_aissatou-x"
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{name}')
    assert timezone.localdate().isoformat() in answer["Content-Disposition"]
    assert answer["Content-Disposition"].isascii()
    event = Event.objects.filter(kind="file.exported").latest("id")
    assert (event.actor_id, event.target_id) == (person.pk, str(meeting.pk))
    assert event.data == {"language": "en", "kind": "docx", "label": "TLP:AMBER"}


def test_the_page_leads_to_both(cast, meeting):
    page = cast.client("own_delegate").get(f"/meetings/{meeting.pk}/").content.decode()
    for kind in READ:
        assert f'href="/meetings/{meeting.pk}/record/export/{kind}/"' in page


def test_the_number_of_queries_does_not_grow(cast, meeting, django_assert_num_queries, django_assert_max_num_queries):
    client, address = cast.client("own_delegate"), f"/meetings/{meeting.pk}/record/export/docx/"
    client.get(address)
    with django_assert_max_num_queries(20) as one:
        client.get(address)
    for _ in range(3):
        OwnerFactory(action=ActionFactory(block__item=ItemFactory(meeting=meeting)), state=cast.other)
        DecisionFactory(block__item=ItemFactory(meeting=meeting))
    with django_assert_num_queries(len(one)):
        client.get(address)
