"""Who writes what: each verb by each part of the cast, against the table that a person typed (tests/policy/write.csv).

The same act on the same rows, with only the person changed.
"""

import csv
import datetime as dt
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from capabilities.actions.audiences import set_audience
from capabilities.actions.imports import upload
from capabilities.actions.releases import release
from capabilities.actions.status import report_status
from capabilities.models import Release, StatusImport, StatusReport
from capabilities.queries.releases import Uses
from iwg_portal.jobs import actions as jobs
from iwg_portal.mail import unreachable
from iwg_portal.mail.actions import batches
from iwg_portal.mail.models import MailBatch
from iwg_portal.mail.outbox import MANY, queue_all
from meetings.actions import silence
from members import actions as members
from members.access import viewer_for
from members.actions.files import set_file_audience, withdraw_file
from members.enums import Audience
from tests.cast import PARTS
from tests.factories import (
    CirculationFactory,
    MeetingFactory,
    MemberStateFactory,
    PersonFactory,
    ProposalFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
    person_with,
    stored_file,
)
from tests.meetings import acts as register_acts
from tests.summaries import acts as summary_acts

TABLE = Path(__file__).parent / "policy" / "write.csv"
with TABLE.open(newline="") as file:
    ROWS = list(csv.DictReader(file))

WORDS = {"en": "In a word", "fr": "En un mot", "pt": "Numa palavra"}
pytestmark = pytest.mark.django_db


def report(cast, viewer):
    report_status(state=cast.own, kind="pnr", legal="none", delivery="planned", as_of=dt.date(2025, 1, 1), by=viewer)
    return StatusReport.objects.filter(kind="pnr").exists()


def audience_of(cast, viewer, record, audience):
    set_audience(target=record, audience=audience, by=viewer)
    record.refresh_from_db()
    return record.audience == audience


def status(cast, audience=None):
    return StatusReportFactory(state=cast.own, **({"audience": audience} if audience else {}))


def assessment(cast, audience="members"):
    return declare(cast.own, RoundFactory(year=2024, edition=framework()), 2, audience=audience)


def area(cast, viewer, before, after):
    Release.objects.create(
        state=cast.own, area_code="AR1", audience=before, since=dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    )
    release(state=cast.own, uses={"AR1": Uses(Audience(after))}, by=viewer)
    return Release.objects.get().audience == after


def record(cast, viewer, verb):
    """What may be done with the record of a meeting, each on one that has come so far."""
    if verb == "close":
        silence.close_draft(meeting=MeetingFactory(state="running"), by=viewer)
        return True
    if verb == "circulate":
        cast.person("own_delegate")
        silence.circulate(
            meeting=MeetingFactory(state="drafted"), deadline=timezone.now() + dt.timedelta(days=7), by=viewer
        )
        return True
    circulation = CirculationFactory(by=PersonFactory())
    match verb:
        case "comment":
            silence.comment(circulation=circulation, text="A remark.", by=viewer)
        case "object":
            silence.take_position(circulation=circulation, state=cast.own, stance="object", text="No.", by=viewer)
        case "approve":
            silence.approve(circulation=circulation, by=viewer)
    return True


def mass_mail(cast, viewer, act, **values):
    """What is decided of a mail to many that waits."""
    queue_all("mail.test", target=cast.group, to=[PersonFactory() for _ in range(MANY)])
    batch = MailBatch.objects.get()
    act(batch=batch.pk, version=batch.version, by=viewer, **values)
    batch.refresh_from_db()
    return batch.version == 2


def workbook(cast, viewer):
    upload(content=b"State;LEG-1\n", file_name="one.csv", year=2024, by=viewer)
    return StatusImport.objects.exists()


def proposal(cast, **row):
    return ProposalFactory(state=cast.own, proposed_by=person_with("secretariat"), **row)


def propose(cast, viewer, role):
    state = cast.own if role in ("delegate", "focal_point", "chair") else None
    office = {"role": role, "state": state, "language": "en", "starts_on": dt.date(2026, 1, 1)}
    return bool(members.propose(email="new@test.invalid", full_name="Efua Example", by=viewer, **office).pk)


def decide(cast, viewer, act, **more):
    made = proposal(cast)
    act(proposal=made, by=viewer, **more)
    made.refresh_from_db()
    return made.status != "open"


def leave(cast, viewer, act):
    person = person_with("delegate", state=cast.own)
    named = {"term": person.terms.get()} if act is members.end_term else {"person": person}
    act(by=viewer, **named)
    person.refresh_from_db()
    return not viewer_for(person).roles


def ask_reset(cast, viewer):
    return bool(members.ask_factor_reset(by=viewer, person=person_with("delegate", state=cast.own)).pk)


def token(viewer, ceiling):
    made, _secret = members.make_data_token(by=viewer, label="T", datasets=["states"], ceiling=ceiling, days=7)
    return made.works


def end_token(cast, viewer):
    theirs = viewer_for(person_with("delegate", state=cast.own))
    made, _secret = members.make_data_token(by=theirs, label="T", datasets=["states"], ceiling="group", days=7)
    return members.end_data_token(by=viewer, token=made)


def try_address(cast, viewer):
    person = person_with("delegate", state=cast.own)
    unreachable.mark(person.email, reason="RCPT 550")
    members.try_address_again(by=viewer, person=person)
    return unreachable.mark_of(person.email) is None


def document(cast, viewer, act, **change):
    focal = viewer_for(person_with("focal_point", state=cast.own))
    file = stored_file(cast.own, focal, audience="members")
    act(file=file, by=viewer, **change)
    file.refresh_from_db()
    return file.withdrawn_at is not None or file.audience == change.get("audience")


ACTS = {
    ("invitation", "propose a delegate"): lambda cast, by: propose(cast, by, "delegate"),
    ("invitation", "propose a chair"): lambda cast, by: propose(cast, by, "chair"),
    ("invitation", "propose for the secretariat"): lambda cast, by: propose(cast, by, "secretariat"),
    ("invitation", "propose an administrator"): lambda cast, by: propose(cast, by, "administrator"),
    ("invitation", "grant"): lambda cast, by: decide(cast, by, members.grant),
    ("invitation", "decline"): lambda cast, by: decide(cast, by, members.decline, reason="Not now"),
    ("invitation", "withdraw"): lambda cast, by: decide(cast, by, members.withdraw),
    ("term", "end"): lambda cast, by: leave(cast, by, members.end_term),
    ("account", "close"): lambda cast, by: leave(cast, by, members.deactivate),
    ("account", "ask to reset the factor"): ask_reset,
    ("account", "try its address again"): try_address,
    ("token", "make for what the group reads"): lambda cast, by: token(by, "group"),
    ("token", "make for what the members read"): lambda cast, by: token(by, "members"),
    ("token", "end somebody’s"): end_token,
    ("document", "store"): lambda cast, by: bool(stored_file(cast.own, by).pk),
    ("document", "narrow"): lambda cast, by: document(cast, by, set_file_audience, audience="secretariat"),
    ("document", "widen"): lambda cast, by: document(cast, by, set_file_audience, audience="public"),
    ("document", "withdraw"): lambda cast, by: document(cast, by, withdraw_file),
    ("status", "report"): report,
    ("status", "narrow"): lambda cast, by: audience_of(cast, by, status(cast), "members"),
    ("status", "widen"): lambda cast, by: audience_of(cast, by, status(cast, "secretariat"), "members"),
    ("assessment", "narrow"): lambda cast, by: audience_of(cast, by, assessment(cast), "secretariat"),
    ("assessment", "widen"): lambda cast, by: audience_of(cast, by, assessment(cast, "secretariat"), "members"),
    ("release", "narrow"): lambda cast, by: area(cast, by, "members", "secretariat"),
    ("release", "widen"): lambda cast, by: area(cast, by, "secretariat", "members"),
    ("workbook", "import"): workbook,
    ("job", "run again"): lambda cast, by: bool(jobs.run_again(task="mail.sweep", by=by).pk),
    ("mail to many", "send now"): lambda cast, by: mass_mail(cast, by, batches.release),
    ("mail to many", "hold"): lambda cast, by: mass_mail(cast, by, batches.hold),
    ("mail to many", "stop"): lambda cast, by: mass_mail(cast, by, batches.stop),
    ("mail to many", "add words"): lambda cast, by: mass_mail(cast, by, batches.keep_words, notes=WORDS),
    ("record", "close"): lambda cast, by: record(cast, by, "close"),
    ("record", "circulate"): lambda cast, by: record(cast, by, "circulate"),
    ("record", "comment"): lambda cast, by: record(cast, by, "comment"),
    ("record", "object"): lambda cast, by: record(cast, by, "object"),
    ("record", "approve"): lambda cast, by: record(cast, by, "approve"),
}
ACTS |= register_acts.ACTS | summary_acts.ACTS
# Every delegation's to do, whichever it is.
FOR_ALL_MEMBERS = {
    ("record", "comment"),
    ("paper", "look"),
    ("registration", "answer"),
    ("token", "make for what the group reads"),
    ("token", "make for what the members read"),
}
OF_ONE_STATE = [row for row in ROWS if (row["object"], row["verb"]) not in FOR_ALL_MEMBERS]


def test_the_table_is_complete():
    assert {(row["object"], row["verb"]) for row in ROWS} == set(ACTS)
    for row in ROWS:
        assert set(row) - {"object", "verb"} == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("row", ROWS, ids=[f"{row['object']} {row['verb']}" for row in ROWS])
def test_who_may(cast, row, part):
    act, viewer = ACTS[row["object"], row["verb"]], cast.viewer(part)
    if row[part] == "1":
        assert act(cast, viewer)
    else:
        with pytest.raises(PermissionDenied):
            act(cast, viewer)


@pytest.mark.parametrize("row", OF_ONE_STATE, ids=[f"{row['object']} {row['verb']}" for row in OF_ONE_STATE])
def test_the_focal_point_of_another_state_may_nothing_here(cast, row):
    elsewhere = viewer_for(person_with("focal_point", state=MemberStateFactory()))
    with pytest.raises(PermissionDenied):
        ACTS[row["object"], row["verb"]](cast, elsewhere)
