"""Whoever sees a thing that waits sees when a mail last reminded of it; not to whom the mail went."""

import datetime as dt

import pytest
from django.utils import timezone

from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from iwg_portal.reminders.ledger import DAILY
from iwg_portal.reminders.models import Reminded
from members.enums import LinkPurpose
from members.models import AccountLink, Term
from tests.factories import (
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    ProposalFactory,
    RoundFactory,
    StatusReportFactory,
)
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db


def draft(cast):
    row = MeetingFactory(state="draft")
    return row, "meetings.to_announce", f"/meetings/{row.pk}/", "secretariat"


def record(cast):
    row = MeetingFactory(state="drafted")
    return row, "meetings.to_circulate", f"/meetings/{row.pk}/", "secretariat"


def papers(cast):
    meeting = MeetingFactory(state="announced", papers_due_on=timezone.localdate())
    row = ItemFactory(meeting=meeting, lead_state=cast.own)
    return row, "meetings.papers", f"/meetings/{meeting.pk}/papers/", "own_focal_point"


def lesson(cast):
    row = LessonFactory(status="submitted", state=cast.own)
    return row, "meetings.lesson", f"/lessons/{row.pk}/", "own_focal_point"


def status(cast):
    row = StatusReportFactory(state=cast.own)
    return row, "capabilities.status", f"/states/{cast.own.alpha2.lower()}/status/{row.kind}/", "own_focal_point"


def invitation(cast):
    focal = cast.person("own_focal_point")
    proposal = ProposalFactory(
        state=cast.own,
        proposed_by=focal,
        status="granted",
        decided_at=timezone.now(),
        decided_by=cast.person("administrator"),
    )
    row = AccountLink(purpose=LinkPurpose.INVITATION, proposal=proposal, address=proposal.email)
    row.renew()
    row.save()
    return row, "members.invitation_lapsing", f"/people/proposals/{proposal.pk}/", "own_focal_point"


def office(cast):
    row = Term.objects.get(person=cast.person("own_delegate"))
    return row, "members.confirmation", "/people/confirm/", "own_focal_point"


def round_(cast):
    row = RoundFactory(is_published=True)
    cast.person("own_delegate")
    return row, "capabilities.round", "/morning/", "secretariat"


THINGS = [draft, record, papers, lesson, status, invitation, office, round_]


def reminded(row, kind, reader, state="sent"):
    queue(DAILY, target=reader, to=reader, occurrence="2026-03-02")
    OutboxMail.objects.update(state=state, settled_at=dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.UTC))
    target = {"target_type": row._meta.label_lower, "target_id": str(row.pk)}
    about = {"kind": kind, "step": "2026-03-02+0", "person": reader, "planned_at": timezone.now(), "included": True}
    Reminded.objects.create(**target, **about, mail=OutboxMail.objects.get())


@pytest.mark.parametrize("thing", THINGS)
def test_it_says_when_it_was_reminded_of_and_not_whom(cast, thing):
    row, kind, url, part = thing(cast)
    client = cast.client(part)
    response = client.get(url)
    assert response.status_code == 200
    assert "Reminded on" not in text(response)
    reader = cast.person("other_delegate")
    reminded(row, kind, reader)
    words = text(client.get(url))
    assert "Reminded on 2 March 2026" in words
    assert reader.full_name not in words


@pytest.mark.parametrize("thing", THINGS)
def test_what_was_never_sent_does_not_count(cast, thing):
    row, kind, url, part = thing(cast)
    reminded(row, kind, cast.person("other_delegate"), state="cancelled")
    assert "Reminded on" not in text(cast.client(part).get(url))


@pytest.mark.parametrize(
    ("part", "reads"), [("own_delegate", True), ("secretariat", True), ("other_delegate", False), ("observer", False)]
)
def test_only_who_is_asked_for_papers_reads_when_they_were_reminded_of(cast, part, reads):
    """To anybody else the end of the reminders would tell that there is a paper which she does not read."""
    row, kind, url, _part = papers(cast)
    reminded(row, kind, cast.person("own_focal_point"))
    response = cast.client(part).get(url)
    assert response.status_code == 200
    assert ("Reminded on" in text(response)) == reads


@pytest.mark.parametrize("part", ["own_focal_point", "observer"])
def test_who_does_not_run_meetings_does_not_read_that_a_record_is_late(cast, part):
    row, kind, url, _part = record(cast)
    reminded(row, kind, cast.person("secretariat"))
    response = cast.client(part).get(url)
    assert response.status_code == 200
    assert "Reminded on" not in text(response)
