"""Meetings: listed and dated in two zones, made, changed by two, announced, cancelled, cloned; what is none."""

import datetime as dt
import re
import threading
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import translation

from iwg_portal.activity.models import Event
from iwg_portal.mail.compose import message
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import OutboxMail
from meetings.access.meetings import audience_announced, sees_meeting, visible_meetings
from meetings.actions import meetings as actions
from meetings.enums import TRANSITIONS, MeetingState
from meetings.models import AgendaItem, Group, Meeting, Paper, Record
from meetings.queries.meetings import days, when
from members.access import viewer_for
from members.enums import Audience
from tests.base import uploading as make
from tests.cast import PARTS
from tests.factories import (
    DecisionFactory,
    GroupFactory,
    ItemFactory,
    MeetingFactory,
    MemberStateFactory,
    TermFactory,
    person_with,
)
from tests.pages.test_region import text

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
TOLD = {"observer", "partner", "own_focal_point"}
SCRIPT = '<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}"\' data-hx-get="/sign-out/"'


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def typed(**values):
    """A form that is whole; the draft begins on 10 March 2026 in Praia."""
    return {
        "group": GroupFactory().pk, "title": "Third plenary", "language": "en", "first_day": "2026-03-10",
        "begins": "09:00", "last_day": "2026-03-12", "ends": "17:00", "zone": "Atlantic/Cape_Verde", "place": "Praia",
        "languages": ["en", "fr"], "audience": "group", **values,
    }  # fmt: skip


def values_of(meeting, **changed):
    return {field: getattr(meeting, field) for field in actions.FIELDS} | changed


# -- Listed ------------------------------------------------------------------------------------------------------------


def test_what_is_to_come_and_what_is_past(cast):
    MeetingFactory(title="Soon")
    MeetingFactory(title="Later", starts_at=NOW + dt.timedelta(days=90), ends_at=NOW + dt.timedelta(days=91))
    MeetingFactory(title="Over", starts_at=NOW - dt.timedelta(days=90), ends_at=NOW - dt.timedelta(days=89))
    client = cast.client("observer")
    page = text(client.get("/meetings/"))
    assert page.index("Next: Soon, 10–11 March 2026.") < page.index("Later")
    assert "Over" not in page
    past = text(client.get("/meetings/?when=past"))
    assert "Over" in past
    assert "Later" not in past


def test_it_is_filtered_by_group_and_year(cast):
    legal = GroupFactory(key="legal", kind="sub_group", theme="legal", name_en="Legal")
    MeetingFactory(title="Plenary one")
    MeetingFactory(title="Legal one", group=legal)
    MeetingFactory(title="Legal two", group=legal, starts_at=NOW.replace(year=2027), ends_at=NOW.replace(year=2028))
    client = cast.client("own_delegate")

    def shown(query):
        page = text(client.get(f"/meetings/?{query}")).partition("Show")[2]
        return {title for title in ("Plenary one", "Legal one", "Legal two") if title in page}

    assert shown("") == {"Plenary one", "Legal one", "Legal two"}
    assert shown("group=legal") == {"Legal one", "Legal two"}
    assert shown("group=legal&year=2027") == {"Legal two"}
    assert shown("group=nothing&year=20x7&page=99999") == {"Plenary one", "Legal one", "Legal two"}
    assert shown("year=2025") == set()


@pytest.mark.parametrize("part", PARTS)
def test_a_draft_is_seen_by_who_prepares_it_alone(cast, part):
    draft = MeetingFactory(title="Unheard-of meeting", state="draft", starts_at=NOW.replace(year=2033),
                           ends_at=NOW.replace(year=2034))  # fmt: skip
    page = cast.client(part).get("/meetings/")
    prepares = part in ("chair", "secretariat")
    assert ("Unheard-of" in page.content.decode()) is prepares
    # Nor do the years to choose from, or the group's page, tell of it.
    assert ("2033" in page.content.decode()) is prepares
    group = cast.client(part).get(f"/meetings/groups/{draft.group.key}/")
    assert ("Unheard-of" in group.content.decode()) is prepares
    assert (cast.client(part).get(f"/meetings/{draft.pk}/").status_code == 200) is prepares


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("audience", ["secretariat", "members", "group", "public"])
@pytest.mark.parametrize("state", ["draft", "announced"])
def test_the_rule_for_one_and_the_rule_for_many_agree(cast, part, audience, state):
    meeting = MeetingFactory(audience=audience, state=state)
    viewer = cast.viewer(part)
    assert visible_meetings(viewer).filter(pk=meeting.pk).exists() is sees_meeting(viewer, meeting)


def test_the_same_number_of_queries_at_one_and_at_many(cast, django_assert_num_queries, django_assert_max_num_queries):
    MeetingFactory(host=cast.own, chair=cast.chairing)
    client = cast.client("own_delegate")
    for address in ("/meetings/", "/meetings/groups/plenary/"):
        client.get(address)
        with django_assert_max_num_queries(11) as one:
            client.get(address)
        for _ in range(3):
            MeetingFactory(host=MemberStateFactory(), chair=cast.chairing)
        with django_assert_num_queries(len(one)):
            client.get(address)


def test_the_list_comes_in_pages(cast):
    for number in range(30):
        MeetingFactory(number=number + 1, starts_at=NOW + dt.timedelta(days=number + 1),
                       ends_at=NOW + dt.timedelta(days=number + 2))  # fmt: skip
    client = cast.client("own_delegate")
    first, second = (text(client.get(f"/meetings/?group=plenary&page={n}")) for n in (1, 2))
    assert "Page 1 of 2" in first
    assert "Meeting 26" not in first
    assert "Meeting 30" in second


# -- Times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "10–11 March 2026"), ("fr", "10–11 mars 2026"), ("pt", "10–11 de março de 2026")],
)
def test_days_in_three_languages(language, words):
    with translation.override(language):
        assert days(dt.date(2026, 3, 10), dt.date(2026, 3, 11)) == words


def test_days_over_the_end_of_a_month_and_of_a_year():
    assert days(dt.date(2026, 11, 30), dt.date(2026, 12, 2)) == "30 November – 2 December 2026"
    assert days(dt.date(2026, 12, 31), dt.date(2027, 1, 1)) == "31 December 2026 – 1 January 2027"


def test_times_are_those_of_the_place_and_named_so_and_the_readers_own_stand_beside(cast):
    meeting = MeetingFactory(zone="Atlantic/Cape_Verde")  # 09:00 UTC is 08:00 there
    person = cast.person("own_delegate")
    assert "08:00–16:00 UTC-1" in text(cast.client("own_delegate").get(f"/meetings/{meeting.pk}/"))
    person.zone = "Africa/Lagos"
    person.save()
    for address in ("/meetings/", f"/meetings/{meeting.pk}/"):
        page = text(cast.client("own_delegate").get(address))
        assert "08:00–16:00 UTC-1" in page
        assert "10:00–18:00 WAT" in page


def test_a_reader_on_the_other_side_of_midnight_is_told_the_day():
    night = MeetingFactory(
        zone="UTC",
        starts_at=dt.datetime(2026, 3, 10, 20, tzinfo=dt.UTC),
        ends_at=dt.datetime(2026, 3, 10, 22, tzinfo=dt.UTC),
    )
    assert when(night, ZoneInfo("Asia/Tokyo")).own == "11 March 2026, 05:00–07:00 JST"
    assert when(night, ZoneInfo("Africa/Abidjan")).own == ""


# -- Made --------------------------------------------------------------------------------------------------------------


def test_a_new_meeting_is_a_draft_with_its_record(cast):
    TermFactory(role="chair", state=cast.own, person=cast.person("own_delegate"), starts_on=dt.date(2026, 1, 1))
    answer = cast.client("secretariat").post("/meetings/new/", typed(chair=""))
    meeting = Meeting.objects.get()
    assert answer["Location"] == f"/meetings/{meeting.pk}/agenda/"
    assert (meeting.state, meeting.number, meeting.created_by) == ("draft", 1, cast.person("secretariat"))
    assert meeting.starts_at == dt.datetime(2026, 3, 10, 10, tzinfo=dt.UTC)  # 09:00 in Praia
    assert meeting.chair == cast.own
    assert Record.objects.get(meeting=meeting).audience == "secretariat"
    assert not OutboxMail.objects.exists()


def test_the_chair_is_that_of_the_day_of_the_meeting(cast):
    for state, start, end in ((cast.own, (2025, 1, 1), (2026, 3, 11)), (cast.other, (2026, 3, 11), None)):
        TermFactory(
            role="chair", state=state, person=cast.person("stranger"), starts_on=dt.date(*start),
            ends_on=dt.date(*end) if end else None,
        )  # fmt: skip
    cast.client("secretariat").post("/meetings/new/", typed())
    cast.client("secretariat").post("/meetings/new/", typed(first_day="2026-03-11", title="A day later"))
    cast.client("secretariat").post("/meetings/new/", typed(chair="-", title="Co-chaired"))
    assert [m.chair for m in Meeting.objects.order_by("number")] == [cast.own, cast.other, None]


def test_a_form_sent_twice_makes_one_meeting(cast):
    for _ in range(2):
        cast.client("secretariat").post("/meetings/new/", typed())
    assert Meeting.objects.count() == 1


def test_who_reads_it_is_said_in_words_and_numbers(cast):
    for part in PARTS:
        cast.person(part)
    page = text(cast.client("secretariat").get("/meetings/new/"))
    assert "The delegations of all member states and the secretariat TLP:AMBER 3 states, 5 people" in page
    assert "The secretariat and the chair TLP:AMBER+STRICT" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"last_day": "2026-03-09"}, "A meeting cannot end before it begins."),
        ({"last_day": "", "ends": "09:00"}, "A meeting cannot end before it begins."),
        ({"last_day": "2026-05-01"}, "A meeting lasts 31 days at most."),
        ({"title": ""}, "Give the meeting a title."),
        ({"title": "x" * 300}, "at most 200 characters"),
        ({"first_day": "10 March"}, "This is not a date."),
        ({"first_day": "0001-01-01"}, "This day lies too far away."),
        ({"last_day": "9999-12-31"}, "This day lies too far away."),
        ({"begins": "25:00"}, "This is not a time."),
        ({"zone": "Mars/Olympus"}, "Select a valid choice."),
        ({"zone": "Europe/Paris", "first_day": "2026-03-29", "last_day": "", "begins": "02:30"}, "leaves this hour"),
        ({"link": "javascript:alert(1)"}, "This is not an address."),
        ({"link": "ftp://example.org/x"}, "This is not an address."),
        ({"audience": "delegation"}, "Select a valid choice."),
        ({"audience": ""}, "Choose who may read it."),
        ({"group": "999999"}, "Select a valid choice."),
        ({"host": "1' OR 1=1"}, "Select a valid choice."),
        ({"languages": ["xx"]}, "Select a valid choice."),
        ({"papers_due_on": "2026-03-13"}, "This day lies after the meeting."),
        ({"register_by": "2027-01-01"}, "This day lies after the meeting."),
        ({"number": "0"}, "greater than or equal to 1"),
        ({"number": "99999999999999999999"}, "less than or equal to"),
        ({"title": make.td3()[1]}, "Passenger data do not belong here"),
        ({"place": make.td3()[1]}, "Passenger data do not belong here"),
        ({"title": "\x00\u202e\u2066 \n"}, "Give the meeting a title."),
        ({"title": "\u202e\u2066 \n"}, "Give the meeting a title."),
    ],
)  # fmt: skip
def test_what_is_no_meeting_is_refused_beside_its_field_and_given_back(cast, wrong, words):
    page = cast.client("secretariat").post("/meetings/new/", typed(**wrong))
    assert page.status_code == 200
    assert words in text(page)
    assert not Meeting.objects.exists()
    # Nothing else that was typed is lost.
    assert "place" in wrong or 'value="Praia"' in page.content.decode()


def test_passenger_data_are_noted_by_the_detector_alone(cast):
    cast.client("secretariat").post("/meetings/new/", typed(title=make.td3()[1]))
    event = Event.objects.get(kind="passenger_data.refused")
    assert event.data == {"detectors": ["mrz"]}
    assert make.td3()[1] not in event.target_label


def test_two_meetings_of_one_group_never_have_one_number(cast):
    MeetingFactory(number=3)
    page = cast.client("secretariat").post("/meetings/new/", typed(number="3"))
    assert "A meeting of this group has this number already." in text(page)
    cast.client("secretariat").post("/meetings/new/", typed())
    assert Meeting.objects.get(title="Third plenary").number == 4


def test_a_host_takes_part_in_the_group(cast):
    former = MemberStateFactory(label="Formerland")
    former.participations.update(ends_on=dt.date(2026, 3, 5))
    page = cast.client("secretariat").post("/meetings/new/", typed(host=former.pk))
    assert "This state does not take part in the group on that day." in text(page)


@pytest.mark.parametrize("field", ["title", "place"])
def test_markup_is_text(cast, field):
    cast.client("secretariat").post("/meetings/new/", typed(**{field: SCRIPT}))
    meeting = Meeting.objects.get()
    actions.announce(meeting=meeting, by=cast.viewer("secretariat"))
    for address in ("/meetings/", f"/meetings/{meeting.pk}/", f"/meetings/{meeting.pk}/change/",
                    f"/meetings/{meeting.pk}/agenda/print/", "/meetings/groups/plenary/"):  # fmt: skip
        page = cast.client("secretariat").get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert not re.search(r"<[^>]*data-hx-get=./sign-out", page)
        assert "&lt;script&gt;" in page or (field == "place" and "new" in address)
    assert "{{ 7|add:7 }}" in cast.client("secretariat").get("/meetings/").content.decode()


@pytest.mark.parametrize("name", ["اجتماع إقليمي", "Рlenаry of Cаpe Verde", "第三回 🎉", "Réunion ẞ Ɛ"])
def test_other_scripts_and_letters_that_look_alike_stay_as_they_are(cast, name):
    """In an element of their own, so that their direction does not turn what stands beside them."""
    cast.client("secretariat").post("/meetings/new/", typed(title=name, place=name))
    meeting = Meeting.objects.get()
    assert (meeting.title, meeting.place) == (name, name)
    client = cast.client("secretariat")
    assert f">{name}</bdi>" in client.get("/meetings/").content.decode()
    pdf = client.get(f"/meetings/{meeting.pk}/agenda/pdf/")
    assert pdf.content.startswith(b"%PDF")


def test_marks_that_turn_the_direction_of_writing_are_left_out(cast):
    cast.client("secretariat").post("/meetings/new/", typed(title="A\u202eB\u2066C\u2069\tD\u2028E\x07"))
    assert Meeting.objects.get().title == "ABC D E"


# -- Changed -----------------------------------------------------------------------------------------------------------


def test_a_change_is_seen_at_once_and_named_by_its_fields(cast):
    cast.client("secretariat").post("/meetings/new/", typed(chair="-"))
    meeting = Meeting.objects.get()
    sent = typed(chair="-", title="Renamed", version=1)
    answer = cast.client("secretariat").post(f"/meetings/{meeting.pk}/change/", sent)
    meeting.refresh_from_db()
    assert answer.status_code == 302
    assert (meeting.title, meeting.version) == ("Renamed", 2)
    event = Event.objects.get(kind="meeting.changed")
    assert event.data == {"fields": ["title"]}
    assert "Renamed" not in event.target_label


def test_of_two_who_change_a_meeting_the_second_sees_both_and_decides(cast):
    cast.client("secretariat").post("/meetings/new/", typed(chair="-"))
    meeting = Meeting.objects.get()
    address = f"/meetings/{meeting.pk}/change/"
    cast.client("secretariat").post(address, typed(chair="-", place="Mindelo", version=1))
    page = cast.client("secretariat").post(address, typed(chair="-", title="Hers", version=1))
    meeting.refresh_from_db()
    assert (meeting.place, meeting.title) == ("Mindelo", "Third plenary")
    shown = text(page)
    assert "Somebody changed this meeting meanwhile." in shown
    assert "Title Third plenary → Hers" in shown
    assert "Place Mindelo → Praia" in shown
    assert 'value="Hers"' in page.content.decode()
    assert 'name="version" value="2"' in page.content.decode()
    cast.client("secretariat").post(address, typed(chair="-", title="Hers", version=2))
    meeting.refresh_from_db()
    assert (meeting.place, meeting.title, meeting.version) == ("Praia", "Hers", 3)


@pytest.mark.parametrize("version", ["", "-1", "x", "²", "9" * 5000])
def test_a_form_that_has_lost_its_version_overwrites_nothing(cast, version):
    meeting = MeetingFactory()
    page = cast.client("secretariat").post(f"/meetings/{meeting.pk}/change/", typed(version=version))
    meeting.refresh_from_db()
    assert meeting.version == 1
    assert "Somebody changed this meeting meanwhile." in text(page)


def test_the_same_change_twice_is_one(cast):
    cast.client("secretariat").post("/meetings/new/", typed(chair="-"))
    meeting = Meeting.objects.get()
    for _ in range(2):
        sent = typed(chair="-", title="Renamed", version=1)
        assert cast.client("secretariat").post(f"/meetings/{meeting.pk}/change/", sent).status_code == 302
    assert Event.objects.filter(kind="meeting.changed").count() == 1


def test_a_meeting_is_not_narrowed_below_its_papers(cast):
    meeting = MeetingFactory()
    Paper.objects.create(meeting=meeting, number=1, title="A", created_by=cast.person("secretariat"))
    with pytest.raises(ValidationError, match="narrow them first"):
        actions.change_meeting(
            meeting=meeting, by=cast.viewer("secretariat"), seen=1, **values_of(meeting, audience="members")
        )
    Paper.objects.update(audience="members")
    actions.change_meeting(
        meeting=meeting, by=cast.viewer("secretariat"), seen=1, **values_of(meeting, audience="members")
    )
    assert cast.client("observer").get(f"/meetings/{meeting.pk}/").status_code == 404


@pytest.mark.parametrize("part", [part for part in PARTS if part != "secretariat"])
def test_the_secretariat_alone_makes_changes_moves_and_clones(cast, part):
    viewer, meeting = cast.viewer(part), MeetingFactory()
    group = meeting.group
    for act in (
        lambda: actions.create_meeting(by=viewer, group=group, **values_of(meeting, title="New")),
        lambda: actions.change_meeting(meeting=meeting, by=viewer, seen=1, **values_of(meeting, title="New")),
        lambda: actions.clone_meeting(meeting=meeting, by=viewer, title="New", starts_on=dt.date(2027, 1, 1)),
        lambda: actions.announce(meeting=meeting, by=viewer),
        lambda: actions.start(meeting=meeting, by=viewer),
        lambda: actions.cancel(meeting=meeting, by=viewer),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert Meeting.objects.count() == 1


# -- Announced, running, cancelled -------------------------------------------------------------------------------------


def crowd(cast):
    for part in PARTS:
        cast.person(part)


def mails(kind):
    return OutboxMail.objects.filter(kind=f"meetings.{kind}").order_by("pk")


def said(mail):
    built = message(mail)
    return "" if built is None else f"{built.subject}\n{built.body}\n{built.alternatives[0][0]}"


def test_a_draft_is_announced_to_each_contact_once(cast):
    crowd(cast)
    draft = MeetingFactory(state="draft", link="https://room.invalid/secret", title="Third plenary")
    client = cast.client("secretariat")
    for _ in range(2):
        assert client.post(f"/meetings/{draft.pk}/move/", {"do": "announce"}).status_code == 302
    draft.refresh_from_db()
    assert draft.state == "announced"
    assert {mail.recipient for mail in mails("announced")} == {cast.person(part) for part in TOLD}
    for mail in mails("announced"):
        words = said(mail)
        assert "Third plenary" in words
        assert "10–11 March 2026, 09:00–17:00 GMT" in words
        assert "room.invalid" not in words
    assert Event.objects.filter(kind="meeting.announced").count() == 1


def test_a_mail_in_the_language_and_on_the_clock_of_its_reader(cast):
    crowd(cast)
    person = cast.person("own_focal_point")
    person.language, person.zone = "fr", "Africa/Lagos"
    person.save()
    actions.announce(meeting=MeetingFactory(state="draft"), by=cast.viewer("secretariat"))
    words = said(mails("announced").get(recipient=person))
    assert "10–11 mars 2026, 09:00–17:00 GMT" in words
    assert "10:00–18:00 WAT" in words


@pytest.mark.parametrize("audience", ["members", "secretariat"])
def test_of_a_meeting_for_fewer_readers_the_mail_says_nothing_but_that_there_is_one(cast, audience):
    crowd(cast)
    draft = MeetingFactory(state="draft", audience=audience, title="Quiet meeting", place="Hidden place")
    actions.announce(meeting=draft, by=cast.viewer("secretariat"))
    recipients = {mail.recipient for mail in mails("announced")}
    assert recipients == ({cast.person("own_focal_point")} if audience == "members" else set())
    for mail in mails("announced"):
        words = said(mail)
        assert "Quiet" not in words
        assert "Hidden" not in words
        assert "March" not in words
        assert f"/meetings/{draft.pk}/" in words


def test_nobody_is_told_of_what_she_may_not_read(cast):
    crowd(cast)
    for audience in ("secretariat", "members", "group"):
        meeting = MeetingFactory(audience=audience)
        for person in audience_announced(meeting):
            assert visible_meetings(viewer_for(person)).filter(pk=meeting.pk).exists()


def test_who_loses_the_right_before_the_mail_leaves_gets_none(cast):
    crowd(cast)
    meeting = MeetingFactory(state="draft")
    actions.announce(meeting=meeting, by=cast.viewer("secretariat"))
    Meeting.objects.filter(pk=meeting.pk).update(audience="members")
    assert said(mails("announced").get(recipient=cast.person("observer"))) == ""


def test_an_announcement_of_what_is_over_tells_nobody(cast):
    crowd(cast)
    over = MeetingFactory(state="draft", starts_at=NOW - dt.timedelta(days=2), ends_at=NOW - dt.timedelta(days=1))
    actions.announce(meeting=over, by=cast.viewer("secretariat"))
    assert not mails("announced").exists()


def test_a_cancelled_draft_is_told_to_nobody(cast):
    crowd(cast)
    draft = MeetingFactory(state="draft")
    actions.cancel(meeting=draft, by=cast.viewer("secretariat"))
    assert not OutboxMail.objects.exists()


def test_whoever_was_told_is_told_that_it_is_cancelled(cast):
    """Announcements that have not left do not leave, and whose they were hears nothing; who took office since does."""
    crowd(cast)
    meeting = MeetingFactory(state="draft", title="Third plenary")
    actions.announce(meeting=meeting, by=cast.viewer("secretariat"))
    sent = mails("announced").get(recipient=cast.person("observer"))
    OutboxMail.objects.filter(pk=sent.pk).update(state=MailState.SENT)
    late = person_with("focal_point", state=cast.own)
    actions.cancel(meeting=meeting, by=cast.viewer("secretariat"))
    assert {mail.recipient for mail in mails("cancelled")} == {cast.person("observer"), late}
    assert set(mails("announced").exclude(pk=sent.pk).values_list("state", flat=True)) == {"cancelled"}
    assert "This meeting does not take place: Third plenary" in said(mails("cancelled").first())
    assert "This meeting is cancelled" in text(cast.client("observer").get(f"/meetings/{meeting.pk}/"))


@pytest.mark.parametrize(("days", "hear"), [(400, True), (300, False)])
def test_of_a_meeting_announced_before_the_ledger_forgets_all_who_are_invited_hear_that_it_is_cancelled(
    cast, days, hear
):
    """Nobody can say any more who was told; of a younger one the ledger says that nobody was."""
    crowd(cast)
    meeting = MeetingFactory(state="announced", announced_at=NOW - dt.timedelta(days=days))
    actions.cancel(meeting=meeting, by=cast.viewer("secretariat"))
    assert mails("cancelled").filter(recipient=cast.person("observer")).exists() == hear


def test_the_moves_are_those_of_the_table():
    for to, before in actions.BEFORE.items():
        for state in before:
            assert to in TRANSITIONS[state]


@pytest.mark.parametrize("state", MeetingState.values)
@pytest.mark.parametrize("do", ["announce", "start", "cancel", "adopt", ""])
def test_each_move_from_each_state(cast, state, do):
    meeting = MeetingFactory(state=state)
    answer = cast.client("secretariat").post(f"/meetings/{meeting.pk}/move/", {"do": do})
    meeting.refresh_from_db()
    to = {"announce": "announced", "start": "running", "cancel": "cancelled"}.get(do)
    if to is None:
        assert (answer.status_code, meeting.state) == (400, state)
    elif (state, to) in {("draft", "announced"), ("announced", "running"), ("draft", "cancelled"),
                         ("announced", "cancelled")} or state == to:  # fmt: skip
        assert (answer.status_code, meeting.state) == (302, to)
    else:
        assert (answer.status_code, meeting.state) == (422, state)
        assert "This is not possible any more" in text(answer)


@pytest.mark.django_db(transaction=True)
def test_two_who_announce_at_once_send_one_mail_each(cast):
    crowd(cast)
    draft, viewer = MeetingFactory(state="draft"), cast.viewer("secretariat")
    problems = []

    def go():
        try:
            with time_machine.travel(NOW, tick=False):
                actions.announce(meeting=draft, by=viewer)
        except ValidationError as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(problems) == 1
    assert mails("announced").count() == len(TOLD)


# -- Cloned ------------------------------------------------------------------------------------------------------------


def test_the_next_of_a_series_has_the_same_agenda_on_other_days(cast):
    first = MeetingFactory(
        number=3, zone="Europe/Paris", host=cast.own, title="Third", register_by=dt.date(2026, 3, 1),
        chatham_house=True, audience="members",
    )  # fmt: skip
    ItemFactory(meeting=first, title="Opening", position=1, starts_at=first.starts_at, minutes=15, lead_state=cast.own)
    ItemFactory(meeting=first, title="Work", position=2, note="*all* day")
    ItemFactory(meeting=first, title="Proposed", status="proposed", state_proposing=cast.own)
    ItemFactory(meeting=first, title="Withdrawn", status="withdrawn")
    Paper.objects.create(meeting=first, number=1, title="A", audience="members", created_by=cast.person("secretariat"))
    sent = {"title": "Fourth", "starts_on": "2026-07-07"}
    answer = cast.client("secretariat").post(f"/meetings/{first.pk}/clone/", sent)
    copy = Meeting.objects.exclude(pk=first.pk).get()
    assert answer["Location"] == f"/meetings/{copy.pk}/agenda/"
    assert (copy.number, copy.state, copy.title, copy.cloned_from) == (4, "draft", "Fourth", first)
    # 10:00 in Paris stays 10:00, in summer too.
    assert [copy.starts_at.astimezone(copy.tz).hour, first.starts_at.astimezone(first.tz).hour] == [10, 10]
    assert (copy.register_by, copy.chatham_house, copy.audience) == (dt.date(2026, 6, 28), True, "members")
    assert (copy.host, copy.place) == (None, "")
    items = list(AgendaItem.objects.filter(meeting=copy).order_by("position"))
    assert [(item.title, item.minutes, item.note) for item in items] == [("Opening", 15, ""), ("Work", 30, "*all* day")]
    assert items[0].starts_at == copy.starts_at
    assert items[0].lead_state == cast.own
    assert not copy.papers.exists()
    assert copy.record.audience == "secretariat"
    cast.client("secretariat").post(f"/meetings/{first.pk}/clone/", sent)
    assert Meeting.objects.count() == 2


@pytest.mark.parametrize("wrong", [{"title": ""}, {"title": "x" * 300}, {"starts_on": ""}, {"starts_on": "9999-12-31"}])
def test_a_clone_without_day_or_title_is_none(cast, wrong):
    first = MeetingFactory()
    page = cast.client("secretariat").post(
        f"/meetings/{first.pk}/clone/", {"title": "Fourth", "starts_on": "2026-07-07", **wrong}
    )
    assert page.status_code == 200
    assert Meeting.objects.count() == 1


# -- The page ----------------------------------------------------------------------------------------------------------


def test_the_page_stays_flat(cast, django_assert_num_queries, django_assert_max_num_queries):
    meeting = MeetingFactory(host=cast.own, chair=cast.chairing)
    ItemFactory(meeting=meeting, lead_state=cast.own)
    client = cast.client("secretariat")
    client.get(f"/meetings/{meeting.pk}/")
    with django_assert_max_num_queries(15) as one:
        client.get(f"/meetings/{meeting.pk}/")
    for _ in range(39):
        ItemFactory(meeting=meeting, lead_state=MemberStateFactory(), state_proposing=cast.own)
    with django_assert_num_queries(len(one)):
        client.get(f"/meetings/{meeting.pk}/")


def test_the_agenda_counts_what_was_decided_for_those_who_read_the_record(cast):
    item = ItemFactory(meeting=MeetingFactory(state="circulated"))
    DecisionFactory(block__item=item)
    address = f"/meetings/{item.meeting_id}/"
    assert "1 decision" in text(cast.client("own_delegate").get(address))
    assert "1 decision" not in text(cast.client("observer").get(address))


def test_a_draft_that_was_cancelled_stays_unknown(cast):
    untold = MeetingFactory(title="Never told", state="cancelled", announced_at=None)
    told = MeetingFactory(title="Told and cancelled", state="cancelled", group=untold.group)
    for part in ("observer", "own_delegate", "own_focal_point"):
        client = cast.client(part)
        assert client.get(f"/meetings/{untold.pk}/").status_code == 404
        assert client.get(f"/meetings/{told.pk}/").status_code == 200
        assert "Never told" not in text(client.get("/meetings/")) + text(client.get("/meetings/?when=past"))
    assert cast.client("secretariat").get(f"/meetings/{untold.pk}/").status_code == 200


def test_the_page_names_what_is_there_and_nothing_else(cast):
    meeting = MeetingFactory(place="", link="https://room.invalid/1", chatham_house=True, interpretation=True)
    page = text(cast.client("observer").get(f"/meetings/{meeting.pk}/"))
    assert "online" in page
    assert "Chatham House Rule" in page
    assert "with interpretation" in page
    assert "There is no item on the agenda yet." in page
    assert "For the secretariat" not in page
    assert str(Audience(meeting.audience).label) in page


def test_a_meeting_of_nobody_is_not_there(cast):
    for pk in (0, 999999, 10**30):
        assert cast.client("secretariat").get(f"/meetings/{pk}/").status_code == 404
    assert Group.objects.count() == 0


@pytest.mark.parametrize("state", ["announced", "running", "drafted"])
def test_once_a_meeting_runs_its_record_comes_first(cast, state):
    meeting = MeetingFactory(state=state)
    page = cast.client("secretariat").get(f"/meetings/{meeting.pk}/").content.decode()
    wanted = f"/meetings/{meeting.pk}/{'agenda' if state == 'announced' else 'record'}/"
    assert re.search(r'iwg-btn-primary" href="([^"]+)"', page.partition("<h1>")[2])[1] == wanted
    assert page.count(f'href="/meetings/{meeting.pk}/agenda/"') >= 1


@pytest.mark.parametrize("state", ["announced", "running", "drafted"])
def test_the_chatham_house_rule_stays_once_people_have_spoken(cast, state):
    meeting = MeetingFactory(state=state, chatham_house=True)
    change = values_of(meeting, chatham_house=False)
    if state == "announced":
        changed = actions.change_meeting(meeting=meeting, by=cast.viewer("secretariat"), seen=1, **change)
        assert not changed.chatham_house
        return
    with pytest.raises(ValidationError) as refused:
        actions.change_meeting(meeting=meeting, by=cast.viewer("secretariat"), seen=1, **change)
    assert "chatham_house" in refused.value.message_dict
    meeting.refresh_from_db()
    assert meeting.chatham_house


@pytest.mark.parametrize("address", ["", "agenda/print/"])
def test_under_the_rule_the_lead_of_an_item_is_for_the_room_once_it_has_begun(cast, address):
    meeting = MeetingFactory(state="announced", chatham_house=True)
    ItemFactory(meeting=meeting, lead_state=cast.own, lead="Ada Speaker")

    def reads(part):
        return "Ada Speaker" in text(cast.client(part).get(f"/meetings/{meeting.pk}/{address}"))

    assert reads("observer")
    assert reads("other_delegate")
    meeting.state = "running"
    meeting.save()
    assert not reads("observer")
    assert not reads("other_delegate")
    assert reads("secretariat")
