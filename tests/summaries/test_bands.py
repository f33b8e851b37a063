"""The attack on aggregated summaries: one contributing state, or two together, with every paper and the rules in hand.

``possible`` is an exact solver: it goes through *every* world that agrees with what the attackers know, lets the same
code publish it, and keeps those in which all papers read the same. States of which she knows nothing can change places,
so a world is a multiset of histories. A state is given away when one value alone is left for it.
"""

import random
from itertools import combinations_with_replacement, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iwg_portal.summaries import bands
from iwg_portal.summaries.bands import ABSENT, BANDS, LEAST, band

CLASSES = ("before", "way", "working")
STEPS = (*CLASSES, ABSENT)
LEVELS = (*range(9), ABSENT)
# To go through twice as fast: what lies beyond the ends is said in one word.
ENDS = (2, 3, 4, 5, 6, ABSENT)


def present(values):
    return {state: value for state, value in values.items() if value != ABSENT}


def ladder(values, open_, earlier):
    return bands.counts(present(values), classes=CLASSES, of=len(values), open_=open_, earlier=earlier)


def level(values, open_, earlier):
    return bands.middle(present(values), of=len(values), open_=open_, earlier=earlier)


def papers(figure, histories, open_=()):
    """``histories``: state → its value in each paper. What each paper says."""
    said, held = [], None
    for values in zip(*histories.values(), strict=True):
        held = figure(dict(zip(histories, values, strict=True)), open_, held)
        said.append(held.said)
    return said


def possible(figure, histories, known, domain, open_=(), constant=()):
    """state → per paper the values that it may have had. ``known``: whose histories she knows. ``constant``: who did
    not change, as she happens to know too."""
    length = len(next(iter(histories.values())))
    seen = papers(figure, histories, open_)
    kinds = {
        True: [(value,) * length for value in domain],
        False: list(product(domain, repeat=length)),
    }
    unknown = {
        still: [state for state in histories if state not in known and (state in constant) == still]
        for still in (True, False)
    }
    found = {state: [set() for _paper in range(length)] for states in unknown.values() for state in states}
    choices = [combinations_with_replacement(kinds[still], len(unknown[still])) for still in (True, False)]
    for still, moving in product(*choices):
        world = {**histories, **dict(zip(unknown[True], still, strict=True))}
        world |= dict(zip(unknown[False], moving, strict=True))
        if papers(figure, world, open_) != seen:
            continue
        for states, given_ in ((unknown[True], still), (unknown[False], moving)):
            for place in range(length):
                values = {history[place] for history in given_}
                for state in states:
                    found[state][place] |= values
    return found


def given_away(found, *, paper=None):
    return [
        (state, place)
        for state, places in found.items()
        for place, values in enumerate(places)
        if len(values) < 2 and paper in (None, place)
    ]


def world(chance, size, domain, length=1):
    """Leaning to the ends: a region in which nearly all are alike is what gives most away."""
    favourites = [chance.choice(domain) for _paper in range(length)]
    lean = chance.choice((0.3, 0.8, 1.0))
    return {
        f"S{n:02}": tuple(
            favourite if n > 1 and chance.random() < lean else chance.choice(domain) for favourite in favourites
        )
        for n in range(size)
    }


# -- One paper --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colluding", [1, 2])
@settings(max_examples=250, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(7, 16))
def test_one_paper_never_says_where_a_state_stands(colluding, seed, size):
    histories = world(random.Random(seed), size, STEPS)
    known = set(list(histories)[:colluding])
    assert given_away(possible(ladder, histories, known, STEPS)) == []


@pytest.mark.parametrize("colluding", [1, 2])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(7, 10))
def test_one_paper_never_says_a_level_not_even_that_it_is_low_or_high(colluding, seed, size):
    histories = world(random.Random(seed), size, ENDS)
    known = set(list(histories)[:colluding])
    assert given_away(possible(level, histories, known, ENDS)) == []


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(8, 16), open_count=st.integers(1, 10))
def test_nor_does_it_to_who_reads_all_levels_that_are_open_to_the_group(seed, size, open_count):
    """She knows of all others but the hidden ones, and two of these are hers. Half steps: not which one it is."""
    chance = random.Random(seed)
    size = max(size, open_count + LEAST) if chance.random() < 0.7 else size
    histories = world(chance, size, LEVELS)
    states = list(histories)
    open_ = {state for state in states[2 : 2 + open_count] if histories[state][0] != ABSENT}
    hidden = [state for state in states if state not in open_]
    known = {*open_, *hidden[:2], *hidden[7:]}  # five that she does not know: the fewest that there can be
    assert given_away(possible(level, histories, known, LEVELS, open_)) == []


# -- Several papers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", [ladder, level])
@pytest.mark.parametrize("seed", range(6))
def test_two_papers_side_by_side_say_no_more(figure, seed):
    """In the smallest region there can be, where all that is said is said of seven."""
    chance = random.Random(seed)
    domain = STEPS if figure is ladder else (2, 4, 6, ABSENT)
    histories = world(chance, 7, domain, length=2)
    if seed % 2:  # all of them change, so that there are two figures
        histories = {state: (one, domain[domain.index(one) - 1]) for state, (one, _other) in histories.items()}
    assert given_away(possible(figure, histories, {"S00", "S01"}, domain)) == []


@pytest.mark.parametrize("seed", range(3))
def test_nor_to_who_reads_the_open_levels_in_both(seed):
    chance = random.Random(seed)
    histories = world(chance, 14, (1, 2, 6, 7), length=2)
    open_ = {f"S{n:02}" for n in range(7)}
    known = {*open_, "S07", "S08"}
    assert given_away(possible(level, histories, known, (1, 2, 6, 7), open_)) == []


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(7, 20), changing=st.integers(1, LEAST - 1), figure=st.booleans())
def test_who_knows_which_few_states_changed_reads_the_same_paper_again(seed, size, changing, figure):
    """Whatever fewer than seven do, the attackers themselves among them: come, go, rise, or open what they hid."""
    chance = random.Random(seed)
    make, domain = (ladder, STEPS) if figure else (level, LEVELS)
    before = {state: history[0] for state, history in world(chance, size, domain).items()}
    moved = chance.sample(list(before), min(changing, size))
    after = {**before, **{state: chance.choice(domain) for state in moved}}
    open_ = {state for state in before if chance.random() < chance.choice((0, 0.5))}
    first = make(before, open_, None)
    assert make(after, open_, first).said == first.said
    # In small steps neither: what counts is the distance from what the figure was made of.
    half = {**before, **{state: after[state] for state in moved[: changing // 2]}}
    assert make(after, open_, make(half, open_, first)).said == first.said


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), openly=st.integers(0, 12), unseen=st.integers(1, LEAST - 1))
def test_a_change_of_few_hidden_states_does_not_ride_along_with_that_of_open_ones(seed, openly, unseen):
    chance = random.Random(seed)
    before = {f"S{n:02}": chance.choice(LEVELS[:-1]) for n in range(22)}
    states = list(before)
    open_, hidden = set(states[:12]), states[12:]
    after = dict(before)
    for state in [*states[:openly], *hidden[:unseen]]:
        after[state] = (before[state] + chance.randint(1, 8)) % 9
    first = level(before, open_, None)
    assert level(after, open_, first) is first


def test_a_state_that_joins_or_leaves_is_not_worked_out_from_two_papers():
    """She knows that none but one changed. What she may think of it is the same with the second paper as without."""
    chance = random.Random(3)
    for _round in range(12):
        histories = {state: history * 2 for state, history in world(chance, 8, STEPS).items()}
        histories["S07"] = (chance.choice(STEPS), chance.choice(STEPS))
        constant = {state for state in histories if state != "S07"}
        found = possible(ladder, histories, {"S00", "S01"}, STEPS, constant=constant)
        assert found["S07"][1] == set(STEPS)
        assert given_away(found) == []


def test_enough_changes_make_it_anew():
    states = [f"S{n:02}" for n in range(16)]
    first = ladder(dict.fromkeys(states, "before"), (), None)
    assert first.said == {"before": "most", "way": "few", "working": "few", ABSENT: "few"}
    after = {state: "working" if n < LEAST else "before" for n, state in enumerate(states)}
    assert ladder(after, (), first).said == {"before": "many", "way": "few", "working": "some", ABSENT: "few"}


# -- The solver finds what there is to find ---------------------------------------------------------------------------


def search(figure, domain, *, size, constant=(), histories=None):
    for seed in range(400):
        made = histories or world(random.Random(seed), size, domain, length=2 if constant else 1)
        found = possible(figure, made, {"S00", "S01"}, domain, constant=constant)
        if given_away(found):
            return True
    return False


def test_with_five_states_instead_of_seven_two_attackers_would_learn_a_value(monkeypatch):
    monkeypatch.setattr(bands, "LEAST", 5)
    assert search(level, ENDS, size=5)


def test_with_a_lowest_band_without_room_they_would_too(monkeypatch):
    monkeypatch.setattr(bands, "band", lambda count, of: "none" if not count else "all" if count == of else "some")
    assert search(ladder, STEPS, size=7)


def test_with_figures_that_are_always_made_anew_the_difference_would_tell(monkeypatch):
    monkeypatch.setattr(
        bands, "_renewed", lambda values, open_, earlier, say: bands.Held(say(values), values, frozenset())
    )
    before = ["before", "before", "working", "working", "working", "working", "before", ABSENT]
    histories = {f"S{n:02}": (step, step) for n, step in enumerate(before)}
    histories["S07"] = (ABSENT, "working")
    constant = set(histories) - {"S07"}
    found = possible(ladder, histories, {"S00", "S01"}, STEPS, constant=constant)
    assert given_away(found, paper=1) == [("S07", 1)]


# -- Bands ------------------------------------------------------------------------------------------------------------


def test_bands_are_in_order_and_have_room_at_both_ends():
    for of in range(LEAST, 60):
        said = [band(count, of) for count in range(of + 1)]
        assert all(BANDS.index(one) <= BANDS.index(other) for one, other in pairwise(said))
        assert said.count("few") >= 4
        assert said.count("most") >= 4
    assert [band(count, 16) for count in (0, 4, 5, 8, 9, 11, 12, 16)] == [
        "few", "few", "some", "some", "many", "many", "most", "most",
    ]  # fmt: skip


def test_too_few_states_say_nothing():
    six = {f"S{n}": "working" if n < 6 else ABSENT for n in range(16)}
    assert ladder(six, (), None).said is None
    assert level({state: 4 if value != ABSENT else ABSENT for state, value in six.items()}, (), None).said is None


def test_few_hidden_ones_are_left_out_and_seven_count():
    ten = {f"S{n:02}": 6 for n in range(10)}
    for hidden, share in ((6, "many"), (7, "most")):
        values = ten | {f"T{n:02}": 2 for n in range(hidden)}
        assert bands.middle(values, of=len(values), open_=set(ten)).said == {"middle": 6, "share": share}


def test_the_seventh_hidden_state_does_not_bring_the_six_others_in():
    """One joins, and all seven would count at once: the difference is that of one."""
    before = {f"S{n:02}": 6 for n in range(10)} | {f"T{n:02}": 2 for n in range(6)}
    first = bands.middle(before, of=20, open_={f"S{n:02}" for n in range(10)})
    assert bands.middle({**before, "T06": 0}, of=20, open_=first.open_, earlier=first) is first


def test_what_was_open_and_is_closed_again_is_still_known():
    levels = {f"S{n:02}": 6 for n in range(10)} | {f"T{n:02}": 2 for n in range(6)}
    first = bands.middle(levels, of=16, open_={f"S{n:02}" for n in range(10)})
    after = {state: 8 if state < "S09" else value for state, value in levels.items()}
    second = bands.middle(after, of=16, open_={f"S{n:02}" for n in range(9)}, earlier=first)
    assert second is not first
    assert second.said["share"] == "many"  # the six of T, with S09 seven, do not count
