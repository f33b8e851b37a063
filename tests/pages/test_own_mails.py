"""What the portal told its reader: hers alone, in words, and nothing that she may not see any more."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from iwg_portal.activity.log import record
from iwg_portal.mail.models import MailBatch, OutboxMail
from iwg_portal.mail.outbox import cancel, queue
from iwg_portal.reminders.ledger import DAILY
from iwg_portal.reminders.models import Reminded
from tests.factories import (
    ActionFactory,
    CirculationFactory,
    ItemFactory,
    MeetingFactory,
    OwnerFactory,
    StateFactory,
)
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db
URL = "/account/mails/"
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def told(person, kind="mail.test", target=None, state="sent", occurrence="", **values):
    """A mail of hers that came to its end an hour ago, unless said otherwise."""
    queue(kind, target=target or person, to=person, occurrence=occurrence)
    mail = OutboxMail.objects.filter(recipient=person).latest("pk")
    settled = None if state in ("due", "leased") else timezone.now() - HOUR
    values = {"state": state, "settled_at": settled, "not_before": timezone.now() - 2 * HOUR, **values}
    OutboxMail.objects.filter(pk=mail.pk).update(**values)
    mail.refresh_from_db()
    return mail


def reminded(person, target, kind, *, included=True, state="sent", occurrence="2026-03-02"):
    mail = OutboxMail.objects.filter(recipient=person, kind=DAILY, occurrence=occurrence).first() or told(
        person, DAILY, state=state, occurrence=occurrence
    )
    row = {"kind": kind, "target_type": target._meta.label_lower, "target_id": str(target.pk), "person": person}
    Reminded.objects.create(**row, step=occurrence, mail=mail, planned_at=timezone.now(), included=included)
    return mail


def words(client, address=URL):
    return text(client.get(address))


@pytest.fixture
def owner(cast):
    """An action point of the own state that everybody in the group may read."""
    meeting = MeetingFactory(state="adopted")
    action = ActionFactory(
        block__item=ItemFactory(meeting=meeting), due_on=timezone.localdate() + 3 * DAY, number=meeting.number
    )
    return OwnerFactory(action=action, state=cast.own, holder=cast.person("own_delegate"))


def test_it_says_when_what_and_how_it_ended(cast):
    person = cast.person("own_delegate")
    for number, state in enumerate(("sent", "bounced", "unknown", "cancelled", "due", "leased")):
        values = {} if state != "leased" else {"lease": "0" * 32, "leased_until": timezone.now() + HOUR}
        told(person, state=state, occurrence=str(number), **values)
    page = words(cast.client("own_delegate"))
    assert page.count("A test mail") == 6
    for said in ("sent", "did not arrive", "perhaps it did not arrive", "not sent: it was no longer due", "on its way"):
        assert said in page


def test_what_is_to_leave_stands_first_with_its_hour_in_her_zone(cast):
    person = cast.person("own_delegate")
    person.zone = "Africa/Lagos"
    person.save()
    told(person, occurrence="old")
    at = dt.datetime(2030, 5, 6, 7, 12, tzinfo=dt.UTC)
    told(person, "members.factor_changed", state="due", not_before=at, try_at=at)
    page = words(cast.client("own_delegate"))
    assert "08:12 WAT" in page
    assert "waits for its time" in page
    assert page.index("Your second factor has changed") < page.index("A test mail")


def test_what_is_held_waits_and_nobody_says_until_when(cast):
    mail = told(cast.person("own_delegate"), "members.factor_changed")
    batch = MailBatch.objects.create(
        kind=mail.kind, target_type=mail.target_type, target_id=mail.target_id, state="held", leaves_at=timezone.now()
    )
    at = dt.datetime(2030, 5, 6, 7, 12, tzinfo=dt.UTC)
    OutboxMail.objects.update(state="held", batch=batch, settled_at=None, not_before=at, try_at=at)
    page = words(cast.client("own_delegate"))
    assert "waits for its time" in page
    assert "07:12" not in page
    assert "held" not in page


def test_nobody_elses_mail_is_there(cast):
    other = cast.person("other_delegate")
    told(other, "members.factor_changed")
    told(cast.person("own_delegate"))
    for part in ("own_delegate", "secretariat", "administrator", "chair"):
        assert "Your second factor has changed" not in words(cast.client(part))
    assert "Your second factor has changed" in words(cast.client("other_delegate"))


def test_what_went_to_an_address_alone_is_not_there(cast):
    person = cast.person("own_delegate")
    queue("members.passphrase", target=person, address=person.email)
    assert "The portal has not written to you yet." in words(cast.client("own_delegate"))


def test_a_thing_that_she_may_see_is_named_with_its_link(cast, owner):
    person = cast.person("own_delegate")
    meeting = MeetingFactory(title="Plenary of the group", audience="group")
    circulation = CirculationFactory()
    for kind, target in (
        ("meetings.announced", meeting),
        ("meetings.circulated", circulation),
        ("meetings.action_assigned", owner),
    ):
        told(person, kind, target)
    page = cast.client("own_delegate").get(URL).content.decode()
    assert f'<a href="/meetings/{meeting.pk}/">Plenary of the group</a>' in page
    assert f"/meetings/{circulation.record.meeting_id}/silence/" in page
    assert owner.action.code in page


def test_a_thing_that_is_not_hers_to_see_any_more_is_not_named(cast):
    meeting = MeetingFactory(title="Canary meeting", audience="group")
    told(cast.person("observer"), "meetings.announced", meeting)
    assert "Canary meeting" in words(cast.client("observer"))
    meeting.audience = "members"
    meeting.save()
    page = words(cast.client("observer"))
    assert "A meeting is announced" in page
    assert "Canary" not in page


def test_the_daily_mail_names_what_it_reminded_of_with_links(cast, owner):
    person = cast.person("own_delegate")
    reminded(person, owner, "meetings.action")
    page = cast.client("own_delegate").get(URL).content.decode()
    assert re.search(rf'<a href="/actions/{owner.action_id}/">[^<]*due', page)


def test_what_the_mail_left_out_has_no_line(cast, owner):
    reminded(cast.person("own_delegate"), owner, "meetings.action", included=False)
    page = cast.client("own_delegate").get(URL).content.decode()
    assert f"/actions/{owner.action_id}/" not in page
    assert "What it named is settled, or is no longer yours to see." in page


def test_a_line_of_the_daily_mail_goes_when_the_right_goes(cast, owner):
    person = cast.person("own_delegate")
    reminded(person, owner, "meetings.action")
    person.terms.update(ends_on=timezone.localdate() - DAY)
    page = cast.client("own_delegate").get(URL).content.decode()
    assert "Reminders" in page
    assert f"/actions/{owner.action_id}/" not in page


def test_new_is_what_came_since_the_last_visit(cast):
    client, person = cast.client("own_delegate"), cast.person("own_delegate")
    told(person, "members.factor_changed", not_before=timezone.now() - 3 * DAY)
    for _ in range(2):
        record("person.signed_in", by=person, target=person)
    told(person, settled_at=timezone.now())
    page = words(client)
    assert page.count(" new ") == 1
    assert re.search(r"A test mail new", page)


def test_it_is_paged_and_an_odd_page_is_the_nearest_one(cast):
    person = cast.person("own_delegate")
    for number in range(21):
        told(person, occurrence=str(number))
    client = cast.client("own_delegate")
    assert words(client).count("A test mail") == 20
    assert words(client, f"{URL}?page=2").count("A test mail") == 1
    assert words(client, f"{URL}?page=-9").count("A test mail") == 1
    assert words(client, f"{URL}?page=x").count("A test mail") == 20


def report_of(person, week):
    mail = told(person, DAILY, occurrence=week)
    Reminded.objects.create(
        kind="pages.report_progress", target_type="members.person", target_id=str(person.pk), person=person,
        step=week, mail=mail, planned_at=timezone.now(), included=True,
    )  # fmt: skip


def test_as_many_queries_for_many_mails_as_for_one(cast, owner):
    person, client = cast.person("own_focal_point"), cast.client("own_focal_point")
    report_of(person, "2026-Q1")
    reminded(person, owner, "meetings.action")
    told(person, "meetings.announced", MeetingFactory())
    client.get(URL)
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    for number in range(8):
        again = OwnerFactory(action=owner.action, state=StateFactory())
        reminded(person, again, "meetings.action", occurrence=f"2026-03-1{number}")
        told(person, "meetings.announced", MeetingFactory())
    for quarter in (2, 3, 4):
        report_of(person, f"2025-Q{quarter}")
    with CaptureQueriesContext(connection) as many:
        page = client.get(URL).content.decode()
    assert "/reports/progress/2025-Q4/" in page
    assert len(many) == len(few)


@pytest.mark.parametrize("part", ["own_delegate", "own_focal_point", "secretariat"])
def test_the_first_page_and_the_account_lead_there(cast, part):
    client = cast.client(part)
    assert f'href="{URL}"' in client.get("/region/").content.decode()
    assert f'href="{URL}"' in client.get("/account/").content.decode()


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        ("address unreachable", "not sent: mail does not reach your address"),
        ("too late", "not sent: it was too late"),
        ("stopped", "not sent: the secretariat stopped it"),
        ("no longer due", "not sent: it was no longer due"),
        ("", "not sent: it was no longer due"),
        ("connection lost after DATA", "perhaps it did not arrive: the line broke"),
        ("RCPT 550", "did not arrive: your mail server refused it"),
    ],
)
def test_it_says_why_a_mail_was_not_sent(cast, problem, why):
    told(cast.person("own_delegate"), state="cancelled", problem=problem)
    assert why in words(cast.client("own_delegate"))


def test_what_its_server_had_refused_for_now_when_it_was_stopped_was_stopped(cast):
    person = cast.person("own_delegate")
    batch = MailBatch.objects.create(
        kind="mail.test", state="stopped", leaves_at=timezone.now(), settled_at=timezone.now()
    )
    told(person, state="cancelled", problem="RCPT 450", batch=batch)
    assert "not sent: the secretariat stopped it" in words(cast.client("own_delegate"))


def test_nobody_stopped_what_gave_way_to_the_next_change(cast):
    person = cast.person("own_delegate")
    batch = MailBatch.objects.create(
        kind="mail.test", state="stopped", leaves_at=timezone.now(), settled_at=timezone.now()
    )
    told(person, state="cancelled", problem="no longer due", batch=batch)
    assert "not sent: it was no longer due" in words(cast.client("own_delegate"))


def test_what_a_server_refused_before_its_matter_was_over_is_no_longer_due(cast):
    person, meeting = cast.person("own_delegate"), MeetingFactory()
    mail = told(person, "meetings.announced", meeting, state="due", problem="RCPT 450", refusals=1)
    cancel(target=meeting)
    mail.refresh_from_db()
    assert mail.state == "cancelled"
    assert "not sent: it was no longer due" in words(cast.client("own_delegate"))


def test_a_digest_leads_to_what_she_chose(cast):
    told(cast.person("own_delegate"), "digests.periodic")
    assert 'href="/account/digest/">What a digest tells you' in cast.client("own_delegate").get(URL).content.decode()


def test_what_is_done_since_is_not_said_to_be_due(cast, owner):
    reminded(cast.person("own_delegate"), owner, "meetings.action")
    client = cast.client("own_delegate")
    assert "An action point that you hold" in words(client)
    type(owner).objects.filter(pk=owner.pk).update(status="done")
    assert "An action point that you hold" not in words(client)


def test_a_report_is_that_of_its_week(cast):
    person = cast.person("secretariat")
    for week in ("2026-W10", "2026-W11"):
        mail = told(person, DAILY, occurrence=week)
        Reminded.objects.create(
            kind="pages.report_operations", target_type="members.person", target_id=str(person.pk), person=person,
            step=week, mail=mail, planned_at=timezone.now(), included=True,
        )  # fmt: skip
    page = cast.client("secretariat").get(URL).content.decode()
    assert "/reports/operations/2026-W10/" in page
    assert "/reports/operations/2026-W11/" in page
