"""What an aggregated summary may say of its states: bands, and when a figure is made anew. Pure: asks nothing.

The reader to fear is a contributing state, or two that put together what they know: they take themselves out of every
figure, and they have all papers. So a figure needs five states *besides* two, the lowest and the highest band are wide
enough for one more state on either side, and a figure is made anew only when seven states have changed what it is made
of; until then the earlier one stands, word for word. What the group reads of a state elsewhere (``open_``) is taken as
known to everybody: of the others there must be seven as well, or none of them counts. The attack is tests/summaries/
test_bands.py. Source: the group's access table, §4, which asks for five.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COLLUDING = 2  # contributing states that may put together what they know
LEAST = 5 + COLLUDING  # states that a figure is made of, and that must differ before it is made anew
ABSENT = "absent"  # did not report, or does not share: one and the same
FEW, SOME, MANY, MOST = "few", "some", "many", "most"
BANDS = (FEW, SOME, MANY, MOST)
WIDE = 12  # states from which on what lies between few and most is told in two bands
LOWEST, HIGHEST = 2, 6  # half steps: what lies beyond is said as "1.0 or lower", "3.0 or higher"
Said = dict[str, Any]
"""What stands in a paper. Of counts: class → band, the absent ones among them. Of levels: ``middle``, in half steps
from LOWEST to HIGHEST, and ``share``, the band of those that contribute."""


@dataclass(frozen=True)
class Held:
    """A figure as it was said last (None: too few states), and what each contributing state had then: class or half
    steps, of those in ``open_`` known to the whole group."""

    said: Said | None
    values: Mapping[str, Any]
    open_: frozenset[str]


def band(count: int, of: int) -> str:
    """Of ``of`` member states. "Few" begins at none and "most" ends at all, so that neither is ever said."""
    low = max(COLLUDING + 1, of // 4)
    if count <= low:
        return FEW
    if count >= min(of - low, of - of // 4):
        return MOST
    return MANY if of >= WIDE and count * 2 > of else SOME


def half_steps(mean: float) -> int:
    """A mean from 0 to 4 in half steps, half away from zero."""
    return int(mean * 2 + 0.5)


def counts(
    values: Mapping[str, str],
    *,
    classes: Sequence[str],
    of: int,
    open_: Collection[str] = frozenset(),
    earlier: Held | None = None,
) -> Held:
    """How many of ``of`` member states are in each class: ``values`` holds the class of each that contributes."""

    def say(counted: Mapping[str, Any]) -> Said:
        found = Counter(counted.values())
        found[ABSENT] = of - len(counted)
        return {each: band(found[each], of) for each in (*classes, ABSENT)}

    return _renewed(values, open_, earlier, say)


def middle(
    values: Mapping[str, int], *, of: int, open_: Collection[str] = frozenset(), earlier: Held | None = None
) -> Held:
    """The middle one of ``values`` (half steps); of an even number the lower of the two in the middle."""

    def say(counted: Mapping[str, Any]) -> Said:
        ordered = sorted(counted.values())
        value = ordered[(len(ordered) - 1) // 2]
        return {"middle": min(HIGHEST, max(LOWEST, value)), "share": band(len(ordered), of)}

    return _renewed(values, open_, earlier, say)


def _renewed(
    values: Mapping[str, Any], open_: Collection[str], earlier: Held | None, say: Callable[[Mapping[str, Any]], Said]
) -> Held:
    known = frozenset(state for state in values if state in open_ or _was_open(state, values, earlier))
    if earlier is not None:
        differ = {state for state in {*values, *earlier.values} if values.get(state) != earlier.values.get(state)}
        secret = (set(values) - known) | (set(earlier.values) - earlier.open_)
        unseen = differ & secret
        if len(differ) < LEAST or 0 < len(unseen) < LEAST:
            return earlier
    hidden = len(values) - len(known)
    # So few could be worked out from what is known of the others.
    counted = {state: value for state, value in values.items() if state in known} if hidden < LEAST else values
    return Held(say(counted) if len(counted) >= LEAST else None, dict(values), known)


def _was_open(state: str, values: Mapping[str, Any], earlier: Held | None) -> bool:
    """What was once open and is still the same is no secret any more."""
    return earlier is not None and state in earlier.open_ and earlier.values.get(state) == values[state]
