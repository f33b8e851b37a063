"""Meetings in somebody's own calendar: what the address gives to whom, and that changes replace what was copied."""

import datetime as dt
import itertools
import re
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import icalendar
import pytest
import time_machine
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.base.kept import forget
from meetings import exports
from meetings.access import calendars
from meetings.actions import calendars as actions
from meetings.actions import meetings as meeting_actions
from meetings.models import CalendarFeed, Group, Meeting
from members.models import Person, State, Term, WorkingGroup
from tests.factories import MeetingFactory, MemberStateFactory

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
SECRET_TITLE, SECRET_PLACE = "Meeting about Kestrel", "Room Osprey"


@pytest.fixture
def feed(cast):
    """Reads as whoever made it; gives the address alone."""

    def of(part):
        made = actions.make_feed(by=cast.viewer(part))
        return f"/calendar/meetings.ics?key={made.token}"

    return of


@pytest.fixture
def meeting():
    start = dt.datetime(2027, 3, 10, 9, tzinfo=ZoneInfo("Africa/Lagos"))
    return MeetingFactory(
        title="Spring plenary", place="Great hall", zone="Africa/Lagos", starts_at=start,
        ends_at=start + dt.timedelta(days=2, hours=8),
    )  # fmt: skip


def events(answer):
    assert answer.status_code == 200
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def unfolded(answer):
    return re.sub(rb"\r\n[ \t]", b"", answer.content).decode()


def test_gives_title_times_and_place_in_the_zone_of_the_meeting(client, feed, meeting):
    (event,) = events(client.get(feed("observer")))
    assert str(event["SUMMARY"]) == "Spring plenary"
    assert "Great hall" in str(event["LOCATION"])
    assert str(event["URL"]).endswith(f"/meetings/{meeting.pk}/")
    assert event["DTSTART"].dt == meeting.starts_at
    assert event["DTSTART"].params["TZID"] == "Africa/Lagos"
    assert event["DTEND"].dt - event["DTSTART"].dt == dt.timedelta(days=2, hours=8)
    assert "TLP:GREEN" in str(event["DESCRIPTION"])


def test_the_zone_is_described_where_clocks_move(client, feed):
    start = dt.datetime(2027, 3, 27, 9, tzinfo=ZoneInfo("Europe/Vienna"))  # the clocks move the day after
    MeetingFactory(zone="Europe/Vienna", starts_at=start, ends_at=start + dt.timedelta(days=2))
    answer = client.get(feed("observer"))
    zones = icalendar.Calendar.from_ical(answer.content).walk("VTIMEZONE")
    assert [str(zone["TZID"]) for zone in zones] == ["Europe/Vienna"]
    (event,) = events(answer)
    assert event["DTEND"].dt.utcoffset() - event["DTSTART"].dt.utcoffset() == dt.timedelta(hours=1)


@pytest.mark.parametrize("hidden", [{"audience": "members"}, {"chatham_house": True}])
@pytest.mark.parametrize("part", ["own_delegate", "secretariat"])
def test_of_a_meeting_for_fewer_it_says_busy_and_nothing_else(client, feed, part, hidden):
    hidden = MeetingFactory(title=SECRET_TITLE, place=SECRET_PLACE, zone="Europe/Vienna", **hidden)
    answer = client.get(feed(part))
    (event,) = events(answer)
    assert str(event["SUMMARY"]) == "Busy"
    said = unfolded(answer)
    for token in (SECRET_TITLE, SECRET_PLACE, "Kestrel", "Vienna", f"/meetings/{hidden.pk}/", hidden.group.name):
        assert token not in said
    assert not re.search(rf"UID:{hidden.pk}\b", said)


def test_what_she_may_not_see_is_not_there(client, feed):
    MeetingFactory(title=SECRET_TITLE, audience="members")
    MeetingFactory(title="Meeting in the making", state="draft")
    assert events(client.get(feed("observer"))) == []


def test_a_change_takes_the_place_of_what_was_copied(cast, client, feed, meeting):
    address = feed("own_delegate")
    (before,) = events(client.get(address))
    meeting_actions.change_meeting(
        meeting=meeting, by=cast.viewer("secretariat"), seen=meeting.version, place="Small hall"
    )
    (moved,) = events(client.get(address))
    meeting_actions.cancel(meeting=Meeting.objects.get(pk=meeting.pk), by=cast.viewer("secretariat"))
    (gone,) = events(client.get(address))
    assert before["UID"] == moved["UID"] == gone["UID"]
    assert before["SEQUENCE"] < moved["SEQUENCE"] < gone["SEQUENCE"]
    assert (moved["STATUS"], gone["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert "Small hall" in str(moved["LOCATION"])


def test_one_meeting_is_the_same_event_as_in_the_feed(cast, client, feed, meeting):
    (copied,) = events(client.get(feed("own_delegate")))
    answer = cast.client("own_delegate").get(f"/meetings/{meeting.pk}/calendar.ics")
    (single,) = events(answer)
    assert single == copied
    name = f"meeting-{meeting.group.key}-{meeting.number}-2027-03-10.ics"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert Event.objects.filter(kind="file.exported", target_label=name).count() == 1


def test_rights_are_those_of_today(cast, client, feed, meeting):
    address = feed("own_delegate")
    assert events(client.get(address))
    Term.objects.filter(person=cast.person("own_delegate")).update(ends_on="2024-01-01")
    assert client.get(address).status_code == 404


def test_an_address_made_anew_or_ended_gives_nothing(cast, client, feed, meeting):
    old = feed("own_delegate")
    other = feed("other_delegate")
    actions.make_feed(by=cast.viewer("own_delegate"), anew=True)
    assert client.get(old).status_code == 404
    new = feed("own_delegate")
    assert new != old
    assert events(client.get(new))
    assert cast.client("own_delegate").post("/account/calendar/", {"do": "end"}).status_code == 302
    assert client.get(new).status_code == 404
    assert events(client.get(other))  # hers stays


@pytest.mark.parametrize("key", ["", "x" * 43, "%00", "é" * 60])
def test_no_key_gives_nothing(client, meeting, key):
    assert client.get("/calendar/meetings.ics", {"key": key}).status_code == 404


def test_the_token_is_stored_nowhere(cast, feed):
    address = feed("own_delegate")
    token = parse_qs(urlsplit(address).query)["key"][0]
    row = CalendarFeed.objects.values().get(person=cast.person("own_delegate"))
    assert token not in str(row)


def test_fetching_it_is_cheap_and_writes_nothing(client, feed, meeting, django_assert_max_num_queries):
    address = feed("own_delegate")
    before = Event.objects.count()
    with django_assert_max_num_queries(6):
        first = client.get(address)
    assert Event.objects.count() == before
    start = timezone.now()
    for n in range(30):
        MeetingFactory(starts_at=start + dt.timedelta(days=n + 1), ends_at=start + dt.timedelta(days=n + 1, hours=1))
    with django_assert_max_num_queries(6):
        more = client.get(address)
    assert len(events(more)) == 31
    with django_assert_max_num_queries(5):
        again = client.get(address, headers={"If-None-Match": more["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first["ETag"] != more["ETag"]


def busy_year(host):
    """Meetings of each kind in several zones, this year and last."""
    zones = itertools.cycle(["Africa/Lagos", "Africa/Abidjan", "Europe/Vienna", "Atlantic/Cape_Verde"])
    kinds = itertools.cycle([{}, {"audience": "members"}, {"chatham_house": True}, {"state": "cancelled"}])
    for n in range(-20, 20):
        start = NOON + dt.timedelta(days=17 * n)
        row = {"title": f"Réunion {n}, « première »; suite", "zone": next(zones), "host": host, **next(kinds)}
        MeetingFactory(starts_at=start, ends_at=start + dt.timedelta(hours=n % 5 + 1), **row)


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_what_was_kept_is_what_would_be_written_anew(cast, client, feed, language):
    """Also for another reader of other rights and language, whose events were written first."""
    with time_machine.travel(NOON):
        busy_year(MemberStateFactory())
        Person.objects.filter(pk=cast.person("own_delegate").pk).update(language=language)
        Person.objects.filter(pk=cast.person("observer").pk).update(language="fr")
        kept = []
        for part in ("observer", "own_delegate", "observer", "own_delegate"):
            kept.append(client.get(feed(part)).content)
        forget()
        exports._event.cache_clear()
        exports._zone.cache_clear()
        anew = [client.get(feed(part)).content for part in ("own_delegate", "observer")]
    assert kept == [anew[1], anew[0], anew[1], anew[0]]
    assert len(icalendar.Calendar.from_ical(anew[0]).walk("VEVENT")) > len(
        icalendar.Calendar.from_ical(anew[1]).walk("VEVENT")
    )


@pytest.mark.parametrize("zone", ["Africa/Lagos", "Atlantic/Cape_Verde", "Africa/Casablanca", "Europe/Vienna"])
def test_a_zone_is_described_as_the_library_describes_it(zone):
    """Which searches until the year 9999 for what we do not describe."""
    described = icalendar.Timezone.from_tzid(zone, first_date=exports.FIRST_DAY, last_date=exports.LAST_DAY)
    assert exports._zone(zone) == described.to_ical()


def change_title(site):
    Meeting.objects.filter(pk=site["meeting"].pk).update(title="Another title")


def tell_it_to_fewer(site):
    Meeting.objects.filter(pk=site["meeting"].pk).update(audience="members")


def close_the_room(site):
    Meeting.objects.filter(pk=site["meeting"].pk).update(chatham_house=True)


def cancel(site):
    Meeting.objects.filter(pk=site["meeting"].pk).update(state="cancelled")


def announce_another(site):
    MeetingFactory(starts_at=site["meeting"].starts_at, ends_at=site["meeting"].ends_at)


def take_it_away(site):
    Meeting.objects.filter(pk=site["meeting"].pk).update(state="draft")


def call_the_host_otherwise(site):
    State.objects.filter(pk=site["meeting"].host_id).update(name_en="Otherwise")


def call_its_group_otherwise(site):
    Group.objects.filter(pk=site["meeting"].group_id).update(name_en="Otherwise")


def call_the_working_group_otherwise(site):
    WorkingGroup.objects.update(short_name_en="Otherwise")


def read_french(site):
    Person.objects.filter(pk=site["reader"].pk).update(language="fr")


CHANGES = [
    change_title, tell_it_to_fewer, close_the_room, cancel, announce_another, take_it_away, call_the_host_otherwise,
    call_its_group_otherwise, call_the_working_group_otherwise, read_french,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
def test_whoever_has_it_is_told_so_until_it_changes(cast, client, feed, meeting, settings, change):
    settings.DEMO = True  # then the words of the reader's language stand in it
    Meeting.objects.filter(pk=meeting.pk).update(host=MemberStateFactory())
    meeting.refresh_from_db()
    address = feed("own_delegate")
    first = client.get(address)
    had = {"If-None-Match": first["ETag"]}
    again = client.get(address, headers=had)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Person.objects.filter(pk=cast.person("partner").pk).update(phone="1")  # of no concern to it
    assert client.get(address, headers=had).status_code == 304
    change({"meeting": meeting, "reader": cast.person("own_delegate")})
    anew = client.get(address, headers=had)
    assert anew.status_code == 200
    assert anew.content != first.content
    assert client.get(address, headers={"If-None-Match": anew["ETag"]}).status_code == 304


def test_what_is_over_for_a_year_goes_away_the_day_after(client, feed):
    with time_machine.travel(NOON) as clock:
        MeetingFactory(starts_at=NOON - calendars.BACK, ends_at=NOON - calendars.BACK + dt.timedelta(hours=2))
        address = feed("observer")
        first = client.get(address)
        assert len(events(first)) == 1
        clock.shift(dt.timedelta(hours=8))
        assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
        clock.shift(dt.timedelta(hours=16))
        assert events(client.get(address, headers={"If-None-Match": first["ETag"]})) == []


def test_who_lost_the_office_is_not_told_that_nothing_changed(cast, client, feed, meeting):
    address = feed("own_delegate")
    had = {"If-None-Match": client.get(address)["ETag"]}
    assert client.get(address, headers=had).status_code == 304
    Term.objects.filter(person=cast.person("own_delegate")).update(ends_on="2024-01-01")
    assert client.get(address, headers=had).status_code == 404


def test_two_readers_with_other_rights_have_other_files(cast, client, feed, meeting):
    MeetingFactory(audience="members")
    member, observer = client.get(feed("own_delegate")), client.get(feed("observer"))
    assert (len(events(member)), len(events(observer))) == (2, 1)
    assert client.get(feed("observer"), headers={"If-None-Match": member["ETag"]}).status_code == 200


def test_text_of_people_stays_text(client, feed):
    hostile = "A;B,C\\D <b>x</b> \u202eevil\u202c 🙂 " + "long " * 20
    MeetingFactory(title=hostile.strip()[:200], place="one\r\nBEGIN:VALARM\r\nATTACH:https://example.invalid/")
    answer = client.get(feed("observer"))
    (event,) = events(answer)
    assert "A;B,C\\D <b>x</b>" in str(event["SUMMARY"])
    assert not event.subcomponents
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    assert "\nBEGIN:VALARM" not in unfolded(answer)


def test_in_her_language(cast, client, feed):
    person = cast.person("own_delegate")
    type(person).objects.filter(pk=person.pk).update(language="fr")
    MeetingFactory(audience="members")
    (event,) = events(client.get(feed("own_delegate")))
    assert str(event["SUMMARY"]) == "Occupé"


def test_her_page_makes_it_shows_it_and_ends_it(cast, client, meeting):
    own = cast.client("own_delegate")
    assert "You have no address yet." in own.get("/account/calendar/").content.decode()
    own.post("/account/calendar/", {"do": "make"})
    page = own.get("/account/calendar/").content.decode()
    address = re.search(r'value="([^"]+/calendar/meetings\.ics\?key=[^"]+)"', page)[1]
    assert events(client.get(address[address.index("/calendar/") :]))
    own.post("/account/calendar/", {"do": "make"})  # the button pressed twice keeps it
    assert address in own.get("/account/calendar/").content.decode()
    assert own.post("/account/calendar/", {"do": "burn"}).status_code == 400
    kinds = list(Event.objects.filter(kind__startswith="calendar.").values_list("kind", flat=True))
    assert kinds == ["calendar.made"]
    assert cast.client("stranger").get("/account/calendar/").status_code == 404
