"""The days on which a state's offices are closed: who enters them, what is refused, and that the log says it."""

import datetime as dt

import pytest
from django.utils import timezone

from iwg_portal.activity.models import Event
from members.models import StateHoliday
from members.reminders import working_days

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(cast):
    return f"/states/{cast.own.alpha2.lower()}/holidays/"


def soon(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def add(client, at, *lines):
    return client.post(at, {"do": "add", "days": "\n".join(lines)})


def entered(state):
    return list(StateHoliday.objects.filter(state=state).order_by("on").values_list("on", flat=True))


def test_the_focal_point_enters_days_and_takes_one_out(cast, at):
    client = cast.client("own_focal_point")
    days = [soon(3), soon(10), soon(20)]
    add(client, at, f"{days[1]:%d/%m/%Y}", "", f" {days[0]:%Y-%m-%d} ", f"{days[2]:%d.%m.%Y}", f"{days[0]:%Y-%m-%d}")
    assert entered(cast.own) == days
    assert Event.objects.get(kind="holidays.entered").state_id == cast.own.pk
    page = client.get(at).content.decode()
    assert all(f'datetime="{day.isoformat()}"' in page for day in days)

    client.post(at, {"do": "remove", "on": days[1].isoformat()})
    assert entered(cast.own) == [days[0], days[2]]
    # A second press, or somebody else's: nothing more happens.
    client.post(at, {"do": "remove", "on": days[1].isoformat()})
    assert Event.objects.filter(kind="holidays.removed").count() == 1


def test_the_same_days_again_are_no_error_and_no_event(cast, at):
    client = cast.client("secretariat")
    add(client, at, soon(3).isoformat())
    add(client, at, soon(3).isoformat())
    assert entered(cast.own) == [soon(3)]
    assert Event.objects.filter(kind="holidays.entered").count() == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("31/02/2027", "this is not a day"),
        ("Christmas", "this is not a day"),
        ("2020-12-25", "this day is over"),
        ("2099-12-25", "years away"),
        ("<script>alert(1)</script>", "this is not a day"),
        ("٢٥/١٢", "this is not a day"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_lost(cast, at, line, words):
    reply = add(cast.client("own_focal_point"), at, soon(3).isoformat(), line)
    page = reply.content.decode()
    assert entered(cast.own) == []
    assert "Line 2" in page
    assert words in page
    assert soon(3).isoformat() in page  # still in the field
    assert "<script>alert" not in page


def test_too_many_lines(cast, at):
    reply = add(cast.client("own_focal_point"), at, *(soon(number + 1).isoformat() for number in range(101)))
    assert "At most 100 days" in reply.content.decode()
    assert entered(cast.own) == []


def test_a_neighbour_neither_enters_nor_sees_a_button(cast, at):
    add(cast.client("own_focal_point"), at, soon(3).isoformat())
    client = cast.client("other_delegate")
    assert add(client, at, soon(4).isoformat()).status_code == 403
    assert client.post(at, {"do": "remove", "on": soon(3).isoformat()}).status_code == 403
    assert 'value="remove"' not in client.get(at).content.decode()
    assert entered(cast.own) == [soon(3)]


def test_a_day_of_one_state_is_that_of_its_people_alone(cast, at):
    add(cast.client("own_focal_point"), at, soon(3).isoformat())
    mine, others = cast.person("own_delegate"), cast.person("other_delegate")
    days = working_days(soon(3))
    assert soon(3) in days[mine.pk].holidays
    assert soon(3) not in days[others.pk].holidays


def test_the_error_is_in_the_language_of_the_reader(cast, at):
    person = cast.person("own_focal_point")
    person.language = "fr"
    person.save()
    page = add(cast.client("own_focal_point"), at, "Noël").content.decode()
    assert "Ligne 1" in page
    assert "Noël" in page
