"""What the secretariat reads of the mails that go out on the next working day: the same that then goes out."""

import datetime as dt

import pytest
import time_machine

from iwg_portal.mail.models import MailBatch, OutboxMail
from iwg_portal.reminders import queries
from iwg_portal.reminders.models import DigestChoice, DigestSent, Reminded
from meetings.models import ActionOwner
from tests.factories import MeetingFactory
from tests.reminders.world import action, at, tick

pytestmark = pytest.mark.django_db
EVE, DUE = at(2026, 6, 29, 14), dt.date(2026, 6, 30)  # a Monday and a Tuesday
LIST = "/morning/mails/"


@pytest.fixture(autouse=True)
def _people(cast):
    with time_machine.travel(EVE, tick=False):
        for part in ("own_delegate", "own_focal_point", "secretariat"):
            cast.person(part)


@pytest.fixture
def holder(cast):
    person = cast.person("own_delegate")
    person.language, person.zone = "fr", "Africa/Lagos"
    person.save()
    return person


def read(cast, address):
    with time_machine.travel(EVE, tick=False):
        return cast.client("secretariat").get(address).content.decode()


def test_it_says_what_then_goes_out_and_plans_nothing(cast, holder):
    action(DUE, holder, cast.own)
    action(DUE, holder, cast.own)
    page = read(cast, LIST)
    assert str(holder) in page
    assert "2 matters" in page
    assert "WAT" in page
    shown = read(cast, f"{LIST}{holder.pk}/")
    assert not OutboxMail.objects.exists()
    assert not Reminded.objects.exists()
    ((reader, subject, text),) = tick(at(2026, 6, 30, 8, 30))
    assert reader == holder
    assert subject in shown
    assert all(line.strip() in shown for line in text.splitlines() if line.strip() and "http" not in line)
    assert "due on" not in shown  # her language, not that of the secretariat


def test_digests_and_mails_that_are_held_stand_there_too(cast, holder):
    other = cast.person("own_focal_point")
    with time_machine.travel(at(2026, 6, 17, 9), tick=False):
        meeting = MeetingFactory(state="announced", audience="group", title="News of the group")
        for person in (holder, other):
            DigestChoice.objects.create(
                person=person,
                cadence="weekly",
                topics=["meetings.meetings"],
                since=at(2026, 6, 10),
                chosen_at=at(2026, 6, 17),
            )
    action(DUE, holder, cast.own)  # who is reminded has her digest on another day
    batch = MailBatch.objects.create(kind="meetings.announced", target_type="meetings.meeting", leaves_at=EVE)
    batch.target_id = str(meeting.pk)
    batch.state = "held"
    batch.save()
    outbox_row = {"kind": batch.kind, "target_type": batch.target_type, "target_id": batch.target_id, "state": "held"}
    OutboxMail.objects.create(
        **outbox_row, recipient=other, batch=batch, message_id="<one@example.org>",
        not_before=EVE, try_at=EVE, deadline=EVE + dt.timedelta(days=2),
    )  # fmt: skip
    page = read(cast, LIST)
    assert "Besides, 1 person may get her digest" in page
    assert str(other) not in page  # whose digest, and of what, is her own
    assert read(cast, f"{LIST}{other.pk}/").count("iwg-break") == 0
    assert f'href="/mail/batches/{batch.pk}/"' in page
    assert "Held: 1 person is not told" in page
    assert not DigestSent.objects.exists()


def test_what_was_said_already_and_what_is_done_are_not_there(cast, holder):
    action(dt.date(2026, 6, 29), holder, cast.own)
    tick(at(2026, 6, 29, 7, 30))
    assert str(holder) not in read(cast, LIST)
    late = action(DUE, holder, cast.own)
    assert str(holder) in read(cast, LIST)
    ActionOwner.objects.filter(pk=late.pk).update(status="done")
    assert str(holder) not in read(cast, LIST)


def test_on_a_friday_it_is_monday_that_comes_and_a_holiday_is_nobodys_morning(cast, holder):
    assert queries.coming_day(at(2026, 7, 3, 12)) == dt.date(2026, 7, 6)
    action(DUE, holder, cast.own)
    cast.own.holidays.create(on=DUE)
    assert str(holder) not in read(cast, LIST)
    assert read(cast, f"{LIST}{holder.pk}/").count("iwg-break") == 0


def test_nothing_of_what_the_mail_would_not_say(cast, holder):
    action(DUE, holder, cast.own)
    assert "Secret words" not in read(cast, LIST) + read(cast, f"{LIST}{holder.pk}/")
