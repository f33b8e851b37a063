"""What a state released: its own decisions, and the group's defaults where it took none."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from capabilities.models import HEADLINE, Release
from members.access import DEFAULT_AUDIENCE
from members.enums import Audience


@dataclass(frozen=True)
class Uses:
    """For one area, or the headline status: who reads it, whether it counts in the median, whether it is named."""

    audience: Audience
    in_average: bool = True
    named: bool = False
    since: dt.datetime | None = None
    by: str = ""

    def same(self, other: Uses) -> bool:
        return replace(self, since=None, by="") == replace(other, since=None, by="")


@dataclass(frozen=True)
class Released:
    """One state's decisions by area code."""

    uses: Mapping[str, Uses]

    def of(self, area_code: str) -> Uses:
        held = self.uses.get(area_code)
        return held or Uses(DEFAULT_AUDIENCE["answer" if area_code != HEADLINE else "status"])

    @property
    def digest(self) -> str:
        """Equal for equal decisions: what a confirmation refers to."""
        parts = sorted((code, str(u.audience), u.in_average, u.named) for code, u in self.uses.items())
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def released(state_id: int) -> Released:
    """One query."""
    rows = Release.objects.filter(state=state_id).select_related("by")
    return Released({row.area_code: _uses(row) for row in rows})


def withheld_from_average(state_ids: Iterable[int]) -> set[tuple[int, str]]:
    """(state, area code) of what may not count. One query."""
    rows = Release.objects.filter(state__in=list(state_ids), in_average=False)
    return set(rows.values_list("state_id", "area_code"))


def _uses(row: Release) -> Uses:
    return Uses(Audience(row.audience), row.in_average, row.named, row.since, str(row.by) if row.by else "")


def named(state_ids: Iterable[int]) -> set[tuple[int, str]]:
    """(state, area code) of what the summary may name; the area code of the status is ``HEADLINE``. One query."""
    rows = Release.objects.filter(state__in=list(state_ids), named=True)
    return set(rows.values_list("state_id", "area_code"))
