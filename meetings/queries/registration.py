"""Answers to an invitation, counted by delegation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings.enums import Answer
from meetings.models import Meeting, Registration


@dataclass
class Delegation:
    """A state, an organisation, or (``name`` of the secretariat) those who come for neither."""

    key: str
    name: str
    is_member: bool
    rows: list[Registration] = field(default_factory=list)

    def count(self, answer: str) -> int:
        return sum(row.answer == answer for row in self.rows)

    @property
    def in_person(self) -> int:
        return self.count(Answer.YES)

    @property
    def online(self) -> int:
        return self.count(Answer.ONLINE)

    @property
    def declined(self) -> int:
        return self.count(Answer.NO)

    @property
    def silent(self) -> int:
        """Nominated, without an answer."""
        return self.count("")


def by_delegation(states: Iterable[Any], rows: Iterable[Registration]) -> list[Delegation]:
    """Every invited state, also those that are silent; then whoever else is registered.

    ``states`` come from ``access.attendance.invited_states``.
    """
    found = {f"s{state.pk}": Delegation(f"s{state.pk}", state.name, state.is_member) for state in states}
    for row in rows:
        key, name = _place(row)
        found.setdefault(key, Delegation(key, name, False)).rows.append(row)
    return list(found.values())


def counts_words(found: Iterable[Delegation]) -> str:
    """ "23 people come, 4 online, from 12 delegations." """
    groups = list(found)
    coming, online = sum(group.in_person for group in groups), sum(group.online for group in groups)
    places = sum(bool(group.in_person or group.online) for group in groups)
    people = ngettext("%(n)d person comes", "%(n)d people come", coming) % {"n": coming}
    more = ngettext("%(n)d takes part online", "%(n)d take part online", online) % {"n": online}
    delegations = ngettext("from %(n)d delegation", "from %(n)d delegations", places) % {"n": places}
    return _("%(people)s, %(more)s, %(delegations)s.") % {"people": people, "more": more, "delegations": delegations}


def is_late(row: Registration, meeting: Meeting) -> bool:
    """Her last word came after the day until which one registers, by the meeting's own calendar."""
    return meeting.register_by is not None and row.at.astimezone(meeting.tz).date() > meeting.register_by


def answer_words(row: Registration | None) -> str:
    if row is None:
        return _("not answered")
    return str(Answer(row.answer).label) if row.answer else _("nominated, not answered yet")


def _place(row: Registration) -> tuple[str, str]:
    if row.state:
        return f"s{row.state.pk}", row.state.name
    if row.organisation:
        return f"o{row.organisation.pk}", row.organisation.name
    return "g", _("Secretariat")
