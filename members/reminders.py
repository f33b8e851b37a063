"""What is due on a day, and on which days people work. Pure: reads, and sends nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.base.dates import date_format
from iwg_portal.mail.models import UnreachableAddress
from iwg_portal.mail.unreachable import is_marked
from iwg_portal.reminders import clock, ledger, plans
from iwg_portal.reminders.clock import Days
from iwg_portal.reminders.registry import Due, Line, Steps, calendar, reminds, steps_of
from members.access import confirmable_terms, viewer_for, visible_proposals, visible_terms, visible_unreachable
from members.access.viewer import viewers
from members.enums import GROUP_ROLES, LinkPurpose, LinkStatus, Role
from members.models import (
    CONFIRM_EVERY,
    CONFIRM_GRACE,
    AccountLink,
    Person,
    StateHoliday,
    Term,
    WorkingGroup,
    current,
)
from members.notices.joining import address_of

ENDING = "members.term_ending"
UNREACHABLE = "members.address_unreachable"
CONFIRMING, INVITATION = "members.confirmation", "members.invitation_lapsing"
ASKED = (Role.FOCAL_POINT, Role.SECRETARIAT, Role.ADMINISTRATOR)
WARNED_FOR = dt.timedelta(days=7)  # nobody loses an office sooner after the first warning
LAPSING = dt.timedelta(hours=48)  # an invitation lives for 72
NEAR = dt.timedelta(days=1)  # her day may be that before or after the group's


@calendar
def working_days(on: dt.date) -> dict[int, Days]:
    """Everybody whose office counts on the day ``on`` and whom mail reaches, with her zone (else the group's) and
    the holidays of every state for which she holds one. Four queries."""
    group = WorkingGroup.objects.first()
    otherwise = group.zone if group else settings.TIME_ZONE
    closed: dict[int, set[dt.date]] = defaultdict(set)
    for state, day in StateHoliday.objects.filter(on__range=(on - NEAR, on + NEAR)).values_list("state", "on"):
        closed[state].add(day)
    zones: dict[int, ZoneInfo] = {}
    days: dict[int, set[dt.date]] = defaultdict(set)
    in_use = [viewer.person.pk for viewer, _sent_by in viewers(on) if viewer.person]
    terms = Term.objects.filter(current(on), ~is_marked("person__email"), person__in=in_use).order_by("pk")
    for person, zone, state in terms.values_list("person", "person__zone", "state"):
        zones[person] = _zone(zone, otherwise)
        days[person] |= closed.get(state, set())
    return {person: Days(zone, frozenset(days[person])) for person, zone in zones.items()}


def _zone(name: str, otherwise: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or otherwise)
    except (OSError, KeyError, ValueError):  # no such zone, or not the name of one
        return ZoneInfo(settings.TIME_ZONE)


# -- People to confirm once a year -----------------------------------------------------------------------------------


def to_confirm(today: dt.date, ahead: dt.timedelta = dt.timedelta(0)) -> QuerySet[Term]:
    """Current offices that lapse by the day ``today + ahead`` unless somebody confirms them."""
    rows = Term.objects.filter(current(today), person__is_active=True)
    return rows.filter(confirmed_on__lte=today + ahead - CONFIRM_EVERY - CONFIRM_GRACE).order_by("confirmed_on", "pk")


def lapsed(today: dt.date) -> list[int]:
    """The offices (ids) that nobody has confirmed in time although somebody was warned; and after three times the
    grace also those of which no warning could leave: what nobody answers for does not stay open. Two queries."""
    rows = list(to_confirm(today))
    warned = _first_warned(rows)
    last = today - CONFIRM_EVERY - 3 * CONFIRM_GRACE
    return [row.pk for row in rows if row.confirmed_on <= last or (row.pk in warned and _ends(row, warned) <= today)]


def _first_warned(terms: Iterable[Term]) -> dict[int, dt.date]:
    """When a mail first said of each office that it lapses on the day on which it would. One query."""
    days = {str(term.pk): term.lapses_on.isoformat() for term in terms}
    rows = ledger.told(CONFIRMING).filter(target_id__in=sorted(days), mail__settled_at__isnull=False)
    found: dict[int, dt.date] = {}
    for target, step, at in rows.order_by("-mail__settled_at").values_list("target_id", "step", "mail__settled_at"):
        if step.startswith(days[target]):
            found[int(target)] = timezone.localdate(at)
    return found


def lapse_days(terms: Iterable[Term]) -> dict[int, dt.date]:
    """The day on which each of these offices (ids) ends unless it is confirmed, as a mail would say it. One query."""
    rows = list(terms)
    warned = _first_warned(rows)
    today = timezone.localdate()
    return {term.pk: _ends(term, warned, today) for term in rows}


def _ends(term: Term, warned: dict[int, dt.date], otherwise: dt.date | None = None) -> dt.date:
    """The day on which it lapses: no sooner than a week after the first warning."""
    first = warned.get(term.pk, otherwise)
    return max(term.lapses_on, first + WARNED_FOR) if first else term.lapses_on


def confirmation_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """How many lapse on each day; no name, and no state's: who has no focal point is for the members. Whoever confirms
    none of them looks for who could."""
    viewer, today = viewer_for(person), clock.today(now)
    terms = list(visible_terms(viewer).filter(pk__in=targets).select_related("state"))
    hers = set(confirmable_terms(viewer).filter(pk__in=targets).values_list("pk", flat=True))
    warned = _first_warned(terms)
    counts: Counter[tuple[dt.date, bool]] = Counter()
    for term in terms:
        counts[_ends(term, warned, today), term.pk in hers] += 1
    found, say = {}, plans.sayings(CONFIRMING)
    for term in terms:
        day, is_hers = _ends(term, warned, today), term.pk in hers
        n = counts[day, is_hers]
        name = ("own" if is_hers else "nobodys") + ("" if n == 1 else "_many")
        text = say(name, n=n, day=date_format(day, "DATE_FORMAT"))
        found[str(term.pk)] = Line(text, address_of("confirm_people" if is_hers else "people"), day)
    return found


@reminds(
    CONFIRMING,
    about=Term,
    lines=confirmation_lines,
    says={
        "own": gettext_lazy(
            "Please confirm the office of a person for whom you answer; otherwise it lapses on %(day)s."
        ),
        "own_many": gettext_lazy(
            "Please confirm %(n)s offices of people for whom you answer; otherwise they lapse on %(day)s."
        ),
        "nobodys": gettext_lazy(
            "An office lapses on %(day)s, and mail reaches no focal point of its state who could confirm it."
        ),
        "nobodys_many": gettext_lazy(
            "%(n)s offices lapse on %(day)s, and mail reaches no focal point of their states who could confirm them."
        ),
    },
    title=gettext_lazy("People to confirm"),
    rule=gettext_lazy(
        "To the focal points of the state; of observers, partners and states whose focal points no mail reaches to the "
        "secretariat, of the secretariat to the administrators; counted from the day on which the office lapses."
    ),
    steps=Steps((-30, -14, -3), lowest=-90, highest=-1),
)
def confirmation(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """To whoever can confirm it and whom mail reaches. Two queries."""
    today, steps = clock.today(now), plans.steps(CONFIRMING)
    rows = to_confirm(today, -dt.timedelta(days=steps.offsets[0]))
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = list(rows)
    if not found:
        return
    readers = _confirmers(today)
    for term in found:
        yield from steps_of(term.pk, sorted(readers(term)), term.lapses_on, today, steps)


def _confirmers(today: dt.date) -> Callable[[Term], set[int]]:
    """Who is asked about an office (ids). One query."""
    focal: dict[int | None, set[int]] = defaultdict(set)
    group: dict[str, set[int]] = defaultdict(set)
    holders = Term.objects.filter(~is_marked("person__email"), current(today), person__is_active=True).order_by("pk")
    for role, state, person in holders.filter(role__in=ASKED).values_list("role", "state", "person"):
        (focal[state] if role == Role.FOCAL_POINT else group[role]).add(person)

    def readers(term: Term) -> set[int]:
        if term.role in GROUP_ROLES:
            return group[Role.ADMINISTRATOR]
        of_state = focal[term.state_id] if term.state_id and term.role != Role.OBSERVER else set()
        return of_state or group[Role.SECRETARIAT]

    return readers


# -- Offices that end ------------------------------------------------------------------------------------------------


def ending_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """Her own office by its name; of somebody else's only that there is one."""
    found, say = {}, plans.sayings(ENDING)
    for term in visible_terms(viewer_for(person)).filter(pk__in=targets, ends_on__isnull=False):
        day = date_format(term.last_day, "DATE_FORMAT")
        if term.person_id == person.pk:
            text = say("own", office=term.office, day=day)
        else:
            text = say("others", day=day)
        link = f"{settings.PUBLIC_URL.rstrip('/')}{reverse('person', args=[term.person_id])}"
        found[str(term.pk)] = Line(text, link, term.last_day)
    return found


@reminds(
    ENDING,
    about=Term,
    lines=ending_lines,
    says={
        "own": gettext_lazy("Your office (%(office)s) ends after %(day)s. Please hand over what you hold."),
        "others": gettext_lazy("An office in your delegation ends after %(day)s. Please propose who follows."),
    },
    title=gettext_lazy("Office that ends"),
    rule=gettext_lazy("To who holds it and to the focal points of the state; counted from the first day without it."),
    steps=Steps((-60, -14), lowest=-180, highest=-1),
)
def term_ending(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """To her and to the focal points of her state, unless the same office goes on without a gap. Three queries."""
    today, steps = clock.today(now), plans.steps(ENDING)
    last = today - dt.timedelta(days=steps.offsets[0])
    after = Term.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=OuterRef("ends_on")),
        Q(state=OuterRef("state"))
        | Q(state__isnull=True, organisation=OuterRef("organisation"))
        | Q(role__in=GROUP_ROLES),
        person=OuterRef("person"),
        role=OuterRef("role"),
        starts_on__lte=OuterRef("ends_on"),
    )
    rows = Term.objects.filter(~Exists(after), current(today), ends_on__lte=last, person__is_active=True)
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = list(rows.order_by("pk"))
    focal: dict[int, set[int]] = defaultdict(set)
    if found:
        holders = Term.objects.filter(current(today), role=Role.FOCAL_POINT, person__is_active=True).order_by("pk")
        for state, person in holders.values_list("state", "person"):
            focal[state].add(person)
    for term in found:
        # The focal points of a state look after its delegation, not after its observers.
        others = focal[term.state_id] if term.state_id and term.role != Role.OBSERVER else set()
        yield from steps_of(term.pk, sorted({term.person_id} | others), term.ends_on, today, steps)


# -- Addresses that mail does not reach ------------------------------------------------------------------------------


def unreachable_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """Not whose address."""
    found, say = {}, plans.sayings(UNREACHABLE)
    for other in visible_unreachable(viewer_for(person)).filter(pk__in=targets):
        since = timezone.localdate(other.unreachable_since)
        link = f"{settings.PUBLIC_URL.rstrip('/')}{reverse('person', args=[other.pk])}"
        found[str(other.pk)] = Line(say("since", day=date_format(since, "DATE_FORMAT")), link, since)
    return found


@reminds(
    UNREACHABLE,
    about=Person,
    lines=unreachable_lines,
    says={
        "since": gettext_lazy(
            "Since %(day)s mail has not reached a person for whom you answer. Is the address still right?"
        )
    },
    title=gettext_lazy("Address that mail does not reach"),
    rule=gettext_lazy("Once, to the focal points of the person’s state; of others to the secretariat."),
)
def address_unreachable(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """To whoever can ask her on another way, and not to herself: she gets no mail. Three queries."""
    today = clock.today(now)
    marks = UnreachableAddress.objects.filter(address=Lower(OuterRef("person__email")))
    rows = Term.objects.filter(current(today), person__is_active=True)
    marked = rows.annotate(since=Subquery(marks.values("first_at")[:1])).filter(since__isnull=False)
    if only is not None:
        marked = marked.filter(person__in=only)
    found: dict[tuple[int, dt.datetime], set[int]] = defaultdict(set)  # the states whose delegation she belongs to
    for person, since, state, role in marked.order_by("pk").values_list("person", "since", "state", "role"):
        found[person, since] |= {state} if state and role != Role.OBSERVER else set()
    if not found:
        return
    focal: dict[int | None, set[int]] = defaultdict(set)
    # Who is marked herself is told nothing: then the secretariat is.
    holders = rows.filter(~is_marked("person__email"), role__in=(Role.FOCAL_POINT, Role.SECRETARIAT)).order_by("pk")
    for role, state, person in holders.values_list("role", "state", "person"):
        focal[state if role == Role.FOCAL_POINT else None].add(person)
    for (person, since), states in found.items():
        readers = set().union(*(focal[state] for state in states)) - {person} or focal[None] - {person}
        for reader in sorted(readers):
            yield Due(str(person), reader, f"{since:%Y-%m-%d %H:%M}")


# -- Invitations that lapse ------------------------------------------------------------------------------------------


def invitation_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """Not whom it invites."""
    found, say = {}, plans.sayings(INVITATION)
    for proposal in visible_proposals(viewer_for(person)).filter(link__in=targets):
        on = timezone.localdate(proposal.link.expires_at)
        words = say("lapses", day=date_format(on, "DATE_FORMAT"))
        found[str(proposal.link.pk)] = Line(words, address_of("proposals"), on)
    return found


@reminds(
    INVITATION,
    about=AccountLink,
    lines=invitation_lines,
    says={"lapses": gettext_lazy("An invitation for which you asked lapses on %(day)s and is not accepted yet.")},
    title=gettext_lazy("Invitation that lapses"),
    rule=gettext_lazy("To who asked for it, in its last two days."),
)
def invitation_lapsing(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """To who proposed her: the one who is invited has the link already. One query."""
    rows = AccountLink.objects.filter(
        purpose=LinkPurpose.INVITATION, status=LinkStatus.OPEN, expires_at__gt=now, expires_at__lte=now + LAPSING
    )
    if only is not None:
        rows = rows.filter(pk__in=only)
    pairs = rows.order_by("pk").values_list("pk", "expires_at", "proposal__proposed_by")
    for pk, expires_at, proposer in pairs:
        yield Due(str(pk), proposer, f"{expires_at:%Y-%m-%d %H:%M}")
