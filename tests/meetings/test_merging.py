"""Two texts that grew from one: nobody's words are lost, whatever both did."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from meetings.queries.merging import MOST_COMPARED, merge


def merged(base, theirs, mine):
    return merge(base=base, theirs=theirs, mine=mine, their_label="Text of Awa:", my_label="Text of Kofi:")


def test_changes_in_different_lines_are_both_taken():
    assert merged("one\ntwo\nthree", "ONE\ntwo\nthree", "one\ntwo\nTHREE").text == "ONE\ntwo\nTHREE"
    assert merged("one\ntwo", "ONE\ntwo", "one\nTWO").text == "ONE\nTWO"  # neighbours do not overlap
    assert not merged("one\ntwo", "ONE\ntwo", "one\nTWO").clash


def test_paragraphs_added_at_one_place_stand_one_after_the_other():
    found = merged("one", "one\n\nby Awa", "one\n\nby Kofi")
    assert found.text == "one\n\nby Awa\n\nby Kofi"
    assert not found.clash


def test_what_overlaps_is_kept_from_both_with_names():
    found = merged("one\ntwo", "one by Awa\ntwo", "one by Kofi\ntwo")
    assert found.clash
    assert found.text == "Text of Awa:\none by Awa\nText of Kofi:\none by Kofi\ntwo"


def test_a_deletion_takes_no_words_with_it_that_somebody_has_just_written():
    assert merged("one\ntwo", "one", "one\ntwo, and more").text == "one\ntwo, and more"
    assert merged("one\ntwo", "one\ntwo, and more", "one").text == "one\ntwo, and more"
    assert merged("one\ntwo\nthree", "three", "one\ntwo\nthree\nfour").text == "three\nfour"


def test_the_same_change_by_both_stands_once():
    assert merged("one\ntwo", "one\nTWO", "one\nTWO").text == "one\nTWO"
    assert merged("a\nb\nc\nd", "A\nb\nc\nD", "A\nb\nC\nd").text.startswith("A\n")


LINES = st.lists(st.sampled_from(["", "a", "b", "c", "long line"]), max_size=8).map("\n".join)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(base=LINES, theirs=LINES, mine=LINES)
def test_who_changed_nothing_changes_nothing(base, theirs, mine):
    assert merged(base, base, mine).text == mine
    assert merged(base, theirs, base).text == theirs
    assert merged(base, mine, mine).text == mine


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_no_new_line_of_anybody_is_ever_lost(data):
    """Each new line is unlike any other, so that it can be looked for; untouched lines of the base stay, in order."""
    size = data.draw(st.integers(1, 8))
    base = [f"base {number}" for number in range(size)]

    def edited(name):
        lines, touched = [], set()
        for number, line in enumerate(base):
            act = data.draw(st.sampled_from(["keep", "keep", "change", "remove", "before", "after"]))
            if act in ("change", "remove"):
                touched.add(line)
            lines += {
                "keep": [line],
                "change": [f"{name} {number}"],
                "remove": [],
                "before": [f"{name} before {number}", line],
                "after": [line, f"{name} after {number}"],
            }[act]
        return lines, touched

    theirs, they_touched = edited("Awa")
    mine, i_touched = edited("Kofi")
    found = merged("\n".join(base), "\n".join(theirs), "\n".join(mine)).text.split("\n")
    for line in [*theirs, *mine]:
        if not line.startswith("base"):
            assert line in found
    untouched = [line for line in base if line not in they_touched | i_touched]
    assert [line for line in found if line in untouched] == untouched
    for written in (theirs, mine):
        own = [line for line in written if not line.startswith("base")]
        assert [line for line in found if line in own] == own  # in the order in which they were written
    assert len(found) <= len(base) + len(theirs) + len(mine) + 2 * size


def test_texts_of_any_shape_take_no_time():
    many = [str(number) for number in range(10_000)]
    started = time.perf_counter()
    found = merged("\n".join(many), "\n".join(reversed(many)), "\n".join(many[1::2] + many[::2]))
    assert time.perf_counter() - started < 2
    assert found.clash
    few = many[: MOST_COMPARED - 10]
    merged("\n".join(few), "\n".join(reversed(few)), "\n".join(few[1::2] + few[::2]))
    assert time.perf_counter() - started < 6
