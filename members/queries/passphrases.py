"""What a passphrase must not be made of."""

from __future__ import annotations

import re

from members.models import Organisation, Person, State, WorkingGroup
from members.sorting import fold

# Beside the names: what anybody would try first on this portal.
ALWAYS = ("portal", "passphrase", "password", "iwg", "api", "pnr", "welcome", "bienvenue", "bemvindo")
SHORTEST = 4  # letters: "and" stands in the group's name and in many a sentence
SHORTEST_OWN = 3


def context_words(person: Person | None) -> set[str]:
    """Folded words of the group's, the states' and the organisations' names and of the person's name and address."""
    texts: list[str] = []
    for rows in (
        WorkingGroup.objects.values_list("name_en", "name_fr", "name_pt", "short_name_en", "short_name_fr"),
        State.objects.values_list("name_en", "name_fr", "name_pt"),
        Organisation.objects.values_list("acronym_en", "acronym_fr", "acronym_pt"),
    ):
        texts += [text for row in rows.order_by("pk") for text in row if text]
    found = {word for text in texts for word in words(text) if len(word) >= SHORTEST} | set(ALWAYS)
    if person is not None:
        found |= {word for word in words(f"{person.full_name} {person.email}") if len(word) >= SHORTEST_OWN}
    return found


def words(text: str) -> list[str]:
    """The words of a text without case and accents; digits and signs separate them."""
    return re.findall(r"[^\W\d_]+", fold(text))
