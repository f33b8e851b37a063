"""What owners do with their rows: report, hand over, ask for time, show evidence; what the secretariat and the chair
edit; who is told by mail."""

import datetime as dt
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InternalError, connection, transaction
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.base.uploads import check
from iwg_portal.mail.compose import message
from iwg_portal.mail.models import OutboxMail
from meetings.actions import action_points as edits
from meetings.actions import owners as actions
from meetings.models import ActionEvidence, ActionOwner, ActionReport
from tests.cast import PARTS
from tests.factories import (
    ActionFactory,
    BlockFactory,
    DecisionFactory,
    ItemFactory,
    MeetingFactory,
    OrganisationFactory,
    OwnerFactory,
    evidence_of,
    person_with,
)
from tests.meetings.payloads import is_harmless, packed

pytestmark = pytest.mark.django_db
URL = "/actions/"
ANSWER = re.compile(r"On the server \d\d:\d\d:\d\d [A-Z]+\.")
PASSPORTS = "\n".join(f"X{number}" for number in (4000021, 4000387, 4000563, 4000729, 4000945, 4001109))


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def day(days):
    return timezone.localdate() + dt.timedelta(days=days)


@pytest.fixture
def world(cast):
    for part in PARTS:
        cast.person(part)
    cast.item = ItemFactory(meeting=MeetingFactory(state="adopted"))
    cast.action = ActionFactory(block__item=cast.item, block__text="Send the list.", number=1, due_on=day(30))
    cast.row = OwnerFactory(action=cast.action, state=cast.own)
    cast.foreign = OwnerFactory(action=cast.action, state=cast.other)
    return cast


def at(owner, verb):
    return f"{URL}owners/{owner.pk}/{verb}/"


def typed(**values):
    return {"id": str(uuid.uuid4()), "status": "done", "text": "", "until": "", **values}


# -- Reports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status", "until"),
    [
        ({"status": "done"}, "done", None),
        ({"status": "in_progress", "text": "Half of it."}, "in_progress", None),
        ({"status": "needs_time", "until": day(60).isoformat()}, "in_progress", day(60)),
        ({"status": "not_ours", "text": "It is for the carriers."}, "not_ours", None),
        # A day that was typed and is not asked for is not kept.
        ({"status": "done", "until": day(60).isoformat()}, "done", None),
    ],
)
def test_a_report_is_kept_with_a_receipt(world, sent, status, until):
    page = world.client("own_delegate").post(at(world.row, "report"), typed(**sent), follow=True)
    assert page.redirect_chain == [(f"{URL}{world.action.pk}/#owner-{world.row.pk}", 302)]
    assert ANSWER.search(text(page))
    report = ActionReport.objects.get()
    assert (report.status, report.needs_until, report.by) == (status, until, world.person("own_delegate"))
    world.row.refresh_from_db()
    assert (world.row.status, world.row.due_on) == (status, None)
    event = Event.objects.get(kind="action.reported")
    assert (event.state_id, event.target_label, event.data) == (world.own.pk, "A-1", {})


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"status": ""}, "Choose how far it is."),
        ({"status": "open"}, "Select a valid choice"),
        ({"status": "needs_time"}, "Say until which day time is needed."),
        ({"status": "needs_time", "until": "2020-01-01"}, "This day has passed. Choose a day to come."),
        ({"status": "needs_time", "until": "tomorrow"}, "This is not a date."),
        ({"status": "needs_time", "until": "99999-01-01"}, "This is not a date."),
        ({"status": "not_ours", "text": ""}, "Say why this is not for you, and for whom it is."),
        ({"status": "not_ours", "text": "  \t "}, "Say why this is not for you, and for whom it is."),
        ({"text": "x" * 2001}, "at most 2000 characters"),
        ({"text": PASSPORTS}, "numbers that look like those of travel documents"),
        ({"text": "a\0b"}, "Null characters are not allowed."),
        ({"id": "1"}, "Enter a valid UUID."),
    ],
)
def test_what_is_wrong_stands_beside_what_was_typed(world, sent, problem):
    page = world.client("own_delegate").post(at(world.row, "report"), typed(**{"text": "My words", **sent}))
    assert problem in text(page)
    if sent.get("text") is None:
        assert "My words" in page.content.decode()
    assert not ActionReport.objects.exists()
    world.row.refresh_from_db()
    assert world.row.status == "open"
    refusals = Event.objects.filter(kind="passenger_data.refused").count()
    assert refusals == (sent.get("text") == PASSPORTS)


def test_the_action_alone_refuses_what_the_form_refuses(world):
    by = world.viewer("own_delegate")
    with pytest.raises(ValidationError, match="passed"):
        actions.report(owner=world.row, status="in_progress", needs_until=day(-1), by=by)
    with pytest.raises(ValidationError, match="Say why"):
        actions.report(owner=world.row, status="not_ours", text=" ", by=by)
    with pytest.raises(ValidationError):
        actions.report(owner=world.row, status="nonsense", by=by)
    with pytest.raises(ValidationError, match="passed"):
        actions.grant_time(owner=world.row, until=day(-1), by=world.viewer("secretariat"))


def test_the_same_report_twice_is_one(world):
    client, sent = world.client("own_delegate"), typed(status="in_progress", text="Half.")
    for _ in range(2):
        assert ANSWER.search(text(client.post(at(world.row, "report"), sent, follow=True)))
    assert ActionReport.objects.count() == 1
    assert Event.objects.filter(kind="action.reported").count() == 1


def test_the_id_of_somebody_elses_report_opens_nothing(world):
    kept = actions.report(owner=world.foreign, status="done", text="A secret.", by=world.viewer("other_delegate"))
    page = world.client("own_delegate").post(at(world.row, "report"), typed(id=str(kept.pk), text="Mine"))
    assert "This form is out of date." in text(page)
    assert "Mine" in page.content.decode()
    assert "A secret" not in page.content.decode()
    assert ActionReport.objects.get() == kept


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_are_two_and_one_sent_twice_is_one(world):
    by = world.viewer("own_delegate")
    twice = uuid.uuid4()

    def send(id):
        try:
            return actions.report(owner=world.row, status="in_progress", text="Half.", id=id, by=by).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        kept = set(pool.map(send, [twice, uuid.uuid4(), twice]))
    assert kept == set(ActionReport.objects.values_list("pk", flat=True).order_by("pk"))
    assert len(kept) == 2


def test_reports_are_never_changed(world):
    kept = actions.report(owner=world.row, status="done", by=world.viewer("own_delegate"))
    with pytest.raises(InternalError), transaction.atomic():
        ActionReport.objects.filter(pk=kept.pk).update(text="other")
    with pytest.raises(InternalError), transaction.atomic():
        kept.delete()


def test_the_latest_report_holds_and_all_stay(world):
    client = world.client("own_delegate")
    for status, words in (("done", "All done."), ("in_progress", "A part came back.")):
        client.post(at(world.row, "report"), typed(status=status, text=words))
    page = text(world.client("other_delegate").get(f"{URL}{world.action.pk}/"))
    assert page.index("A part came back.") < page.index("All done.")
    assert "2 reports" in page
    world.row.refresh_from_db()
    assert world.row.status == "in_progress"


def test_swapped_ids_report_for_nobody_else(world):
    client = world.client("own_delegate")
    assert client.post(at(world.foreign, "report"), typed()).status_code == 403
    hidden = OwnerFactory(
        action=ActionFactory(block__item=ItemFactory(meeting=MeetingFactory(state="drafted"))), state=world.own
    )
    for verb in ("report", "holder", "time", "evidence"):
        assert client.post(at(hidden, verb), typed()).status_code == 404
        assert client.post(at(ActionOwner(pk=999_999), verb), typed()).status_code == 404
    with pytest.raises(PermissionDenied):
        actions.report(owner=hidden, status="done", by=world.viewer("own_delegate"))
    assert not ActionReport.objects.exists()


def test_somebody_of_an_organisation_reports_for_it(world):
    item = ItemFactory(meeting=MeetingFactory(state="adopted", record__audience="group"))
    organisation = world.person("partner").terms.get().organisation
    mine = OwnerFactory(action=ActionFactory(block__item=item), organisation=organisation)
    other = OwnerFactory(action=mine.action, organisation=OrganisationFactory())
    client = world.client("partner")
    assert client.post(at(mine, "report"), typed()).status_code == 302
    assert client.post(at(other, "report"), typed()).status_code == 403
    form = client.get(at(mine, "evidence")).content.decode()
    assert 'value="delegation"' not in form  # an organisation has no delegation that would read it
    assert " the secretariat " in text(client.get(at(mine, "evidence")))
    assert client.get(at(other, "evidence")).status_code == 403
    assert client.post(at(mine, "evidence"), upload(audience="group")).status_code == 302
    kept = ActionEvidence.objects.get()
    assert (kept.file.state, kept.file.audience, kept.owner) == (None, "group", mine)
    assert client.get(f"/files/{kept.file_id}/").status_code == 200
    assert client.post(at(mine, "evidence"), upload(audience="delegation")).status_code == 200  # refused by the form
    with pytest.raises(ValidationError):
        actions.add_evidence(
            owner=mine, checked=check(b"A", "a.txt"), title="A", audience="delegation", by=world.viewer("partner")
        )
    address = f"{at(mine, 'evidence')}{kept.pk}/withdraw/"
    assert world.client("observer").post(address, {"sure": "on"}).status_code == 403
    assert client.post(address, {"sure": "on"}).status_code == 302
    kept.file.refresh_from_db()
    assert kept.file.withdrawn_at


def test_somebody_of_an_observer_state_shows_evidence_for_it(world):
    item = ItemFactory(meeting=MeetingFactory(state="adopted", record__audience="group"))
    mine = OwnerFactory(action=ActionFactory(block__item=item), state=world.observing)
    assert world.client("observer").post(at(mine, "evidence"), upload()).status_code == 302
    file = ActionEvidence.objects.get().file
    assert (file.state, file.audience) == (None, "secretariat")
    assert world.client("secretariat").get(f"/files/{file.pk}/").status_code == 200
    for part in ("partner", "other_delegate", "administrator"):
        assert world.client(part).get(f"/files/{file.pk}/").status_code == 404
    with pytest.raises(PermissionDenied):
        actions.withdraw_evidence(evidence=ActionEvidence.objects.get(), by=world.viewer("partner"))
    actions.withdraw_evidence(evidence=ActionEvidence.objects.get(), by=world.viewer("secretariat"))


def test_a_delegate_shows_evidence_and_withdraws_her_own_alone(world):
    theirs = evidence_of(world.row, world.viewer("own_focal_point"))
    client = world.client("own_delegate")
    assert client.post(at(world.row, "evidence"), upload()).status_code == 302
    mine = ActionEvidence.objects.exclude(pk=theirs.pk).get()
    assert mine.file.state == world.own
    for kept, status in ((theirs, 403), (mine, 302)):
        address = f"{at(world.row, 'evidence')}{kept.pk}/withdraw/"
        assert client.post(address, {"sure": "on"}).status_code == status
    assert world.client("other_delegate").get(at(world.row, "evidence")).status_code == 403


@pytest.mark.parametrize("payload", packed(2000))
def test_no_text_becomes_markup(world, payload):
    client = world.client("own_delegate")
    refused = client.post(at(world.row, "report"), typed(status="needs_time", text=payload, until=payload))
    assert is_harmless(refused.content.decode())
    assert client.post(at(world.row, "report"), typed(status="done", text=payload)).status_code == 302
    page = client.get(f"{URL}{world.action.pk}/").content.decode()
    assert is_harmless(page)
    assert ActionReport.objects.get().text == payload


# -- Handing over -----------------------------------------------------------------------------------------------------


def letters(person):
    """What the mails to ``person`` say today; None for one that would not leave."""
    rows = OutboxMail.objects.filter(recipient=person, kind="meetings.action_assigned").order_by("pk")
    built = [message(mail) for mail in rows if mail.state == "due"]
    return [letter and letter.body for letter in built]


def test_the_focal_point_hands_over_to_her_delegation_and_the_new_holder_is_told(world):
    client, holder = world.client("own_focal_point"), world.person("own_delegate")
    page = client.get(at(world.row, "holder")).content.decode()
    assert "Own Delegate" in page
    assert "Other Delegate" not in page
    assert "Ex Member" not in page
    sent = client.post(at(world.row, "holder"), {"holder": holder.pk}, follow=True)
    assert ANSWER.search(text(sent))
    assert "Held by Own Delegate" in text(sent)
    (letter,) = letters(holder)
    assert f"/actions/{world.action.pk}/" in letter
    for word in ("Send the list", "Ownland", "A-1", world.item.meeting.title):
        assert word not in letter
    client.post(at(world.row, "holder"), {"holder": holder.pk})  # again: nothing happens
    assert Event.objects.filter(kind="action.handed_over").count() == 1
    assert len(letters(holder)) == 1


@pytest.mark.parametrize("part", ["other_delegate", "ex_member", "secretariat", "chair", "observer"])
def test_nobody_else_can_be_made_holder(world, part):
    page = world.client("own_focal_point").post(at(world.row, "holder"), {"holder": world.person(part).pk})
    assert "Select a valid choice" in text(page)
    with pytest.raises(ValidationError, match="in office"):
        actions.hand_over(owner=world.row, holder=world.person(part), by=world.viewer("secretariat"))
    assert not OutboxMail.objects.filter(kind="meetings.action_assigned").exists()


def test_the_chair_chooses_among_the_contacts_that_she_knows(world):
    page = world.client("chair").get(at(world.row, "holder")).content.decode()
    assert "Own Focal Point" in page
    assert "Own Delegate" not in page
    with pytest.raises(ValidationError):
        actions.hand_over(owner=world.row, holder=world.person("own_delegate"), by=world.viewer("chair"))


def test_whoever_takes_it_herself_gets_no_mail_and_nobody_is_a_choice(world):
    focal = world.person("own_focal_point")
    client = world.client("own_focal_point")
    client.post(at(world.row, "holder"), {"holder": focal.pk})
    assert letters(focal) == []
    client.post(at(world.row, "holder"), {"holder": ""})
    world.row.refresh_from_db()
    assert world.row.holder is None


def test_mail_that_is_no_longer_due_does_not_leave(world):
    by, first = world.viewer("secretariat"), world.person("own_delegate")
    second = person_with("delegate", state=world.own)
    actions.hand_over(owner=world.row, holder=first, by=by)
    actions.hand_over(owner=world.row, holder=second, by=by)
    assert (letters(first), len(letters(second))) == ([], 1)
    ActionOwner.objects.filter(pk=world.row.pk).update(status="done")
    assert letters(second) == [None]
    ActionOwner.objects.filter(pk=world.row.pk).update(status="open")
    second.terms.update(ends_on=day(0))
    assert letters(second) == [None]


def test_nobody_is_told_of_a_draft(world):
    draft = ActionFactory(block__item=ItemFactory(meeting=MeetingFactory(state="running")))
    row = OwnerFactory(action=draft, state=world.own)
    actions.hand_over(owner=row, holder=world.person("own_delegate"), by=world.viewer("secretariat"))
    assert letters(world.person("own_delegate")) == []


# -- More time --------------------------------------------------------------------------------------------------------


def test_the_secretariat_grants_the_time_that_was_asked_for(world):
    actions.report(owner=world.row, status="in_progress", needs_until=day(60), by=world.viewer("own_delegate"))
    client = world.client("secretariat")
    assert "Asks for time until" in text(client.get(f"{URL}{world.action.pk}/"))
    assert f'value="{day(60).isoformat()}"' in client.get(at(world.row, "time")).content.decode()
    assert ANSWER.search(text(client.post(at(world.row, "time"), {"until": day(60).isoformat()}, follow=True)))
    world.row.refresh_from_db()
    world.foreign.refresh_from_db()
    assert (world.row.due_on, world.foreign.due_on) == (day(60), None)
    page = text(world.client("own_delegate").get(f"{URL}{world.action.pk}/"))
    assert "Asks for time until" not in page
    assert "more time was granted" in page
    client.post(at(world.row, "time"), {"until": day(60).isoformat()})
    assert Event.objects.filter(kind="action.time_granted").count() == 1


@pytest.mark.parametrize(("sent", "problem"), [("2020-01-01", "passed"), ("", "Give the day."), ("x", "not a date")])
def test_no_time_in_the_past(world, sent, problem):
    assert problem in text(world.client("secretariat").post(at(world.row, "time"), {"until": sent}))


def test_no_time_for_what_is_done(world):
    ActionOwner.objects.update(status="done")
    page = world.client("secretariat").post(at(world.row, "time"), {"until": day(60).isoformat()})
    assert "Nothing is left to do here" in text(page)


# -- Evidence ---------------------------------------------------------------------------------------------------------


def upload(**values):
    return {"title": "The list", "audience": "secretariat", "file": SimpleUploadedFile("a.txt", b"Sent."), **values}


def test_evidence_is_read_by_the_secretariat_unless_somebody_chooses_otherwise(world):
    client = world.client("own_focal_point")
    form = client.get(at(world.row, "evidence")).content.decode()
    assert re.search(r'value="secretariat"[^>]*checked', form)
    assert 'value="group"' not in form  # wider than the record
    assert ANSWER.search(text(client.post(at(world.row, "evidence"), upload(), follow=True)))
    file = ActionEvidence.objects.get().file
    assert (file.state, file.audience, file.parent_type) == (world.own, "secretariat", "meetings.record")
    assert world.client("secretariat").get(f"/files/{file.pk}/").status_code == 200
    assert world.client("other_delegate").get(f"/files/{file.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"title": "x" * 300}, "at most 200 characters"),
        ({"title": ""}, "Give the document a title."),
        ({"title": PASSPORTS.replace("\n", " ")}, "travel documents"),
        ({"audience": "group"}, "Select a valid choice"),
        ({"audience": "public"}, "Select a valid choice"),
        ({"file": SimpleUploadedFile("a.exe", b"MZ" + b"\0" * 99)}, "entry needs your attention"),
    ],
)
def test_evidence_that_is_refused(world, sent, problem):
    assert problem in text(world.client("own_focal_point").post(at(world.row, "evidence"), upload(**sent)))
    assert not ActionEvidence.objects.exists()


def test_evidence_is_withdrawn_by_who_could_have_stored_it(world):
    kept = evidence_of(world.row, world.viewer("own_focal_point"))
    address = f"{at(world.row, 'evidence')}{kept.pk}/withdraw/"
    assert world.client("own_delegate").post(address, {"sure": "on"}).status_code == 403
    assert world.client("other_delegate").post(address, {"sure": "on"}).status_code == 404
    # Another row's address does not reach it.
    swapped = f"{at(world.foreign, 'evidence')}{kept.pk}/withdraw/"
    assert world.client("own_focal_point").post(swapped, {"sure": "on"}).status_code == 404
    page = world.client("own_focal_point").post(address, follow=True)
    assert "Tick the box" in text(page)
    page = world.client("own_focal_point").post(address, {"sure": "on"}, follow=True)
    assert "its content is deleted" in text(page)
    assert f"/files/{kept.file_id}/" not in page.content.decode()
    with pytest.raises(PermissionDenied):
        actions.withdraw_evidence(evidence=ActionEvidence.objects.get(), by=world.viewer("secretariat"))


# -- Editing ----------------------------------------------------------------------------------------------------------


def shown(client, action, **changes):
    """The form as its page showed it, with ``changes``."""
    page = client.get(f"{URL}{action.pk}/edit/").content.decode()
    sent = {}
    for name, value in re.findall(r'<input type="hidden" name="initial-([a-z_]+)"(?: value="([^"]*)")?', page):
        sent.setdefault(f"initial-{name}", []).append(value)
        if name != "each_member" or value == "True":
            sent.setdefault(name, []).append(value)
    return {**sent, **changes}


def owners_of(action):
    return {row.state or row.organisation for row in action.owners.filter(is_removed=False)}


@pytest.mark.parametrize("part", ["secretariat", "chair"])
def test_who_runs_the_meetings_edits_owners_and_date(world, part):
    client, organisation = world.client(part), OrganisationFactory(key="org")
    decision = DecisionFactory(block__item=world.item, number=3)
    sent = shown(
        client, world.action, due_on=day(90).isoformat(), decision=decision.pk,
        states=[world.own.pk, world.chairing.pk], organisations=[organisation.pk],
    )  # fmt: skip
    page = client.post(f"{URL}{world.action.pk}/edit/", sent, follow=True)
    assert ANSWER.search(text(page))
    assert "Follows from D-3" in text(page)
    world.action.refresh_from_db()
    assert (world.action.due_on, world.action.decision) == (day(90), decision)
    assert owners_of(world.action) == {world.own, world.chairing, organisation}
    assert Event.objects.get(kind="action.edited").data == {"changed": ["decision", "due", "owners"]}


def test_a_due_date_in_the_past_is_kept_with_a_warning(world):
    client = world.client("secretariat")
    sent = shown(client, world.action, due_on="2026-01-31")
    page = text(client.post(f"{URL}{world.action.pk}/edit/", sent, follow=True))
    assert "The due date lies in the past: the action point is overdue at once." in page
    assert "The due date lies in the past" in text(client.get(f"{URL}{world.action.pk}/edit/"))
    world.action.refresh_from_db()
    assert world.action.due_on == dt.date(2026, 1, 31)


def test_of_two_who_edit_at_once_each_keeps_her_part(world):
    client = world.client("secretariat")
    one = shown(client, world.action, states=[world.own.pk])  # takes the other state off
    other = shown(client, world.action, states=[world.own.pk, world.other.pk, world.chairing.pk])
    third = shown(client, world.action, due_on="")
    for sent in (one, other, third):
        client.post(f"{URL}{world.action.pk}/edit/", sent)
    world.action.refresh_from_db()
    assert owners_of(world.action) == {world.own, world.chairing}
    assert world.action.due_on is None


def test_each_member_state_gets_a_row_of_its_own_and_no_observer(world):
    client = world.client("secretariat")
    client.post(f"{URL}{world.action.pk}/edit/", shown(client, world.action, each_member="on"))
    world.action.refresh_from_db()
    assert world.action.each_member
    assert owners_of(world.action) == {world.own, world.other, world.chairing}
    client.post(f"{URL}{world.action.pk}/edit/", shown(client, world.action, each_member=[]))
    world.action.refresh_from_db()
    assert not world.action.each_member


def test_a_row_that_comes_back_brings_its_reports(world):
    by = world.viewer("secretariat")
    actions.report(owner=world.row, status="done", text="Sent.", by=world.viewer("own_delegate"))
    assert edits.edit_action(action=world.action, remove=[world.own], by=by)
    assert "Sent." not in text(world.client("secretariat").get(f"{URL}{world.action.pk}/"))
    assert edits.edit_action(action=world.action, add=[world.own], by=by)
    assert "Sent." in text(world.client("secretariat").get(f"{URL}{world.action.pk}/"))
    assert not edits.edit_action(action=world.action, add=[world.own], remove=[world.chairing], by=by)


def test_a_decision_of_another_record_is_refused(world):
    foreign = DecisionFactory(block=BlockFactory(item=ItemFactory(meeting=MeetingFactory(state="adopted"))))
    with pytest.raises(ValidationError, match="same record"):
        edits.edit_action(action=world.action, decision=foreign, by=world.viewer("secretariat"))
    client = world.client("secretariat")
    page = client.post(f"{URL}{world.action.pk}/edit/", shown(client, world.action, decision=foreign.pk))
    assert "Select a valid choice" in text(page)


def test_a_bad_date_or_owner_keeps_what_was_typed(world):
    client = world.client("secretariat")
    sent = shown(client, world.action, due_on="31/31/2026", states=["999999"])
    page = client.post(f"{URL}{world.action.pk}/edit/", sent)
    assert "This is not a date." in text(page)
    assert 'value="31/31/2026"' in page.content.decode()
    assert owners_of(world.action) == {world.own, world.other}
