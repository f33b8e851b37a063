"""What a status workbook may name in a given year: states, indicators, steps of the ladders, the reference day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml
from django.utils import timezone

from capabilities.enums import DELIVERY_CODES, LegalAxis, StatusKind
from capabilities.models import Edition, Indicator, LadderStep, Round
from members.enums import ParticipationKind
from members.models import Participation, State, current
from members.sorting import fold, fold_name

OTHER_NAMES = Path(__file__).resolve().parent.parent / "data" / "other-state-names.yaml"
LANGUAGES = ("en", "fr", "pt")


@dataclass(frozen=True)
class Vocabulary:
    """Everything that a cell may say. Words are folded: lower case, no accents, no punctuation, no spaces.

    ``round_id`` is None while the round does not exist. ``words``: (axis, folded word) → code, where the axis is
    ``legal``, ``advpax`` or ``pnr``. ``names``: state id → short name in the reader's language.
    """

    year: int
    round_id: int | None
    edition_id: int
    reference_date: dt.date
    today: dt.date
    names: dict[int, str]
    members: frozenset[int]
    state_keys: dict[str, int]
    indicators: dict[str, tuple[int, str]]
    words: dict[tuple[str, str], str]
    codes: dict[str, tuple[str, ...]]

    def state(self, text: str) -> int | None:
        """By code or by name in any of the languages; None: unknown."""
        return self.state_keys.get(squeeze(text)) or self.state_keys.get(name_key(text))

    def closest(self, text: str) -> str:
        """The name in the reader's language of the state that was perhaps meant, or ""."""
        keys = [key for key in self.state_keys if len(key) > 3]
        match = get_close_matches(name_key(text), keys, n=1, cutoff=0.7)
        return self.names[self.state_keys[match[0]]] if match else ""


def squeeze(text: str) -> str:
    """Folded and without spaces or brackets: ``LEG–1`` → ``leg1``."""
    return fold(text).replace(" ", "").replace("(", "").replace(")", "")


def name_key(text: str) -> str:
    """``Côte d’Ivoire``, ``cote d'ivoire`` and ``La Côte d Ivoire`` → ``cotedivoire``."""
    return fold_name(text).replace(" ", "")


def vocabulary(year: int) -> Vocabulary | None:
    """For the round of ``year``, or, while it is missing, for the round as it would be made. None: no framework.

    Five queries.
    """
    round_ = Round.objects.filter(year=year).first()
    edition_id = round_.edition_id if round_ else _newest_edition()
    if edition_id is None:
        return None
    today = timezone.localdate()
    reference_date = round_.reference_date if round_ else min(dt.date(year, 12, 31), today)
    states = list(State.objects.order_by("id"))
    indicators = Indicator.objects.filter(area__edition=edition_id).values_list("code", "id")
    members = Participation.objects.filter(current(reference_date), kind=ParticipationKind.MEMBER)
    return Vocabulary(
        year=year,
        round_id=round_.pk if round_ else None,
        edition_id=edition_id,
        reference_date=reference_date,
        today=today,
        names={state.pk: state.name for state in states},
        members=frozenset(members.values_list("state_id", flat=True)),
        state_keys=_state_keys(states),
        indicators={squeeze(code): (pk, code) for code, pk in indicators},
        words=_words(edition_id),
        codes={
            "legal": tuple(LegalAxis.values),
            **{str(kind): DELIVERY_CODES[kind] for kind in StatusKind},
        },
    )


def _newest_edition() -> int | None:
    return Edition.objects.order_by("-number").values_list("id", flat=True).first()


def _state_keys(states: Iterable[State]) -> dict[str, int]:
    """Codes first, then names; a name that two states share names neither."""
    keys: dict[str, int] = {}
    by_code = {}
    for state in states:
        by_code[state.alpha2] = state.pk
        for code in (state.alpha2, state.alpha3, state.m49, state.m49.lstrip("0")):
            keys[code.casefold()] = state.pk
    shared = set()
    for pk, name in _names(states, by_code):
        key = name_key(name)
        if keys.setdefault(key, pk) != pk:
            shared.add(key)
    return {key: pk for key, pk in keys.items() if key and key not in shared}


def _names(states: Iterable[State], by_code: dict[str, int]) -> Iterable[tuple[int, str]]:
    for state in states:
        for language in LANGUAGES:
            for field in ("name", "formal_name", "sort_name"):
                yield state.pk, getattr(state, f"{field}_{language}") or state.name
    for code, names in yaml.safe_load(OTHER_NAMES.read_text(encoding="utf-8")).items():
        if code in by_code:
            for name in names:
                yield by_code[code], name


def _words(edition_id: int) -> dict[tuple[str, str], str]:
    """The codes themselves and their labels in every language; the derived step ``legal_basis`` is not a word."""
    words = {("legal", squeeze(code)): str(code) for code in LegalAxis.values}
    for kind in StatusKind:
        words |= {(str(kind), squeeze(code)): code for code in DELIVERY_CODES[kind]}
    for step in LadderStep.objects.filter(edition=edition_id):
        if step.code == "legal_basis":
            continue
        for language in LANGUAGES:
            label = getattr(step, f"label_{language}")
            if label:
                words.setdefault((step.ladder, squeeze(label)), step.code)
    return words
