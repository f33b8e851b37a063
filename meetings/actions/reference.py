"""Load the bodies of the group from a data file. Safe to run again: what is there is the group's own and stays."""

from __future__ import annotations

from pathlib import Path

import yaml
from django.db import transaction

from iwg_portal.activity.log import record
from meetings.models import Group
from members.actions.reference import in_languages
from members.models import Person, WorkingGroup

DATA = Path(__file__).resolve().parent.parent / "data"


@transaction.atomic
def load_groups(*, by: Person | None, path: Path = DATA / "groups.yaml") -> int:
    """Returns how many bodies were added. Needs the working group. Side effects: an event where any was."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    added = 0
    for position, entry in enumerate(entries):
        _group, created = Group.objects.get_or_create(
            key=entry["key"],
            defaults={
                "kind": entry["kind"],
                "theme": entry.get("theme", ""),
                "position": position,
                **in_languages("name", entry["name"]),
            },
        )
        added += created
    if added:
        record("reference.loaded", by=by, target=WorkingGroup.objects.get(id=1), label="groups", count=added)
    return added
