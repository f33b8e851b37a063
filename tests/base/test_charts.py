"""Marks and charts: escaped, readable without colour, the right colour class, nothing inline."""

import datetime as dt
import re

import pytest
from django.utils import translation
from django.utils.safestring import SafeString

from iwg_portal.base import cells, charts, marks

HOSTILE = "<script>\"&'"
ROUNDS: list[charts.Point] = [("2023", 1.0, 0.5, 1.5), ("2024", None, None, None), ("2025", 2.0, 1.0, 3.0)]


@pytest.mark.parametrize(
    "markup",
    [
        cells.chip("pilot", HOSTILE),
        cells.cell(HOSTILE),
        cells.heat_table([(HOSTILE,) * 2], [(*(HOSTILE,) * 3, [])], caption=HOSTILE, corner=HOSTILE, key="k"),
        charts.stacked_bar([("pilot", HOSTILE, 1)], 2, HOSTILE),
        charts.legend([("pilot", HOSTILE, 1)]),
        charts.level_legend([(0, HOSTILE)]),
        charts.ladder(HOSTILE, [(HOSTILE, "current")]),
        charts.range_strip(1, 0, 1, 2, HOSTILE),
        charts.spark([(HOSTILE, 1.0, None, None)], HOSTILE, wide=True),
        charts.progress(1, 2, HOSTILE),
        charts.region_map([("GH", HOSTILE, HOSTILE, HOSTILE)], HOSTILE, HOSTILE),
        marks.term(HOSTILE, HOSTILE, "t1"),
    ],
)  # fmt: skip
def test_everything_that_comes_in_is_escaped_and_nothing_is_inline(markup: SafeString) -> None:
    assert isinstance(markup, SafeString)
    assert "<script" not in markup
    assert not re.search(r'="[^"]*<', markup)
    assert " style=" not in markup


@pytest.mark.parametrize(
    ("value", "kind", "css"),
    [(0, "", "l0"), (2.4, "", "l2"), (2.5, "", "l3"), (4, "", "l4"), (None, "", "lnd"), (None, "na", "lna")],
)
def test_a_level_has_the_colour_of_the_nearest_level(value: float | None, kind: str, css: str) -> None:
    assert cells.level_class(value, kind) == f"iwg-{css}"


def test_not_declared_is_words_and_never_a_zero() -> None:
    markup = cells.level_cell(None)
    assert "not declared" in markup
    assert ">0<" not in markup


def test_figures_follow_the_language() -> None:
    assert ">2.4<" in cells.level_cell(2.4, places=1)
    with translation.override("fr"):
        assert ">2,4<" in cells.level_cell(2.4, places=1)


def test_a_change_is_said_and_not_only_drawn() -> None:
    assert "down 0.4 since 2025" in cells.change(-0.4, "2025", arrow_only=True)
    assert "no change" in cells.change(0.0)
    assert cells.change(None) == ""


def test_a_bar_reads_every_count_and_hatches_what_is_unknown() -> None:
    markup = charts.stacked_bar([("pilot", "Pilot", 3), ("none", "None", 0), ("nd", "No report", 1)], 4, "API")
    assert 'aria-label="API: Pilot 3, No report 1"' in markup
    assert 'fill="url(#iwg-hatch)"' in markup
    assert "iwg-s-none" not in markup


def test_a_strip_without_a_figure_has_no_dot() -> None:
    assert "circle" not in charts.range_strip(None, 1, 2, 3, "Law")
    assert "not declared" in charts.range_strip(None, None, None, None, "Law")


def test_a_line_breaks_where_there_is_no_figure_and_where_the_edition_changes() -> None:
    assert "polyline" not in charts.spark(ROUNDS, "Law")
    joined: list[charts.Point] = [("2024", 1.0, None, None), ("2025", 2.0, None, None)]
    assert "polyline" in charts.spark(joined, "Law")
    broken = charts.spark(joined, "Law", breaks={1})
    assert "polyline" not in broken
    assert "framework edition" in broken


def test_a_state_without_a_shape_is_left_out_of_the_map() -> None:
    markup = charts.region_map(
        [("GH", "pilot", "/gh/", "Ghana: Pilot"), ("FR", "pilot", "", "France")], "Map", "/m.svg"
    )
    assert "<title>Ghana: Pilot</title>" in markup
    assert "France" not in markup


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (dt.date(2025, 6, 2), "less than 12 months old"),
        (dt.date(2025, 5, 31), "older than 12 months"),
        (dt.date(2024, 5, 31), "older than 24 months"),
        (None, "no date"),
    ],
)
def test_the_age_of_a_fact_is_said_in_words(day: dt.date | None, words: str) -> None:
    assert words in marks.age(day, dt.date(2026, 6, 1))


def test_age_on_the_last_day_of_february() -> None:
    assert "less than 12" in marks.age(dt.date(2023, 3, 1), dt.date(2024, 2, 29))


@pytest.mark.parametrize(("hours", "name"), [(0, "UTC"), (-1, "UTC-1"), (5, "UTC+5")])
def test_a_zone_without_letters_gets_them(hours: int, name: str) -> None:
    offset = f"{hours:+03d}" if hours else "UTC"
    zone = dt.timezone(dt.timedelta(hours=hours), offset)
    assert marks.zone(dt.datetime(2026, 1, 1, tzinfo=zone)) == name
