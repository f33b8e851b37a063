"""Papers: who reads which, and that list, page, bytes, pack and card say the same; versions, news, withdrawal."""

import datetime as dt
import io
import re
import zipfile
from html import escape, unescape

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.base.packing import Entry, packed
from iwg_portal.base.uploads import check, storage
from meetings.access.papers import visible_papers
from meetings.actions import papers as actions
from meetings.actions.meetings import announce
from meetings.models import Meeting, Paper, PaperLook, PaperOpening
from meetings.views.papers import card
from members.models import StoredFile
from tests.base import uploading as make
from tests.cast import PARTS
from tests.factories import ItemFactory, MeetingFactory
from tests.meetings import payloads

pytestmark = pytest.mark.django_db

MEMBERS = {"other_delegate", "own_delegate", "own_focal_point", "chair", "secretariat"}
GROUP = MEMBERS | {"observer", "partner", "administrator"}
READERS = {"secretariat": {"secretariat"}, "members": MEMBERS, "group": GROUP}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture
def meeting(cast):
    for part in PARTS:
        cast.person(part)
    return MeetingFactory(title="Third plenary", number=3)


@pytest.fixture
def writer(cast):
    return cast.viewer("secretariat")


def enter(meeting, by, title="Carrier calls", content=b"canary-bytes", name="a.txt", language="en", **values):
    number = values.pop("number", None) or meeting.papers.count() + 1
    row = {"number": number, "title": title, "item": None, "due_on": None, "audience": "group", **values}
    checked = check(content, name) if content else None
    return actions.create_paper(meeting=meeting, by=by, checked=checked, language=language, **row)


def url(name, meeting, *more):
    return reverse(name, args=[meeting.pk, *more])


def said(answer):
    assert answer.status_code == 200, answer.status_code
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def files_of(paper):
    return StoredFile.objects.filter(parent_type="meetings.paper", parent_id=str(paper.pk)).order_by("language")


def pack(answer):
    assert answer.status_code == 200, answer.status_code
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:
        assert book.testzip() is None
        return {name: book.read(name) for name in book.namelist()}


# -- Who reads -------------------------------------------------------------------------------------------------------


def readers_in(state, audience):
    """By hand from the group's table: a draft's papers are the secretariat's."""
    return READERS["secretariat"] if state == "draft" else READERS[audience]


@pytest.mark.parametrize("state", ["draft", "announced", "running", "adopted", "cancelled"])
@pytest.mark.parametrize("audience", READERS)
def test_list_page_bytes_pack_and_card_agree(cast, meeting, writer, state, audience):
    Meeting.objects.filter(pk=meeting.pk).update(state="draft")
    meeting.refresh_from_db()
    paper = enter(meeting, writer, title="canary-title", audience=audience)
    other = enter(meeting, writer, title="Harmless", content=b"harmless", audience="group")
    if state != "draft":
        Meeting.objects.filter(pk=meeting.pk).update(state="announced")
        actions.release_papers(meeting=meeting, by=writer)
        Meeting.objects.filter(pk=meeting.pk).update(state=state)
    meeting.refresh_from_db()
    file = files_of(paper).get()
    for part in PARTS:
        client, may = cast.client(part), part in readers_in(state, audience)
        if part == "anonymous":
            may = False
        listed = client.get(url("papers", meeting))
        assert (b"canary-title" in listed.content) is may, part
        page = client.get(url("paper", meeting, paper.pk))
        assert (page.status_code == 200) is may, part
        assert (b"canary-title" in page.content) is may
        for address in (f"/files/{file.pk}/", f"/files/{file.pk}/v/1/"):
            assert (client.get(address).status_code == 200) is may, part
        assert visible_papers(cast.viewer(part)).filter(pk=paper.pk).exists() is may
        shown = card(cast.viewer(part), meeting) if cast.viewer(part).in_group else None
        assert ("canary-title" in [sheet.title for sheet in shown["sheets"]] if shown else False) is may
        packed_up = client.get(url("papers_pack", meeting))
        may_other = part in readers_in(state, "group")
        assert (packed_up.status_code == 200) is may_other, part
        if may_other:
            found = pack(packed_up)
            assert ("paper-01-canary-title-en.txt" in found) is may
            assert (b"canary-title" in found["contents.txt"]) is may
            assert found["paper-02-harmless-en.txt"] == b"harmless"
    assert other.number == 2


def test_the_bytes_of_a_draft_are_opened_when_the_meeting_is_announced(cast, meeting, writer):
    Meeting.objects.filter(pk=meeting.pk).update(state="draft")
    paper, narrow = enter(meeting, writer), enter(meeting, writer, audience="members", title="For members")
    assert {file.audience for paper_ in (paper, narrow) for file in files_of(paper_)} == {"secretariat"}
    for part in ("observer", "own_delegate", "chair"):
        assert cast.client(part).get(f"/files/{files_of(paper).get().pk}/").status_code == 404
    Meeting.objects.filter(pk=meeting.pk).update(state="announced")
    with pytest.raises(PermissionDenied):
        actions.release_papers(meeting=meeting, by=cast.viewer("chair"))
    assert actions.release_papers(meeting=meeting, by=writer) == 2
    assert actions.release_papers(meeting=meeting, by=writer) == 0
    assert [files_of(row).get().audience for row in (paper, narrow)] == ["group", "members"]


def test_a_meeting_cancelled_as_a_draft_tells_of_no_paper(cast, meeting, writer):
    Meeting.objects.filter(pk=meeting.pk).update(state="draft")
    paper, expected = enter(meeting, writer), enter(meeting, writer, title="Expected", content=None)
    Meeting.objects.filter(pk=meeting.pk).update(state="cancelled")
    for part in GROUP - {"secretariat"}:
        assert not visible_papers(cast.viewer(part)).filter(pk__in=[paper.pk, expected.pk]).exists()


def test_an_expected_paper_is_announced_without_a_file(cast, meeting, writer):
    paper = enter(meeting, writer, content=None, due_on=dt.date(2026, 3, 1))
    words = said(cast.client("observer").get(url("papers", meeting)))
    assert "Carrier calls" in words
    assert "expected by 1 March 2026" in words
    assert cast.client("observer").get(url("papers_pack", meeting)).status_code == 404
    assert "expected by" in said(cast.client("observer").get(url("paper", meeting, paper.pk)))


def test_a_narrower_audience_holds_for_every_version_at_once(cast, meeting, writer):
    paper = enter(meeting, writer)
    actions.add_file(paper=paper, checked=check(b"two", "a.txt"), language="en", by=writer)
    actions.add_file(paper=paper, checked=check(b"trois", "a.txt"), language="fr", by=writer)
    values = {"number": 1, "title": "Carrier calls", "item": None, "due_on": None}
    actions.change_paper(paper=paper, by=writer, audience="members", **values)
    for file in files_of(paper):
        for address in (f"/files/{file.pk}/", f"/files/{file.pk}/v/1/"):
            assert cast.client("observer").get(address).status_code == 404
            assert cast.client("own_delegate").get(address).status_code == 200
    assert cast.client("observer").get(url("paper", meeting, paper.pk)).status_code == 404
    actions.change_paper(paper=paper, by=writer, audience="group", **values)
    assert {file.audience for file in files_of(paper)} == {"group"}


def test_a_paper_is_never_wider_than_its_meeting(cast, writer):
    for part in PARTS:
        cast.person(part)
    meeting = MeetingFactory(audience="members")
    for audience in ("group", "public", "delegation"):
        with pytest.raises(ValidationError):
            enter(meeting, writer, audience=audience)
    form = cast.client("secretariat").get(url("paper_new", meeting)).content.decode()
    assert 'value="members"' in form
    assert 'value="group"' not in form
    assert not Paper.objects.exists()


def test_what_is_hidden_changes_nothing_for_those_who_may_not_see_it(cast, meeting, writer):
    """Two worlds: papers of a narrower audience, and one that was withdrawn."""
    enter(meeting, writer, number=1)
    parts = ("observer", "partner", "administrator")
    before = {part: same(cast.client(part).get(url("papers", meeting)).content.decode()) for part in parts}
    enter(meeting, writer, number=8, title="canary-members", audience="members")
    enter(meeting, writer, number=9, title="canary-secretariat", audience="secretariat")
    gone = enter(meeting, writer, number=7, title="canary-gone")
    actions.withdraw_paper(paper=gone, by=writer)
    for part in parts:
        assert same(cast.client(part).get(url("papers", meeting)).content.decode()) == before[part]
        names = pack(cast.client(part).get(url("papers_pack", meeting)))
        assert set(names) == {"paper-01-carrier-calls-en.txt", "contents.txt"}
    assert "canary-members" in cast.client("own_delegate").get(url("papers", meeting)).content.decode()


def same(page):
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
    return re.sub(r"<time.*?</time>", "", page)


# -- Who writes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [part for part in PARTS if part != "secretariat"])
def test_only_the_secretariat_keeps_papers(cast, meeting, writer, part):
    paper = enter(meeting, writer)
    file, viewer = files_of(paper).get(), cast.viewer(part)
    values = {"number": 1, "title": "x", "item": None, "due_on": None, "audience": "group"}
    for act in (
        lambda: enter(meeting, viewer, title="Mine"),
        lambda: actions.change_paper(paper=paper, by=viewer, **values),
        lambda: actions.add_file(paper=paper, checked=check(b"x", "a.txt"), by=viewer),
        lambda: actions.withdraw_language(paper=paper, file=file, by=viewer),
        lambda: actions.withdraw_paper(paper=paper, by=viewer),
        lambda: actions.release_papers(meeting=meeting, by=viewer),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert Paper.objects.get().title == "Carrier calls"


def test_ids_of_one_meeting_open_nothing_under_another(cast, meeting, writer):
    other = MeetingFactory(group=meeting.group)
    paper, elsewhere = enter(meeting, writer), enter(other, writer, title="Elsewhere")
    client = cast.client("secretariat")
    assert client.get(url("paper", other, paper.pk)).status_code == 404
    assert client.post(url("paper", other, paper.pk), {"do": "withdraw", "paper-sure": "on"}).status_code == 404
    assert client.get(url("paper_change", other, paper.pk)).status_code == 404
    # A file of another paper, and none at all, named in the form of this one.
    for asked in (files_of(elsewhere).get().pk, "x", ""):
        form = {"do": "withdraw_file", "file": asked, "sure": "on"}
        assert client.post(url("paper", meeting, paper.pk), form).status_code == 404
    with pytest.raises(PermissionDenied):
        actions.withdraw_language(paper=paper, file=files_of(elsewhere).get(), by=writer)
    assert files_of(elsewhere).get().withdrawn_at is None


def test_an_item_of_another_meeting_or_one_that_is_only_proposed_is_refused(cast, meeting, writer):
    for item in (ItemFactory(), ItemFactory(meeting=meeting, status="proposed", state_proposing=cast.own)):
        with pytest.raises(ValidationError, match="agenda"):
            enter(meeting, writer, item=item)
        answer = cast.client("secretariat").post(url("paper_new", meeting), typed(item=item.pk))
        assert "Choose an item of this meeting’s agenda." in said(answer)


def test_an_item_that_left_the_agenda_is_not_named(cast, meeting, writer):
    item = ItemFactory(meeting=meeting, title="canary-item")
    enter(meeting, writer, item=item)
    assert "canary-item" in said(cast.client("observer").get(url("papers", meeting)))
    type(item).objects.filter(pk=item.pk).update(status="withdrawn")
    words = said(cast.client("observer").get(url("papers", meeting)))
    assert "canary-item" not in words
    assert "For the whole meeting" in words


# -- The pages -------------------------------------------------------------------------------------------------------


def typed(content=b"Text", name="a.txt", **changes):
    file = {"file": SimpleUploadedFile(name, content)} if content is not None else {}
    row = {"title": "Carrier calls", "number": 1, "item": "", "due_on": "", "audience": "group", "language": "fr"}
    return row | file | changes


def test_from_an_empty_list_to_a_withdrawn_paper(cast, meeting, folder, django_capture_on_commit_callbacks):
    client, item = cast.client("secretariat"), ItemFactory(meeting=meeting, title="Connecting carriers")
    assert "There is no paper yet." in said(client.get(url("papers", meeting)))
    answer = client.post(url("paper_new", meeting), typed(item=item.pk), follow=True)
    assert "On the server: paper 1." in said(answer)
    again = client.post(url("paper_new", meeting), typed(item=item.pk), follow=True)  # the button pressed twice
    assert "On the server: paper 1." in said(again)
    paper = Paper.objects.get()
    page = url("paper", meeting, paper.pk)

    form = {"do": "file", "language": "fr", "own_title": "Appels", "file": SimpleUploadedFile("b.txt", b"Text 2")}
    assert "Version 2 is stored." in said(client.post(page, form, follow=True))
    same_bytes = {"do": "file", "language": "fr", "file": SimpleUploadedFile("b.txt", b"Text 2")}
    assert "This is the same file as version 2." in said(client.post(page, same_bytes))
    form = {"do": "file", "language": "pt", "own_title": "Chamadas", "file": SimpleUploadedFile("c.txt", b"Texto")}
    assert "Chamadas" in said(client.post(page, form, follow=True))
    listed = said(client.get(url("papers", meeting)))
    assert "1 Connecting carriers" in listed
    assert "Français TXT, 6\xa0bytes, version 2" in listed or "Français TXT, 6 bytes, version 2" in listed
    assert "Português" in listed

    number_taken = said(client.post(url("paper_new", meeting), typed(title="Another")))
    assert "Another paper of this meeting has this number." in number_taken
    change = {**typed(None), "title": "Carrier calls, corrected", "number": 4}
    assert "Carrier calls, corrected" in said(client.post(url("paper_change", meeting, paper.pk), change, follow=True))

    unsure = client.post(page, {"do": "withdraw"})
    assert "cannot be brought back" in said(unsure)
    portuguese = files_of(paper).get(language="pt")
    with django_capture_on_commit_callbacks(execute=True):
        form = {"do": "withdraw_file", "file": portuguese.pk, "sure": "on"}
        assert "The file is withdrawn" in said(client.post(page, form, follow=True))
    assert client.get(f"/files/{portuguese.pk}/").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        gone = client.post(page, {"do": "withdraw", "paper-sure": "on"}, follow=True)
    assert "The paper is withdrawn" in said(gone)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert client.get(page).status_code == 404
    assert client.get(f"/files/{files_of(paper).get(language='fr').pk}/v/1/").status_code == 404
    assert client.get(url("papers_pack", meeting)).status_code == 404
    assert "Carrier calls" not in said(client.get(url("papers", meeting)))
    assert set(Event.objects.filter(kind__startswith="paper.").values_list("kind", flat=True)) == {
        "paper.added", "paper.file_added", "paper.changed", "paper.language_withdrawn", "paper.withdrawn",
    }  # fmt: skip
    assert not Event.objects.filter(target_label__contains="Carrier").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"content": b"Another text"},
        {"language": "pt"},
        {"due_on": "2026-09-01"},
        {"audience": "secretariat"},
        {"item": "theirs"},
    ],
)
def test_a_paper_that_differs_from_its_twin_is_never_swallowed(cast, meeting, changes):
    client, item = cast.client("secretariat"), ItemFactory(meeting=meeting)
    client.post(url("paper_new", meeting), typed())
    twin, before = Paper.objects.get(), list(Paper.objects.values())
    if changes.get("item"):
        changes = {"item": item.pk}
    answer = client.post(url("paper_new", meeting), typed(**changes))
    assert "You have entered paper 1, “Carrier calls”, already, and this one differs from it." in said(answer)
    assert "Choose the file again" in said(answer)
    page = answer.content.decode()
    assert f'<a href="{url("paper", meeting, twin.pk)}#add">Add a version there' in page
    form = answer.context["form"]
    for field, value in typed(**changes).items():
        assert field == "file" or str(form[field].value()) == str(value), field
    assert list(Paper.objects.values()) == before
    assert [version.number for file in files_of(twin) for version in file.versions.all()] == [1]
    assert 'id="add"' in client.get(url("paper", meeting, twin.pk)).content.decode()
    # Exactly the same again, with its file or without, is the same paper.
    for content in (b"Text", None):
        assert "On the server: paper 1." in said(client.post(url("paper_new", meeting), typed(content), follow=True))


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"MZ\0\0", "a.exe", "This kind of file is not accepted."),
        (b"MZ\0\0", "a.pdf", "the file is of another kind"),
        (b"", "a.txt", "The file is empty."),
        ("\n".join(make.td3()).encode(), "a.txt", "Passenger data do not belong here: nothing was kept."),
        (b"x", "a.docm", "macros"),
    ],
)
def test_what_may_not_be_kept_is_refused_and_nothing_typed_is_lost(cast, meeting, writer, folder, content, name, words):
    client = cast.client("secretariat")
    answer = client.post(url("paper_new", meeting), typed(content, name, title="A long title"))
    assert words in said(answer)
    assert 'value="A long title"' in answer.content.decode()
    assert not Paper.objects.exists()
    paper = enter(meeting, writer, content=None)
    form = {"do": "file", "language": "en", "file": SimpleUploadedFile(name, content)}
    assert words in said(client.post(url("paper", meeting, paper.pk), form))
    assert not files_of(paper).exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_bad_fields_are_said_beside_them(cast, meeting):
    client = cast.client("secretariat")
    for changes, words in [
        ({"title": ""}, "Give the paper a title."),
        ({"title": "x" * 300}, "at most 200 characters"),
        ({"title": make.td3()[1]}, "Passenger data do not belong here"),
        ({"number": "0"}, "greater than or equal to 1"),
        ({"number": "one"}, "whole number"),
        ({"number": "99999999999999999999"}, "less than or equal to 999"),
        ({"due_on": "2026-02-31"}, "This is not a date."),
        ({"audience": "public"}, "not one of the available choices"),
        ({"audience": ""}, "Choose who may read it."),
        ({"language": "xx"}, "not one of the available choices"),
        ({"item": "99999999999999999999"}, "Choose an item of this meeting’s agenda."),
    ]:
        answer = client.post(url("paper_new", meeting), typed(**changes))
        assert words in said(answer), changes
    assert not Paper.objects.exists()
    assert Event.objects.filter(kind="passenger_data.refused").get().data == {"detectors": ["mrz"]}


@pytest.mark.parametrize("text", payloads.packed(200))
def test_a_hostile_title_is_text_everywhere(cast, meeting, writer, text):
    paper = enter(meeting, writer, title=text, content=b"one")
    actions.add_file(paper=paper, checked=check(b"two", "b.txt"), language="fr", title=text, by=writer)
    for address in (url("papers", meeting), url("paper", meeting, paper.pk), url("paper_change", meeting, paper.pk)):
        body = cast.client("secretariat").get(address).content.decode()
        assert payloads.is_harmless(body)
        assert escape(text) in body
    names = pack(cast.client("secretariat").get(url("papers_pack", meeting)))
    for name in names:
        assert name.isascii()
        assert re.fullmatch(r"paper-01-[a-z0-9_-]*(en|fr)\.txt|contents\.txt", name), name
    assert "\u202e" not in names["contents.txt"].decode("utf-8-sig")


# -- What is new -----------------------------------------------------------------------------------------------------


def test_only_what_came_since_she_looked_is_new(cast, meeting, writer):
    client, address = cast.client("observer"), url("papers", meeting)
    with time_machine.travel(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)) as clock:
        first = enter(meeting, writer, title="First")
        page = client.get(address)
        assert "You have not said yet that you know these papers." in said(page)
        assert said(page).count(" new ") >= 1
        assert not PaperLook.objects.exists(), "reading notes nothing"
        until = re.search(r'name="until" value="([^"]+)"', page.content.decode())[1]
        clock.shift(60)
        second = enter(meeting, writer, title="Second", content=b"second")  # while she reads
        clock.shift(60)
        client.post(url("papers_seen", meeting), {"until": unescape(until)})
        words = said(client.get(address))
        assert "2 papers, 1 of them new since you looked." in words
        assert re.search(r"Second new", words)
        assert not re.search(r"First new", words)
        names = pack(client.get(url("papers_pack", meeting) + "?new=1"))
        assert set(names) == {"paper-02-second-en.txt", "contents.txt"}
        clock.shift(60)
        client.post(url("papers_seen", meeting))
        assert "2 papers, nothing new since you looked." in said(client.get(address))
        assert client.get(url("papers_pack", meeting) + "?new=1").status_code == 404
        clock.shift(60)
        actions.add_file(paper=first, checked=check(b"changed", "a.txt"), language="en", by=writer)
        assert "new version" in said(client.get(address))
        # Another reader has her own mark.
        assert "You have not said yet" in said(cast.client("partner").get(address))
    assert second.number == 2


def test_a_paper_that_is_opened_to_more_readers_is_new_to_those_who_came_in(cast, meeting, writer):
    address = url("papers", meeting)
    with time_machine.travel(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)) as clock:
        enter(meeting, writer, title="First")
        paper = enter(meeting, writer, title="Second", content=b"second", audience="members")
        clock.shift(60)
        for part in ("observer", "own_delegate"):
            cast.client(part).post(url("papers_seen", meeting))
        clock.shift(60)
        actions.change_paper(paper=paper, by=writer, audience="secretariat")
        clock.shift(60)
        actions.change_paper(paper=paper, by=writer, audience="members")
        actions.change_paper(paper=paper, by=writer, audience="group", title="Second, better")
        assert list(PaperOpening.objects.order_by("pk").values_list("before", flat=True)) == ["secretariat", "members"]
        for part in ("observer", "own_delegate"):
            assert "2 papers, 1 of them new since you looked." in said(cast.client(part).get(address)), part
            assert set(pack(cast.client(part).get(url("papers_pack", meeting) + "?new=1"))) >= {"contents.txt"}
        page = cast.client("observer").get(address)
        until = re.search(r'name="until" value="([^"]+)"', page.content.decode())[1]
        cast.client("observer").post(url("papers_seen", meeting), {"until": unescape(until)})
        assert "2 papers, nothing new since you looked." in said(cast.client("observer").get(address))
        assert "1 of them new" not in said(cast.client("secretariat").get(address))


def test_who_could_always_read_a_paper_is_told_nothing_new_when_others_may(cast, meeting, writer):
    with time_machine.travel(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)) as clock:
        paper = enter(meeting, writer, title="First", audience="members")
        clock.shift(60)
        cast.client("own_delegate").post(url("papers_seen", meeting))
        clock.shift(60)
        actions.change_paper(paper=paper, by=writer, audience="group")
        words = said(cast.client("own_delegate").get(url("papers", meeting)))
        assert "1 paper, nothing new since you looked." in words


def test_what_lay_ready_is_new_to_a_chair_who_looked_at_the_draft(cast, meeting, writer):
    draft = MeetingFactory(state="draft", group=meeting.group)
    with time_machine.travel(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)) as clock:
        enter(draft, writer, title="First")
        clock.shift(60)
        actions.note_look(meeting=draft, by=cast.viewer("chair"))
        clock.shift(60)
        announce(meeting=draft, by=writer)
        assert "1 of them new" in said(cast.client("chair").get(url("papers", draft)))


def test_a_look_never_goes_back_and_never_lies_ahead(cast, meeting):
    viewer, now = cast.viewer("observer"), timezone.now()
    actions.note_look(meeting=meeting, by=viewer, until=now + dt.timedelta(days=9))
    look = PaperLook.objects.get()
    assert look.at <= timezone.now()
    actions.note_look(meeting=meeting, by=viewer, until=now - dt.timedelta(days=9))
    assert PaperLook.objects.get().at == look.at
    for asked in ("tomorrow", "2026-99-99T00:00:00+00:00", "2026-01-01T00:00:00", "\0", "x" * 10_000):
        assert cast.client("observer").post(url("papers_seen", meeting), {"until": asked}).status_code == 302
    draft = MeetingFactory(state="draft", group=meeting.group)
    with pytest.raises(PermissionDenied):
        actions.note_look(meeting=draft, by=viewer)


# -- The pack --------------------------------------------------------------------------------------------------------


def test_the_pack_says_what_is_in_it_and_leaves_a_trace(cast, meeting, writer):
    item = ItemFactory(meeting=meeting)
    enter(meeting, writer, number=12, title="Appels aux transporteurs : première année", language="fr", item=item)
    answer = cast.client("own_delegate").get(url("papers_pack", meeting))
    assert answer["Content-Disposition"] == 'attachment; filename="papers-plenary-3.zip"'
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    found = pack(answer)
    assert list(found) == ["paper-12-appels-aux-transporteurs-premiere-annee-fr.txt", "contents.txt"]
    contents = found["contents.txt"].decode("utf-8-sig")
    assert contents.startswith("Third plenary\r\n")
    assert "Paper 12: Appels aux transporteurs : première année" in contents
    assert "TLP:GREEN · member states, observer states" in contents
    assert "version 1" in contents
    event = Event.objects.get(kind="file.exported")
    assert (event.target_label, event.target_id, event.data) == ("papers-plenary-3.zip", str(meeting.pk), {"files": 1})
    assert cast.client("own_delegate").head(url("papers_pack", meeting)).status_code == 200


def test_the_pack_of_a_demonstration_says_so(cast, meeting, writer, settings):
    settings.DEMO = True
    enter(meeting, writer)
    found = pack(cast.client("own_delegate").get(url("papers_pack", meeting)))
    assert found["contents.txt"].decode("utf-8-sig").startswith("Demonstration data")


def test_the_right_is_asked_when_the_pack_is_fetched(cast, meeting, writer):
    enter(meeting, writer)
    client, address = cast.client("own_delegate"), url("papers_pack", meeting)
    assert pack(client.get(address))
    cast.person("own_delegate").terms.update(ends_on="2023-01-01")
    assert client.get(address).status_code == 404


def test_what_is_withdrawn_while_the_pack_is_on_its_way_is_left_out(cast, meeting, writer):
    enter(meeting, writer, title="Stays", content=b"stays")
    gone = enter(meeting, writer, title="Goes", content=b"goes")
    answer = cast.client("own_delegate").get(url("papers_pack", meeting))
    storage.remove(files_of(gone).get().versions.get().storage_name)
    found = pack(answer)
    assert set(found) == {"paper-01-stays-en.txt", "contents.txt"}
    assert "withdrawn, not in this pack" in found["contents.txt"].decode("utf-8-sig")


def test_a_large_pack_never_stands_in_memory():
    """A gigabyte in pieces of 64 KB: what is held at one time is about one piece."""
    piece, count, most = b"x" * 65536, 0, 0

    def pieces():
        for _ in range(800):
            yield piece

    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for sent in packed(Entry(f"{number}.txt", at, pieces()) for number in range(4)):
        count, most = count + len(sent), max(most, len(sent))
    assert count > 4 * 800 * 65536
    assert most < 3 * 65536


# -- Weight ----------------------------------------------------------------------------------------------------------


def test_the_pages_cost_the_same_for_three(cast, meeting, writer):
    client, viewer = cast.client("own_delegate"), cast.viewer("own_delegate")
    enter(meeting, writer)
    paper = meeting.papers.get()
    addresses = [url("papers", meeting), url("paper", meeting, paper.pk), url("papers_pack", meeting)]

    def counts():
        found = []
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            found.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            card(viewer, meeting)
        return [*found, len(queries)]

    first = counts()
    for title in ("Two", "Three"):
        row = enter(meeting, writer, title=title, item=ItemFactory(meeting=meeting))
        actions.add_file(paper=row, checked=check(title.encode(), "a.txt"), language="pt", by=writer)
    actions.add_file(paper=paper, checked=check(b"more", "a.txt"), language="pt", by=writer)
    assert counts() == first
    assert first[-1] <= 2
