"""Load a framework edition and the glossary from data files. Safe to run again: it changes what differs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from capabilities.models import Area, Edition, GlossaryTerm, Indicator, Instrument, LadderStep, Level
from iwg_portal.activity.log import record
from members.actions.reference import in_languages
from members.models import Person

DATA = Path(__file__).resolve().parent.parent / "data"
SCOPES = {"API": "advpax", "PNR": "pnr", "BOTH": "both"}


@transaction.atomic
def load_framework(
    *,
    by: Person | None,
    path: Path = DATA / "framework-v1.yaml",
    glossary: Path = DATA / "glossary.yaml",
) -> tuple[Edition, bool]:
    """The edition in ``path`` with areas, indicators, level texts, ladders and instruments, and the glossary.

    Returns the edition and whether anything was loaded: the same files again change nothing.
    """
    raw, terms = path.read_bytes(), glossary.read_bytes()
    version = hashlib.sha256(raw + terms).hexdigest()
    known = Edition.objects.filter(content_version=version).first()
    if known:  # before the files are parsed, which costs half a second at each start
        return known, False
    data = yaml.safe_load(raw)
    edition, _created = Edition.objects.select_for_update().get_or_create(
        number=data["edition"], defaults=in_languages("title", data["title"])
    )
    for entry in data["areas"]:
        _area(edition, entry)
    areas = {area.code: area for area in Area.objects.filter(edition=edition)}
    for entry in data["indicators"]:
        _indicator(areas[entry["area"]], entry)
    scale = [{**level, "code": str(level["level"]), "order": level["level"]} for level in data["scale"]["levels"]]
    ladders = {**{name: data["ladders"][name]["steps"] for name in ("advpax", "pnr", "legal")}, "level": scale}
    for ladder, steps in ladders.items():
        for step in steps:
            LadderStep.objects.update_or_create(
                edition=edition,
                ladder=ladder,
                code=step["code"],
                defaults={
                    "order": step["order"],
                    **in_languages("label", step["label"]),
                    **in_languages("meaning", step["meaning"]),
                },
            )
    for entry in data["instruments"]:
        _instrument(entry)
    for entry in yaml.safe_load(terms)["terms"]:
        _glossary_term(entry)
    edition.content_version = version
    edition.save(update_fields=["content_version"])
    record("reference.loaded", by=by, target=edition, indicators=len(data["indicators"]))
    return edition, True


def _area(edition: Edition, entry: dict[str, Any]) -> None:
    Area.objects.update_or_create(
        edition=edition,
        code=entry["code"],
        defaults={
            "order": entry["order"],
            "theme": entry["theme"],
            **in_languages("title", entry["title"]),
            **in_languages("short_title", entry["short_title"]),
            **in_languages("description", entry["description"]),
        },
    )


def _indicator(area: Area, entry: dict[str, Any]) -> None:
    indicator, _created = Indicator.objects.update_or_create(
        area=area,
        code=entry["code"],
        defaults={
            "order": entry["order"],
            "scope": SCOPES[entry["scope"]],
            "basis": entry["basis"],
            **in_languages("title", entry["title"]),
            **in_languages("question", entry["question"]),
        },
    )
    for level in entry["levels"]:
        Level.objects.update_or_create(
            indicator=indicator, level=level["level"], defaults=in_languages("text", level["text"])
        )


def _instrument(entry: dict[str, Any]) -> None:
    Instrument.objects.update_or_create(
        key=entry["key"],
        defaults={
            "kind": entry["kind"],
            "year": entry["year"],
            "number": entry["number"] or "",
            "number_verified": bool(entry["number_verified"]),
            **in_languages("title", entry["title"]),
            **in_languages("issuer", _texts(entry["issuer"])),
            **in_languages("edition_label", _texts(entry["edition"])),
            **in_languages("summary", entry["summary"]),
        },
    )


def _glossary_term(entry: dict[str, Any]) -> None:
    GlossaryTerm.objects.update_or_create(
        key=entry["key"],
        defaults={
            "see_also": entry["see_also"],
            **in_languages("term", entry["term"]),
            **in_languages("abbreviation", entry.get("abbreviation")),
            **in_languages("definition", entry["definition"]),
            **in_languages("note", entry.get("note")),
        },
    )


def _texts(value: Any) -> dict[str, str]:
    """A text given once is the same in each language."""
    if isinstance(value, dict):
        return value
    return dict.fromkeys(("en", "fr", "pt"), str(value)) if value else {}
