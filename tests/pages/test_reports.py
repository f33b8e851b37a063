"""Scheduled reports as they are read: computed for their reader, of a period, and for nobody else."""

import datetime as dt
import zlib

import pytest
import time_machine
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.jobs.models import JobRun
from iwg_portal.jobs.schedule import jobs
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from meetings.models import ActionReport
from members.enums import Role
from members.models import AccountLink, Term
from tests.cast import sign_in
from tests.factories import (
    ActionFactory,
    BlockFactory,
    CirculationFactory,
    DecisionFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    MemberStateFactory,
    OrganisationFactory,
    OwnerFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
    person_with,
)
from tests.members.joining import granted
from tests.pages.test_region import text
from tests.reminders.world import at

pytestmark = pytest.mark.django_db
NOW = at(2026, 11, 26, 12)  # a Thursday
STATUS, PROGRESS, OPERATIONS = "/reports/status/2026-10/", "/reports/progress/2026-Q3/", "/reports/operations/2026-W47/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def read(cast, address, part):
    answer = cast.client(part).get(address)
    assert answer.status_code == 200
    return text(answer)


def card(page, title):
    """The text of one card, from its title to the next of the page's titles."""
    return page[page.index(title) :]


def meeting(day, state="adopted", **row):
    starts = at(*day, 9)
    return MeetingFactory(state=state, starts_at=starts, ends_at=starts + dt.timedelta(hours=8), **row)


def owed(day, words="It is to be done.", due=dt.date(2026, 9, 15), held=None, **owner):
    """A row of an action point of a meeting that was held on ``day``."""
    held = held or meeting(day)
    block = BlockFactory(item=ItemFactory(meeting=held), kind="action", text=words)
    return OwnerFactory(action=ActionFactory(block=block, record=held.record, due_on=due), **owner)


def reported(owner, status, moment, by):
    ActionReport.objects.create(owner=owner, status=status, text="Words of a report", by=by, at=moment)
    owner.status = status
    owner.save()


# -- Who, and which period -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "part"), [(STATUS, "chair"), (PROGRESS, "own_focal_point"), (OPERATIONS, "secretariat")]
)
def test_each_is_for_one_office_and_for_nobody_else(cast, address, part):
    for reader in ("other_delegate", "own_delegate", "own_focal_point", "chair", "secretariat", "administrator",
                   "observer", "partner", "ex_member", "stranger"):  # fmt: skip
        assert cast.client(reader).get(address).status_code == (200 if reader == part else 404), reader
    assert cast.client("anonymous").get(address).status_code == 302


def test_a_former_chair_reads_no_report_not_even_of_her_time(cast):
    chair = cast.client("chair")
    assert chair.get(STATUS).status_code == 200
    Term.objects.filter(person=cast.person("chair")).update(ends_on=dt.date(2026, 11, 26))
    assert chair.get(STATUS).status_code == 404
    assert chair.get("/reports/").status_code == 404


@pytest.mark.parametrize("key", [
    "2026-13", "2026-00", "2026-1", "2026-012", "abc", "2026-Q3", "2026-W40", "2026", "2026-10-01", "-10", "2026-1 ",
    "٢٠٢٦-١٠", "２０２６-10", "2026-1০", "0000-01", "1899-12", "3000-01", "9999-12", "2026-12", "2999-01",
])  # fmt: skip
def test_what_is_no_month_or_has_not_begun_is_no_page(cast, key):
    assert cast.client("chair").get(f"/reports/status/{key}/").status_code == 404


@pytest.mark.parametrize("key", ["2026-W54", "2026-W00", "2025-W53", "2026-W49", "2026-w47", "2026-W٤٧", "2026-47"])
def test_what_is_no_week_or_has_not_begun_is_no_page(cast, key):
    assert cast.client("secretariat").get(f"/reports/operations/{key}/").status_code == 404
    assert cast.client("secretariat").get("/reports/operations/2020-W53/").status_code == 200


@pytest.mark.parametrize("key", ["2026-Q0", "2026-Q5", "2027-Q1", "2026-q3", "2026-3", "2026-Q٣"])
def test_what_is_no_quarter_or_has_not_begun_is_no_page(cast, key):
    assert cast.client("own_focal_point").get(f"/reports/progress/{key}/").status_code == 404


def test_there_is_no_other_kind(cast):
    assert cast.client("chair").get("/reports/abc/2026-10/").status_code == 404


def test_a_period_before_the_group_says_so_and_one_that_runs_too(cast):
    before = read(cast, "/reports/status/2021-10/", "chair")
    assert "This period lies before 1 December 2021, when the group was founded." in before
    assert "Decisions" not in before
    running = read(cast, "/reports/status/2026-11/", "chair")
    assert "The period from 1 November 2026 to 30 November 2026 is still running: figures up to now." in running
    assert "figures as of its end" in read(cast, STATUS, "chair")


def test_the_list_has_ones_own_kinds_and_the_running_period_first(cast):
    page = cast.client("own_focal_point").get("/reports/").content.decode()
    assert page.index("/reports/progress/2026-Q4/") < page.index("/reports/progress/2026-Q3/")
    assert "/reports/status/" not in page
    assert "/reports/operations/" not in page
    assert "/reports/operations/2026-W48/" in cast.client("secretariat").get("/reports/").content.decode()


def test_who_has_reports_finds_the_way_to_them(cast):
    for part, has in (("chair", True), ("own_focal_point", True), ("secretariat", True), ("own_delegate", False)):
        assert ('href="/reports/"' in cast.client(part).get("/region/").content.decode()) is has
    assert 'href="/reports/"' in cast.client("chair").get("/morning/").content.decode()


def test_who_looks_as_somebody_else_has_no_report(cast):
    assert cast.client("secretariat").get(f"{OPERATIONS}?as=member").status_code == 404
    page = cast.client("secretariat").get("/region/?as=member").content.decode()
    assert 'href="/reports/"' not in page


# -- The chair -------------------------------------------------------------------------------------------------------


def test_the_month_of_the_chair(cast):
    held = meeting((2026, 10, 6), title="In October")
    meeting((2026, 9, 30), title="In September")
    meeting((2026, 12, 8), state="announced", title="In December", announced_at=at(2026, 10, 20))
    meeting((2026, 12, 9), state="announced", title="Announced later", announced_at=at(2026, 11, 20))
    DecisionFactory(block__item=ItemFactory(meeting=held), block__text="It was decided", number=7)
    CirculationFactory(
        meeting=held, opened_at=at(2026, 10, 10), deadline=at(2026, 10, 17), ended_at=at(2026, 10, 17),
        state="adopted", adopted_number=1,
    )  # fmt: skip
    LessonFactory(state=cast.own, approved_at=at(2026, 10, 31, 23, 59), words__title="Of October")
    LessonFactory(state=cast.own, approved_at=at(2026, 11, 1), words__title="Of November")
    page = read(cast, STATUS, "chair")
    assert "Monthly status: October 2026" in page
    for words in (
        "Meetings held 1", "Meetings to come in the next three months 1", "In October", "In December",
        "Records circulated 1", "Records adopted 1", "Decisions taken 1", "It was decided", "D-7",
        "Lessons approved 1", "Of October",
    ):  # fmt: skip
        assert words in page, words
    for words in ("In September", "Announced later", "Of November"):
        assert words not in page, words


def test_action_points_stand_as_they_stood_at_the_end(cast):
    by, body = cast.person("own_delegate"), OrganisationFactory(key="body")
    in_time, late = owed((2026, 8, 4), state=cast.own), owed((2026, 8, 4), state=cast.own)
    reported(in_time, "done", at(2026, 10, 12), by)
    reported(late, "done", at(2026, 11, 3), by)  # after the month: then it was not done
    owed((2026, 8, 4), organisation=body, due=dt.date(2026, 12, 1))
    owed((2026, 10, 6), state=cast.other, due=dt.date(2026, 10, 31))  # its day is over with the month
    owed((2026, 11, 10), state=cast.other)
    page = read(cast, STATUS, "chair")
    for words in (
        "New action points, from the meetings held 1", "Action points done in the month 1",
        "Action points unfinished at the end 3", "Action points overdue at the end 2",
        "Ownland 1 overdue overdue since 15 September 2026", "Otherland 1 overdue overdue since 31 October 2026",
    ):  # fmt: skip
        assert words in page, words
    later = read(cast, "/reports/status/2026-11/", "chair")
    assert "Action points done in the month 1" in later
    assert "Ownland 1 overdue" not in later


def test_a_state_is_silent_as_of_the_end(cast):
    StatusReportFactory(state=cast.own, as_of=dt.date(2025, 9, 30))
    StatusReportFactory(state=cast.own, as_of=dt.date(2026, 11, 5))
    assert "Ownland Last report: 30 September 2025" in read(cast, STATUS, "chair")
    assert "Ownland Last report" not in read(cast, "/reports/status/2026-11/", "chair")


def test_what_needs_the_chairs_hand_stands_as_it_is_today(cast):
    open_ = meeting((2026, 11, 16), state="circulated", title="Waiting record")
    CirculationFactory(meeting=open_, opened_at=at(2026, 11, 24), deadline=at(2026, 12, 1))
    meeting((2026, 11, 2), state="drafted", title="Not circulated")
    cast.person("chair").terms.update(ends_on=dt.date(2026, 12, 31))
    page = read(cast, STATUS, "chair")
    hand = page[page.index("What needs your hand as things stand today") : page.index("Meetings held")]
    for words in ("Waiting record", "Waits for your approval", "Not circulated", "Your term as chair ends"):
        assert words in hand
    assert "/meetings/hand-over/" in cast.client("chair").get(STATUS).content.decode()


def test_what_the_chair_may_not_read_is_neither_named_nor_counted(cast):
    LessonFactory(state=cast.own, approved_at=at(2026, 10, 5), audience="secretariat", words__title="Hidden lesson")
    LessonFactory(state=cast.own, approved_at=None, status="submitted", words__title="Waiting lesson")
    StatusReportFactory(state=cast.own, as_of=dt.date(2025, 3, 4), audience="secretariat")
    page = read(cast, STATUS, "chair")
    for words in ("Hidden", "Waiting lesson", "4 March 2025"):
        assert words not in page, words
    assert "Lessons approved 0" in page
    assert "Ownland Nothing reported yet" in page


def test_how_many_answered_are_the_figures_of_every_member(cast):
    edition = framework()
    newest, older = RoundFactory(year=2026, edition=edition), RoundFactory(year=2025, edition=edition)
    declare(cast.own, newest, 2)
    declare(cast.other, newest, 3, audience="secretariat")
    declare(cast.own, older, 1)
    assert cast.chairing
    page = read(cast, STATUS, "chair")
    assert "Self-assessment 2026" in page
    assert "share it with the members 1 of" in page
    assert "Self-assessment 2025" in read(cast, "/reports/status/2025-10/", "chair")


# -- The focal point -------------------------------------------------------------------------------------------------


def test_the_quarter_of_a_state(cast):
    StatusReportFactory(state=cast.own, as_of=dt.date(2026, 3, 1), delivery="planned")
    StatusReportFactory(state=cast.own, as_of=dt.date(2026, 8, 20), delivery="pilot")
    StatusReportFactory(state=cast.own, as_of=dt.date(2026, 10, 20), delivery="op_batch", legal="in_force")
    StatusReportFactory(state=cast.other, as_of=dt.date(2026, 8, 21), delivery="development")
    by = cast.person("own_delegate")
    reported(owed((2026, 2, 3), "Done in August", state=cast.own), "done", at(2026, 8, 12), by)
    owed((2026, 2, 3), "Still to be done", state=cast.own)
    owed((2026, 2, 3), "Of another state", state=cast.other)
    leaving = person_with(Role.DELEGATE, state=cast.own, ends_on=dt.date(2027, 1, 15))
    stranger = person_with(Role.DELEGATE, state=cast.other, ends_on=dt.date(2027, 1, 15))
    page = read(cast, PROGRESS, "own_focal_point")
    for words in (
        "Quarterly progress: third quarter of 2026", "Stated as of 20 August 2026.",
        "Status reports for a day of the quarter 1", "Action points done in the quarter 1",
        "Action points unfinished at the end 1", "Action points overdue at the end 1", "Still to be done", str(leaving),
    ):  # fmt: skip
        assert words in page, words
    for words in ("20 October 2026", "21 August 2026", "Of another state", "Otherland", str(stranger)):
        assert words not in page, words
    assert "In the quarter:" in page
    address = f"/states/{cast.own.alpha2.lower()}/status/"
    html = cast.client("own_focal_point").get(PROGRESS).content.decode()
    assert html.count("Say how it is now") == 1, "of PNR alone: API was reported since"
    assert address in html
    before = read(cast, "/reports/progress/2026-Q2/", "own_focal_point")
    assert "Stated as of 1 March 2026." in before
    assert "No change in the quarter." in before


def test_of_the_region_a_focal_point_reads_figures_over_five_states_and_no_name(cast):
    edition = framework()
    round_ = RoundFactory(year=2025, edition=edition)
    others = [MemberStateFactory(label=f"Neighbour {number}") for number in range(3)]
    for state in [cast.own, *others]:
        declare(state, round_, 2)
        StatusReportFactory(state=state, as_of=dt.date(2026, 2, 1), delivery="op_batch", legal="in_force")
    page = read(cast, PROGRESS, "own_focal_point")
    assert "The region beside it" not in page, "four states are too few"
    assert "fewer than 5 states contribute" in page
    fifth = MemberStateFactory(label="Neighbour 5")
    hidden = MemberStateFactory(label="Neighbour 6")
    declare(fifth, round_, 4)
    declare(hidden, round_, 4, audience="secretariat")
    StatusReportFactory(
        state=hidden, as_of=dt.date(2026, 2, 1), delivery="op_batch", legal="in_force", audience="secretariat"
    )
    page = read(cast, PROGRESS, "own_focal_point")
    assert "4 of 6 member states operate API" in page, "the one that did not share counts as one that did not report"
    assert "regional median 2.0" in page
    assert "Neighbour" not in page


def test_what_only_the_own_delegation_reads_is_noted_as_read(cast):
    StatusReportFactory(state=cast.own, as_of=dt.date(2026, 8, 20), audience="secretariat")
    read(cast, PROGRESS, "own_focal_point")
    assert Event.objects.get(kind="restricted.read").state_id == cast.own.pk


def test_of_a_record_that_the_members_do_not_read_her_own_rows_are_not_there(cast):
    closed = meeting((2026, 8, 6), record__audience="secretariat")
    owed((2026, 8, 6), "Hidden action", held=closed, state=cast.own)
    draft = meeting((2026, 8, 7), state="drafted")
    owed((2026, 8, 7), "Draft action", held=draft, state=cast.own)
    page = read(cast, PROGRESS, "own_focal_point")
    assert "Hidden action" not in page
    assert "Draft action" not in page
    assert "Action points unfinished at the end 0" in page


def test_who_answers_for_two_states_reads_of_both(cast):
    Term.objects.create(
        person=cast.person("own_focal_point"), role=Role.FOCAL_POINT, state=cast.other, starts_on=dt.date(2026, 1, 1)
    )
    page = read(cast, PROGRESS, "own_focal_point")
    assert "Ownland" in page
    assert "Otherland" in page


# -- The secretariat -------------------------------------------------------------------------------------------------


def test_the_week_of_the_secretariat(cast):
    reader, inside = cast.person("own_delegate"), at(2026, 11, 18, 10)
    for occurrence, state, moment in (
        ("sent", "sent", inside), ("back", "bounced", inside), ("gone", "cancelled", inside),
        ("before", "sent", at(2026, 11, 15, 23, 59)), ("after", "sent", at(2026, 11, 23)),
    ):  # fmt: skip
        queue("mail.test", target=reader, to=reader, occurrence=occurrence, not_before=moment)
        OutboxMail.objects.filter(occurrence=occurrence).update(state=state, settled_at=moment, planned_at=moment)
    queue("mail.test", target=reader, to=reader, occurrence="late", not_before=NOW - dt.timedelta(hours=1))
    for job in jobs():
        JobRun.objects.create(task=job.task, outcome="done", started_at=NOW, finished_at=NOW)
    JobRun.objects.create(task="mail.sweep", outcome="failed", started_at=inside, finished_at=inside, problem="OSError")
    for name, lapses in (("Lapsed Then", inside), ("Lapses Soon", NOW + dt.timedelta(hours=5))):
        proposal = granted(cast, full_name=name, email=f"{name[-4:]}@test.invalid")
        AccountLink.objects.filter(proposal=proposal).update(expires_at=lapses)
    owed((2026, 8, 4), state=cast.own)
    page = read(cast, OPERATIONS, "secretariat")
    for words in (
        "Weekly operations: week 47 of 2026", "Mails planned 3", "Mails sent 1", "Mails bounced 1", "Mails cancelled 1",
        "Mails that wait for longer than they should, today 1", "Failed runs in the week, as far as they are kept 1",
        "Invitations lapsed in the week 1", "Invitations that lapse within three days, today 1", "Lapsed Then",
        "Lapses Soon", "Action points overdue at the end 1", "Ownland 1 overdue",
    ):  # fmt: skip
        assert words in page, words
    assert reader.email not in cast.client("secretariat").get(OPERATIONS).content.decode()


# -- Weight, languages -----------------------------------------------------------------------------------------------


def more(cast, number):
    """One more of everything, in each period."""
    day, moment = (2026, 9, 1 + number), at(2026, 9, 1 + number)
    state = MemberStateFactory(label=f"Silent {number}")
    for held in (meeting(day, title=f"Held {number}" * 3), meeting((2026, 10, 1 + number)), meeting((2026, 11, 17))):
        DecisionFactory(block__item=ItemFactory(meeting=held), block__text="It was decided. " * 30)
        for owner in ({"state": cast.own}, {"state": state}, {"organisation": OrganisationFactory()}):
            owed(day, "It is to be done. " * 30, held=held, **owner)
        CirculationFactory(meeting=held, opened_at=held.ends_at, deadline=held.ends_at + dt.timedelta(days=90))
    for month in (9, 10, 11):
        LessonFactory(state=cast.own, approved_at=at(2026, month, 20), words__title="A long title " * 10)
    StatusReportFactory(state=cast.own, as_of=moment.date(), kind=("advpax", "pnr")[number % 2])
    person_with(Role.DELEGATE, state=cast.own, ends_on=dt.date(2026, 12, 20))
    edition = framework() if number == 0 else None
    round_ = RoundFactory(year=2022 + number, **({"edition": edition} if edition else {}))
    declare(cast.own, round_, 2)
    for job in jobs():
        JobRun.objects.create(
            task=job.task, outcome="failed", started_at=at(2026, 11, 18), finished_at=NOW, problem="OSError"
        )
    granted(cast, email=f"invited-{number}@test.invalid")


@pytest.mark.parametrize(
    ("address", "part"), [(STATUS, "chair"), (PROGRESS, "own_focal_point"), (OPERATIONS, "secretariat")]
)
def test_at_most_fifteen_queries_and_twenty_kilobytes_however_much_there_is(
    cast, django_assert_max_num_queries, address, part
):
    client, numbers = cast.client(part), []
    for numbered in (range(5), range(5, 9)):  # with five states more the region has enough for its figures
        for number in numbered:
            more(cast, number)
        client.get(address)
        with django_assert_max_num_queries(15) as found:
            answer = client.get(address)
        numbers.append(len(found))
        assert len(zlib.compress(answer.content, 6)) < 20_000
    assert len(set(numbers)) == 1, numbers


@pytest.mark.parametrize(("language", "titles"), [
    ("en", ("Monthly status: October 2026", "Quarterly progress: third quarter of 2026", "Weekly operations: week 47")),
    ("fr", ("Point mensuel : octobre 2026", "Avancement trimestriel : troisième trimestre 2026",
            "Fonctionnement hebdomadaire : semaine 47 de 2026")),
    ("pt", ("Ponto de situação mensal: outubro de 2026", "Progresso trimestral: terceiro trimestre de 2026",
            "Funcionamento semanal: semana 47 de 2026")),
])  # fmt: skip
def test_in_each_language(cast, language, titles):
    owed((2026, 8, 4), state=cast.own)
    for part, address, title in zip(("chair", "own_focal_point", "secretariat"), (STATUS, PROGRESS, OPERATIONS), titles,
                                    strict=True):  # fmt: skip
        person = cast.person(part)
        person.language = language
        person.save()
        client = cast.client(part)
        sign_in(client, person)
        page = text(client.get(address, headers={"Accept-Language": language}))
        assert title in page.replace("\xa0", " ")


def test_each_opens_one_page_for_the_period_before_and_after(cast):
    page = cast.client("chair").get(STATUS).content.decode()
    assert "/reports/status/2026-09/" in page
    assert "/reports/status/2026-11/" in page
    assert "/reports/status/2026-12/" not in cast.client("chair").get("/reports/status/2026-11/").content.decode()
    assert timezone.localdate() == NOW.date()
