"""Action points as they are listed: what is due when, who owes what, how far all owners have come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateField,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from iwg_portal.base.dates import date_format
from meetings.enums import SHARED, UNFINISHED, OwnerState
from meetings.models import ActionOwner, ActionPoint, ActionReport
from meetings.queries.decisions import ORGANISATION, STATE, excerpt, number_in, whole, words_of

MINE, OURS, ALL = "mine", "state", "all"
UNFINISHED_WORD = "unfinished"
SOON = dt.timedelta(days=30)
NOBODY = "nobody"
DUE = ("overdue", "soon", "none")


@dataclass(frozen=True)
class Choice:
    """What the register is filtered by. ``owner``: ``s-GH`` a state, ``o-au`` an organisation."""

    tab: str = ALL
    owner: str = ""
    status: str = ""
    meeting: int | None = None
    due: str = ""
    held: str = ""
    text: str = ""

    @classmethod
    def of(cls, asked: Any, tabs: Iterable[str]) -> Choice:
        """``tabs``: those that the reader has, the first one opens. What cannot be understood is not asked for."""
        offered = list(tabs)
        words = {name: words_of(asked.get(name, "")) for name in ("tab", "owner", "status", "due", "held", "text")}
        return cls(
            words["tab"] if words["tab"] in offered else offered[0],
            words["owner"] if words["owner"][:2] in (f"{STATE}-", f"{ORGANISATION}-") else "",
            words["status"] if words["status"] in (*OwnerState.values, UNFINISHED_WORD) else "",
            whole(words_of(asked.get("meeting", ""))),
            words["due"] if words["due"] in DUE else "",
            NOBODY if words["held"] == NOBODY else "",
            words["text"],
        )

    def __bool__(self) -> bool:
        """Something was asked for besides the tab."""
        return any((self.owner, self.status, self.meeting, self.due, self.held, self.text))


def register(
    actions: QuerySet[ActionPoint], owners: QuerySet[ActionOwner], choice: Choice, today: dt.date
) -> QuerySet[ActionPoint]:
    """The action points that fit, each with ``next_due`` (None: no date), ``is_open``, ``is_overdue``, ``done`` and
    ``total`` (of all its owners). Overdue ones first, then by date, what is finished last.

    ``owners`` are the rows that count for the tab: hers, her delegation's, or all (``access.owners_within``). What is
    due follows from them alone.
    """
    scope = owners.filter(_owned_by(choice.owner)) if choice.owner else owners
    if choice.tab != ALL or choice.owner or choice.held:
        actions = actions.filter(Exists(scope.filter(action=OuterRef("pk"))))
    if choice.status:
        fits = UNFINISHED if choice.status == UNFINISHED_WORD else (choice.status,)
        actions = actions.filter(Exists(scope.filter(action=OuterRef("pk"), status__in=fits)))
    if choice.meeting:
        actions = actions.filter(record__meeting=choice.meeting)
    if choice.text:
        number = number_in(choice.text, "A")
        actions = actions.filter(Q(block__text__icontains=choice.text) | (Q(number=number) if number else Q(pk__in=[])))
    every = ActionOwner.objects.filter(action=OuterRef("pk"), is_removed=False)
    left = unfinished(scope).filter(action=OuterRef("pk"))
    # An action point that nobody owns yet is open, whatever its date.
    unowned = ~Exists(every)
    first = left.order_by(F("due").asc(nulls_last=True), "id").values("due")[:1]
    rows = actions.annotate(
        next_due=Coalesce(
            Subquery(first),
            Case(When(unowned, then=F("due_on")), default=None, output_field=DateField()),
        ),
        is_open=Case(When(Q(Exists(left)) | Q(unowned), then=Value(True)), default=Value(False)),
        done=_count(every.filter(status=OwnerState.DONE)),
        total=_count(every),
    ).annotate(is_overdue=Case(When(next_due__lt=today, is_open=True, then=Value(True)), default=Value(False)))
    match choice.due:
        case "overdue":
            rows = rows.filter(is_overdue=True)
        case "soon":
            rows = rows.filter(is_open=True, next_due__gte=today, next_due__lte=today + SOON)
        case "none":
            rows = rows.filter(is_open=True, next_due=None)
    rows = rows.select_related("block", "record__meeting__group")
    return rows.order_by("-is_overdue", "-is_open", F("next_due").asc(nulls_last=True), "number", "id")


def asked_of(owners: QuerySet[ActionOwner], choice: Choice) -> QuerySet[ActionOwner]:
    """Of the rows that count, those of the owner and of the status that are asked for, owner by owner."""
    if choice.owner:
        owners = owners.filter(_owned_by(choice.owner))
    if choice.status:
        owners = owners.filter(status__in=UNFINISHED if choice.status == UNFINISHED_WORD else (choice.status,))
    return by_name(owners)


def unfinished(owners: QuerySet[ActionOwner]) -> QuerySet[Any]:
    """What still has to be done, each with ``due``: its own date where more time was granted, else the common one."""
    return with_due(owners.filter(status__in=UNFINISHED))


def shared_only(owners: QuerySet[ActionOwner]) -> QuerySet[ActionOwner]:
    """Of records that were put to the members."""
    return owners.filter(action__record__meeting__state__in=sorted(SHARED))


def with_due(owners: QuerySet[ActionOwner]) -> QuerySet[Any]:
    return owners.annotate(due=Coalesce("due_on", "action__due_on"))


def by_name(owners: QuerySet[ActionOwner]) -> QuerySet[ActionOwner]:
    """States, then organisations, each in the alphabetical order of the reader's language."""
    return owners.select_related("state", "organisation").order_by(*_alphabet(), "id")


def _alphabet() -> tuple[Any, ...]:
    language = get_language() or "en"
    state, organisation = F(f"state__sort_name_{language}"), F(f"organisation__acronym_{language}")
    return state.asc(nulls_last=True), organisation.asc(nulls_last=True), "state_id", "organisation_id"


def overdue_by_owner(owners: QuerySet[ActionOwner], today: dt.date) -> QuerySet[Any]:
    """Rows of the table: an owner's oldest date first; the owners follow the alphabet, never a number."""
    rows = unfinished(owners).filter(due__lt=today)
    rows = rows.select_related("state", "organisation", "action__block", "action__record__meeting")
    return rows.order_by(*_alphabet(), F("due").asc(nulls_last=True), "action__number", "id")


def overdue_first(owners: QuerySet[ActionOwner]) -> QuerySet[Any]:
    """What one owner still has to do, by date."""
    rows = unfinished(owners).select_related("action__block", "action__record__meeting")
    return rows.order_by(F("due").asc(nulls_last=True), "action__number", "id")


@dataclass(frozen=True)
class Owed:
    """What one owner still has to do, the oldest date first."""

    name: str
    rows: tuple[ActionOwner, ...]


def grouped(rows: Iterable[ActionOwner]) -> list[Owed]:
    """``rows`` stand owner by owner."""
    found: list[tuple[str, list[ActionOwner]]] = []
    last: tuple[int | None, int | None] | None = None
    for row in rows:
        if (row.state_id, row.organisation_id) != last:
            found.append((owner_name(row), []))
            last = (row.state_id, row.organisation_id)
        found[-1][1].append(row)
    return [Owed(name, tuple(kept)) for name, kept in found]


@dataclass(frozen=True)
class Sum:
    """Over owners' rows."""

    total: int
    unfinished: int
    overdue: int


def sum_of(owners: QuerySet[ActionOwner], today: dt.date) -> Sum:
    """One query."""
    left = Q(status__in=UNFINISHED)
    found = with_due(owners).aggregate(
        total=Count("pk"), unfinished=Count("pk", filter=left), overdue=Count("pk", filter=left & Q(due__lt=today))
    )
    return Sum(found["total"], found["unfinished"], found["overdue"])


def owner_name(owner: ActionOwner) -> str:
    """Fetch state and organisation along."""
    return str(owner.state.name if owner.state else owner.organisation)


def due_words(due: dt.date | None, *, overdue: bool) -> str:
    """ "overdue since 30 June 2026", "due 30 June 2026", "no date"."""
    if due is None:
        return _("no date")
    words = _("overdue since %(day)s") if overdue else _("due %(day)s")
    return words % {"day": date_format(due, "DATE_FORMAT")}


def is_overdue(owner: ActionOwner, due: dt.date | None, today: dt.date) -> bool:
    return owner.status in UNFINISHED and due is not None and due < today


def asked_until(owner: ActionOwner, newest: ActionReport | None) -> dt.date | None:
    """Until when the owner, by its newest report, still asks for time that nobody has granted."""
    asked = newest.needs_until if newest else None
    if asked is None or owner.status not in UNFINISHED or (owner.due_on and owner.due_on >= asked):
        return None
    return asked


# -- Lines of a list ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One action point in a list. ``owners``: who owns it and how far each is; empty where every member state does:
    then ``done`` of ``total`` says it. ``beside``: what the tab adds (who holds the reader's own row)."""

    action: ActionPoint
    text: str
    owners: str
    due: str
    is_overdue: bool
    is_open: bool
    done: int
    total: int
    beside: str = ""

    @property
    def progress(self) -> str:
        return _("%(done)d of %(total)d done") % {"done": self.done, "total": self.total}


def with_owners(actions: QuerySet[ActionPoint], owners: QuerySet[ActionOwner]) -> QuerySet[ActionPoint]:
    """For ``line``: with the rows to name, each member state's apart. One query more."""
    named = by_name(owners.filter(action__each_member=False))
    return actions.prefetch_related(Prefetch("owners", named, to_attr="named"))


def line(action: Any, beside: str = "") -> Line:
    """``action`` comes from ``register`` and ``with_owners``."""
    owners = ", ".join(
        _("%(owner)s (%(status)s)") % {"owner": owner_name(row), "status": row.get_status_display()}
        for row in action.named
    )
    if action.is_open:
        due = due_words(action.next_due, overdue=action.is_overdue)
    else:
        due = _("finished")
    return Line(
        action,
        excerpt(action.block.text),
        owners if owners or action.each_member else _("nobody owns it yet"),
        due,
        action.is_overdue,
        action.is_open,
        action.done,
        action.total,
        beside,
    )


# -- Pieces -----------------------------------------------------------------------------------------------------------


def _count(rows: QuerySet[ActionOwner]) -> Coalesce:
    counted = rows.order_by().values("action").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0))


def _owned_by(word: str) -> Q:
    kind, _dash, key = word.partition("-")
    return Q(organisation__key=key) if kind == ORGANISATION else Q(state__alpha2=key)
