"""Load the group, its states and its partners from data files. Safe to run again: it changes what differs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from iwg_portal.activity.log import record
from members.enums import ParticipationKind
from members.models import Organisation, Participation, Person, State, WorkingGroup
from members.sorting import fold_name

DATA = Path(__file__).resolve().parent.parent / "data"
LANGUAGES = ("en", "fr", "pt")


def in_languages(field: str, texts: dict[str, str] | None) -> dict[str, str]:
    """``{"en": …}`` → ``{"field_en": …, "field_fr": …, "field_pt": …}``, empty where nothing is given."""
    return {f"{field}_{language}": (texts or {}).get(language) or "" for language in LANGUAGES}


@transaction.atomic
def load_group(*, by: Person | None, path: Path = DATA / "working-group.yaml") -> WorkingGroup:
    """Create the group where it is missing; an existing one is the group's own and stays as edited."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    group, created = WorkingGroup.objects.get_or_create(
        id=1,
        defaults={
            **in_languages("name", data["name"]),
            **in_languages("short_name", data["short_name"]),
            **in_languages("subtitle", data["subtitle"]),
            "zone": data["zone"],
            "languages": data["languages"],
            "quorum_numerator": data["quorum"]["numerator"],
            "quorum_denominator": data["quorum"]["denominator"],
            "founded_on": data["founded_on"],
        },
    )
    if created:
        record("reference.loaded", by=by, target=group)
    return group


@transaction.atomic
def load_states(*, by: Person | None, path: Path = DATA / "states.yaml") -> tuple[int, int]:
    """States, observer candidates (known, without participation) and partners.

    Returns how many rows were created and changed. A state that never took part becomes a member from the day on
    which the group was founded; participation that exists is dated data of the group and is left alone.
    """
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    group = WorkingGroup.objects.get(id=1)
    outcome = {"created": 0, "changed": 0}
    for entry in data["states"]:
        state = _state(entry, outcome)
        if not state.participations.exists():
            _join(state, group.founded_on)
    for entry in data["observer_candidates"]:
        _state(entry, outcome)
    for entry in data["partners"]:
        _save(
            Organisation,
            {"key": entry["key"].lower()},
            {
                "kind": entry["type"],
                **in_languages("name", entry["names"]),
                **in_languages("acronym", entry["acronym"]),
            },
            outcome,
        )
    if any(outcome.values()):
        record(
            "reference.loaded",
            by=by,
            target=group,
            label="states and partners",
            created=outcome["created"],
            changed=outcome["changed"],
        )
    return outcome["created"], outcome["changed"]


def _state(entry: dict[str, Any], outcome: dict[str, int]) -> State:
    short = entry["names"]["short"]
    sort_names = {**short, **(entry.get("sort_name") or entry["names"].get("sort_name") or {})}
    return _save(
        State,
        {"alpha2": entry["alpha2"]},
        {
            "alpha3": entry["alpha3"],
            "m49": entry["m49"],
            **in_languages("name", short),
            **in_languages("formal_name", entry["names"]["formal"]),
            **in_languages("sort_name", {code: fold_name(name) for code, name in sort_names.items()}),
            "ui_language": entry.get("ui_language", "en"),
            "languages": entry.get("official_languages") or entry.get("working_languages") or [],
            **in_languages("languages_note", entry.get("languages_note")),
        },
        outcome,
    )


def _join(state: State, on: dt.date) -> None:
    Participation.objects.create(state=state, kind=ParticipationKind.MEMBER, starts_on=on)


def _save(model: Any, key: dict[str, Any], values: dict[str, Any], outcome: dict[str, int]) -> Any:
    """One row: created, changed where a value differs, or left alone."""
    row, created = model.objects.get_or_create(**key, defaults=values)
    if created:
        outcome["created"] += 1
        return row
    changed = [name for name, value in values.items() if (getattr(row, name) or "") != (value or "")]
    if changed:
        for name in changed:
            setattr(row, name, values[name])
        row.save(update_fields=changed)
        outcome["changed"] += 1
    return row
