"""The register of decisions: who reads it, how it is filtered, and what becomes of a decision."""

import datetime as dt
import re
from html import unescape

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from iwg_portal.activity.models import Event
from meetings.access import decisions as access
from meetings.actions.decisions import change_decision, set_decision_status
from meetings.models import Decision
from meetings.queries.decisions import Choice
from tests.cast import PARTS
from tests.factories import (
    ActionFactory,
    BlockFactory,
    DecisionFactory,
    GroupFactory,
    ItemFactory,
    MeetingFactory,
    OrganisationFactory,
)
from tests.meetings.payloads import PAYLOADS, is_harmless, packed

pytestmark = pytest.mark.django_db
URL = "/decisions/"
MEMBERS = {"other_delegate", "own_delegate", "own_focal_point", "chair", "secretariat"}


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def listed(answer):
    """Ids of the decisions in the list."""
    return [int(pk) for pk in re.findall(r'href="/decisions/(\d+)/"', answer.content.decode())]


def decided(number=None, words="The group decides.", meeting=None, **values):
    item = ItemFactory(meeting=meeting or MeetingFactory(state="circulated"))
    return DecisionFactory(block__item=item, block__text=words, number=number, **values)


@pytest.fixture
def world(cast):
    for part in PARTS:
        cast.person(part)
    return cast


# -- Who reads it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [part for part in PARTS if part != "anonymous"])
def test_the_list_agrees_with_the_pages_of_what_it_lists(world, part):
    """In each state of a meeting and for each audience; the row that could leak is there each time."""
    rows = {}
    for state, audience in [
        ("draft", "secretariat"), ("running", "secretariat"), ("drafted", "secretariat"), ("drafted", "members"),
        ("circulated", "members"), ("adopted", "members"), ("adopted", "group"), ("cancelled", "secretariat"),
        ("adopted", "secretariat"),
    ]:  # fmt: skip
        meeting = MeetingFactory(state=state, record__audience=audience)
        rows[state, audience] = decided(len(rows) + 1, meeting=meeting)
    removed = decided(50)
    removed.block.is_removed = True
    removed.block.save()
    viewer, client = world.viewer(part), world.client(part)
    for decision in Decision.objects.order_by("pk"):
        opened = client.get(f"{URL}{decision.pk}/").status_code
        assert opened == (200 if access.visible_decisions(viewer).filter(pk=decision.pk).exists() else 404)
    if not viewer.in_group:
        assert client.get(URL).status_code == 404
        return
    reads = {key for key, row in rows.items() if access.visible_decisions(viewer).filter(pk=row.pk).exists()}
    assert set(listed(client.get(URL))) == {rows[key].pk for key in reads}
    shared = {key for key in rows if key[0] in ("circulated", "adopted")}
    wanted = {key for key in shared if key[1] == "group"}
    if part in MEMBERS:
        wanted |= {key for key in shared if key[1] == "members"}
    if part in ("chair", "secretariat"):
        wanted = set(rows)
    assert reads == wanted
    assert removed.pk not in listed(client.get(URL))


def test_an_id_of_another_record_opens_nothing(world):
    hidden = decided(meeting=MeetingFactory(state="drafted"), number=3)
    client = world.client("own_focal_point")
    for address in (f"{URL}{hidden.pk}/", f"{URL}{hidden.pk}/change/", f"{URL}999999/"):
        assert client.get(address).status_code == 404
    with pytest.raises(PermissionDenied):
        set_decision_status(decision=hidden, status="carried_out", by=world.viewer("own_focal_point"))


def test_a_successor_that_she_may_not_read_is_not_named(world):
    after = decided(77, meeting=MeetingFactory(state="drafted"))
    before = decided(5, status="superseded", superseded_by=after)
    for address in (URL, f"{URL}{before.pk}/"):
        assert "D-77" not in text(world.client("own_delegate").get(address))
        assert "D-77" in text(world.client("secretariat").get(address))
    assert "by D-77" in text(world.client("secretariat").get(URL))


def test_the_register_of_one_meeting(world):
    meeting = MeetingFactory(state="circulated", title="Second plenary")
    rows = [decided(number, meeting=meeting) for number in (1, 2)]
    decided(3)
    page = world.client("own_delegate").get(URL, {"meeting": meeting.pk})
    assert set(listed(page)) == {row.pk for row in rows}
    assert "Only those of the meeting “Second plenary”." in text(page)
    hidden = MeetingFactory(state="drafted", title="Not yet circulated")
    decided(4, meeting=hidden)
    page = world.client("own_delegate").get(URL, {"meeting": hidden.pk})
    assert listed(page) == []
    assert "Not yet circulated" not in text(page)


# -- The register ---------------------------------------------------------------------------------------------------


def test_the_register_names_all_that_there_is_to_know(world):
    meeting = MeetingFactory(state="adopted", title="Second plenary")
    decision = decided(12, "One **window** a quarter.", meeting, kind="informational", to_all=False)
    decision.states.set([world.own, world.other])
    decision.organisations.set([OrganisationFactory(key="org")])
    page = text(world.client("own_delegate").get(URL))
    assert "1 decision was taken; 1 of them is active." in page
    assert "Decision D-12 One window a quarter. active · informational · to Otherland, Ownland, ORG" in page
    assert "Second plenary , 10 March 2026" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"status": "active"}, [3, 1]),
        ({"status": "carried_out"}, [2]),
        ({"status": "nonsense"}, [3, 2, 1]),
        ({"group": "legal"}, [2]),
        ({"year": "2024"}, [3]),
        ({"year": "٢٠٢٤"}, [3, 2, 1]),
        ({"year": "99999999999999999999"}, [3, 2, 1]),
        ({"text": "WINDOW"}, [1]),
        ({"text": "d-2"}, [2]),
        ({"text": "\0"}, [3, 2, 1]),
        ({"text": "%"}, []),
        ({"addressee": "o-org"}, [3]),
        ({"addressee": "s-nowhere"}, []),
        ({"addressee": "nonsense"}, []),
        ({"status": "active", "text": "window", "year": "2026"}, [1]),
        ({"page": "99"}, [3, 2, 1]),
    ],
)
def test_the_filter(world, asked, found):
    legal = GroupFactory(key="legal", kind="sub_group", theme="legal")
    one = decided(1, "One window a quarter.")
    two = decided(2, meeting=MeetingFactory(state="adopted", group=legal), status="carried_out")
    start = dt.datetime(2024, 5, 1, 9, tzinfo=dt.UTC)
    early = MeetingFactory(state="adopted", starts_at=start, ends_at=start + dt.timedelta(hours=8))
    three = decided(3, meeting=early, to_all=False)
    three.organisations.set([OrganisationFactory(key="org")])
    rows = {1: one.pk, 2: two.pk, 3: three.pk}
    page = world.client("own_delegate").get(URL, asked)
    assert listed(page) == [rows[number] for number in found]
    if asked.keys() - {"page"} and found != [3, 2, 1]:
        assert f"{len(found)} decision{' matches' if len(found) == 1 else 's match'}." in text(page)


def test_what_is_addressed_to_all_is_addressed_to_each_member(world):
    to_all, to_one = decided(1), decided(2, to_all=False)
    to_one.states.set([world.other])
    client = world.client("secretariat")
    assert listed(client.get(URL, {"addressee": f"s-{world.own.alpha2}"})) == [to_all.pk]
    assert listed(client.get(URL, {"addressee": f"s-{world.other.alpha2}"})) == [to_one.pk, to_all.pk]
    assert listed(client.get(URL, {"addressee": f"s-{world.observing.alpha2}"})) == []


def test_same_number_of_queries_at_one_and_at_three(world, django_assert_num_queries):
    client = world.client("own_delegate")
    meeting = MeetingFactory(state="circulated")
    first = decided(1, meeting=meeting)
    first.states.set([world.own])
    action = ActionFactory(block__item=first.block.item, decision=first)
    for address in (URL, f"{URL}{first.pk}/"):
        client.get(address)
        with CaptureQueriesContext(connection) as counted:
            client.get(address)
        assert len(counted) <= 16
        for _ in range(2):
            other = decided(None, meeting=meeting, superseded_by=None)
            other.states.set([world.own, world.other])
            ActionFactory(block__item=first.block.item, decision=action.decision)
        with django_assert_num_queries(len(counted)):
            client.get(address)


def test_pages_of_a_long_register(world):
    meeting = MeetingFactory(state="adopted")
    item = ItemFactory(meeting=meeting)
    for number in range(1, 31):
        DecisionFactory(block=BlockFactory(item=item, kind="decision"), number=number)
    first = world.client("own_delegate").get(URL, {"status": "active"})
    assert len(listed(first)) == 25
    assert "Page 1 of 2" in text(first)
    assert "?status=active&amp;page=2" in first.content.decode()
    assert "30 decisions match." in text(first)


# -- What becomes of it -----------------------------------------------------------------------------------------------


def test_the_history_is_there_for_every_reader(world):
    decision, after = decided(1), decided(2)
    office = world.client("secretariat")
    for status, successor in (("carried_out", ""), ("superseded", "d-2"), ("active", "D-2")):
        sent = office.post(f"{URL}{decision.pk}/change/", {"do": "status", "status": status, "successor": successor})
        assert sent.status_code == 302
    decision.refresh_from_db()
    assert (decision.status, decision.superseded_by) == ("active", None)
    page = text(world.client("other_delegate").get(f"{URL}{decision.pk}/"))
    assert "Secretariat noted that a decision is active again: D-1." in page
    assert "noted that another decision takes its place: D-1." in page
    assert page.index("active again") < page.index("is carried out: D-1")
    set_decision_status(decision=decision, status="superseded", successor=after, by=world.viewer("secretariat"))
    assert "In its place D-2" in text(world.client("own_delegate").get(f"{URL}{decision.pk}/"))
    assert "Takes the place of D-1" in text(world.client("own_delegate").get(f"{URL}{after.pk}/"))


def test_a_save_gives_a_receipt_with_its_zone(world):
    decision = decided(1)
    page = world.client("secretariat").post(
        f"{URL}{decision.pk}/change/", {"do": "status", "status": "carried_out"}, follow=True
    )
    assert re.search(r"On the server \d\d:\d\d:\d\d [A-Z]+\.", text(page))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_circle_is_refused(world, length):
    office = world.viewer("secretariat")
    chain = [decided(number) for number in range(1, length + 1)]
    for before, after in zip(chain, chain[1:], strict=False):
        set_decision_status(decision=before, status="superseded", successor=after, by=office)
    with pytest.raises(ValidationError, match="circle"):
        set_decision_status(decision=chain[-1], status="superseded", successor=chain[0], by=office)
    chain[-1].refresh_from_db()
    assert chain[-1].status == "active"


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "Say which decision takes its place."),
        ("D-99", "No decision has this number."),
        ("D-1", "No decision has this number."),  # itself
        ("<script>alert(1)", "No decision has this number."),
        ("٢", "No decision has this number."),
    ],
)
def test_a_successor_must_be_named_and_known(world, typed, problem):
    decision = decided(1)
    decided(2)
    page = world.client("secretariat").post(
        f"{URL}{decision.pk}/change/", {"do": "status", "status": "superseded", "successor": typed}
    )
    assert problem in text(page)
    assert is_harmless(page.content.decode())
    decision.refresh_from_db()
    assert decision.status == "active"


def test_the_action_alone_refuses_it_too(world):
    with pytest.raises(ValidationError, match="Say which decision"):
        set_decision_status(decision=decided(1), status="superseded", by=world.viewer("secretariat"))


def facts(client, decision, **values):
    """The form as its page showed it, with ``values`` changed."""
    page = client.get(f"{URL}{decision.pk}/change/").content.decode()
    seen = re.findall(r'<input type="hidden" name="(initial-[a-z]+)" value="([^"]*)"', page)
    sent = {}
    for name, value in seen:
        sent.setdefault(name, []).append(value)
        sent.setdefault(name.removeprefix("initial-"), []).append(value)
    return {**sent, **values, "do": "facts"}


def test_type_and_addressee(world):
    decision = decided(1)
    client = world.client("secretariat")
    sent = facts(client, decision, kind="informational", to="some", states=[str(world.own.pk)])
    assert client.post(f"{URL}{decision.pk}/change/", sent).status_code == 302
    decision.refresh_from_db()
    assert (decision.kind, decision.to_all, list(decision.states.all())) == ("informational", False, [world.own])
    back = facts(client, decision, to="all")
    client.post(f"{URL}{decision.pk}/change/", back)
    decision.refresh_from_db()
    assert decision.to_all
    assert not decision.states.exists()
    assert Event.objects.filter(kind="decision.changed").count() == 2


def test_of_two_who_change_it_at_once_each_keeps_her_part(world):
    decision = decided(1)
    client = world.client("secretariat")
    one, other = facts(client, decision, kind="informational"), facts(client, decision, to="some", states=["x"])
    other["states"] = [str(world.own.pk)]
    client.post(f"{URL}{decision.pk}/change/", one)
    client.post(f"{URL}{decision.pk}/change/", other)
    decision.refresh_from_db()
    assert (decision.kind, decision.to_all) == ("informational", False)


def test_nothing_changed_leaves_no_trace_and_nobody_named_is_refused(world):
    decision, office = decided(1), world.viewer("secretariat")
    assert not change_decision(decision=decision, by=office)
    assert not set_decision_status(decision=decision, status="active", by=office)
    assert not Event.objects.filter(kind__startswith="decision.").exists()
    with pytest.raises(ValidationError, match="Name at least one"):
        change_decision(decision=decision, to_all=False, by=office)
    client = world.client("secretariat")
    assert "Name at least one addressee" in text(
        client.post(f"{URL}{decision.pk}/change/", facts(client, decision, to="some"))
    )


# -- Bad input --------------------------------------------------------------------------------------------------------


def test_no_text_becomes_markup(world):
    client = world.client("secretariat")
    for number, payload in enumerate(packed(200), start=1):
        decision = decided(number, f"{payload} {'long ' * 80}", MeetingFactory(state="circulated", title=payload))
        for address in (f"{URL}{decision.pk}/", f"{URL}{decision.pk}/change/"):
            assert is_harmless(client.get(address).content.decode())
    assert is_harmless(client.get(URL).content.decode())
    for name in ("text", "addressee", "group", "status", "year", "meeting"):
        assert is_harmless(client.get(URL, {name: " ".join(PAYLOADS)}).content.decode())


def test_a_choice_is_true_only_where_something_was_asked():
    assert not Choice.of({})
    assert Choice.of({"text": " a "}).text == "a"


@pytest.mark.parametrize("language", ["fr", "pt"])
def test_in_the_other_languages(world, language):
    decision = decided(1)
    client = world.client("own_delegate")
    client.cookies["django_language"] = language
    with translation.override(language):
        words = {"fr": "Décision D-1", "pt": "Decisão D-1"}[language]
    world.person("own_delegate").language = language
    world.person("own_delegate").save()
    assert words in text(client.get(URL))
    assert words in text(client.get(f"{URL}{decision.pk}/"))
