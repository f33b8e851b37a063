"""What one act says to many waits a while; what is near does not, and what is undone meanwhile is not said."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.utils import timezone

from iwg_portal.mail import compose
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


WORDS = {"en": "Hotels can be changed.", "fr": "Les hôtels sont échangeables.", "pt": "Os hotéis podem ser trocados."}


@pytest.fixture
def changed(cast, crowd):
    """A meeting that everybody was told of; a function that changes it; and the batch of its first change."""
    meeting = meeting_in(30)
    announce(cast, meeting)
    OutboxMail.objects.update(state="sent", settled_at=timezone.now())

    def change(**values):
        meeting.refresh_from_db()
        actions.change_meeting(meeting=meeting, by=cast.viewer("secretariat"), seen=meeting.version, **values)

    change(place="Elsewhere")
    return meeting, change, MailBatch.objects.get(kind="meetings.moved")


def word(cast, batch):
    batch.refresh_from_db()
    batches.keep_words(batch=batch.pk, version=batch.version, notes=WORDS, by=cast.viewer("secretariat"))
    batch.refresh_from_db()


def test_the_next_change_keeps_the_words_and_the_hold_of_the_last(cast, changed):
    _meeting, change, first = changed
    word(cast, first)
    hold(cast, first)
    change(place="Somewhere")
    first.refresh_from_db()
    second = MailBatch.objects.exclude(pk=first.pk).get(kind="meetings.moved")
    assert (first.state, second.state) == ("stopped", "held")
    assert second.note_fr == WORDS["fr"]
    assert second.decided_by == cast.viewer("secretariat").person
    assert set(second.mails.values_list("state", flat=True)) == {"held"}
    batches.release(batch=second.pk, version=second.version, by=cast.viewer("secretariat"))
    mail = second.mails.first()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False):
        assert WORDS["en"] in compose.message(mail).body


def test_a_change_that_cannot_wait_takes_the_words_along(cast, changed):
    _meeting, change, first = changed
    word(cast, first)
    soon = timezone.now() + DAY / 2
    change(starts_at=soon, ends_at=soon + DAY / 8)
    mail = OutboxMail.objects.filter(kind="meetings.moved", state="due").first()
    assert mail.not_before <= timezone.now()
    assert WORDS["en"] in compose.message(mail).body
    assert not MailBatch.objects.filter(kind="meetings.moved", state__in=("waiting", "held")).exists()


def test_what_somebody_holds_does_not_leave_because_the_next_change_is_urgent(cast, changed):
    _meeting, change, first = changed
    hold(cast, first)
    soon = timezone.now() + DAY / 2
    change(starts_at=soon, ends_at=soon + DAY / 8)
    assert not OutboxMail.objects.filter(kind="meetings.moved", state="due").exists()
    assert OutboxMail.objects.filter(kind="meetings.moved", state="held").count() == 12


def test_words_go_along_while_the_mail_server_is_away(cast, changed):
    """Its hour has come, and none has left."""
    _meeting, change, first = changed
    word(cast, first)
    with time_machine.travel(first.leaves_at + dt.timedelta(minutes=1), tick=False):
        batches.close_ended(timezone.now())
        first.refresh_from_db()
        assert first.state == "released"
        change(place="Somewhere")
    second = MailBatch.objects.exclude(pk=first.pk).get(kind="meetings.moved")
    assert second.note_pt == WORDS["pt"]


def test_one_that_its_server_refuses_for_now_does_not_come_back_beside_the_new_one(cast, changed):
    _meeting, change, first = changed
    hold(cast, first)
    given = first.mails.first()
    later = {"state": "leased", "handed_over": True, "lease": uuid.uuid4(), "leased_until": timezone.now() + DAY}
    OutboxMail.objects.filter(pk=given.pk).update(**later)
    change(place="Somewhere")
    given.refresh_from_db()
    assert batches.instead_of_due(given) == "cancelled"


def test_who_took_office_since_hears_that_it_is_cancelled(cast, changed):
    meeting, _change, _first = changed
    later = person_with("focal_point", state=cast.other)
    actions.cancel(meeting=meeting, by=cast.viewer("secretariat"))
    told = OutboxMail.objects.filter(kind="meetings.cancelled")
    assert told.filter(recipient=later).exists()
    assert told.count() == 13


@pytest.mark.usefixtures("crowd")
def test_who_took_office_since_hears_nothing_where_nobody_was_told(cast):
    meeting = meeting_in(30)
    hold(cast, announce(cast, meeting))
    person_with("focal_point", state=cast.other)
    actions.cancel(meeting=meeting, by=cast.viewer("secretariat"))
    assert not OutboxMail.objects.filter(kind="meetings.cancelled").exists()
