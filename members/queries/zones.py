"""Time zones to choose from, with the likely one first."""

from __future__ import annotations

import zoneinfo
from functools import cache

from members.models import State

# The capital's zone of the states of the region and its neighbours (IANA).
OF_A_STATE = {
    "BJ": "Africa/Porto-Novo",
    "BF": "Africa/Ouagadougou",
    "CV": "Atlantic/Cape_Verde",
    "CI": "Africa/Abidjan",
    "CM": "Africa/Douala",
    "GA": "Africa/Libreville",
    "GH": "Africa/Accra",
    "GM": "Africa/Banjul",
    "GN": "Africa/Conakry",
    "GW": "Africa/Bissau",
    "LR": "Africa/Monrovia",
    "ML": "Africa/Bamako",
    "MR": "Africa/Nouakchott",
    "NE": "Africa/Niamey",
    "NG": "Africa/Lagos",
    "SL": "Africa/Freetown",
    "SN": "Africa/Dakar",
    "ST": "Africa/Sao_Tome",
    "TD": "Africa/Ndjamena",
    "TG": "Africa/Lome",
}
_PARTS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@cache
def all_zones() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in zoneinfo.available_timezones() if zone.startswith(_PARTS)))


def likely_zone(state: State | None, otherwise: str) -> str:
    """The zone of the state's capital, else ``otherwise`` (the group's)."""
    return OF_A_STATE.get(state.alpha2, otherwise) if state else otherwise


def choices(likely: str) -> list[tuple[str, str]]:
    """Every zone of the continents, ``likely`` first, then Africa, each shown without underscores."""
    africa_first = sorted(all_zones(), key=lambda zone: (zone != likely, not zone.startswith("Africa/"), zone))
    return [(zone, zone.replace("_", " ")) for zone in africa_first]
