"""The first of a month, as each language writes it, wherever a date is shown."""

import datetime as dt

import pytest
from django.template import Context, Template
from django.utils import translation

from iwg_portal.base.dates import date_format
from meetings.queries.meetings import days

NEW_YEAR = dt.date(2027, 1, 1)


@pytest.mark.parametrize(
    ("language", "long", "short"),
    [
        ("en", "1 January 2027", "1 Jan 2027"),
        ("fr", "1er janvier 2027", "1er jan. 2027"),
        ("pt", "1 de janeiro de 2027", "01/01/2027"),
    ],
)
def test_the_first_of_a_month(language, long, short):
    shown = "{% day on %}|{% day on short=True %}|{{ on|date }}|{{ on|date:'DATE_FORMAT' }}|{{ on|date:'Y-m-d' }}"
    with translation.override(language):
        assert date_format(NEW_YEAR, "DATE_FORMAT") == long
        assert date_format(NEW_YEAR, "SHORT_DATE_FORMAT") == short
        of_tag, of_short, plain, named, machine = Template(shown).render(Context({"on": NEW_YEAR})).split("|")
    assert f">{long}<" in of_tag
    assert f">{short}<" in of_short
    assert (plain, named, machine) == (long, long, "2027-01-01")


def test_only_the_first_and_at_the_hour_too():
    moment = dt.datetime(2027, 1, 1, 9, 30, tzinfo=dt.UTC)
    with translation.override("fr"):
        assert date_format(moment, "DATETIME_FORMAT") == "1er janvier 2027, 09:30"
        assert date_format(moment, "H:i") == "09:30"
        for number in (2, 10, 11, 21, 31):
            assert date_format(NEW_YEAR.replace(day=number), "DATE_FORMAT") == f"{number} janvier 2027"


def test_several_days_that_begin_with_the_first():
    with translation.override("fr"):
        assert days(NEW_YEAR, NEW_YEAR.replace(day=3)) == "1er–3 janvier 2027"
        assert days(dt.date(2026, 12, 31), NEW_YEAR) == "31 décembre 2026 – 1er janvier 2027"
        assert days(NEW_YEAR, dt.date(2027, 2, 1)) == "1er janvier – 1er février 2027"


def test_what_is_no_day_shows_nothing():
    assert Template("{{ on|date }}").render(Context({"on": None})) == ""


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "Ghana: yes"), ("fr", "Ghana\u00a0: yes"), ("pt", "Ghana: yes")]
)
def test_a_colon_between_a_name_and_what_is_said_of_it(language, shown):
    with translation.override(language):
        assert Template("{{ name }}{% colon %}yes").render(Context({"name": "Ghana"})) == shown
