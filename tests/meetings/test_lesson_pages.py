"""The pages of lessons: found by whom and how, what they give away, and what they do with bad input."""

import html
import re
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from capabilities.models import Indicator
from iwg_portal.activity.models import Event
from iwg_portal.base import kept
from meetings.access import lessons as access
from meetings.models import Lesson, LessonText
from meetings.queries import lessons as query
from meetings.views.lessons import card
from members.enums import Audience
from members.models import State
from tests.cast import PARTS
from tests.factories import (
    GroupFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    RoundFactory,
    declare,
    framework,
)
from tests.meetings.payloads import is_harmless, packed
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db

GROUP = ("observer", "partner", "other_delegate", "own_delegate", "own_focal_point", "chair", "secretariat")
OUTSIDERS = ("observer", "partner", "other_delegate", "chair", "administrator")


def body(cast, part, address):
    return cast.client(part).get(address).content.decode()


def ids(page):
    """Numbers of the lessons in a list."""
    return [int(pk) for pk in re.findall(r'href="/lessons/(\d+)/"', page)]


# -- The library -----------------------------------------------------------------------------------------------------


@pytest.fixture
def library(cast):
    """Each status and audience, named and not, of two states and of the group."""
    edition = framework()
    cast.indicator = edition.areas.get(code="AR1").indicators.get(code="AR1-1")
    cast.rows = []
    for state in (cast.own, cast.other, None):
        for status in ("draft", "submitted", "approved", "withdrawn"):
            for audience in ("members", "group"):
                for names in (False, True) if state and status == "approved" else (False,):
                    row = LessonFactory(
                        state=state, status=status, audience=audience, names_origin=names,
                        theme="legal" if names else "units", words__language="fr" if names else "en",
                        words__title=f"Leçon {len(cast.rows)}",
                    )  # fmt: skip
                    if names:
                        row.indicators.add(cast.indicator)
                    cast.rows.append(row)
    return cast


@pytest.mark.parametrize("part", [part for part in PARTS if part != "anonymous"])
def test_list_search_filters_count_and_detail_agree(library, part):
    viewer, client = library.viewer(part), library.client(part)
    if not viewer.in_group:
        assert client.get("/lessons/").status_code == 404
        return
    page = body(library, part, "/lessons/")
    shown = set(ids(page))
    opened = ids(body(library, part, "/lessons/?stage=open"))
    for row in library.rows:
        status = client.get(f"/lessons/{row.pk}/").status_code
        in_open = row.pk in opened and row.status != "approved"
        assert (status == 200) is (row.pk in shown or in_open), row
    assert f"{len(shown)} lesson" in page
    assert shown == set(access.approved_lessons(viewer).values_list("pk", flat=True))
    assert set(ids(body(library, part, "/lessons/?q=LECON"))) == shown
    named = {row.pk for row in library.rows if row.names_origin and row.pk in shown}
    asked = {"theme=legal": named, "language=fr": named, "indicator=AR1-1": named, "theme=technology": set()}
    for words, expected in asked.items():
        assert set(ids(body(library, part, f"/lessons/?{words}"))) == expected
    for state in (library.own, library.other):
        known = viewer.in_secretariat or state.pk in viewer.own_states
        expected = {
            row.pk for row in library.rows if row.pk in shown and row.state == state and (row.names_origin or known)
        }
        assert set(ids(body(library, part, f"/lessons/?state={state.alpha2}"))) == expected


def test_newest_first_and_in_pages(cast):
    rows = [LessonFactory(approved_at=timezone.now()) for _n in range(21)]
    assert ids(body(cast, "observer", "/lessons/")) == [row.pk for row in reversed(rows[1:])]
    second = body(cast, "observer", "/lessons/?theme=legal&page=2")
    assert ids(second) == [rows[0].pk]
    assert 'href="?theme=legal&amp;page=1"' in second


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("decret", True), ("DÉCRET", True), ("décrets", False), ("coeur", True), ("l'etat", True), ("etat coeur", True),
        ("etat absent", False), ("100%", True), ("_", False), ("d.cret", False), ("[a-z]", False), ("c(", True),
        ("(", False),
        ("\\d", False), ("Σίσυφος", True), ("مرحبا", True), ("a" * 300, False), ("\x00", True), ("'", False),
    ],
)  # fmt: skip
def test_words_are_found_with_and_without_accents(cast, typed, found):
    LessonFactory(words__title="Décret de l’État", words__problem="Au cœur : 100% d(c( Σίσυφος", words__done="مرحبا")
    answer = cast.client("observer").get("/lessons/", {"q": typed})
    assert answer.status_code == 200
    assert bool(ids(answer.content.decode())) is found


def test_a_search_reads_what_its_reader_reads(cast):
    lesson = LessonFactory(state=cast.own)
    lesson.texts.filter(kind="raw").update(problem="secretword")
    LessonText.objects.create(
        lesson=lesson, kind="translation", language="pt", title="palavra", problem="p", done="d", by=lesson.shared_by
    )
    for part in GROUP:
        assert ids(body(cast, part, "/lessons/?q=secretword")) == []
        assert ids(body(cast, part, "/lessons/?q=palavra")) == [lesson.pk]


def test_the_pattern_of_a_word_is_linear():
    assert len(query.pattern("œuvre" * 20)) < 20 * 200
    assert query.pattern("---") == ""


def test_as_many_queries_at_one_and_at_three_rows(cast, django_assert_num_queries, django_assert_max_num_queries):
    edition = framework()
    indicator = edition.areas.get(code="AR1").indicators.first()
    one = LessonFactory(state=cast.own, names_origin=True)
    one.indicators.add(indicator)
    client = cast.client("secretariat")
    addresses = ["/lessons/", f"/lessons/?state={cast.own.alpha2}&q=lesson", f"/lessons/{one.pk}/"]
    first = []
    for address in addresses:
        client.get(address)
        with django_assert_max_num_queries(25) as counted:
            client.get(address)
        first.append(len(counted))
    for _n in range(2):
        LessonFactory(state=cast.other, names_origin=True).indicators.add(indicator)
        one.uses.create(state=cast.other if not one.uses.exists() else cast.chairing, by=cast.person("other_delegate"))
    one.indicators.add(*edition.areas.get(code="AR2").indicators.all())
    for address, count in zip(addresses, first, strict=True):
        with django_assert_num_queries(count):
            client.get(address)


# -- Whose it is -----------------------------------------------------------------------------------------------------


def without_tokens(page):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_two_worlds_that_differ_in_the_origin_are_one_to_outsiders(cast):
    """The row moves from one state to the other; no page that an outsider reads changes by a byte."""
    elsewhere = MeetingFactory(title="A meeting")
    item = ItemFactory(meeting=elsewhere, title="Experience of Ownland", lead_state=cast.own)
    RoundFactory(year=2024, edition=framework())
    declare(cast.own, RoundFactory(year=2024), 2)
    lesson = LessonFactory(state=cast.own, item=item)
    lesson.indicators.add(Indicator.objects.get(code="AR1-1"))
    for part in OUTSIDERS:
        cast.client(part)
    third = cast.chairing
    addresses = [
        "/lessons/", f"/lessons/{lesson.pk}/", f"/lessons/?state={cast.own.alpha2}", f"/lessons/?state={third.alpha2}",
        "/lessons/?q=ownland", f"/states/{cast.own.alpha2.lower()}/", f"/states/{third.alpha2.lower()}/",
    ]  # fmt: skip
    worlds = []
    for owner in (cast.own, third):
        Lesson.objects.filter(pk=lesson.pk).update(state=owner)
        kept.forget()
        worlds.append(
            {
                (p, a): re.sub(r"As of .*?(GMT|UTC)", "", without_tokens(body(cast, p, a)))
                for p in OUTSIDERS
                for a in addresses
            }
        )
    assert worlds[0] == worlds[1]
    for (_part, address), page in worlds[0].items():
        if address == f"/lessons/{lesson.pk}/":
            assert "a member state" in page
            assert "Ownland" not in page.replace('<option value="', "")
            assert "A meeting" in page
            assert "Experience of" not in page
    for part in ("own_delegate", "secretariat"):
        Lesson.objects.filter(pk=lesson.pk).update(state=cast.own)
        page = body(cast, part, f"/lessons/{lesson.pk}/")
        assert "Shared by Ownland." in page
        assert "Other readers see" in page
        assert "Experience of Ownland" in page


def test_a_state_that_may_be_named_is(cast):
    lesson = LessonFactory(state=cast.own, names_origin=True)
    for part in OUTSIDERS:
        assert "Shared by Ownland." in body(cast, part, f"/lessons/{lesson.pk}/")
    assert f"shared by {cast.own.name}" in text(cast.client("observer").get("/lessons/"))


def test_the_room_is_not_betrayed(cast):
    """Chatham House: that a named state was there is not said; a lesson without a name is, but without the point."""
    meeting = MeetingFactory(title="Closed room", chatham_house=True)
    item = ItemFactory(meeting=meeting, title="What Ownland did")
    named = LessonFactory(state=cast.own, names_origin=True, item=item)
    nameless = LessonFactory(state=cast.own, item=item)
    for part in set(OUTSIDERS) - {"chair"}:
        assert "Closed room" not in body(cast, part, f"/lessons/{named.pk}/")
        page = body(cast, part, f"/lessons/{nameless.pk}/")
        assert "Closed room" in page
        assert "What Ownland did" not in page
        assert [row.lesson.pk for row in card(cast.viewer(part), meeting)["rows"]] == [nameless.pk]
    # The chair runs the meeting: she was in the room.
    for part in ("own_delegate", "secretariat", "chair"):
        assert {row.lesson.pk for row in card(cast.viewer(part), meeting)["rows"]} == {named.pk, nameless.pk}
        assert "Closed room" in body(cast, part, f"/lessons/{named.pk}/")


def test_of_two_states_neither_is_half_named(cast):
    group = GroupFactory(key="two", kind="bilateral")
    meeting = MeetingFactory(title="Between two", group=group)
    lesson = LessonFactory(state=cast.own, item=ItemFactory(meeting=meeting))
    for part in OUTSIDERS:
        assert "Between two" not in body(cast, part, f"/lessons/{lesson.pk}/")
        assert not (card(cast.viewer(part), meeting) or {"rows": []})["rows"]


def test_a_meeting_that_she_does_not_see_is_not_named(cast):
    meeting = MeetingFactory(title="For members", audience="members")
    lesson = LessonFactory(state=cast.own, names_origin=True, item=ItemFactory(meeting=meeting))
    assert "For members" in body(cast, "other_delegate", f"/lessons/{lesson.pk}/")
    for part in ("observer", "administrator"):
        assert "For members" not in body(cast, part, f"/lessons/{lesson.pk}/")


def test_the_card_of_a_meeting_costs_two_queries(cast, django_assert_num_queries):
    meeting = MeetingFactory()
    for _n in range(3):
        LessonFactory(state=cast.own, names_origin=True, item=ItemFactory(meeting=meeting))
    LessonFactory(item=ItemFactory(meeting=meeting), status="submitted", state=cast.own)
    viewer = cast.viewer("other_delegate")
    with django_assert_num_queries(2):
        shown = card(viewer, meeting)
    assert len(shown["rows"]) == 3
    assert shown["share_url"] == f"/lessons/new/?meeting={meeting.pk}"
    assert card(cast.viewer("observer"), MeetingFactory()) is None
    assert card(cast.viewer("own_delegate"), MeetingFactory(state="draft")) is None


# -- Canaries --------------------------------------------------------------------------------------------------------

WORDS = ("title", "problem", "done", "result", "prerequisites")


def test_no_page_carries_what_its_reader_may_not_read(cast):
    """A word of its own in each text; every page of the part, and the profile, as every role."""
    everybody = set(PARTS) - {"anonymous", "stranger", "ex_member"}
    inner = {"own_delegate", "own_focal_point", "secretariat"}
    members = inner | {"other_delegate", "chair"}
    readers = {}

    def words(name, who):
        readers[f"canary-{name}"] = who
        return {f"words__{word}": f"canary-{name} {word}" for word in WORDS}

    made = [
        LessonFactory(state=cast.own, status="draft", **words("draft", inner)),
        LessonFactory(state=cast.own, status="submitted", **words("submitted", inner)),
        LessonFactory(state=cast.own, status="withdrawn", names_origin=True, **words("withdrawn", set())),
        LessonFactory(state=cast.own, audience="members", names_origin=True, **words("members", members)),
        LessonFactory(state=cast.own, names_origin=True, **words("group", everybody)),
        LessonFactory(state=None, status="draft", **words("groups-draft", {"secretariat"})),
    ]
    for row in made:
        row.texts.filter(kind="raw").update(result="canary-raw")
        LessonText.objects.filter(lesson=row, kind="approved").update(prerequisites="")
    readers["canary-raw"] = inner
    LessonText.objects.create(
        lesson=made[1], kind="approved", language="en", by=cast.person("secretariat"), problem="p", done="d",
        title="canary-working-copy",
    )  # fmt: skip
    readers["canary-working-copy"] = inner
    addresses = ["/lessons/", "/lessons/?stage=open", "/lessons/?q=canary", "/lessons/?stage=open&q=canary"]
    addresses += [f"/lessons/?state={cast.own.alpha2}", f"/states/{cast.own.alpha2.lower()}/", "/activity/"]
    addresses += [f"/lessons/{row.pk}/" for row in made]
    inside = [f"/lessons/{row.pk}/{page}" for row in made[:4] for page in ("edit/", "review/", "files/", "text/fr/")]
    found = set()
    for part in PARTS:
        for address in addresses + (inside if part in everybody else []):
            for word in set(re.findall(r"canary-[a-z-]+", body(cast, part, address))):
                found.add(word)
                assert part in readers[word], (part, address, word)
    assert found == set(readers) - {"canary-withdrawn"}


# -- The profile -----------------------------------------------------------------------------------------------------


@pytest.fixture
def profile(cast):
    declare(cast.own, RoundFactory(year=2024, edition=framework()), 2)
    cast.url = f"/states/{cast.own.alpha2.lower()}/"
    return cast


def test_the_profile_shows_named_lessons_and_counts_by_indicator(profile, django_assert_max_num_queries):
    indicator = Indicator.objects.get(code="AR1-1")
    shown = LessonFactory(state=profile.own, names_origin=True, words__title="Named one")
    hidden = LessonFactory(state=profile.own, words__title="Nameless one")
    narrow = LessonFactory(state=profile.own, names_origin=True, audience="members", words__title="Narrow one")
    for row in (shown, hidden, narrow, LessonFactory(state=profile.own, status="draft", words__title="Draft")):
        row.indicators.add(indicator)
    client = profile.client("secretariat")
    client.get(profile.url)
    kept.forget()
    with django_assert_max_num_queries(15):
        client.get(profile.url)
    page = body(profile, "other_delegate", profile.url)
    assert "Named one" in page
    assert "Narrow one" in page
    assert "Nameless one" not in page
    assert "Draft" not in page
    assert '<a class="iwg-nowrap" href="/lessons/?indicator=AR1-1">3 lessons</a>' in page
    assert len(ids(body(profile, "other_delegate", "/lessons/?indicator=AR1-1"))) == 3
    for part in ("observer", "administrator"):
        page = body(profile, part, profile.url)
        assert "Named one" in page
        assert "Narrow one" not in page


def test_a_kept_profile_notices_every_change(profile):
    from meetings.actions import lessons as actions

    indicator = Indicator.objects.get(code="AR1-1")
    lesson = LessonFactory(state=profile.own, words__title="Seen at once")
    client = profile.client("other_delegate")
    assert b"Seen at once" not in client.get(profile.url).content
    focal, secretariat = profile.viewer("own_focal_point"), profile.viewer("secretariat")
    lesson = actions.choose_readers(lesson=lesson, audience="group", names_origin=True, by=focal)
    assert b"Seen at once" in client.get(profile.url).content
    words = {**query.words_of(lesson.texts.get(kind="approved")), "title": "Renamed"}
    lesson = actions.edit_approved(lesson=lesson, version=lesson.version, words=words, by=secretariat)
    assert b"Renamed" in client.get(profile.url).content
    facts = actions.Facts(theme="legal", indicators=[indicator.pk])
    row = actions.draft_lesson(state=profile.own, language="fr", words=words, facts=facts, by=focal)
    row = actions.submit_lesson(lesson=row, by=focal)
    assert b"1 lesson<" not in client.get(profile.url).content
    actions.approve_lesson(
        lesson=row, version=row.version, words=words, audience=Audience.GROUP, files={}, by=secretariat
    )
    assert b"1 lesson<" in client.get(profile.url).content
    for one in (row, lesson):
        actions.withdraw_lesson(lesson=one, by=focal)
    page = client.get(profile.url).content
    assert b"Renamed" not in page
    assert b"1 lesson<" not in page


# -- Bad input -------------------------------------------------------------------------------------------------------

TURNING = dict.fromkeys((0x202E, 0x202C, 0x2067, 0x2069))


class Live(HTMLParser):
    """What a browser would carry out of a page's main part: elements and attributes that no template has."""

    def found_in(self, page):
        self.found = []
        self.feed(page)
        return self.found

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "img", "iframe", "style", "math", "object", "embed", "base", "meta"):
            self.found.append(tag)
        for name, value in attrs:
            address = (value or "").strip().lower() if name in ("href", "src", "action") else ""
            if name.startswith(("on", "hx-", "data-hx-get", "style")) or address.startswith(("javascript", "data:")):
                self.found.append((tag, name, value))


def form_of(cast, **words):
    values = {"title": "T", "problem": "P", "done": "D", "state": cast.own.alpha2, "language": "fr", "theme": "legal"}
    return {**values, "cost_band": "low", "transferable": "yes", "audience": "group", **words}


@pytest.mark.parametrize("payload", packed(200))
def test_markup_in_every_field_stays_text(cast, payload):
    client = cast.client("own_delegate")
    answer = client.post("/lessons/new/", form_of(cast, **dict.fromkeys(WORDS, payload), do="submit"))
    lesson = Lesson.objects.get()
    assert answer["Location"] == f"/lessons/{lesson.pk}/"
    form = {**dict.fromkeys(WORDS, payload), "audience": "group", "version": lesson.version, "do": "approve"}
    review = f"/lessons/{lesson.pk}/review/"
    pages = [body(cast, "secretariat", review), body(cast, "own_delegate", f"/lessons/{lesson.pk}/")]
    assert cast.client("secretariat").post(review, form).status_code == 302
    pages += [body(cast, "observer", "/lessons/"), body(cast, "observer", f"/lessons/{lesson.pk}/")]
    pages += [body(cast, "secretariat", f"/lessons/{lesson.pk}/{page}") for page in ("", "text/en/", "review/")]
    for page in pages:
        assert Live().found_in(page.split("<main", 1)[1]) == []
        assert is_harmless(page)
    assert html.escape(" ".join(payload.translate(TURNING).split())) in pages[1]


def test_a_title_of_300_characters_is_refused_and_comes_back(cast):
    title = "é" * 300
    page = cast.client("own_delegate").post("/lessons/new/", form_of(cast, title=title)).content.decode()
    assert title in page
    assert 'aria-invalid="true"' in page
    assert not Lesson.objects.exists()
    assert cast.client("own_delegate").post("/lessons/new/", form_of(cast, title="é" * 200)).status_code == 302


@pytest.mark.parametrize("title", ["درس من دولة", "Оwnland ‮turned‬ name", "Ｏｗｎｌａｎｄ\tand\nlines", "paypaӏ"])
def test_names_in_other_scripts_turn_nothing_around(cast, title):
    cast.client("own_delegate").post("/lessons/new/", form_of(cast, title=title))
    held = LessonText.objects.get().title
    assert not re.search("[\u202a-\u202e\u2066-\u2069\n\t]", held)
    page = body(cast, "own_delegate", f"/lessons/{Lesson.objects.get().pk}/")
    assert re.search(rf'<h1[^>]* dir="auto"[^>]*>{re.escape(held)}</h1>', page)
    assert f"<bdi>{held}</bdi>" in page


def test_passenger_data_are_refused_everywhere_and_only_the_detector_is_noted(cast):
    zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
    lesson = LessonFactory(state=cast.own, status="submitted")
    cases = [
        ("own_delegate", "/lessons/new/", form_of(cast), WORDS[1:]),
        ("secretariat", f"/lessons/{lesson.pk}/review/", form_of(cast, version=1, do="save"), WORDS[1:]),
    ]
    for part, address, form, fields in cases:
        for field in fields:
            answer = cast.client(part).post(address, {**form, field: zone})
            assert answer.status_code == 200
            assert "machine-readable zone" in answer.content.decode()
    assert not LessonText.objects.filter(problem__contains="ERIKSSON").exists()
    events = Event.objects.filter(kind="passenger_data.refused")
    assert events.count() == 8
    assert {event.target_label for event in events} == {"Ownland"}
    assert not any("ERIKSSON" in str(event.data) for event in events)


@pytest.mark.parametrize(
    "asked",
    ["item=999999", "item=x", "item=-1", "item=99999999999999999999", "meeting=0", "meeting=١"],
)
def test_an_item_that_is_not_there_is_like_none(cast, asked):
    draft = MeetingFactory(state="draft", title="Told to nobody")
    hidden = ItemFactory(meeting=draft, title="Hidden item")
    for query_ in (asked, f"item={hidden.pk}", f"meeting={draft.pk}"):
        page = cast.client("own_delegate").get(f"/lessons/new/?{query_}")
        assert page.status_code == 200
        assert "Hidden item" not in page.content.decode()
        assert 'name="item"' not in page.content.decode()


def test_from_an_item_in_one_step(cast):
    meeting = MeetingFactory(title="Third plenary")
    item = ItemFactory(meeting=meeting, title="Le décret qui manquait", language="fr", theme="units")
    other = ItemFactory(meeting=MeetingFactory(title="Another"), title="Elsewhere")
    client = cast.client("own_delegate")
    page = client.get(f"/lessons/new/?item={item.pk}").content.decode()
    assert 'value="Le décret qui manquait"' in page
    assert re.search(rf'<option value="{item.pk}" selected>', page)
    assert re.search(r'<option value="units" selected>', page)
    assert "Elsewhere" not in page
    client.post(f"/lessons/new/?item={item.pk}", form_of(cast, item=item.pk))
    assert Lesson.objects.get().item == item
    refused = client.post(f"/lessons/new/?item={item.pk}", form_of(cast, title="2", item=other.pk))
    assert refused.status_code == 200
    assert Lesson.objects.count() == 1


@pytest.mark.parametrize("title", ["Le décret qui manquait", " LE  DÉCRET qui manquait ", "Ledécret qui manquait"])
def test_a_lesson_without_its_origin_does_not_go_under_the_title_of_its_item(cast, title):
    """Who spoke there is known. Nothing typed is lost; a draft may have it, and a lesson that names its state."""
    item = ItemFactory(meeting=MeetingFactory(), title="Le décret qui manquait")
    client, address = cast.client("own_focal_point"), f"/lessons/new/?item={item.pk}"
    asked = form_of(cast, title=title, item=item.pk, problem="All that was typed")
    page = client.post(address, {**asked, "do": "submit"})
    assert page.status_code == 200
    assert "Give the lesson a title of its own" in text(page)
    assert "All that was typed" in text(page)
    assert not Lesson.objects.exists()
    client.post(address, {**asked, "do": "save"})
    lesson = Lesson.objects.get()
    client.post(f"/lessons/{lesson.pk}/edit/", {**asked, "version": lesson.version, "do": "submit"})
    client.post(f"/lessons/{lesson.pk}/move/", {"do": "submit", "version": lesson.version})
    lesson.refresh_from_db()
    assert lesson.status == "draft"
    named = {**asked, "version": lesson.version, "names_origin": "on", "do": "submit"}
    client.post(f"/lessons/{lesson.pk}/edit/", named)
    lesson.refresh_from_db()
    assert lesson.status == "submitted"


def test_a_title_of_its_own_and_the_groups_lessons_go(cast):
    item = ItemFactory(meeting=MeetingFactory(), title="Le décret")
    address = f"/lessons/new/?item={item.pk}"
    cast.client("own_delegate").post(address, form_of(cast, title="Le décret manquait", item=item.pk, do="submit"))
    cast.client("secretariat").post(address, form_of(cast, title="Le décret", item=item.pk, state="group", do="submit"))
    assert list(Lesson.objects.order_by("pk").values_list("status", "state")) == [
        ("submitted", cast.own.pk),
        ("submitted", None),
    ]


def test_unknown_verbs_and_forms_without_their_values(cast):
    lesson = LessonFactory(state=cast.own, status="submitted")
    secretariat = cast.client("secretariat")
    assert secretariat.post(f"/lessons/{lesson.pk}/move/", {"do": "publish"}).status_code == 400
    assert secretariat.post(f"/lessons/{lesson.pk}/move/", {"do": "withdraw"}).status_code == 302
    lost = {"title": "T", "problem": "P", "done": "D", "do": "save"}
    assert "meanwhile" in secretariat.post(f"/lessons/{lesson.pk}/review/", lost).content.decode()
    lesson.refresh_from_db()
    assert (lesson.status, lesson.version) == ("submitted", 1)
    assert secretariat.post(f"/lessons/{lesson.pk}/files/", {"do": "remove", "file": "x"}).status_code == 404


def test_files_come_to_a_submitted_lesson_from_its_author_and_the_secretariat(cast):
    from django.core.files.uploadedfile import SimpleUploadedFile

    lesson = LessonFactory(state=cast.own, status="submitted", shared_by=cast.person("own_delegate"))
    address = f"/lessons/{lesson.pk}/files/"

    def add(part):
        file = SimpleUploadedFile(f"{part}.txt", f"Article {part}".encode())
        return cast.client(part).post(address, {"do": "add", "title": part, "language": "fr", "file": file}).status_code

    assert (add("own_delegate"), add("secretariat")) == (302, 302)
    files = access.visible_lesson_files(cast.viewer("own_delegate"), lesson)
    assert {(file.title, file.state, file.audience) for file in files} == {
        ("own_delegate", cast.own, "secretariat"),
        ("secretariat", cast.own, "secretariat"),
    }
    assert "Add a file" in body(cast, "own_delegate", address)
    assert address in body(cast, "own_delegate", f"/lessons/{lesson.pk}/")
    # The focal point may remove what her delegation sent, and is not its author.
    assert "Add a file" not in body(cast, "own_focal_point", address)
    assert add("own_focal_point") == 200
    assert [add(part) for part in ("other_delegate", "chair", "observer", "administrator")] == [404] * 4
    Lesson.objects.filter(pk=lesson.pk).update(status="approved", approved_at=timezone.now())
    assert add("own_delegate") == 403
    assert files.count() == 2


def test_a_paper_in_a_forbidden_type_is_refused(cast):
    from django.core.files.uploadedfile import SimpleUploadedFile

    lesson = LessonFactory(state=cast.own, status="draft")
    client = cast.client("own_delegate")
    bad = SimpleUploadedFile("evil.exe", b"MZ\x90\x00")
    answer = client.post(f"/lessons/{lesson.pk}/files/", {"do": "add", "title": "Evil", "file": bad})
    assert answer.status_code == 200
    assert not access.visible_lesson_files(cast.viewer("own_delegate"), lesson).exists()
    good = SimpleUploadedFile("decree.txt", b"Article 1")
    assert client.post(f"/lessons/{lesson.pk}/files/", {"do": "add", "title": "D", "file": good}).status_code == 302
    page = body(cast, "own_delegate", f"/lessons/{lesson.pk}/files/")
    assert "decree.txt" in page


def test_reading_what_few_may_read_is_noted_without_its_number(cast):
    lesson = LessonFactory(state=cast.own, status="submitted")
    cast.client("secretariat").get(f"/lessons/{lesson.pk}/")
    cast.client("other_delegate").get(f"/lessons/{LessonFactory(state=cast.own).pk}/")
    events = Event.objects.filter(kind="restricted.read")
    assert [(e.actor_id, e.target_type, e.state_id) for e in events] == [
        (cast.person("secretariat").pk, State._meta.label_lower, cast.own.pk)
    ]


def test_the_choice_of_readers_says_how_many_it_reaches(cast):
    lesson = LessonFactory(state=cast.own, status="submitted")
    cast.person("other_delegate")
    page = text(cast.client("secretariat").get(f"/lessons/{lesson.pk}/review/"))
    assert re.search(r"\d states?, \d (person|people)", page)
    assert "Readers will see “a member state”" in page


def test_the_page_is_light(cast):
    import gzip

    for _n in range(20):
        LessonFactory(state=cast.own, names_origin=True)
    page = cast.client("other_delegate").get("/lessons/").content
    assert len(gzip.compress(page)) < 12_000


def test_nor_does_the_secretariat_or_a_translation_give_it_that_title(cast):
    item = ItemFactory(meeting=MeetingFactory(), title="Le décret qui manquait")
    owner = cast.client("own_focal_point")
    owner.post(f"/lessons/new/?item={item.pk}", {**form_of(cast, item=item.pk, title="Un autre titre"), "do": "submit"})
    lesson = Lesson.objects.get()
    words = {"title": "LE DÉCRET qui manquait", "problem": "What the secretariat typed", "done": "A decree"}
    desk = cast.client("secretariat")
    for do in ("save", "approve"):
        page = desk.post(
            f"/lessons/{lesson.pk}/review/", {**words, "do": do, "audience": "group", "version": lesson.version}
        )
        assert page.status_code == 200
        assert "Give the lesson a title of its own" in text(page)
        assert "What the secretariat typed" in text(page)
    assert not lesson.texts.filter(kind="approved").exists()
    asked = {**words, "title": "A title of its own", "do": "approve", "audience": "group", "version": lesson.version}
    desk.post(f"/lessons/{lesson.pk}/review/", asked)
    lesson.refresh_from_db()
    assert lesson.status == "approved"
    page = desk.post(f"/lessons/{lesson.pk}/text/en/", {**words, "title": item.title, "version": lesson.version})
    assert "Give the lesson a title of its own" in text(page)
    assert not lesson.texts.filter(kind="translation").exists()
