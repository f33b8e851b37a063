"""The pure part: good hours by the reader's clocks, and steps that look at windows."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from iwg_portal.reminders import clock, registry
from iwg_portal.reminders.clock import Days
from members.models import State

ZONES = (
    "Atlantic/Cape_Verde", "Africa/Abidjan", "Africa/Lagos", "Africa/Casablanca", "Europe/Vienna", "America/New_York",
)  # fmt: skip
DAY = dt.date(2026, 6, 30)


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


@pytest.mark.parametrize("zone", ZONES)
def test_every_working_day_of_a_year_has_one_slot_at_a_good_hour(zone):
    """Each quarter of an hour of 2026, with every jump of the clocks."""
    holiday = dt.date(2026, 5, 1)
    days = Days(ZoneInfo(zone), frozenset({holiday}))
    slots = {}
    now = utc(2025, 12, 31)
    while now < utc(2027, 1, 2):
        for person in (1, 58, 59):
            slot = clock.morning(now, days, person)
            if slot:
                slots.setdefault((person, slot.occurrence), set()).add(slot.not_before)
                local = slot.not_before.astimezone(days.zone)
                assert clock.OPENS <= local.time() < clock.CLOSES
                assert local.weekday() <= clock.FRIDAY
                assert local.date().isoformat() == slot.occurrence
                assert slot.deadline > slot.not_before >= now
        now += dt.timedelta(minutes=15)
    year = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    working = {day.isoformat() for day in year if day.weekday() < 5 and day != holiday}
    for person in (1, 58, 59):
        assert {day for who, day in slots if who == person and day.startswith("2026")} == working


def test_a_mail_planned_late_leaves_at_once_and_no_later_than_the_last_call():
    days = Days(ZoneInfo("UTC"))
    assert clock.morning(utc(2026, 6, 30, 9, 40), days, 5).not_before == utc(2026, 6, 30, 9, 40)
    assert clock.morning(utc(2026, 6, 30, 6, 0), days, 5).not_before == utc(2026, 6, 30, 8, 5)
    assert clock.morning(utc(2026, 6, 30, 9, 45), days, 5) is None
    assert clock.morning(utc(2026, 6, 30, 5, 59), days, 5) is None


def test_what_is_urgent_leaves_by_day_on_any_day():
    days = Days(ZoneInfo("Africa/Lagos"), frozenset({dt.date(2026, 7, 4)}))
    saturday = utc(2026, 7, 4, 14, 30)
    assert clock.at_once(saturday, days) == clock.Slot(
        "2026-07-04 15:30", saturday.astimezone(days.zone), utc(2026, 7, 4, 19, 0).astimezone(days.zone)
    )
    assert clock.at_once(utc(2026, 7, 4, 5, 59), days) is None  # 6.59 in Lagos
    assert clock.at_once(utc(2026, 7, 4, 19, 0), days) is None


@pytest.mark.parametrize(
    ("passed", "offset"),
    [
        (-15, None), (-14, -14), (-4, -14), (-3, -3), (-1, -3), (0, 0), (6, 0), (7, 7), (27, 21), (28, 28), (57, 28),
        (58, 58), (400, 388),
    ],
)  # fmt: skip
def test_a_step_holds_until_the_next_one_and_late_ones_are_one(passed, offset):
    offsets = (-14, -3, 0, 7, 14, 21, 28)
    assert clock.reached(DAY, DAY + dt.timedelta(days=passed), offsets, 30) == offset


def test_without_repetition_the_last_step_holds():
    assert clock.reached(DAY, DAY + dt.timedelta(days=400), (3, 7)) == 7


def test_a_step_names_its_date():
    assert clock.step_key(DAY, -3) == "2026-06-30-3"
    assert clock.step_key(DAY, 7) == "2026-06-30+7"


def test_today_is_the_groups_day_in_whatever_zone_the_mail_is_composed():
    from django.utils import timezone

    with timezone.override("Pacific/Auckland"):
        assert clock.today(utc(2026, 6, 30, 20)) == DAY


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="two kinds"):
        registry.reminds(
            "meetings.action", about=State, lines=lambda person, targets, now: {}, title="", rule="", says={}
        )(lambda now, only: [])
