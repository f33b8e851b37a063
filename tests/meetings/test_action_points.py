"""Action points as they are read: tabs, filters, what is overdue, and who learns what about owners and holders."""

import datetime as dt
import re
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from iwg_portal.activity.models import Event
from meetings.access import action_points as access
from meetings.actions import silence
from meetings.actions.owners import report
from meetings.models import ActionOwner, ActionPoint, Attendance, Registration
from members.models import Person
from tests.cast import PARTS
from tests.factories import (
    ActionFactory,
    BlockFactory,
    DecisionFactory,
    ItemFactory,
    MeetingFactory,
    MemberStateFactory,
    OrganisationFactory,
    OwnerFactory,
    answered_in_time,
    evidence_of,
    person_with,
)
from tests.meetings.payloads import PAYLOADS, is_harmless, packed

pytestmark = pytest.mark.django_db
URL = "/actions/"
MEMBERS = {"other_delegate", "own_delegate", "own_focal_point", "chair", "secretariat"}
NOW = dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)


def text(answer):
    assert answer.status_code == 200, answer.status_code
    html = re.sub(r"<svg.*?</svg>", " ", answer.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def listed(answer):
    return [int(pk) for pk in re.findall(r'href="/actions/(\d+)/"', answer.content.decode())]


def to_do(number=None, words="Send the list.", meeting=None, owners=(), **values):
    item = ItemFactory(meeting=meeting or MeetingFactory(state="circulated"))
    action = ActionFactory(block__item=item, block__text=words, number=number, **values)
    for owner in owners:
        OwnerFactory(action=action, **{"organisation" if owner._meta.model_name == "organisation" else "state": owner})
    return action


@pytest.fixture
def world(cast):
    with time_machine.travel(NOW, tick=False):
        for part in PARTS:
            cast.person(part)
        yield cast


# -- Who reads them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [part for part in PARTS if part != "anonymous"])
def test_the_list_agrees_with_the_pages_of_what_it_lists(world, part):
    rows = {}
    for state, audience in [
        ("draft", "secretariat"), ("running", "secretariat"), ("drafted", "members"), ("circulated", "members"),
        ("adopted", "members"), ("adopted", "group"), ("adopted", "secretariat"),
    ]:  # fmt: skip
        meeting = MeetingFactory(state=state, record__audience=audience)
        rows[state, audience] = to_do(len(rows) + 1, meeting=meeting, owners=[world.own, world.other, world.observing])
    viewer, client = world.viewer(part), world.client(part)
    reads = set()
    for key, action in rows.items():
        opened = client.get(f"{URL}{action.pk}/").status_code
        if opened == 200:
            reads.add(key)
        seen = access.visible_actions(viewer).filter(pk=action.pk).exists()
        assert opened == (200 if seen else 404)
        for owner in action.owners.all():
            assert access.visible_owners(viewer).filter(pk=owner.pk).exists() is seen
            answer = client.get(f"{URL}owners/{owner.pk}/report/").status_code
            assert answer == (404 if not seen else 200 if access.owns(viewer, owner) else 403)
    shared = {key for key in rows if key[0] in ("circulated", "adopted")}
    wanted = {key for key in shared if key[1] == "group"} if viewer.in_group else set()
    if part in MEMBERS:
        wanted |= {key for key in shared if key[1] == "members"}
    if part in ("chair", "secretariat"):
        wanted = set(rows)
    assert reads == wanted
    if not viewer.in_group:
        assert client.get(URL).status_code == 404
        return
    assert set(listed(client.get(URL, {"tab": "all"}))) == {rows[key].pk for key in wanted}
    overdue = set(listed(client.get(f"{URL}overdue/")))
    assert overdue == {rows[key].pk for key in wanted}


def test_what_was_taken_off_is_nowhere(world):
    action = to_do(1, owners=[world.own])
    ActionOwner.objects.update(is_removed=True)
    owner = ActionOwner.objects.get()
    client = world.client("own_focal_point")
    assert client.get(f"{URL}owners/{owner.pk}/holder/").status_code == 404
    assert "Nobody owns this action point yet." in text(client.get(f"{URL}{action.pk}/"))
    action.block.is_removed = True
    action.block.save()
    assert client.get(f"{URL}{action.pk}/").status_code == 404
    assert listed(client.get(URL, {"tab": "all"})) == []


def test_an_observer_reports_where_the_record_is_for_the_group(world):
    open_one = to_do(1, meeting=MeetingFactory(state="adopted", record__audience="group"), owners=[world.observing])
    closed = to_do(2, owners=[world.observing])
    client = world.client("observer")
    assert client.get(f"{URL}owners/{open_one.owners.get().pk}/report/").status_code == 200
    assert client.get(f"{URL}owners/{closed.owners.get().pk}/report/").status_code == 404
    assert "My state’s" in text(client.get(URL))
    assert "My organisation’s" in text(world.client("partner").get(URL))


# -- Tabs, order, filter ----------------------------------------------------------------------------------------------


@pytest.fixture
def six(world):
    """Number → action point of the own state, but the last, which is the other's."""
    meeting = MeetingFactory(state="circulated", title="Third plenary")
    rows = {
        1: to_do(1, "Late already", owners=[world.own], due_on=dt.date(2026, 6, 30)),
        2: to_do(2, "Due soon", meeting, owners=[world.own], due_on=dt.date(2026, 7, 20)),
        3: to_do(3, "Due later", owners=[world.own], due_on=dt.date(2027, 1, 1)),
        4: to_do(4, "Without a date", owners=[world.own], due_on=None),
        5: to_do(5, "Done long ago", owners=[world.own], due_on=dt.date(2025, 1, 1)),
        6: to_do(6, "Somebody else’s", owners=[world.other], due_on=dt.date(2026, 1, 1)),
    }
    rows[5].owners.update(status="done")
    rows[2].owners.update(holder=world.person("own_delegate"), status="in_progress")
    world.rows, world.meeting = rows, meeting
    return world


def numbers(world, answer):
    by_id = {action.pk: number for number, action in world.rows.items()}
    return [by_id[pk] for pk in listed(answer)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [2]),  # she holds something: that opens
        ({"tab": "mine"}, [2]),
        ({"tab": "state"}, [1, 2, 3, 4, 5]),
        ({"tab": "all"}, [6, 1, 2, 3, 4, 5]),
        ({"tab": "nonsense"}, [2]),
        ({"tab": "state", "due": "overdue"}, [1]),
        ({"tab": "state", "due": "soon"}, [2]),
        ({"tab": "state", "due": "none"}, [4]),
        ({"tab": "state", "status": "done"}, [5]),
        ({"tab": "state", "status": "unfinished"}, [1, 2, 3, 4]),
        ({"tab": "state", "status": "in_progress"}, [2]),
        ({"tab": "state", "held": "nobody"}, [1, 3, 4]),
        ({"tab": "all", "text": "due"}, [2, 3]),
        ({"tab": "all", "text": "a-3"}, [3]),
        ({"tab": "all", "text": "\0nowhere"}, []),
        ({"tab": "all", "meeting": "999999999999999999999"}, [6, 1, 2, 3, 4, 5]),
        ({"tab": "all", "due": "x", "status": "x", "owner": "x"}, [6, 1, 2, 3, 4, 5]),
        ({"tab": "all", "owner": "s-nowhere"}, []),
    ],
)
def test_the_tabs_and_the_filter(six, asked, found):
    page = six.client("own_delegate").get(URL, asked)
    assert numbers(six, page) == found


def test_filters_by_owner_and_meeting(six):
    client = six.client("secretariat")
    assert numbers(six, client.get(URL, {"owner": f"s-{six.other.alpha2}"})) == [6]
    assert numbers(six, client.get(URL, {"meeting": six.meeting.pk})) == [2]
    organisation = OrganisationFactory(key="org")
    OwnerFactory(action=six.rows[3], organisation=organisation)
    assert numbers(six, client.get(URL, {"owner": "o-org"})) == [3]
    # What is due, and how far it is, follows from that owner alone.
    OwnerFactory(action=six.rows[5], organisation=organisation, status="open")
    assert numbers(six, client.get(URL, {"owner": f"s-{six.own.alpha2}", "status": "unfinished"})) == [1, 2, 3, 4]


def test_overdue_is_said_in_words_with_its_date(six):
    page = text(six.client("own_delegate").get(URL, {"tab": "state"}))
    assert "A-1 Late already overdue since 30 June 2026 · open, nobody holds it" in page
    assert "A-2 Due soon due 20 July 2026 · in progress, held by Own Delegate" in page
    assert "A-4 Without a date no date" in page
    assert "A-5 Done long ago finished" in page
    assert "4 action points are to be done; 1 is overdue." in page
    assert "Mine, 1 to do" in page
    assert "My state’s, 4 to do" in page


def test_who_has_nothing_to_do_starts_with_everything(world):
    assert "What the meetings asked for" in text(world.client("own_delegate").get(URL))
    to_do(1, owners=[world.own])
    assert "1 action point is to be done; 1 is overdue." in text(world.client("own_delegate").get(URL))


def test_overdue_by_owner_follows_the_alphabet_of_the_reader(world):
    """Never a number: who has most of it is not said."""
    world.own.sort_name_en, world.own.sort_name_fr = "a land", "z land"
    world.own.save()
    to_do(1, owners=[world.own, world.other, OrganisationFactory(key="org")])
    to_do(2, owners=[world.other], due_on=dt.date(2026, 1, 1))
    to_do(3, owners=[world.other], due_on=dt.date(2027, 1, 1))
    client = world.client("chair")
    page = text(client.get(f"{URL}overdue/"))
    assert page.index("Ownland A-1") < page.index("Otherland A-2") < page.index("ORG A-1")
    assert "A-3" not in page
    Person.objects.update(language="fr")
    page = text(client.get(f"{URL}overdue/"))
    assert page.index("Otherland A-2") < page.index("Ownland A-1") < page.index("ORG A-1")
    assert "en retard depuis le 30 juin 2026" in page


def test_more_time_holds_for_that_owner_alone(world):
    action = to_do(1, owners=[world.own, world.other])
    action.owners.filter(state=world.own).update(due_on=dt.date(2026, 12, 1))
    client = world.client("own_delegate")
    assert "due 1 December 2026" in text(client.get(URL, {"tab": "state"}))
    assert "overdue since 30 June 2026" in text(client.get(URL, {"tab": "all"}))
    page = text(client.get(f"{URL}{action.pk}/"))
    assert "Otherland open · overdue since 30 June 2026" in page
    assert "Ownland open · due 1 December 2026 · more time was granted" in page


def test_each_member_state_shares_one_bar(world):
    action = to_do(1, owners=[world.own, world.other, world.chairing], each_member=True)
    action.owners.filter(state=world.own).update(status="done")
    client = world.client("own_delegate")
    for address in (f"{URL}?tab=all", f"{URL}{action.pk}/"):
        page = client.get(address)
        assert "1 of 3 done" in text(page)
        assert '<progress class="iwg-progress" max="3" value="1" aria-label="1 of 3 done">' in page.content.decode()
    assert "each member state" in text(client.get(f"{URL}?tab=all"))
    assert "Otherland (open)" not in text(client.get(f"{URL}?tab=all"))


# -- Holders: the state owns, a person holds --------------------------------------------------------------------------


def end(person):
    person.terms.update(ends_on=dt.date(2026, 6, 1))


def close(person):
    Person.objects.filter(pk=person.pk).update(is_active=False)


@pytest.mark.parametrize("leaves", [end, close])
def test_when_the_holder_leaves_the_state_still_owns_it_and_nobody_holds_it(world, leaves):
    holder = person_with("delegate", state=world.own, person={"full_name": "Leaving Person"})
    action = to_do(1, owners=[world.own])
    action.owners.update(holder=holder)
    client = world.client("own_focal_point")
    assert "Held by Leaving Person" in text(client.get(f"{URL}{action.pk}/"))
    assert "held by nobody" not in text(client.get(URL))
    leaves(holder)
    page = text(client.get(f"{URL}{action.pk}/"))
    assert "Nobody holds it" in page
    assert "Ownland" in page
    assert "Held by" not in page
    listing = text(client.get(URL, {"tab": "state"}))
    assert "1 action point of your state is held by nobody" in listing
    assert listed(client.get(URL, {"tab": "state", "held": "nobody", "status": "unfinished"})) == [action.pk]
    assert ActionOwner.objects.get().holder == holder  # derived when it is read; nothing was written


def test_of_a_state_that_left_the_group_nobody_holds_anything(world):
    action = to_do(1, owners=[world.own])
    action.owners.update(holder=world.person("own_delegate"))
    world.own.participations.update(ends_on=dt.date(2026, 6, 1))
    assert "Nobody holds it" in text(world.client("secretariat").get(f"{URL}{action.pk}/"))


def test_a_holder_of_another_delegation_holds_nothing_here(world):
    action = to_do(1, owners=[world.own])
    action.owners.update(holder=world.person("other_delegate"))
    assert "Nobody holds it" in text(world.client("secretariat").get(f"{URL}{action.pk}/"))
    assert listed(world.client("other_delegate").get(URL, {"tab": "mine"})) == []


def test_whoever_left_has_no_row_of_her_own_any_more(world):
    action = to_do(1, owners=[world.own])
    action.owners.update(holder=world.person("ex_member"))
    assert world.client("ex_member").get(URL).status_code == 404


@pytest.mark.parametrize("part", ["other_delegate", "chair"])
def test_outsiders_learn_nothing_about_the_offices_of_a_delegation(world, part):
    """A delegate's name, that somebody holds a row, and that somebody left: for the delegation and the secretariat."""
    action = to_do(1, owners=[world.own])
    client = world.client(part)

    def page():
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", client.get(f"{URL}{action.pk}/").content.decode())

    before = page()
    action.owners.update(holder=world.person("own_delegate"))
    assert page() == before
    end(world.person("own_delegate"))
    assert page() == before
    # A focal point is a contact that the members know.
    action.owners.update(holder=world.person("own_focal_point"))
    assert "Held by Own Focal Point" in page()


def test_the_chatham_house_rule_names_nobody_to_those_who_were_not_there(world):
    meeting = MeetingFactory(state="circulated", chatham_house=True)
    action = to_do(1, meeting=meeting, owners=[world.own])
    owner = action.owners.get()
    owner.holder = world.person("own_focal_point")
    owner.save()
    report(owner=owner, status="in_progress", text="Half of it.", by=world.viewer("own_focal_point"))
    address = f"{URL}{action.pk}/"
    outside = world.client("other_delegate").get(address).content.decode()
    assert "Own Focal Point" not in outside
    assert "Half of it." in outside
    assert "Ownland" in outside
    assert "Own Focal Point" in text(world.client("own_delegate").get(address))
    assert "Own Focal Point" in text(world.client("secretariat").get(address))
    Registration.objects.create(meeting=meeting, person=world.person("other_delegate"), state=world.other)
    answered_in_time(meeting)
    Attendance.objects.create(meeting=meeting, state=world.other, presence="present", by=world.person("secretariat"))
    assert "Own Focal Point" in text(world.client("other_delegate").get(address))


# -- Evidence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "readers"),
    [
        ("delegation", {"own_delegate", "own_focal_point"}),
        ("secretariat", {"own_delegate", "own_focal_point", "secretariat"}),
        ("members", MEMBERS),
    ],
)
def test_evidence_has_readers_of_its_own(world, audience, readers):
    action = to_do(1, owners=[world.own])
    evidence_of(action.owners.get(), world.viewer("own_focal_point"), title="Proof-token", audience=audience)
    for part in sorted(MEMBERS):
        page = text(world.client(part).get(f"{URL}{action.pk}/"))
        assert ("Proof-token" in page) is (part in readers), part
    words = {"delegation": "of the owner state only", "secretariat": "and the secretariat", "members": "of all member"}
    assert words[audience] in text(world.client("own_focal_point").get(f"{URL}{action.pk}/")).split("Proof-token")[1]


def test_evidence_is_never_read_by_more_people_than_its_record(world):
    """An objection makes the record a draft again, and its files go with it; who objected is not in the log of them."""
    meeting = MeetingFactory(state="drafted", chatham_house=True)
    row = to_do(1, meeting=meeting, owners=[world.own]).owners.get()
    circulation = silence.circulate(
        meeting=meeting, deadline=NOW + dt.timedelta(days=7), by=world.viewer("secretariat")
    )
    file = evidence_of(row, world.viewer("own_focal_point"), audience="members").file
    address = f"/files/{file.pk}/"
    assert world.client("other_delegate").get(address).status_code == 200
    focal = world.viewer("own_focal_point")
    silence.take_position(circulation=circulation, state=world.own, stance="object", text="No.", by=focal)
    assert world.client("other_delegate").get(address).status_code == 404
    assert world.client("secretariat").get(address).status_code == 200
    assert Event.objects.get(kind="file.audience_changed").actor_id is None


# -- Profile ----------------------------------------------------------------------------------------------------------


def test_a_profile_leads_members_to_what_the_state_owes(world):
    to_do(1, "Send the list.", owners=[world.own])
    to_do(2, "A draft for the secretariat.", meeting=MeetingFactory(state="drafted"), owners=[world.own])
    address = f"/states/{world.own.alpha2.lower()}/"
    way = f"/actions/?tab=all&amp;owner=s-{world.own.alpha2}"
    for part in ("own_delegate", "other_delegate", "chair"):
        assert way in world.client(part).get(address).content.decode()
        page = text(world.client(part).get(way.replace("&amp;", "&")))
        assert "A-1 Send the list." in page
    assert "A draft for the secretariat" not in text(world.client("other_delegate").get(way.replace("&amp;", "&")))
    for part in ("observer", "partner", "administrator"):
        assert way not in world.client(part).get(address).content.decode()
    assert way not in world.client("own_delegate").get(f"{address}?as=observer").content.decode()


# -- Size -------------------------------------------------------------------------------------------------------------


def fill(world, action, count):
    for number in range(count):
        holder = person_with("delegate", state=world.own)
        row = to_do(None, f"More {number}", owners=[world.own, MemberStateFactory()], decision=action.decision)
        row.owners.filter(state=world.own).update(holder=holder)
        state = MemberStateFactory()
        owner = OwnerFactory(action=action, state=state)
        owner.reports.create(status="done", by=holder, at=NOW)


@pytest.mark.parametrize("part", ["own_focal_point", "secretariat"])
def test_same_number_of_queries_at_one_and_at_three(world, part, django_assert_num_queries):
    meeting = MeetingFactory(state="circulated")
    item = ItemFactory(meeting=meeting)
    action = to_do(1, owners=[world.own], decision=DecisionFactory(block__item=item))
    fill(world, action, 1)
    client = world.client(part)
    for address in (URL, f"{URL}?tab=state", f"{URL}?tab=all", f"{URL}overdue/", f"{URL}{action.pk}/"):
        client.get(address)
        with CaptureQueriesContext(connection) as counted:
            client.get(address)
        assert len(counted) <= 18, address
        fill(world, action, 2)
        with django_assert_num_queries(len(counted)):
            client.get(address)


def test_a_long_list_has_pages(world):
    item = ItemFactory(meeting=MeetingFactory(state="circulated"))
    for number in range(1, 31):
        action = ActionFactory(block=BlockFactory(item=item, kind="action"), number=number)
        OwnerFactory(action=action, state=world.own)
    page = world.client("own_delegate").get(URL, {"tab": "all", "due": "overdue"})
    assert len(listed(page)) == 25
    assert "?tab=all&amp;due=overdue&amp;page=2" in page.content.decode()
    assert len(listed(world.client("own_delegate").get(URL, {"tab": "all", "page": "2"}))) == 5


# -- Bad input --------------------------------------------------------------------------------------------------------


def test_no_text_becomes_markup(world):
    client, everything = world.client("secretariat"), " ".join(PAYLOADS)
    for number, payload in enumerate(packed(90), start=1):
        state = MemberStateFactory(label=payload)
        meeting = MeetingFactory(state="circulated", title=payload)
        action = to_do(number, f"{payload} {'long ' * 80}", meeting, [state])
        action.owners.get().reports.create(status="not_ours", text=everything, by=world.person("secretariat"), at=NOW)
        for address in (f"{URL}{action.pk}/", f"/states/{state.alpha2.lower()}/"):
            assert is_harmless(client.get(address).content.decode()), address
    for address in (f"{URL}{action.pk}/edit/", URL, f"{URL}overdue/"):
        assert is_harmless(client.get(address).content.decode()), address
    for name in ("tab", "owner", "status", "due", "meeting", "held", "text"):
        assert is_harmless(client.get(URL, {name: everything}).content.decode())


@pytest.mark.parametrize("language", ["fr", "pt"])
def test_in_the_other_languages(world, language):
    action = to_do(1, owners=[world.own])
    Person.objects.update(language=language)
    page = text(world.client("own_focal_point").get(f"{URL}{action.pk}/"))
    with translation.override(language):
        assert {"fr": "Point d’action A-1", "pt": "Ponto de ação A-1"}[language] in page
        assert {"fr": "en retard depuis le 30 juin 2026", "pt": "em atraso desde 30 de junho de 2026"}[language] in page
    assert ActionPoint.objects.count() == 1
