"""What a digest tells of status and figures: who reported, never what; and of what is not for all only that it is."""

import datetime as dt

import pytest
import time_machine

from iwg_portal.reminders.digests import TOPICS
from tests.factories import RoundFactory, StatusReportFactory, declare, framework

pytestmark = pytest.mark.django_db
SINCE, UNTIL = dt.datetime(2026, 6, 22, 6, tzinfo=dt.UTC), dt.datetime(2026, 6, 29, 6, tzinfo=dt.UTC)
WITHIN, BEFORE = (dt.datetime(2026, 6, day, 12, tzinfo=dt.UTC) for day in (24, 20))


def told(cast, part, name, **only):
    with time_machine.travel(UNTIL, tick=False):
        return [line.text for line in TOPICS[name].lines(cast.person(part), SINCE, UNTIL, only)]


def report(at, **row):
    with time_machine.travel(at, tick=False):
        return StatusReportFactory(**row)


def test_status_by_state_where_the_whole_group_reads_it(cast):
    report(WITHIN, state=cast.own, kind="advpax", audience="group")
    report(WITHIN, state=cast.own, kind="pnr", audience="group")
    report(BEFORE, state=cast.other, kind="pnr", audience="group")
    assert told(cast, "observer", "capabilities.status") == ["Ownland reported its status anew (API, PNR)."]


def test_status_for_some_is_neither_named_nor_told_to_others(cast):
    report(WITHIN, state=cast.own, kind="pnr", audience="members")
    report(WITHIN, state=cast.other, kind="pnr", audience="delegation")
    hidden = ["There are new reports of status that are not for the whole group."]
    assert told(cast, "observer", "capabilities.status") == []
    assert told(cast, "own_delegate", "capabilities.status") == hidden
    assert told(cast, "other_delegate", "capabilities.status") == hidden


def test_one_that_was_corrected_within_the_week_is_told_once(cast):
    report(WITHIN, state=cast.own, kind="pnr", audience="group")
    report(WITHIN + dt.timedelta(hours=1), state=cast.own, kind="pnr", delivery="planned", audience="group")
    assert told(cast, "partner", "capabilities.status") == ["Ownland reported its status anew (PNR)."]


@pytest.mark.parametrize(
    ("part", "sees"), [("own_delegate", True), ("other_delegate", True), ("secretariat", True), ("observer", False)]
)
def test_figures_are_told_by_round_to_who_reads_them(cast, part, sees):
    year = RoundFactory(year=2026, edition=framework())
    for state in (cast.own, cast.other):
        row = declare(state, year, 2, audience="members")
        type(row).objects.filter(pk=row.pk).update(published_at=WITHIN)
    old = declare(cast.own, RoundFactory(year=2024, edition=year.edition), 2, audience="members")
    type(old).objects.filter(pk=old.pk).update(published_at=BEFORE)
    expected = ["New figures of the round 2026 were published."] if sees else []
    assert told(cast, part, "capabilities.figures") == expected


def test_whoever_follows_one_state_is_told_of_its_status(cast):
    for state in (cast.own, cast.other):
        report(WITHIN, state=state, kind="pnr", audience="group")
    chosen = frozenset({cast.other.alpha2})
    assert told(cast, "partner", "capabilities.status", states=chosen) == ["Otherland reported its status anew (PNR)."]
