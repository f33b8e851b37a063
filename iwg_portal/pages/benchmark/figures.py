"""The figures of a run: printed as they come, and kept for BENCH_JSON."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """``target`` in words, such as "≤ 12"; ``met`` is None where there is no target."""

    name: str
    value: float
    unit: str
    target: str
    met: bool | None


class Figures:
    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say
        self.all: list[Figure] = []

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        at_most: float | None = None,
        *,
        at_least: float | None = None,
        shown: bool = True,
    ) -> float:
        """Keep a figure, rounded to what is meant; the target is met from ``at_least`` to ``at_most``."""
        value = round(value, 3 if unit == "ratio" else 2)
        low, high = at_least is None or value >= at_least, at_most is None or value <= at_most
        met = None if at_most is None and at_least is None else low and high
        signs = (("≥", at_least), ("≤", at_most))
        target = " ".join(f"{sign} {limit:g}" for sign, limit in signs if limit is not None)
        self.all.append(Figure(name, value, unit, target, met))
        if shown:
            self.say(f"  {name:<58} {value:>10g} {unit:<8} {self._judged(target, met)}".rstrip())
        return value

    @staticmethod
    def _judged(target: str, met: bool | None) -> str:
        return "" if met is None else f"{target:<8} {'met' if met else 'MISSED'}"

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([asdict(figure) for figure in self.all], indent=1, ensure_ascii=False) + "\n")

    @property
    def missed(self) -> list[str]:
        return [figure.name for figure in self.all if figure.met is False]

    def summary(self) -> str:
        judged, missed = [figure for figure in self.all if figure.met is not None], self.missed
        return f"{len(judged) - len(missed)} of {len(judged)} targets met" + (
            f"; missed: {'; '.join(missed)}." if missed else "."
        )

    def exit_code(self, problems: Sequence[str] = ()) -> int:
        """Of the process: 1 where a target is missed, or where the run itself had ``problems``."""
        return 1 if problems or self.missed else 0
