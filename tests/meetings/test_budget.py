"""The page of a long meeting keeps its budget: 40 items, 60 decisions, 120 action points, in few queries and bytes."""

import datetime as dt
import gzip
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from meetings.enums import BlockKind
from meetings.models import ActionOwner, ActionPoint, AgendaItem, Attendance, Block, Circulation, Decision
from tests.factories import CirculationFactory, MeetingFactory, MemberStateFactory, PersonFactory

pytestmark = pytest.mark.django_db
ITEMS, DECISIONS, ACTIONS = 40, 60, 120
MOST_QUERIES, MOST_BYTES = 15, 20_000
NAMES = "Benin|Burkina Faso|Cabo Verde|Côte d’Ivoire|Gambia|Ghana|Guinea|Guinea-Bissau|Liberia|Mali|Niger|Senegal"
WHAT = """\
the draft law on passenger data
the list of carriers that send nothing yet
the test of the connection
a training week for analysts
the questionnaire on retention periods
the tender for the software
the agreement with the airport operator
the matching of watch lists
a single form for all carriers
the cost of the second site
the statistics of refused messages
the handbook for front-line officers
the opinion of the data protection authority
the seat of the regional centre
the exchange of liaison officers
the first report on overflights
the depersonalised archive
the contact points at night
a glossary in three languages
the visit to the national targeting unit"""
DONE = """\
agreed on
asked for a new version of
took note of
postponed
welcomed
adopted with two changes
could not yet accept
reviewed
compared
supported
questioned the need for
thanked the hosts for
returned to
referred to the experts"""
WHY = """\
because the budget year ends in December
so that carriers have one address
before the next plenary
as soon as the decree is signed
if the donors confirm their share
for at least eighteen months
without prejudice to national law
in line with the guidelines of the industry
after a demonstration on site
pending a reply from the ministry of transport
with interpretation into Portuguese
since only three airports are connected
once the servers are installed
at the request of the small delegations
despite the short notice
until a second unit is ready"""
WORDS = """\
surcharge charter crew transit shift codeshare cargo ferry decree ministry gateway certificate backlog latency
audit passport visa manifest itinerary baggage seat booking agency border officer analyst magistrate customs
police harbour runway terminal airline broker server router firewall backup licence tender invoice donor grant
ledger budget seminar manual template glossary translation interpreter venue quorum mandate annex protocol
treaty clause deadline roadmap pilot survey indicator baseline threshold hit alert archive retention deletion
masking complaint redress oversight commissioner parliament gazette embassy liaison hotline roster helpdesk
outage upgrade sandbox schema validator feed Dakar Accra Praia Banjul Conakry Freetown Monrovia Abidjan Niamey
Cotonou Lagos Nouakchott Bissau Bamako Tema Kano"""


class Minutes:
    """Sentences as a record has them: no two alike, the same ones in every run."""

    def __init__(self):
        self.dice = random.Random(7)
        self.what, self.done, self.why = (phrases.splitlines() for phrases in (WHAT, DONE, WHY))
        self.words = WORDS.split()

    def sentence(self, who, done=None):
        say = self.dice.choice
        few = ", ".join(self.dice.sample(self.words, self.dice.randint(2, 5)))
        place = f"{few}; paragraph {self.dice.randint(2, 397)}"
        return f"{who} {done or say(self.done)} {say(self.what)} {say(self.why)} ({place})."

    def text(self, names):
        return " ".join(self.sentence(who) for who in [self.dice.choice(names), "The group"])

    def title(self, number):
        what = self.dice.choice(self.what)
        return f"{what[0].upper()}{what[1:]}, part {number}"


@pytest.fixture
def long_meeting(cast):
    minutes, dice = Minutes(), random.Random(11)
    states = [cast.own, cast.other, *(MemberStateFactory(label=name) for name in NAMES.split("|"))]
    meeting = MeetingFactory(state="circulated")
    writer = PersonFactory()
    rows = [AgendaItem(meeting=meeting, position=n, title=minutes.title(n)) for n in range(ITEMS)]
    items = AgendaItem.objects.bulk_create(rows)

    def block(kind, n, words, **more):
        return Block(
            record=meeting.record, item=items[n % ITEMS], kind=kind, position=n, text=words, updated_by=writer,
            updated_at=meeting.ends_at, **more,
        )  # fmt: skip

    names = NAMES.split("|")
    blocks = [block(BlockKind.TEXT, n, minutes.text(names), said_by=dice.choice(states)) for n in range(ITEMS)]
    decided = [block(BlockKind.DECISION, ITEMS + n, minutes.sentence("The group")) for n in range(DECISIONS)]
    to_do = [
        block(BlockKind.ACTION, ITEMS + DECISIONS + n, minutes.sentence("Prepare", "and send")) for n in range(ACTIONS)
    ]
    Block.objects.bulk_create([*blocks, *decided, *to_do])
    decisions = Decision.objects.bulk_create(
        Decision(block=b, record=meeting.record, to_all=n % 3 == 0) for n, b in enumerate(decided)
    )
    Decision.states.through.objects.bulk_create(
        Decision.states.through(decision=decision, state=state)
        for decision in decisions
        if not decision.to_all
        for state in dice.sample(states, dice.randint(1, 3))
    )
    actions = ActionPoint.objects.bulk_create(
        ActionPoint(block=b, record=meeting.record, due_on=meeting.ends_at.date() + dt.timedelta(days=n))
        for n, b in enumerate(to_do)
    )
    ActionOwner.objects.bulk_create(
        ActionOwner(action=action, state=state)
        for action in actions
        for state in dice.sample(states, dice.randint(1, 3))
    )
    for state in states:
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
    size = len(gzip.compress(page.content))
    assert size <= MOST_BYTES, size


def test_an_adopted_one_too_beside_what_is_otherwise_today(cast, long_meeting):
    """Every third date is another by now, and an owner here and there."""
    record = long_meeting.record
    Circulation.objects.filter(record=record).update(state="adopted", ended_at=timezone.now(), adopted_number=1)
    long_meeting.state = "adopted"
    long_meeting.save(update_fields=["state"])
    for action in ActionPoint.objects.filter(record=record).order_by("pk")[::3]:
        action.due_on += dt.timedelta(days=30)
        action.save(update_fields=["due_on"])
    client = cast.client("other_delegate")
    client.get(f"/meetings/{long_meeting.pk}/")
    with CaptureQueriesContext(connection) as seen:
        page = client.get(f"/meetings/{long_meeting.pk}/")
    assert page.content.decode().count("As adopted:") == ACTIONS / 3
    assert len(seen) <= MOST_QUERIES, "\n".join(query["sql"][:160] for query in seen)
    size = len(gzip.compress(page.content))
    assert size <= MOST_BYTES, size


def test_an_observer_reads_the_agenda_and_nothing_of_the_record(cast, long_meeting):
    page = cast.client("observer").get(f"/meetings/{long_meeting.pk}/").content.decode()
    assert ", part 7" in page
    assert "The group " not in page
