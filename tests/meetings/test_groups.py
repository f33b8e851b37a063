"""Groups with their co-chairs, the rotation as planned, and what a chair hands over."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError

from iwg_portal.activity.models import Event
from meetings.actions import groups as actions
from meetings.models import CoChair, Decision, Group, Turn
from tests.base import uploading as make
from tests.cast import PARTS
from tests.factories import (
    ActionFactory,
    DecisionFactory,
    GroupFactory,
    ItemFactory,
    MeetingFactory,
    MemberStateFactory,
    OwnerFactory,
    person_with,
)
from tests.meetings.test_meetings import NOW, SCRIPT
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def legal(cast):
    return GroupFactory(key="legal", kind="sub_group", theme="legal", name_en="Legal sub-group", name_fr="Juridique",
                        name_pt="Jurídico")  # fmt: skip


def typed(**values):
    return {"do": "add", "starts_on": "2026-01-01", "last_day": "", **values}


# -- Groups ------------------------------------------------------------------------------------------------------------


def body(**values):
    names = {"name_en": "Technology", "name_fr": "Technologie", "name_pt": "Tecnologia"}
    return {**names, "key": "technology", "kind": "sub_group", "theme": "technology", **values}


def test_the_secretariat_enters_a_group_in_three_languages_and_ends_it(cast):
    client = cast.client("secretariat")
    answer = client.post("/meetings/groups/new/", body())
    assert answer["Location"] == "/meetings/groups/technology/"
    group = Group.objects.get()
    assert (group.name_en, group.name_fr, group.name_pt) == ("Technology", "Technologie", "Tecnologia")
    client.post("/meetings/groups/technology/change/", body(name_en="Tech", ended_on="2026-02-01"))
    group.refresh_from_db()
    assert (group.name_en, group.key, group.ended_on) == ("Tech", "technology", dt.date(2026, 2, 1))
    assert "Select a valid choice" in text(client.post("/meetings/new/", {"group": group.pk}))
    assert [e.target_label for e in Event.objects.filter(kind__startswith="group.")] == ["technology", "technology"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name_fr": ""}, "This field is required."),
        ({"name_en": "x" * 300}, "at most 120 characters"),
        ({"key": "a b"}, "valid “slug”"),
        ({"key": "New"}, "Choose another word."),
        ({"key": "plenary"}, "already exists"),
        ({"kind": "committee"}, "Select a valid choice."),
        ({"theme": ""}, "A sub-group works on a theme: choose one."),
        ({"name_en": make.td3()[1]}, "Passenger data do not belong here"),
    ],
)
def test_what_is_no_group_is_refused(cast, wrong, words):
    GroupFactory()
    page = cast.client("secretariat").post("/meetings/groups/new/", body(**wrong))
    assert page.status_code == 200
    assert words in text(page)
    assert Group.objects.count() == 1


# -- Co-chairs ---------------------------------------------------------------------------------------------------------


def test_a_group_shows_its_theme_its_co_chairs_and_its_series(cast, legal):
    CoChair.objects.create(
        group=legal, state=cast.own, person=cast.person("own_delegate"), starts_on=dt.date(2025, 5, 1)
    )
    CoChair.objects.create(group=legal, state=cast.other, starts_on=dt.date(2024, 5, 1), ends_on=dt.date(2025, 5, 1))
    MeetingFactory(group=legal, title="To come")
    MeetingFactory(group=legal, title="Long ago", starts_at=NOW.replace(year=2025), ends_at=NOW.replace(2025, 3, 3))
    page = text(cast.client("other_delegate").get("/meetings/groups/legal/"))
    assert "Legal framework" in page
    assert "The next meeting: 10–11 March 2026." in page
    assert "Ownland Own Delegate since 1 May 2025" in page
    assert "Otherland from 1 May 2024 to 30 April 2025" in page
    assert "Long ago" in page


@pytest.mark.parametrize("part", ["observer", "partner", "administrator"])
def test_persons_are_named_to_member_states_alone(cast, legal, part):
    CoChair.objects.create(
        group=legal, state=cast.own, person=cast.person("own_delegate"), starts_on=dt.date(2025, 5, 1)
    )
    page = text(cast.client(part).get("/meetings/groups/legal/"))
    assert "Ownland" in page
    assert "Own Delegate" not in page


def test_the_secretariat_enters_ends_and_removes_a_co_chair(cast, legal):
    client, address = cast.client("secretariat"), "/meetings/groups/legal/"
    client.post(address, typed(state=cast.own.pk, person=cast.person("own_delegate").pk, last_day="2026-12-31"))
    row = CoChair.objects.get()
    assert (row.state, row.person, row.ends_on) == (cast.own, cast.person("own_delegate"), dt.date(2027, 1, 1))
    client.post(address, {"do": "end", "co_chair": row.pk, "last_day": "2026-02-28"})
    row.refresh_from_db()
    assert row.last_day == dt.date(2026, 2, 28)
    page = text(client.get(address))
    assert "Earlier co-chairs" in page
    client.post(address, {"do": "remove", "co_chair": row.pk})
    assert not CoChair.objects.exists()
    kinds = Event.objects.filter(kind__startswith="group.").order_by("pk").values_list("kind", "target_label")
    assert list(kinds) == [("group.co_chair_added", "legal"), ("group.co_chair_ended", "legal"),
                           ("group.co_chair_removed", "legal")]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "Choose a state or an organisation, not both."),
        ({"state": "own", "organisation": "partner"}, "Choose a state or an organisation, not both."),
        ({"state": "own", "last_day": "2025-12-31"}, "The last day must not be before the first day."),
        ({"state": "own", "starts_on": "0001-01-01"}, "This day lies too far away."),
        ({"state": "own", "starts_on": ""}, "Give the day."),
        ({"state": "own", "person": "observer"}, "This person holds no office of that state or organisation"),
        ({"state": "own", "person": "secretariat"}, "Select a valid choice."),
        ({"state": "x"}, "Select a valid choice."),
    ],
)
def test_what_is_no_co_chair_is_refused(cast, legal, wrong, words):
    sent = dict(wrong)
    if sent.get("state") == "own":
        sent["state"] = cast.own.pk
    if "organisation" in sent:
        sent["organisation"] = cast.person("partner").terms.get().organisation_id
    if "person" in sent:
        sent["person"] = cast.person(sent["person"]).pk
    page = cast.client("secretariat").post("/meetings/groups/legal/", typed(**sent))
    assert page.status_code == 200
    assert words in text(page)
    assert not CoChair.objects.exists()


def test_nobody_leads_a_group_twice_at_once(cast, legal):
    by = cast.viewer("secretariat")
    actions.add_co_chair(group=legal, by=by, state=cast.own, starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 6, 1))
    with pytest.raises(ValidationError, match="on some of these days already"):
        actions.add_co_chair(group=legal, by=by, state=cast.own, starts_on=dt.date(2025, 1, 1))
    actions.add_co_chair(group=legal, by=by, state=cast.own, starts_on=dt.date(2026, 6, 1))
    actions.add_co_chair(group=legal, by=by, state=cast.other, starts_on=dt.date(2026, 1, 1))
    assert CoChair.objects.count() == 3


@pytest.mark.parametrize("sent", [{"last_day": ""}, {"last_day": "2024-01-01"}, {"last_day": "tomorrow"}])
def test_a_last_day_that_is_none_changes_nothing(cast, legal, sent):
    row = CoChair.objects.create(group=legal, state=cast.own, starts_on=dt.date(2025, 5, 1))
    cast.client("secretariat").post("/meetings/groups/legal/", {"do": "end", "co_chair": row.pk, **sent})
    row.refresh_from_db()
    assert row.ends_on is None


def test_a_co_chair_of_another_group_or_none_is_not_there(cast, legal):
    row = CoChair.objects.create(group=GroupFactory(), state=cast.own, starts_on=dt.date(2025, 5, 1))
    for number in (row.pk, "x", "9" * 5000, ""):
        answer = cast.client("secretariat").post("/meetings/groups/legal/", {"do": "remove", "co_chair": number})
        assert answer.status_code == 404
    assert CoChair.objects.count() == 1


@pytest.mark.parametrize("part", [part for part in PARTS if part != "secretariat"])
def test_the_secretariat_alone_enters_co_chairs_and_turns(cast, legal, part):
    row = CoChair.objects.create(group=legal, state=cast.own, starts_on=dt.date(2025, 5, 1))
    turn = Turn.objects.create(kind="chair", state=cast.own, starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2027, 1, 1))
    viewer, day = cast.viewer(part), dt.date(2026, 1, 1)
    for act in (
        lambda: actions.create_group(by=viewer, **body()),
        lambda: actions.change_group(group=legal, by=viewer, name_en="Ours"),
        lambda: actions.add_co_chair(group=legal, by=viewer, state=cast.other, starts_on=day),
        lambda: actions.end_co_chair(co_chair=row, by=viewer, last_day=day),
        lambda: actions.remove_co_chair(co_chair=row, by=viewer),
        lambda: actions.plan_turn(by=viewer, kind="host", state=cast.own, starts_on=day, ends_on=dt.date(2026, 2, 1)),
        lambda: actions.drop_turn(turn=turn, by=viewer),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert (CoChair.objects.count(), Turn.objects.count()) == (1, 1)


# -- Rotation ----------------------------------------------------------------------------------------------------------


def plan(**values):
    return {"do": "plan", "kind": "chair", "starts_on": "2026-06-01", "last_day": "2027-05-31", **values}


def test_turns_are_planned_and_taken_out(cast):
    client = cast.client("secretariat")
    client.post("/meetings/rotation/", plan(state=cast.own.pk, note="as agreed"))
    turn = Turn.objects.get()
    assert (turn.kind, turn.state, turn.last_day) == ("chair", cast.own, dt.date(2027, 5, 31))
    page = text(cast.client("other_delegate").get("/meetings/rotation/"))
    assert "Ownland chair First day: 1 Jun 2026 Last day: 31 May 2027 as agreed" in page
    assert "Plan a turn" not in page
    client.post("/meetings/rotation/", {"do": "drop", "turn": turn.pk})
    assert not Turn.objects.exists()


def test_two_states_never_take_one_turn(cast):
    client = cast.client("secretariat")
    client.post("/meetings/rotation/", plan(state=cast.own.pk))
    page = client.post("/meetings/rotation/", plan(state=cast.other.pk, starts_on="2027-05-31", last_day="2027-08-01"))
    assert "Another state is planned as chair for some of these days." in text(page)
    client.post("/meetings/rotation/", plan(state=cast.other.pk, starts_on="2027-06-01", last_day="2027-08-01"))
    client.post("/meetings/rotation/", plan(state=cast.other.pk, kind="host"))
    assert Turn.objects.count() == 3


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"last_day": "2026-05-31"}, "The last day must not be before the first day."),
        ({"last_day": ""}, "Give the day."),
        ({"last_day": "9999-12-31"}, "This day lies too far away."),
        ({"kind": "king"}, "Select a valid choice."),
        ({"state": ""}, "Choose the state."),
        ({"note": "x" * 301}, "at most 300 characters"),
        ({"note": make.td3()[1]}, "Passenger data do not belong here"),
    ],
)
def test_what_is_no_turn_is_refused(cast, wrong, words):
    page = cast.client("secretariat").post("/meetings/rotation/", plan(**{"state": cast.own.pk, **wrong}))
    assert words in text(page)
    assert not Turn.objects.exists()


def test_a_note_is_text(cast):
    cast.client("secretariat").post("/meetings/rotation/", plan(state=cast.own.pk, note=SCRIPT))
    page = cast.client("own_delegate").get("/meetings/rotation/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("part", PARTS)
def test_the_plan_is_for_the_members(cast, part):
    Turn.objects.create(kind="host", state=cast.own, starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2027, 1, 1))
    expected = 200 if part in ("other_delegate", "own_delegate", "own_focal_point", "chair", "secretariat") else 404
    answer = cast.client(part).get("/meetings/rotation/")
    assert answer.status_code == (302 if part == "anonymous" else expected)


# -- Hand-over ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(cast):
    return MeetingFactory(title="Second plenary", state="adopted")


def decide(held, text, **values):
    return DecisionFactory(block__item=ItemFactory(meeting=held), block__text=text, **values)


def test_what_is_open_is_handed_over(cast, held):
    decide(held, "Hold a test window.", number=4)
    decide(held, "Long done.", number=3, status="carried_out")
    action = ActionFactory(
        block__item=ItemFactory(meeting=held), block__text="Draft the guide.", due_on=dt.date(2026, 1, 31)
    )
    OwnerFactory(action=action, state=cast.own, holder=cast.person("own_delegate"))
    OwnerFactory(action=action, state=cast.other, status="done")
    focal = person_with("focal_point", state=cast.own, person={"full_name": "Ama Contact", "email": "ama@test.invalid"})
    answer = cast.client("chair").get("/meetings/hand-over/")
    page = text(answer)
    assert "Still open: 1 decision, 1 action point by owner." in page
    assert "Decision 4 : Hold a test window." in page
    assert f'href="/decisions/{Decision.objects.get(number=4).pk}/"' in answer.content.decode()
    assert "Ownland : Draft the guide. open · " in page
    assert f'href="/actions/{action.pk}/"' in answer.content.decode()
    assert "Own Delegate" not in page  # who holds it is her delegation's affair
    assert "overdue since 31 Jan 2026" in page
    assert "Long done" not in page
    assert "Otherland :" not in page
    assert focal.email in page


def test_a_draft_record_hands_over_nothing(cast):
    drafted = MeetingFactory(state="drafted")
    decide(drafted, "Not decided yet.")
    assert "Not decided yet" not in text(cast.client("secretariat").get("/meetings/hand-over/"))


def test_each_list_whole_in_pages_and_flat(cast, held, django_assert_num_queries, django_assert_max_num_queries):
    for number in range(3):
        decide(held, f"Text {number}.", number=number + 1)
    client = cast.client("secretariat")
    client.get("/meetings/hand-over/?show=decisions")
    with django_assert_max_num_queries(10) as few:
        client.get("/meetings/hand-over/?show=decisions")
    for number in range(3, 30):
        decide(held, f"Text {number}.", number=number + 1)
    with django_assert_num_queries(len(few)):
        page = client.get("/meetings/hand-over/?show=decisions")
    assert "Page 1 of 2" in text(page)
    assert "Text 29." in text(client.get("/meetings/hand-over/?show=decisions&page=2"))
    assert "Show all" in text(client.get("/meetings/hand-over/"))
    assert client.get("/meetings/hand-over/?show=passwords&page=x").status_code == 200


def test_the_rotation_stays_flat(cast, django_assert_num_queries, django_assert_max_num_queries):
    client = cast.client("own_delegate")

    def turn(year):
        state = MemberStateFactory()
        Turn.objects.create(kind="host", state=state, starts_on=dt.date(year, 1, 1), ends_on=dt.date(year, 2, 1))

    turn(2026)
    client.get("/meetings/rotation/")
    with django_assert_max_num_queries(8) as one:
        client.get("/meetings/rotation/")
    for year in (2027, 2028, 2029):
        turn(year)
    with django_assert_num_queries(len(one)):
        client.get("/meetings/rotation/")
