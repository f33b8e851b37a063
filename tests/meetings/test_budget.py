"""The page of a long meeting keeps its budget: 40 items, 60 decisions, 120 action points, in few queries and bytes."""

import gzip

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meetings.enums import BlockKind
from meetings.models import ActionOwner, ActionPoint, AgendaItem, Attendance, Block, Decision
from tests.factories import CirculationFactory, MeetingFactory, PersonFactory

pytestmark = pytest.mark.django_db
ITEMS, DECISIONS, ACTIONS = 40, 60, 120
MOST_QUERIES, MOST_BYTES = 15, 20_000


@pytest.fixture
def long_meeting(cast):
    meeting = MeetingFactory(state="circulated")
    writer = PersonFactory()
    rows = [AgendaItem(meeting=meeting, position=n, title=f"Item number {n} of a long agenda") for n in range(ITEMS)]
    items = AgendaItem.objects.bulk_create(rows)

    def block(kind, n):
        words = f"The group agreed on matter {n}, and asked that it be followed up before the next meeting."
        return Block(
            record=meeting.record, item=items[n % ITEMS], kind=kind, position=n, text=words, updated_by=writer,
            updated_at=meeting.ends_at,
        )  # fmt: skip

    blocks = [block(BlockKind.TEXT, n) for n in range(ITEMS)]
    decided = [block(BlockKind.DECISION, ITEMS + n) for n in range(DECISIONS)]
    to_do = [block(BlockKind.ACTION, ITEMS + DECISIONS + n) for n in range(ACTIONS)]
    Block.objects.bulk_create([*blocks, *decided, *to_do])
    Decision.objects.bulk_create(Decision(block=b, record=meeting.record) for b in decided)
    actions = ActionPoint.objects.bulk_create(
        ActionPoint(block=b, record=meeting.record, due_on=meeting.ends_at.date()) for b in to_do
    )
    for state in (cast.own, cast.other):
        ActionOwner.objects.bulk_create(ActionOwner(action=action, state=state) for action in actions)
        Attendance.objects.create(meeting=meeting, state=state, presence="present", by=writer)
    CirculationFactory(meeting=meeting, by=writer)
    return meeting


@pytest.mark.parametrize("part", ["other_delegate", "own_focal_point", "chair", "secretariat"])
def test_a_long_meeting_in_few_queries_and_bytes(cast, long_meeting, part):
    client = cast.client(part)
    client.get(f"/meetings/{long_meeting.pk}/")
    with CaptureQueriesContext(connection) as seen:
        page = client.get(f"/meetings/{long_meeting.pk}/")
    assert page.status_code == 200
    assert page.content.decode().count("Decision ") >= DECISIONS
    statements = "\n".join(query["sql"][:160] for query in seen)
    assert len(seen) <= MOST_QUERIES, statements
    assert len(gzip.compress(page.content)) <= MOST_BYTES


def test_an_observer_reads_the_agenda_and_nothing_of_the_record(cast, long_meeting):
    page = cast.client("observer").get(f"/meetings/{long_meeting.pk}/").content.decode()
    assert "Item number 7" in page
    assert "The group agreed" not in page
