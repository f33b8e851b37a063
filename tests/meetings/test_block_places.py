"""A block goes under another item or becomes of another kind: nothing is lost, and nobody's change is undone."""

import datetime as dt
import re
import uuid

import pytest

from meetings.actions.blocks import Draft, place_block, write_block
from meetings.enums import BlockKind
from meetings.models import ActionOwner, ActionPoint, Block, Decision, Meeting
from members.access import viewer_for
from tests.factories import ActionFactory, BlockFactory, DecisionFactory, ItemFactory, MeetingFactory, person_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast):
    cast.meeting = MeetingFactory(state="running")
    cast.first = ItemFactory(meeting=cast.meeting, position=1, title="First item")
    cast.second = ItemFactory(meeting=cast.meeting, position=2, title="Second item")
    cast.awa = viewer_for(person_with("secretariat", person={"full_name": "Awa"}))
    cast.kofi = viewer_for(person_with("secretariat", person={"full_name": "Kofi"}))
    return cast


def place(desk, block, kind=None, item=None, base=None, client_id=None):
    sent = Draft(
        block=block.pk,
        client_id=client_id or uuid.uuid4(),
        text="",
        base=block.version if base is None else base,
        item=(item or block.item).pk,
        kind=kind or block.kind,
    )
    receipt = place_block(meeting=desk.meeting, draft=sent, by=desk.awa)
    block.refresh_from_db()
    return receipt


def test_a_block_goes_to_the_end_of_another_item_and_keeps_its_words_and_its_writer(desk):
    block, there = BlockFactory(item=desk.first, text="Words."), BlockFactory(item=desk.second)
    writer = block.updated_by
    receipt = place(desk, block, item=desk.second)
    assert (receipt.outcome, receipt.version) == ("saved", 2)
    assert (block.item, block.text, block.updated_by) == (desk.second, "Words.", writer)
    assert block.position > there.position
    assert block.revisions.latest("number").by == desk.awa.person


@pytest.mark.parametrize("before", BlockKind.values)
@pytest.mark.parametrize("after", BlockKind.values)
def test_from_each_kind_to_each_kind(desk, before, after):
    block = BlockFactory(item=desk.first, kind=before, text="Words.")
    if before == "decision":
        Decision.objects.create(block=block, record=block.record)
    if before == "action":
        ActionPoint.objects.create(block=block, record=block.record)
    assert place(desk, block, kind=after).outcome == "saved"
    assert (block.kind, block.text) == (after, "Words.")
    assert Decision.objects.filter(block=block).count() == (after == "decision")
    assert ActionPoint.objects.filter(block=block).count() == (after == "action")
    assert block.version == (1 if before == after else 2)


def test_mentions_become_owners_where_a_text_becomes_an_action_point(desk):
    block = BlockFactory(item=desk.first, text=f"@{desk.own.name} sends the list.")
    place(desk, block, kind="action")
    assert ActionOwner.objects.get(action__block=block).state == desk.own
    assert "@" not in block.text


def test_what_hangs_on_a_decision_or_an_action_point_keeps_its_kind(desk):
    numbered = DecisionFactory(block__item=desk.first, number=1).block
    few = DecisionFactory(block__item=desk.first, number=None)
    few.to_all = False
    few.save()
    owned, plain = (ActionFactory(block__item=desk.first, due_on=None) for _ in range(2))
    dated = ActionFactory(block__item=desk.first, due_on=dt.date(2027, 1, 1))
    owner = ActionOwner.objects.create(action=owned, state=desk.own)
    for block in (numbered, few.block, owned.block, dated.block):
        receipt = place(desk, block, kind="text", item=desk.second)
        assert (receipt.outcome, receipt.reason, block.item) == ("stands", "bound", desk.first)
        assert place(desk, block, item=desk.second).outcome == "saved"  # it may go elsewhere
        assert block.item == desk.second
    owner.reports.create(status="done", by=desk.kofi.person, at=block.updated_at)
    ActionOwner.objects.filter(pk=owner.pk).update(is_removed=True)
    assert place(desk, owned.block, kind="text").reason == "bound"
    ActionOwner.objects.create(action=plain, state=desk.own, is_removed=True)
    assert place(desk, plain.block, kind="text").outcome == "saved"


def test_what_somebody_changed_meanwhile_stands(desk):
    block = BlockFactory(item=desk.first, text="Words.")
    typed = Draft(block=block.pk, client_id=uuid.uuid4(), text="Better words.", base=block.version)
    write_block(meeting=desk.meeting, draft=typed, by=desk.kofi)
    receipt = place(desk, block, kind="decision", item=desk.second, base=1)
    assert (receipt.outcome, receipt.reason) == ("stands", "changed")
    assert (block.kind, block.item, block.text) == ("text", desk.first, "Better words.")


def test_once_however_often_it_is_sent(desk):
    block, key = BlockFactory(item=desk.first), uuid.uuid4()
    first = place(desk, block, item=desk.second, base=1, client_id=key)
    again = place(desk, block, item=desk.second, base=1, client_id=key)
    assert first.version == again.version == block.version == 2


def test_not_where_there_is_no_such_item_nor_in_a_record_that_is_closed(desk):
    block = BlockFactory(item=desk.first)
    for item in (ItemFactory(meeting=desk.meeting, status="withdrawn"), ItemFactory()):
        assert place(desk, block, item=item).reason == "no_item"
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated")
    assert place(desk, block, item=desk.second).reason == "closed"
    assert block.item == desk.first


def test_the_form_works_without_a_script(desk):
    block = BlockFactory(item=desk.first, text="It is agreed.")
    client = desk.client("secretariat")
    address = f"/meetings/{desk.meeting.pk}/record/blocks/{block.pk}/"
    assert f'href="{address}#place"' in client.get(f"/meetings/{desk.meeting.pk}/record/").content.decode()
    page = client.get(address).content.decode()
    form = re.search(r'<section class="iwg-card" id="place">.*?</section>', page, re.S)[0]
    assert "1. First item" in form
    assert "2. Second item" in form
    sent = dict(re.findall(r'name="(block|base|client_id)" value="([^"]+)"', form))
    action = re.search(r'action="([^"]+)"', form)[1]
    sent |= {"item": desk.second.pk, "kind": "decision", "do": "place"}
    answer = client.post(action, sent)
    assert answer["Location"].endswith(f"#block-{block.pk}")
    block.refresh_from_db()
    assert (block.kind, block.item) == ("decision", desk.second)
    late = client.post(action, {**sent, "client_id": uuid.uuid4(), "kind": "text"}, follow=True).content.decode()
    assert "so it was not moved" in late
    assert Block.objects.get().kind == "decision"
    assert 'id="place"' not in desk.client("chair").get(address).content.decode()
    for part in ("own_delegate", "administrator"):
        assert desk.client(part).post(action, sent).status_code in (403, 404)
