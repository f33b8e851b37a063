"""What one act says to many waits a while; what is near does not, and what is undone meanwhile is not said."""

import datetime as dt

import pytest
from django.utils import timezone

from iwg_portal.mail.actions import batches
from iwg_portal.mail.models import MailBatch, OutboxMail
from meetings.actions import meetings as actions
from meetings.actions import silence
from tests.factories import BlockFactory, ItemFactory, MeetingFactory, PersonFactory, person_with

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def crowd(cast):
    """Twelve focal points of the own state's size of group."""
    return [person_with("focal_point", state=cast.own) for _ in range(12)]


def meeting_in(days, **values):
    start = timezone.now() + days * DAY
    return MeetingFactory(starts_at=start, ends_at=start + DAY / 8, **{"state": "draft", "audience": "group", **values})


def announce(cast, meeting):
    actions.announce(meeting=meeting, by=cast.viewer("secretariat"))
    return MailBatch.objects.filter(kind="meetings.announced", target_id=str(meeting.pk)).first()


def states(kind):
    return set(OutboxMail.objects.filter(kind=kind).values_list("state", flat=True))


def hold(cast, batch):
    batches.hold(batch=batch.pk, version=batch.version, by=cast.viewer("secretariat"))


@pytest.mark.usefixtures("crowd")
def test_an_announcement_to_many_waits(cast):
    batch = announce(cast, meeting_in(30))
    assert batch.mails.count() == 12
    assert all(mail.not_before == batch.leaves_at > timezone.now() for mail in batch.mails.all())


def test_an_announcement_to_eleven_does_not(cast, crowd):
    crowd[0].terms.all().delete()
    assert announce(cast, meeting_in(30)) is None
    assert OutboxMail.objects.filter(kind="meetings.announced", not_before__lte=timezone.now()).count() == 11


@pytest.mark.usefixtures("crowd")
def test_of_a_meeting_within_a_day_everybody_is_told_at_once(cast):
    meeting = meeting_in(0.5)
    assert announce(cast, meeting) is None
    actions.cancel(meeting=meeting, by=cast.viewer("secretariat"))
    assert not MailBatch.objects.exists()


@pytest.mark.usefixtures("crowd")
def test_moved_while_its_announcement_is_held_is_read_there(cast):
    meeting = meeting_in(30)
    hold(cast, announce(cast, meeting))
    meeting.refresh_from_db()
    actions.change_meeting(meeting=meeting, by=cast.viewer("secretariat"), seen=meeting.version, place="Elsewhere")
    assert not OutboxMail.objects.filter(kind="meetings.moved").exists()
    assert states("meetings.announced") == {"held"}


@pytest.mark.usefixtures("crowd")
def test_a_change_after_the_announcement_waits_too_and_the_last_one_counts(cast):
    meeting = meeting_in(30)
    announce(cast, meeting)
    OutboxMail.objects.update(state="sent", settled_at=timezone.now())
    for place in ("Elsewhere", "Somewhere"):
        meeting.refresh_from_db()
        actions.change_meeting(meeting=meeting, by=cast.viewer("secretariat"), seen=meeting.version, place=place)
    moved = OutboxMail.objects.filter(kind="meetings.moved")
    assert moved.filter(state="cancelled").count() == moved.filter(state="due").count() == 12
    assert moved.filter(state="due").values("batch").distinct().count() == 1


@pytest.mark.usefixtures("crowd")
def test_cancelled_while_its_announcement_is_held_nobody_hears_of_it(cast):
    meeting = meeting_in(30)
    hold(cast, announce(cast, meeting))
    actions.cancel(meeting=meeting, by=cast.viewer("secretariat"))
    assert states("meetings.announced") == {"cancelled"}
    assert not OutboxMail.objects.filter(kind="meetings.cancelled").exists()


@pytest.mark.usefixtures("crowd")
def test_a_record_is_circulated_to_many_after_a_while_and_taken_back_before_nobody_knows(cast):
    meeting = MeetingFactory(state="drafted")
    BlockFactory(item=ItemFactory(meeting=meeting), text="A sentence.", updated_by=PersonFactory())
    circulation = silence.circulate(meeting=meeting, deadline=timezone.now() + 10 * DAY, by=cast.viewer("secretariat"))
    batch = MailBatch.objects.get(kind="meetings.circulated")
    assert batch.mails.filter(deadline=circulation.deadline).count() >= 12
    page = cast.client("secretariat").get(f"/meetings/{meeting.pk}/silence/").content.decode()
    assert f'action="/mail/batches/{batch.pk}/"' in page
    hold(cast, batch)
    silence.withdraw(circulation=circulation, by=cast.viewer("secretariat"))
    assert states("meetings.circulated") == {"cancelled"}
    assert not OutboxMail.objects.filter(kind="meetings.taken_back").exists()
