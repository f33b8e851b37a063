"""Each kind: who is reminded when, of what, and what ends it. A mail names no meeting, no person and no record."""

import datetime as dt

import pytest
import time_machine

from iwg_portal.activity.models import Event
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders.models import Reminded
from iwg_portal.reminders.registry import REMINDERS
from meetings.models import Position, Registration
from members.enums import LinkPurpose, Role
from members.models import AccountLink, Term
from tests.factories import (
    AssessmentFactory,
    CirculationFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    ProposalFactory,
    RoundFactory,
    StatusReportFactory,
    person_with,
)
from tests.reminders.world import at, tick

pytestmark = pytest.mark.django_db
NOW = at(2026, 6, 30, 9)  # a Tuesday


@pytest.fixture(autouse=True)
def _people(cast):
    for part in ("own_delegate", "own_focal_point", "other_delegate", "secretariat", "observer", "partner"):
        cast.person(part)


def reminded(cast, now=NOW):
    """Who gets a mail at ``now``, by her part (or address), and its text."""
    return {who.email.partition("@")[0].replace("-", "_"): text for who, _subject, text in tick(now)}


def test_all_kinds_are_known():
    assert set(REMINDERS) == {
        "capabilities.round",
        "capabilities.status",
        "meetings.action",
        "meetings.lesson",
        "meetings.papers",
        "meetings.registration",
        "meetings.silence",
        "meetings.to_announce",
        "meetings.to_circulate",
        "members.address_unreachable",
        "members.confirmation",
        "members.invitation_lapsing",
        "members.term_ending",
        "pages.report_operations",
        "pages.report_progress",
        "pages.report_status",
    }


def test_nothing_is_due_and_nobody_gets_mail(cast):
    assert reminded(cast) == {}
    assert not OutboxMail.objects.exists()


# -- Meetings --------------------------------------------------------------------------------------------------------


def circulation(opened, deadline, **row):
    meeting = MeetingFactory(state="circulated", title="Secret meeting", **row)
    return CirculationFactory(meeting=meeting, opened_at=opened, deadline=deadline)


def test_silence_at_half_time_and_on_the_last_day(cast):
    row = circulation(at(2026, 6, 22, 12), at(2026, 7, 6, 12))
    assert reminded(cast, at(2026, 6, 29, 9)) == {}
    told = reminded(cast, at(2026, 6, 30, 9))
    assert set(told) == {"own_delegate", "own_focal_point", "other_delegate"}
    assert "A record is adopted by silence on 6 July 2026, 12:00 UTC" in told["own_delegate"]
    assert "Secret meeting" not in told["own_delegate"]
    with time_machine.travel(at(2026, 7, 1, 9)):
        page = cast.client("other_delegate").get(f"/meetings/{row.record.meeting_id}/silence/").content.decode()
        assert "Reminded on <time datetime=\"2026-06-30\">" in page
    assert reminded(cast, at(2026, 7, 1, 9)) == {}
    Position.objects.create(
        circulation=row, state=cast.other, stance="agree", by=cast.person("other_delegate"), at=at(2026, 7, 2)
    )
    # The last day begins on a Sunday at noon, and does not wait for Monday morning.
    assert set(reminded(cast, at(2026, 7, 5, 12))) == {"own_delegate", "own_focal_point"}
    assert OutboxMail.objects.filter(occurrence="2026-07-05 12:00").count() == 2
    assert reminded(cast, at(2026, 7, 6, 9)) == {}


def test_before_half_time_nobody_is_reminded(cast):
    circulation(at(2026, 6, 29), at(2026, 7, 29))
    assert reminded(cast) == {}


@pytest.mark.parametrize("row", [{"state": "withdrawn", "ended_at": NOW}, {"deadline": at(2026, 6, 30, 8)}])
def test_a_procedure_that_is_over_reminds_nobody(cast, row):
    meeting = MeetingFactory(state="circulated")
    CirculationFactory(meeting=meeting, **{"opened_at": at(2026, 6, 20), "deadline": at(2026, 7, 1), **row})
    assert reminded(cast) == {}


def test_who_reads_no_record_is_not_reminded_of_it(cast):
    circulation(at(2026, 6, 20), at(2026, 7, 1), audience="secretariat", record__audience="secretariat")
    assert reminded(cast) == {}


def test_a_meeting_that_nobody_was_told_of(cast):
    row = MeetingFactory(state="draft", starts_at=at(2026, 7, 20, 9), ends_at=at(2026, 7, 21, 9), title="Hidden")
    told = reminded(cast)
    assert set(told) == {"secretariat"}
    assert "A meeting begins on 20 July 2026 and is not announced yet." in told["secretariat"]
    assert "Hidden" not in told["secretariat"]
    assert [set(reminded(cast, at(2026, 7, day, 9))) for day in (1, 6, 13)] == [set(), {"secretariat"}, {"secretariat"}]
    row.state = "announced"
    row.save()
    assert Reminded.objects.count() == 3


def test_a_record_that_was_not_circulated(cast):
    MeetingFactory(state="drafted", starts_at=at(2026, 6, 25, 9), ends_at=at(2026, 6, 26, 17))
    told = [set(reminded(cast, at(2026, *day, 9))) for day in ((6, 29), (6, 30), (7, 2), (7, 3), (7, 6))]
    assert told == [{"secretariat"}, set(), set(), {"secretariat"}, set()]


def test_registration_that_closes(cast):
    meeting = MeetingFactory(register_by=dt.date(2026, 7, 3), starts_at=at(2026, 7, 20), ends_at=at(2026, 7, 21))
    focal = person_with(Role.FOCAL_POINT, state=cast.other, person={"email": "other-focal@cast.invalid"})
    Registration.objects.create(meeting=meeting, state=cast.other, person=focal, answer="yes")
    nominee = cast.person("other_delegate")
    Registration.objects.create(meeting=meeting, state=cast.other, person=nominee)
    told = reminded(cast)
    assert set(told) == {"own_focal_point", "observer", "partner", "other_delegate"}
    assert "3 July 2026, and your state has named nobody yet" in told["own_focal_point"]
    assert "3 July 2026, and you have not answered yet" in told["observer"]
    with time_machine.travel(NOW):
        for part in ("own_delegate", "secretariat"):
            page = cast.client(part).get(f"/meetings/{meeting.pk}/registration/").content.decode()
            assert "Reminded on <time datetime=\"2026-06-30\">30 June 2026</time>." in page
    assert reminded(cast, at(2026, 7, 6, 9)) == {}, "it is closed"


def test_what_nobody_was_reminded_of_does_not_say_so(cast):
    meeting = MeetingFactory(register_by=dt.date(2026, 9, 3), starts_at=at(2026, 9, 20), ends_at=at(2026, 9, 21))
    assert reminded(cast) == {}
    with time_machine.travel(NOW):
        page = cast.client("own_delegate").get(f"/meetings/{meeting.pk}/registration/").content.decode()
    assert "Reminded on" not in page


def test_papers_that_are_missing(cast):
    meeting = MeetingFactory(papers_due_on=dt.date(2026, 7, 3), starts_at=at(2026, 7, 20), ends_at=at(2026, 7, 21))
    ItemFactory(meeting=meeting, title="Secret item", lead_state=cast.own)
    ItemFactory(meeting=meeting, lead_organisation=cast.person("partner").terms.get().organisation)
    ItemFactory(meeting=meeting)
    told = reminded(cast)
    assert set(told) == {"own_focal_point", "partner"}
    assert "Papers of a meeting are due on 3 July 2026" in told["partner"]
    assert "Secret item" not in told["own_focal_point"]
    assert set(reminded(cast, at(2026, 7, 2, 9))) == {"own_focal_point", "partner"}


def test_a_lesson_that_waits(cast):
    with time_machine.travel(at(2026, 6, 1)):
        lesson = LessonFactory(state=cast.own, status="submitted")
    assert set(reminded(cast)) == {"secretariat"}
    with time_machine.travel(at(2026, 6, 30, 12)):
        Event.objects.create(kind="lesson.submitted", target_type="meetings.lesson", target_id=str(lesson.pk))
    told = [set(reminded(cast, at(2026, 7, day, 9))) for day in (1, 2, 3, 6, 13)]
    assert told == [set(), set(), {"secretariat"}, set(), {"secretariat"}]


# -- States ----------------------------------------------------------------------------------------------------------


def test_a_status_that_is_old(cast):
    StatusReportFactory(state=cast.own, as_of=dt.date(2025, 6, 30))
    StatusReportFactory(state=cast.other, as_of=dt.date(2025, 7, 1))
    told = reminded(cast)
    assert set(told) == {"own_focal_point"}
    assert "The API status of your state was stated more than twelve months ago" in told["own_focal_point"]
    assert f"/states/{cast.own.alpha2.lower()}/status/advpax/" in told["own_focal_point"]
    assert reminded(cast, at(2026, 7, 1, 9)) == {}
    StatusReportFactory(state=cast.own, as_of=dt.date(2026, 7, 20))
    assert reminded(cast, at(2026, 7, 30, 9)) == {}


def test_a_round_without_a_state(cast):
    assert reminded(cast) == {}
    newest = RoundFactory(year=2026, reference_date=dt.date(2026, 7, 6))
    RoundFactory(year=2024)
    assert set(reminded(cast)) == {"own_focal_point"}
    assert set(reminded(cast, at(2026, 7, 13, 9))) == {"own_focal_point"}
    AssessmentFactory(state=cast.own, round=newest)
    assert reminded(cast, at(2026, 8, 5, 9)) == {}


def test_a_round_that_is_far_away_reminds_nobody(cast):
    RoundFactory(year=2026, reference_date=dt.date(2026, 12, 31))
    assert reminded(cast) == {}


# -- People ----------------------------------------------------------------------------------------------------------


def test_an_office_that_ends(cast):
    leaving = cast.person("own_delegate")
    Term.objects.filter(person=leaving).update(ends_on=dt.date(2026, 8, 20))
    told = reminded(cast)
    assert set(told) == {"own_delegate", "own_focal_point"}
    assert "Your office (delegate, Ownland) ends after 19 August 2026." in told["own_delegate"]
    assert "An office in your delegation ends after 19 August 2026." in told["own_focal_point"]
    assert "Own Delegate" not in told["own_focal_point"]
    assert reminded(cast, at(2026, 7, 1, 9)) == {}
    assert len(reminded(cast, at(2026, 8, 6, 9))) == 2


@pytest.mark.parametrize("part", ["observer", "partner", "secretariat"])
def test_the_office_of_one_without_delegation(cast, part):
    Term.objects.filter(person=cast.person(part)).update(ends_on=dt.date(2026, 8, 20))
    assert set(reminded(cast)) == {part}


def test_an_office_that_goes_on_does_not_end(cast):
    term = cast.person("own_delegate").terms.get()
    term.ends_on = dt.date(2026, 8, 20)
    term.save()
    Term.objects.create(person=term.person, role=term.role, state=term.state, starts_on=term.ends_on)
    assert reminded(cast) == {}


def test_an_invitation_that_lapses(cast):
    focal = cast.person("own_focal_point")
    proposal = ProposalFactory(
        state=cast.own, proposed_by=focal, status="granted", decided_at=NOW, decided_by=cast.person("administrator")
    )
    link = AccountLink(purpose=LinkPurpose.INVITATION, proposal=proposal, address=proposal.email)
    with time_machine.travel(at(2026, 6, 28, 9)):
        link.renew()
        link.save()
    told = reminded(cast)
    assert set(told) == {"own_focal_point"}
    assert "An invitation for which you asked lapses on 1 July 2026" in told["own_focal_point"]
    assert proposal.email not in told["own_focal_point"]
    assert reminded(cast, at(2026, 7, 1, 8, 30)) == {}


def test_composition_asks_for_the_rows_of_the_mail_alone(cast):
    """Each kind, asked for rows that are not there, finds none."""
    test_a_lesson_that_waits(cast)
    for reminder in REMINDERS.values():
        assert list(reminder.due(NOW, ["0" * 32] if "invitation" in reminder.name else ["0"])) == []
