"""Whoever is invited is told when a meeting is moved; whoever read a circulated record, when it is taken back."""

import datetime as dt
import html

import pytest
import time_machine
from django.utils import timezone

from iwg_portal.mail.compose import message
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import OutboxMail
from meetings.actions import meetings as actions
from meetings.actions import silence
from meetings.models import Meeting, Registration
from tests.cast import PARTS
from tests.factories import BlockFactory, ItemFactory, MeetingFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _crowd(cast):
    for part in PARTS:
        cast.person(part)
    with time_machine.travel(NOW, tick=False):
        yield


def mails(kind):
    return OutboxMail.objects.filter(kind=f"meetings.{kind}").exclude(state="cancelled").order_by("pk")


def to(kind):
    return sorted(mails(kind).values_list("recipient__full_name", flat=True))


def said(mail):
    built = message(mail)
    return "" if built is None else f"{built.subject}\n{built.body}\n{built.alternatives[0][0]}"


def change(cast, meeting, **values):
    meeting.refresh_from_db()
    return actions.change_meeting(meeting=meeting, by=cast.viewer("secretariat"), seen=meeting.version, **values)


@pytest.mark.parametrize(
    "values",
    [
        {"starts_at": dt.datetime(2026, 3, 9, 9, 0, tzinfo=dt.UTC)},
        {"ends_at": dt.datetime(2026, 3, 12, 17, 0, tzinfo=dt.UTC)},
        {"zone": "Africa/Lagos"},
        {"place": "Hidden hall"},
        {"link": "https://room.invalid/2"},
    ],
)
def test_a_move_is_told_to_everybody_invited_once(cast, values):
    meeting = MeetingFactory(title="Third plenary")
    Registration.objects.create(meeting=meeting, person=cast.person("own_delegate"), state=cast.own, answer="yes")
    Registration.objects.create(meeting=meeting, person=cast.person("other_delegate"), state=cast.other, answer="no")
    change(cast, meeting, **values)
    change(cast, meeting, **values)
    assert to("moved") == ["Observer", "Own Delegate", "Own Focal Point", "Partner"]
    for mail in mails("moved"):
        words = said(mail)
        assert f"/meetings/{meeting.pk}/" in words
        assert not [word for word in ("Third", "Hidden", "room.invalid", "March") if word in words]


def test_what_moves_nobody_is_told_to_nobody(cast):
    change(cast, MeetingFactory(), title="Another title", interpretation=True)
    for state in ("draft", "drafted"):
        change(cast, MeetingFactory(state=state), place="Elsewhere")
    over = MeetingFactory(starts_at=NOW - 2 * DAY, ends_at=NOW - DAY)
    change(cast, over, place="Elsewhere")
    assert to("moved") == []


def test_two_changes_in_a_row_are_one_mail_and_a_later_one_is_another(cast):
    meeting = MeetingFactory()
    change(cast, meeting, place="Bissau")
    change(cast, meeting, place="Dakar")
    assert len(to("moved")) == 3
    mails("moved").update(state=MailState.SENT)
    change(cast, meeting, place="Banjul")
    assert len(to("moved")) == 6


def test_whose_announcement_has_not_left_reads_the_change_there(cast):
    meeting = MeetingFactory(state="draft")
    actions.announce(meeting=meeting, by=cast.viewer("secretariat"))
    mails("announced").filter(recipient=cast.person("observer")).update(state=MailState.SENT)
    change(cast, meeting, place="Dakar")
    assert to("moved") == ["Observer"]
    assert "Dakar" in said(mails("announced").get(recipient=cast.person("partner")))


def test_a_change_of_what_is_cancelled_since_or_not_hers_to_read_does_not_leave(cast):
    meeting = MeetingFactory()
    change(cast, meeting, place="Dakar")
    Meeting.objects.filter(pk=meeting.pk).update(audience="members")
    assert said(mails("moved").get(recipient=cast.person("observer"))) == ""
    assert said(mails("moved").get(recipient=cast.person("own_focal_point")))
    kept = list(mails("moved"))
    actions.cancel(meeting=meeting, by=cast.viewer("secretariat"))
    assert to("moved") == []
    assert [said(mail) for mail in kept] == ["", "", ""]


def test_of_a_record_that_is_taken_back_whoever_was_told_of_it_is_told(cast):
    meeting = MeetingFactory(state="drafted")
    BlockFactory(item=ItemFactory(meeting=meeting))
    by = cast.viewer("secretariat")
    circulation = silence.circulate(meeting=meeting, deadline=timezone.now() + 7 * DAY, by=by)
    told = mails("circulated").get(recipient=cast.person("own_delegate"))
    OutboxMail.objects.filter(pk=told.pk).update(state=MailState.SENT)
    silence.withdraw(circulation=circulation, by=by)
    assert to("circulated") == to("taken_back") == ["Own Delegate"]
    words = said(mails("taken_back").get())
    assert f"/meetings/{meeting.pk}/silence/" in words
    assert meeting.title not in words


def test_of_an_objection_whoever_was_told_of_the_record_is_told(cast):
    meeting = MeetingFactory(state="drafted")
    BlockFactory(item=ItemFactory(meeting=meeting))
    for part in ("own_delegate", "other_delegate", "chair"):
        cast.person(part)
    by = cast.viewer("secretariat")
    circulation = silence.circulate(meeting=meeting, deadline=timezone.now() + 7 * DAY, by=by)
    mails("circulated").exclude(recipient=cast.person("other_delegate")).update(state=MailState.SENT)
    silence.take_position(
        circulation=circulation, state=cast.own, stance="object", text="A reason", by=cast.viewer("own_focal_point")
    )
    # Not whose own mail had not left, nor who is told as the one who acts.
    assert to("stopped") == ["Own Delegate", "Own Focal Point"]
    assert to("objection") == ["Chair", "Secretariat"]
    words = said(mails("stopped").first())
    assert f"/meetings/{meeting.pk}/silence/" in words
    assert "not adopted" in words
    assert not [secret for secret in (meeting.title, "Ownland", "A reason") if secret in words]


@pytest.mark.parametrize(
    ("state", "mailed", "words"),
    [
        ("announced", 3, "link is also told by mail to everybody invited; no other change is."),
        ("running", 3, "link is also told by mail to everybody invited; no other change is."),
        ("drafted", 0, "sees the change at once, and no mail goes out."),
        ("draft", 0, "A draft: nobody is told of it."),
    ],
)
def test_the_page_says_which_changes_go_out_by_mail(cast, state, mailed, words):
    meeting = MeetingFactory(state=state)
    client = cast.client("secretariat")
    assert words in html.unescape(client.get(f"/meetings/{meeting.pk}/change/").content.decode())
    change(cast, meeting, title="Another title")
    assert mails("moved").count() == 0
    change(cast, meeting, place="Another hall")
    assert mails("moved").count() == mailed


def test_whoever_is_registered_is_told_that_it_does_not_take_place(cast):
    """Also who was not among those to whom it was announced; not who said that she will not come."""
    meeting = MeetingFactory(title="Third plenary")
    Registration.objects.create(meeting=meeting, person=cast.person("own_delegate"), state=cast.own, answer="yes")
    Registration.objects.create(meeting=meeting, person=cast.person("other_delegate"), state=cast.other, answer="no")
    actions.cancel(meeting=meeting, by=cast.viewer("secretariat"))
    assert to("cancelled") == ["Own Delegate"]
    assert f"/meetings/{meeting.pk}/" in said(mails("cancelled").get())
