"""The agenda: times and what does not fit, order, proposals of members, what goes over, and the agenda on paper."""

import datetime as dt
import io
import re

import pikepdf
import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import translation

from iwg_portal.activity.models import Event
from iwg_portal.base.uploads import check
from iwg_portal.mail.compose import message
from iwg_portal.mail.models import OutboxMail
from meetings import exports
from meetings.access.agenda import carryable_items
from meetings.actions import agenda as actions
from meetings.actions.papers import create_paper
from meetings.enums import MeetingState
from meetings.models import AgendaItem
from meetings.queries.agenda import timetable
from tests.base import uploading as make
from tests.cast import PARTS
from tests.documents import docx_words
from tests.documents import words_of as as_read
from tests.factories import (
    BlockFactory,
    DecisionFactory,
    GroupFactory,
    ItemFactory,
    MeetingFactory,
    MemberStateFactory,
    TermFactory,
)
from tests.meetings.test_meetings import NOW, SCRIPT
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def meeting(cast):
    """One day in Abidjan, 09:00 to 12:00."""
    return MeetingFactory(title="Third plenary", ends_at=dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC))


def at(hour, minute=0, day=10):
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=dt.UTC)


def items(meeting, *rows):
    return [
        ItemFactory(meeting=meeting, position=n, title=f"Item {n}", minutes=minutes, starts_at=start)
        for n, (minutes, start) in enumerate(rows, start=1)
    ]


def order(meeting):
    rows = AgendaItem.objects.filter(meeting=meeting, status="accepted").order_by("position", "pk")
    return [(row.title, row.position) for row in rows]


# -- Times ------------------------------------------------------------------------------------------------------------


def test_each_item_begins_when_the_one_before_ends_or_at_its_fixed_time(meeting):
    slots = timetable(meeting, items(meeting, (30, None), (45, None), (30, at(11))))
    assert [(slot.number, slot.time, slot.end_time) for slot in slots] == [
        (1, "09:00", "09:30"), (2, "09:30", "10:15"), (3, "11:00", "11:30"),
    ]  # fmt: skip
    assert not any(slot.problem for slot in slots)


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        (((90, None), (30, at(10))), ["", "Item 1 lasts until 10:30, 30 minutes longer."]),
        (((60, at(11)), (30, at(9))), ["", "Begins before item 1, which stands above it."]),
        (((120, None), (90, None)), ["", "Ends at 12:30, 30 minutes after the end of the meeting."]),
        (((1440, None),), ["Ends at 09:00, 1260 minutes after the end of the meeting."]),
        (((180, None),), [""]),
    ],
)
def test_what_does_not_fit_is_said_and_refused_nowhere(meeting, rows, problems):
    assert [slot.problem for slot in timetable(meeting, items(meeting, *rows))] == problems


def test_a_day_of_a_longer_meeting_ends_when_the_last_does():
    meeting = MeetingFactory()  # 10 March 09:00 to 11 March 17:00
    slots = timetable(meeting, items(meeting, (500, None), (30, at(9, day=11))))
    assert [slot.problem for slot in slots] == ["Ends at 17:20; the days of this meeting end at 17:00.", ""]
    assert [slot.opens_day for slot in slots] == [True, True]


def test_an_over_run_shows_to_those_who_edit_and_to_nobody_else(cast, meeting):
    items(meeting, (120, None), (90, None))
    assert "30 minutes after the end" in text(cast.client("chair").get(f"/meetings/{meeting.pk}/"))
    assert "1 item does not fit the time; it can stay so." in text(
        cast.client("chair").get(f"/meetings/{meeting.pk}/agenda/")
    )
    assert "after the end" not in text(cast.client("own_delegate").get(f"/meetings/{meeting.pk}/"))


# -- Edited ------------------------------------------------------------------------------------------------------------


def typed(**values):
    return {
        "do": "add",
        "title": "Connecting carriers",
        "minutes": "45",
        "language": "fr",
        "day": "2026-03-10",
        **values,
    }


@pytest.mark.parametrize("part", ["chair", "secretariat"])
def test_chair_and_secretariat_add_an_item(cast, meeting, part):
    cast.client(part).post(
        f"/meetings/{meeting.pk}/agenda/",
        typed(at="09:30", lead_state=cast.own.pk, lead="A person", theme="industry", note="*why*"),
    )
    item = AgendaItem.objects.get()
    assert (item.title, item.minutes, item.language, item.theme) == ("Connecting carriers", 45, "fr", "industry")
    assert (item.starts_at, item.lead_state, item.position) == (at(9, 30), cast.own, 1)
    page = cast.client("observer").get(f"/meetings/{meeting.pk}/")
    assert "Lead: Ownland, A person" in text(page)
    assert "<em>why</em>" in page.content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": ""}, "Give the item a title."),
        ({"title": "x" * 300}, "at most 200 characters"),
        ({"note": "x" * 5001}, "at most 5000 characters"),
        ({"minutes": "0"}, "greater than or equal to 1"),
        ({"minutes": "1441"}, "less than or equal to 1440"),
        ({"minutes": "-30"}, "greater than or equal to 1"),
        ({"at": "08:59"}, "This time lies outside the meeting."),
        ({"at": "12:00"}, "This time lies outside the meeting."),
        ({"at": "99:99"}, "This is not a time."),
        ({"day": "2026-03-11", "at": "10:00"}, "Select a valid choice."),
        ({"theme": "weather"}, "Select a valid choice."),
        ({"language": "de"}, "Select a valid choice."),
        ({"title": make.td3()[1]}, "Passenger data do not belong here"),
        ({"note": make.td3()[1]}, "Passenger data do not belong here"),
        ({"lead": make.td3()[1]}, "Passenger data do not belong here"),
    ],
)
def test_what_is_no_item_is_refused_and_given_back(cast, meeting, wrong, words):
    page = cast.client("chair").post(f"/meetings/{meeting.pk}/agenda/", typed(**wrong))
    assert page.status_code == 200
    assert words in text(page)
    assert not AgendaItem.objects.exists()
    if "title" not in wrong:
        assert 'value="Connecting carriers"' in page.content.decode()


def test_one_lead_at_most(cast, meeting):
    partner = cast.person("partner").terms.get().organisation
    page = cast.client("chair").post(
        f"/meetings/{meeting.pk}/agenda/", typed(lead_state=cast.own.pk, lead_organisation=partner.pk)
    )
    assert "Choose a state or an organisation, not both." in text(page)


@pytest.mark.parametrize("field", ["title", "note", "lead"])
def test_markup_is_text(cast, meeting, field):
    cast.client("chair").post(f"/meetings/{meeting.pk}/agenda/", typed(**{field: SCRIPT[:150]}))
    item = AgendaItem.objects.get()
    base = f"/meetings/{meeting.pk}/"
    for address in (base, f"{base}agenda/", f"{base}agenda/print/", f"{base}agenda/{item.pk}/"):
        page = cast.client("chair").get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert not re.search(r"<[^>]*data-hx-get=./sign-out", page)
    assert cast.client("chair").get(f"/meetings/{meeting.pk}/agenda/pdf/").content.startswith(b"%PDF")


def test_an_item_is_moved_up_and_down_without_script(cast, meeting):
    _one, two, three = items(meeting, (30, None), (30, None), (30, None))
    ItemFactory(meeting=meeting, title="Hidden", position=2, status="withdrawn")

    def press(item, do):
        answer = cast.client("chair").post(f"/meetings/{meeting.pk}/agenda/{item.pk}/", {"do": do})
        assert answer["Location"] == f"/meetings/{meeting.pk}/agenda/#item-{item.pk}"

    press(three, "up")
    assert order(meeting) == [("Item 1", 1), ("Item 3", 2), ("Item 2", 3)]
    press(three, "up")
    press(three, "up")  # the first stays where it is
    assert order(meeting) == [("Item 3", 1), ("Item 1", 2), ("Item 2", 3)]
    press(two, "down")
    assert [title for title, _n in order(meeting)] == ["Item 3", "Item 1", "Item 2"]


def test_an_item_is_taken_off_and_brought_back(cast, meeting):
    one, _two = items(meeting, (30, None), (30, None))
    address = f"/meetings/{meeting.pk}/agenda/{one.pk}/"
    cast.client("chair").post(address, {"do": "withdraw"})
    assert order(meeting) == [("Item 2", 1)]
    assert "Item 1" not in text(cast.client("own_delegate").get(f"/meetings/{meeting.pk}/"))
    cast.client("chair").post(address, {"do": "back"})
    assert order(meeting) == [("Item 2", 1), ("Item 1", 2)]


def test_an_item_below_which_the_record_says_something_stays(cast, meeting):
    (one,) = items(meeting, (30, None))
    block = BlockFactory(item=one)
    page = cast.client("chair").post(f"/meetings/{meeting.pk}/agenda/{one.pk}/", {"do": "withdraw"}, follow=True)
    assert "The record says something below this item" in text(page)
    assert order(meeting) == [("Item 1", 1)]
    type(block).objects.update(is_removed=True)
    cast.client("chair").post(f"/meetings/{meeting.pk}/agenda/{one.pk}/", {"do": "withdraw"})
    assert order(meeting) == []


def test_of_two_who_change_an_item_the_second_sees_both_and_decides(cast, meeting):
    (one,) = items(meeting, (30, None))
    address = f"/meetings/{meeting.pk}/agenda/{one.pk}/"
    seen = re.search(r'name="seen" value="(\w+)"', cast.client("chair").get(address).content.decode())[1]
    sent = {**typed(do="save", language="en"), "seen": seen}
    assert cast.client("secretariat").post(address, {**sent, "title": "Theirs"}).status_code == 302
    page = cast.client("chair").post(address, {**sent, "title": "Hers"})
    one.refresh_from_db()
    assert one.title == "Theirs"
    assert "Somebody changed this item meanwhile." in text(page)
    assert "Theirs" in text(page)
    assert 'value="Hers"' in page.content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', page.content.decode())[1]
    cast.client("chair").post(address, {**sent, "title": "Hers", "seen": seen})
    one.refresh_from_db()
    assert one.title == "Hers"
    # The same change once more is none.
    cast.client("chair").post(address, {**sent, "title": "Hers", "seen": "lost"})
    assert Event.objects.filter(kind="agenda.item_changed").count() == 2


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("state", MeetingState.values)
def test_who_edits_the_agenda_and_until_when(cast, meeting, part, state):
    (one,) = items(meeting, (30, None))
    type(meeting).objects.update(state=state)
    one.meeting.refresh_from_db()
    may = part in ("chair", "secretariat") and state in ("draft", "announced", "running", "drafted")
    viewer = cast.viewer(part)
    acts = [
        lambda: actions.add_item(meeting=meeting, by=viewer, title="More"),
        lambda: actions.change_item(item=one, by=viewer, seen="", title=one.title),
        lambda: actions.move_item(item=one, by=viewer, up=True),
        lambda: actions.mark_open(item=one, by=viewer, is_open=True),
        lambda: actions.carry_over(meeting=meeting, by=viewer, items=[]),
        lambda: actions.withdraw_item(item=one, by=viewer),
        lambda: actions.bring_back_item(item=one, by=viewer),
    ]
    for act in acts:
        if may:
            act()
        else:
            with pytest.raises(PermissionDenied):
                act()


def test_an_agenda_has_an_end(cast, meeting):
    AgendaItem.objects.bulk_create([AgendaItem(meeting=meeting, title="x", position=n) for n in range(200)])
    with pytest.raises(ValidationError, match="200 items at most"):
        actions.add_item(meeting=meeting, by=cast.viewer("chair"), title="One more")


# -- Proposed ----------------------------------------------------------------------------------------------------------


def propose(cast, meeting, part="own_delegate", **values):
    return actions.propose_item(meeting=meeting, by=cast.viewer(part), state=cast.own, title="Proposed item", **values)


@pytest.mark.parametrize("part", ["own_delegate", "own_focal_point"])
def test_a_member_proposes_an_item(cast, meeting, part):
    page = cast.client(part).get(f"/meetings/{meeting.pk}/agenda/propose/")
    sent = {"title": "Proposed item", "minutes": "20", "language": "en", "theme": "legal", "note": "Because",
            "state": cast.own.pk}  # fmt: skip
    assert page.status_code == 200
    for _ in range(2):  # pressed twice
        cast.client(part).post(f"/meetings/{meeting.pk}/agenda/propose/", sent)
    item = AgendaItem.objects.get()
    assert (item.status, item.state_proposing, item.proposed_by) == ("proposed", cast.own, cast.person(part))
    assert order(meeting) == []


@pytest.mark.parametrize("part", PARTS)
def test_a_proposal_is_seen_by_its_state_and_by_those_who_run_the_meeting(cast, meeting, part):
    cast.person("own_delegate")
    item = propose(cast, meeting)
    client, base = cast.client(part), f"/meetings/{meeting.pk}/"
    runs, owns = part in ("chair", "secretariat"), part in ("own_delegate", "own_focal_point")

    def shown(address):
        return "Proposed item" in client.get(address).content.decode()

    assert shown(base) is (runs or owns)
    assert shown("/meetings/") is runs
    assert shown(f"{base}agenda/") is runs
    assert not shown(f"{base}agenda/print/")
    expected = 200 if owns else 403 if runs else 302 if part == "anonymous" else 404
    assert client.get(f"{base}agenda/{item.pk}/").status_code == expected


@pytest.mark.parametrize("part", PARTS)
def test_who_may_propose(cast, meeting, part):
    viewer = cast.viewer(part)
    state = cast.other if part == "other_delegate" else cast.own
    if part in ("own_delegate", "own_focal_point", "other_delegate"):
        assert actions.propose_item(meeting=meeting, by=viewer, state=state, title="Mine").pk
    else:
        with pytest.raises(PermissionDenied):
            actions.propose_item(meeting=meeting, by=viewer, state=state, title="Mine")


def test_nobody_proposes_for_another_state_or_when_it_is_too_late(cast, meeting):
    with pytest.raises(PermissionDenied):
        actions.propose_item(meeting=meeting, by=cast.viewer("other_delegate"), state=cast.own, title="Theirs")
    type(meeting).objects.update(state="running")
    with pytest.raises(PermissionDenied):
        propose(cast, meeting)


def test_somebody_on_two_delegations_says_for_which(cast, meeting):
    person = cast.person("own_delegate")
    TermFactory(person=person, state=cast.other)
    page = cast.client("own_delegate").get(f"/meetings/{meeting.pk}/agenda/propose/")
    assert "Otherland" in text(page)
    sent = {"title": "Proposed item", "minutes": "20", "language": "en", "state": cast.chairing.pk}
    assert "Select a valid choice." in text(
        cast.client("own_delegate").post(f"/meetings/{meeting.pk}/agenda/propose/", sent)
    )
    cast.client("own_delegate").post(f"/meetings/{meeting.pk}/agenda/propose/", {**sent, "state": cast.other.pk})
    assert AgendaItem.objects.get().state_proposing == cast.other


@pytest.mark.parametrize(("do", "status"), [("accept", "accepted"), ("decline", "declined")])
@pytest.mark.parametrize("part", ["chair", "secretariat"])
def test_it_is_answered_and_who_proposed_is_told(cast, meeting, do, status, part):
    items(meeting, (30, None))
    item = propose(cast, meeting)
    for _ in range(2):
        cast.client(part).post(
            f"/meetings/{meeting.pk}/agenda/{item.pk}/", {"do": do, "reason": "Settled at the last meeting."}
        )
    item.refresh_from_db()
    assert item.status == status
    assert ("Proposed item", 2) in order(meeting) or status == "declined"
    mail = OutboxMail.objects.get(kind="meetings.item_decided")
    assert mail.recipient == cast.person("own_delegate")
    built = message(mail)
    assert "Proposed item" not in built.body + built.subject
    assert ("stands on the agenda" in built.body) is (do == "accept")
    assert Event.objects.get(kind=f"agenda.item_{status}").state_id == cast.own.pk


def test_the_reason_is_read_by_the_delegation_that_proposed_and_by_nobody_else(cast, meeting):
    item = propose(cast, meeting)
    address = f"/meetings/{meeting.pk}/agenda/{item.pk}/"
    assert cast.client("own_delegate").post(address, {"do": "decline", "reason": "x"}).status_code == 403
    for reason in ("", "  ", "x" * 501):
        answer = cast.client("chair").post(address, {"do": "decline", "reason": reason})
        assert answer.status_code == 422
        assert '<details class="iwg-mt" open>' in answer.content.decode()
    item.refresh_from_db()
    assert item.status == "proposed"
    cast.client("chair").post(address, {"do": "decline", "reason": " Settled in <Praia>. "})
    item.refresh_from_db()
    assert item.decline_reason == "Settled in <Praia>."
    for part in ("own_delegate", "own_focal_point"):
        page = cast.client(part).get(f"/meetings/{meeting.pk}/").content.decode()
        assert "Settled in &lt;Praia&gt;." in page
    for part in ("other_delegate", "observer", "partner"):
        assert "Settled in" not in cast.client(part).get(f"/meetings/{meeting.pk}/").content.decode()
    mail = message(OutboxMail.objects.get(kind="meetings.item_decided"))
    assert "Settled" not in mail.body
    assert "Settled" not in str(list(Event.objects.values_list("target_label", "data")))
    actions.bring_back_item(item=item, by=cast.viewer("chair"))
    item.refresh_from_db()
    assert item.decline_reason == ""


def test_a_declined_one_can_still_be_put_on_the_agenda(cast, meeting):
    item = propose(cast, meeting)
    actions.decline_item(item=item, reason="Not now.", by=cast.viewer("chair"))
    cast.client("chair").post(f"/meetings/{meeting.pk}/agenda/{item.pk}/", {"do": "back"})
    assert order(meeting) == [("Proposed item", 1)]
    first, second = OutboxMail.objects.filter(kind="meetings.item_decided").order_by("pk")
    assert message(first) is None  # the answer has changed before it left
    assert "stands on the agenda" in message(second).body


def test_its_state_changes_and_withdraws_it_until_somebody_decides(cast, meeting):
    item = propose(cast, meeting)
    address = f"/meetings/{meeting.pk}/agenda/{item.pk}/"
    page = cast.client("own_focal_point").get(address)
    seen = re.search(r'name="seen" value="(\w+)"', page.content.decode())[1]
    sent = {"do": "save", "title": "Better words", "minutes": "20", "language": "en", "seen": seen}
    cast.client("own_focal_point").post(address, sent)
    item.refresh_from_db()
    assert item.title == "Better words"
    assert cast.client("chair").post(address, sent).status_code == 403  # nobody else puts words into its mouth
    cast.client("own_delegate").post(address, {"do": "withdraw"})
    item.refresh_from_db()
    assert item.status == "withdrawn"
    with pytest.raises(PermissionDenied):
        actions.bring_back_item(item=item, by=cast.viewer("chair"))
    with pytest.raises(PermissionDenied):
        actions.accept_item(item=item, by=cast.viewer("chair"))


@pytest.mark.parametrize("part", ["own_delegate", "other_delegate", "observer", "administrator"])
def test_nobody_else_decides(cast, meeting, part):
    item = propose(cast, meeting)
    with pytest.raises(PermissionDenied):
        actions.accept_item(item=item, by=cast.viewer(part))
    with pytest.raises(PermissionDenied):
        actions.decline_item(item=item, reason="No.", by=cast.viewer(part))


def test_one_state_does_not_fill_the_list(cast, meeting):
    for n in range(20):
        actions.propose_item(meeting=meeting, by=cast.viewer("own_delegate"), state=cast.own, title=f"Number {n}")
    with pytest.raises(ValidationError, match="proposed enough"):
        propose(cast, meeting)


@pytest.mark.parametrize("field", ["title", "note"])
def test_a_proposal_with_passenger_data_is_refused_and_noted(cast, meeting, field):
    sent = {"title": "Proposed item", "minutes": "20", "language": "en", "state": cast.own.pk, field: make.td3()[1]}
    page = cast.client("own_delegate").post(f"/meetings/{meeting.pk}/agenda/propose/", sent)
    assert "Passenger data do not belong here" in text(page)
    assert not AgendaItem.objects.exists()
    assert Event.objects.get(kind="passenger_data.refused").data == {"detectors": ["mrz"]}


# -- Carried over ------------------------------------------------------------------------------------------------------


@pytest.fixture
def earlier(meeting):
    return MeetingFactory(
        group=meeting.group, state="adopted", starts_at=at(9).replace(year=2025), ends_at=at(17).replace(year=2025)
    )


def test_what_was_left_open_is_offered_and_taken_over(cast, meeting, earlier):
    left = ItemFactory(
        meeting=earlier, title="Left open", is_open=True, minutes=25, lead_state=cast.own, note="On and on"
    )
    ItemFactory(meeting=earlier, title="Concluded item")
    client = cast.client("chair")
    address = f"/meetings/{meeting.pk}/agenda/"
    page = text(client.get(address))
    assert "Left open" in page.partition("Left open by earlier meetings")[2]
    assert "Concluded item" not in page
    for _ in range(2):
        client.post(address, {"do": "carry", "item": [left.pk, "x", "9" * 40, 10**18]})
    item = AgendaItem.objects.get(meeting=meeting)
    assert (item.title, item.minutes, item.lead_state, item.carried_from, item.is_open) == (
        "Left open", 25, cast.own, left, False,
    )  # fmt: skip
    assert "taken over from an earlier meeting" in text(cast.client("observer").get(f"/meetings/{meeting.pk}/"))
    assert "Left open by earlier meetings" not in text(client.get(address))


def test_what_is_taken_off_again_or_cancelled_is_offered_anew(cast, meeting, earlier):
    left = ItemFactory(meeting=earlier, title="Left open", is_open=True)
    viewer = cast.viewer("chair")
    actions.carry_over(meeting=meeting, by=viewer, items=[left.pk])
    assert list(carryable_items(viewer, meeting)) == []
    actions.withdraw_item(item=AgendaItem.objects.get(meeting=meeting), by=viewer)
    assert list(carryable_items(viewer, meeting)) == [left]
    actions.carry_over(meeting=meeting, by=viewer, items=[left.pk])
    other = MeetingFactory(group=meeting.group, starts_at=at(9).replace(year=2027), ends_at=at(10).replace(year=2027))
    assert list(carryable_items(viewer, other)) == []
    type(meeting).objects.filter(pk=meeting.pk).update(state="cancelled")
    assert list(carryable_items(viewer, other)) == [left]


@pytest.mark.parametrize(
    "why",
    [{"audience": "members"}, {"state": "cancelled"}, {"group": "other"}, {"starts_at": at(10), "ends_at": at(11)}],
)
def test_what_is_not_offered(cast, meeting, earlier, why):
    """The agenda of a meeting for fewer readers does not go into a wider one."""
    ItemFactory(meeting=earlier, title="Left open", is_open=True)
    if "group" in why:
        why = {"group": GroupFactory(key="other")}
    type(earlier).objects.filter(pk=earlier.pk).update(**why)
    assert list(carryable_items(cast.viewer("chair"), meeting)) == []


def test_open_decisions_head_the_next_agenda_for_those_who_read_them(cast, meeting, earlier):
    type(earlier).objects.filter(pk=earlier.pk).update(state="adopted")
    earlier.record.audience = "members"
    earlier.record.save()
    DecisionFactory(block__item=ItemFactory(meeting=earlier), block__text="A common onboarding guide.", number=7)
    carried = DecisionFactory(block__item=ItemFactory(meeting=earlier), block__text="Long done.", status="carried_out")
    ItemFactory(meeting=meeting, title="Opening", position=1)
    client = cast.client("chair")
    assert "1 decision still open" in text(client.get(f"/meetings/{meeting.pk}/agenda/"))
    for _ in range(2):
        client.post(f"/meetings/{meeting.pk}/agenda/", {"do": "carry", "decisions": "1"})
    assert order(meeting) == [("Decisions still open", 1), ("Opening", 2)]
    page = text(cast.client("own_delegate").get(f"/meetings/{meeting.pk}/"))
    assert "Decision D-7 A common onboarding guide." in page
    assert carried.block.text not in page
    # An observer reads the agenda, not the record.
    assert "onboarding" not in text(cast.client("observer").get(f"/meetings/{meeting.pk}/"))


@pytest.mark.parametrize("state", ["draft", "announced", "running"])
def test_open_decisions_head_an_agenda_with_a_record_too(cast, meeting, earlier, state, monkeypatch):
    """On the page, on paper and as PDF: ten and a way to all of them, the newest first, none of their markup."""
    type(earlier).objects.filter(pk=earlier.pk).update(state="adopted")
    type(meeting).objects.filter(pk=meeting.pk).update(state=state)
    for held in (earlier, meeting):
        held.record.audience = "members"
        held.record.save()
    BlockFactory(item=ItemFactory(meeting=meeting, title="Opening"), text="The meeting has begun.")
    place = ItemFactory(meeting=earlier)
    made = [DecisionFactory(block__item=place, block__text=f"**Guide** {n:02}.", number=n) for n in range(1, 12)]
    told = {}
    monkeypatch.setattr(exports, "pdf", lambda template, data: told.update(data) or b"%PDF")
    reader = "secretariat" if state == "draft" else "own_delegate"
    base = f"/meetings/{meeting.pk}/"
    for address in (base, f"{base}agenda/print/"):
        answer = cast.client(reader).get(address)
        page = answer.content.decode()
        assert "Decision D-11 Guide 11." in text(answer)
        assert f'href="/decisions/{made[10].pk}/"' in page
        assert "**" not in page
        assert "Guide 01" not in page
        assert "All 11 open decisions" in page
        assert f'href="/decisions/?status=active&amp;group={meeting.group.key}"' in page
        assert "TLP:AMBER" in page
    cast.client(reader).get(f"{base}agenda/pdf/")
    assert told["standing"]["rows"][0]["text"] == "Guide 11."
    assert len(told["standing"]["rows"]) == 10
    assert told["standing"]["more"] == "All 11 open decisions"
    assert told["label"] == "TLP:AMBER"
    if state != "draft":
        for address in (base, f"{base}agenda/print/"):
            assert "Guide" not in text(cast.client("observer").get(address))
        cast.client("observer").get(f"{base}agenda/pdf/")
        assert (told["standing"]["rows"], told["label"]) == ([], "TLP:GREEN")


def test_theme_and_papers_stand_on_paper_for_those_who_may_read_them(cast, meeting, monkeypatch, settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    item = ItemFactory(meeting=meeting, title="Carriers", theme="industry", position=1)
    for number, place, title, audience in (
        (1, item, "Carrier calls", "group"),
        (2, item, "Secret budget", "members"),
        (3, None, "Bus", "group"),
    ):
        create_paper(
            meeting=meeting,
            by=cast.viewer("secretariat"),
            number=number,
            title=title,
            item=place,
            due_on=None,
            audience=audience,
            checked=check(title.encode(), "paper.txt"),
            language="en",
        )
    told = {}
    monkeypatch.setattr(exports, "pdf", lambda template, data: told.update(data) or b"%PDF")
    base = f"/meetings/{meeting.pk}/agenda/"
    for part, titles, label in (
        ("own_delegate", ["Carrier calls (EN)", "Secret budget (EN)"], "TLP:AMBER"),
        ("observer", ["Carrier calls (EN)"], "TLP:GREEN"),
    ):
        printed = text(cast.client(part).get(f"{base}print/"))
        cast.client(part).get(f"{base}pdf/")
        (slot,) = told["days"][0]["slots"]
        assert (slot["papers"], slot["theme"], told["label"]) == (titles, "Transport industry", label)
        assert told["papers"]["rows"] == ["Bus (EN)"]
        assert label in printed
        for words in (*titles, "Bus (EN)", "Transport industry"):
            assert words in printed
    assert "Secret budget" not in text(cast.client("observer").get(f"{base}print/"))
    monkeypatch.undo()
    assert cast.client("own_delegate").get(f"{base}pdf/").content.startswith(b"%PDF")


def test_the_pdf_holds_the_open_decisions(cast, meeting, earlier):
    type(earlier).objects.filter(pk=earlier.pk).update(state="adopted")
    earlier.record.audience = "members"
    earlier.record.save()
    place = ItemFactory(meeting=earlier)
    items(meeting, *[(30, None)] * 20)
    for n in range(1, 12):
        DecisionFactory(block__item=place, block__text="A common guide. " * 40, number=n)
    full = cast.client("own_delegate").get(f"/meetings/{meeting.pk}/agenda/pdf/").content
    bare = cast.client("observer").get(f"/meetings/{meeting.pk}/agenda/pdf/").content
    assert words_of(full)[2] > words_of(bare)[2]


def test_decisions_of_a_draft_head_nothing(cast, meeting, earlier):
    type(earlier).objects.filter(pk=earlier.pk).update(state="drafted")
    DecisionFactory(block__item=ItemFactory(meeting=earlier), block__text="Not decided yet.")
    for part in ("chair", "secretariat", "own_delegate"):
        assert "Not decided yet" not in text(cast.client(part).get(f"/meetings/{meeting.pk}/"))


# -- On paper ----------------------------------------------------------------------------------------------------------


def words_of(content):
    """What a PDF holds of its title, language and pages."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return str(pdf.docinfo.get("/Title", "")), str(pdf.Root.get("/Lang", "")), len(pdf.pages)


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_the_agenda_as_pdf_in_three_languages(cast, meeting, language):
    items(meeting, *[(30, None)] * 40)
    answer = cast.client("observer").get(f"/meetings/{meeting.pk}/agenda/pdf/?lang={language}")
    assert answer["Content-Type"] == "application/pdf"
    name = f"iwg-agenda-plenary-{meeting.number}-{language}_observer_2026-03-02.pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    title, spoken, pages = words_of(answer.content)
    assert (title, spoken) == ("Third plenary", language)
    assert pages > 1
    event = Event.objects.get(kind="file.exported")
    assert event.data == {"language": language, "items": 40, "label": "TLP:GREEN"}
    assert "Third" not in event.target_label


def test_the_agenda_as_word_says_what_its_pdf_says(cast, meeting, earlier):
    DecisionFactory(block__item=ItemFactory(meeting=earlier), block__text="Still open =1+1 {{ x }}.", status="active")
    ItemFactory(meeting=meeting, title="A first <b>item</b> & more", note="Two\n\nparagraphs", lead="Ada")
    client = cast.client("own_delegate")
    words = {}
    for kind, read in (("pdf", as_read), ("docx", docx_words)):
        answer = client.get(f"/meetings/{meeting.pk}/agenda/{kind}/?lang=fr")
        assert f"-fr_own-delegate_2026-03-02.{kind}" in answer["Content-Disposition"]
        words[kind] = read(answer.content)
        assert Event.objects.filter(kind="file.exported").latest("pk").data["label"] == "TLP:AMBER"
    for said in ("TLP:AMBER", "Own Delegate", "Third plenary", "Still open =1+1 {{ x }}.", "A first <b>item</b> & more",
                 "Two", "paragraphs", "Ada"):  # fmt: skip
        for kind, found in words.items():
            assert said in found, (kind, said)


@pytest.mark.parametrize("lang", ["", "de", "../../x", "FR"])
def test_another_language_is_the_readers_own(cast, meeting, lang):
    answer = cast.client("observer").get(f"/meetings/{meeting.pk}/agenda/pdf/?lang={lang}")
    assert "-en_observer_" in answer["Content-Disposition"]


def test_above_the_group_the_agenda_bears_the_name_of_who_takes_it(cast, meeting, earlier):
    DecisionFactory(block__item=ItemFactory(meeting=earlier), block__text="Still open.", status="active")
    for part, label, bearer in (("own_delegate", "TLP:AMBER", True), ("observer", "TLP:GREEN", False)):
        name = cast.person(part).full_name
        answer = cast.client(part).get(f"/meetings/{meeting.pk}/agenda/pdf/")
        words = as_read(answer.content)
        assert label in words
        assert (f"handed to {name}" in words) == bearer
        assert Event.objects.filter(kind="file.exported").latest("pk").data["label"] == label


def test_its_frame_carries_label_moment_pages_and_the_mark_of_the_demonstration(cast, meeting, settings):
    frame = exports.frame(meeting.title, "members", "Test IWG")
    assert (frame["label"], frame["demo"]) == ("TLP:AMBER", "")
    assert frame["stamp"] == "As of 2 March 2026, 09:00 UTC"
    assert frame["page-word"] == "Page {n} of {total}"
    settings.DEMO = True
    with translation.override("fr"):
        frame = exports.frame(meeting.title, "group", "Test IWG")
    assert frame["label"] == "TLP:GREEN"
    assert "invent" in frame["demo"]


def test_it_holds_what_stands_on_the_agenda_and_no_proposal(cast, meeting, monkeypatch):
    told = {}
    monkeypatch.setattr(exports, "pdf", lambda template, data: told.update(data) or b"%PDF")
    items(meeting, (30, None))
    propose(cast, meeting)
    cast.client("own_delegate").get(f"/meetings/{meeting.pk}/agenda/pdf/")
    assert [slot["title"] for day in told["days"] for slot in day["slots"]] == ["Item 1"]
    assert ("Hours", "09:00–12:00 GMT, zone Africa/Abidjan") in told["facts"]


@pytest.mark.parametrize(("lang", "word"), [("en", "Agenda"), ("fr", "Ordre du jour"), ("pt", "Ordem de trabalhos")])
def test_the_print_view_in_three_languages(cast, meeting, lang, word):
    items(meeting, (30, None))
    answer = cast.client("own_delegate").get(f"/meetings/{meeting.pk}/agenda/print/?lang={lang}")
    page = answer.content.decode()
    assert f'<html lang="{lang}">' in page
    assert answer["Content-Language"] == lang
    assert f"<title>{word}: Third plenary" in page.replace("\u00a0:", ":")
    assert "Item 1" in page


def test_the_number_of_queries_does_not_grow(cast, meeting, django_assert_num_queries, django_assert_max_num_queries):
    def fill():
        ItemFactory(meeting=meeting, lead_state=MemberStateFactory())
        ItemFactory(meeting=meeting, status="proposed", state_proposing=MemberStateFactory())

    fill()
    client = cast.client("secretariat")
    for address, most in ((f"/meetings/{meeting.pk}/agenda/", 12), (f"/meetings/{meeting.pk}/agenda/print/", 8)):
        client.get(address)
        with django_assert_max_num_queries(most) as one:
            client.get(address)
        for _ in range(3):
            fill()
        with django_assert_num_queries(len(one)):
            client.get(address)
