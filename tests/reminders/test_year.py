"""Hour by hour through the weeks in which the clocks of Casablanca (twice), New York and Vienna jump: each reminder
once, between eight and ten of a working day by her own clocks, in her language.

``make bench-reminders`` goes through the whole year for 120 people; what is pure, test_clock does for the year too.
"""

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from django.utils.translation import gettext

from iwg_portal.reminders.models import Reminded
from members.enums import Role
from members.models import StateHoliday
from tests.factories import MemberStateFactory, WorkingGroupFactory, person_with
from tests.reminders.test_clock import ZONES
from tests.reminders.world import action, at, tick

pytestmark = pytest.mark.django_db
LANGUAGES = ("en", "fr", "pt")
HOLIDAYS = (dt.date(2026, 3, 9), dt.date(2026, 4, 6))


def test_the_jumps_of_a_year_in_six_zones():
    WorkingGroupFactory()
    people, offices = [], {"starts_on": dt.date(2022, 1, 1), "confirmed_on": dt.date(2026, 12, 31)}
    for n, zone in enumerate(ZONES):
        state = MemberStateFactory(ui_language=LANGUAGES[n % 3])
        StateHoliday.objects.bulk_create(StateHoliday(state=state, on=day) for day in HOLIDAYS)
        row = {"zone": zone, "language": ""}  # her state's language
        person = person_with(Role.DELEGATE, state=state, person=row, **offices)
        people.append((person, state))
    for n, (person, state) in enumerate(people):
        # Around each jump of the clocks, and spread over the year.
        for month, day in ((2, 14), (2, 15), (3, 8), (3, 22), (3, 29)):
            action(dt.date(2026, month, day) + dt.timedelta(days=n % 2), person, state)
    states, mails = {person.pk: state for person, state in people}, Counter()
    now = at(2026, 2, 1)
    while now < at(2026, 4, 12):
        for person, _subject, text in tick(now):
            state = states[person.pk]
            local = now.astimezone(ZoneInfo(person.zone))
            assert 8 <= local.hour < 10
            assert local.weekday() < 5
            assert local.date() not in HOLIDAYS
            with translation.override(state.ui_language):
                assert gettext("Dear %(name)s,") % {"name": person} in text
            mails[person.pk, local.date()] += 1
        now += dt.timedelta(hours=1)
        if now.hour == 17:  # until four in the morning UTC none of them has a slot
            now += dt.timedelta(hours=11)
    assert set(mails.values()) == {1}, "one mail a day"
    assert not Reminded.objects.exclude(included=True).exists(), "nothing lost"
    for person, _state in people:
        steps = Counter(Reminded.objects.filter(person=person).values_list("target_id", "step"))
        assert set(steps.values()) == {1}
        assert len({target for target, _step in steps}) == 5
        assert len(steps) >= 20
