"""Saves of a record: a clash loses nothing, a retry does nothing twice, what comes too late is kept for its author."""

import datetime as dt
import threading
import uuid
from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from iwg_portal.activity.models import Event
from meetings.actions.blocks import Draft, bring_back, move_block, remove_block, write_block
from meetings.actions.records import be_here
from meetings.models import ActionOwner, ActionPoint, Block, BlockRevision, Decision, Here, Meeting
from members.access import viewer_for
from members.models import ParkedText
from tests.factories import BlockFactory, ItemFactory, MeetingFactory, StateFactory, person_with


@pytest.fixture
def desk(cast):
    """A running meeting with an item, and the two who write."""
    cast.meeting = MeetingFactory(state="running")
    cast.item = ItemFactory(meeting=cast.meeting, position=1)
    cast.awa = viewer_for(person_with("secretariat", person={"full_name": "Awa"}))
    cast.kofi = viewer_for(person_with("secretariat", person={"full_name": "Kofi"}))
    return cast


pytestmark = pytest.mark.django_db


def draft(block=None, text="", base=None, **more):
    """What a browser would send for ``block``; without one, for a new block."""
    pk, version = (block.pk, block.version) if block else (uuid.uuid4(), 0)
    made = Draft(block=pk, client_id=uuid.uuid4(), text=text, base=version if base is None else base, **more)
    return replace(made, fields=[("block", str(pk)), ("client_id", str(made.client_id)), ("text", text)])


def write(desk, by, *args, **more):
    return write_block(meeting=desk.meeting, draft=draft(*args, **more), by=by)


def new(desk, text, by=None, **more):
    receipt = write(desk, by or desk.awa, None, text, item=desk.item.pk, **more)
    assert receipt.outcome == "saved"
    return Block.objects.latest("updated_at")


def texts(block):
    return list(block.revisions.order_by("number").values_list("text", flat=True))


# -- Saving ------------------------------------------------------------------------------------------------------------


def test_a_save_has_a_receipt_with_time_and_version(desk):
    block = new(desk, "One")
    receipt = write(desk, desk.awa, block, "One and two")
    block.refresh_from_db()
    assert (receipt.outcome, receipt.version, receipt.own, receipt.text) == ("saved", 2, 2, "One and two")
    assert receipt.at == block.updated_at
    assert (block.text, block.version, block.updated_by) == ("One and two", 2, desk.awa.person)
    assert texts(block) == ["One", "One and two"]


def test_the_same_save_again_gets_the_same_receipt_and_does_nothing(desk):
    block = new(desk, "One")
    sent = draft(block, "One and two")
    first = write_block(meeting=desk.meeting, draft=sent, by=desk.awa)
    write(desk, desk.kofi, Block.objects.get(), "One, two and three")
    again = write_block(meeting=desk.meeting, draft=sent, by=desk.awa)
    assert (again.version, again.own, again.at, again.text) == (first.version, first.own, first.at, first.text)
    block.refresh_from_db()
    assert block.text == "One, two and three"
    assert block.revisions.count() == 3


def test_a_new_block_sent_twice_is_one_block(desk):
    sent = draft(None, "A decision", item=desk.item.pk, kind="decision")
    for _ in range(2):
        assert write_block(meeting=desk.meeting, draft=sent, by=desk.awa).version == 1
    assert Block.objects.count() == Decision.objects.count() == 1


def test_a_page_gone_back_to_sends_its_old_id_with_a_new_text(desk):
    block = new(desk, "One")
    sent = draft(block, "One and two")
    write_block(meeting=desk.meeting, draft=sent, by=desk.awa)
    other = replace(sent, text="One, two and three")
    for _ in range(2):
        receipt = write_block(meeting=desk.meeting, draft=other, by=desk.awa)
        assert (receipt.outcome, receipt.text, receipt.clash) == ("saved", "One, two and three", False)
    assert texts(block) == ["One", "One and two", "One, two and three"]


def test_nothing_changed_makes_no_version(desk):
    block = new(desk, "One")
    receipt = write(desk, desk.kofi, block, "One")
    assert (receipt.outcome, receipt.version) == ("saved", 1)
    assert block.revisions.count() == 1


def test_new_blocks_stand_where_they_were_begun(desk):
    first, last = new(desk, "First"), new(desk, "Last")
    for number in range(12):  # more than fit between two positions
        new(desk, f"Middle {number}", after=first.pk)
    order = list(Block.objects.order_by("position").values_list("text", flat=True))
    assert order == ["First", *[f"Middle {number}" for number in reversed(range(12))], "Last"]
    assert new(desk, "End", after=last.pk).position > last.position


def test_who_does_not_write_records_is_refused(desk):
    block = new(desk, "One")
    for part in ("chair", "own_focal_point", "observer", "administrator", "stranger", "anonymous"):
        by = desk.viewer(part)
        for act in (
            lambda by=by: write(desk, by, block, "Two"),
            lambda by=by: remove_block(meeting=desk.meeting, draft=draft(block), by=by),
            lambda by=by: move_block(meeting=desk.meeting, draft=draft(block), up=True, by=by),
            lambda by=by: bring_back(meeting=desk.meeting, draft=draft(block), number=1, by=by),
            lambda by=by: be_here(meeting=desk.meeting, by=by, item=None),
        ):
            with pytest.raises(PermissionDenied):
                act()
    assert texts(block) == ["One"]
    assert not Here.objects.exists()


def test_writing_is_one_event_without_content(desk):
    block = new(desk, "A secret")
    for number in range(3):
        block.refresh_from_db()
        write(desk, desk.awa, block, f"A secret {number}")
    write(desk, desk.kofi, Block.objects.get(), "Another secret")
    events = Event.objects.filter(kind="record.written")
    assert sorted(events.values_list("actor_label", flat=True)) == ["Awa", "Kofi"]
    assert not [event for event in Event.objects.all() if "secret" in f"{event.target_label} {event.data}"]


# -- Clashes -----------------------------------------------------------------------------------------------------------


def test_two_who_change_different_lines_both_find_their_words(desk):
    block = new(desk, "One\n\nTwo")
    write(desk, desk.awa, block, "One by Awa\n\nTwo")
    receipt = write(desk, desk.kofi, block, "One\n\nTwo by Kofi")
    assert (receipt.text, receipt.merged, receipt.clash) == ("One by Awa\n\nTwo by Kofi", True, False)
    block.refresh_from_db()
    assert (block.text, block.version) == (receipt.text, receipt.version)
    # What was sent is a version of its own, on which is merged what is typed on.
    assert texts(block) == ["One\n\nTwo", "One by Awa\n\nTwo", "One\n\nTwo by Kofi", "One by Awa\n\nTwo by Kofi"]
    assert BlockRevision.objects.get(number=receipt.own).text == "One\n\nTwo by Kofi"
    typed_on = write(desk, desk.kofi, block, "One\n\nTwo by Kofi and more", base=receipt.own)
    assert typed_on.text == "One by Awa\n\nTwo by Kofi and more"


def test_what_overlaps_is_kept_from_both_with_names(desk):
    block = new(desk, "One")
    write(desk, desk.awa, block, "One by Awa")
    receipt = write(desk, desk.kofi, block, "One by Kofi")
    assert receipt.clash
    assert receipt.text == "Text of Awa:\nOne by Awa\nText of Kofi:\nOne by Kofi"


def test_under_the_chatham_house_rule_the_texts_bear_no_names(desk):
    Meeting.objects.filter(pk=desk.meeting.pk).update(chatham_house=True)
    block = new(desk, "One")
    write(desk, desk.awa, block, "One this way")
    receipt = write(desk, desk.kofi, block, "One that way")
    assert receipt.text == "One text:\nOne this way\nAnother text:\nOne that way"


def test_together_too_long_is_kept_for_its_author(desk):
    block = new(desk, "One")
    write(desk, desk.awa, block, "a" * 15_000)
    receipt = write(desk, desk.kofi, block, "k" * 15_000)
    assert (receipt.outcome, receipt.reason) == ("parked", "too_long")
    assert dict(ParkedText.objects.get(person=desk.kofi.person).fields)["text"] == "k" * 15_000
    block.refresh_from_db()
    assert block.text == "a" * 15_000


@pytest.mark.django_db(transaction=True)
def test_two_connections_that_save_at_once_lose_nothing(desk):
    block = new(desk, "\n\n".join(f"Paragraph {number}" for number in range(8)))
    ready, failed = threading.Barrier(2), []

    def editor(by, places):
        try:
            for place in places:
                lines = block.text.split("\n\n")
                lines[place] += f" {by.person.full_name}"
                ready.wait(10)
                # Each time from the first version, so that every save of the second meets that of the first.
                write(desk, by, block, "\n\n".join(lines))
        except Exception as error:
            failed.append(error)
            ready.abort()
        finally:
            connection.close()

    editors = [
        threading.Thread(target=editor, args=(by, places))
        for by, places in ((desk.awa, range(0, 4)), (desk.kofi, range(4, 8)))
    ]
    for thread in editors:
        thread.start()
    for thread in editors:
        thread.join(30)
    assert not failed
    held = Block.objects.get()
    for number in range(8):
        assert f"Paragraph {number} {'Awa' if number < 4 else 'Kofi'}" in held.text
    numbers = list(held.revisions.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, held.version + 1))
    moments = list(held.revisions.order_by("number").values_list("at", flat=True))
    assert moments == sorted(moments)


# -- Too late ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["draft", "circulated", "adopted", "cancelled"])
def test_what_arrives_when_the_record_is_not_open_is_kept(desk, state):
    block = BlockFactory(item=desk.item, updated_by=desk.awa.person, text="One")
    Meeting.objects.filter(pk=desk.meeting.pk).update(state=state)
    for _ in range(2):
        receipt = write(desk, desk.awa, block, "One, too late")
        assert (receipt.outcome, receipt.reason) == ("parked", "closed")
    receipt = write(desk, desk.awa, block, "One, too late, and more")
    (kept,) = ParkedText.objects.filter(person=desk.awa.person)  # the last one holds the others
    assert receipt.parked == kept
    assert kept.path == f"/meetings/{desk.meeting.pk}/record/save/"
    assert ["text", "One, too late, and more"] in kept.fields
    assert texts(block) == ["One"]
    assert not ParkedText.objects.filter(person=desk.kofi.person).exists()


def test_two_late_texts_that_differ_are_both_kept(desk):
    block = BlockFactory(item=desk.item, text="One")
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated")
    for text in ("Written at the desk", "Written at home"):
        write(desk, desk.awa, block, text)
    assert ParkedText.objects.filter(person=desk.awa.person).count() == 2


def test_a_receipt_stays_a_receipt_after_the_record_was_closed(desk):
    block = new(desk, "One")
    sent = draft(block, "Two")
    first = write_block(meeting=desk.meeting, draft=sent, by=desk.awa)
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated")
    again = write_block(meeting=desk.meeting, draft=sent, by=desk.awa)
    assert (again.outcome, again.version, again.at) == ("saved", first.version, first.at)
    assert not ParkedText.objects.exists()


def test_no_place_any_more(desk):
    other = BlockFactory()
    for sent in (
        draft(None, "New", item=ItemFactory().pk),  # an item of another meeting
        draft(None, "New", item=ItemFactory(meeting=desk.meeting, status="declined").pk),
        draft(None, "New", item=None),
        draft(None, "New", item=desk.item.pk, base=3),  # of a block that never was
        draft(other, "New"),  # a block of another record
    ):
        receipt = write_block(meeting=desk.meeting, draft=sent, by=desk.awa)
        assert (receipt.outcome, receipt.reason) == ("parked", "gone")
    assert ParkedText.objects.count() == 5
    assert texts(other) == [other.text]


# -- Remove, order, bring back ------------------------------------------------------------


def test_a_block_removed_while_another_types_in_it(desk):
    """Her words are kept for her, and bring the block back when she wants that."""
    block = new(desk, "One")
    assert remove_block(meeting=desk.meeting, draft=draft(block, "One"), by=desk.awa).outcome == "saved"
    late = draft(block, "One, typed by Kofi")
    receipt = write_block(meeting=desk.meeting, draft=late, by=desk.kofi)
    assert (receipt.outcome, receipt.reason) == ("parked", "removed")
    assert Block.objects.get().is_removed
    back = write_block(meeting=desk.meeting, draft=replace(late, revive=True), by=desk.kofi, kept=receipt.parked)
    held = Block.objects.get()
    assert back.outcome == "saved"
    assert (held.is_removed, held.text) == (False, "One, typed by Kofi")
    assert not ParkedText.objects.exists()


def test_a_block_that_somebody_has_just_changed_is_not_removed(desk):
    block = new(desk, "One")
    write(desk, desk.kofi, block, "One, and more by Kofi")
    receipt = remove_block(meeting=desk.meeting, draft=draft(block, "One"), by=desk.awa)
    assert (receipt.outcome, receipt.reason) == ("stands", "overtaken")
    held = Block.objects.get()
    assert (held.is_removed, held.text) == (False, "One, and more by Kofi")
    typed = remove_block(meeting=desk.meeting, draft=draft(block, "One\n\nAlso by Awa"), by=desk.awa)
    assert typed.outcome == "stands"
    assert Block.objects.get().text == "One, and more by Kofi\n\nAlso by Awa"


def test_what_was_typed_before_a_removal_is_in_the_history(desk):
    block = new(desk, "One")
    sent = draft(block, "One, typed and thrown away")
    for _ in range(2):
        assert remove_block(meeting=desk.meeting, draft=sent, by=desk.awa).version == 2
    assert texts(block) == ["One", "One, typed and thrown away"]
    again = remove_block(meeting=desk.meeting, draft=draft(Block.objects.get()), by=desk.awa)
    assert (again.outcome, again.reason) == ("stands", "removed")


def test_bring_back_an_earlier_text_and_a_removed_block(desk):
    block = new(desk, "One")
    write(desk, desk.awa, block, "Two")
    sent = draft(Block.objects.get())
    for _ in range(2):
        assert bring_back(meeting=desk.meeting, draft=sent, number=1, by=desk.kofi).text == "One"
    assert texts(block) == ["One", "Two", "One"]
    remove_block(meeting=desk.meeting, draft=draft(Block.objects.get()), by=desk.awa)
    bring_back(meeting=desk.meeting, draft=draft(Block.objects.get()), number=None, by=desk.kofi)
    held = Block.objects.get()
    assert (held.is_removed, held.text, held.updated_by) == (False, "One", desk.kofi.person)


def test_order_moves_no_words_and_a_retry_moves_once(desk):
    first, second, third = (new(desk, text) for text in ("One", "Two", "Three"))
    sent = draft(third)
    for _ in range(2):
        assert move_block(meeting=desk.meeting, draft=sent, up=True, by=desk.kofi).outcome == "saved"
    assert list(Block.objects.order_by("position")) == [first, third, second]
    # Kofi moved what Awa is typing in: her words arrive all the same.
    assert write(desk, desk.awa, third, "Three, typed on").text == "Three, typed on"
    for _ in range(3):
        move_block(meeting=desk.meeting, draft=draft(second), up=False, by=desk.awa)
    assert list(Block.objects.order_by("position")) == [first, third, second]
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated")
    assert move_block(meeting=desk.meeting, draft=draft(first), up=False, by=desk.awa).reason == "closed"


# -- Decisions and action points -----------------------------------------------------------


def owners(block):
    rows = ActionOwner.objects.filter(action__block=block, is_removed=False).order_by("state__name")
    return [str(row.state or row.organisation) for row in rows]


def test_an_action_point_with_owner_and_day_is_made_with_its_block(desk):
    block = new(desk, f"Draft the guide. @{desk.own.alpha2} 30/09/2030", kind="action", lift=True)
    assert block.text == "Draft the guide."
    assert (owners(block), block.action.due_on) == (["Ownland"], dt.date(2030, 9, 30))
    assert block.action.record == desk.meeting.record
    assert texts(block)[0].endswith("30/09/2030")  # what was typed stays in the history


def test_owners_follow_the_text_while_it_is_typed(desk):
    desk.own, desk.other  # noqa: B018  # states by these names
    block = new(desk, "Do it @Ownland", kind="action")
    assert (owners(block), block.text) == (["Ownland"], "Do it @Ownland")
    write(desk, desk.awa, block, "Do it @Otherland 30/09/2030")
    assert owners(block) == ["Otherland"]
    block.refresh_from_db()
    write(desk, desk.awa, block, "Do it @Otherland 30/09/2030", lift=True)
    block.refresh_from_db()
    assert (block.text, owners(block)) == ("Do it", ["Otherland"])
    # Confirmed: it is no more in the text, and stays.
    write(desk, desk.awa, block, "Do it soon @Ownland", lift=True)
    assert owners(block) == ["Otherland", "Ownland"]
    block.refresh_from_db()
    chip = f"state:{desk.other.pk}"
    write(desk, desk.awa, block, "Do it soon", drop=(chip, "due"))
    assert owners(block) == ["Ownland"]
    assert ActionPoint.objects.get().due_on is None
    assert ActionOwner.objects.count() == 2  # its reports would stay with it


def test_each_member_state_gets_a_row_of_its_own(desk):
    members = {desk.own.name, desk.other.name, desk.chairing.name}
    block = new(desk, "Send the list @all 30/09/2030", kind="action", lift=True)
    assert set(owners(block)) == members
    assert block.action.each_member
    write(desk, desk.awa, block, "Send the list", drop=("each",))
    assert owners(block) == []
    assert not ActionPoint.objects.get().each_member


def test_names_that_nobody_has_are_said_and_stay(desk):
    receipt = write(desk, desk.awa, None, "Do it @Atlantis", item=desk.item.pk, kind="action", lift=True)
    assert receipt.unknown == ("Atlantis",)
    assert receipt.text == "Do it @Atlantis"


def test_a_state_outside_the_group_is_no_owner(desk):
    StateFactory(label="Farland")
    assert write(desk, desk.awa, None, "Do it @Farland", item=desk.item.pk, kind="action").unknown == ("Farland",)
    assert not ActionOwner.objects.exists()


def test_who_is_here_is_one_row_a_person(desk):
    be_here(meeting=desk.meeting, by=desk.awa, item=None)
    be_here(meeting=desk.meeting, by=desk.awa, item=desk.item)
    assert Here.objects.get().item == desk.item
    assert not Event.objects.filter(kind__startswith="record").exists()
