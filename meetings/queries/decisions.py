"""The register of decisions: what is listed, to whom a decision is addressed, what takes whose place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.base import markdown
from meetings.enums import DecisionState
from meetings.models import Decision
from members.enums import ParticipationKind
from members.models import Organisation, Participation, State, current

STATE, ORGANISATION = "s", "o"


@dataclass(frozen=True)
class Choice:
    """What the register is filtered by. ``addressee``: ``s-GH`` a state, ``o-au`` an organisation."""

    status: str = ""
    group: str = ""
    year: int | None = None
    meeting: int | None = None
    addressee: str = ""
    text: str = ""

    @classmethod
    def of(cls, asked: Any) -> Choice:
        """Whatever cannot be understood is not asked for."""
        names = ("status", "group", "year", "meeting", "addressee", "text")
        words = {name: words_of(asked.get(name, "")) for name in names}
        year = whole(words["year"])
        return cls(
            words["status"] if words["status"] in DecisionState.values else "",
            words["group"],
            year if year and 1900 < year < 3000 else None,
            whole(words["meeting"]),
            words["addressee"],
            words["text"],
        )

    def __bool__(self) -> bool:
        return any((self.status, self.group, self.year, self.meeting, self.addressee, self.text))


def words_of(value: str) -> str:
    """Of the address: the database knows no NUL, and nobody searches for more than a hundred characters."""
    return value.replace("\0", "").strip()[:100]


def whole(text: str) -> int | None:
    """A number of at most nine digits, as ids and years are."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def directory(rows: QuerySet[Decision], choice: Choice) -> QuerySet[Decision]:
    """The latest number first; what has none yet stands above. Three queries when read."""
    if choice.status:
        rows = rows.filter(status=choice.status)
    if choice.group:
        rows = rows.filter(record__meeting__group__key=choice.group)
    if choice.year:
        rows = rows.filter(record__meeting__starts_at__year=choice.year)
    if choice.meeting:
        rows = rows.filter(record__meeting=choice.meeting)
    if choice.addressee:
        rows = rows.filter(_addressed_to(choice.addressee))
    if choice.text:
        number = number_in(choice.text)
        rows = rows.filter(Q(block__text__icontains=choice.text) | (Q(number=number) if number else Q(pk__in=[])))
    return with_facts(rows).order_by(F("number").desc(nulls_first=True), "-id")


def with_facts(rows: QuerySet[Decision]) -> QuerySet[Decision]:
    """Each with its words, its meeting and its addressees."""
    return rows.select_related("block__item", "record__meeting__group").prefetch_related("states", "organisations")


def numbers_of_successors(visible: QuerySet[Decision], rows: Iterable[Decision]) -> dict[int, int | None]:
    """Number by id of what took the place of ``rows``, as far as it is ``visible``. One query."""
    ids = {found.superseded_by_id for found in rows if found.superseded_by_id}
    return dict(visible.filter(pk__in=ids).values_list("pk", "number"))


def number_in(text: str, letter: str = "D") -> int | None:
    """``D-12``, ``d12`` or ``12`` → 12."""
    digits = text.strip().upper().removeprefix(letter).removeprefix("-").strip()
    return whole(digits)


def counts(rows: QuerySet[Decision]) -> tuple[int, int]:
    """How many, and how many of them are active. One query."""
    states = list(rows.order_by().values_list("status", flat=True))
    return len(states), states.count(DecisionState.ACTIVE)


def years(rows: QuerySet[Decision]) -> list[int]:
    """In which something was decided, newest first. One query."""
    days = rows.order_by().dates("record__meeting__starts_at", "year", order="DESC")
    return [day.year for day in days]


def addressees(decision: Decision) -> str:
    """In words; fetch states and organisations along."""
    if decision.to_all:
        return _("all member states")
    named = sorted(decision.states.all(), key=lambda state: state.sort_name)
    others = sorted(decision.organisations.all(), key=lambda organisation: organisation.acronym)
    return ", ".join([*(state.name for state in named), *(o.acronym for o in others)]) or _("nobody named")


def excerpt(text: str, most: int = 280) -> str:
    """The beginning of a block's text on one line, for a list. ``most``: characters."""
    words = " ".join(markdown.plain(text[: 4 * most]).split())
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def leads_to(start: Decision, end: Decision) -> bool:
    """``end`` is ``start`` itself or takes its place in the end: a further link between them would close a circle."""
    seen: set[int] = set()
    at: int | None = start.pk
    while at is not None and at not in seen:
        if at == end.pk:
            return True
        seen.add(at)
        at = Decision.objects.filter(pk=at).values_list("superseded_by", flat=True).first()
    return False


def _addressed_to(word: str) -> Q:
    """What is addressed to all is addressed to each member state."""
    kind, _dash, key = word.partition("-")
    if kind == ORGANISATION:
        named = Organisation.objects.filter(key=key)
        return Q(Exists(Decision.objects.filter(pk=OuterRef("pk"), organisations__in=named)))
    state = State.objects.filter(alpha2=key)
    rule = Q(Exists(Decision.objects.filter(pk=OuterRef("pk"), states__in=state)))
    member = Participation.objects.filter(
        current(timezone.localdate()), kind=ParticipationKind.MEMBER, state__alpha2=key
    )
    return rule | (Q(to_all=True) & Q(Exists(member)))
