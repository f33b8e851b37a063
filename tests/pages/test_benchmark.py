"""The benchmarks: a target that is missed is never a success."""

import pytest

from iwg_portal.pages.benchmark.figures import Figures
from iwg_portal.pages.benchmark.load import Server
from iwg_portal.pages.benchmark.record import Desk, Editor, Field, judge
from tests.factories import BlockFactory, ItemFactory, MeetingFactory


@pytest.mark.parametrize(
    ("value", "limits", "met"),
    [
        (3, {}, None),
        (3, {"at_most": 3}, True),
        (3.1, {"at_most": 3}, False),
        (3, {"at_least": 3}, True),
        (2, {"at_least": 3}, False),
        (5, {"at_least": 3, "at_most": 4}, False),
    ],
)
def test_a_target_has_two_ends(value, limits, met):
    said = []
    figures = Figures(said.append)
    figures.add("a figure", value, "s", **limits)
    assert (figures.all[0].met, figures.exit_code()) == (met, int(met is False))
    assert ("MISSED" in said[0]) is (met is False)
    assert figures.exit_code(["A: it broke"]) == 1


def hour(*, blocks=3, lost="", seconds=0.1):
    """What was measured of a record of three blocks that was written by one editor; ``lost``: a word of hers that is
    nowhere."""
    item = ItemFactory(meeting=MeetingFactory(state="running"))
    rows = [BlockFactory(item=item, text=f"A{n}xffffff") for n in range(3)]
    revisions = [str(row.revisions.get().client_id) for row in rows]
    desk = Desk(Server(0, 1), item.meeting_id, [item.pk], blocks, seconds=[seconds] * 100)
    desk.receipts = dict.fromkeys(revisions, 1)
    editor = Editor("A", desk, "", 1, 0)
    editor.fields = {str(row.pk): Field(item.pk) for row in rows}
    editor.typed = [row.text for row in rows] + ([lost] if lost else [])
    figures = Figures(lambda line: None)
    judge(desk, [editor], figures)
    return figures


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({}, []),
        ({"lost": "A9xabcdef"}, ["characters lost"]),
        ({"seconds": 0.151}, ["save: p95"]),
        ({"blocks": 4}, ["blocks"]),
    ],
)
def test_the_hour_at_the_record_fails_with_each_target(changes, missed):
    figures = hour(**changes)
    assert figures.missed == missed
    assert figures.exit_code() == (1 if missed else 0)
